import uuid

import pytest

NAMESPACES = {"plan-and-usage", "organization", "dev-portal", "cloud-gateways", "gateway-manager"}


def test_the_inbox_of_a_new_organisation(konnect):
    found = konnect.get("inbox").json()["data"]
    assert {notification["status"] for notification in found} == {"UNREAD", "READ", "ARCHIVED"}
    assert {notification["namespace"] for notification in found} == NAMESPACES
    assert konnect.get(f"inbox/{found[0]['id']}").json() == found[0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("filter[status][eq]=UNREAD", 3),
        ("filter[region][eq]=EU", 2),
        ("filter[region][eq]=EU&filter[status][eq]=READ", 1),
        ("filter[title][contains]=expiring", 2),
        ("filter[description][contains]=nothing like this", 0),
        ("filter[namespace][contains]=gateway", 2),
        ("page[size]=2", 2),
    ],
)
def test_the_inbox_is_filtered(konnect, query, count):
    assert len(konnect.get(f"inbox?{query}").json()["data"]) == count


def test_the_inbox_is_paged_within_a_filter(konnect):
    pages, _ = konnect.follow("inbox?filter[status][eq]=UNREAD&page[size]=2")
    assert [len(page) for page in pages] == [2, 1]


def test_a_notification_is_read_and_deleted(konnect):
    first, second = konnect.get("inbox").json()["data"][:2]
    answer = konnect.patch(f"inbox/{first['id']}", {"status": "ARCHIVED"})
    assert answer.status_code == 200
    assert answer.json() | {"updated_at": ""} == first | {"status": "ARCHIVED", "updated_at": ""}
    assert konnect.delete(f"inbox/{first['id']}").status_code == 204
    konnect.problem(konnect.get(f"inbox/{first['id']}"), 404)
    assert konnect.get(f"inbox/{second['id']}").json() == second
    assert konnect.wrong(konnect.patch(f"inbox/{second['id']}", {"status": "LOST"})) == {"status": "enum"}
    assert konnect.wrong(konnect.patch(f"inbox/{second['id']}", {})) == {"status": "required"}


def test_many_at_once(konnect):
    ids = [found["id"] for found in konnect.get("inbox").json()["data"]]
    answer = konnect.post("inbox/bulk", {"ids": ids, "status": "READ"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert {found["status"] for found in konnect.get("inbox").json()["data"]} == {"READ"}
    konnect.problem(konnect.post("inbox/bulk", {"ids": [ids[0], str(uuid.uuid4())], "status": "UNREAD"}), 404)
    assert {found["status"] for found in konnect.get("inbox").json()["data"]} == {"READ"}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"ids": [], "status": "READ"}, {"ids": "min_items"}),
        ({"ids": [str(n) for n in range(101)], "status": "READ"}, {"ids": "max_items"}),
        ({"ids": ["a", "a"], "status": "READ"}, {"ids": "invalid"}),
        ({"ids": "a", "status": "READ"}, {"ids": "is_array"}),
        ({"ids": [1], "status": "GONE"}, {"ids.0": "is_string", "status": "enum"}),
        ({}, {"ids": "required", "status": "required"}),
    ],
)
def test_what_bulk_refuses(konnect, body, wrong):
    assert konnect.wrong(konnect.post("inbox/bulk", body)) == wrong
