"""Every code that a workspace can earn, at its exact place."""

from __future__ import annotations

import pytest

from tests.config.workspace import CHANNELS, HEAD, diagnosed, marked, places

UNKNOWN, INVALID = "error[unknown-key]", "error[invalid-value]"
SLACK = "{kind: Slack, webhook_url: 'https://h/s'}"


def told(text, **more):
    return places(diagnosed(text, **more))


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        # unknown keys, with the nearest known one
        ("§integation: {}", UNKNOWN, '"integation" (did you mean "integrations"?)'),
        ("integrations: {a: {§traget: 1, target: T}}", UNKNOWN, '(did you mean "target"?)'),
        ("integrations: {a: {target: {kind: Slack, §webhook: x, webhook_url: 'https://h/'}}}", UNKNOWN,
         '(did you mean "webhook_url"?)'),
        ("integrations: {a: {target: {kind: InApp, user: u, §role_name: r}}}", UNKNOWN,
         '"role_name": the keys here are kind, user'),
        ("subscriptions: [{notification_type: t, integrations: [a], §whether: ENABLED}]", UNKNOWN,
         '"whether": the keys here are'),
        ("resources: [{resource: environment=e, §mute: true}]", UNKNOWN, '(did you mean "muted"'),
        ("resources: [{resource: environment=e, muted: {until: '2026-12-01T00:00:00Z', §why: x}}]", UNKNOWN,
         '"why": the keys here are from, until, reason'),
        ("policy: {§max_delete: 1}", UNKNOWN, '(did you mean "max_deletes"?)'),
        # wrong types
        ("integrations: §[]", INVALID, '"integrations" must be a mapping'),
        ("integrations:§", INVALID, '"integrations" must be a mapping (nothing stands here)'),
        ("subscriptions: §{}", INVALID, '"subscriptions" must be a list'),
        ("subscriptions:§", INVALID, '"subscriptions" must be a list (nothing stands here)'),
        ("subscriptions: [§x]", INVALID, 'an item of "subscriptions" must be a mapping'),
        ("resources: [{resource: environment=e, muted: §yes}]", INVALID,
         '"muted" must be true, false or a mapping (`true` and `false`, without quotes, are the only booleans)'),
        ("resources: [{resource: environment=e, muted: §'true'}]", INVALID, "without quotes"),
        ("resources: [{resource: environment=e, muted: §'${MUTED}'}]", INVALID,
         "a value from outside is always text"),
        ("integrations: {a: {display_name: §12, target: T}}", INVALID,
         '"display_name" must be text (put it in quotes)'),
        ("integrations: {a: {description: §true, target: T}}", INVALID, "(put it in quotes)"),
        ("policy: {verify_integrations: §on}", INVALID, '"verify_integrations" must be true or false'),
        ("policy: {protected: §x}", INVALID, '"protected" must be a list'),
        # lengths
        (f"integrations: {{a: {{display_name: §{'x' * 65}, target: T}}}}", INVALID,
         '"display_name" must have at most 64 characters'),
        ("integrations: {a: {display_name: §'', target: T}}", INVALID, "must not be empty"),
        ('integrations: {a: {display_name: §"a\\nb", target: T}}', INVALID, "must be one line"),
        (f"integrations: {{a: {{description: §{'x' * 129}, target: T}}}}", INVALID,
         '"description" must have at most 128 characters'),
        (f"integrations: {{a: {{id: §{'x' * 256}, target: T}}}}", INVALID, "at most 255 characters"),
        ("integrations: {a: {id: §'i 1', target: T}}", INVALID, '"id" must hold no spaces'),
        (f"integrations: {{§{'x' * 65}: {{target: T}}}}", INVALID, "at most 64 characters"),
        ("subscriptions: [{notification_type: t, integrations: §[]}]", INVALID, '"integrations" must not be empty'),
        ("subscriptions: [{match: §{}, integrations: [a]}]", INVALID, '"match" must not be empty'),
        ("policy: {max_deletes: §-1}", INVALID, '"max_deletes" must be at least 0'),
        # values
        ("integrations: {§Slack: {target: T}}", INVALID, 'the key "Slack" must hold only a-z, 0-9'),
        ("integrations: {a: {target: {kind: §slack, webhook_url: x}}}", INVALID,
         '"kind" must be one of Slack, MsTeams, Webhook, RoleEmail, UserEmail, InApp (did you mean "Slack"?)'),
        ("integrations: {a: {target: {kind: Slack, webhook_url: §hooks.slack.com/x}}}", INVALID,
         '"webhook_url" must be a URL that begins with https:// or http://'),
        ("integrations: {a: {target: {kind: Webhook, url: §'https://'}}}", INVALID,
         '"url" must be a URL: http:// or https://, a host, and no spaces'),
        ("integrations: {a: {target: {kind: Webhook, url: §'https://a b/'}}}", INVALID, "no spaces"),
        ("integrations: {a: {target: {kind: Webhook, url: §'https://[x/'}}}", INVALID, "a host"),
        ("integrations: {a: {target: {kind: Webhook, url: §'https://h:x/'}}}", INVALID, "a host"),
        ("integrations: {a: {target: {kind: UserEmail, user: §'u 1'}}}", INVALID, "hold no spaces"),
        ("subscriptions: [{notification_type: t, integrations: [a], current_state: §ENABLE}]", INVALID,
         '"current_state" must be one of ENABLED, DISABLED (did you mean "ENABLED"'),
        ("resources: [{resource: environment=e, resource_type: §CLOSTER}]", INVALID, '(did you mean "CLUSTER"?)'),
        ("resources: [{resource: §env-1}]", INVALID, '"env-1" is no resource: write segments TYPE=ID'),
        ("resources: [{resource: §environment=e/}]", INVALID, "is no resource"),
        ("resources: [{resource: §environment=/a=b}]", INVALID, "is no resource"),
        ("resources: [{resource: §topic=t}]", INVALID, "add `resource_type`"),
        ("resources: [{resource: §environment=e/conector=c}]", INVALID,
         'says no type that is known (did you mean "connector" or "cloud-connector"?): add `resource_type`'),
        ("resources: [{resource: organization=o, §subscriptions: []}]", INVALID,
         "an organization has no subscriptions of its own"),
        ("resources: [{resource: x=o, resource_type: ORGANIZATION, §subscriptions: []}]", INVALID,
         "an organization has no subscriptions of its own"),
        ("resources: [{resource: environment=e, muted: {until: §2026-12-01}}]", INVALID,
         '"until" must be a time with an offset or Z, such as 2026-12-01T06:00:00Z'),
        ("resources: [{resource: environment=e, muted: {until: §2026-12-01T00:00:00}}]", INVALID, "an offset or Z"),
        ("resources: [{resource: environment=e, muted: {until: §2026-13-01T00:00:00Z}}]", INVALID, "must be a time"),
        ("resources: [{resource: environment=e, muted: {until: §0001-01-01T00:00:00+14:00}}]", INVALID,
         "must be a time"),
        ("policy: {mode: §upsert}", INVALID,
         '"mode" must be one of create-only, upsert-only, sync (did you mean "upsert-only"?)'),
        ("policy: {max_deletes: §101%}", INVALID, "a percentage from 0% to 100%"),
        ("policy: {max_deletes: §many}", INVALID, "must be a whole number, or a percentage"),
        ("policy: {max_deletes: §1.5}", INVALID, "must be a whole number or text"),
        ("policy: {owner: §Data}", INVALID, "1 to 32 characters of a-z, 0-9 and -"),
        ("policy: {owner: §'$${x}'}", INVALID, "1 to 32 characters of a-z, 0-9 and -"),
        ("policy: {coverage: §1}", INVALID, '"coverage" must be a mapping'),
        ("policy: {coverage: {CRITICAL: §-1}}", INVALID, '"CRITICAL" must be at least 0'),
        ("policy: {coverage: {CRITICAL: §1.5}}", INVALID, '"CRITICAL" must be a whole number'),
        ("policy: {coverage: {CRITICAL: §true}}", INVALID, '"CRITICAL" must be a whole number'),
        ("policy: {coverage: {CRITICAL: §'${MINIMUM}'}}", INVALID, "a value from outside is always text"),
        # what is missing, and what excludes each other
        ("integrations: {a: §{id: i}}", INVALID, '"target" is missing in "a"'),
        ("integrations: {a: {target: §{}}}", INVALID, '"kind" is missing in "target"'),
        ("integrations: {a: {target: §{kind: MsTeams}}}", INVALID, '"webhook_url" is missing'),
        ("subscriptions: [§{notification_type: t}]", INVALID, 'needs "integrations" or "add"'),
        ("subscriptions: [§{notification_type: t, integrations: [a], add: [a]}]", INVALID,
         'takes either "integrations" or "add", not both'),
        ("subscriptions: [{notification_type: t, add: [a], §current_state: ENABLED}]", INVALID,
         '"current_state" goes with "integrations" alone'),
        ("subscriptions: [{match: {except: §[]}, add: [a]}]", INVALID, "must not be empty"),
        ("subscriptions: [§{integrations: [a]}]", INVALID,
         'an item of "subscriptions" needs "notification_type" or "match"'),
        ("subscriptions: [§{notification_type: t, match: {name: '*'}, integrations: [a]}]", INVALID,
         'an item of "subscriptions" takes either "notification_type" or "match", not both'),
        ("resources: [§{muted: true}]", INVALID, 'needs "resource" or "match"'),
        ("resources: [{resource: environment=e, muted: §{reason: x}}]", INVALID, '"until" is missing'),
        ("resources: [{resource: environment=e, subscriptions: [§{match: {name: x}}]}]", INVALID,
         'needs "integrations" or "add"'),
    ],
)  # fmt: skip
def test_the_schemas_errors(line, code, part):
    text, place = marked(HEAD + line.replace("T}", SLACK + "}") + "\n")
    assert any(
        part in it.message and f"{it.severity}[{it.code}]" == code and str(it.position) == f"-:{place}"
        for it in diagnosed(text)
    ), diagnosed(text)


