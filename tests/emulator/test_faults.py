"""What each fault does to a client in the same process; over a socket: test_server."""

import itertools
from typing import Any

import httpx
import pytest

from notifconf.emulator.faults import KINDS, Fault, parse_fault
from notifconf.emulator.faults.spec import STATUSES

INTEGRATION = {"display_name": "Alerts", "target": {"kind": "Slack", "webhook_url": "https://hooks.slack.com/x"}}
SUBSCRIPTION = {
    "notification_type": {"id": "nt-abc123"},
    "integrations": [{"id": "i-e0KAB"}],
    "current_state": "ENABLED",
}
PREFERENCE = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
EVENT = "configurations/organization.access-token.expiring/subscriptions"
EVENT_SUBSCRIPTION = {"name": "x", "regions": ["*"], "entities": ["*"], "channels": [], "enabled": True}


def faults(api: Any, *specs: str) -> list[Fault]:
    api.emulator.settings.faults = [parse_fault(spec) for spec in specs]
    found: list[Fault] = api.emulator.settings.faults
    return found


def made(api: Any) -> int:
    return len(api.emulator.objects("integrations")) - 1


@pytest.mark.parametrize(
    ("kind", "error", "count"),
    [
        ("reset-before", httpx.ReadError, 0),
        ("reset-after", httpx.ReadError, 1),
        ("cut", httpx.ReadError, 1),
        ("hang", httpx.ReadTimeout, 0),
        ("hang-after", httpx.ReadTimeout, 1),
    ],
)
def test_connections_that_end_badly(confluent, kind, error, count):
    faults(confluent, f"{kind}:times=1")
    with pytest.raises(error):
        confluent.post("integrations", INTEGRATION)
    assert made(confluent) == count
    assert confluent.emulator.requests.entries[0].status in {None, 201}
    assert confluent.post("integrations", INTEGRATION).status_code == 201


@pytest.mark.parametrize(
    ("kind", "status", "count"),
    [(str(status), status, 0) for status in STATUSES]
    + [(f"{status}-after", status, 1) for status in STATUSES]
    + [("429-retry-after", 429, 0)],
)
@pytest.mark.parametrize("vendor", ["confluent", "konnect"])
def test_statuses_before_and_after_the_effect(request, vendor, kind, status, count):
    api = request.getfixturevalue(vendor)
    path, body, collection = {
        "confluent": ("resource-preferences", PREFERENCE, "resource-preferences"),
        "konnect": (EVENT, EVENT_SUBSCRIPTION, "event-subscriptions"),
    }[vendor]
    faults(api, f"{kind}:method=POST")
    answer = api.post(path, body)
    assert answer.status_code == status
    assert len(api.emulator.objects(collection)) == count
    assert api.get("inbox" if vendor == "konnect" else "integrations").status_code == 200


def test_429_with_and_without_retry_after(confluent):
    faults(confluent, "429:nth=1", "429-retry-after:nth=2:seconds=7")
    first, second = confluent.get("integrations"), confluent.get("integrations")
    assert (first.status_code, first.content, "Retry-After" in first.headers) == (429, b"", False)
    assert (second.status_code, second.headers["Retry-After"]) == (429, "7")
    assert "X-Request-Id" in first.headers


def test_gateways_answer_with_web_pages(confluent):
    faults(confluent, "500:nth=1", "502:nth=2")
    assert confluent.get("integrations").json()["errors"][0]["status"] == "500"
    assert confluent.get("integrations").headers["Content-Type"] == "text/html"


