"""The inventory on the command line: the tree, names in plans, and what nobody declared."""

from __future__ import annotations

import json

import jsonschema
import pytest

from notifconf.cli.main import run
from notifconf.config import schema_text
from notifconf.emulator.confluent.inventory import CANARY
from notifconf.emulator.faults import parse_fault
from tests.cli.terminal import ESCAPE, streams_on_terminal

PRODUCTION, STAGING = "environment=env-p7x2kq", "environment=env-s4m9dz"
SINK = f"{PRODUCTION}/cloud-cluster=lkc-8n3qvr/connector=pg-sink"
FAILED = "Connector in FAILED state"
HEAD = """\
version: 1
provider: confluent
integrations:
  slack: {display_name: Alerts, target: {kind: Slack, webhook_url: "${SLACK_URL}"}}
  data: {display_name: Data, target: {kind: Slack, webhook_url: "${SLACK_URL}2"}}
"""
EVERY_CONNECTOR = f"""\
resources:
  - match: {{type: CONNECTOR, environment: prod*}}
    subscriptions:
      - notification_type: {FAILED}
        integrations: [slack]
"""


@pytest.fixture(autouse=True)
def _secret(user):
    user.sets(SLACK_URL="https://hooks.slack.com/services/canary-url")


def mute(user, resource=PRODUCTION, kind="ENVIRONMENT", **members):
    body = {"resource": resource, "resource_type": kind, "current_state": "DISABLED", **members}
    return user.emulator.seed("resource-preferences", body)[0]


def test_the_tree(user):
    ended = user.runs("resources")
    assert ended.code == 0
    assert ended.out.splitlines()[2:6] == [
        "  Production         environment=env-p7x2kq",
        "    orders           cloud-cluster=lkc-8n3qvr",
        "      pg-sink        connector=pg-sink",
        "      s3-archive     connector=s3-archive",
    ]
    assert "    flink-prod       flink-region=aws.us-east-2/compute-pool=lfcp-7k2wqd" in ended.out
    assert len(user.requests()) == 1 + 2 + 2 + 3


def test_what_is_filtered_out_still_says_where_the_rest_is(user):
    ended = user.runs("resources", "--type", "connector", "--environment", "PROD*", "--name", "*-sink")
    assert [line.split() for line in ended.out.splitlines()[2:]] == [
        ["Production"],
        ["orders"],
        ["pg-sink", SINK],
    ]
    assert user.runs("resources", "--type", "nonsense").code == 1
    of_types = user.runs("resources", "--type", "environment,cluster", "--format", "json")
    assert {row["resource_type"] for row in of_types.json["resources"]} == {"ENVIRONMENT", "CLUSTER"}


def test_json(user):
    user.writes(HEAD + EVERY_CONNECTOR)
    mute(user)
    ended = user.runs("resources", "--name", "pg-sink", "--muted", "--format", "json")
    assert ended.json["resources"] == [
        {
            "resource": SINK,
            "resource_type": "CONNECTOR",
            "name": "pg-sink",
            "environment": "Production",
            "cluster": "orders",
            "declared": True,
            "muted": PRODUCTION,
        }
    ]
    rows = {row["resource"]: row for row in user.runs("resources", "--format", "json").json["resources"]}
    assert (rows[PRODUCTION]["declared"], rows[PRODUCTION]["cluster"], rows[PRODUCTION]["muted"]) == (False, None, None)
    muted = user.runs("resources", "--type", "environment", "--muted", "--format", "json").json["resources"]
    assert [(row["resource"], row["muted"]) for row in muted] == [(PRODUCTION, "itself")]


def test_the_title_names_the_workspace_that_is_compared(user):
    user.writes(HEAD, "teams/a.yaml")
    user.writes(EVERY_CONNECTOR, "teams/b.yaml")
    assert "workspace" in user.runs("resources").err
    ended = user.runs("resources", "teams", "--name", "pg-sink", "--environment", "prod*")
    assert (ended.out.splitlines()[0], ended.err) == ("Resources, and whether teams declares them", "")
    assert ended.out.splitlines()[-1].split() == ["pg-sink", "yes", SINK]


@pytest.mark.parametrize("spelling", ["cloud-connector=lcc-p1gsnk", f"{PRODUCTION}/kafka=lkc-8n3qvr/connector=pg-sink"])
def test_a_mute_is_found_as_the_workspace_spells_its_resource(user, spelling):
    mute(user, spelling, "CONNECTOR")
    user.writes(f"{HEAD}resources:\n  - {{resource: '{spelling}', muted: true}}\n")
    muted = user.runs("resources", "--muted", "--format", "json").json["resources"]
    assert [(row["resource"], row["muted"], row["declared"]) for row in muted] == [(SINK, "itself", True)]


