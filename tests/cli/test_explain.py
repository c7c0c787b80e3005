"""Who is told of a type, through which line of which file, and who is not, and why."""

from __future__ import annotations

import pytest
from freezegun import freeze_time

from tests.cli.workspaces import SECRET

FAILED = "Connector in FAILED state"
BYOK = "Access to a customer-managed encryption key (BYOK) has been disrupted"
PRODUCTION, ORDERS = "environment=env-p7x2kq", "cloud-cluster=lkc-8n3qvr"
SINK = f"{PRODUCTION}/{ORDERS}/connector=pg-sink"
WORKSPACE = """\
version: 1
provider: confluent
integrations:
  slack:
    display_name: Platform alerts
    target: {kind: Slack, webhook_url: "${SLACK_URL}"}
  oncall:
    target: {kind: Webhook, url: "${SLACK_URL}/oncall"}
  data:
    target: {kind: Webhook, url: "${SLACK_URL}/data"}
subscriptions:
  - notification_type: Connector in FAILED state
    integrations: [slack]
  - match: {severity: CRITICAL}
    integrations: [slack, oncall]
  - match: {name: "Connector*"}
    add: [data]
"""
MUTED = """\
resources:
  - resource: {environment: Production}
    muted: {until: 2026-12-01T06:00:00Z, reason: "CHG-1234 migration"}
"""


@pytest.fixture(autouse=True)
def _secret(user):
    user.sets(SLACK_URL=SECRET, KONNECT_TOKEN="canary-token", KONNECT_SERVER_URL=f"{user.url}/v1")


def told(side):
    return {item["address"]: item["via"]["line"] for item in side["told"]}


def left_out(side):
    """Why each channel is not told, those aside that nothing means to tell."""
    return {item["address"]: item["why"] for item in side["not_told"] if item["why"] != "not-subscribed"}


def test_each_channel_with_the_line_that_declares_it_live_and_as_planned(user):
    user.writes(WORKSPACE)
    document = user.runs("explain", FAILED.upper(), "--format", "json").json
    assert list(document) == ["type", "resource", "live", "planned"]
    assert {**document["type"], "id": None} == {
        "id": None,
        "display_name": FAILED,
        "severity": "CRITICAL",
        "priority": "OPTIONAL",
    }
    assert (document["live"]["state"], document["live"]["told"]) == ("none", [])
    assert told(document["planned"]) == {"integrations/slack": 12, "integrations/data": 16}
    assert left_out(document["planned"]) == {"integrations/oncall": "shadowed"}
    (slack,) = [item for item in document["planned"]["told"] if item["name"] == "Platform alerts"]
    assert slack == {
        "channel": "Slack",
        "name": "Platform alerts",
        "address": "integrations/slack",
        "via": {"kind": "subscription", "id": None, "file": "notifconf.yaml", "line": 12},
    }
    assert user.applies().code == 0
    document = user.runs("explain", document["type"]["id"], "--format", "json").json
    assert document["live"] == document["planned"]
    assert all(item["via"]["id"] for item in document["live"]["told"])


def test_what_nothing_declares_has_no_line(user):
    (admins,) = user.emulator.objects("integrations")
    kind = next(item for item in user.emulator.objects("notification-types") if item["display_name"] == FAILED)
    subscription = {"notification_type": {"id": kind["id"]}, "integrations": [{"id": admins["id"]}]}
    user.emulator.seed("subscriptions", {**subscription, "current_state": "ENABLED"})
    document = user.runs("explain", FAILED, "--format", "json").json
    assert document["planned"] is None
    (via,) = [item["via"] for item in document["live"]["told"]]
    assert (via["file"], via["line"], via["id"][:2]) == (None, None, "s-")


def test_a_disabled_subscription_tells_nobody(user):
    user.writes(WORKSPACE.replace("[slack]\n", "[slack]\n    current_state: DISABLED\n", 1).partition("  - match")[0])
    assert user.applies().code == 0
    live = user.runs("explain", FAILED, "--format", "json").json["live"]
    assert (live["state"], live["told"], left_out(live)) == ("disabled", [], {"integrations/slack": "disabled"})
    assert "notifconf.yaml:12" in live["not_told"][0]["because"]
    path = user.folder / "notifconf.yaml"
    user.writes(path.read_text().replace("DISABLED", "ENABLED"))
    document = user.runs("explain", FAILED, "--format", "json").json
    assert "notifconf.yaml" not in document["live"]["not_told"][0]["because"]
    assert told(document["planned"]) == {"integrations/slack": 12}
    assert user.applies().code == 0
    user.writes(path.read_text().replace("ENABLED", "DISABLED"))
    assert told(user.runs("explain", FAILED, "--format", "json").json["live"]) == {"integrations/slack": None}


