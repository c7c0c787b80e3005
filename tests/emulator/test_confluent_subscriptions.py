from typing import Any

import pytest

ADMINS = "i-e0KAB"
BODY = {"notification_type": {"id": "nt-abc123"}, "integrations": [{"id": ADMINS}], "current_state": "ENABLED"}


@pytest.fixture
def slack(confluent):
    target = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/x"}
    return confluent.post("integrations", {"display_name": "Alerts", "target": target}).json()["id"]


@pytest.fixture
def required(confluent):
    types = {found["id"]: found for found in confluent.emulator.objects("notification-types")}
    for subscription in confluent.emulator.objects("subscriptions"):
        if types[subscription["notification_type"]["id"]]["subscription_priority"] == "REQUIRED":
            return subscription
    raise AssertionError


def ids(references: Any) -> list[str]:
    return [found["id"] for found in references]


def test_create_read_update_delete(confluent, slack):
    answer = confluent.post("subscriptions", BODY)
    assert answer.status_code == 201
    created = answer.json()
    assert created["kind"] == "Subscription"
    assert created["id"].startswith("s-")
    path = f"subscriptions/{created['id']}"
    assert confluent.get(path).json() == created
    answer = confluent.patch(path, {"integrations": [{"id": slack}, {"id": ADMINS}], "current_state": "DISABLED"})
    assert answer.status_code == 200
    assert ids(answer.json()["integrations"]) == [slack, ADMINS]
    assert answer.json()["current_state"] == "DISABLED"
    assert answer.json()["notification_type"] == created["notification_type"]
    assert confluent.delete(path).status_code == 204
    assert confluent.post("subscriptions", BODY).status_code == 201


def test_a_live_reference_can_be_sent_back(confluent):
    live = confluent.get("subscriptions").json()["data"][0]
    body = {
        "integrations": [{**live["integrations"][0], "environment": "env-0xovp6"}],
        "notification_type": live["notification_type"],
    }
    answer = confluent.patch(f"subscriptions/{live['id']}", body)
    assert answer.status_code == 200
    assert answer.json()["integrations"] == live["integrations"]


def test_without_a_state_it_is_enabled(confluent):
    answer = confluent.post("subscriptions", {name: BODY[name] for name in BODY if name != "current_state"})
    assert (answer.status_code, answer.json()["current_state"]) == (201, "ENABLED")


def test_members_that_the_vendors_client_leaves_empty_are_ignored(confluent):
    empty = {"related": "", "resource_name": ""}
    body = {
        "notification_type": {"id": "nt-abc123", **empty},
        "integrations": [{"id": ADMINS, **empty}],
    }
    created = confluent.post("subscriptions", body).json()
    assert created["integrations"] == confluent.emulator.objects("subscriptions")[0]["integrations"]
    answer = confluent.patch(f"subscriptions/{created['id']}", body)
    assert (answer.status_code, answer.json()["integrations"]) == (200, created["integrations"])


