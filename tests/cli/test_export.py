"""The live state as a workspace: what `export` writes, where, and what a plan makes of it."""

from __future__ import annotations

import pytest

SECRET = "t0ps3cret"
ENVIRONMENT = "environment=env-1"
SECOND = "environment=env-2"
CONNECTOR = f"{ENVIRONMENT}/cloud-cluster=lkc-1/connector=orders"
EVENT = "organization.access-token.expiring"


def slack(identifier, name, **members):
    url = f"https://hooks.example.test/{SECRET}/{identifier}"
    return {"id": identifier, "display_name": name, "target": {"kind": "Slack", "webhook_url": url}, **members}


def subscription(identifier, of_type, *integrations, state="ENABLED", **members):
    return {
        "id": identifier,
        "notification_type": {"id": of_type},
        "integrations": [{"id": name} for name in integrations],
        "current_state": state,
        **members,
    }


def a_type(identifier, name, severity="CRITICAL", priority="OPTIONAL", **members):
    described = {"severity": severity, "category": "SERVICE", "subscription_priority": priority}
    return {"id": identifier, "display_name": name, **described, **members}


@pytest.fixture
def user(user):
    """An organisation of two types, four integrations, and what two resources have of their own."""
    user.emulator.replace(
        {
            "notification-types": [
                a_type("nt-1", "Connector failed", description="A connector has stopped."),
                a_type("nt-2", "Certificate expires", "WARN", "REQUIRED"),
            ],
            "integrations": [
                slack("i-1", "Platform alerts", description="#platform"),
                {
                    "id": "i-2",
                    "display_name": "oncall",
                    "target": {"kind": "Webhook", "url": f"https://e.test/{SECRET}"},
                },
                {"id": "i-3", "display_name": "Admins", "target": {"kind": "RoleEmail", "role_name": "Admin"}},
                {"id": "i-4", "display_name": "u-1", "target": {"kind": "InApp", "user": {"id": "u-1"}}},
            ],
            "subscriptions": [
                subscription("s-2", "nt-2", "i-3"),
                subscription("s-1", "nt-1", "i-2", "i-1", "i-4", state="DISABLED"),
            ],
            "resource-preferences": [
                {"resource": ENVIRONMENT, "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
            ],
            "resource-subscriptions": [
                subscription("rs-1", "nt-1", "i-1", resource=CONNECTOR, resource_type="CONNECTOR")
            ],
        }
    )
    return user


EXPORTED = f"""\
# yaml-language-server: $schema=notifconf-v1.schema.json
# The live state, as `notifconf export` found it: a plan of it shows no change.
# Set these before a plan. Their values are secrets: `notifconf export` writes them nowhere.
#   ONCALL_WEBHOOK_URL=  # Webhook "oncall"
#   PLATFORM_ALERTS_WEBHOOK_URL=  # Slack "Platform alerts"
version: 1
provider: confluent

integrations:
  # "Admins": found by its target, never written
  admins:
    target: {{kind: RoleEmail, role_name: Admin}}
  oncall:
    target: {{kind: Webhook, url: "${{ONCALL_WEBHOOK_URL}}"}}
  platform-alerts:
    display_name: Platform alerts
    description: '#platform'
    target: {{kind: Slack, webhook_url: "${{PLATFORM_ALERTS_WEBHOOK_URL}}"}}
  # "u-1": found by its target, never written
  u-1:
    target: {{kind: InApp, user: u-1}}

subscriptions:
  # CRITICAL, SERVICE, OPTIONAL: A connector has stopped.
  - notification_type: Connector failed
    integrations: [oncall, platform-alerts, u-1]
    current_state: DISABLED
  # WARN, SERVICE, REQUIRED
  - notification_type: Certificate expires
    integrations: [admins]

resources:
  - resource: {ENVIRONMENT}
    muted: true
    subscriptions: []
  - resource: {CONNECTOR}
    subscriptions:
      - notification_type: Connector failed
        integrations: [platform-alerts]
"""


def sets_secrets(user, **more):
    user.sets(
        PLATFORM_ALERTS_WEBHOOK_URL=f"https://hooks.example.test/{SECRET}/i-1",
        ONCALL_WEBHOOK_URL=f"https://e.test/{SECRET}",
        **more,
    )


def plans_nothing(user, *paths):
    ended = user.plans("--mode", "sync", *paths)
    assert (ended.code, ended.changes()) == (0, []), ended.err
    return ended


def test_an_export(user):
    ended = user.runs("export", "--resource", CONNECTOR, "--resource", ENVIRONMENT, "--resource", CONNECTOR)
    assert (ended.code, ended.out) == (0, EXPORTED)
    assert ended.err == (
        "Set these before a plan. Their values are secrets: `notifconf export` writes them nowhere.\n"
        '  ONCALL_WEBHOOK_URL=  # Webhook "oncall"\n'
        '  PLATFORM_ALERTS_WEBHOOK_URL=  # Slack "Platform alerts"\n'
    )
    user.writes(ended.out)
    sets_secrets(user)
    assert plans_nothing(user).json["unmanaged"] == []


def test_what_is_to_be_set_is_missing_until_it_is(user):
    user.writes(user.runs("export").out)
    ended = user.runs("plan")
    assert ended.code == 1
    assert "the environment variable ONCALL_WEBHOOK_URL is not set" in ended.err
    assert user.runs("validate").code == 0


def test_no_secret_is_anywhere(user):
    ended = user.runs("export", "--output", "ws/", "--verbose", "--log-file", "log")
    said = ended.out + ended.err + "".join(path.read_text() for path in user.folder.rglob("*") if path.is_file())
    assert SECRET not in said


def test_it_only_reads_and_looks_up_what_was_asked_for(user):
    user.runs("export", "--resource", "organization=o", "--resource", ENVIRONMENT)
    assert sorted(user.requests()) == [
        "GET /org/v2/environments",
        "GET integrations",
        "GET notification-types",
        "GET resource-preferences:lookup",
        "GET resource-preferences:lookup",
        "GET resource-subscriptions:lookup",
        "GET subscriptions",
    ]


def test_a_file(user):
    ended = user.runs("export", "--output", "alerts.yaml")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.endswith("Wrote alerts.yaml. `notifconf plan alerts.yaml` shows no change.\n")
    assert (user.folder / "alerts.yaml").read_text() == EXPORTED.partition("\nresources:")[0]
    assert user.runs("schema").out == (user.folder / "notifconf-v1.schema.json").read_text()
    sets_secrets(user)
    plans_nothing(user, "alerts.yaml")


@pytest.mark.parametrize("output", ["new/folder/", "there"])
def test_a_folder_has_a_file_for_each_section(user, output):
    (user.folder / "there").mkdir()
    folder = user.folder / output
    assert user.runs("export", "--resource", ENVIRONMENT, "--output", output).code == 0
    names = {path.name for path in folder.iterdir()}
    assert names == {"integrations.yaml", "subscriptions.yaml", "resources.yaml", "notifconf-v1.schema.json"}
    texts = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    for text in texts.values():
        assert text.startswith("# yaml-language-server: $schema=notifconf-v1.schema.json\n")
        assert "\nversion: 1\nprovider: confluent\n\n" in text
    assert [name for name, text in texts.items() if "#   ONCALL_WEBHOOK_URL=" in text] == ["integrations.yaml"]
    sets_secrets(user)
    plans_nothing(user, output)


@pytest.mark.parametrize(
    ("there", "output"),
    [
        ("alerts.yaml", "alerts.yaml"),
        ("ws/integrations.yaml", "ws/"),
        ("ws/anything.yml", "ws"),
        ("notifconf.yaml", "."),
    ],
)
def test_nothing_is_overwritten_or_added_to(user, there, output):
    user.writes("version: 1\nprovider: confluent\n", there)
    before = {path: path.read_text() for path in user.folder.rglob("*") if path.is_file()}
    ended = user.runs("export", "--output", output)
    assert ended.code == 1
    assert f"{there} is there already" in ended.err
    assert user.requests() == []
    assert {path: path.read_text() for path in user.folder.rglob("*") if path.is_file()} == before


def test_a_schema_that_is_there_stays(user):
    user.writes("mine", "notifconf-v1.schema.json")
    assert user.runs("export", "--output", "alerts.yaml").code == 0
    assert (user.folder / "notifconf-v1.schema.json").read_text() == "mine"


def test_a_place_that_can_not_be_written(user):
    user.writes("", "file")
    ended = user.runs("export", "--output", "file/alerts.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert "error: can't write file" in ended.err


def test_what_can_not_be_declared_is_said_and_stays(user):
    user.emulator.seed("notification-types", a_type("nt-3", "Th*rd"), a_type("nt-4", "Fourth"), a_type("nt-5", "No"))
    user.emulator.seed(
        "integrations",
        {"id": "i-5", "display_name": "Pager", "target": {"kind": "PagerDuty", "key": SECRET}},
        slack("i-6", "bad\x07name"),
        slack("i-7", "No URL", target={"kind": "Slack", "webhook_url": f"ftp://{SECRET}"}),
        {"id": "i-8", "display_name": "Nobody", "target": {"kind": "UserEmail", "user": {}}},
        slack("i-9", "Gone", metadata={"deleted_at": "2020-01-01T00:00:00Z"}),
    )
    user.emulator.seed(
        "subscriptions",
        subscription("s-2", "nt-2", "i-3", state="DISABLED"),
        subscription("s-3", "nt-3", "i-5"),
        subscription("s-4", "nt-4", "i-1", state="PAUSED"),
        subscription("s-5", "nt-gone", "i-1"),
        subscription("s-6", "nt-5", "i-9"),
        subscription("s-7", "nt-1", "i-2"),
    )
    user.emulator.seed(
        "resource-preferences",
        {"id": "rp-2", "resource": SECOND, "resource_type": "ENVIRONMENT", "current_state": "PAUSED"},
    )
    ended = user.runs("export", "--resource", SECOND, "--output", "ws/")
    assert ended.code == 0
    assert [line for line in ended.err.splitlines() if line.startswith("warning: ")] == [
        r"warning: integrations/bad\x07name (i-6) is left out: its name is empty, too long, or not one line of text",
        'warning: integrations/No URL (i-7) is left out: its "webhook_url" is not a URL',
        'warning: integrations/Nobody (i-8) is left out: its target has no "user" that can be declared',
        'warning: integrations/Pager (i-5) is left out: its kind "PagerDuty" is not known to notifconf',
        "warning: subscriptions/Connector failed (s-1) is left out: another one is to the same type",
        "warning: subscriptions/Connector failed (s-7) is left out: another one is to the same type",
        'warning: subscriptions/Fourth (s-4) is left out: its state "PAUSED" is not known to notifconf',
        'warning: subscriptions/No (s-6) is left out: its integration "i-9" does not exist',
        'warning: subscriptions/Th*rd (s-3) is left out: its integration "Pager" is left out',
        "warning: subscriptions/Certificate expires (s-2) is left out: its type is REQUIRED, and it is DISABLED",
        'warning: subscriptions/nt-gone (s-5) is left out: its notification type "nt-gone" does not exist',
        f'warning: resource-preferences/{SECOND} (rp-2) is left out: its state "PAUSED" is not known to notifconf',
    ]
    assert (
        (user.folder / "ws/policy.yaml").read_text().partition("confluent\n\n")[2]
        == """\
policy:
  # What is left out stays as it is, in mode sync too.
  protected:
    - integrations/No URL
    - integrations/bad?name
    - subscriptions/Connector failed#s-1
    - subscriptions/Connector failed#s-7
    - subscriptions/Fourth
    - subscriptions/No
    - subscriptions/Th[*]rd
"""
    )
    for line in ended.err.splitlines():
        if line.startswith("warning: "):
            comment = "# " + line.removeprefix("warning: ")
            assert sum(comment in path.read_text() for path in (user.folder / "ws").glob("*.yaml")) == 1
    sets_secrets(user)
    kept = {item["address"]: item["kept"] for item in plans_nothing(user, "ws").json["unmanaged"]}
    assert kept["integrations/Pager"] == "read-only"
    assert kept["subscriptions/Certificate expires"] == "required"
    assert kept["integrations/bad\x07name"] == "protected"


def test_twins_are_pinned(user):
    user.emulator.seed("integrations", slack("i-7", "Platform alerts"), slack("i-6", "platform ALERTS"))
    text = user.runs("export").out
    assert (
        """\
  # another one is like it: the id says which is meant
  platform-alerts:
    display_name: Platform alerts
    description: '#platform'
    id: i-1
    target: {kind: Slack, webhook_url: "${PLATFORM_ALERTS_WEBHOOK_URL}"}
  # another one is like it: the id says which is meant
  platform-alerts-2:
    display_name: Platform alerts
    id: i-7
    target: {kind: Slack, webhook_url: "${PLATFORM_ALERTS_2_WEBHOOK_URL}"}
  platform-alerts-3:
    display_name: platform ALERTS
    target: {kind: Slack, webhook_url: "${PLATFORM_ALERTS_3_WEBHOOK_URL}"}
"""
        in text
    )
    user.writes(text)
    sets_secrets(
        user,
        PLATFORM_ALERTS_2_WEBHOOK_URL=f"https://hooks.example.test/{SECRET}/i-7",
        PLATFORM_ALERTS_3_WEBHOOK_URL=f"https://hooks.example.test/{SECRET}/i-6",
    )
    plans_nothing(user)


def test_a_type_that_shares_its_name_goes_by_its_id(user):
    user.emulator.seed("notification-types", a_type("nt-3", "connector FAILED"))
    text = user.runs("export").out
    assert '  # "Connector failed", CRITICAL, SERVICE, OPTIONAL: A connector has stopped.\n' in text
    assert "  - notification_type: nt-1\n" in text


def test_types_that_can_not_be_told_apart_are_left_out_but_for_one(user):
    user.emulator.replace(
        {
            "notification-types": [a_type("nt-a", "Same"), a_type("nt-A", "Same")],
            "subscriptions": [subscription("s-1", "nt-a", "i-2"), subscription("s-2", "nt-A", "i-2")],
        }
    )
    ended = user.runs("export")
    assert (
        "warning: subscriptions/Same (s-1) is left out: its notification type has neither a name nor an id" in ended.err
    )
    assert "  - notification_type: nt-A\n" in ended.out
    user.writes(ended.out)
    sets_secrets(user)
    plans_nothing(user)


def test_a_text_stands_on_one_line(user):
    user.emulator.seed("integrations", slack("i-1", "Platform alerts", description="two\nlines, a \u2028 and an é"))
    assert r'    description: "two\nlines, a \L and an é"' in user.runs("export").out


def test_a_description_that_can_not_be_said_is_left_alone(user):
    user.emulator.seed("integrations", slack("i-1", "Platform alerts", description="x" * 129))
    text = user.runs("export").out
    assert "  # its description is left alone: too long, or not text\n  platform-alerts:\n" in text
    user.writes(text)
    sets_secrets(user)
    plans_nothing(user)


def test_text_that_looks_like_something_else_stays_text(user):
    names = ["no", "1.0", "2026-11-22", "${HOME}", "a: b #c", "- x", "'", '"', "x-", "é\u2028", "\u00a0", "\u202eabc"]
    user.emulator.replace(
        {
            "integrations": [slack(f"i-{number}", name) for number, name in enumerate(names)],
            "subscriptions": [],
            "notification-types": [],
        }
    )
    ended = user.runs("export")
    assert "    display_name: $${HOME}\n" in ended.out
    assert ended.out.replace("\n", "").isprintable()
    user.writes(ended.out)
    keys = [line.strip().removesuffix("=") for line in (part.split("#")[0] for part in ended.err.splitlines()[1:])]
    by_name = dict(zip([line.split(' "', 1)[1][:-1] for line in ended.err.splitlines()[1:]], keys, strict=True))
    for number, name in enumerate(names):
        shown = name.encode("unicode_escape").decode() if not name.isprintable() else name
        shown = shown.replace(r"\xe9", "é")
        user.sets(**{by_name[shown]: f"https://hooks.example.test/{SECRET}/i-{number}"})
    plans_nothing(user)


def test_an_export_can_be_planned_from_a_pipe(user, monkeypatch):
    import io
    import sys

    sets_secrets(user)
    text = user.runs("export", "--quiet")
    assert text.err == ""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.out.encode())))
    plans_nothing(user, "-")


