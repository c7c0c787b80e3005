"""`notifconf fmt`: canonical order and style, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifconf.config.format import format_text
from notifconf.config.yaml import parse

ROOT = Path(__file__).parents[2]
UNTIDY = """\
# yaml-language-server: $schema=notifconf-v1.schema.json
policy: # how
    mode:   sync
        # most
    max_deletes: 30%
provider: confluent
version: 1
subscriptions:
# who is told
- integrations: [ a,b ]   # both
  # which
  notification_type: 'Kafka cluster shrink failure'


- current_state: DISABLED
  match: {name: "*", severity: CRITICAL}
  integrations:
  - a
# where to
integrations:
  b:
    target: {webhook_url: "${X}", kind: Slack}
    display_name: B
  # the first
  a:
    target:
      url: ${Y}
      kind: Webhook
    description: |
      # no comment

      text
"""
TIDY = """\
# yaml-language-server: $schema=notifconf-v1.schema.json
version: 1
provider: confluent

# where to
integrations:
  b:
    display_name: B
    target: {kind: Slack, webhook_url: "${X}"}
  # the first
  a:
    description: |
      # no comment

      text
    target:
      kind: Webhook
      url: ${Y}

subscriptions:
  # who is told
  # which
  - notification_type: 'Kafka cluster shrink failure'
    integrations: [a, b]  # both

  - match: {severity: CRITICAL, name: "*"}
    integrations:
      - a
    current_state: DISABLED

policy: # how
  mode: sync
  # most
  max_deletes: 30%
"""


def test_order_style_and_comments():
    assert format_text("a.yaml", UNTIDY) == TIDY
    assert format_text("a.yaml", TIDY) == TIDY
    assert parse("a.yaml", UNTIDY.encode())[0] == parse("a.yaml", TIDY.encode())[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet\n",
        "? a\n: b\nversion: 1\n",
        "version: 1\r\npolicy:\r\n  max_deletes: 3\r\n  mode: sync\r\n",
        "version: 1\nprovider: confluent\nresources: [{muted: &m {reason: x}, resource: a}]\nx-later: *m\n",
        "version: 1\nprovider: confluent\npolicy: {mode: sync}\nx-words: [yes, 012, 1_000, 0x1F, ~, 1e3, '#1']\n",
        '{"version": 1, "provider": "confluent", "policy": {"owner": "a", "mode": "sync"}}\n',
        "provider: konnect\nversion: 1\nsubscriptions:\n- channels: {IN_APP: true, EMAIL: false}\n  event: a\n",
        '---\nversion: 1\nx-a: "one\n  # two"\n',
    ],
)
def test_whatever_is_written_means_the_same(text):
    formatted = format_text("a.yaml", text)
    assert formatted is not None
    assert parse("a.yaml", formatted.encode())[0] == parse("a.yaml", text.encode())[0]
    assert format_text("a.yaml", formatted) == formatted


def test_a_comment_beside_an_anchor_an_alias_or_a_dash_stays():
    text = "version: 1\nx-a: &a # one\n  b: c\nx-d:\n-  # two\n   e: *a # three\n# four\nx-f: *a\n"
    formatted = "version: 1\n\nx-a: &a\n  # one\n  b: c\n\nx-d:\n  # two\n  - e: *a  # three\n\n# four\nx-f: *a\n"
    assert format_text("a.yaml", text) == formatted
    assert format_text("a.yaml", formatted) == formatted


KEPT = "version: 1\npolicy: {mode: sync, # why\n  max_deletes: 3}\n"


def test_a_comment_that_ends_a_block_stays_in_it():
    text = """\
version: 1
provider: confluent
subscriptions:
- notification_type: A
  integrations: [a]
  # about A
# about all
resources:
- resource: environment=e
  muted: true
  # subscriptions: []
 # - resource: environment=f
integrations:
    a:
        # above the target
        target: {kind: InApp, user: u}
        # below it
    # b:
    #     target: {kind: InApp, user: u}

# the end
"""
    assert (
        format_text("f", text)
        == """\
version: 1
provider: confluent

integrations:
  a:
    # above the target
    target: {kind: InApp, user: u}
    # below it
  # b:
  #     target: {kind: InApp, user: u}

subscriptions:
  - notification_type: A
    integrations: [a]
    # about A

# about all
resources:
  - resource: environment=e
    muted: true
    # subscriptions: []
  # - resource: environment=f

# the end
"""
    )


def test_where_a_comment_stands_does_not_depend_on_others():
    """ruamel.yaml writes the one behind an anchor into a line of its own, and joins a list over lines."""
    text = """\
version: 1
provider: confluent

integrations:
  a: &a # behind an anchor
    target: {kind: InApp, user: u}
  b: *a
  # end of integrations

subscriptions:
  - notification_type: A
    integrations: [a,
                   b]
    # end of A
  - integrations: [b]
    # above a member of B
    notification_type: B
    # end of B
  # end of subscriptions
"""
    assert (
        format_text("f", text)
        == """\