@pytest.mark.parametrize(
    ("text", "expected", "part"),
    [
        ("", ["1:1 error[invalid-value]"] * 2, '"version" is missing'),
        ("version: 1\n", ["1:1 error[invalid-value]"], '"provider" is missing: every workspace has it'),
        ("provider: confluent\n", ["1:1 error[invalid-value]"], '"version" is missing'),
        ("version: 2\nprovider: confluent", ["1:10 error[invalid-value]"], '"version" must be 1'),
        ("version: '1'\nprovider: confluent", ["1:10 error[invalid-value]"], '"version" must be 1, without quotes'),
        ("version: true\nprovider: confluent", ["1:10 error[invalid-value]"], '"version" must be 1'),
        ("version: 1\nprovider: confluence", ["2:11 error[invalid-value]"], '(did you mean "confluent"?)'),
        ("version: 1\nprovider: [confluent]", ["2:11 error[invalid-value]"], "must be one of"),
        ("version: 1\nprovider: ${P}", ["2:11 error[invalid-value]"], "and not a reference"),
        ("[a", ["1:1 error[yaml-syntax]"], "a list in brackets"),
        ("version: 1\nversion: 1\nprovider: confluent", ["2:1 error[duplicate-key]"], "at -:1:1"),
    ],
)
def test_the_frame(text, expected, part):
    diagnostics = diagnosed(text)
    assert places(diagnostics) == expected
    assert any(part in it.message for it in diagnostics)


