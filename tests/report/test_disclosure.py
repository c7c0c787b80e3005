from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notifconf.report.excerpt import Members, disclose

SAFE = frozenset(
    {"version", "provider", "integrations", "subscriptions", "resources", "policy", "display_name", "description", "id"}
    | {"kind", "match", "severity", "category", "name", "notification_type", "current_state", "resource"}
    | {"muted", "until", "reason", "mode", "protected"}
)
LANGUAGE = Members(SAFE, public={"kind"}, named={"integrations"})
SECRET = "s3cret"


def shown(text: str, line: int | None = None, *, values: bool = True) -> str | None:
    """What is shown of a line (from 1) of a file, else of its last one."""
    lines = text.split("\n")
    return disclose(lines, (line or len(lines)) - 1, LANGUAGE, values=values)


@pytest.mark.parametrize(
    "text",
    [
        "version: 2",
        "subscriptons: []",
        "integrations:\n  slack:\n    display_name: Alerts, of 'prod'",
        'integrations:\n  slack:\n    description: "#platform"',
        "integrations:\n  slack: {display_name: X, id: i-1}",
        "integrations: {slack: {display_name: X}}",
        "subscriptions:\n  - match: {severity: [CRITCAL, WARN], category: X}",
        "subscriptions:\n- notification_type: Kafka cluster\n  integrations:\n  - slak",
        "subscriptions:\n  - notification_type: Kafka\n    integrations:\n      - slak",
        "subscriptions:\n  - notification_type: K\n    integrations: [slak, b]",
        "resources:\n  - resource: environment=env-1/kafka=lkc-1",
        "resources:\n  - resource: e\n    muted: {until: 2026-12-01T06:00:00Z}",
        "policy:\n  protected: ['*', \"integrations/a\"]",
        "integrations:\n  a:\n    target: {kind: Slakc}",
        'integrations:\n  a:\n    target: {kind: Slack, webhook_url: "${URL}"}',
        "integrations:\n  a:\n    target:\n      url: ${file:/run/secrets/url}",
    ],
)
def test_harmless_lines_are_shown_whole(text):
    assert shown(text) == text.rpartition("\n")[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    target: {kind: Slack, webhook_url: s3cret}", "    target: {kind: Slack, webhook_url: …"),
        ("    target: {kind: Slack, url: 'https://s3cret', x: y}", "    target: {kind: Slack, url: …"),
        ('    target: {"kind": "Slack", "url":"https://s3cret"}', '    target: {"kind": "Slack", "url":…'),
        ("    target: {webhook_url: s3cret, kind: Slack}", "    target: {webhook_url: …"),
        ("    oncall: s3cret", "    oncall: …"),
        ("      webhook_url: s3cret", "      webhook_url: …"),
        ("      webhook_url: ${URL:-s3cret}", "      webhook_url: …"),
        ("      webhook_url: https://s3cret/${TOKEN}", "      webhook_url: …"),
        ("      webhook_url: ${TOKEN}s3cret", "      webhook_url: …"),
        ("      url: >-", "      url: …"),
        ("    target: {kind: PagerDuty, id: s3cret}", "    target: {kind: PagerDuty, id: …"),
        ("    target: {kind: PagerDuty, [s3cret]}", "    target: {kind: PagerDuty, […"),
        ("    target: s3cret", "    target: …"),
        ("    tagret: {kind: PagerDuty, id: s3cret}", "    tagret: {kind: PagerDuty, id: …"),
        ("    url: s3cret", "    url: …"),
        ("    my key: s3cret", None),
        ("    description: see https://s3cret", "    description: …"),
        ("    description: fine # s3cret", "    description: fine …"),
        ("    description: fine\ts3cret", "    description: fine\ts3cret"),
        ("    display_name: a: s3cret", "    display_name: a: …"),
        ("    display_name: {a$b: s3cret}", "    display_name: {…"),
        ("    display_name: {id: 1} s3cret", "    display_name: {id: 1} …"),
        ('    display_name: "unclosed s3cret', "    display_name: …"),
        ("x-anchors: &slack {kind: Slack, id: s3cret}", "x-anchors: …"),
        ("x-anchors: {kind: Slack, id: s3cret}", "x-anchors: {kind: Slack, id: …"),
        ("# old: https://s3cret", None),
        ("  https://s3cret", None),
        ("  s3cret", None),
        ("  - https://s3cret", None),
        ("  - web$hook: s3cret", None),
        ("", ""),
    ],
)  # fmt: skip
def test_what_may_be_a_secret_ends_what_is_shown(text, expected):
    assert shown(f"integrations:\n  slack:\n{text}") == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("integrations:\n  a:\n    target:\n      kind: New\n      id: s3cret", 5),
        ("integrations:\n  a:\n    target:\n      kind: New\n      more:\n        name: s3cret", 6),
        ("integrations:\n  a:\n    target:\n      # a comment\n\n      name: s3cret", 6),
        ("integrations:\n  a:\n    target: {kind: New,\n  name: s3cret}", 4),
        ("integrations:\n  a:\n    target: {kind: New\n  , name: s3cret\n}", 4),
        ("integrations:\n  a:\n    target: { # a comment\n  name: s3cret\n}", 4),
        ("integrations:\n  a:\n    target: {kind: New, name:\n    s3cret}", 4),
        ("integrations:\n  a:\n    target:\n      kind: New\n      ids:\n      - s3cret", 6),
        ("integrations:\n  a:\n    tagret:\n      id: s3cret", 4),
        ("x-targets:\n  name: s3cret", 2),
        ("x-targets:\n  - s3cret", 2),
        ("x-targets:\n  - &a\n    kind: New\n    id: s3cret", 4),
    ],
)
def test_what_stands_around_a_line_counts(text, line):
    assert SECRET not in (shown(text, line) or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  description: s3cret", "  description: …"),
        ("    kind: s3cret", "    kind: …"),
        ('  target: {kind: s3cret, webhook_url: "https://s3cret', "  target: {kind: …"),
        ('      webhook_url: "${URL}"', '      webhook_url: "${URL}"'),
        ("  - s3cret", None),
        ("  version 1", None),
        ("  subscriptions: [", "  subscriptions: ["),
    ],
)
def test_without_values_only_keys_are_shown(text, expected):
    assert shown(text, values=False) == expected