def test_no_comment_of_an_export_repeats_a_secret_in_the_name_of_a_resource(user):
    url = "https://hooks.slack.com/services/T1/B1/canary-in-a-name"
    user.emulator.seed("integrations", {"display_name": "A", "target": {"kind": "Slack", "webhook_url": url}})
    user.emulator.seed(
        "connectors", {"id": "lcc-9", "name": f"x {url}", "environment": "env-p7x2kq", "cluster": "lkc-5w1ymt"}
    )
    mute(user, "cloud-connector=lcc-9", "CONNECTOR")
    ended = user.runs("export", "--discover")
    assert (ended.code, "cloud-connector=lcc-9" in ended.out) == (0, True)
    assert "canary-in-a-name" not in ended.out + ended.err


def test_what_can_not_be_seen_is_unknown(user):
    user.emulator.settings.forbidden_access = True
    mute(user, SINK, "CONNECTOR")
    ended = user.runs("resources", "--cluster", "lkc-8n3qvr", "--type", "connector", "--muted", "--format", "json")
    muted = {row["name"]: row["muted"] for row in ended.json["resources"]}
    assert muted == {"pg-sink": "itself", "s3-archive": "unknown"}
    assert ended.err.count("warning[not-visible]") == 1


def test_a_mute_of_the_organization_is_over_all(user):
    organization = "organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a"
    mute(user, organization, "ORGANIZATION")
    mute(user)
    ended = user.runs("resources", "--type", "environment", "--muted", "--format", "json")
    assert {row["resource"]: row["muted"] for row in ended.json["resources"]} == {
        PRODUCTION: "itself",
        STAGING: organization,
    }


def test_a_terminal_gets_what_fits(user):
    with streams_on_terminal(user.monkeypatch, columns=60) as drawn:
        assert run(["resources", "--no-color"]) == 0
    lines = ESCAPE.sub("", drawn[0]).replace("\r", "\n").splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 60, lines
    assert any("fraud-alerts" in line for line in lines)


def test_konnect_has_no_inventory(user):
    user.sets(KONNECT_TOKEN="token")
    for arguments in (["resources"], ["export", "--discover"], ["coverage", "--discover"]):
        ended = user.runs(*arguments, "--provider", "konnect", "--endpoint", f"{user.url}/v1")
        assert (ended.code, "no inventory" in ended.err) == (1, True)


def test_a_workspace_of_konnect_has_nothing_to_discover(user):
    user.writes("version: 1\nprovider: konnect\npolicy: {discover: true}\n")
    ended = user.runs("validate")
    assert (ended.code, ended.err.startswith("notifconf.yaml:3:10: error[invalid-value]")) == (1, True)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_names_stand_beside_ids(user, form):
    user.writes(f"{HEAD}resources:\n  - resource: {{environment: Production}}\n    muted: true\n")
    shown = user.runs("plan", "--format", form).out
    assert PRODUCTION in shown
    assert "Production" in shown
    assert f"{PRODUCTION} (Production)" in shown.replace("</code>", "")


def test_every_connector_of_production_and_the_next_one(user):
    user.writes(HEAD + EVERY_CONNECTOR)
    assert user.applies().code == 0
    assert len(user.emulator.objects("resource-subscriptions")) == 4
    assert user.plans().changes() == []
    own = {"name": "new=one", "environment": "env-p7x2kq", "cluster": "lkc-5w1ymt"}
    user.emulator.seed("connectors", own)
    ended = user.plans()
    path = f"{PRODUCTION}/cloud-cluster=lkc-5w1ymt/connector=new=one"
    assert ended.changes() == [f"+ resource-subscriptions/{path}#{FAILED}"]
    assert ended.json["changes"][0]["place"] == "Production / payments"


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("match: {type: CONNECTOR, name: nothing*}", "warning:empty-match"),
        ("resource: {connector: nothing}", "error:unknown-resource"),
    ],
)
def test_the_types_of_an_entry_that_finds_no_resource_are_checked(user, resource, code):
    """Else the error would wait until there is such a resource, and stop a later run."""
    subscriptions = "[{notification_type: Nope, add: [slack, data]}, {match: {name: nope*}, add: [slack]}]"
    user.writes(f"{HEAD}resources:\n  - {resource}\n    subscriptions: {subscriptions}\n")
    codes = user.plans().codes()
    assert sorted(codes) == sorted([code, "error:unknown-notification-type", "error:empty-match"])


