"""`/_emulator`, and the functions behind it."""

import json

import httpx
import pytest

from notifconf.emulator.emulator import Emulator
from notifconf.emulator.faults import parse_fault

HOOK = {"kind": "Webhook", "url": "https://example.com/hook"}


@pytest.fixture
def control(app, runner, emulator):
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080/_emulator/")

    def send(method, path, body=None, **options):
        if body is not None:
            options["json"] = body
        return runner.run(client.request(method, path, **options))

    yield send
    runner.run(client.aclose())


def test_it_needs_no_credentials_and_is_not_counted(control, emulator):
    emulator.settings.latency = 60
    emulator.settings.rate_limit = 1
    emulator.settings.faults = [parse_fault("hang")]
    assert [control("GET", "state").status_code for _ in range(3)] == [200] * 3
    assert emulator.requests.count == 0


def test_the_state_is_everything(control, emulator):
    state = control("GET", "state").json()
    assert tuple(state) == Emulator.collections
    assert {name: len(found) for name, found in state.items()} == {
        "notification-types": 20,
        "integrations": 1,
        "subscriptions": 7,
        "resource-preferences": 0,
        "resource-subscriptions": 0,
        "environments": 2,
        "clusters": 3,
        "connectors": 5,
        "compute-pools": 1,
        "user-notifications": 0,
        "events": 13,
        "event-subscriptions": 0,
        "inbox": 5,
    }
    assert state == emulator.state()


def test_a_state_can_be_put_back(control, emulator, konnect):
    emulator.seed("event-subscriptions", {"event_id": "billing.invoice.ready", "name": "x"})
    emulator.seed("resource-preferences", {"resource": "a=b", "resource_type": "CLUSTER", "current_state": "DISABLED"})
    before = emulator.state()
    types = konnect.get("configurations").json()
    assert control("DELETE", "state").status_code == 204
    assert emulator.state() != before
    assert control("PUT", "state", before).status_code == 204
    assert emulator.state() == before
    assert konnect.get("configurations").json() == types


def test_put_replaces_what_it_names_and_nothing_else(control, emulator):
    control("PUT", "state", {"subscriptions": [], "integrations": [{"id": "i-1", "target": HOOK}]})
    assert [found["id"] for found in emulator.objects("integrations")] == ["i-1"]
    assert emulator.objects("subscriptions") == []
    assert len(emulator.objects("notification-types")) == 20


def test_post_adds_and_replaces(control, emulator):
    body = {"integrations": [{"id": "i-1", "display_name": "a"}, {"display_name": "b"}]}
    first, second = control("POST", "state", body).json()["integrations"]
    assert first == "i-1"
    control("POST", "state", {"integrations": [{"id": "i-1", "display_name": "c"}]})
    names = {found["id"]: found["display_name"] for found in emulator.objects("integrations")[1:]}
    assert names == {"i-1": "c", second: "b"}


def test_what_is_missing_is_filled_in(emulator):
    emulator.seed(
        "resource-subscriptions",
        {"id": "rs-1", "notification_type": {"id": "nt-abc123"}, "integrations": [{"id": "i-1"}]},
    )
    (found,) = emulator.objects("resource-subscriptions")
    assert found["kind"] == "ResourceSubscription"
    assert found["metadata"]["self"].endswith("/resource-subscriptions/rs-1")
    assert found["notification_type"]["related"].endswith("/notification-types/nt-abc123")
    assert found["integrations"][0]["related"].endswith("/integrations/i-1")


def test_a_konnect_subscription_needs_no_more_than_its_event(emulator, konnect):
    emulator.seed("event-subscriptions", {"event_id": "billing.invoice.ready"})
    (found,) = konnect.get("configurations/billing.invoice.ready/subscriptions").json()["data"]
    assert found["entity_type"] == "billing-invoice"
    assert (found["regions"], found["entities"], found["enabled"]) == (["*"], ["*"], True)
    assert "name" not in found


@pytest.mark.parametrize("body", [[], "text", 7, None, {"id": 5}, {"id": "s-1", "integrations": {"a": [None]}}])
def test_raw_is_as_it_is(control, emulator, confluent, body):
    assert control("POST", "state", {"subscriptions": [body]}, params={"raw": "true"}).status_code == 200
    assert emulator.objects("subscriptions")[-1] == body
    assert confluent.get("subscriptions").json()["data"][-1] == body


@pytest.mark.parametrize("collection", Emulator.collections)
def test_hostile_objects_break_no_rule(emulator, confluent, konnect, collection):
    """Whatever a test puts in, the service goes on answering."""
    emulator.seed(collection, None, [], {}, {"id": "x", "metadata": "none", "target": 7, "integrations": [7]}, raw=True)
    emulator.seed(collection, {"id": "y", "event_id": "billing.invoice.ready", "resource": "a=b"}, raw=True)
    target = {"kind": "Slack", "webhook_url": "https://example.com"}
    made = confluent.post("integrations", {"display_name": "x", "target": target})
    assert made.status_code == 201
    assert confluent.delete(f"integrations/{made.json()['id']}").status_code == 204
    body = {"notification_type": {"id": "nt-abc123"}, "integrations": [{"id": "i-e0KAB"}], "current_state": "ENABLED"}
    assert confluent.post("subscriptions", body).status_code == 201
    of_resource = {**body, "resource": "a=b", "resource_type": "CLUSTER"}
    assert confluent.post("resource-subscriptions", of_resource).status_code == 201
    for path in ("configurations?filter[region][eq]=US", "configurations/billing.invoice.ready/subscriptions", "inbox"):
        assert konnect.get(path).status_code == 200
    assert len(emulator.state()[collection]) >= 5


