"""Loading as a whole: everything at once, nothing twice, and never anything but a diagnostic."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from io import BytesIO

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notifconf.config import load, parse_max_deletes
from notifconf.errors import UsageError, WorkspaceError
from notifconf.model.policy import Minimum, Mode, Percentage, Policy
from tests.config.workspace import CHANNELS, HEAD, NOW, diagnosed, loaded, places, written

ONE = HEAD + CHANNELS


def told(paths, environment=None):
    with pytest.raises(WorkspaceError) as caught:
        load([str(path) for path in paths], environment=environment, now=NOW)
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


def test_a_valid_workspace():
    workspace = loaded(ONE)
    assert workspace.provider == "confluent"
    assert workspace.diagnostics == ()
    assert workspace.policy == Policy()
    assert workspace.declarations.managed == {"integration", "subscription"}


def test_the_default_path(tmp_path, monkeypatch):
    monkeypatch.chdir(written(tmp_path, notifconf=ONE))
    assert load([], environment=None, now=NOW).provider == "confluent"


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    folder = written(
        tmp_path,
        a="version: 1\nprovider: confluent\nintegrations:\n"
        "  a: {target: {kind: Slack, webhook_url: '${A}'}, colour: red}\n  b: {target: {kind: Slak}}\n",
        b="subscriptions:\n"
        "  - {notification_type: X, integrations: [a, c]}\n"
        "  - {notification_type: Y, integrations: [b], state: 1}\n"
        "  - {notification_type: Z, integrations: b}\n"
        "  - {notification_type: x, integrations: [a]}\n",
        c="resources:\n  - resource: environment=e\n    resource: environment=f\n    muted: maybe\n"
        "policy: {mode: sync}\n",
        d="policy: {mode: sync}\nresources:\n  - resource: topic=t\n    subscriptions:\n"
        "      - {notification_type: T, integrations: [d]}\n      - {notification_type: U}\n",
    )
    lines = [line.removeprefix(f"{tmp_path}/") for line in told([folder], environment={})]
    assert [line.split("]")[0] for line in lines] == [
        "a.yaml:4:42: error[missing-variable",
        "a.yaml:4:51: error[unknown-key",
        "a.yaml:5:22: error[invalid-value",
        "b.yaml:2:46: error[undeclared-integration",
        "b.yaml:3:47: error[unknown-key",
        "b.yaml:4:42: error[invalid-value",
        "b.yaml:5:25: error[duplicate-subscription",
        "c.yaml:3:5: error[duplicate-key",
        "c.yaml:4:12: error[invalid-value",
        "d.yaml:1:10: error[duplicate-key",
        "d.yaml:3:15: error[invalid-value",
        "d.yaml:5:47: error[undeclared-integration",
        "d.yaml:6:9: error[invalid-value",
    ]
    assert f"already at {tmp_path}/b.yaml:2:25" in lines[6]
    assert f"already, at {tmp_path}/c.yaml:5:10" in lines[9]


@pytest.mark.parametrize(("provider", "found"), [("Confluent", 3), ("conflunet", 3), ("acme", 1), ("${X}", 1)])
def test_a_misspelt_provider_hides_no_other_error(tmp_path, provider, found):
    text = f"version: 1\nprovider: {provider}\npolicy: {{mode: sink}}\nbogus: 1\n"
    assert len(told([written(tmp_path, a=text)])) == found


def test_what_was_refused_has_no_consequences():
    """An integration that is wrong is declared all the same, and what is wrong may be what uses another."""
    text = f"""{HEAD}
integrations:
  a: {{target: {{kind: Slack}}}}
  b: {{target: {{kind: Slack, webhook_url: 'https://h/'}}}}
  c: wrong
subscriptions:
  - {{notification_type: X, integrations: [a, c]}}
  - {{notification_type: Y, integrations: [b], current_state: OFF}}
