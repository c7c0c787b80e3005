"""`notifconf validate`: its options."""

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
    assert (ended.codes(), ended.json["provider"]) == (["error:literal-secret"], "confluent")


def test_beside_errors_warnings_are_errors_too(user: User) -> None:
    user.writes(LITERAL + "policy: {mode: x}\n")
    ended = user.runs("validate", "--strict", "--format", "json")
    assert ended.codes() == ["error:invalid-value", "error:literal-secret"]


def test_without_warnings_nothing_changes(user: User) -> None:
    user.writes(LITERAL.replace("https://hooks.slack.com/services/canary", "${SLACK_URL}"))
    ended = user.runs("validate", "--strict")
    assert (ended.code, ended.err) == (0, "")


def test_a_step_of_a_workflow_annotates_the_files(user: User) -> None:
    user.writes(LITERAL, "notifications/a.yaml")
    user.sets(GITHUB_WORKSPACE=str(user.folder), GITHUB_STEP_SUMMARY=str(user.folder / "summary"))
    user.monkeypatch.chdir(user.folder / "notifications")
    ended = user.runs("validate", "--format", "github", "a.yaml")
    assert ended.code == 0
    annotation, last = ended.out.splitlines()
    assert annotation.startswith("::warning file=notifications/a.yaml,line=4,col=42,title=literal-secret::")
    assert last == "The workspace is valid."
    assert not (user.folder / "summary").exists()
    ended = user.runs("validate", "--format", "github", "--strict", "a.yaml")
    assert ended.code == 1
    assert ended.out.startswith("::error file=notifications/a.yaml,line=4,col=42,title=literal-secret::")
    assert "literal-secret" in (user.folder / "summary").read_text(encoding="utf-8")
