from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest
from click.shell_completion import get_completion_class

from notifconf.cli import completion  # noqa: F401 -- registers how bash and fish are answered
from notifconf.cli.main import COMMANDS, cli
from notifconf.cli.options import COMPLETION
from tests.cli.terminal import on_terminal

WORKSPACE = """\
version: 1
provider: confluent
integrations:
  slack:
    target: {kind: Slack, webhook_url: "${NOT_SET}"}
  on-call:
    target: {kind: Webhook, url: "${NOT_SET}"}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [slack]
  - notification_type: nt-DbPQ9
    integrations: [slack]
  - match: {severity: CRITICAL}
    integrations: [on-call]
resources:
  - resource: environment=env-1
    muted: true
  - resource: environment=env-1/kafka=lkc-1
    subscriptions:
      - notification_type: Kafka cluster shrink failure
        integrations: [slack]
"""
ADDRESSES = [
    "integrations/on-call",
    "integrations/slack",
    "resource-preferences/environment=env-1",
    "resource-subscriptions/environment=env-1/kafka=lkc-1#Kafka cluster shrink failure",
    "subscriptions/*",
    "subscriptions/Kafka cluster shrink failure",
]


def offered(shell, line, monkeypatch):
    """What a shell is told: the type and the value of each completion of `line`, at its end."""
    words = line.split(" ")
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    text = get_completion_class(shell)(cli, {}, "notifconf", COMPLETION).complete()
    if shell == "zsh":
        lines = text.splitlines()
        return [tuple(lines[index : index + 2]) for index in range(0, len(lines), 3)]
    return [tuple(item.split("\t")[0].split(",", 1)) for item in text.splitlines()]


SHELLS = pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])


@SHELLS
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("notifconf ", list(COMMANDS)),
        ("notifconf app", ["apply"]),
        ("notifconf plan --format j", ["json"]),
        ("notifconf plan --mode ", ["create-only", "upsert-only", "sync"]),
        ("notifconf plan --det", ["--detailed-exitcode"]),
        ("notifconf schema p", ["plan"]),
        ("notifconf completion ", ["bash", "zsh", "fish"]),
        ("notifconf types --provider k", ["konnect"]),
        ("notifconf nonsense ", list(COMMANDS)),
    ],
)
def test_commands_options_and_values(shell, line, expected, monkeypatch):
    assert [value for kind, value in offered(shell, line, monkeypatch) if kind == "plain"] == expected


@SHELLS
@pytest.mark.parametrize("command", ["validate", "plan", "apply", "show"])
def test_files_for_paths(shell, command, monkeypatch):
    assert ("file", "exa") in offered(shell, f"notifconf {command} exa", monkeypatch)


@SHELLS
@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_addresses_of_the_workspace(shell, option, user, monkeypatch):
    user.writes(WORKSPACE)
    assert [value for _, value in offered(shell, f"notifconf plan {option} integ", monkeypatch)] == ADDRESSES[:2]
    user.writes(WORKSPACE.replace("on-call", "pager"), "other/notifconf.yaml")
    found = offered(shell, f"notifconf apply other {option} integrations/p", monkeypatch)
    assert found == [("plain", "integrations/pager")]
    assert user.requests() == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_all_that_is_declared(shell, user, monkeypatch):
    user.writes(WORKSPACE)
    assert [value for _, value in offered(shell, "notifconf plan --target ", monkeypatch)] == ADDRESSES


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--target ", [address.replace(" ", "\\ ").replace("#", "\\#").replace("*", "\\*") for address in ADDRESSES]),
        ("--target subscriptions/K", ["subscriptions/Kafka\\ cluster\\ shrink\\ failure"]),
        ("--target subscriptions/Kafka\\ cl", ["subscriptions/Kafka\\ cluster\\ shrink\\ failure"]),
        ("--target 'subscriptions/Kafka cl", ["subscriptions/Kafka cluster shrink failure"]),
        ('--target "subscriptions/Kafka cl', ["subscriptions/Kafka cluster shrink failure"]),
        ("--target resource-preferences/environment=", ["env-1"]),
        ("--target resource-preferences/environment=en", ["env-1"]),
        ("--target 'resource-preferences/environment=en", ["resource-preferences/environment=env-1"]),
        ("--target=integrations/s", ["integrations/slack"]),
        ("--target=resource-preferences/environment=e", ["env-1"]),
        ("--target integrations/slack --exclude integrations/o", ["integrations/on-call"]),
        ("--target nonsense", []),
    ],
)
def test_bash_gets_what_it_puts_in_the_place_of_its_own_words(line, expected, user, monkeypatch):
    user.writes(WORKSPACE)
    monkeypatch.setenv("COMP_LINE", f"notifconf plan {line}")
    text = get_completion_class("bash")(cli, {}, "notifconf", COMPLETION).complete()
    assert text.splitlines() == [f"plain,{value}" for value in expected]


