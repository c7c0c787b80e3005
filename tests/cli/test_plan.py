from __future__ import annotations

import asyncio
import json
import stat

import pytest

from notifconf.config import schema_text
from notifconf.emulator.confluent.objects import ORGANIZATION

WORKSPACE = """\
version: 1
provider: confluent
integrations:
  slack:
    display_name: Platform alerts
    target: {kind: Slack, webhook_url: "${SLACK_URL}"}
  admins:
    target: {kind: RoleEmail, role_name: OrganizationAdmin}
subscriptions:
  - notification_type: kafka cluster SHRINK failure
    integrations: [slack, admins]
  - notification_type: SAML certificate is expiring soon
    integrations: [slack]
resources:
  - resource: environment=env-1
    muted: true
"""
SECRET = "https://hooks.slack.com/services/canary-url"


@pytest.fixture(autouse=True)
def _secret(user):
    user.sets(SLACK_URL=SECRET)


def test_a_plan_as_text(user):
    user.writes(WORKSPACE)
    ended = user.runs("plan")
    assert ended.code == 0
    assert (
        ended.out
        == f"""\
Workspace notifconf.yaml → Confluent Cloud organization {ORGANIZATION} at {user.url} (mode upsert-only)

This silences:
  ! "environment=env-1" and everything in it is muted: only REQUIRED notifications are still delivered

  + integrations/slack
      display_name: "Platform alerts"
      target:
        kind: "Slack"
        webhook_url: (sensitive)

  + subscriptions/Kafka cluster shrink failure
      current_state: "ENABLED"
      integrations: ["Organization admins", "Platform alerts"]
      notification_type: "Kafka cluster shrink failure"

  ~ subscriptions/SAML certificate is expiring soon (s-PLACE)
      integrations: ["Organization admins"] → ["Platform alerts"]

  + resource-preferences/environment=env-1
      current_state: "DISABLED"
      resource: "environment=env-1"
      resource_type: "ENVIRONMENT"
      muted: without an end

6 live objects are not declared here (mode sync would delete those it may; -v lists them).

Digest: DIGEST
Plan: 3 to create, 1 to update, 0 to delete.
""".replace("s-PLACE", _id_of(user, "SAML certificate is expiring soon")).replace("DIGEST", user.plans().json["digest"])
    )
    assert 'no longer reaches "Organization admins" (told all the same)' in ended.err


def test_mail_that_is_sent_whatever_is_configured_is_not_silenced(user):
    user.writes(WORKSPACE.partition("resources:")[0] + "policy: {silences: refuse}\n")
    ended = user.plans()
    assert (ended.code, ended.json["silences"], ended.json["summary"]["update"]) == (0, [], 1)


def test_a_shorter_list_of_a_disabled_subscription_silences_nobody(user):
    slack = {"id": "i-s", "display_name": "Platform alerts", "target": {"kind": "Slack", "webhook_url": SECRET}}
    user.emulator.seed("integrations", slack)
    (admins,) = (item["id"] for item in user.emulator.objects("integrations") if item["id"] != "i-s")
    of_type = next(item for item in user.emulator.objects("notification-types") if "FAILED" in item["display_name"])
    told = {"notification_type": {"id": of_type["id"]}, "integrations": [{"id": "i-s"}, {"id": admins}]}
    user.emulator.seed("subscriptions", {**told, "current_state": "DISABLED"})
    entry = f"  - {{notification_type: {of_type['display_name']}, integrations: [slack], current_state: DISABLED}}\n"
    user.writes(WORKSPACE.partition("  - not")[0] + entry + "policy: {silences: refuse}\n")
    ended = user.plans()
    assert (ended.code, ended.json["silences"], ended.json["summary"]["update"]) == (0, [], 1)
    assert "warning:removes-channel" in ended.codes()


