"""Who will be told: `coverage`, and plans that `policy.coverage` refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FAILED = "Connector in FAILED state"
SAML = "SAML certificate is expiring soon"
DAYS = "30 days have elapsed since org was created"
WORKSPACE = """\
version: 1
provider: confluent
integrations:
  oncall:
    display_name: On-call
    target: {kind: Webhook, url: "${ONCALL_URL}"}
  admins:
    target: {kind: RoleEmail, role_name: OrganizationAdmin}
subscriptions:
  - notification_type: Connector in FAILED state
    integrations: [oncall]
  - notification_type: SAML certificate is expiring soon
    integrations: [oncall, admins]
  - notification_type: 30 days have elapsed since org was created
    integrations: [oncall]
"""
POLICY = "policy: {coverage: {CRITICAL: 1}}\n"
OFF = WORKSPACE.replace("    integrations: [oncall]\n", "    integrations: [oncall]\n    current_state: DISABLED\n", 1)


@pytest.fixture(autouse=True)
def _secret(user):
    user.sets(ONCALL_URL="https://oncall.example.com/canary-url", KONNECT_TOKEN="canary-token")
    user.sets(KONNECT_SERVER_URL=f"{user.url}/v1")


def types(ended, subject="type"):
    return {item[subject]: item for item in ended.json["coverage"]}


def names(channels):
    return [f"{item['kind']} {item['name']}" for item in channels]


def rows(ended):
    """The rows of a text table by their first cell, each with single spaces."""
    lines = [line.strip().partition("  ") for line in ended.out.splitlines() if line.startswith("  ")]
    return {first: " ".join(rest.split()) for first, _, rest in lines}


def test_without_a_workspace_it_shows_what_is_live(user):
    ended = user.runs("coverage")
    assert ended.code == 0
    found = rows(ended)
    assert found["TYPE"] == "SEVERITY LIVE CHANNELS"
    assert found[FAILED] == "CRITICAL 0 nobody"
    assert found[SAML] == 'WARN 0 RoleEmail "Organization admins" (always)'
    assert found[DAYS] == 'INFO 1 RoleEmail "Organization admins"'
    assert ended.out.splitlines()[-3:] == [
        "CRITICAL: 6 of 6 types reach no channel that counts.",
        "WARN: 8 of 8 types reach no channel that counts.",
        "INFO: 5 of 6 types reach no channel that counts.",
    ]
    assert "through a group mapping get none" in ended.out
    assert set(user.requests()) == {"GET integrations", "GET notification-types", "GET subscriptions"}


def test_with_a_workspace_it_shows_what_a_plan_changes(user):
    user.writes(WORKSPACE + POLICY)
    ended = user.runs("coverage")
    found = rows(ended)
    assert found["TYPE"] == "SEVERITY LIVE PLANNED CHANNELS"
    assert found[FAILED] == 'CRITICAL 0 1 + Webhook "On-call"'
    assert found[SAML] == 'WARN 0 1 RoleEmail "Organization admins" (always), + Webhook "On-call"'
    assert found[DAYS] == 'INFO 1 1 + Webhook "On-call", - RoleEmail "Organization admins"'
    sentence = "CRITICAL: 6 of 6 types reach no channel that counts, 5 as planned. policy.coverage wants at least 1: 6"
    assert f"{sentence} fall short, 5 as planned." in ended.out
    assert user.requests("POST", "PATCH", "DELETE") == []
    assert user.runs("apply", "--auto-approve").code == 0
    assert rows(user.runs("coverage"))[DAYS] == 'INFO 1 1 Webhook "On-call"'


def test_a_drift_that_too_few_hear_of_is_no_refusal_in_a_report(user):
    user.writes(WORKSPACE + POLICY)
    assert user.runs("drift", "--json", "--output", "run.json").code == 5
    (run,) = user.runs("report", "run.json", "--json").json["runs"]
    assert run["state"] == "uncovered"


def test_as_json(user):
    user.writes(WORKSPACE + POLICY)
    ended = user.runs("coverage", "--format", "json")
    assert ended.json["provider"] == "confluent"
    found = types(ended)
    oncall = {"kind": "Webhook", "name": "On-call", "note": None}
    assert ended.code == 5
    assert {key: value for key, value in found[FAILED].items() if key not in {"id", "since"}} == {
        "type": FAILED,
        "severity": "CRITICAL",
        "in_plan": True,
        "minimum": 1,
        "live": {"channels": [], "anyhow": []},
        "planned": {"channels": [oncall], "anyhow": []},
        "added": [oncall],
        "removed": [],
    }
    assert names(found[DAYS]["removed"]) == ["RoleEmail Organization admins"]
    assert (found[SAML]["minimum"], names(found[SAML]["live"]["anyhow"])) == (None, ["RoleEmail Organization admins"])
    assert {item["code"] for item in ended.json["diagnostics"]} == {"coverage"}
    (user.folder / "notifconf.yaml").unlink()
    alone = types(user.runs("coverage", "--format", "json"))[FAILED]
    assert (alone["planned"], alone["added"], alone["minimum"]) == (None, [], None)


def test_as_markdown(user):
    user.emulator.seed("notification-types", {"id": "nt-x", "display_name": "a|b <i>", "severity": "NEW"})
    user.writes(WORKSPACE)
    lines = user.runs("coverage", "--format", "markdown").out.splitlines()
    assert lines[0] == "### Coverage"
    assert lines[2:4] == ["| type | severity | live | planned | channels |", "| --- | --- | --- | --- | --- |"]
    assert f'| {FAILED} | CRITICAL | 0 | 1 | \\+ Webhook "On-call" |' in lines
    assert "| a\\|b &lt;i&gt; | NEW | 0 | 0 | nobody |" in lines
    assert "- NEW: 1 of 1 type reaches no channel that counts, 1 as planned." in lines


def test_types_that_the_billing_plan_leaves_out_are_shown_and_not_counted(user):
    dear = {"id": "nt-x", "display_name": "Dear", "severity": "CRITICAL", "is_included_in_plan": False}
    user.emulator.seed("notification-types", dear)
    integrations = [{"id": item["id"]} for item in user.emulator.objects("integrations")]
    subscription = {"notification_type": {"id": "nt-x"}, "integrations": integrations, "current_state": "ENABLED"}
    user.emulator.seed("subscriptions", subscription)
    out = user.runs("coverage").out
    assert rows(user.runs("coverage"))["Dear (not in plan)"] == "CRITICAL 0 nobody"
    assert "CRITICAL: 6 of 6 types" in out


def test_why_it_failed_is_no_plan(user):
    ended = user.runs("coverage", "nowhere.yaml", "--format", "markdown")
    assert (ended.code, ended.out.splitlines()[:2]) == (1, ["<!-- notifconf -->", "### No result."])


def test_an_invalid_plan_is_an_error_and_what_can_be_known_is_shown(user):
    user.writes(WORKSPACE.replace("SAML certificate", "SAMUEL certificate") + POLICY)
    ended = user.runs("coverage", "--format", "json")
    assert ended.code == 1
    assert {item["code"] for item in ended.json["diagnostics"]} == {"unknown-notification-type", "coverage"}
    assert names(types(ended)[FAILED]["added"]) == ["Webhook On-call"]
    assert "unknown-notification-type" in ended.err


def test_which_provider_and_which_workspace(user):
    path = user.writes(WORKSPACE)
    assert user.runs("coverage", "--format", "json", "--provider", "konnect").json["provider"] == "konnect"
    assert user.runs("coverage", path, "--provider", "konnect").code == 1
    user.monkeypatch.delenv("ONCALL_URL")
    ended = user.runs("coverage")
    assert (ended.code, "missing-variable" in ended.err) == (1, True)
    assert user.runs("coverage", "--provider", "konnect").code == 0
    assert user.runs("coverage", "nowhere.yaml").code == 1


def test_konnect(user):
    event = "gateway-manager.dataplane.out-of-sync"
    user.writes(
        "version: 1\nprovider: konnect\npolicy: {coverage: {gateway-manager: 2}}\nsubscriptions:\n"
        f"  - {{event: {event}, name: Ops, regions: [EU], channels: {{EMAIL: false, IN_APP: true}}}}\n"
    )
    ended = user.runs("coverage", "--format", "json")
    found = types(ended, "event")
    assert [item["namespace"] for item in ended.json["coverage"]][:1] == ["plan-and-usage"]
    assert found[event]["planned"]["channels"] == [{"kind": "IN_APP", "name": None, "note": "partly"}]
    assert found[event]["minimum"] == 2
    billing = found["billing.invoice.ready"]["live"]
    assert names(billing["channels"] + billing["anyhow"]) == ["IN_APP None", "EMAIL None"]
    assert rows(user.runs("coverage"))["EVENT"] == "NAMESPACE LIVE PLANNED CHANNELS"
    refused = user.plans()
    assert refused.code == 5
    assert any("would reach 1 channel (IN_APP (partly))" in item["message"] for item in refused.json["diagnostics"])


def covered(ended):
    return [
        (item["severity"], item["address"])
        for item in ended.json["diagnostics"]
        if item["code"] == "coverage" and item["address"]
    ]


@pytest.fixture
def told(user):
    """Somebody whose CRITICAL type reaches one channel."""
    user.writes(WORKSPACE + POLICY)
    assert user.applies().code == 0
    return user


def test_a_plan_that_leaves_too_few_channels_is_refused(told):
    told.writes(OFF + POLICY)
    ended = told.plans("--detailed-exitcode")
    assert (ended.code, ended.changes()) == (5, [f"~ subscriptions/{FAILED}"])
    assert covered(ended) == [("error", f"subscriptions/{FAILED}")]
    assert f'"{FAILED}" (CRITICAL) would reach no channel: policy.coverage wants at least 1' in ended.err
    assert told.runs("drift").code == 5
    told.requests()
    applied = told.applies()
    assert (applied.code, covered(applied)) == (5, [("error", f"subscriptions/{FAILED}")])
    assert told.requests("POST", "PATCH", "DELETE") == []


def test_force_acknowledges_it(told):
    told.writes(OFF + POLICY)
    ended = told.plans("--force")
    assert (ended.code, covered(ended)) == (0, [("warning", f"subscriptions/{FAILED}")])
    assert told.applies("--force").code == 0
    assert told.plans("--detailed-exitcode").code == 0


def test_a_refused_plan_file_is_not_applied(told):
    told.writes(OFF + POLICY)
    assert told.runs("plan", "--out", "saved.plan").code == 5
    ended = told.runs("apply", "saved.plan")
    assert (ended.code, "refused" in ended.err) == (1, True)


def test_mail_that_is_sent_anyhow_is_not_counted(user):
    byok = "Access to a customer-managed encryption key (BYOK) has been disrupted"
    user.writes(WORKSPACE.replace(FAILED, byok).replace("[oncall]", "[admins, oncall]", 1) + POLICY.replace("1", "2"))
    assert covered(user.plans()) == [("error", f"subscriptions/{byok}")]


def test_what_was_short_before_blocks_no_other_change(user):
    user.writes(WORKSPACE + POLICY)
    ended = user.plans()
    warned = [item["message"] for item in ended.json["diagnostics"] if item["code"] == "coverage"]
    assert (ended.code, len(warned)) == (0, 5)
    assert all("and this plan does not fix that" in message for message in warned)
    assert user.applies().code == 0


@pytest.mark.parametrize("command", ["drift", "coverage"])
def test_a_live_state_that_breaks_the_policy_ends_with_5_and_names_types_and_since_when(user, command):
    """A plan that repairs it does not excuse it, nor does --force."""
    user.writes(WORKSPACE + POLICY)
    ended = user.runs(command, *(["--force"] if command == "drift" else []))
    assert ended.code == 5
    assert f'error[coverage]: "{FAILED}" (CRITICAL) reaches no channel' in ended.err
    assert ended.err.count("has had this type since 20") == 6
    assert "--force" not in ended.out + ended.err
    user.writes(WORKSPACE + "  - {match: {severity: CRITICAL}, add: [oncall]}\n" + POLICY)
    assert user.runs("apply", "--auto-approve").code == 0
    ended = user.runs(command)
    assert (ended.code, "error" in ended.err) == (0, False)


def test_exceptions_and_mail_that_counts(user):
    anyhow = "Access to a customer-managed encryption key (BYOK) has been disrupted"
    user.writes(
        WORKSPACE + "policy: {coverage: {CRITICAL: {channels: 1, count_required_mail: true, except: [C*, F*, K*]}}}"
    )
    ended = user.runs("coverage", "--format", "json")
    assert (ended.code, ended.json["diagnostics"]) == (0, [])
    assert (types(ended)[FAILED]["minimum"], types(ended)[anyhow]["minimum"]) == (None, 1)
    assert all(item["code"] != "coverage" for item in user.plans().json["diagnostics"])


def test_a_gate_that_stops_what_silences(told):
    told.writes(OFF)
    assert told.plans().code == 0
    ended = told.plans("--silences", "refuse")
    assert (ended.code, "error:silences" in ended.codes()) == (5, True)
    assert told.plans("--silences", "refuse", "--force").code == 0
    told.requests()
    assert told.applies("--silences", "refuse").code == 5
    assert told.requests("POST", "PATCH", "DELETE") == []
    told.writes(OFF + "policy: {silences: refuse}\n")
    assert told.plans("--silences", "allow").code == 5
    assert told.runs("drift").code == 2


def test_what_a_plan_silences_stands_on_top_in_every_format(told):
    told.writes(OFF)
    sentence = f'"{FAILED}" (CRITICAL) loses its last channel, Webhook "On-call": nobody is told any more'
    assert told.runs("plan").out.splitlines()[2:4] == ["This silences:", f"  ! {sentence}"]
    document = told.plans().json
    assert document["silences"] == [{"address": f"subscriptions/{FAILED}", "message": sentence}]
    assert list(document).index("silences") < list(document).index("changes")
    markdown = told.runs("plan", "--format", "markdown").out
    assert 0 < markdown.index("This silences") < markdown.index("<details")
    github = told.runs("plan", "--format", "github").out
    assert 0 < github.index("This silences:\n") < github.index("  ~ subscriptions")
    html = told.runs("plan", "--format", "html").out
    assert 0 < html.index("loses its last channel") < html.index("subscriptions/")
    assert told.runs("plan", "--out", "saved.plan").code == 0
    assert f"  ! {sentence}" in told.runs("apply", "saved.plan").out.splitlines()


def test_a_mute_over_what_a_critical_subscription_watches(user):
    connector = "environment=env-1/cloud-cluster=lkc-1/connector=c"
    resources = f"""\