@pytest.mark.parametrize("kind", ["empty", "truncated", "html", "wrong-type"])
def test_bodies_that_are_not_what_they_should_be(confluent, kind):
    listed = confluent.get("integrations")
    faults(confluent, kind)
    answer = confluent.get("integrations")
    assert answer.status_code == 200
    assert answer.content != listed.content
    assert confluent.post("integrations", INTEGRATION).status_code == 201
    assert made(confluent) == 1
    body = answer.content
    if kind == "empty":
        assert body == b""
    elif kind == "truncated":
        assert body == listed.content[: len(listed.content) // 2]
    elif kind == "html":
        assert answer.headers["Content-Type"] == "text/html"
    else:
        assert answer.json() == {"data": "none"}
        assert isinstance(confluent.get("integrations/i-e0KAB").json(), list)


def test_a_body_that_there_is_not_is_not_spoilt(confluent):
    for kind in ("empty", "truncated", "wrong-type"):
        faults(confluent, kind)
        target = {"kind": "Webhook", "url": "https://example.com"}
        body = {"display_name": "x", "target": target}
        assert confluent.post("integrations:test", body).status_code == 204


def pages(api: Any, path: str, limit: int = 8) -> Any:
    """The pages of a list as a trusting client reads them, up to a limit."""
    url = path
    for _ in range(limit):
        body = api.get(url).json()
        yield [found["id"] for found in body["data"]]
        if "metadata" in body:
            url = body["metadata"].get("next")
        else:
            url = (body["meta"].get("page") or body["meta"])["next"]
            url = url and "https://global.api.konghq.com" + url
        if not url:
            return


def lists(request: Any, vendor: str, legacy: bool) -> tuple[Any, str]:
    api = request.getfixturevalue(vendor)
    if vendor == "confluent":
        return api, "notification-types?page_size=8"
    api.emulator.settings.legacy = legacy
    return api, "inbox?page[size]=2"


VENDORS = pytest.mark.parametrize(("vendor", "legacy"), [("confluent", False), ("konnect", False), ("konnect", True)])


@VENDORS
def test_a_page_that_is_repeated(request, vendor, legacy):
    api, path = lists(request, vendor, legacy)
    true = list(pages(api, path))
    assert len(true) == 3
    faults(api, "repeat-page:nth=2")
    assert list(pages(api, path)) == [true[0], true[0], true[2]]
    faults(api, "repeat-page:nth=3")
    assert list(pages(api, path)) == [true[0], true[1], true[1]]
    faults(api, "repeat-page:nth=1")
    assert list(pages(api, path)) == true


@VENDORS
def test_a_token_that_loops(request, vendor, legacy):
    api, path = lists(request, vendor, legacy)
    true = list(pages(api, path))
    faults(api, "loop-token:nth=2")
    assert list(pages(api, path, 7)) == [true[0], true[1], *[true[0]] * 5]


def test_a_single_page_can_loop_too(confluent):
    faults(confluent, "loop-token:nth=1")
    assert list(pages(confluent, "integrations", 3)) == [["i-e0KAB"]] * 3


@pytest.mark.parametrize("kind", ["repeat-page", "loop-token"])
def test_what_is_no_list_has_no_pages(confluent, kind):
    expected = confluent.get("integrations/i-e0KAB").json()
    faults(confluent, kind)
    assert confluent.get("integrations/i-e0KAB").json() == expected


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "GET"])
def test_an_object_vanishes_before_it_is_touched(confluent, konnect, method):
    made = confluent.post("integrations", INTEGRATION).json()["id"]
    subscription = konnect.post(EVENT, EVENT_SUBSCRIPTION).json()["id"]
    notification = konnect.get("inbox").json()["data"][0]["id"]
    faults(confluent, f"vanish:method={method}")
    for api, path, body in [
        (confluent, f"integrations/{made}", {}),
        (konnect, f"{EVENT}/{subscription}", EVENT_SUBSCRIPTION),
        (konnect, f"inbox/{notification}", {"status": "READ"}),
    ]:
        assert api.send(method, path, body if method == "PATCH" else None).status_code == 404


def test_vanish_leaves_lists_alone(confluent):
    faults(confluent, "vanish")
    assert len(confluent.get("integrations").json()["data"]) == 1
    assert confluent.post("integrations:test", {}).status_code == 400


def test_a_list_lags_behind_a_create(confluent):
    faults(confluent, "lag:lists=2:nth=1")
    created = confluent.post("integrations", INTEGRATION).json()["id"]
    assert confluent.get(f"integrations/{created}").status_code == 200
    seen = []
    for _ in range(3):
        body = confluent.get("integrations").json()
        assert body["metadata"]["total_size"] == len(body["data"])
        seen.append(created in [found["id"] for found in body["data"]])
    assert seen == [False, False, True]


def test_a_lag_outlives_the_fault_and_spans_the_pages_of_a_list(confluent):
    faults(confluent, "lag")
    created = confluent.post("integrations", INTEGRATION).json()["id"]
    confluent.emulator.settings.faults = []
    found = list(itertools.chain(*pages(confluent, "integrations?page_size=1")))
    assert created not in found
    assert created in itertools.chain(*pages(confluent, "integrations?page_size=1"))


def test_lookups_lag_too(confluent):
    where = {"resource": PREFERENCE["resource"], "resource_type": "ENVIRONMENT"}
    other = {"resource": "environment=env-2", "resource_type": "ENVIRONMENT"}
    faults(confluent, "lag")
    assert confluent.post("resource-preferences", PREFERENCE).status_code == 201
    assert confluent.get("resource-preferences:lookup", params=other).status_code == 404
    assert confluent.get("resource-preferences:lookup", params=where).status_code == 404
    assert confluent.get("resource-preferences:lookup", params=where).status_code == 200
    confluent.post("resource-subscriptions", {**SUBSCRIPTION, **PREFERENCE})
    assert confluent.get("resource-subscriptions:lookup", params=where).json()["data"] == []
    assert len(confluent.get("resource-subscriptions:lookup", params=where).json()["data"]) == 1


def test_konnects_lists_lag_too(konnect):
    faults(konnect, "lag:method=POST")
    konnect.post(EVENT, EVENT_SUBSCRIPTION)
    assert konnect.get("configurations/billing.invoice.ready/subscriptions").json()["data"] == []
    assert konnect.get(EVENT).json()["data"] == []
    assert len(konnect.get(EVENT).json()["data"]) == 1