def test_a_resource_that_disappears_between_two_plans_is_no_crash(user):
    user.writes(HEAD + EVERY_CONNECTOR + "  - resource: {connector: lcc-l3dg3r}\n    muted: true\n")
    assert user.applies().code == 0
    user.emulator.remove("connectors", "lcc-l3dg3r")
    ended = user.plans()
    assert (ended.code, "error:unknown-resource" in ended.codes()) == (1, True)
    user.emulator.remove("environments", "env-p7x2kq")
    assert "warning:empty-match" in user.plans().codes()


def test_a_saved_plan_of_names_is_applied_as_it_was_reviewed(user):
    user.writes(HEAD + EVERY_CONNECTOR)
    assert user.runs("plan", "--out", "plan.json").code == 0
    assert user.runs("apply", "plan.json").code == 0
    assert len(user.emulator.objects("resource-subscriptions")) == 4


OVERLAP = """\
  - match: {type: CONNECTOR, name: pg-*}
    subscriptions:
      - notification_type: Connector in FAILED state
        %s: [data]
"""


def test_two_matches_that_both_decide_are_an_error_and_one_that_adds_is_none(user):
    user.writes(HEAD + EVERY_CONNECTOR + OVERLAP % "integrations")
    assert user.plans().codes() == ["error:overlapping-match"]
    user.writes(HEAD + EVERY_CONNECTOR + OVERLAP % "add")
    ended = user.applies()
    assert ended.code == 0
    told = {item["resource"]: len(item["integrations"]) for item in user.emulator.objects("resource-subscriptions")}
    staging = f"{STAGING}/cloud-cluster=lkc-2h6xpc/connector=pg-sink"
    assert (told[SINK], told[staging], len(told)) == (2, 1, 5)
    assert user.plans().changes() == []


NAMED = """\
  - resource: {connector: s3-archive}
    subscriptions:
      - {notification_type: Connector in FAILED state, integrations: [data]}
"""


def test_an_entry_that_names_the_resource_wins_over_a_match(user):
    user.writes(HEAD + EVERY_CONNECTOR + NAMED)
    ended = user.plans()
    of_archive = next(change for change in ended.json["changes"] if "s3-archive" in change["address"])
    assert of_archive["after"]["integrations"] == ["Data"]
    assert ended.codes() == ["warning:shadows-match"]


@pytest.fixture
def in_sync(user):
    user.writes(f"{HEAD}resources:\n  - resource: {{environment: Staging}}\n    muted: false\n")
    assert user.applies().code == 0
    return user


def test_a_mute_that_nobody_declared(in_sync):
    assert in_sync.runs("drift").code == 0
    mute(in_sync)
    assert in_sync.runs("drift", "--discover").code == 0
    ended = in_sync.runs("drift", "--discover", "--undeclared")
    assert ended.code == 2
    assert f"resource-preferences/{PRODUCTION} (Production)" in ended.out
    assert ended.out.splitlines()[2].startswith("Silent already")
    assert (ended.out + ended.err).count("undeclared-mute") == 1
    assert ended.out.splitlines()[-1] == "No changes, but there are live objects that nothing declares."
    ended = in_sync.runs("drift", "--discover", "--undeclared", "--format", "json")
    (found,) = ended.json["unmanaged"]
    assert (found["kind"], found["place"]) == ("resource-preference", "Production")
    jsonschema.validate(ended.json, json.loads(schema_text("plan-v1.schema.json")))
    (in_sync.folder / "run.json").write_text(ended.out)
    assert in_sync.runs("report", "run.json", "--json").json["states"] == {"changes": 1}
    ended = in_sync.runs("drift", "--discover", "--undeclared", "--target", "resource-preferences/*")
    assert ended.out.splitlines()[-1].startswith("No changes among the targets, but ")
    assert in_sync.runs("drift", "--discover", "--undeclared", "--exclude", "resource-preferences/*").code == 0


