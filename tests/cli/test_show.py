from __future__ import annotations

import json

import pytest

SECRET = "https://hooks.slack.com/services/canary-url"
MAIL = "Organization admins"
SHRINK = "Kafka cluster shrink failure"
FAILED = "Connector in FAILED state"
ELAPSED = "30 days have elapsed since org was created"
PLACE = "environment=env-1/kafka=lkc-1"
WORKSPACE = f"""\
version: 1
provider: confluent
integrations:
  slack:
    display_name: Platform alerts
    target: {{kind: Slack, webhook_url: "${{SLACK_URL}}"}}
  admins:
    target: {{kind: RoleEmail, role_name: OrganizationAdmin}}
subscriptions:
  - notification_type: {SHRINK}
    integrations: [slack, admins]
  - notification_type: Connector in FAILED state
    integrations: [slack]
    current_state: DISABLED
resources:
  - resource: environment=env-1
    muted: true
  - resource: {PLACE}
    subscriptions:
      - notification_type: Kafka cluster expansion failure
        integrations: [slack]
"""


@pytest.fixture
def applied(user, monkeypatch):
    """Somebody whose workspace is applied, and who has the secret no more."""
    user.writes(WORKSPACE)
    user.sets(SLACK_URL=SECRET)
    ended = user.applies()
    assert ended.code == 0, ended.err
    monkeypatch.delenv("SLACK_URL")
    return user


def rows(ended, name):
    assert ended.code == 0, ended.err
    return ended.json[name]


def types(ended):
    return [row["type"] for row in rows(ended, "subscriptions")]


def test_subscriptions_and_integrations(applied):
    ended = applied.runs("show", "--format", "json")
    assert list(ended.json) == [
        "provider",
        "subscriptions",
        "integrations",
        "resource_preferences",
        "resource_subscriptions",
    ]
    assert ended.json["provider"] == "confluent"
    (shrink,) = [row for row in ended.json["subscriptions"] if row["type"] == SHRINK]
    assert shrink.pop("id").startswith("s-")
    assert shrink == {
        "type": SHRINK,
        "severity": "WARN",
        "category": "SERVICE",
        "priority": "OPTIONAL",
        "state": "ENABLED",
        "channels": [MAIL, "Platform alerts"],
    }
    integrations = {row["name"]: (row["kind"], row["used_by"], row["target"]) for row in ended.json["integrations"]}
    assert integrations == {
        MAIL: ("RoleEmail", 8, "OrganizationAdmin"),
        "Platform alerts": ("Slack", 3, "hooks.slack.com"),
    }


def test_the_resources_of_the_workspace_are_looked_up(applied):
    ended = applied.runs("show", "--format", "json")
    (mute,) = rows(ended, "resource_preferences")
    assert (mute["resource"], mute["resource_type"], mute["state"]) == ("environment=env-1", "ENVIRONMENT", "DISABLED")
    (subscription,) = rows(ended, "resource_subscriptions")
    assert (subscription["resource"], subscription["channels"]) == (PLACE, ["Platform alerts"])