def test_the_mute_of_an_environment_covers_what_is_in_it(user):
    user.writes(WORKSPACE + MUTED)
    assert user.applies().code == 0
    with freeze_time("2026-11-26T06:00:00Z", ignore=["asyncio"]):
        document = user.runs("explain", FAILED, "--resource", "cloud-cluster=lkc-8n3qvr", "--format", "json").json
    assert document["resource"] == f"{PRODUCTION}/{ORDERS}"
    assert document["live"]["told"] == []
    assert left_out(document["live"])["integrations/slack"] == "muted"
    sentence = f"{PRODUCTION} is muted until 2026-12-01T06:00:00Z (in 5 days): CHG-1234 migration"
    assert document["live"]["not_told"][0]["because"].startswith(sentence)
    assert "notifconf.yaml:20" in document["live"]["not_told"][0]["because"]
    with freeze_time("2026-12-02T06:00:00Z", ignore=["asyncio"]):
        document = user.runs("explain", FAILED, "--resource", PRODUCTION, "--format", "json").json
    assert document["live"]["not_told"][0]["because"].startswith(f"{PRODUCTION} is still muted since ")
    assert "its mute ended at 2026-12-01T06:00:00Z (1 day ago)" in document["live"]["not_told"][0]["because"]
    everywhere = user.runs("explain", FAILED, "--format", "json").json
    assert set(told(everywhere["live"])) == {"integrations/slack", "integrations/data"}
    assert f"these muted resources: {PRODUCTION} (Production)" in user.runs("explain", FAILED).out
    assert PRODUCTION not in user.runs("explain", BYOK).out
    required = user.runs("explain", BYOK, "--resource", PRODUCTION, "--format", "json").json["live"]
    assert set(told(required)) == {"integrations/slack", "integrations/oncall"}
    assert required["always"] == ['RoleEmail "OrganizationAdmin"']
    (admins,) = [item["because"] for item in required["not_told"] if item["channel"] == "RoleEmail"]
    assert "the service mails it whatever is configured" in admins


def test_a_resource_by_names(user):
    for names in ("environment=PRODUCTION/cluster=orders/connector=pg-sink", "connector=lcc-p1gsnk"):
        assert user.runs("explain", FAILED, "--resource", names, "--format", "json").json["resource"] == SINK


def test_where_nobody_is_told_the_heading_says_so(user):
    ended = user.runs("explain", FAILED)
    assert "Live: nobody is told (there is no subscription)" in ended.out
    markdown = user.runs("explain", FAILED, "--format", "markdown").out
    assert markdown.endswith("### Live: nobody is told (there is no subscription)\n")


def test_subscriptions_of_the_resource_count_too(user):
    entry = f"      - notification_type: {FAILED}\n        integrations: [oncall]\n"
    user.writes(f"{WORKSPACE}resources:\n  - resource: {SINK}\n    subscriptions:\n{entry}")
    planned = user.runs("explain", FAILED, "--resource", SINK, "--format", "json").json["planned"]
    assert told(planned) == {"integrations/slack": 12, "integrations/data": 16, "integrations/oncall": 21}
    assert {item["via"]["kind"] for item in planned["told"]} == {"subscription", "resource-subscription"}
    user.writes(
        f"{WORKSPACE}resources:\n  - resource: {SINK}\n    subscriptions:\n{entry}        current_state: DISABLED\n"
    )
    title = "As planned: told (the resource's own subscription is disabled)"
    assert title in user.runs("explain", FAILED, "--resource", SINK).out


def test_a_mute_that_the_credentials_cannot_see_is_unknown(user):
    user.writes(WORKSPACE)
    user.emulator.settings.update({"forbidden_access": True})
    document = user.runs("explain", FAILED, "--resource", PRODUCTION, "--format", "json").json
    assert document["unknown"][0] == PRODUCTION
    assert f"unknown: {PRODUCTION} may be muted" in user.runs("explain", FAILED, "--resource", PRODUCTION).out
    assert PRODUCTION in user.runs("explain", FAILED, "--discover", "--format", "json").json["unknown"]
    user.writes(f"{WORKSPACE}resources:\n  - {{resource: {PRODUCTION}, muted: false}}\n")
    assert user.runs("coverage", "--format", "json").json["unknown"] == [PRODUCTION]


def test_a_type_that_the_billing_plan_leaves_out(user):
    dear = {"id": "nt-x", "display_name": "Dear", "severity": "CRITICAL", "is_included_in_plan": False}
    user.emulator.seed("notification-types", dear)
    user.writes(WORKSPACE + "  - {notification_type: Dear, integrations: [slack]}\n")
    ended = user.runs("explain", "Dear", "--format", "json")
    assert (ended.code, ended.json["planned"]["told"]) == (1, [])
    assert left_out(ended.json["planned"]) == {"integrations/slack": "not-in-plan"}
    assert "not in the billing plan)" in user.runs("explain", "Dear").out.splitlines()[0]