def test_what_was_not_created_does_not_lag(confluent):
    faults(confluent, "lag")
    assert confluent.post("integrations", {}).status_code == 400
    assert len(confluent.get("integrations").json()["data"]) == 1


def test_someone_else_creates_the_same(confluent, konnect):
    faults(confluent, "meddle:method=POST")
    assert confluent.post("integrations", INTEGRATION).status_code == 201
    twins = confluent.emulator.objects("integrations")[1:]
    assert len({twin["id"] for twin in twins}) == 2
    assert [twin["display_name"] for twin in twins] == ["Alerts", "Alerts"]
    assert confluent.post("subscriptions", SUBSCRIPTION).status_code == 409
    assert confluent.post("resource-preferences", PREFERENCE).status_code == 409
    assert konnect.post(EVENT, EVENT_SUBSCRIPTION).status_code == 201
    assert len(konnect.get(EVENT).json()["data"]) == 2


def test_someone_else_changes_what_is_changed(confluent, konnect):
    integration = confluent.post("integrations", INTEGRATION).json()["id"]
    subscription = confluent.post("subscriptions", SUBSCRIPTION).json()["id"]
    event_subscription = konnect.post(EVENT, EVENT_SUBSCRIPTION).json()["id"]
    notification = konnect.get("inbox").json()["data"][0]["id"]
    faults(confluent, "meddle:method=GET")
    assert confluent.get(f"integrations/{integration}").json()["description"] == "Made in the console"
    assert confluent.get(f"subscriptions/{subscription}").json()["current_state"] == "DISABLED"
    assert konnect.get(f"{EVENT}/{event_subscription}").json()["enabled"] is False
    assert konnect.get(f"inbox/{notification}").json()["status"] == "READ"
    assert confluent.get("integrations/i-none").status_code == 404


def test_someone_else_adds_to_what_is_listed(confluent, konnect):
    faults(confluent, "meddle")
    assert [found["display_name"] for found in confluent.get("integrations").json()["data"][1:]] == [
        "Made in the console"
    ]
    assert [found["name"] for found in konnect.get(EVENT).json()["data"]] == ["Made in the console"]
    before = confluent.emulator.objects("subscriptions")
    assert confluent.get("subscriptions").json()["data"] == before


@pytest.mark.parametrize("options", [{"content": "{"}, {"content": "[]"}, {}])
def test_meddling_needs_a_body_to_copy(confluent, options):
    faults(confluent, "meddle")
    assert confluent.send("POST", "integrations", **options).status_code == 400
    assert made(confluent) == 0


def test_a_test_may_bring_its_own_meddling(confluent):
    def drop_all():
        confluent.emulator.replace({"subscriptions": []})

    confluent.emulator.settings.faults = [Fault("meddle", path="*/subscriptions", action=drop_all)]
    assert confluent.get("subscriptions").json()["data"] == []
    assert confluent.post("subscriptions", SUBSCRIPTION).status_code == 201


def test_a_create_whose_answer_is_lost_may_be_missing_in_lists_too(confluent):
    faults(confluent, "reset-after:method=POST:times=1", "lag:lists=2:times=1")
    with pytest.raises(httpx.ReadError):
        confluent.post("integrations", INTEGRATION)
    assert [len(confluent.get("integrations").json()["data"]) for _ in range(3)] == [1, 1, 2]


def test_others_interfere_whatever_becomes_of_the_request(confluent):
    identifier = confluent.post("integrations", INTEGRATION).json()["id"]
    faults(confluent, "503:method=PATCH", "vanish:method=PATCH")
    assert confluent.patch(f"integrations/{identifier}", {}).status_code == 503
    assert made(confluent) == 0


def test_the_first_fault_that_is_due_is_what_happens_and_all_count(confluent):
    first, second, other = faults(confluent, "500:nth=2", "503", "404:method=POST")
    assert [confluent.get("integrations").status_code for _ in range(3)] == [503, 500, 503]
    assert [(fault.seen, fault.fired) for fault in (first, second, other)] == [(3, 1), (3, 2), (0, 0)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_is_not_due_changes_nothing(confluent, konnect, kind):
    asked: list[tuple[Any, str, str, Any]] = [
        (confluent, "GET", "integrations?page_size=1", None),
        (confluent, "GET", "nothing", None),
        (confluent, "POST", "integrations", {}),
        (konnect, "GET", "inbox", None),
    ]
    expected = [api.send(method, path, body) for api, method, path, body in asked]
    faults(confluent, f"{kind}:nth=100")
    for (api, method, path, body), before in zip(asked, expected, strict=True):
        answer = api.send(method, path, body)
        assert (answer.status_code, len(answer.content)) == (before.status_code, len(before.content))