def test_an_export_is_the_same_again(user):
    assert user.runs("export").out == user.runs("export").out


def test_there_is_one_format(user):
    ended = user.runs("export", "--format", "json")
    assert (ended.code, "No such option" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("env-1", '"env-1" is no resource'),
        ("environment=", '"environment=" is no resource'),
        ("/environment=env-1", '"/environment=env-1" is no resource'),
        ("environment=a\nb", r'there is no environment "a\x0ab"'),
        ("topic=t", "with a last TYPE of"),
    ],
)
def test_what_is_no_resource_is_an_error(user, resource, said):
    ended = user.runs("export", "--resource", resource)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert set(user.requests()) <= {"GET /org/v2/environments"}


def test_a_resource_that_may_not_be_looked_up_is_an_error(user):
    user.emulator.settings.forbidden_resources = [ENVIRONMENT]
    ended = user.runs("export", "--resource", ENVIRONMENT, "--output", "alerts.yaml")
    assert ended.code == 1
    assert f'"{ENVIRONMENT}"' in ended.err
    assert not (user.folder / "alerts.yaml").exists()


CHANNELS = [{"type": "EMAIL", "enabled": True}, {"type": "IN_APP", "enabled": False}]


@pytest.fixture
def konnect(user):
    user.sets(KONNECT_SERVER_URL=f"{user.url}/v1", KONNECT_TOKEN="canary-token")
    user.emulator.seed(
        "event-subscriptions",
        {"id": "1", "event_id": EVENT, "name": "Ops", "channels": CHANNELS},
        {"id": "2", "event_id": EVENT, "name": "Ops", "regions": ["EU"], "channels": CHANNELS},
        {
            "id": "3",
            "event_id": EVENT,
            "regions": ["EU", "US"],
            "channels": [*CHANNELS, {"type": "X", "enabled": True}],
        },
        {"id": "4", "event_id": EVENT, "name": "Off", "entities": ["b", "a"], "enabled": False, "channels": None},
        {"id": "5", "event_id": "billing.invoice.ready", "name": "Bills", "channels": []},
        {"id": "6", "event_id": "billing.invoice.ready", "name": "Not", "enabled": False},
    )
    return user