def _id_of(user, name):
    types = {item["display_name"]: item["id"] for item in user.emulator.objects("notification-types")}
    return next(
        item["id"] for item in user.emulator.objects("subscriptions") if item["notification_type"]["id"] == types[name]
    )


def test_a_plan_as_json(user):
    user.writes(WORKSPACE)
    ended = user.plans()
    assert ended.code == 0
    document = ended.json
    assert document["format_version"] == "1.0"
    assert document["provider"] == "confluent"
    assert document["summary"] == {"create": 3, "update": 1, "delete": 0, "no_op": 1, "unmanaged": 6}
    assert ended.changes() == [
        "+ integrations/slack",
        "+ subscriptions/Kafka cluster shrink failure",
        "~ subscriptions/SAML certificate is expiring soon",
        "+ resource-preferences/environment=env-1",
    ]
    update = document["changes"][2]
    assert update["diff"] == [
        {"path": "/integrations", "before": ["Organization admins"], "after": ["Platform alerts"]}
    ]
    assert update["id"].startswith("s-")
    assert document["changes"][0]["before"] is None
    assert document["changes"][0]["after"]["target"] == {"kind": "Slack", "webhook_url": "(sensitive)"}
    assert {item["kept"] for item in document["unmanaged"]} == {"not-declared"}


def test_json_validates_against_its_schema(user):
    from jsonschema import Draft202012Validator

    user.writes(WORKSPACE)
    validator = Draft202012Validator(json.loads(schema_text("plan-v1.schema.json")))
    for document in (user.plans().json, user.applies().json, user.plans().json, user.plans("nowhere.yaml").json):
        assert list(validator.iter_errors(document)) == []


def test_the_same_inputs_give_the_same_bytes(user):
    user.writes(WORKSPACE)
    assert user.plans().out == user.plans().out


@pytest.mark.parametrize("format_", ["text", "json"])
def test_no_secret_is_shown(user, format_):
    user.writes(WORKSPACE)
    user.emulator.seed("integrations", _slack("i-1", "Platform alerts", "https://hooks.slack.com/canary-live"))
    for command in (["plan", "-v"], ["plan", "--log-file", "log"], ["apply", "--auto-approve", "-v"]):
        ended = user.runs(*command, "--format", format_)
        assert ended.code == 0
        assert "canary" not in ended.out + ended.err
    assert "canary" not in (user.folder / "log").read_text()


def _slack(identifier, name, url):
    return {"id": identifier, "display_name": name, "target": {"kind": "Slack", "webhook_url": url}}


def test_exit_codes_of_a_plan(user):
    user.writes(WORKSPACE)
    assert user.runs("plan").code == 0
    assert user.runs("plan", "--detailed-exitcode").code == 2
    assert user.applies().code == 0
    assert user.runs("plan", "--detailed-exitcode").code == 0


def test_a_plan_changes_nothing(user):
    user.writes(WORKSPACE)
    before = user.emulator.state()
    user.plans("--mode", "sync")
    assert user.emulator.state() == before
    assert {request.split()[0] for request in user.requests()} == {"GET"}


@pytest.mark.parametrize(
    ("workspace", "expected"),
    [
        ("resources: []", []),
        ("integrations: {}", ["GET integrations"]),
        ("subscriptions: []", ["GET integrations", "GET notification-types", "GET subscriptions"]),
        ("resources: [{resource: environment=e, muted: true}]", ["GET resource-preferences:lookup"]),
        (
            "resources: [{resource: environment=e, subscriptions: []}]",
            ["GET integrations", "GET notification-types", "GET resource-subscriptions:lookup"],
        ),
    ],
)
def test_only_what_the_workspace_needs_is_read(user, workspace, expected):
    user.writes(f"version: 1\nprovider: confluent\n{workspace}\n")
    assert user.plans().code == 0
    assert sorted(user.requests()) == expected


