"""Confluent's user notifications: who is told what, and the operations on it."""

from __future__ import annotations

from typing import Any

import pytest
from freezegun import freeze_time

ADMINS = "i-e0KAB"
FAILED = "nt-Cfa1L"
REQUIRED = "nt-4kQ2s"
HOOK = {"kind": "Webhook", "url": "https://example.com/hook"}
ENVIRONMENT = "environment=env-p7x2kq"
CLUSTER = f"{ENVIRONMENT}/cloud-cluster=lkc-8n3qvr"
CONNECTOR = f"{CLUSTER}/connector=pg-sink"
SHORT = "cloud-connector=lcc-p1gsnk"
CRN = "crn://confluent.cloud/organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a"


@pytest.fixture
def told(confluent):
    """Delivers, and answers the ids of the integrations that were told."""
    confluent.emulator.seed("integrations", *({"id": f"i-{n}", "display_name": n, "target": HOOK} for n in "abc"))

    def deliver(notification_type: str = FAILED, resource: str = CONNECTOR, **members: str) -> list[str]:
        delivered = confluent.emulator.deliver(notification_type, resource, **members)
        return [integration["id"] for integration in delivered["integrations"]]

    return deliver


def subscribe(
    confluent: Any, *integrations: str, resource: str = "", state: str = "ENABLED", kind: str = FAILED
) -> None:
    references = [{"id": integration} for integration in integrations]
    body = {"notification_type": {"id": kind}, "integrations": references, "current_state": state}
    if resource:
        own = {"resource": resource, "resource_type": "CONNECTOR"}
        assert confluent.post("resource-subscriptions", {**body, **own}).status_code == 201
    else:
        assert confluent.post("subscriptions", body).status_code == 201


def mute(confluent: Any, resource: str, resource_type: str = "CONNECTOR", state: str = "DISABLED") -> None:
    body = {"resource": resource, "resource_type": resource_type, "current_state": state}
    assert confluent.post("resource-preferences", body).status_code == 201


def test_nobody_has_subscribed(told):
    assert told() == []


def test_subscriptions_of_the_organisation_and_of_the_resource_both_count(confluent, told):
    subscribe(confluent, "i-a", "i-b")
    subscribe(confluent, "i-b", "i-c", resource=CONNECTOR)
    assert told() == ["i-a", "i-b", "i-c"]
    assert told(resource=SHORT) == ["i-a", "i-b", "i-c"]
    assert told(resource=CLUSTER) == ["i-a", "i-b"]


def test_disabled_subscriptions_and_deleted_integrations_are_not_told(confluent, told):
    subscribe(confluent, "i-a", state="DISABLED")
    subscribe(confluent, "i-b", "i-c", resource=CONNECTOR)
    confluent.emulator.change("integrations", "i-b", {"metadata": {"deleted_at": "2020-01-01T00:00:00Z"}})
    assert told() == ["i-c"]


@pytest.mark.parametrize(
    ("muted", "resource", "expected"),
    [
        ((CONNECTOR, "CONNECTOR"), CONNECTOR, []),
        ((CONNECTOR, "CONNECTOR"), SHORT, []),
        ((SHORT, "CONNECTOR"), CONNECTOR, []),
        ((ENVIRONMENT, "ENVIRONMENT"), CONNECTOR, []),
        ((ENVIRONMENT, "ENVIRONMENT"), SHORT, []),
        ((ENVIRONMENT, "ENVIRONMENT"), "cloud-cluster=lkc-8n3qvr", []),
        ((ENVIRONMENT, "ENVIRONMENT"), "environment=env-p7x2kq/cloud-cluster=lkc-unknown", []),
        (("organization=o-1", "ORGANIZATION"), CONNECTOR, []),
        ((CLUSTER, "CLUSTER"), CONNECTOR, ["i-a"]),
        (("environment=env-s4m9dz", "ENVIRONMENT"), CONNECTOR, ["i-a"]),
        ((CONNECTOR, "CONNECTOR"), CLUSTER, ["i-a"]),
    ],
)
def test_mutes(confluent, told, muted, resource, expected):
    subscribe(confluent, "i-a")
    mute(confluent, *muted)
    assert told(resource=resource) == expected


