import uuid
from datetime import datetime
from typing import Any

import pytest

NAMESPACES = {"plan-and-usage", "organization", "dev-portal", "cloud-gateways", "gateway-manager"}
ENTITY_TYPES = {
    "billing-invoice",
    "access-token",
    "webhook",
    "dev-portal",
    "dataplane-group",
    "dataplane",
    "kai-enablement",
    "enterprise-trial",
}
BILLING = "billing.invoice.unpaid-reminder"
TOKEN = "organization.access-token.expiring"
GATEWAY = "gateway-manager.dataplane.certificate-expiring"
ON = [{"type": "EMAIL", "enabled": True}, {"type": "IN_APP", "enabled": True}]
BODY = {"name": "Worldwide", "regions": ["US", "EU"], "entities": ["*"], "channels": ON, "enabled": True}


def counts(konnect: Any) -> dict[str, int]:
    found = konnect.get("configurations").json()["data"]
    return {event["event_id"]: event["event_subscription_count"] for event in found}


@pytest.mark.parametrize("authorization", ["", "Digest a2V5OnNlY3JldA==", "Basic", "Bearer", "Bearer "])
def test_no_credentials_are_refused(konnect, authorization):
    answer = konnect.get("configurations", headers={"Authorization": authorization})
    konnect.problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert konnect.get("configurations", headers={"Authorization": "Basic a2V5OnNlY3JldA=="}).status_code == 200


@pytest.mark.parametrize(("method", "where", "status"), [("GET", "nothing", 404), ("PUT", "inbox", 405)])
def test_what_is_no_operation(konnect, method, where, status):
    konnect.problem(konnect.send(method, where), status)


def test_a_new_organisation_has_events_of_every_namespace(konnect):
    events = konnect.get("configurations").json()["data"]
    assert {event["event_namespace"] for event in events} == NAMESPACES
    assert {event["event_id"]: event["event_title"] for event in events}[BILLING] == "Unpaid invoice reminder"
    assert len({event["event_id"] for event in events}) == len(events) >= 12
    for event in events:
        assert event.keys() == {
            "event_id",
            "event_title",
            "event_description",
            "event_namespace",
            "event_subscription_count",
            "default_subscription",
        }
        assert event["event_subscription_count"] == 0
        assert {default["channel"] for default in event["default_subscription"]} == {"EMAIL", "IN_APP"}
    assert {event["entity_type"] for event in konnect.emulator.objects("events")} == ENTITY_TYPES


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("filter[event_title][eq]=Invoice ready", 1),
        ("filter[event_title][eq]=invoice ready", 0),
        ("filter[event_title][contains]=invoice", 2),
        ("filter[event_description][contains]=webhook", 1),
        ("filter[event_namespace][eq]=plan-and-usage", 3),
        ("filter[event_namespace][eq]=plan-and-usage&filter[event_title][contains]=trial", 1),
        ("filter[region][eq]=US", 13),
        ("unknown=parameter", 13),
    ],
)
def test_events_are_filtered(konnect, query, count):
    assert len(konnect.get(f"configurations?{query}").json()["data"]) == count


def test_events_are_filtered_by_the_regions_of_their_subscriptions(konnect):
    konnect.make(regions=["AU"])
    found = konnect.get("configurations?filter[region][eq]=US").json()["data"]
    assert TOKEN not in [event["event_id"] for event in found]
    found = konnect.get("configurations?filter[region][eq]=AU").json()["data"]
    assert TOKEN in [event["event_id"] for event in found]


@pytest.mark.parametrize("collection", ["configurations", "inbox"])
@pytest.mark.parametrize("query", ["filter=x", "filter[colour][eq]=x", "filter[region][like]=x", "filter[region]=x"])
def test_filters_that_are_refused(konnect, collection, query):
    assert list(konnect.wrong(konnect.get(f"{collection}?{query}")).values()) == ["unknown_property"]


def test_create_read_update_delete(konnect):
    created = konnect.make()
    assert str(uuid.UUID(created["id"])) == created["id"]
    assert created["entity_type"] == "access-token"
    assert {name: created[name] for name in BODY} == BODY
    assert datetime.fromisoformat(created["created_at"]) == datetime.fromisoformat(created["updated_at"])
    where = konnect.path(identifier=created["id"])
    assert konnect.get(where).json() == created
    assert konnect.get(konnect.path()).json()["data"] == [created]
    assert counts(konnect)[TOKEN] == 1
    change = {**BODY, "name": "Europe", "regions": ["EU"], "enabled": False}
    answer = konnect.patch(where, change)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in BODY} == change
    assert konnect.get(where).json() == answer.json()
    answer = konnect.delete(where)
    assert (answer.status_code, answer.content) == (204, b"")
    konnect.problem(konnect.get(where), 404)
    assert counts(konnect)[TOKEN] == 0


def test_two_may_bear_the_same_name(konnect):
    assert konnect.make()["id"] != konnect.make()["id"]


def test_what_the_description_does_not_know_is_ignored(konnect):
    created = konnect.make(id="mine", colour="red", channels=[{"type": "EMAIL", "enabled": False, "more": 1}])
    assert str(uuid.UUID(created["id"])) == created["id"]
    assert "colour" not in created
    assert created["channels"] == [{"type": "EMAIL", "enabled": False}]


