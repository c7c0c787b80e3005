"""`notifconf validate --strict`."""

from __future__ import annotations

from tests.cli.conftest import User

LITERAL = """\
version: 1
provider: confluent
integrations:
  a: {target: {kind: Slack, webhook_url: "https://hooks.slack.com/services/canary"}}
subscriptions:
  - {notification_type: T, integrations: [a]}
"""


def test_a_warning_is_an_error(user: User) -> None:
    user.writes(LITERAL)
    ended = user.runs("validate")
    assert ended.code == 0
    assert "notifconf.yaml:4:42: warning[literal-secret]" in ended.err
    ended = user.runs("validate", "--strict")
    assert ended.code == 1
    assert "notifconf.yaml:4:42: error[literal-secret]" in ended.err
    assert "canary" not in ended.out + ended.err
    ended = user.runs("validate", "--strict", "--format", "json")
    assert ended.code == 1
    assert ended.codes() == ["error:literal-secret"]


def test_beside_errors_warnings_are_errors_too(user: User) -> None:
    user.writes(LITERAL + "policy: {mode: x}\n")
    ended = user.runs("validate", "--strict", "--format", "json")
    assert ended.codes() == ["error:invalid-value", "error:literal-secret"]


def test_without_warnings_nothing_changes(user: User) -> None:
    user.writes(LITERAL.replace("https://hooks.slack.com/services/canary", "${SLACK_URL}"))
    ended = user.runs("validate", "--strict")
    assert (ended.code, ended.err) == (0, "")