def test_a_mute_that_is_lifted_is_none(confluent, told):
    subscribe(confluent, "i-a")
    mute(confluent, CONNECTOR, state="ENABLED")
    assert told() == ["i-a"]


def test_what_is_required_is_delivered_in_spite_of_a_mute(confluent, told):
    mute(confluent, ENVIRONMENT, "ENVIRONMENT")
    assert told(REQUIRED, ENVIRONMENT) == [ADMINS]


def test_a_notification_is_a_snapshot(confluent, told):
    subscribe(confluent, "i-a")
    with freeze_time("2026-01-02T03:04:05Z"):
        told("Connector in FAILED state")
    (listed,) = confluent.get("user-notifications").json()["data"]
    assert listed["kind"] == "UserNotification"
    assert (listed["read"], listed["read_at"], listed["severity"]) == (False, None, "CRITICAL")
    assert listed["received_at"] == "2026-01-02T03:04:05.000Z"
    assert listed["resource"] == {"type": "CONNECTOR", "crn": f"{CRN}/{CONNECTOR}", "display_name": "pg-sink"}
    assert listed["notification_type"]["id"] == FAILED
    assert "integrations" not in listed
    assert "recommended_actions" not in listed
    confluent.emulator.change("integrations", "i-a", {"display_name": "another"})
    whole = confluent.get(f"user-notifications/{listed['id']}").json()
    assert whole["integrations"][0]["target"] == HOOK
    assert whole["integrations"][0]["display_name"] == "a"
    assert whole["recommended_actions"]["version"]
    included = confluent.get("user-notifications?include=integrations,recommended_actions").json()["data"]
    assert included == [whole]


@pytest.mark.parametrize(
    ("resource", "kind", "name"),
    [
        ("", "ORGANIZATION", "Organization"),
        (ENVIRONMENT, "ENVIRONMENT", "Production"),
        ("cloud-cluster=lkc-8n3qvr", "CLUSTER", "orders"),
        (f"{ENVIRONMENT}/flink-region=aws.us-east-2/compute-pool=lfcp-7k2wqd", "FLINK_COMPUTE_POOL", "flink-prod"),
        ("environment=env-none", "ENVIRONMENT", "env-none"),
    ],
)
def test_the_resource_of_a_notification(confluent, told, resource, kind, name):
    told(resource=resource)
    found = confluent.get("user-notifications").json()["data"][0]["resource"]
    assert (found["type"], found["display_name"]) == (kind, name)
    assert found["crn"].startswith(CRN)
    assert not found["crn"].endswith("/")


def test_a_connector_with_a_slash_has_one_path(confluent, told):
    confluent.emulator.change("connectors", "lcc-p1gsnk", {"name": "pg/sink"})
    told(resource=SHORT)
    (found,) = confluent.get("user-notifications").json()["data"]
    assert found["resource"] == {"type": "CONNECTOR", "crn": f"{CRN}/{SHORT}", "display_name": "pg/sink"}


@pytest.fixture
def inbox(confluent, told):
    """Four notifications, the newest last: their ids."""
    told(FAILED, CONNECTOR, received_at="2026-03-01T00:00:00Z")
    told("nt-abc123", ENVIRONMENT, received_at="2026-03-20T00:00:00Z")
    told("nt-Q90wN", "environment=env-s4m9dz", received_at="2026-03-30T00:00:00+00:00")
    told(FAILED, SHORT, received_at="2026-03-30T12:00:00Z")
    ids = [found["id"] for found in confluent.emulator.objects("user-notifications")]
    confluent.emulator.change("user-notifications", ids[0], {"read": True})
    with freeze_time("2026-03-31T00:00:00Z"):
        yield ids