def test_remove_asks_no_rule(control, emulator):
    required = emulator.objects("subscriptions")[0]["id"]
    assert control("DELETE", f"state/subscriptions/{required}").status_code == 204
    assert control("DELETE", f"state/subscriptions/{required}").status_code == 404


def test_an_object_is_renamed(control, emulator):
    answer = control("PATCH", "state/environments/env-p7x2kq", {"display_name": "a/b = 100% ö"})
    assert (answer.status_code, answer.json()["display_name"]) == (200, "a/b = 100% ö")
    assert emulator.objects("environments")[0] == answer.json()
    control("PATCH", "state/integrations/i-e0KAB", {"display_name": "x"})
    assert emulator.objects("integrations")[0]["display_name"] == "x"
    assert control("PATCH", "state/environments/env-none", {}).status_code == 404


def test_an_inventory_of_many(control, emulator):
    body = {"environments": 4, "clusters": 3, "connectors": 25, "compute_pools": 2}
    assert control("POST", "inventory", body).status_code == 204
    counts = {name: emulator.store.count(name) for name in ("environments", "clusters", "connectors", "compute-pools")}
    assert counts == {"environments": 6, "clusters": 15, "connectors": 305, "compute-pools": 9}


def test_a_user_has_two_integrations(control, confluent):
    ids = control("POST", "users", {"id": "u-abc123"}).json()
    found = [confluent.get(f"integrations/{identifier}").json()["target"] for identifier in ids]
    assert found == [{"kind": kind, "user": {"id": "u-abc123"}} for kind in ("UserEmail", "InApp")]


def test_requests_are_read_and_forgotten(control, confluent):
    confluent.get("integrations")
    found = control("GET", "requests").json()
    assert (found["count"], found["peak"]) == (1, 1)
    assert found["requests"][0]["path"] == "/notifications/v1/integrations"
    assert control("DELETE", "requests").status_code == 204
    assert control("GET", "requests").json() == {"count": 0, "peak": 0, "requests": []}


def test_settings_are_told(control, confluent):
    fault = "503:path=*/integrations:times=1"
    body = {"rate_limit": 1000, "quota": 0, "faults": [fault]}
    shown = control("PUT", "settings", body).json()
    assert shown | body == shown == control("GET", "settings").json()
    assert confluent.get("integrations").status_code == 503
    assert confluent.get("integrations").headers["X-RateLimit-Limit"] == "1000"
    assert control("GET", "faults").json() == [{"fault": fault, "seen": 2, "fired": 1}]
    control("PUT", "settings", {"faults": []})
    assert control("GET", "faults").json() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PUT", "settings", {"colour": "red"}, "colour"),
        ("PUT", "settings", {"faults": ["explode"]}, "explode"),
        ("PUT", "settings", {"faults": [7]}, "7"),
        ("PUT", "settings", {"faults": "hang"}, "faults"),
        ("PUT", "settings", [], "object"),
        ("PUT", "state", {"colours": []}, "colours"),
        ("POST", "state", {"integrations": {}}, "integrations"),
        ("DELETE", "state/colours/red", None, "colours"),
        ("POST", "users", {"id": 7}, "id"),
        ("POST", "users", {}, "id"),
        ("PATCH", "state/colours/red", {}, "colours"),
        ("PATCH", "state/environments/env-p7x2kq", [], "object"),
        ("POST", "inventory", {"environments": -1}, "environments"),
        ("POST", "inventory", {"environments": True}, "environments"),
        ("POST", "deliveries", {"resource": "environment=env-1"}, "notification_type"),
        ("POST", "deliveries", {"notification_type": "none"}, "none"),
        ("POST", "deliveries", {"notification_type": "nt-abc123", "resource": 7}, "resource"),
        ("POST", "deliveries", {"colour": "red"}, "colour"),
        ("POST", "inventory", {"colours": 1}, "colours"),
    ],
)
def test_what_it_refuses(control, method, path, body, words):
    before = control("GET", "state").json()
    answer = control(method, path, body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert control("GET", "state").json() == before


def test_a_body_that_is_no_json(control):
    answer = control("PUT", "state", content="{")
    assert (answer.status_code, "JSON" in answer.json()["error"]) == (400, True)


def test_unknown_collections_are_named(emulator):
    for call in (emulator.objects, emulator.seed, lambda name: emulator.replace({name: []})):
        with pytest.raises(ValueError, match="colours"):
            call("colours")
    with pytest.raises(ValueError, match="colours"):
        emulator.remove("colours", "red")


def test_ids_are_the_same_in_the_same_history():
    states = []
    for _ in range(2):
        emulator = Emulator(":memory:")
        emulator.seed("integrations", {"display_name": "x"})
        ids = {name: [found.get("id") for found in bodies] for name, bodies in emulator.state().items()}
        states.append(json.dumps(ids))
        emulator.close()
    assert states[0] == states[1]