ONE = HEAD + CHANNELS
FIRST = "{notification_type: T, integrations: [a]}"
ADDS = "subscriptions: [{notification_type: T, add: [a]}]"
CONNECTOR = f"  - {{resource: §x=e, resource_type: CONNECTOR, {ADDS}}}"
CLUSTER = "resources:\n  - resource: cloud-cluster=l\n    subscriptions:\n"


@pytest.mark.parametrize(
    ("more", "code", "part", "address"),
    [
        ("  - {notification_type: T, integrations: [a, §c]}", "undeclared-integration",
         'integration "c" is not declared', "subscriptions/T"),
        ("  - {match: {name: x}, integrations: [§slack]}", "undeclared-integration",
         'integration "slack" is not declared', None),
        (f"{CLUSTER}      - {{notification_type: T, integrations: [§aa]}}", "undeclared-integration",
         '(did you mean "a"?)', "resource-subscriptions/cloud-cluster=l#T"),
        ("  - {notification_type: T, integrations: [§'https://s3cr3t']}", "undeclared-integration",
         "this integration is not declared", "subscriptions/T"),
        ("  - {notification_type: T, integrations: [a, b, §a]}", "invalid-value",
         'an item of "integrations" stands in the list already', None),
        ("  - {notification_type: §all OF it, integrations: [a]}", "duplicate-subscription",
         "has a subscription already at -:7:25", "subscriptions/all OF it"),
        (f"{CLUSTER}      - {FIRST}\n      - {{notification_type: §t, integrations: [b]}}", "duplicate-subscription",
         "already at -:11:29", "resource-subscriptions/cloud-cluster=l#t"),
        ("resources:\n  - {resource: environment=e, muted: true}\n  - {resource: §environment=e, muted: false}",
         "duplicate-resource", "already at -:9:16", "resource-preferences/environment=e"),
        ("resources:\n  - {resource: environment=e, muted: true}\n  - {resource: §environment=e, subscriptions: []}",
         "duplicate-resource", "already at -:9:16", "resource-preferences/environment=e"),
        ("resources:\n  - {resource: {environment: e}, muted: true}\n  - {resource: §{environment: e}, muted: true}",
         "duplicate-resource", "already at -:9:16", "resource-preferences/*"),
        (f"resources:\n  - {{{ADDS}, resource: x=e, resource_type: CLUSTER}}\n{CONNECTOR}",
         "duplicate-resource", "another type at -:9:67", "resource-preferences/x=e"),
    ],
)  # fmt: skip
def test_errors_across_entries(more, code, part, address):
    text, place = marked(ONE + more)
    (diagnostic,) = diagnosed(text)
    assert places((diagnostic,)) == [f"{place} error[{code}]"]
    assert part in diagnostic.message
    assert diagnostic.address == address


