"""Four days on which somebody would not have been told, and what notices it."""

from __future__ import annotations

import pytest

FAILED = "Connector in FAILED state"
SINK = "environment=env-p7x2kq/cloud-cluster=lkc-8n3qvr/connector=pg-sink"
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
  - {match: {severity: CRITICAL}, integrations: [oncall, slack]}
resources:
  - resource: {environment: Production, cluster: orders, connector: pg-sink}
    subscriptions: [{notification_type: Connector in FAILED state, integrations: [oncall]}]
policy: {coverage: {CRITICAL: 1}}
"""


@pytest.fixture
def applied(user):
    user.sets(ONCALL_URL="https://oncall.example.com/canary-url")
    user.writes(WORKSPACE)
    assert user.applies().code == 0
    assert (user.runs("drift", "--discover").code, user.runs("coverage").code) == (0, 0)
    return user


def test_the_vendor_adds_a_critical_type_and_the_cron_job_of_yesterday_names_it(applied):
    """A match would find it, but only the next apply subscribes."""
    members = {"severity": "CRITICAL", "metadata": {"created_at": "2026-11-25T08:00:00Z"}}
    applied.emulator.seed("notification-types", {"id": "nt-new", "display_name": "Disk is full", **members})
    for command in ("drift", "coverage"):
        ended = applied.runs(command)
        assert ended.code == 5
        assert '"Disk is full" (CRITICAL) reaches no channel' in ended.err
        assert "since 2026-11-25" in ended.err
    assert applied.applies().code == 0
    assert applied.runs("drift").code == 0


def test_a_webhook_answers_404_and_the_weekly_test_names_the_channel(applied):
    applied.sets(ONCALL_URL=f"{applied.url}/_emulator/gone/canary-url")
    ended = applied.runs("test", "--integration", "oncall")
    assert ended.code == 1
    assert 'integrations/oncall (Webhook "On-call"): failed' in ended.out
    assert "canary" not in ended.out + ended.err


def test_a_console_admin_mutes_production_and_drift_says_who_no_longer_hears_what(applied):
    mute = {"resource": "environment=env-p7x2kq", "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
    applied.emulator.seed("resource-preferences", mute)
    ended = applied.runs("drift", "--discover", "--undeclared")
    assert ended.code == 2
    lines = ended.out.splitlines()
    (head,) = [
        number for number, text in enumerate(lines) if text.startswith("Silent already, and nothing declares it")
    ]
    sentence = lines[1 + head]
    assert "environment=env-p7x2kq (Production)" in sentence
    assert f'"{FAILED}" (CRITICAL) of "{SINK}' in sentence
    assert 'the CRITICAL types, as far as they concern it, that go to Webhook "On-call", Slack "slack"' in sentence
    (because,) = {
        item["because"]
        for item in applied.runs("explain", FAILED, "--resource", SINK, "--format", "json").json["live"]["not_told"]
        if item["why"] == "muted"
    }
    assert "nothing declares that" in because


def test_the_gate_stops_what_takes_on_call_away_and_passes_what_adds_a_channel(applied):
    applied.writes(WORKSPACE.replace("[oncall, slack]", "[slack]"))
    stopped = applied.plans("--silences", "refuse")
    assert (stopped.code, "error:silences" in stopped.codes()) == (5, True)
    addition = "  - {match: {name: 'Kafka*'}, add: [slack]}\n"
    applied.writes(WORKSPACE.replace("resources:\n", f"{addition}resources:\n"))
    passed = applied.plans("--silences", "refuse")
    assert (passed.code, passed.json["summary"]["update"] + passed.json["summary"]["create"] > 0) == (0, True)
