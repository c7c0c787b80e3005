"""Creates that go wrong, by the real command line: what is sent, what becomes of it, and the exit code."""

from __future__ import annotations

import json

import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.emulator.faults.spec import Fault
from notifconf.executor import recovery
from notifconf.executor import run as executor_run
from tests.cli.workspaces import SECRET, WORKSPACE

SHRINK = "Kafka cluster shrink failure"
RENAMED = """\
version: 1
provider: confluent
integrations:
  a: {id: i-1, display_name: New, target: {kind: Slack, webhook_url: "https://hooks.slack.com/services/a"}}
  b: {display_name: New, target: {kind: Slack, webhook_url: "https://hooks.slack.com/services/b"}}
"""


@pytest.fixture(autouse=True)
def _quick(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)
    user.monkeypatch.setattr(recovery, "MIN_PAUSE_SECONDS", 0.0)
    user.monkeypatch.setattr(recovery, "MAX_PAUSE_SECONDS", 0.0)
    user.monkeypatch.setattr(executor_run, "PAUSES_SECONDS", (0.0, 0.0))


def faults(user, *specs):
    user.emulator.settings.faults = [parse_fault(spec) for spec in specs]


def named(user, name):
    return [item for item in user.emulator.objects("integrations") if item["display_name"] == name]


def results(ended):
    return {change["address"]: change["result"] for change in ended.json["changes"]}


@pytest.mark.parametrize("kind", ["500-after", "502-after", "503-after", "504-after", "cut"])
@pytest.mark.parametrize(("lists", "code", "result"), [(3, 0, "applied"), (6, 3, "unknown")])
def test_a_create_that_came_about_is_sent_once(user, kind, lists, code, result):
    faults(
        user,
        f"lag:method=POST:path=*/integrations:nth=1:lists={lists}",
        f"{kind}:method=POST:path=*/integrations:nth=1",
    )
    ended = user.applies()
    assert (ended.code, results(ended)["integrations/slack"]) == (code, result)
    assert user.requests("POST").count("POST integrations") == 1
    faults(user)
    assert user.applies().code == 0
    assert len(named(user, "Platform alerts")) == 1


@pytest.mark.parametrize("kind", ["500", "503", "409"])
def test_an_object_that_is_pinned_is_not_taken_for_another(user, kind):
    target = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/services/old"}
    user.emulator.seed("integrations", {"id": "i-1", "display_name": "Old", "target": target})
    user.writes(RENAMED)
    faults(user, f"{kind}:method=POST:path=*/integrations")
    ended = user.applies()
    assert ended.code == 3
    assert results(ended) == {"integrations/a": "applied", "integrations/b": "failed" if kind == "409" else "unknown"}
    assert [item["target"]["webhook_url"][-1] for item in named(user, "New")] == ["a"]


@pytest.mark.parametrize("mode", ["create-only", "upsert-only", "sync"])
@pytest.mark.parametrize(("state", "code", "result"), [("ENABLED", 0, "applied"), ("DISABLED", 3, "failed")])
def test_a_conflict_patches_nothing(user, mode, state, code, result):
    """Somebody subscribes just before: with other integrations or another state it is not what is declared."""
    user.writes(WORKSPACE + f"policy: {{mode: {mode}, protected: ['*'], max_deletes: 99}}\n")

    def subscribe():
        types = {item["display_name"]: item["id"] for item in user.emulator.objects("notification-types")}
        links = [item["id"] for item in named(user, "Platform alerts")]
        links += [item["id"] for item in user.emulator.objects("integrations") if item["target"]["kind"] == "RoleEmail"]
        theirs = {"notification_type": {"id": types[SHRINK]}, "integrations": [{"id": link} for link in links]}
        user.emulator.seed("subscriptions", {"id": "s-theirs", **theirs, "current_state": state})

    user.emulator.settings.faults = [Fault("meddle", method="POST", path="*/subscriptions", nth=1, action=subscribe)]
    ended = user.applies()
    assert (ended.code, results(ended)[f"subscriptions/{SHRINK}"]) == (code, result)
    assert user.requests("PATCH") == []
    (found,) = (item for item in user.emulator.objects("subscriptions") if item["id"] == "s-theirs")
    assert found["current_state"] == state