@pytest.mark.parametrize(
    ("owner", "description", "is_wrong"),
    [
        ("", "d [notifconf: other]", True),
        ("", "d" * 128, False),
        ("policy: {owner: me}", "d" * (128 - len(" [notifconf: me]")), False),
        ("policy: {owner: me}", "d" * (129 - len(" [notifconf: me]")), True),
        ("policy: {owner: me}", "[notifconf: me]", True),
        ("policy: {owner: '${OWNER}'}", "d" * 128, False),
    ],
)
def test_a_description_leaves_room_for_the_mark(owner, description, is_wrong):
    target = "target: {kind: Slack, webhook_url: '${A:-https://h/s}'}"
    text, place = marked(f"{HEAD}{owner}\nintegrations:\n  a: {{description: §'{description}', {target}}}\n")
    found = [item for item in diagnosed(text) if item.code == "invalid-value"]
    assert places(tuple(found)) == ([f"{place} error[invalid-value]"] if is_wrong else [])


def test_a_workspace_without_integrations_hints_at_its_other_files():
    text = "version: 1\nprovider: confluent\nsubscriptions: [{notification_type: T, integrations: [a]}]\n"
    (found,) = diagnosed(text)
    assert (found.code, "give all files" in found.message) == ("undeclared-integration", True)


@pytest.mark.parametrize("what", ["resource: §environment=e", "resource: §{environment: E}", "match: §{name: '*'}"])
def test_an_entry_of_resources_that_says_nothing(what):
    text, place = marked(f"version: 1\nprovider: confluent\nresources:\n  - {{{what}}}\n")
    assert told(text) == [f"{place} warning[says-nothing]"]
    assert told(text.replace("}\n", ", mutd: true}\n"))[0].endswith("error[unknown-key]")


def test_entries_that_add_may_repeat_a_resource_and_a_type():
    adds = "{notification_type: T, add: [a]}, {match: {name: '*'}, add: [b]}"
    base = "{resource: environment=e, muted: true, subscriptions: [{notification_type: T, integrations: [a]}]}"
    more = f"  - {{resource: environment=e, subscriptions: [{adds}]}}\n" * 2
    assert diagnosed(f"{ONE}  - {{notification_type: All of it, add: [a]}}\nresources:\n  - {base}\n{more}") == ()


URL = "webhook_url: 'https://h/s'"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (f"display_name: N, target: {{kind: Slack, {URL}}}", f"display_name: N, target: {{kind: MsTeams, {URL}}}",
         "display name"),
        (f"display_name: b, target: {{kind: Slack, {URL}}}", f"target: {{kind: Slack, {URL}}}", "display name"),
        (f"id: i, target: {{kind: Slack, {URL}}}", "id: i, target: {kind: InApp, user: u}", "id"),
        ("target: {kind: RoleEmail, role_name: R}", "target: {kind: RoleEmail, role_name: R}", "target"),
        ("target: {kind: InApp, user: u}", "display_name: x, target: {user: u, kind: InApp}", "target"),
        # these are two
        (f"display_name: N, target: {{kind: Slack, {URL}}}", f"display_name: n, target: {{kind: Slack, {URL}}}", ""),
        (f"display_name: N, target: {{kind: Slack, {URL}}}", f"id: i, display_name: N, target: {{kind: Slack, {URL}}}",
         ""),
        ("target: {kind: InApp, user: u}", "target: {kind: UserEmail, user: u}", ""),
        ("id: i, target: {kind: InApp, user: u}", "id: j, target: {kind: InApp, user: u}", ""),
        ("id: b, target: {kind: InApp, user: u}", f"target: {{kind: Slack, {URL}}}", ""),
    ],
)  # fmt: skip
def test_two_keys_never_mean_one_integration(first, second, same):
    used = "subscriptions: [{match: {name: x}, integrations: [a, b]}]\n"
    diagnostics = diagnosed(f"{HEAD}integrations:\n  a: {{{first}}}\n  b: {{{second}}}\n{used}")
    assert places(diagnostics) == (["5:3 error[duplicate-integration]"] if same else [])
    for it in diagnostics:
        assert it.message == f"this is the same integration as the one at -:4:3: both have one {same}"
        assert it.address == "integrations/b"