def test_drift_of_undeclared_objects_counts_what_sync_would_delete(in_sync):
    assert in_sync.runs("drift", "--undeclared").code == 0
    in_sync.writes(HEAD + "subscriptions: []\n")
    in_sync.emulator.seed("integrations", {"display_name": "Old", "target": {"kind": "Slack", "webhook_url": "x"}})
    ended = in_sync.runs("drift", "--undeclared", "--format", "json")
    kept = {item["address"] for item in ended.json["unmanaged"]}
    assert (ended.code, "integrations/Old" in kept) == (2, True)
    # Neither the mail to the admins, which is read-only, nor the REQUIRED subscriptions.
    assert not any("admins" in address or "SAML" in address for address in kept)
    ended = in_sync.runs("drift", "--undeclared", "--mode", "sync", "--format", "json")
    deleted = {item["address"] for item in ended.json["changes"] if item["action"] == "delete"}
    assert (ended.code, deleted >= kept, ended.json["unmanaged"]) == (2, True, [])


def test_the_metric_of_undeclared_mutes(in_sync):
    mute(in_sync)
    in_sync.runs("drift", "--metrics-file", "a.prom")
    assert "notifconf_undeclared_mutes" not in (in_sync.folder / "a.prom").read_text()
    in_sync.runs("drift", "--discover", "--metrics-file", "a.prom")
    (line,) = [
        line
        for line in (in_sync.folder / "a.prom").read_text().splitlines()
        if line.startswith("notifconf_undeclared_mutes{")
    ]
    assert float(line.split()[-1]) == 1


def test_sync_lifts_what_nobody_declared_within_its_limits(in_sync):
    own = [mute(in_sync), mute(in_sync, SINK, "CONNECTOR")]
    ended = in_sync.plans("--discover", "--mode", "sync")
    assert ended.code == 5
    ended = in_sync.applies("--discover", "--mode", "sync", "--max-deletes", "2")
    assert {change["id"] for change in ended.json["changes"]} == set(own)
    assert (ended.code, in_sync.emulator.objects("resource-preferences")) == (0, [])


def test_export_of_what_is_discovered_plans_to_no_change(user):
    mute(user)
    mute(user, "organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a", "ORGANIZATION")
    user.writes(HEAD + EVERY_CONNECTOR)
    assert user.applies().code == 0
    (user.folder / "notifconf.yaml").unlink()
    ended = user.runs("export", "--discover")
    assert "# Production / orders" in ended.out
    user.sets(ALERTS_WEBHOOK_URL="https://hooks.slack.com/services/canary-url")
    user.sets(DATA_WEBHOOK_URL="https://hooks.slack.com/services/canary-url2")
    user.writes(ended.out)
    ended = user.plans("--discover")
    assert (ended.code, ended.changes()) == (0, [])
    assert [item for item in ended.json["unmanaged"] if item["kind"].startswith("resource")] == []


def test_export_of_a_name_that_looks_like_a_glob_plans_to_no_change(user):
    names = {"environment": "env-p7x2kq", "cluster": "lkc-8n3qvr", "name": "every*${ONE}"}
    user.emulator.seed("connectors", {"id": "lcc-star", **names})
    mute(user, f"{PRODUCTION}/cloud-cluster=lkc-8n3qvr/connector=every*${{ONE}}", "CONNECTOR")
    user.writes(user.runs("export", "--discover").out)
    ended = user.plans("--discover")
    assert (ended.code, ended.changes()) == (0, [])
    assert [item for item in ended.json["unmanaged"] if item["kind"].startswith("resource")] == []


def test_coverage_says_what_is_muted_and_since_when(user):
    mute(user, metadata={"updated_at": "2026-11-02T03:04:05Z"})
    ended = user.runs("coverage", "--discover")
    assert f"muted: Production ({PRODUCTION}), since 2026-11-02T03:04:05Z" in ended.out
    assert "muted" not in user.runs("coverage").out
    user.emulator.settings.forbidden_access = True
    document = user.runs("coverage", "--discover", "--format", "json").json
    assert document["muted"] == [{"resource": PRODUCTION, "name": "Production", "since": "2026-11-02T03:04:05Z"}]
    assert (PRODUCTION in document["unknown"], SINK in document["unknown"]) == (False, True)


def test_show_has_names(user):
    user.writes(HEAD + EVERY_CONNECTOR + "  - {resource: {environment: Staging}, muted: true}\n")
    assert user.applies().code == 0
    document = user.runs("show", "--format", "json").json
    assert [(row["resource"], row["place"]) for row in document["resource_preferences"]] == [(STAGING, "Staging")]
    assert {row["place"] for row in document["resource_subscriptions"]} == {
        "Production / orders",
        "Production / payments",
    }


