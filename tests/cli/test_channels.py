"""`notifconf test`: which channels still take messages, and what a cron job learns of it."""

from __future__ import annotations

import pytest

WORKSPACE = """\
version: 1
provider: confluent
integrations:
  pager:
    display_name: Pager
    target: {kind: Webhook, url: "${PAGER_URL}"}
  oncall:
    target: {kind: Webhook, url: "${ONCALL_URL}"}
  admins:
    target: {kind: RoleEmail, role_name: OrganizationAdmin}
subscriptions:
  - {notification_type: Kafka cluster shrink failure, integrations: [oncall, pager, admins]}
"""


@pytest.fixture
def declared(user):
    """Two channels: one is believed, the other one is a webhook that answers 404."""
    user.sets(ONCALL_URL="https://oncall.example.com/canary-url", PAGER_URL=f"{user.url}/_emulator/gone/canary-url")
    user.writes(WORKSPACE)
    return user


def results(ended):
    return {item["address"]: item["result"] for item in ended.json["tests"]}


def test_a_webhook_that_answers_404_fails_and_is_named(declared):
    ended = declared.runs("test", "--format", "json")
    assert ended.code == 1
    assert results(ended) == {
        "integrations/admins": "not-testable",
        "integrations/oncall": "delivered",
        "integrations/pager": "failed",
    }
    (pager,) = [item for item in ended.json["tests"] if item["result"] == "failed"]
    assert (pager["channel"], "it answered 404" in pager["error"]) == ("Webhook", True)
    assert declared.requests() == ["POST integrations:test"] * 2
    text = declared.runs("test")
    lines = text.out.splitlines()
    assert sorted(line.partition(": POST")[0] for line in lines[:-1]) == [
        'integrations/admins (RoleEmail "admins"): not-testable',
        'integrations/oncall (Webhook "oncall"): delivered',
        'integrations/pager (Webhook "Pager"): failed',
    ]
    assert lines[-1] == "Tested 3 channels: 1 delivered, 1 failed, 1 not testable."
    assert "canary" not in text.out + text.err + ended.out


def test_some_of_them(declared):
    ended = declared.runs("test", "--integration", "oncall", "--integration", "admins", "--format", "json")
    assert (ended.code, set(results(ended))) == (0, {"integrations/oncall", "integrations/admins"})
    unknown = declared.runs("test", "--integration", "oncal")
    assert (unknown.code, 'did you mean "oncall"' in unknown.err) == (1, True)


def test_the_live_ones(declared):
    target = {"kind": "Webhook", "url": f"{declared.url}/_emulator/gone/canary-url"}
    declared.emulator.seed("integrations", {"display_name": "Old pager", "target": target})
    declared.monkeypatch.delenv("PAGER_URL")
    ended = declared.runs("test", "--live", "--format", "json")
    assert (ended.code, results(ended)["integrations/Old pager"]) == (1, "failed")
    assert results(ended)["integrations/Organization admins"] == "not-testable"
    for name in ("Organization admins", "integrations/Organization admins"):
        assert declared.runs("test", "--live", "--integration", name).code == 0
    assert "canary" not in ended.out + ended.err


def test_metrics_for_a_weekly_job(declared):
    assert declared.runs("test", "--metrics-file", "test.prom").code == 1
    text = (declared.folder / "test.prom").read_text(encoding="utf-8")
    samples = [line for line in text.splitlines() if line.startswith("notifconf_channel_test_failed{")]
    values = {line.split('address="')[1].split('"')[0]: line.split()[-1] for line in samples}
    assert values == {"integrations/oncall": "0.0", "integrations/pager": "1.0"}
    assert "canary" not in text


@pytest.mark.parametrize("arguments", [["--provider", "konnect"], ["nowhere.yaml"], []])
def test_what_can_not_be_tested(user, arguments):
    user.sets(KONNECT_TOKEN="canary-token", KONNECT_SERVER_URL=f"{user.url}/v1")
    user.writes("version: 1\nprovider: konnect\nsubscriptions: []\n")
    assert user.runs("test", *arguments).code == 1
    assert user.requests("POST") == []


def test_credentials_that_are_refused_are_no_failure_of_a_channel(declared):
    declared.emulator.settings.update({"read_only": True})
    ended = declared.runs("test")
    assert (ended.code, "Tested" in ended.out, "error:" in ended.err) == (1, False, True)


def test_a_service_that_can_not_be_reached_is_one_error_and_no_failure_of_a_channel(declared):
    declared.sets(CONFLUENT_CLOUD_ENDPOINT="http://127.0.0.1:9")
    ended = declared.runs("test", "--metrics-file", "test.prom")
    assert (ended.code, "failed" in ended.out, ended.err.count("can't be reached")) == (1, False, 1)
    assert not (declared.folder / "test.prom").exists()