def test_errors_of_the_catalogue_come_in_one_go_beside_the_plan(user):
    user.writes(
        WORKSPACE.replace("SAML certificate is expiring soon", "SAML certificate is expirin soon").replace(
            "  - resource: environment=env-1",
            "  - resource: environment=env-1\n"
            "    subscriptions: [{notification_type: Conector in FAILED state, integrations: [slack]}]",
        )
    )
    ended = user.plans()
    assert ended.code == 1
    assert ended.codes() == ["error:unknown-notification-type", "error:unknown-notification-type"]
    assert "+ integrations/slack" in ended.changes()
    first = ended.json["diagnostics"][0]
    assert (first["file"], first["line"], first["column"]) == ("notifconf.yaml", 12, 24)
    assert "SAML certificate is expiring soon" in first["message"]


def test_an_invalid_workspace_gives_its_diagnostics_and_changes_nothing(user):
    user.writes("version: 1\nprovider: confluent\nsubscriptons: []\nintegrations: {a: {}}\n")
    ended = user.plans()
    assert ended.code == 1
    assert ended.codes() == ["error:invalid-value", "error:unknown-key"]
    assert ended.json["changes"] == []
    assert "notifconf.yaml:3:1: error[unknown-key]" in ended.err
    assert user.requests("POST", "PATCH", "DELETE") == []


MISSPELT = WORKSPACE.replace("[slack, admins]", "[slak, admins]").replace("SAML certificate", "SAMUEL certificate")
FOUND = ["error:undeclared-integration", "error:unknown-notification-type"]


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["apply", "--auto-approve"]])
def test_all_errors_are_told_at_once(user, command):
    user.writes(MISSPELT)
    ended = user.runs(*command, "--format", "json")
    assert (ended.code, ended.codes(), ended.json["changes"]) == (1, FOUND, [])
    assert [item["line"] for item in ended.json["diagnostics"]] == [11, 12]
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_a_plan_of_an_invalid_workspace_is_not_saved(user):
    user.writes(MISSPELT)
    assert user.runs("plan", "--out", "plan.out").code == 1
    assert not (user.folder / "plan.out").exists()


def test_a_missing_variable_beside_a_misspelt_type(user):
    user.writes(WORKSPACE.replace("SAML certificate", "SAMUEL certificate").replace("env-1", "${NOT_SET}"))
    assert user.plans().codes() == ["error:missing-variable", "error:unknown-notification-type"]


@pytest.mark.parametrize(
    ("written", "unresolved"),
    [
        ("display_name: Platform alerts", 'display_name: "${NOT_SET}"'),
        ("display_name: Platform alerts", 'id: "${NOT_SET}"'),
        ("role_name: OrganizationAdmin", 'role_name: "${NOT_SET}"'),
        ("notification_type: kafka cluster SHRINK failure", 'notification_type: "${NOT_SET}"'),
        ("notification_type: kafka cluster SHRINK failure", 'match: {severity: "${NOT_SET}"}'),
        ("notification_type: kafka cluster SHRINK failure", 'match: {severity: ["${NOT_SET}"]}'),
        ("resource: environment=env-1", 'resource: "environment=${NOT_SET}"'),
    ],
)
def test_what_is_not_resolved_is_not_judged(user, written, unresolved):
    """A value that is missing would be looked for in vain: that is no second error."""
    user.writes(WORKSPACE.replace(written, unresolved))
    assert [code for code in user.plans().codes() if code.startswith("error")] == ["error:missing-variable"]


def test_what_is_not_visible_counts_as_none_with_a_warning(user):
    user.writes(WORKSPACE)
    user.emulator.settings.update({"forbidden_access": True})
    ended = user.plans()
    assert (ended.code, "+ resource-preferences/environment=env-1" in ended.changes()) == (0, True)
    (found,) = (item for item in ended.json["diagnostics"] if item["code"] == "not-visible")
    assert (found["severity"], found["line"]) == ("warning", 15)
    assert "environment=env-1" in found["message"]
    for command in ("export", "show"):
        said = user.runs(command, "--resource", "environment=env-7").err
        assert "not-visible" in said, command