def test_a_part_that_is_forbidden_ends_the_plan_and_names_it(user):
    user.writes(HEAD + EVERY_CONNECTOR)
    user.emulator.settings.forbidden_resources = [f"{PRODUCTION}/cloud-cluster=lkc-5w1ymt"]
    ended = user.runs("plan")
    assert ended.code == 1
    assert f"{PRODUCTION}/cloud-cluster=lkc-5w1ymt (Production / payments)" in ended.err


@pytest.mark.parametrize("kind", ["", "wrong-type", "truncated", "500"])
def test_configurations_of_connectors_are_shown_nowhere(user, monkeypatch, kind):
    """Not even if the service sends them unasked: everything that is written is searched for the canary."""
    monkeypatch.setattr("notifconf.providers.confluent.api.EXPANSION", "id,info,status")
    user.writes(HEAD + EVERY_CONNECTOR)
    user.emulator.settings.faults = [parse_fault(f"{kind}:path=/connect/*")] if kind else []
    commands = (
        ["plan", "--format", "json"],
        ["plan", "--discover", "--out", "p.json"],
        ["resources", "--format", "json"],
        ["export", "--discover"],
    )
    ended = [user.runs(*command, "--log-file", "log.jsonl") for command in commands]
    assert {item.code for item in ended} == {1 if kind else 0}
    # A bug that strikes while a connector is decoded.
    monkeypatch.setattr("notifconf.providers.confluent.connection.decode_connector", None)
    ended.append(user.runs("plan", "--log-file", "log.jsonl"))
    files = "".join(path.read_text() for path in user.folder.iterdir() if path.is_file())
    assert ('"event": "crash"' in files) == (not kind)
    assert CANARY not in files + "".join(item.out + item.err for item in ended)


def test_a_misspelt_member_of_a_name_is_one_error(user):
    user.writes(f"{HEAD}resources:\n  - resource: {{enviroment: Production}}\n    muted: true\n")
    for ended in (user.runs("validate", "--format", "json"), user.plans()):
        errors = [code for code in ended.codes() if code.startswith("error")]
        assert (ended.code, errors) == (1, ["error:unknown-key"])


@pytest.mark.parametrize("words", ["environment=Production", "environment=production", PRODUCTION])
def test_a_resource_to_look_up_goes_by_names_too(user, words):
    mute(user)
    shown = user.runs("show", "--resource", words, "--json").json
    assert [row["resource"] for row in shown["resource_preferences"]] == [PRODUCTION]
    assert f"- resource: {PRODUCTION}\n    muted: true" in user.runs("export", "--resource", words).out


@pytest.mark.parametrize("command", ["show", "export"])
@pytest.mark.parametrize("words", ["environment=nosuch", "environment=Production/cluster=nosuch"])
def test_names_of_nothing_are_an_error(user, command, words):
    ended = user.runs(command, "--resource", words)
    assert ended.code == 1
    assert '"nosuch"' in ended.err


def test_names_inside_of_an_environment_by_its_id_are_names(user):
    path = f"{PRODUCTION}/cloud-cluster=lkc-8n3qvr/connector=pg-sink"
    mute(user, path, "CONNECTOR")
    words = f"{PRODUCTION}/connector=pg-sink"
    assert f"- resource: {path}\n    muted: true" in user.runs("export", "--resource", words).out


@pytest.mark.parametrize(
    "words", ["connector=pg-sink", "environment=Production", "environment=Production/cluster=orders"]
)
def test_what_can_not_be_looked_up_is_no_path(user, words):
    user.emulator.settings.faults = [parse_fault("403:path=/org/*")]
    ended = user.runs("show", "--resource", words)
    assert ended.code == 1
    assert "the environments can't be read" in ended.err
    assert user.runs("show", "--resource", PRODUCTION).code == 0


@pytest.mark.parametrize("words", [f"{PRODUCTION}/connector=nosuch", f"{PRODUCTION}/cluster=nosuch"])
def test_what_a_listed_environment_does_not_have_is_no_path(user, words):
    ended = user.runs("export", "--resource", words)
    assert (ended.code, ended.out) == (1, "")
    assert '"nosuch"' in ended.err


@pytest.mark.parametrize("command", ["show", "export"])
def test_konnect_has_no_resources(user, command):
    ended = user.runs(command, "--provider", "konnect", "--resource", PRODUCTION)
    assert (ended.code, ended.out) == (1, "")
    assert "--resource" in ended.err
