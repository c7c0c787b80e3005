"""Ways to have a plan print what a workspace must not show. None works, and the service still gets the real value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import User, server, service, user  # noqa: F401 -- fixtures

SECRET = "canary-Sl4ck/T0KEN&=x"
URL = f"https://hooks.slack.com/services/{SECRET}"
PASSWORD = "canary-p4ssw0rd<&>'x"
"""With characters that JSON, HTML and Markdown write in other ways."""

FORMATS = ("text", "json", "markdown", "html", "github")

FORBIDDEN = {
    "a credential": "description: '${CONFLUENT_CLOUD_API_SECRET}'",
    "a credential in a text": "description: 'x ${CONFLUENT_CLOUD_API_SECRET} y'",
    "a credential with a default": "description: '${CONFLUENT_CLOUD_API_SECRET:-x}'",
    "a credential with a message": "description: '${CONFLUENT_CLOUD_API_SECRET:?x}'",
    "a credential as a name": "display_name: '${CONFLUENT_CLOUD_API_SECRET}'",
    "a credential as a pin": "id: '${CONFLUENT_CLOUD_API_SECRET}'",
    "a credential of the pipeline": "description: '${GITHUB_TOKEN}'",
    "a credential by a glob": "description: '${ACTIONS_RUNTIME_TOKEN}'",
    "the environment of the process": "description: '${file:/proc/self/environ}'",
    "the environment, by a way around": "description: '${file:../../../../../../../../proc/self/environ}'",
    "the environment, by a link": "description: '${file:link}'",
    "the environment, by a folder's link": "description: '${file:folder/self/environ}'",
    "the arguments of the process": "description: '${file:/proc/self/cmdline}'",
    "standard input": "description: '${file:/dev/stdin}'",
    "a device": "description: '${file:/dev/null}'",
}
"""Lines of an integration that ask for what is never readable: `forbidden-source`."""

MASKED = {
    "the URL as a description": "description: '${SLACK_URL}'",
    "the URL in a description": "description: 'see ${SLACK_URL}!'",
    "the URL as a name": "display_name: '${SLACK_URL}'",
    "the URL in clear": f"description: '{URL}'",
    "the token of a URL": "description: 'token ${TOKEN}'",
    "a copy of a credential": "description: '${COPY}'",
    "a copy of a credential as a name": "display_name: 'n ${COPY}'",
    "a URL with a password": "description: 'from ${REPOSITORY}'",
    "the password of a URL": "description: 'canary-git-password'",
    "a file with the URL": "description: '${file:secret.txt}'",
    "a file with a credential": "description: '${file:password.txt}'",
}
"""Lines of an integration that repeat a secret: the plan shows `(sensitive)`."""

REFUSED = {
    "the URL as a resource": ("resources", "- {resource: 'environment=${COPY}', muted: true}"),
    "the URL as a resource's subscription": (
        "resources",
        "- {resource: environment=e, subscriptions: [{notification_type: '${COPY}', integrations: [a]}]}",
    ),
    "the URL as a type": ("subscriptions", "- {notification_type: '${SLACK_URL}', integrations: [a]}"),
    "the URL as an integration": ("subscriptions", "- {notification_type: x, integrations: ['${SLACK_URL}']}"),
    "the URL as a severity": ("subscriptions", "- {match: {severity: '${SLACK_URL}'}, integrations: [a]}"),
    "the URL as a state": ("subscriptions", "- {notification_type: x, integrations: [a], current_state: '${COPY}'}"),
    "the URL as a time": ("resources", "- {resource: environment=e, muted: {until: '${SLACK_URL}'}}"),
    "the URL as a pin": ("integrations", "  b: {id: '${COPY}', target: {kind: Webhook, url: 'http://h/'}}"),
}
"""Sections that can't be planned: the errors don't show what they hold."""

HEAD = "version: 1\nprovider: confluent\nintegrations:\n  a:\n"
TARGETS = """\
    target: {kind: Slack, webhook_url: "${SLACK_URL}"}
  other:
    target: {kind: Webhook, url: "https://hooks.example.test/services/${TOKEN}"}