def test_a_resource_that_is_forbidden_is_an_error(user):
    user.writes(WORKSPACE)
    user.emulator.settings.update({"forbidden_resources": ["environment=env-1"]})
    ended = user.runs("plan")
    assert (ended.code, "notifconf.yaml:15:" in ended.err) == (1, True)


def test_errors_of_the_workspace_are_told_where_the_service_can_not_be_asked(user):
    user.writes(MISSPELT)
    user.monkeypatch.delenv("CONFLUENT_CLOUD_API_SECRET")
    assert user.plans().codes() == ["error:undeclared-integration"]


def test_a_target_that_names_nothing_is_an_error(user):
    user.writes(WORKSPACE)
    ended = user.plans("--target", "integrations/slak")
    assert (ended.code, ended.codes(), ended.changes()) == (1, ["error:unknown-address"], [])
    assert user.runs("apply", "--auto-approve", "--target", "integrations/slak").code == 1
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_a_target_that_may_be_gone(user):
    user.writes(WORKSPACE)
    ended = user.runs("plan", "--target-if-exists", "integrations/slak")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "No changes among the targets.")
    assert user.runs("plan", "--exclude", "*").out.splitlines()[-1] == "No changes apart from what is excluded."


def test_an_apply_of_a_target_that_it_deletes_is_verified(user):
    user.writes(WORKSPACE + "policy: {mode: sync}\n")
    target = {"kind": "Slack", "webhook_url": SECRET}
    user.emulator.seed("integrations", {"id": "i-old", "display_name": "Old", "target": target})
    ended = user.runs("apply", "--auto-approve", "--target", "integrations/Old")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Verified: the targets are as declared.")


def test_a_protected_integration_names_the_way_out(user):
    user.writes(WORKSPACE)
    assert user.applies().code == 0
    text = WORKSPACE.replace("integrations: [slack, admins]", "integrations: [admins]")
    user.writes(text + "policy:\n  protected: [integrations/Platform alerts]\n")
    user.sets(SLACK_URL=SECRET + "-rotated")
    ended = user.plans()
    assert (ended.code, ended.codes()) == (1, ["error:protected", "warning:removes-channel"])
    blocked = {change["address"]: change["blocked"] for change in ended.json["changes"]}
    assert blocked == {"integrations/slack": None, "subscriptions/Kafka cluster shrink failure": "protected"}
    first = ended.json["diagnostics"][0]
    assert (first["line"], first["address"]) == (10, "subscriptions/Kafka cluster shrink failure")
    assert "notifconf.yaml:18:15" in first["message"]
    assert "--exclude" in first["message"]


def test_a_frozen_object_is_not_changed(user):
    user.writes(WORKSPACE)
    assert user.applies().code == 0
    user.writes(WORKSPACE + "policy: {mode: sync, frozen: [integrations/slack, integrations/gone]}\n")
    user.sets(SLACK_URL=SECRET + "-rotated")
    ended = user.plans("--force")
    assert (ended.code, "error:frozen" in ended.codes(), "warning:protects-nothing" in ended.codes()) == (1, True, True)
    assert [change["blocked"] for change in ended.json["changes"] if change["address"] == "integrations/slack"] == [
        "frozen"
    ]