resources:
  - resource: {connector}
    subscriptions:
      - notification_type: {FAILED}
        integrations: [oncall]
"""
    user.writes(WORKSPACE + resources)
    assert user.applies().code == 0
    user.writes(WORKSPACE + resources + "  - {resource: environment=env-1, muted: true}\n")
    silences = [item["message"] for item in user.plans().json["silences"]]
    watched = f'"{FAILED}" (CRITICAL) of "{connector}"'
    assert silences == [
        '"environment=env-1" and everything in it is muted: only REQUIRED notifications are still delivered',
        f'the mute of "environment=env-1" silences {watched}, which goes to Webhook "On-call"',
    ]


@pytest.mark.parametrize("example", ["confluent", "konnect"])
def test_the_examples(user, example):
    for line in (EXAMPLES / example / "demo.env").read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            user.sets(**{name: value})
    ended = user.runs("coverage", EXAMPLES / example, "--format", "json")
    assert ended.code == 0
    assert any(item["added"] or item["planned"] for item in json.loads(ended.out)["coverage"])


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
def test_no_secret_is_shown(user, format_):
    user.writes(WORKSPACE)
    ended = user.runs("coverage", "--format", format_, "-v")
    assert ended.code == 0
    assert "canary" not in ended.out + ended.err


def test_every_page_of_a_plan_shows_who_is_told_of_what(user):
    """Also where the plan has read no types, or the file alone holds it; a change that failed tells nobody."""

    def cells(*arguments, state):
        page = user.runs(*arguments, "--format", "html").out
        assert 'id="routing"' in page
        return page.count(f'<td class="{state}">')

    user.writes(WORKSPACE)
    assert user.runs("plan", "--out", "saved.plan").code == 0
    user.emulator.settings.update({"read_only": True})
    assert cells("apply", "--auto-approve", state="added") == 0
    user.emulator.settings.update({"read_only": False})
    assert cells("apply", "saved.plan", state="added") == 3
    user.writes(WORKSPACE.partition("subscriptions:")[0])
    assert (cells("plan", state="on"), cells("plan", state="added")) == (3, 0)


def mute(path, kind):
    return {"resource": path, "resource_type": kind, "current_state": "DISABLED"}


def test_what_is_muted_is_told_nobody(told):
    """A muted organization reaches nobody, apart from REQUIRED types; a muted environment is named."""
    name = told.emulator.objects("integrations")[0]["metadata"]["resource_name"]
    organization = name.removeprefix("crn://confluent.cloud/").partition("/")[0]
    told.emulator.seed("resource-preferences", mute("environment=env-p7x2kq", "ENVIRONMENT"))
    told.writes(WORKSPACE + POLICY + "resources: [{resource: {environment: Production}, muted: true}]\n")
    text, markdown = told.runs("coverage").out, told.runs("coverage", "--format", "markdown").out
    assert "muted: Production (environment=env-p7x2kq)" in text
    assert f"| {FAILED} | ◐ |" in markdown
    assert "Muted: environment=env-p7x2kq (Production)" in markdown
    assert 'class="partly"' in told.runs("plan", "--format", "html").out
    assert FAILED not in told.runs("coverage").err
    muted = f"resources: [{{resource: {organization}, muted: true}}]\n"
    told.writes(WORKSPACE + POLICY + muted)
    refused = told.plans()
    assert (refused.code, covered(refused)) == (5, [("error", f"resource-preferences/{organization}")])
    assert len(refused.json["silences"]) == 1
    told.writes(WORKSPACE + POLICY + muted.replace("true", "{from: 2020-01-01T00:00:00Z, reason: move}"))
    assert (told.plans().code, covered(told.plans())) == (0, [("warning", f"resource-preferences/{organization}")])
    told.emulator.seed("resource-preferences", mute(organization, "ORGANIZATION"))
    told.writes(WORKSPACE + POLICY)
    live = told.runs("explain", FAILED, "--discover", "--format", "json").json["live"]
    assert (live["told"], live["not_told"][0]["why"]) == ([], "muted")
    ended = told.runs("coverage", "--discover", "--format", "json")
    assert ended.code == 5
    found = types(ended)[FAILED]["live"]
    assert (found["channels"], names(found["silenced"])) == ([], ["Webhook On-call"])
    assert names(types(ended)[SAML]["live"]["channels"]) == ["Webhook On-call"]
    assert f'"{FAILED}" (CRITICAL) reaches no channel, because a mute' in told.runs("drift", "--discover").err