def test_a_conflict_is_an_error_where_nothing_else_was_changed(user):
    assert user.applies().code == 0
    user.emulator.remove("subscriptions", user.emulator.objects("subscriptions")[-1]["id"])
    faults(user, "409:method=POST:path=*/subscriptions")
    assert user.applies().code == 1


def test_only_an_integration_can_be_in_use(user):
    assert user.applies().code == 0
    user.writes(WORKSPACE.partition("subscriptions:")[0] + "subscriptions: []\npolicy: {mode: sync, max_deletes: 99}\n")
    faults(user, "409:method=DELETE:path=*/subscriptions/*")
    ended = user.applies()
    assert (ended.code, results(ended)[f"subscriptions/{SHRINK}"]) == (1, "failed")


def test_a_delete_of_what_is_gone_is_done(user):
    """The service says 403 `forbidden_access` of what is missing."""
    assert user.applies().code == 0
    user.writes(WORKSPACE.partition("subscriptions:")[0] + "subscriptions: []\npolicy: {mode: sync, max_deletes: 99}\n")
    user.emulator.settings.forbidden_access = True
    faults(user, "vanish:method=DELETE:path=*/subscriptions/*:nth=1")
    ended = user.applies()
    assert (ended.code, set(results(ended).values())) == (0, {"applied"})


def test_twins_of_another_run_are_settled(user):
    """The other run was a moment faster: its integration stays, ours goes, and so does what refers to it."""
    faults(user, "meddle:method=POST:path=*/integrations:nth=1")
    ended = user.applies("--audit-file", "audit.jsonl")
    assert (ended.code, [item["code"] for item in ended.json["diagnostics"]]) == (0, ["twin-deleted"])
    (left,) = named(user, "Platform alerts")
    (subscription,) = (
        item
        for item in user.emulator.objects("subscriptions")
        if left["id"] in {link["id"] for link in item["integrations"]}
    )
    assert len(subscription["integrations"]) == 2
    assert ended.json["changes"][0]["id"] == left["id"]
    lines = [json.loads(line) for line in (user.folder / "audit.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines if line["kind"] == "integration"][-1] == left["id"]
    faults(user)
    assert user.runs("plan", "--detailed-exitcode").code == 0


def test_twins_are_settled_after_a_saved_plan_too(user):
    assert user.runs("plan", "--out", "plan.json").code == 0
    faults(user, "meddle:method=POST:path=*/integrations:nth=1")
    ended = user.runs("apply", "plan.json")
    assert ended.code == 0, ended.out + ended.err
    (left,) = named(user, "Platform alerts")
    created, *_, corrected = [line for line in ended.out.splitlines() if "integrations/slack: created" in line]
    assert left["id"] not in created
    assert corrected == f"By now: integrations/slack: created ({left['id']})"
    assert "Verified" in ended.out


@pytest.mark.parametrize("saved", [False, True])
def test_a_namesake_that_tells_somebody_else_is_not_complete(user, saved):
    def seed():
        target = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/services/other"}
        user.emulator.seed("integrations", {"id": "i-x", "display_name": "Platform alerts", "target": target})

    assert user.runs("plan", "--out", "plan.json").code == 0
    user.emulator.settings.faults = [Fault("meddle", method="POST", path="*/integrations", nth=1, action=seed)]
    ended = user.runs("apply", *(["plan.json"] if saved else ["--auto-approve"]))
    assert ended.code == 3
    (ours,) = (item["id"] for item in named(user, "Platform alerts") if item["id"] != "i-x")
    assert "Not verified:" in ended.out
    assert "i-x" in ended.out.partition("Not verified:")[2]
    assert ours in ended.out.partition("Not verified:")[2]