@pytest.mark.parametrize(
    ("arguments", "mutes", "subscriptions"),
    [
        ([], 0, 0),
        (["--resource", "environment=env-1"], 1, 0),
        (["--resource", "environment=env-1", "--resource", PLACE], 1, 1),
        (["elsewhere.yaml"], 1, 1),
        (["elsewhere.yaml", "--resource", "environment=env-1"], 1, 1),
    ],
)
def test_which_resources_are_looked_up(applied, arguments, mutes, subscriptions):
    (applied.folder / "notifconf.yaml").rename(applied.folder / "elsewhere.yaml")
    ended = applied.runs("show", "--format", "json", *arguments)
    assert len(rows(ended, "resource_preferences")) == mutes
    assert len(rows(ended, "resource_subscriptions")) == subscriptions


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--type", SHRINK], [SHRINK]),
        (["--type", "kafka*"], [SHRINK]),
        (["--status", "disabled"], [FAILED]),
        (["--channel", "slack"], [FAILED, SHRINK]),
        (["--channel", "platform*", "--status", "ENABLED"], [SHRINK]),
        (["--severity", "critical,warn", "--category", "Service", "--channel", "Slack"], [FAILED, SHRINK]),
        (["--severity", "critical", "--severity", "warn", "--channel", "slack"], [FAILED, SHRINK]),
        (["--category", "billing_licensing , security", "--severity", "info"], [ELAPSED]),
        (["--severity", "info", "--channel", "slack"], []),
    ],
)  # fmt: skip
def test_filters(applied, arguments, expected):
    assert types(applied.runs("show", "--format", "json", *arguments)) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--severity", "fatal"], "CRITICAL, WARN or INFO"),
        (["--category", "SERVICE,NONSENSE"], "NONSENSE"),
        (["--status", "muted"], "ENABLED or DISABLED"),
        (["--channel", "Platform alert"], "Platform alerts"),
        (["--type", "Kafka cluster shrink falure"], SHRINK),
        (["--severity", "critical,"], "comma"),
        (["--resource", "lkc-1"], "cloud-cluster"),
        (["--provider", "konnect", "notifconf.yaml"], "konnect"),
        (["nowhere.yaml"], "nowhere.yaml"),
    ],
)
@pytest.mark.parametrize("format_", ["text", "json"])
def test_nonsense_is_an_error_that_says_what_can_be(applied, arguments, said, format_):
    ended = applied.runs("show", "--format", format_, *arguments)
    assert ended.code == 1
    assert said in ended.err


def test_the_text(applied):
    out = applied.runs("show", "--type", "kafka*").out
    identifier = max(len(SHRINK), 0)
    assert out == (
        "Subscriptions\n"
        f"  {'TYPE':{identifier}}  SEVERITY  CATEGORY  PRIORITY  STATE    CHANNELS\n"
        f"  {SHRINK}  WARN      SERVICE   OPTIONAL  ENABLED  {MAIL}, Platform alerts\n"
        "\n"
        "Integrations\n"
        "  NAME                 KIND       OWNER  USED BY  TARGET\n"
        f"  {MAIL}  RoleEmail  -      8        OrganizationAdmin\n"
        "  Platform alerts      Slack      -      3        hooks.slack.com\n"
        "\n"
        "Mutes\n"
        "  (none passes the filters)\n"
        "\n"
        "Subscriptions of resources\n"
        "  RESOURCE                       TYPE                             SEVERITY  CATEGORY  PRIORITY  STATE"
        "    CHANNELS\n"
        f"  {PLACE}  Kafka cluster expansion failure  CRITICAL  SERVICE   OPTIONAL  ENABLED  Platform alerts\n"
    )


def test_ids_are_there_for_the_verbose(applied):
    assert "i-e0KAB" not in applied.runs("show").out
    assert "i-e0KAB" in applied.runs("show", "-v").out


def test_the_same_state_gives_the_same_bytes(applied):
    assert applied.runs("show", "--format", "json").out == applied.runs("show", "--format", "json").out


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://HOOKS.slack.com/services/canary", "hooks.slack.com"),
        ("https://contoso.webhook.office.com/webhookb2/canary", "contoso.webhook.office.com"),
        ("https://prod-12.westeurope.logic.azure.com:443/workflows/canary", "prod-12.westeurope.logic.azure.com"),
        ("https://events.pagerduty.com/integration/canary/enqueue", "events.pagerduty.com"),
        ("https://api.opsgenie.com/v1/json/eventbridge?apiKey=canary", "api.opsgenie.com"),
        ("https://user:canary@hooks.slack.com/services/x", "hooks.slack.com"),
        ("https://canary.ngrok.app/x", None),
        ("https://canary.m.pipedream.net", None),
        ("https://canary.example.com/", None),
        ("https://hooks.slack.com.canary.example/services/x", None),
        ("https://canary-hooks.slack.com/services/x", None),
        ("https://canarywebhook.office.com/x", None),
        ("https://10.0.0.1:8080/canary", None),
        ("https://[canary/", None),
    ],
)
def test_a_host_is_shown_only_where_many_share_it(user, url, shown):
    member = {"kind": "Webhook", "url": url}
    user.emulator.seed("integrations", {"id": "i-1", "display_name": "hook", "target": member})
    for arguments in (["--format", "json"], ["-v"]):
        ended = user.runs("show", *arguments)
        assert ended.code == 0
        assert "canary" not in ended.out + ended.err
        assert "ngrok" not in ended.out
    (row,) = [row for row in rows(user.runs("show", "--format", "json"), "integrations") if row["name"] == "hook"]
    assert row["target"] == shown


