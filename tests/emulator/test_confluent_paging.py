from typing import Any

import httpx
import pytest

LOOKUP = {"resource": "environment=env-1/cloud-cluster=lkc-1", "resource_type": "CLUSTER"}


@pytest.fixture
def many(confluent):
    target = {"kind": "Webhook", "url": "https://example.com/hook"}
    confluent.emulator.replace(
        {"integrations": [{"id": f"i-{n}", "display_name": "x", "target": target} for n in range(600)]}
    )
    return confluent


def ids(answer: Any) -> list[str]:
    return [found["id"] for found in answer.json()["data"]]


@pytest.mark.parametrize(("size", "pages"), [(None, 6), (100, 6), (250, 3), (200, 3), (199, 4)])
def test_every_object_is_on_one_page(many, size, pages):
    answers = many.all_pages("integrations" if size is None else f"integrations?page_size={size}")
    assert len(answers) == pages
    assert [found for answer in answers for found in ids(answer)] == [f"i-{n}" for n in range(600)]
    for answer in answers:
        assert answer.json()["metadata"]["total_size"] == 600
        assert answer.json()["kind"] == "IntegrationList"
        assert answer.json()["api_version"] == "notifications/v1"


def test_urls_bear_the_vendors_host_whatever_host_was_asked(many, runner):
    async def ask() -> Any:
        return await many.client.get("http://127.0.0.1:8080/notifications/v1/integrations?page_size=7")

    metadata = runner.run(ask()).json()["metadata"]
    for name in ("first", "last", "next"):
        url = httpx.URL(metadata[name])
        assert (url.scheme, url.host, url.path) == ("https", "api.confluent.cloud", "/notifications/v1/integrations")
        assert url.params["page_size"] == "7"


def test_first_last_prev_and_next(many):
    first, second, third = many.all_pages("integrations?page_size=250")
    assert "prev" not in first.json()["metadata"]
    assert "next" not in third.json()["metadata"]
    assert ids(many.get(second.json()["metadata"]["prev"])) == ids(first)
    assert ids(many.get(third.json()["metadata"]["prev"])) == ids(second)
    for answer in (first, second, third):
        assert ids(many.get(answer.json()["metadata"]["first"])) == ids(first)
        assert ids(many.get(answer.json()["metadata"]["last"])) == ids(third)
    assert len(ids(third)) == 100


def test_the_last_page_may_be_full(many):
    metadata = many.get("integrations?page_size=200").json()["metadata"]
    assert ids(many.get(metadata["last"])) == [f"i-{n}" for n in range(400, 600)]


def test_one_page_names_no_other(confluent):
    metadata = confluent.get("integrations").json()["metadata"]
    assert metadata == {"first": "https://api.confluent.cloud/notifications/v1/integrations", "total_size": 1}


def test_nothing_is_lost_when_something_before_is_deleted_meanwhile(many):
    first = many.get("integrations?page_size=250")
    many.emulator.remove("integrations", "i-7")
    rest = [ids(first)]
    url = first.json()["metadata"]["next"]
    while url:
        answer = many.get(url)
        rest.append(ids(answer))
        url = answer.json()["metadata"].get("next")
    assert [found for page in rest for found in page] == [f"i-{n}" for n in range(600)]


@pytest.mark.parametrize("size", ["0", "-1", "251", "1000000000000000000000", "ten", "1.5", "", "+5", "٣"])
def test_a_page_size_that_is_refused(confluent, size):
    answer = confluent.get("integrations", params={"page_size": size})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": "page_size"}


@pytest.mark.parametrize("size", [1, 250])
def test_the_bounds_of_the_page_size(many, size):
    assert len(ids(many.get(f"integrations?page_size={size}"))) == size


@pytest.mark.parametrize("token", ["x", "MQ", "x" * 256, "é", "=", "MTguYmExMTdiODI"])
def test_a_token_that_is_refused(confluent, token):
    answer = confluent.get("subscriptions", params={"page_token": token})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": "page_token"}


def test_a_token_holds_for_its_list_alone(many):
    token = httpx.URL(many.get("integrations").json()["metadata"]["next"]).params["page_token"]
    assert len(token) <= 255
    assert many.get("integrations", params={"page_token": token}).status_code == 200
    for path in ("subscriptions", "notification-types"):
        assert many.get(path, params={"page_token": token}).status_code == 400


def test_lookups_are_paged_and_keep_their_filter(confluent):
    bodies = [
        {**LOOKUP, "id": f"rs-{n}", "notification_type": {"id": f"nt-{n}"}, "integrations": [{"id": "i-e0KAB"}]}
        for n in range(5)
    ]
    other = {**bodies[0], "id": "rs-other", "resource": "environment=env-2"}
    confluent.emulator.seed("resource-subscriptions", *bodies, other)
    query = httpx.QueryParams({**LOOKUP, "page_size": 2})
    answers = confluent.all_pages(f"resource-subscriptions:lookup?{query}")
    assert [ids(answer) for answer in answers] == [["rs-0", "rs-1"], ["rs-2", "rs-3"], ["rs-4"]]
    url = httpx.URL(answers[0].json()["metadata"]["next"])
    assert url.path == "/notifications/v1/resource-subscriptions:lookup"
    assert url.params["resource"] == LOOKUP["resource"]


def test_a_filtered_list_is_paged_within_the_filter(confluent):
    answers = confluent.all_pages("notification-types?resource_type=CLUSTER&page_size=3")
    assert [len(ids(answer)) for answer in answers] == [3, 1]


def test_the_default_page_size_can_be_told(many):
    many.emulator.settings.page_size = 7
    assert len(ids(many.get("integrations"))) == 7