version: 1
provider: confluent

integrations:
  a: &a
    # behind an anchor
    target: {kind: InApp, user: u}
  b: *a
  # end of integrations

subscriptions:
  - notification_type: A
    integrations: [a, b]
    # end of A
  # above a member of B
  - notification_type: B
    integrations: [b]
    # end of B
  # end of subscriptions
"""
    )


def test_what_has_no_canonical_form_stays_and_that_is_said(user):
    path = user.writes(KEPT)
    for arguments in ((), ("--check",)):
        ended = user.runs("fmt", *arguments)
        assert (ended.code, path.read_text()) == (0, KEPT)
        assert ended.out.startswith("1 file can't be formatted")
        assert ended.err.startswith("warning: notifconf.yaml stays as it is: ")
        assert "in line 2" in ended.err


def test_a_tab_that_only_one_parser_takes_keeps_no_other_file_from_being_formatted(user):
    tabbed = "version: 1\t\nprovider: confluent # x\n"
    user.writes(tabbed, "ws/a.yaml")
    other = user.writes(UNTIDY, "ws/b.yaml")
    ended = user.runs("fmt", "ws")
    assert (ended.code, other.read_text() != UNTIDY, "bug" in ended.err) == (0, True, False)
    assert ended.err.startswith("warning: ws/a.yaml stays as it is: ")


def test_json_says_which_files_change(user):
    user.writes(UNTIDY)
    ended = user.runs("fmt", "--check", "--json")
    assert ended.code == 1
    assert ended.json == {"files": [{"file": "notifconf.yaml", "changed": True}]}


WRITTEN = [
    path
    for path in (*ROOT.glob("examples/*/*.yaml"), *ROOT.glob("notifconf/providers/*/starter.yaml"))
    if "\nversion: 1\n" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_what_we_write_is_formatted(path):
    text = path.read_text(encoding="utf-8")
    assert format_text(path.name, text) == text


def test_check_changes_nothing_and_fmt_writes(user):
    path = user.writes(UNTIDY)
    path.chmod(0o640)
    ended = user.runs("fmt", "--check")
    assert (ended.code, ended.out.splitlines()[0]) == (1, "notifconf.yaml would change.")
    assert path.read_text() == UNTIDY
    assert user.runs("fmt").out == "Wrote notifconf.yaml.\n"
    assert path.read_text() == TIDY
    assert path.stat().st_mode & 0o777 == 0o640
    assert user.runs("fmt", "--check").code == 0


@pytest.mark.parametrize(
    "text", ["kind: ConfigMap\napiVersion: v1\n", "services: {b: {}}\nversion: '3'\n", "on: push\njobs:   {}\n"]
)
def test_what_is_no_workspace_stays_as_it_is(user, text):
    other = user.writes(text, "other.yaml")
    path = user.writes(UNTIDY)
    ended = user.runs("fmt", str(user.folder))
    assert (ended.code, other.read_text(), path.read_text()) == (1, text, UNTIDY)
    assert "other.yaml:1:1: error[unknown-key]" in ended.err


def test_a_file_may_hold_the_version_alone(user):
    user.writes("version: 1\n", "version.yaml")
    user.writes("provider: confluent\nsubscriptions: []\n", "rest.yaml")
    assert user.runs("fmt", str(user.folder)).code == 0


def test_the_line_endings_and_the_mark_of_a_file_stay(user):
    path = user.writes("")
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + UNTIDY.replace("\n", "\r\n").encode())
        assert user.runs("fmt").code == 0
        assert path.read_bytes() == mark + TIDY.replace("\n", "\r\n").encode()
        assert user.runs("fmt", "--check").code == 0


def test_json_shows_no_secret_of_a_file(user):
    literal = "https://hooks.slack.com/services/canary-literal"
    path = user.writes(f"provider: confluent\nversion: 1\nintegrations: {{a: {{target: {{url: '{literal}'}}}}}}\n")
    assert "canary" not in user.runs("fmt", "--check", "--json").out
    assert "canary" not in user.runs("fmt", "--json").out
    assert literal in path.read_text()


def test_what_is_no_yaml_stays_as_it_is(user):
    path = user.writes("version: [1\n")
    ended = user.runs("fmt")
    assert (ended.code, path.read_text()) == (1, "version: [1\n")
    assert "notifconf.yaml:" in ended.err


@pytest.mark.parametrize(
    ("provider", "place", "known"),
    [
        ("confluent", "confluent-subscription/notification_type", "Kafka cluster shrink failure"),
        ("konnect", "konnect-subscription/event", "billing.invoice.unpaid-reminder"),
    ],
)
def test_editors_get_the_names_of_the_types(user, provider, place, known):
    ended = user.runs("schema", "config", "--live", "--provider", provider, "--endpoint", "emulator:")
    entry, member = place.split("/")
    assert known in ended.json["$defs"][entry]["properties"][member]["anyOf"][0]["enum"]
    assert user.runs("schema", "plan", "--live").code == 1