FILTERS = [
    ("", [3, 2, 1, 0]),
    ("sort=received_at", [0, 1, 2, 3]),
    ("sort=-received_at", [3, 2, 1, 0]),
    ("read=true", [0]),
    ("read=false", [3, 2, 1]),
    ("severity=CRITICAL", [3, 0]),
    ("severity=CRITICAL&severity=WARN", [3, 2, 0]),
    ("severity=PANIC", []),
    ("resource.type=ENVIRONMENT", [2, 1]),
    ("resource.type=ENVIRONMENT&resource.type=CONNECTOR", [3, 2, 1, 0]),
    (f"resource.crn={CRN}/{ENVIRONMENT}", [1]),
    (f"resource.crn={CRN}/{ENVIRONMENT}&resource.crn={CRN}/{CONNECTOR}", [3, 1, 0]),
    ("search=failed", [3, 0]),
    ("search=half of a service quota", [1]),
    ("time_range=PAST_24H", [3, 2]),
    ("time_range=PAST_7D", [3, 2]),
    ("time_range=PAST_30D", [3, 2, 1, 0]),
    ("time_range=PAST_24H&severity=CRITICAL&read=false", [3]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters(confluent, inbox, query, expected):
    found = confluent.get(f"user-notifications?{query}").json()["data"]
    assert [inbox.index(body["id"]) for body in found] == expected


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_mark_all_takes_the_filters(confluent, inbox, query, expected):
    before = {body["id"]: body["read"] for body in confluent.emulator.objects("user-notifications")}
    answer = confluent.patch(f"user-notifications:mark-all?{query}", {"read": True})
    assert (answer.status_code, answer.content) == (204, b"")
    after = {body["id"]: body["read"] for body in confluent.emulator.objects("user-notifications")}
    assert after == {**before, **{inbox[index]: True for index in expected}}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("read=maybe", "read"),
        ("time_range=PAST_1H", "time_range"),
        ("sort=severity", "sort"),
        ("page_size=0", "page_size"),
    ],
)
def test_what_is_refused(confluent, inbox, query, parameter):
    answer = confluent.get(f"user-notifications?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, {"parameter": parameter})


def test_pages_keep_the_filters(confluent, inbox):
    answers = confluent.all_pages("user-notifications?severity=CRITICAL&severity=WARN&page_size=2&include=integrations")
    assert [[inbox.index(body["id"]) for body in answer.json()["data"]] for answer in answers] == [[3, 2], [0]]
    assert all("integrations" in body for answer in answers for body in answer.json()["data"])


def test_one_is_marked(confluent, inbox):
    path = f"user-notifications/{inbox[1]}"
    answer = confluent.patch(path, {"read": True, "severity": "INFO", "colour": "red"})
    assert (answer.status_code, answer.json()["read"]) == (200, True)
    assert answer.json()["read_at"] == "2026-03-31T00:00:00.000Z"
    assert "colour" not in answer.json()
    assert confluent.patch(path, {"read": False}).json()["read_at"] is None
    for body in ({}, {"read": "true"}, {"read": None}):
        assert confluent.patch(path, body).status_code == 400
    for method in ("GET", "PATCH"):
        assert confluent.send(method, "user-notifications/un-none", {"read": True}).status_code == 404


def test_the_text_of_the_description_has_another_path_to_mark_all(confluent, inbox):
    assert confluent.patch("user-notifications", {"read": True}).status_code == 204
    assert all(body["read"] for body in confluent.emulator.objects("user-notifications"))


def test_a_summary(confluent, inbox):
    summary = confluent.get("user-notifications:summary").json()
    assert summary["unread_count"] == 3
    counts = {found["severity"]: found["unread_count"] for found in summary["severities"]}
    assert counts == {"CRITICAL": 1, "INFO": 1, "WARN": 1}


@pytest.mark.parametrize(("status", "code"), [(403, "user_unauthorized"), (404, "not_found")])
def test_without_early_access_there_are_none(confluent, inbox, status, code):
    confluent.emulator.settings.no_early_access = status
    path = f"user-notifications/{inbox[0]}"
    answers = [confluent.get(where) for where in ("user-notifications", "user-notifications:summary", path)]
    answers += [confluent.patch(where, {"read": True}) for where in ("user-notifications:mark-all", path)]
    assert {(answer.status_code, answer.json()["errors"][0]["code"]) for answer in answers} == {(status, code)}


def test_a_time_that_is_none(confluent):
    with pytest.raises(ValueError, match="yesterday"):
        confluent.emulator.deliver(FAILED, received_at="yesterday")