@pytest.mark.parametrize("missing", list(BODY))
def test_what_is_required(confluent, missing):
    confluent.emulator.settings.require_state = True
    answer = confluent.post("subscriptions", {name: value for name, value in BODY.items() if name != missing})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/{missing}"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"current_state": "ON"}, "/current_state"),
        ({"current_state": None}, "/current_state"),
        ({"current_state": ["ENABLED"]}, "/current_state"),
        ({"integrations": []}, "/integrations"),
        ({"integrations": {}}, "/integrations"),
        ({"integrations": None}, "/integrations"),
        ({"integrations": ["i-e0KAB"]}, "/integrations/0"),
        ({"integrations": [{}]}, "/integrations/0/id"),
        ({"integrations": [{"id": ""}]}, "/integrations/0/id"),
        ({"integrations": [{"id": "x" * 256}]}, "/integrations/0/id"),
        ({"integrations": [{"id": ADMINS, "colour": "red"}]}, "/integrations/0/colour"),
        ({"integrations": [{"id": ADMINS}, {"id": ADMINS}]}, "/integrations/1"),
        ({"integrations": [{"id": ADMINS}, {"id": "i-none"}]}, "/integrations/1/id"),
        ({"more": 1}, "/more"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_refused(confluent, method, change, pointer):
    before = confluent.emulator.objects("subscriptions")
    path = "subscriptions" if method == "POST" else f"subscriptions/{before[-1]['id']}"
    answer = confluent.send(method, path, {**BODY, **change} if method == "POST" else change)
    assert answer.status_code == 400
    assert pointer in [error["source"]["pointer"] for error in answer.json()["errors"]]
    assert confluent.emulator.objects("subscriptions") == before


@pytest.mark.parametrize("reference", [{"id": "nt-none"}, {}, "nt-abc123", None])
def test_a_type_that_does_not_exist(confluent, reference):
    assert confluent.post("subscriptions", {**BODY, "notification_type": reference}).status_code == 400


def test_one_per_type(confluent):
    created = confluent.post("subscriptions", BODY)
    answer = confluent.post("subscriptions", BODY)
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert (error["status"], error["code"], error["title"]) == (
        "409",
        "resource_already_exists",
        "Resource Already exists",
    )
    assert answer.headers["Location"] == created.headers["Location"]


def test_one_per_type_even_when_both_come_at_once(confluent):
    answers = confluent.together(*[("POST", "subscriptions", BODY)] * 10)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


def test_a_deleted_one_is_in_nobodys_way(confluent):
    confluent.emulator.seed("subscriptions", {**BODY, "metadata": {"deleted_at": "2020-01-01T00:00:00Z"}})
    assert confluent.post("subscriptions", BODY).status_code == 201


def test_what_is_deleted_is_not_referred_to(confluent):
    gone = {"metadata": {"deleted_at": "2020-01-01T00:00:00Z"}}
    confluent.emulator.seed("integrations", {"id": "i-gone", **gone})
    confluent.emulator.seed("notification-types", {"id": "nt-gone", **gone})
    for change in ({"integrations": [{"id": "i-gone"}]}, {"notification_type": {"id": "nt-gone"}}):
        of_resource = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
        for path, body in (("subscriptions", BODY), ("resource-subscriptions", BODY | of_resource)):
            assert confluent.post(path, {**body, **change}).status_code == 400
    live = confluent.get("subscriptions").json()["data"][0]
    assert confluent.patch(f"subscriptions/{live['id']}", {"integrations": [{"id": "i-gone"}]}).status_code == 400


def test_the_type_is_immutable(confluent):
    live = confluent.get("subscriptions").json()["data"][0]
    answer = confluent.patch(f"subscriptions/{live['id']}", {"notification_type": {"id": "nt-abc123"}})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": "/notification_type"}


def test_required_is_neither_disabled_nor_deleted(confluent, required, slack):
    path = f"subscriptions/{required['id']}"
    assert confluent.patch(path, {"current_state": "DISABLED"}).status_code == 400
    assert confluent.delete(path).status_code == 400
    assert confluent.get(path).json() == required
    assert confluent.patch(path, {"current_state": "ENABLED", "integrations": [{"id": slack}]}).status_code == 200


def test_required_is_not_created_disabled(confluent, required):
    confluent.emulator.remove("subscriptions", required["id"])
    body = {**BODY, "notification_type": {"id": required["notification_type"]["id"]}}
    assert confluent.post("subscriptions", {**body, "current_state": "DISABLED"}).status_code == 400
    assert confluent.post("subscriptions", body).status_code == 201


def test_recommended_can_be_opted_out_of(confluent):
    live = next(
        found
        for found in confluent.get("subscriptions").json()["data"]
        if found["notification_type"]["id"] == "nt-DbPQ9"
    )
    assert confluent.patch(f"subscriptions/{live['id']}", {"current_state": "DISABLED"}).status_code == 200
    assert confluent.delete(f"subscriptions/{live['id']}").status_code == 204


def test_what_the_plan_does_not_include_is_not_subscribed_to(confluent):
    confluent.emulator.seed(
        "notification-types", {"id": "nt-paid", "display_name": "Paid", "is_included_in_plan": False}
    )
    body = {**BODY, "notification_type": {"id": "nt-paid"}}
    assert confluent.post("subscriptions", body).status_code == 400
    of_resource = {**body, "resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
    assert confluent.post("resource-subscriptions", of_resource).status_code == 400


def test_a_type_with_unknown_values_and_absent_members_can_be_subscribed_to(confluent):
    confluent.emulator.seed("notification-types", {"id": "nt-new", "severity": "PANIC"})
    listed = confluent.get("notification-types/nt-new").json()
    assert listed["severity"] == "PANIC"
    assert "is_included_in_plan" not in listed
    assert confluent.post("subscriptions", {**BODY, "notification_type": {"id": "nt-new"}}).status_code == 201