MAPPINGS = st.dictionaries(
    st.sampled_from([*sorted(SAFE - {"kind"}), "url", "token", "a b"]), st.just(SECRET), min_size=1
)
SECRETS = st.one_of(MAPPINGS, MAPPINGS.map(lambda members: [members]), MAPPINGS.map(lambda members: {"id": members}))


STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "width": st.sampled_from([10, 40, 1000]),
        "indent": st.sampled_from([2, 4]),
    }
)


@given(members=SECRETS, named=st.sampled_from(["target", "tagret", "x"]), style=STYLES)
def test_no_style_of_yaml_brings_a_secret_out(members, named, style):
    entry = {"display_name": "Alerts", named: {"kind": "New", "more": members}, "description": "fine"}
    if isinstance(members, dict):
        entry[named] = {"kind": "New", **members}
    document = {"version": 1, "integrations": {"alerts": entry}, "x-more": members}
    text = yaml.dump(document, sort_keys=False, **style)
    lines = text.split("\n")
    for index in range(len(lines)):
        for values in (True, False):
            assert SECRET not in (disclose(lines, index, LANGUAGE, values=values) or ""), text


JUNK = st.text(st.sampled_from(list("ab-: ,{}[]\"'#&*!|>\n\t")), max_size=30)


@given(before=JUNK, between=JUNK, key=st.sampled_from(["webhook_url", "url", "token", "webhook-url", '"url"']))
def test_no_junk_around_it_brings_a_url_out(before, between, key):
    lines = f"integrations:\n  a:\n    target:\n{before}{key}: {between}https://s3cret".split("\n")
    for index in range(len(lines)):
        for values in (True, False):
            assert "//s3cret" not in (disclose(lines, index, LANGUAGE, values=values) or "")


@given(before=JUNK, between=JUNK)
def test_no_junk_around_it_brings_a_secret_of_another_kind_out(before, between):
    lines = f"integrations:\n  a:\n    target: {{kind: New, {before} token: {between}s3cret".split("\n")
    for index in range(len(lines)):
        assert SECRET not in (disclose(lines, index, LANGUAGE) or "")