def test_an_export_of_konnect(konnect):
    ended = konnect.runs("export", "--provider", "konnect")
    assert (ended.code, ended.out) == (
        0,
        f"""\
# yaml-language-server: $schema=notifconf-v1.schema.json
# The live state, as `notifconf export` found it: a plan of it shows no change.
version: 1
provider: konnect

subscriptions:
  # event-subscriptions/billing.invoice.ready#Not (6) is left out: it is disabled, although billing events are mandatory

  # plan-and-usage: The invoice of the past period can be downloaded.
  - event: billing.invoice.ready
    name: Bills
  # organization: A personal or system access token runs out soon.
  # its channel "X" is left alone
  # it has no name in the service
  - event: {EVENT}
    name: EU, US
    regions: [EU, US]
    channels: {{EMAIL: true, IN_APP: false}}
  # organization: A personal or system access token runs out soon.
  - event: {EVENT}
    name: 'Off'
    entities: [a, b]
    enabled: false
  # organization: A personal or system access token runs out soon.
  # another one is like it: the id says which is meant
  - event: {EVENT}
    name: Ops
    id: '1'
    channels: {{EMAIL: true, IN_APP: false}}
  # organization: A personal or system access token runs out soon.
  # another one is like it: the id says which is meant
  - event: {EVENT}
    name: Ops
    id: '2'
    regions: [EU]
    channels: {{EMAIL: true, IN_APP: false}}
""",
    )
    konnect.writes(ended.out)
    kept = {item["id"]: item["kept"] for item in plans_nothing(konnect).json["unmanaged"]}
    assert kept == {"6": "required"}


def test_konnect_has_no_resources(konnect):
    ended = konnect.runs("export", "--provider", "konnect", "--resource", ENVIRONMENT)
    assert (ended.code, ended.out) == (1, "")
    assert "Kong Konnect has no resources: leave --resource out" in ended.err


def test_the_workspace_here_says_which_service(konnect):
    konnect.writes("version: 1\nprovider: konnect\n")
    assert "\nprovider: konnect\n" in konnect.runs("export").out
    assert "\nprovider: confluent\n" in konnect.runs("export", "--provider", "confluent").out