"""
    assert places(diagnosed(text)) == [
        "5:15 error[invalid-value]",
        "7:6 error[invalid-value]",
        "10:62 error[invalid-value]",
    ]


@pytest.mark.parametrize("section", ["integrations: []", "integrations:"])
def test_a_section_that_was_refused_has_no_consequences(section):
    text = f"{HEAD}{section}\nsubscriptions: [{{notification_type: X, integrations: [a]}}]\n"
    assert len(diagnosed(text)) == 1


def test_a_file_that_can_not_be_read_hides_nothing_of_the_others(tmp_path):
    folder = written(
        tmp_path,
        a="version: 1\nprovider: confluent\nintegrations:\n  a: {\n",
        b="version: 1\nprovider: confluent\nsubscriptions:\n  - {notification_type: X, integrations: [a], foo: 1}\n",
        c="- no\n- mapping\n",
        d="integrations: {c: {target: {kind: InApp, user: u}}}\nresources: [{resource: x, muted: true}]\n",
    )
    assert [line.removeprefix(f"{tmp_path}/").split("]")[0] for line in told([folder])] == [
        "a.yaml:4:7: error[yaml-syntax",
        "b.yaml:4:47: error[unknown-key",
        "c.yaml:1:1: error[invalid-value",
        "d.yaml:2:24: error[invalid-value",
    ]


def test_a_broken_file_may_be_the_one_that_says_what_the_others_are(tmp_path):
    folder = written(tmp_path, a="version: 1\nprovider: confluent\nx: [\n", b="subscriptions: [{integrations: []}]\n")
    assert len(told([folder])) == 1
    folder = written(tmp_path, b="provider: confluent\nsubscriptions: [{integrations: []}]\n")
    assert len(told([folder])) == 3


def test_missing_variables_have_no_consequences():
    text = f"""{HEAD}
integrations:
  a: {{display_name: "${{NAME}}", target: {{kind: Webhook, url: "${{URL}}"}}}}
subscriptions:
  - {{notification_type: "${{TYPE}}", integrations: [a, "${{OTHER}}"], current_state: "${{STATE}}"}}
  - {{match: {{severity: "${{SEVERITY}}"}}, integrations: [a]}}
resources:
  - {{resource: "${{RESOURCE}}", muted: {{until: "${{UNTIL}}"}}}}
  - {{resource: "environment=${{ENV}}/cloud-cluster=l", resource_type: "${{TYPE}}", muted: true}}
policy: {{mode: "${{MODE}}", max_deletes: "${{MAX}}", protected: ["${{P}}"]}}
"""
    assert diagnosed(text) == ()
    assert {it.code for it in diagnosed(text, {})} == {"missing-variable"}
    assert len(diagnosed(text, {})) == 13


RESOLVED = {
    "KIND": "Slack",
    "STATE": "DISABLED",
    "UNTIL": "2026-12-01T00:00:00Z",
    "KEY": "a",
    "MAX": "5",
    "MODE": "sync",
}


def test_resolved_values_are_judged_and_never_shown():
    text = f"""{HEAD}
integrations:
  a: {{target: {{kind: "${{KIND}}", webhook_url: "${{URL}}"}}}}
subscriptions:
  - {{notification_type: T, integrations: ["${{KEY}}"], current_state: "${{STATE}}"}}
  - {{match: {{severity: "${{SEVERITY}}"}}, integrations: [a]}}
resources: [{{resource: "${{RESOURCE}}", muted: {{until: "${{UNTIL}}"}}}}]
policy: {{mode: "${{MODE}}", max_deletes: "${{MAX}}"}}
"""
    good = {**RESOLVED, "URL": "https://h/", "RESOURCE": "environment=e", "SEVERITY": "INFO"}
    workspace = loaded(text, good)
    assert workspace.policy == Policy(mode=Mode.SYNC, max_deletes=5)
    canary = "s3cr3t"
    bad = dict.fromkeys(good, canary)
    diagnostics = diagnosed(text, bad)
    assert len(diagnostics) == 8
    assert canary not in "".join(map(str, diagnostics))
    partly = diagnosed(text, {**bad, "KIND": "Slack", "STATE": "ENABLED", "UNTIL": RESOLVED["UNTIL"]})
    assert {it.code for it in partly} >= {"undeclared-integration"}
    assert 'integration "${KEY}" is not declared' in "".join(map(str, partly))
    assert canary not in "".join(map(str, partly))


def test_secrets_stand_in_no_message():
    text = f"""{HEAD}