def test_the_text_says_it_in_tables_and_the_rest_with_all(user):
    user.writes(WORKSPACE)
    ended = user.runs("explain", FAILED)
    lines = [" ".join(row.split()) for row in ended.out.splitlines()]
    assert lines[0].startswith(f"{FAILED} (CRITICAL, OPTIONAL, nt-")
    assert 'Slack "Platform alerts" integrations/slack subscription (new) notifconf.yaml:12' in lines
    assert "not-subscribed" not in ended.out
    assert "not-subscribed" in user.runs("explain", FAILED, "--all").out
    markdown = user.runs("explain", FAILED, "--format", "markdown").out
    assert '| Slack "Platform alerts" | integrations/slack | subscription (new) | notifconf.yaml:12 |' in markdown
    assert SECRET not in ended.out + markdown


def test_without_a_type_it_lists_them(user):
    assert FAILED in user.runs("explain").out
    assert f"| {FAILED} |" in user.runs("explain", "--format", "markdown").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Connector in FAILD state"], f'did you mean "{FAILED}"'),
        ([FAILED, "--resource", "nothing"], "is no resource"),
        ([FAILED, "--resource", "environment=Prodction"], 'did you mean "Production"'),
        ([FAILED, "--resource", "connector=pg-sink"], "lcc-p1gsnk (Production / orders / pg-sink)"),
        ([FAILED, "--resource", "cluster=orders/compute_pool=x"], "name one resource"),
        (["notifconf.yaml"], "`notifconf explain TYPE notifconf.yaml`"),
        (["--provider", "konnect", "billing.invoice.ready", "--resource", "x=y"], "has no resources"),
        (["--provider", "konnect", "billing.invoice.redy"], 'did you mean "billing.invoice.ready"'),
    ],
)
def test_what_can_not_be_explained(user, arguments, words):
    user.writes(WORKSPACE)
    ended = user.runs("explain", *arguments)
    assert (ended.code, words in ended.err) == (1, True)


def test_konnect_explains_events(user):
    event = "gateway-manager.dataplane.out-of-sync"
    entry = f"  - {{event: {event}, name: Ops, regions: [EU], channels: {{EMAIL: false, IN_APP: true}}}}\n"
    user.writes(f"version: 1\nprovider: konnect\nsubscriptions:\n{entry}")
    document = user.runs("explain", event, "--format", "json").json
    assert document["live"]["state"] == "none"
    assert {item["via"]["kind"] for item in document["live"]["told"]} == {"default"}
    (item,) = document["planned"]["told"]
    assert (item["channel"], item["name"], item["address"]) == ("IN_APP", "Ops", f"event-subscriptions/{event}#Ops")
    assert item["via"] == {"kind": "event-subscription", "id": None, "file": "notifconf.yaml", "line": 4}
    assert left_out(document["planned"]) == {f"event-subscriptions/{event}#Ops": "disabled"}
    billing = user.runs("explain", "billing.invoice.ready", "--format", "json").json["live"]
    assert billing["always"] == ["EMAIL to the organization's admins"]


def test_konnect_names_the_entry_that_shadows_a_match_and_cites_no_line_that_says_something_else(user):
    event = "gateway-manager.dataplane.out-of-sync"
    head = f"version: 1\nprovider: konnect\nsubscriptions:\n  - {{event: {event}, name: Ops, channels: "
    match = "  - {match: {namespace: gateway-manager}, name: Ops, channels: {EMAIL: true, IN_APP: true}}\n"
    user.writes(f"{head}{{EMAIL: false, IN_APP: true}}}}\n{match}")
    ops = f"event-subscriptions/{event}#Ops"
    assert user.applies().code == 0
    document = user.runs("explain", event, "--format", "json").json
    assert document["live"] == document["planned"]
    (mail,) = document["live"]["not_told"]
    assert (mail["channel"], mail["address"], mail["why"]) == ("EMAIL", ops, "shadowed")
    assert "notifconf.yaml:4:5 wins over the match at notifconf.yaml:5:5" in mail["because"]
    user.writes(f"{head}{{EMAIL: true, IN_APP: false}}}}\n")
    document = user.runs("explain", event, "--format", "json").json
    assert (told(document["live"]), told(document["planned"])) == ({ops: None}, {ops: 4})
    assert left_out(document["live"]) == {ops: "disabled"}
    assert "notifconf.yaml" not in document["live"]["not_told"][0]["because"]


@pytest.mark.parametrize(
    "words",
    [
        ("explain", FAILED, "--discover"),
        ("explain", FAILED, "--resource", SINK),
        ("coverage", "--discover"),
        ("plan", "--format", "html"),
    ],
)
def test_nothing_is_read_twice(user, words):
    user.writes(WORKSPACE + MUTED)
    user.requests()
    assert user.runs(*words).code == 0
    asked = [(entry.method, entry.path, str(entry.query)) for entry in user.emulator.requests.entries]
    assert asked
    assert len(asked) == len(set(asked))
