from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "organization.access-token.expiring"
LIST = f"configurations/{TOKEN}/subscriptions"


@pytest.fixture
def ids(konnect):
    konnect.emulator.seed("event-subscriptions", {"event_id": "billing.invoice.ready"})
    return konnect.emulator.seed("event-subscriptions", *({"event_id": TOKEN, "name": str(n)} for n in range(25)))


def test_subscriptions_come_in_pages(konnect, ids):
    pages, meta = konnect.follow(LIST)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [found for page in pages for found in page] == ids
    assert (meta["size"], meta["next"]) == (10, None)


def test_pages_lead_back(konnect, ids):
    pages, meta = konnect.follow(f"{LIST}?page[size]=6")
    assert [len(page) for page in pages] == [6, 6, 6, 6, 1]
    before_last, first_meta = konnect.follow(meta["previous"].removeprefix("/v1/notifications/"), "previous")
    assert before_last == pages[-2::-1]
    assert first_meta["next"]


def test_an_empty_cursor_is_the_first_page(konnect, ids):
    for query in ("page[after]=", "page[before]=", "page%5Bafter%5D="):
        assert [found["id"] for found in konnect.get(f"{LIST}?{query}").json()["data"]] == ids[:10]


def test_an_empty_list_has_one_empty_page(konnect):
    assert konnect.get(LIST).json() == {"data": [], "meta": {"page": {"next": None, "previous": None, "size": 10}}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page[after]", "x"),
        ("page[after]", "é"),
        ("page[before]", "e30"),
        ("page[after]", "ewogICJpZCI6ICJoZWxsbyB3b3JsZCIKfQ"),
        ("page[size]", "0"),
        ("page[size]", "251"),
        ("page[size]", "many"),
    ],
)
@pytest.mark.parametrize("where", ["inbox", LIST])
def test_pages_that_are_refused(konnect, where, name, value):
    assert konnect.wrong(konnect.get(where, params={name: value})) == {name: "invalid"}


def test_cursors_are_opaque_and_uris_without_a_host(konnect, ids):
    uri = urlsplit(konnect.get(LIST).json()["meta"]["page"]["next"])
    assert (uri.scheme, uri.netloc, uri.path) == ("", "", f"/v1/notifications/{LIST}")
    assert parse_qs(uri.query).keys() == {"page[after]"}


def test_the_older_shape(konnect, ids):
    konnect.emulator.settings.legacy = True
    pages, meta = konnect.follow(LIST)
    assert [found for page in pages for found in page] == ids
    assert meta.keys() == {"next", "previous", "size"}
    assert meta["next"] == ""
    body = {"regions": ["*"], "entities": ["*"], "channels": [], "enabled": True}
    created = konnect.post(LIST, body)
    assert created.status_code == 201
    for shown in (created.json(), konnect.get(LIST).json()["data"][0], konnect.get(f"{LIST}/{ids[0]}").json()):
        assert shown.keys() == {*body, "id", "created_at", "updated_at"}
    konnect.emulator.settings.legacy = False
    assert "name" not in konnect.get(f"{LIST}/{created.json()['id']}").json()
