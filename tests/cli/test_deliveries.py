"""Confluent's user notifications, and what was really delivered: from configuration to fact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

FAILED, SHRINK, BYOK = (
    "Connector in FAILED state",
    "Kafka cluster shrink failure",
    "Access to a customer-managed encryption key (BYOK) has been disrupted",
)
PRODUCTION = "environment=env-p7x2kq"
SINK = f"{PRODUCTION}/cloud-cluster=lkc-8n3qvr/connector=pg-sink"
WORKSPACE = """\
version: 1
provider: confluent
integrations:
  oncall:
    display_name: On-call
    target: {kind: Webhook, url: "${ONCALL_URL}"}
  slack:
    target: {kind: Slack, webhook_url: "${ONCALL_URL}/slack"}
subscriptions:
  - {match: {severity: CRITICAL}, integrations: [oncall]}
policy: {coverage: {CRITICAL: 1}}
"""


@pytest.fixture
def applied(user):
    """Somebody whose CRITICAL types go to on-call."""
    user.sets(ONCALL_URL="https://oncall.example.com/canary-url")
    user.writes(WORKSPACE)
    assert user.applies().code == 0
    return user


def delivers(user, kind=FAILED, resource=SINK, **members):
    user.emulator.deliver(notification_type=kind, resource=resource, **members)


def deliveries(user, *arguments):
    ended = user.runs("inbox", "deliveries", "--format", "json", *arguments)
    return ended.code, {(item["type"], item["resource"]): item for item in ended.json["deliveries"]}


def test_what_was_delivered_as_declared(applied):
    delivers(applied)
    delivers(applied)
    code, found = deliveries(applied)
    item = found[FAILED, SINK]
    assert (code, {**item, "last": ""}) == (
        0,
        {
            "type": FAILED,
            "resource": SINK,
            "count": 2,
            "last": "",
            "delivered_to": ["On-call"],
            "declared": ["On-call"],
            "missing": [],
            "extra": [],
        },
    )
    assert item["last"].endswith("Z")
    assert applied.requests("POST", "PATCH", "DELETE") != []


def test_a_mute_that_nobody_declared_is_seen_in_what_was_not_delivered(applied):
    mute = {"resource": PRODUCTION, "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
    applied.emulator.seed("resource-preferences", mute)
    delivers(applied)
    code, found = deliveries(applied)
    assert (code, found[FAILED, SINK]["missing"], found[FAILED, SINK]["delivered_to"]) == (5, ["On-call"], [])
    ended = applied.runs("inbox", "deliveries")
    assert (ended.code, f"{FAILED} ({SINK}) told nobody but the inbox." in ended.out) == (5, True)
    assert "error[coverage]:" in ended.err
    assert "Read from the inbox of the owner of the API key" in ended.out
    declared = f"{WORKSPACE}resources: [{{resource: {PRODUCTION}, muted: true}}]\n"
    applied.writes(declared)
    code, found = deliveries(applied)
    assert (code, found[FAILED, SINK]["missing"], found[FAILED, SINK]["declared"]) == (0, [], [])


def test_what_was_delivered_and_is_not_declared(applied):
    slack = next(item for item in applied.emulator.objects("integrations") if item["display_name"] == "slack")
    (subscription,) = [
        item
        for item in applied.emulator.objects("subscriptions")
        if applied.emulator.object("notification-types", item["notification_type"]["id"])["display_name"] == FAILED
    ]
    both = [*subscription["integrations"], {"id": slack["id"]}]
    applied.emulator.change("subscriptions", subscription["id"], {"integrations": both})
    delivers(applied)
    delivers(applied, SHRINK, PRODUCTION)
    code, found = deliveries(applied)
    assert (code, found[FAILED, SINK]["extra"]) == (0, ["slack"])
    assert (found[SHRINK, PRODUCTION]["declared"], found[SHRINK, PRODUCTION]["delivered_to"]) == (None, [])


def test_two_integrations_of_one_name_are_told_apart(applied):
    target = {"kind": "Webhook", "url": "https://other.example.com/canary-url"}
    pin = next(item["id"] for item in applied.emulator.objects("integrations") if item["display_name"] == "On-call")
    (twin,) = applied.emulator.seed("integrations", {"display_name": "On-call", "target": target})
    kind = next(item for item in applied.emulator.objects("notification-types") if item["display_name"] == FAILED)
    kind = {**kind, "display_name": f"{target['url']} is gone"}
    body = {"notification_type": kind, "integrations": [applied.emulator.object("integrations", twin)]}
    applied.emulator.seed("user-notifications", body)
    applied.writes(WORKSPACE.replace("    display_name", f"    id: {pin}\n    display_name"))
    found = deliveries(applied)[1]["(sensitive) is gone", ""]
    assert (found["missing"], found["extra"]) == (
        ["On-call (integrations/oncall)"],
        ["On-call (integrations/On-call)"],
    )
    text = applied.runs("inbox", "deliveries")
    assert "()" not in text.out + text.err
    listed, shown = applied.runs("inbox", "list"), applied.runs("inbox", "list", "--format", "json")
    assert "(sensitive) is gone" in listed.out
    assert "canary" not in listed.out + shown.out + text.out + text.err


def test_older_than_the_last_change_of_the_subscription_is_not_compared(applied):
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    body = {"received_at": hour_ago, "integrations": [], "resource": {"crn": "x"}}
    kind = next(item for item in applied.emulator.objects("notification-types") if item["display_name"] == FAILED)
    applied.emulator.seed("user-notifications", {**body, "notification_type": kind, "severity": "CRITICAL"})
    code, found = deliveries(applied, "--since", "7d")
    assert (code, found[FAILED, "x"]["count"], found[FAILED, "x"]["missing"]) == (0, 1, [])


def test_a_workspace_whose_integrations_are_not_known_is_compared_with_nothing(applied):
    applied.monkeypatch.delenv("ONCALL_URL")
    ended = applied.runs("inbox", "deliveries")
    assert (ended.code, "missing-variable" in ended.err, ended.out) == (1, True, "")


def test_without_a_workspace_nothing_is_declared(applied):
    delivers(applied)
    (applied.folder / "notifconf.yaml").unlink()
    code, found = deliveries(applied)
    assert (code, found[FAILED, SINK]["declared"], found[FAILED, SINK]["missing"]) == (0, None, [])


def test_list_show_mark_and_summary(applied):
    delivers(applied)
    delivers(applied, SHRINK, PRODUCTION)
    listed = applied.runs("inbox", "list", "--format", "json")
    ids = {item["notification_type"]["display_name"]: item["id"] for item in listed.json["notifications"]}
    assert set(ids) == {FAILED, SHRINK}
    assert "UNREAD" in applied.runs("inbox", "list", "--severity", "critical").out
    for options, count in (
        (["--severity", "critical", "--severity", "warn"], 2),
        (["--resource-type", "connector"], 1),
        (["--resource-type", "connector", "--resource-type", "environment", "--severity", "info"], 0),
    ):
        assert applied.runs("inbox", "list", "--format", "json", *options).out.count('"received_at"') == count
    assert applied.runs("inbox", "summary", "--format", "json").json["unread_count"] == 2
    assert applied.runs("inbox", "read", ids[FAILED]).out == "1 notification is now READ.\n"
    assert "1 unread." in applied.runs("inbox", "summary").out
    assert len(applied.runs("inbox", "list", "--status", "READ", "--format", "json").json["notifications"]) == 1
    shown = applied.runs("inbox", "show", ids[FAILED])
    (integration,) = shown.json["notification"]["integrations"]
    assert (integration["display_name"], integration["kind"], len(integration)) == ("On-call", "Webhook", 3)
    assert "canary" not in shown.out + listed.out
    assert applied.runs("inbox", "mark-all", "--unread", "--severity", "CRITICAL").code == 0
    assert applied.runs("inbox", "summary", "--format", "json").json["unread_count"] == 2


def test_a_limit_reads_no_more_pages_than_it_needs(applied):
    for _ in range(5):
        delivers(applied)
    applied.emulator.requests.clear()
    ended = applied.runs("inbox", "list", "--limit", "2", "--format", "json")
    assert (len(ended.json["notifications"]), len(applied.requests())) == (2, 1)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("command", [["list"], ["summary"], ["deliveries"], ["mark-all"], ["show", "un-1"]])
def test_without_early_access_there_is_one_clear_sentence(user, status, command):
    user.emulator.settings.update({"no_early_access": status})
    ended = user.runs("inbox", *command)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "Early Access" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [["archive", "--all"], ["delete", "--all", "--yes"], ["list", "--namespace", "x"], ["list", "--region", "EU"]],
)
def test_what_this_inbox_can_not_do(user, arguments):
    ended = user.runs("inbox", *arguments)
    assert (ended.code, "Confluent Cloud" in ended.err) == (1, True)