def test_a_subscription_of_an_unlisted_type_is_kept(user):
    user.writes(WORKSPACE + "policy: {mode: sync, max_deletes: 99}\n")
    reference = [{"id": user.emulator.objects("integrations")[0]["id"]}]
    user.emulator.seed(
        "subscriptions",
        {"id": "s-9", "notification_type": {"id": "nt-new"}, "integrations": reference, "current_state": "ENABLED"},
    )
    ended = user.plans()
    assert {item["id"]: item["kept"] for item in ended.json["unmanaged"]}["s-9"] == "unlisted-type"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["plan", "--nonsense"], {}, "--nonsense"),
        (["plan", "--parallelism", "0"], {}, "--parallelism"),
        (["plan", "--max-deletes", "many"], {}, "max-deletes"),
        (["plan", "--timeout", "nan"], {}, "--timeout"),
        (["plan", "--endpoint", ""], {}, "--endpoint"),
        (["nonsense"], {}, "nonsense"),
        (["plan", "nowhere"], {}, "nowhere"),
        (["plan"], {"CONFLUENT_CLOUD_API_KEY": ""}, "CONFLUENT_CLOUD_API_KEY"),
        (["plan", "--endpoint", "http://example.com"], {}, "https://"),
        (["plan", "--endpoint", "https://confluent.cloud"], {}, "https://api.confluent.cloud"),
        (["plan", "--endpoint", "http://127.0.0.1:9", "--timeout", "1"], {}, "can't be reached"),
        (["plan", "--provider", "confluent", "--output", "no/such/folder"], {}, "no/such/folder"),
        (["apply"], {}, "--auto-approve"),
    ],
)
def test_errors_of_usage_say_what_to_do(user, arguments, environment, said, monkeypatch):
    sleep = asyncio.sleep

    async def at_once(_seconds):
        await sleep(0)  # the emulator, in this process too, must get its turn

    monkeypatch.setattr("notifconf.http.client.asyncio.sleep", at_once)
    user.writes(WORKSPACE)
    user.sets(**environment)
    ended = user.runs(*arguments)
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_wrong_credentials_are_shown_with_the_request_id(user):
    user.writes(WORKSPACE)
    user.emulator.settings.update({"forbidden_resources": ["environment=env-1"]})
    ended = user.plans()
    assert ended.code == 1
    assert "403" in ended.err
    assert "notifconf.yaml:15" in ended.err
    assert "request id" in ended.err
    assert ended.json["changes"] == []


def test_output_writes_the_result_to_a_file(user):
    user.writes(WORKSPACE)
    ended = user.plans("--output", "plan.json")
    assert ended.out == ""
    assert json.loads((user.folder / "plan.json").read_text())["summary"]["create"] == 3


def test_the_log_file_holds_a_line_for_each_request(user):
    user.writes(WORKSPACE)
    user.plans("--log-file", "requests.jsonl")
    lines = [json.loads(text) for text in (user.folder / "requests.jsonl").read_text().splitlines()]
    assert sorted(f"{line['method']} {line['path'].rsplit('/', 1)[1]}" for line in lines) == sorted(user.requests())
    assert all(line["status"] in {200, 404} and line["request_id"] for line in lines)
    assert (user.folder / "requests.jsonl").stat().st_mode & 0o777 == 0o600


def test_parallelism_bounds_the_requests_in_flight(user):
    entries = "".join(f"  - {{resource: environment=e{index}, muted: true}}\n" for index in range(30))
    user.writes(f"version: 1\nprovider: confluent\nresources:\n{entries}")
    user.emulator.settings.update({"latency": 0.005})
    user.plans("--parallelism", "4")
    assert user.emulator.requests.peak == 4


def test_the_embedded_emulator_needs_no_credentials_and_keeps_its_state(user, monkeypatch):
    monkeypatch.delenv("CONFLUENT_CLOUD_API_KEY")
    monkeypatch.delenv("CONFLUENT_CLOUD_ENDPOINT")
    user.writes(WORKSPACE)
    assert user.applies("--endpoint", "emulator:").code == 0
    database = user.folder / ".notifconf" / "emulator.sqlite"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (database.parent, database)] == [0o700, 0o600]
    assert (database.parent / ".gitignore").read_text() == "*\n"
    assert user.plans("--endpoint", "emulator:").changes() == []
    assert user.plans("--endpoint", "emulator:other.sqlite").changes() != []
    assert user.plans("--endpoint", "emulator::memory:").changes() != []
    assert user.requests() == []