def test_404_for_what_does_not_exist(konnect):
    mine = konnect.make()["id"]
    other = str(uuid.uuid4())
    for where in (konnect.path(identifier=other), konnect.path("no.such.event", mine), konnect.path(BILLING, mine)):
        konnect.problem(konnect.get(where), 404)
        konnect.problem(konnect.patch(where, BODY), 404)
        konnect.problem(konnect.delete(where), 404)
    konnect.problem(konnect.post(konnect.path("no.such.event"), BODY), 404)
    for where in (f"inbox/{other}", "inbox/not-a-uuid"):
        konnect.problem(konnect.get(where), 404)
        konnect.problem(konnect.patch(where, {"status": "READ"}), 404)
        konnect.problem(konnect.delete(where), 404)


def test_the_list_of_an_unknown_event_is_a_400_since_the_description_knows_no_404(konnect):
    assert konnect.wrong(konnect.get(konnect.path("no.such.event"))) == {"eventId": "missing_reference"}


@pytest.mark.parametrize("missing", list(BODY))
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_the_whole_body_is_required(konnect, method, missing):
    where = konnect.path() if method == "POST" else konnect.path(identifier=konnect.make()["id"])
    body = {name: value for name, value in BODY.items() if name != missing}
    assert konnect.wrong(konnect.send(method, where, body)) == {missing: "required"}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"regions": "US"}, {"regions": "is_array"}),
        ({"regions": ["US", "XX", 7]}, {"regions.1": "enum", "regions.2": "enum"}),
        ({"entities": None}, {"entities": "is_array"}),
        ({"entities": [1]}, {"entities.0": "is_string"}),
        ({"channels": ["EMAIL"]}, {"channels.0": "is_object"}),
        ({"channels": [{}]}, {"channels.0.type": "required", "channels.0.enabled": "required"}),
        (
            {"channels": [{"type": "SMS", "enabled": 1}]},
            {"channels.0.type": "enum", "channels.0.enabled": "is_boolean"},
        ),
        ({"enabled": "yes"}, {"enabled": "is_boolean"}),
        ({"name": None}, {"name": "is_string"}),
        ({"name": 1, "enabled": 1}, {"name": "is_string", "enabled": "is_boolean"}),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_refused(konnect, method, change, wrong):
    where = konnect.path() if method == "POST" else konnect.path(identifier=konnect.make()["id"])
    before = konnect.emulator.objects("event-subscriptions")
    assert konnect.wrong(konnect.send(method, where, {**BODY, **change})) == wrong
    assert konnect.emulator.objects("event-subscriptions") == before


@pytest.mark.parametrize(
    "options",
    [
        {"content": "{", "headers": {"Content-Type": "application/json"}},
        {"content": "[]", "headers": {"Content-Type": "application/json"}},
        {"content": "{}", "headers": {"Content-Type": "text/plain"}},
        {},
    ],
)
def test_a_body_that_is_none(konnect, options):
    notification = konnect.get("inbox").json()["data"][0]["id"]
    for method, where in (("POST", konnect.path()), ("POST", "inbox/bulk"), ("PATCH", f"inbox/{notification}")):
        konnect.problem(konnect.send(method, where, **options), 400)


def test_billing_is_mandatory(konnect):
    created = konnect.make(BILLING)
    where = konnect.path(BILLING, created["id"])
    off = [{"type": "EMAIL", "enabled": False}, {"type": "IN_APP", "enabled": True}]
    for body in ({**BODY, "enabled": False}, {**BODY, "channels": off}):
        (field,) = {name for name in BODY if body[name] != BODY[name]}
        assert konnect.wrong(konnect.patch(where, body)) == {field: "invalid"}
        assert konnect.wrong(konnect.post(konnect.path(BILLING), body)) == {field: "invalid"}
    assert konnect.wrong(konnect.patch(where, {**BODY, "channels": ON[1:]})) == {"channels": "invalid"}
    konnect.problem(konnect.delete(where), 403)
    assert konnect.get(where).json() == created
    in_app_off = [ON[0], {"type": "IN_APP", "enabled": False}]
    assert konnect.patch(where, {**BODY, "channels": in_app_off}).status_code == 200
    assert konnect.make(BILLING, channels=ON[1:])


def test_at_most_three_regional_configurations_of_a_gateways_entity(konnect):
    for region in ("US", "EU", "AU"):
        last = konnect.make(GATEWAY, regions=[region], entities=["dp-1"])
    wrong = konnect.wrong(konnect.post(konnect.path(GATEWAY), {**BODY, "entities": ["dp-2", "dp-1"]}))
    assert wrong == {"entities.1": "max_items"}
    other = konnect.make(GATEWAY, entities=["dp-2"])
    assert konnect.wrong(konnect.patch(konnect.path(GATEWAY, other["id"]), {**BODY, "entities": ["dp-1"]})) == {
        "entities.0": "max_items"
    }
    assert konnect.patch(konnect.path(GATEWAY, last["id"]), {**BODY, "entities": ["dp-1"]}).status_code == 200
    konnect.delete(konnect.path(GATEWAY, last["id"]))
    konnect.make(GATEWAY, entities=["dp-1"])
    for _ in range(4):
        konnect.make(TOKEN, entities=["token-1"])


def test_a_count_that_lags(konnect):
    konnect.emulator.settings.count_lag = 2
    seen = []
    identifiers = []
    for _ in range(4):
        identifiers.append(konnect.make()["id"])
        seen.append(counts(konnect)[TOKEN])
    konnect.delete(konnect.path(identifier=identifiers[0]))
    seen.append(counts(konnect)[TOKEN])
    assert seen == [0, 0, 1, 2, 3]
    konnect.emulator.settings.count_lag = 0
    assert counts(konnect)[TOKEN] == 3