"""


@pytest.fixture
def attacker(user: User) -> User:  # noqa: F811 -- a fixture
    """Somebody whose workspace is planned with credentials, and who reads all that is printed."""
    user.sets(
        CONFLUENT_CLOUD_API_SECRET=PASSWORD,
        GITHUB_TOKEN="canary-github",
        ACTIONS_RUNTIME_TOKEN="canary-actions",
        COPY=PASSWORD,
        REPOSITORY="https://bob:canary-git-password@git.example.com/x.git",
        SLACK_URL=URL,
        TOKEN="canary-token-of-a-url",
        GITHUB_STEP_SUMMARY=str(user.folder / "summary.md"),
    )
    user.writes(URL + "\n", "secret.txt")
    user.writes(PASSWORD, "password.txt")
    (user.folder / "link").symlink_to("/proc/self/environ")
    (user.folder / "folder").symlink_to("/proc")
    return user


def readable(attacker: User, *texts: str) -> bool:
    """Say whether something that was printed, or written to a file, holds a canary."""
    own = {"notifconf.yaml", "secret.txt", "password.txt", "link", "folder"}
    files = [file.read_text() for file in attacker.folder.iterdir() if file.name not in own and file.is_file()]
    return any("canary" in text.casefold() for text in (*texts, *files))


def test_there_are_many() -> None:
    assert len(FORBIDDEN) + len(MASKED) + len(REFUSED) >= 30


@pytest.mark.parametrize("way", FORBIDDEN)
def test_what_is_never_readable(attacker: User, way: str) -> None:
    attacker.writes(f"{HEAD}    {FORBIDDEN[way]}\n{TARGETS}")
    for command in (["validate"], ["validate", "--resolve"], ["plan", "--out", "plan.json"], ["drift"]):
        ended = attacker.runs(*command)
        assert ended.code == 1
        assert "notifconf.yaml:5:" in ended.err
        assert "error[forbidden-source]" in ended.err
        assert not readable(attacker, ended.out, ended.err)
    assert not (attacker.folder / "plan.json").exists()
    ended = attacker.runs("show")  # needs no value of the workspace
    assert ended.code == 0
    assert not readable(attacker, ended.out, ended.err)


@pytest.mark.parametrize("way", MASKED)
def test_what_is_masked(attacker: User, way: str) -> None:
    attacker.writes(f"{HEAD}    {MASKED[way]}\n{TARGETS}")
    for form in FORMATS:
        ended = attacker.runs("plan", "--format", form)
        assert ended.code == 0, ended.err
        assert "(sensitive)" in ended.out
        assert not readable(attacker, ended.out, ended.err)
    assert attacker.runs("plan", "--out", "plan.json").code == 0
    ended = attacker.runs("apply", "plan.json", "--audit-file", "audit.jsonl", "--log-file", "log.jsonl")
    assert ended.code == 0, ended.err
    shown = [ended.out, ended.err]
    for command in (["plan"], ["show"], ["show", "--format", "json"], ["coverage"]):
        ended = attacker.runs(*command)
        assert ended.code == 0, ended.err
        shown += [ended.out, ended.err]
    assert not readable(attacker, *shown)
    # What is sent is the value, and nothing is left to do.
    sent = json.dumps(attacker.emulator.objects("integrations"))
    assert "(sensitive)" not in sent
    assert json.dumps(URL)[1:-1] in sent
    assert attacker.runs("drift").code == 0


@pytest.mark.parametrize("way", REFUSED)
def test_what_can_not_be_planned(attacker: User, way: str) -> None:
    section, line = REFUSED[way]
    more = f"{line}\n" if section == "integrations" else f"{section}:\n  {line}\n"
    attacker.writes(f"{HEAD}{TARGETS}{more}")
    for command in (
        ["validate", "--resolve"],
        ["plan", "--out", "p.json"],
        *(["plan", "--format", f] for f in FORMATS),
    ):
        ended = attacker.runs(*command)
        assert not readable(attacker, ended.out, ended.err)
    assert ended.code == 1


def test_a_masked_value_that_changes_makes_a_saved_plan_stale(attacker: User) -> None:
    attacker.writes(f"{HEAD}    description: 'x ${{COPY}}'\n{TARGETS}")
    assert attacker.runs("apply", "--auto-approve").code == 0
    attacker.writes(f"{HEAD}    description: 'y ${{COPY}}'\n{TARGETS}")
    ended = attacker.runs("plan", "--out", "plan.json")
    assert 'description: "(withheld: it repeats a secret)" → (sensitive, changed)' in ended.out
    attacker.writes(f"{HEAD}    description: 'z ${{COPY}}'\n{TARGETS}")
    ended = attacker.runs("apply", "plan.json")
    assert ended.code == 4
    assert not readable(attacker, ended.out, ended.err)
    attacker.writes(f"{HEAD}    description: 'y ${{COPY}}'\n{TARGETS}")
    assert attacker.runs("apply", "plan.json").code == 0
    assert attacker.runs("drift").code == 0


def test_a_masked_name_that_exists_by_now_makes_a_saved_plan_stale(attacker: User) -> None:
    attacker.writes(f"{HEAD}    display_name: 'n ${{COPY}}'\n{TARGETS}")
    assert attacker.runs("plan", "--out", "plan.json").code == 0
    target = {"kind": "Webhook", "url": "https://hooks.example.test/of-somebody-else"}
    attacker.emulator.seed("integrations", {"display_name": f"n {PASSWORD}", "target": target})
    ended = attacker.runs("apply", "plan.json")
    assert (ended.code, "integrations/a exists by now" in ended.err) == (4, True), ended.err
    assert not readable(attacker, ended.out, ended.err)


@pytest.mark.parametrize("limit", [["--allow-env", ""], ["--allow-env", "OTHER"], ["--allow-files", ""]])
def test_limits_reach_every_command(attacker: User, limit: list[str]) -> None:
    """Also a plan file's expressions; the variable and the option say the same."""
    attacker.writes(f"{HEAD}    description: '${{file:notes}}'\n{TARGETS}")
    attacker.writes("text", "notes")
    assert attacker.runs("plan", "--out", "plan.json").code == 0
    for command in (["validate"], ["plan"], ["drift"], ["apply", "--auto-approve"], ["coverage"]):
        ended = attacker.runs(*command, *limit)
        assert (ended.code, "error[forbidden-source]" in ended.err) == (1, True), command
    # These only look: they need no value, and read none.
    for name in ("show", "export", "types"):
        ended = attacker.runs(name, *limit)
        assert ended.code == 0, ended.err
        assert not readable(attacker, ended.out, ended.err)
    if limit[0] == "--allow-env":
        assert attacker.runs("apply", "plan.json", *limit).code == 1
        attacker.sets(NOTIFCONF_ALLOW_ENV=limit[1])
        assert attacker.runs("validate").code == 1
        assert attacker.runs("validate", "--allow-env", "*").code == 0
        attacker.sets(NOTIFCONF_ALLOW_ENV="SLACK_*\nTOKEN OTHER")
        assert attacker.runs("validate").code == 0
    assert attacker.emulator.objects("subscriptions")


def test_a_log_holds_no_credential(attacker: User, tmp_path: Path) -> None:
    attacker.writes(f"{HEAD}{TARGETS}")
    attacker.runs("plan", "--log-file", str(tmp_path / "log.jsonl"))
    assert not readable(attacker)