@pytest.mark.parametrize("text", [None, "no: [workspace", "version: 1\nprovider: confluent\nnonsense: 1\n", "\x00"])
def test_a_workspace_that_can_not_be_read_offers_nothing_and_says_nothing(text, user, monkeypatch, capsys):
    if text is not None:
        user.writes(text)
    assert offered("zsh", "notifconf plan --target ", monkeypatch) == []
    assert capsys.readouterr() == ("", "")


def test_konnect_s_addresses(user, monkeypatch):
    entries = "[{event: billing.invoice.ready, name: Billing}, {event: Invoice ready, name: By title}]"
    user.writes(f"version: 1\nprovider: konnect\nsubscriptions: {entries}\n")
    assert offered("zsh", "notifconf plan --target ", monkeypatch) == [
        ("plain", "event-subscriptions/billing.invoice.ready#Billing")
    ]


@SHELLS
def test_the_script_is_printed(shell, user):
    ended = user.runs("completion", shell)
    assert ended.code == 0
    assert ended.err == ""
    assert f"{COMPLETION}={shell}_complete" in ended.out


def test_fish_keeps_the_commas_of_an_address(user):
    # What click prints for it is `plain,VALUE<tab>description`: only the first comma may count.
    script = user.runs("completion", "fish").out
    assert script.count("string split") == script.count('string split --max 1 ","') == 1


def shim(folder):
    """A folder for PATH with the command in it."""
    file = folder / "bin" / "notifconf"
    file.parent.mkdir()
    file.write_text(f'#!/bin/sh\nexec {sys.executable} -m notifconf "$@"\n')
    file.chmod(0o755)
    return f"{file.parent}:{os.environ['PATH']}"


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
def test_a_real_fish_completes_addresses(user):
    user.writes("version: 1\nprovider: konnect\nsubscriptions: [{event: a.b, name: 'Billing, worldwide'}]\n")
    script = 'notifconf completion fish | source; complete -C "notifconf plan --target event-subscriptions/a"'
    environment = {**os.environ, "PATH": shim(user.folder), "HOME": os.fspath(user.folder)}
    ended = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env=environment,
        cwd=user.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "event-subscriptions/a.b#Billing, worldwide\n", ended.stderr


def answered(environment, *, folder):
    return subprocess.run(
        [sys.executable, "-m", "notifconf"],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "environment",
    [
        {COMPLETION: "zsh_complete"},
        {COMPLETION: "zsh_complete", "COMP_WORDS": "notifconf", "COMP_CWORD": "many"},
        {COMPLETION: "tcsh_complete"},
        {COMPLETION: "nonsense"},
        {COMPLETION: ""},
    ],
)
def test_never_an_error_is_printed(environment, tmp_path):
    ended = answered(environment, folder=tmp_path)
    assert (ended.stdout, ended.stderr) == ("", "")


def test_it_is_fast_also_for_a_large_workspace(user):
    entries = "".join(f"  - {{resource: environment=env-{index}, muted: true}}\n" for index in range(2_000))
    user.writes(f"version: 1\nprovider: confluent\nresources:\n{entries}")
    environment = {COMPLETION: "bash_complete", "COMP_LINE": "notifconf plan --target resource-preferences/"}
    began = time.monotonic()
    ended = answered(environment, folder=user.folder)
    assert time.monotonic() - began < 5
    assert len(ended.stdout.splitlines()) == 2_000


def test_a_real_bash_completes_addresses(user):
    user.writes(WORKSPACE)
    environment = {"PATH": shim(user.folder), "PS1": "$ ", "INPUTRC": "/dev/null"}
    with on_terminal("bash", "--norc", "--noprofile", "-i", columns=200, environment=environment) as shell:
        shell.waits_for("$ ")
        shell.types('eval "$(notifconf completion bash)"; echo re""ady\n')
        shell.waits_for("ready")
        for typed, completed in [
            ("notifconf pl\t", "notifconf plan "),
            ("--target subscriptions/K\t", "--target subscriptions/Kafka\\ cluster\\ shrink\\ failure "),
            ("--exclude resource-preferences/environment=\t", "--exclude resource-preferences/environment=env-1 "),
            ("--target 'resource-preferences/e\t", "--target 'resource-preferences/environment=env-1' "),
            ("--target=integrations/sl\t", "--target=integrations/slack "),
        ]:
            shell.types(typed)
            shell.waits_for(completed)
        shell.types("\x05\x15exit\n")  # to the end of the line, and all of it away
        shell.ends()
    assert "Traceback" not in shell.text