integrations:
  a: {{target: {{kind: Slack, webhook_url: "ftp://s3cr3t"}}}}
  b: {{target: {{kind: Slack, "url:https://s3cr3t": , webhook_url: "https://s3cr3t:s3cr3t/"}}}}
  c: {{target: {{kind: https://s3cr3t}}}}
  d: {{target: https://s3cr3t}}
  e: {{target: {{kind: MsTeams, webhook_url: "https://s3cr3t.webhook.office.com/"}}}}
  f: {{target: {{kind: RoleEmail, role_name: [s3cr3t]}}}}
  https://s3cr3t: 1
subscriptions:
  - {{match: {{name: x}}, integrations: ["https://s3cr3t"]}}
"""
    diagnostics = diagnosed(text)
    assert len(diagnostics) >= 9
    assert "s3cr3t" not in repr(diagnostics)


def test_anchors_have_their_place():
    text = f"""{HEAD}
x-slack: &slack {{kind: Slack, webhook_url: "${{URL}}"}}
x-unused: "${{UNUSED}}"
integrations:
  a: {{target: *slack, display_name: A}}
  b: {{target: {{<<: *slack, webhook_url: "https://h/"}}, display_name: B}}
subscriptions: [{{match: {{name: x}}, integrations: [a, b]}}]
"""
    assert diagnosed(text, {"URL": "https://h/"}) == ()
    assert places(diagnosed(text, {})) == ["4:44 error[missing-variable]"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", Policy()),
        ("policy: {}", Policy()),
        ("policy: {protected: [], frozen: [], coverage: {}, owner: null, discover: false, silences: allow}", Policy()),
        ("policy: {mode: create-only}", Policy(mode=Mode.CREATE_ONLY)),
        ("policy: {mode: upsert-only}", Policy(mode=Mode.UPSERT_ONLY)),
        ("policy: {mode: sync}", Policy(mode=Mode.SYNC)),
        ("policy: {max_deletes: 0}", Policy(max_deletes=0)),
        ("policy: {max_deletes: 12}", Policy(max_deletes=12)),
        ("policy: {max_deletes: '12'}", Policy(max_deletes=12)),
        ("policy: {max_deletes: 5%}", Policy(max_deletes=Percentage(5))),
        ("policy: {max_deletes: 100%}", Policy(max_deletes=Percentage(100))),
        ("policy: {protected: ['integrations/*', x]}", Policy(protected=("integrations/*", "x"))),
        ("policy: {verify_integrations: false}", Policy(verify_integrations=False)),
        ("policy: {coverage: {}}", Policy()),
        ("policy: {coverage: {CRITICAL: 1, WARN: 0}}", Policy(coverage={"CRITICAL": Minimum(1), "WARN": Minimum(0)})),
        (
            "policy: {coverage: {INFO: {channels: 2, except: [b, a*], count_required_mail: true}}}",
            Policy(coverage={"INFO": Minimum(2, ("a*", "b"), count_required_mail=True)}),
        ),
        ("policy: {silences: refuse}", Policy(silences="refuse")),
    ],
)
def test_policies(policy, expected):
    assert loaded(f"{ONE}{policy}\n").policy == expected


@pytest.mark.parametrize(
    ("provider", "key", "warned"),
    [
        ("confluent", "CRITICAL", ""),
        ("confluent", "INFO", ""),
        ("confluent", "critical", 'no severity "critical" (did you mean "CRITICAL"?)'),
        ("confluent", "plan-and-usage", 'no severity "plan-and-usage": those are CRITICAL, WARN, INFO'),
        ("confluent", "https://host/secret", 'no severity "…": those are'),
        ("konnect", "gateway-manager", ""),
        ("konnect", "gateway-manger", 'no namespace "gateway-manger" (did you mean "gateway-manager"?)'),
    ],
)
def test_a_severity_that_nobody_knows_is_a_warning(provider, key, warned):
    workspace = loaded(f"version: 1\nprovider: {provider}\npolicy: {{coverage: {{{key}: 2}}}}\n")
    assert workspace.policy.coverage == {key: Minimum(2)}
    assert places(workspace.diagnostics) == (["3:21 warning[invalid-value]"] if warned else [])
    assert all(warned in item.message for item in workspace.diagnostics)


@pytest.mark.parametrize(
    ("pattern", "warned"),
    [
        ("integration/*", '"integration" (did you mean "integrations"?)'),
        ("Kafka*", '"Kafka": they begin with integrations, resource-preferences, '),
        ("integrations-/x[a]", '"integrations-" (did you mean "integrations"?)'),
        ("integrations/*", ""),
        ("integrations*", ""),
        ("*/ops", ""),
        ("sub?criptions/x", ""),
        ("resource-[ps]*", ""),
        ("${X}/*", ""),
        ("integration/exact names are compared with what lives", ""),
    ],
)
@pytest.mark.parametrize("guard", ["protected", "frozen"])
def test_a_glob_of_no_address_is_a_warning(guard, pattern, warned):
    workspace = loaded(f'version: 1\nprovider: confluent\npolicy: {{{guard}: ["{pattern}"]}}\n', environment=None)
    column = len(guard) + 13
    assert places(workspace.diagnostics) == ([f"3:{column} warning[protects-nothing]"] if warned else [])
    assert all(warned in item.message for item in workspace.diagnostics)


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("5", 5), (" 7 ", 7), ("0%", Percentage(0)), ("30%", Percentage(30))]
)
def test_max_deletes(text, value):
    assert parse_max_deletes(text) == value


@pytest.mark.parametrize("text", ["", "-1", "1.5", "101%", "030%", "%", "5 %", "many", "1e3", "٣", "9" * 10])
def test_what_max_deletes_is_not(text):
    with pytest.raises(ValueError, match="write a whole number such as 5, or a percentage from 0% to 100%"):
        parse_max_deletes(text)


def test_the_order_of_paths_does_not_matter(tmp_path):
    written(tmp_path, a=HEAD, b=CHANNELS, c="subscriptions: [{match: {name: x}, integrations: [a]}]")
    paths = [str(tmp_path / f"{name}.yaml") for name in "abc"]
    first, second = (load(order, environment=None, now=NOW) for order in (paths, paths[::-1]))
    assert first == second


def test_the_same_file_twice_is_one_file(tmp_path, monkeypatch):
    monkeypatch.chdir(written(tmp_path, a=ONE))
    assert load(["a.yaml", ".", "./a.yaml"], environment=None, now=NOW).diagnostics == ()


def test_provider_and_version_may_be_repeated_if_they_agree(tmp_path):
    folder = written(tmp_path, a=HEAD, b=ONE)
    assert load([str(folder)], environment=None, now=NOW).provider == "confluent"
    # What else the file of another provider says is not judged by the rules of the first one.
    folder = written(tmp_path, c="version: 1\nprovider: konnect\nsubscriptions: [{event: e, name: n}]\n")
    assert told([folder]) == [
        f'{folder}/c.yaml:2:1: error[duplicate-key]: the key "provider" says something else, at {folder}/a.yaml:2:1'
    ]


def test_warnings_come_with_a_workspace_and_with_errors():
    unused = f"{HEAD}integrations: {{a: {{target: {{kind: InApp, user: u}}}}}}\n"
    assert places(loaded(unused).diagnostics) == ["3:16 warning[unused-integration]"]
    assert places(diagnosed(f"{unused}policy: {{mode: x}}\n")) == [
        "3:16 warning[unused-integration]",
        "4:16 error[invalid-value]",
    ]


def test_an_endless_number_of_errors_ends(monkeypatch):
    monkeypatch.setattr(sys.modules["notifconf.config.load"], "MAX_DIAGNOSTICS", 50)
    names = [f"i{n}" for n in range(51)]
    text = f"{HEAD}subscriptions: [{{match: {{name: x}}, integrations: [NAMES]}}]\n"
    assert len(diagnosed(text.replace("NAMES", ", ".join(names[:50])))) == 50
    diagnostics = diagnosed(text.replace("NAMES", ", ".join(names)))
    assert len(diagnostics) == 51
    assert diagnostics[-1].message == "more than 50 things are wrong: reading ends here"
    assert diagnostics[-1].position is None


def quietly(text, environment=None):
    """Load a text: what is wrong with it must be diagnostics, each of which has a place in it."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    try:
        workspace = load(["-"], environment=environment, now=NOW, stdin=BytesIO(data))
        diagnostics = workspace.diagnostics
        assert all(it.severity == "warning" for it in diagnostics)
    except (WorkspaceError, UsageError) as failure:
        diagnostics = getattr(failure, "diagnostics", ())
        assert any(it.severity == "error" for it in diagnostics)
    lines = data.count(b"\n") + data.count(b"\r") + 1
    for it in diagnostics:
        assert it.position is not None
        assert it.position.line >= 1
        assert it.position.column >= 1
        if "\x85" not in str(text) and "\u2028" not in str(text) and "\u2029" not in str(text):
            assert it.position.line <= lines
    assert list(diagnostics) == sorted(diagnostics, key=lambda it: it.sort_key)


@given(st.text())
def test_any_text(text):
    quietly(text)


@given(st.binary())
def test_any_bytes(data):
    quietly(data)


WORDS = (
    "version provider confluent konnect integrations subscriptions resources policy x-a a b target kind Slack "
    "MsTeams Webhook RoleEmail UserEmail InApp webhook_url url role_name user display_name description id "
    "notification_type match severity category subscription_priority name CRITICAL current_state ENABLED resource "
    "resource_type CLUSTER muted until reason mode sync max_deletes protected verify_integrations coverage event "
    "regions entities channels EMAIL enabled ${X} ${Y:-z} ${ $${ https://h/ https://h.webhook.office.com/ 30% yes "
    "environment=e environment=e/cloud-cluster=l cloud-cluster=l organization=o x=y 2026-12-01T00:00:00Z *"
)
words = st.sampled_from(WORDS.split())
scalars = words | st.none() | st.booleans() | st.integers(-2, 100) | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4), max_leaves=25
)
target = st.fixed_dictionaries({"kind": words}, optional={"webhook_url": scalars, "url": scalars, "user": scalars})
entry = st.fixed_dictionaries(
    {}, optional={"target": target | values, "id": scalars, "display_name": scalars, "a": values}
)
subscription = st.fixed_dictionaries(
    {"integrations": st.lists(words, max_size=3) | values},
    optional={
        "notification_type": scalars,
        "match": st.dictionaries(words, words | st.lists(words), max_size=2) | values,
        "current_state": scalars,
        "b": values,
    },
)
resource = st.fixed_dictionaries(
    {"resource": words | scalars},
    optional={
        "muted": st.booleans() | st.fixed_dictionaries({"until": scalars}) | values,
        "resource_type": scalars,
        "subscriptions": st.lists(subscription | values, max_size=2) | values,
    },
)
documents = st.fixed_dictionaries(
    {"version": st.just(1) | scalars, "provider": st.just("confluent") | words},
    optional={
        "integrations": st.dictionaries(words, entry | values, max_size=3) | values,
        "subscriptions": st.lists(subscription | values, max_size=3) | values,
        "resources": st.lists(resource | values, max_size=3) | values,
        "policy": st.dictionaries(words, values, max_size=3) | values,
        "x-a": values,
    },
)


@given(documents, st.sampled_from([None, {}, {"X": "a"}, {"X": "https://h/"}]))
def test_any_document(document, environment):
    quietly(json.dumps(document), environment)


@given(documents, st.integers(0, 2000), st.text(max_size=3))
def test_any_damage(document, place, damage):
    text = yaml.safe_dump(document)
    quietly(text[:place] + damage + text[place + 1 :])


def test_the_clock_is_an_argument():
    text = f"{HEAD}resources: [{{resource: environment=e, muted: {{until: 2026-12-01T00:00:00Z}}}}]\n"
    assert diagnosed(text, now=datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC)) == ()
    assert places(diagnosed(text, now=datetime(2026, 11, 30, tzinfo=UTC))) == ["3:54 warning[mute-expires-soon]"]
    assert places(diagnosed(text, now=datetime(2026, 12, 1, tzinfo=UTC))) == ["3:54 warning[expired-mute]"]


def test_the_policies_of_several_files_are_joined(tmp_path):
    head = f"{HEAD}policy: "
    folder = written(
        tmp_path,
        a=f"{head}{{coverage: {{CRITICAL: 1}}, protected: [integrations/a]}}\n",
        b=f"{head}{{coverage: {{WARN: {{channels: 2}}}}, protected: [integrations/b]}}\n",
    )
    policy = load([str(folder)], environment={}, now=NOW).policy
    assert {name: minimum.channels for name, minimum in policy.coverage.items()} == {"CRITICAL": 1, "WARN": 2}
    assert policy.protected == ("integrations/a", "integrations/b")
    written(tmp_path, c=f"{head}{{coverage: {{CRITICAL: 2}}}}\n")
    (message,) = told([folder])
    assert "error[duplicate-key]" in message


@pytest.mark.parametrize("member", ["max_deletes: 5", "discover: true", "owner: a", "coverage: {CRITICAL: 1}"])
def test_the_same_twice_is_an_error_although_it_is_equal(tmp_path, member):
    folder = written(tmp_path, a=f"{HEAD}policy: {{{member}}}\n", b=f"{HEAD}policy: {{{member}}}\n")
    (message,) = told([folder])
    assert "error[duplicate-key]" in message
