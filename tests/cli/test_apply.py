from __future__ import annotations

import pytest

from tests.cli.workspaces import SECRET, WORKSPACE


@pytest.fixture(autouse=True)
def _secret(user):
    user.sets(SLACK_URL=SECRET)


def slack(identifier, name, url=SECRET):
    return {"id": identifier, "display_name": name, "target": {"kind": "Slack", "webhook_url": url}}


def results(ended):
    return {change["address"]: change["result"] for change in ended.json["changes"]}


def test_apply_does_what_the_plan_says_and_verifies_it(user):
    user.writes(WORKSPACE)
    ended = user.runs("apply", "--auto-approve")
    assert ended.code == 0
    assert "integrations/slack: created (i-" in ended.out
    assert ended.out.endswith(
        "Applied: 2 created, 0 updated, 0 deleted.\nVerified: live state matches the configuration.\n"
    )
    made = next(item for item in user.emulator.objects("integrations") if item["display_name"] == "Platform alerts")
    assert made["target"]["webhook_url"] == SECRET
    assert user.plans().changes() == []


def test_apply_twice_changes_once(user):
    user.writes(WORKSPACE)
    user.applies()
    user.requests()
    ended = user.runs("apply")
    assert ended.code == 0
    assert "No changes. Live state matches the configuration." in ended.out
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_apply_writes_each_change_once_and_reads_only_what_was_touched(user):
    user.writes(WORKSPACE)
    user.applies()
    requests = user.requests()
    assert sorted(requests[:3]) == ["GET integrations", "GET notification-types", "GET subscriptions"]
    assert requests[3:6] == ["POST integrations:test", "POST integrations", "POST subscriptions"]
    assert sorted(requests[6:]) == ["GET integrations", "GET subscriptions"]


def test_apply_needs_somebody_who_approves(user):
    user.writes(WORKSPACE)
    ended = user.runs("apply")
    assert ended.code == 1
    assert "Plan: 2 to create" in ended.out
    assert "--auto-approve" in ended.err
    assert user.requests("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize("problem", ["error", "refusal"])
def test_a_plan_that_is_wrong_or_refused_is_shown_and_not_applied(user, problem):
    if problem == "error":
        user.writes(WORKSPACE.replace("shrink failure", "shrink falure"))
    else:
        user.writes(WORKSPACE)
        user.emulator.seed("integrations", slack("i-1", "one"), slack("i-2", "two"))
    ended = user.applies("--mode", "sync")
    assert ended.code == (1 if problem == "error" else 5)
    assert ended.json["changes"] != []
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_force_acknowledges_a_refusal(user):
    user.writes(WORKSPACE)
    user.emulator.seed("integrations", slack("i-1", "one"), slack("i-2", "two"))
    ended = user.applies("--mode", "sync", "--force")
    assert ended.code == 0
    assert {item["id"] for item in user.emulator.objects("integrations")}.isdisjoint({"i-1", "i-2"})


def test_sync_deletes_what_is_not_declared_and_keeps_what_must_stay(user):
    user.writes(WORKSPACE)
    user.emulator.seed("integrations", slack("i-1", "old"))
    ended = user.applies("--mode", "sync")
    assert ended.code == 0
    kept = {item["address"]: item["kept"] for item in ended.json["unmanaged"]}
    assert set(kept.values()) == {"required"}
    assert results(ended)["integrations/old"] == "applied"
    assert results(ended)["subscriptions/30 days have elapsed since org was created"] == "applied"
    assert user.plans("--mode", "sync").changes() == []


def test_an_integration_that_does_not_work_is_not_written_nor_what_depends_on_it(user):
    user.sets(SLACK_URL="http://127.0.0.1:9/canary")
    user.writes(WORKSPACE)
    ended = user.applies()
    assert ended.code == 1
    assert results(ended) == {
        "integrations/slack": "failed",
        "subscriptions/Kafka cluster shrink failure": "skipped",
    }
    assert "canary" not in ended.out + ended.err
    assert user.requests("POST") == ["POST integrations:test"]


def test_a_failure_after_a_change_is_3_and_running_again_continues(user):
    user.writes(WORKSPACE)
    user.emulator.settings.update({"quota": 0})
    user.writes(WORKSPACE + "resources: [{resource: environment=env-1, muted: true}]\n")
    ended = user.applies()
    assert ended.code == 3
    assert results(ended)["integrations/slack"] == "failed"
    assert "402" in next(change["error"] for change in ended.json["changes"] if change["result"] == "failed")
    user.emulator.settings.update({"quota": 9})
    again = user.applies()
    assert again.code == 0
    assert user.plans().changes() == []


def test_what_only_the_service_knows_to_be_in_use_is_kept(user):
    user.writes(WORKSPACE)
    user.applies()
    user.emulator.seed("integrations", slack("i-used", "used"))
    kind = user.emulator.objects("notification-types")[0]["id"]
    user.emulator.seed(
        "resource-subscriptions",
        {
            "resource": "environment=hidden",
            "resource_type": "ENVIRONMENT",
            "notification_type": {"id": kind},
            "integrations": [{"id": "i-used"}],
            "current_state": "ENABLED",
        },
    )
    ended = user.applies("--mode", "sync")
    assert ended.code == 0
    assert results(ended)["integrations/used"] == "kept"
    assert "integration-in-use" in ended.err
    again = user.runs("apply", "--auto-approve", "--mode", "sync").out.splitlines()[-1]
    assert again == "Verified: live state matches the configuration, but for what is still in use."


def test_a_rename_by_pin_is_one_patch_of_what_changed(user):
    user.emulator.seed("integrations", slack("i-1", "Old name"))
    user.writes(WORKSPACE.replace("  slack:\n", "  slack:\n    id: i-1\n"))
    ended = user.applies("--target", "integrations/slack")
    assert ended.code == 0
    assert user.requests("PATCH", "POST") == ["PATCH integrations/i-1"]
    body = next(item for item in user.emulator.objects("integrations") if item["id"] == "i-1")
    assert body["display_name"] == "Platform alerts"


def test_mutes_come_and_go(user):
    base = "version: 1\nprovider: confluent\nresources:\n  - resource: environment=env-1\n    muted: "
    user.writes(base + "true\n")
    assert user.applies().code == 0
    assert user.emulator.objects("resource-preferences")[0]["current_state"] == "DISABLED"
    user.writes(base + "false\n")
    ended = user.applies()
    assert ended.changes() == ["~ resource-preferences/environment=env-1"]
    assert user.emulator.objects("resource-preferences")[0]["current_state"] == "ENABLED"
