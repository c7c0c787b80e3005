from __future__ import annotations

import pytest

SHRINK = "Kafka cluster shrink failure"


def rows(ended):
    assert ended.code == 0, ended.err
    return ended.json["notification_types"]


def test_all_that_a_match_or_a_notification_type_is_written_from(user):
    (shrink,) = [row for row in rows(user.runs("types", "--format", "json")) if row["type"] == SHRINK]
    assert shrink == {
        "type": SHRINK,
        "severity": "WARN",
        "category": "SERVICE",
        "priority": "OPTIONAL",
        "in_plan": True,
        "subscribed": False,
        "id": "nt-KshF2",
    }


def test_every_type_of_the_organisation_is_there_once(user):
    ids = [row["id"] for row in rows(user.runs("types", "--format", "json"))]
    assert sorted(ids) == sorted(item["id"] for item in user.emulator.objects("notification-types"))


def test_the_worst_come_first(user):
    severities = [row["severity"] for row in rows(user.runs("types", "--format", "json"))]
    assert severities == sorted(severities, key=["CRITICAL", "WARN", "INFO"].index)


def test_who_is_told_and_what_the_plan_includes(user):
    subscriptions = user.emulator.objects("subscriptions")
    silent = {**subscriptions[0], "current_state": "DISABLED"}
    user.emulator.seed("subscriptions", silent)
    dear = {**user.emulator.objects("notification-types")[-1], "is_included_in_plan": False}
    user.emulator.seed("notification-types", dear)
    found = {row["id"]: row for row in rows(user.runs("types", "--format", "json"))}
    told = {item["notification_type"]["id"] for item in subscriptions[1:]}
    assert {name for name, row in found.items() if row["subscribed"]} == told
    assert [name for name, row in found.items() if not row["in_plan"]] == [dear["id"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--type", SHRINK], {SHRINK}),
        (["--type", "nt-kshf2"], None),
        (["--type", "nt-KshF2"], {SHRINK}),
        (["--type", "flink*", "--severity", "critical"], {"Flink statement failure"}),
        (["--status", "disabled"], set()),
        (["--channel", "RoleEmail", "--severity", "info"], {"30 days have elapsed since org was created"}),
        (["--severity", "grave"], None),
    ],
)
def test_filters(user, arguments, expected):
    ended = user.runs("types", "--format", "json", *arguments)
    if expected is None:
        assert ended.code == 1
        assert "there" in ended.err
    else:
        assert {row["type"] for row in rows(ended)} == expected


def test_the_text(user):
    assert user.runs("types", "--type", SHRINK).out == (
        "Notification types\n"
        "  TYPE                          ID        SEVERITY  CATEGORY  PRIORITY  IN PLAN  SUBSCRIBED\n"
        f"  {SHRINK}  nt-KshF2  WARN      SERVICE   OPTIONAL  yes      no\n"
    )


def test_a_workspace_says_which_service_and_needs_neither_secrets_nor_resources(user):
    user.writes(
        "version: 1\nprovider: confluent\n"
        'integrations: {a: {target: {kind: Slack, webhook_url: "${NOT_SET}"}}}\n'
        'resources: [{resource: "environment=${NOT_SET}", muted: true}]\n'
    )
    ended = user.runs("types")
    assert ended.code == 0, ended.err
    assert "GET resource-preferences:lookup" not in user.requests()


@pytest.mark.parametrize("command", ["types", "export"])
def test_whatever_else_is_wrong_in_a_workspace_does_not_matter(user, command):
    user.writes("version: 1\nprovider: konnect\nsubscriptons: []\n")
    ended = user.runs(command, "--endpoint", "emulator::memory:")
    assert (ended.code, "onnect" in ended.out or "EVENT" in ended.out) == (0, True), ended.err


def test_konnect_has_events(user):
    ended = user.runs("types", "--provider", "konnect", "--endpoint", "emulator:", "--format", "json")
    assert ended.code == 0
    assert "billing.invoice.unpaid-reminder" in {row["event"] for row in ended.json["events"]}


def test_a_provider_that_is_named_needs_no_workspace(user):
    user.writes("this is no workspace")
    assert user.runs("types", "--provider", "confluent").code == 0
    assert user.runs("types").code == 1