TEAMS = """\
integrations: {t: {target: {kind: MsTeams, webhook_url: URL}}}
subscriptions: [{match: {name: x}, integrations: [t]}]
"""


@pytest.mark.parametrize(
    ("url", "environment", "legacy"),
    [
        ("'https://contoso.webhook.office.com/webhookb2/x'", None, True),
        ("'https://contoso.WEBHOOK.office.com/x'", None, True),
        ("'https://webhook.office.com/x'", None, True),
        ("'https://contoso.webhook.office.com/${TOKEN}'", None, True),
        ("'${URL}'", {"URL": "https://contoso.webhook.office.com/x"}, True),
        ("'${URL}'", None, False),
        ("'https://notwebhook.office.com/x'", None, False),
        ("'https://contoso.webhook.office.com.example.com/x'", None, False),
        ("'https://prod.westeurope.logic.azure.com/workflows/x'", None, False),
    ],
)
def test_legacy_teams_urls(url, environment, legacy):
    diagnostics = diagnosed(HEAD + TEAMS.replace("URL", url, 1), environment)
    assert places(diagnostics) == (["3:57 warning[legacy-teams-url]"] if legacy else [])
    assert all(it.address == "integrations/t" for it in diagnostics)


@pytest.mark.parametrize(
    ("match", "part"),
    [
        ("severity: §SEVERE", 'the API\'s documents know no "severity" "SEVERE"'),
        ("severity: [INFO, §critical]", '(did you mean "CRITICAL"?)'),
        ("category: §BILLING", '"category" "BILLING"'),
        ("subscription_priority: [§X]", '"subscription_priority" "X"'),
        ("severity: '${SEVERITY}'", None),
        ("severity: [INFO, WARN], category: ACCOUNT, subscription_priority: [OPTIONAL], name: 'K*'", None),
    ],
)
def test_values_of_a_match_that_nobody_knows_are_warnings(match, part):
    text, place = marked(f"{ONE}  - {{match: {{{match}}}, integrations: [a]}}")
    diagnostics = diagnosed(text)
    assert places(diagnostics) == ([f"{place} warning[invalid-value]"] if part else [])
    assert all(part in it.message for it in diagnostics)


def test_unused_integrations():
    unused = "integrations:\n  a: {target: {kind: InApp, user: u}}\n  b: {target: {kind: InApp, user: v}}\n"
    diagnostics = diagnosed(f"{HEAD}{unused}subscriptions: [{{match: {{name: x}}, integrations: [b]}}]\n")
    assert places(diagnostics) == ["4:3 warning[unused-integration]"]
    assert diagnostics[0].address == "integrations/a"
    resource = "resources: [{resource: environment=e, subscriptions: [{notification_type: t, integrations: [a, b]}]}]\n"
    assert told(HEAD + unused + resource) == []
    assert told(HEAD + unused + "subscriptions: [{match: {name: x}, integrations: ['${KEY}']}]\n") == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("cloud-cluster=l", "environment=e/cloud-cluster=l", ["4:15", "at -:6:15"]),
        ("environment=e/cloud-cluster=l", "cloud-cluster=l", ["6:15", "at -:4:15"]),
        ("kafka=l", "environment=e/cloud-cluster=l", ["4:15", "at -:6:15"]),
        ("environment=e/kafka=l", "environment=e/cloud-cluster=l", ["6:15", "at -:4:15"]),
        ("cloud-cluster=l/connector=c", "environment=e/cloud-cluster=l/connector=c", ["4:15", "at -:6:15"]),
        ("cloud-cluster=l", "environment=e/cloud-cluster=l2", None),
        ("environment=e", "environment=e/cloud-cluster=l", None),
        ("connector=l", "environment=e/cloud-cluster=l", None),
    ],
)
def test_ambiguous_resources(first, second, expected):
    text = f"{HEAD}resources:\n  - resource: {first}\n    muted: false\n  - resource: {second}\n    muted: false\n"
    diagnostics = diagnosed(text)
    assert places(diagnostics) == ([f"{expected[0]} warning[ambiguous-resource]"] if expected else [])
    assert all(expected[1] in it.message for it in diagnostics)