def test_no_secret_is_shown(applied):
    applied.emulator.seed(
        "integrations", {"id": "i-x", "display_name": "New", "target": {"kind": "X", "key": "canary"}}
    )
    for arguments in ([], ["-v"], ["--format", "json"], ["--log-file", "log"]):
        ended = applied.runs("show", *arguments)
        assert ended.code == 0
        assert "canary" not in ended.out + ended.err
    assert "canary" not in (applied.folder / "log").read_text()


def test_it_changes_nothing(applied):
    applied.requests()
    applied.runs("show")
    assert {request.split()[0] for request in applied.requests()} == {"GET"}


@pytest.mark.parametrize("options", [(), ("--allow-env", "")])
def test_a_resource_that_comes_from_outside_needs_its_variable_alone(user, options):
    user.writes(WORKSPACE.replace("resource: environment=env-1\n", 'resource: "environment=${ENV}"\n'))
    if options:
        user.sets(ENV="env-1")
    ended = user.runs("show", *options)
    assert ended.code == 1
    assert "notifconf.yaml:16:15" in ended.err
    user.sets(ENV="env-1")
    user.requests()
    assert user.runs("show").code == 0
    assert any(request.startswith("GET resource-preferences:lookup") for request in user.requests())


def test_a_reference_that_may_not_be_read_does_not_matter_to_who_only_looks(user):
    user.sets(GITHUB_TOKEN="canary-token")
    user.writes(WORKSPACE.replace("${SLACK_URL}", "${GITHUB_TOKEN}"))
    for command in ("show", "types", "export"):
        ended = user.runs(command)
        assert (ended.code, "canary-token" in ended.out + ended.err) == (0, False), ended.err


def test_a_forbidden_resource_is_named_with_its_place(applied):
    applied.emulator.settings.update({"forbidden_resources": [PLACE]})
    ended = applied.runs("show")
    assert ended.code == 1
    assert "notifconf.yaml:18:15" in ended.err


def test_a_broken_workspace_is_an_error_and_not_passed_over(user):
    user.writes("version: 1\nprovider: confluent\nsubscriptons: []\n")
    ended = user.runs("show")
    assert ended.code == 1
    assert "unknown-key" in ended.err


def test_the_provider_that_no_workspace_names(user):
    assert user.runs("show", "--format", "json", "--endpoint", "emulator:").json["provider"] == "confluent"
    konnect = user.runs("show", "--format", "json", "--endpoint", "emulator:", "--provider", "konnect")
    assert konnect.json["provider"] == "konnect"
    user.writes("version: 1\nprovider: konnect\n")
    assert user.runs("show", "--format", "json", "--endpoint", "emulator:").json["provider"] == "konnect"
    other = user.runs("show", "--format", "json", "--endpoint", "emulator:", "--provider", "confluent")
    assert other.json["provider"] == "confluent"


def test_output_goes_to_a_file(applied):
    ended = applied.runs("show", "--output", "out.txt")
    assert (ended.out, ended.err) == ("", "")
    assert (applied.folder / "out.txt").read_text() == applied.runs("show").out
    applied.runs("show", "--format", "json", "--output", "out.json")
    assert json.loads((applied.folder / "out.json").read_text())["provider"] == "confluent"