def mutes(environment: str, cluster: str) -> str:
    return f"""{HEAD}resources:
  - resource: environment=e
    muted: {environment}
  - resource: environment=e/cloud-cluster=l
    muted: {cluster}
"""


PAST, SOON, LATER = (
    "{until: 2026-11-01T12:00:00Z}",
    "{until: 2026-11-02T13:00:00+01:00}",
    "{until: 2026-11-02T12:00:01Z}",
)


@pytest.mark.parametrize(
    ("environment", "cluster", "expected"),
    [
        ("true", "true", ["7:12 warning[redundant-mute]"]),
        ("true", "false", ["7:12 warning[unmuted-in-muted-environment]"]),
        ("false", "true", []),
        ("false", "false", []),
        (LATER, "true", ["7:12 warning[redundant-mute]"]),
        (LATER, "false", ["7:12 warning[unmuted-in-muted-environment]"]),
        (PAST, "true", ["5:20 warning[expired-mute]"]),
        ("true", PAST, ["7:12 warning[unmuted-in-muted-environment]", "7:20 warning[expired-mute]"]),
        ("true", LATER, ["7:12 warning[redundant-mute]"]),
        ("false", PAST, ["7:20 warning[expired-mute]"]),
        ("false", SOON, ["7:20 warning[mute-expires-soon]"]),
        ("false", LATER, []),
        ("false", "{until: '${UNTIL}'}", []),
    ],
)
def test_mutes(environment, cluster, expected):
    diagnostics = diagnosed(mutes(environment, cluster))
    assert places(diagnostics) == expected
    assert all((it.address or "").startswith("resource-preferences/environment=e") for it in diagnostics)


def test_only_an_environment_cascades():
    text = mutes("true", "true").replace("environment=e/cloud-cluster=l", "environment=e2/cloud-cluster=l")
    assert told(text) == []
    text = mutes("true", "true").replace("environment=e/cloud-cluster=l", "cloud-cluster=k/connector=c")
    assert told(text.replace("environment=e", "cloud-cluster=k")) == []
    nested = mutes("true", "true").replace("environment=e/cloud-cluster=l", "environment=e/cloud-cluster=l/connector=c")
    assert told(nested) == ["7:12 warning[redundant-mute]"]


def test_missing_variables():
    text, place = marked(HEAD + CHANNELS.replace('"https://hooks.example.com/${A:-a}"', "§'${SLACK_URL}'"))
    assert told(text) == []
    assert told(text, environment={}) == [f"{place} error[missing-variable]"]
    assert told(text, environment={"SLACK_URL": "https://hooks.example.com/a"}) == []


@pytest.mark.parametrize(
    "text",
    [
        CHANNELS.replace('"https://hooks.example.com/${A:-a}"', "§'${EMPTY}'"),
        CHANNELS.replace('"https://hooks.example.com/${A:-a}"', "§'https://${EMPTY}/x'"),
        CHANNELS.replace("All of it", "§'${EMPTY}'"),
        CHANNELS.replace("[a, b]", "[a, b, §'${EMPTY}']"),
        CHANNELS.replace("{target:", "{display_name: §'${EMPTY}', target:", 1),
        CHANNELS + "resources: [{resource: §'${EMPTY}', muted: true}]\n",
        CHANNELS + "policy: {mode: §'${EMPTY}'}\n",
    ],
)
def test_an_empty_variable_is_named_where_its_value_is_invalid(text):
    text, place = marked(HEAD + text)
    errors = [item for item in diagnosed(text, {"EMPTY": ""}) if item.severity == "error"]
    assert len(errors) == 1
    assert {f"{item.position.line}:{item.position.column}" for item in errors if item.position} == {place}
    assert all("EMPTY is empty" in item.message for item in errors)


@pytest.mark.parametrize(
    "value", ['"https://hooks.example.com/a"', "hooks.example.com/a", "https://hooks.example.com/a\n"]
)
def test_the_variable_of_a_bad_value_is_named_and_the_value_is_not(value):
    text = HEAD + CHANNELS.replace('"https://hooks.example.com/${A:-a}"', "'${BAD}'")
    (item,) = (item for item in diagnosed(text, {"BAD": value}) if item.severity == "error")
    assert "the environment variable BAD" in item.message
    assert "hooks.example" not in item.message
