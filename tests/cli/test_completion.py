from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from notifconf.cli import completion  # noqa: F401 -- registers how bash and fish are answered
from notifconf.cli.main import COMMANDS, cli
from notifconf.cli.process import COMPLETION_VARIABLE
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


def offered(shell, line, monkeypatch, replaced=""):
    """What a shell is told: the type and the value of each completion of `line`, at its end."""
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_REPLACED", replaced)
    text = get_completion_class(shell)(cli, {}, "notifconf", COMPLETION_VARIABLE).complete()
    if shell == "bash":
        return [tuple(item.split(",", 1)) for item in text.split("\n")[:-1]]
    answers = text.split("\0")[:-1]
    if shell == "fish":
        return [(kind, value.split("\t")[0]) for kind, value in zip(answers[::2], answers[1::2], strict=True)]
    pairs = [answer.split(",", 1) for answer in answers]
    return [("plain", value.split(":")[0]) if kind == "described" else (kind, value) for kind, value in pairs]


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
        ("notifconf help app", ["apply"]),
        ("notifconf help inbox l", ["list"]),
        ("notifconf nonsense ", list(COMMANDS)),
    ],
)
def test_commands_options_and_values(shell, line, expected, monkeypatch):
    found = offered(shell, line, monkeypatch, line.split(" ")[-1])
    assert [value for kind, value in found if kind == "plain"] == expected


@SHELLS
@pytest.mark.parametrize("command", ["validate", "plan", "apply", "show"])
def test_files_for_paths(shell, command, monkeypatch):
    assert "file" in [kind for kind, _ in offered(shell, f"notifconf {command} exa", monkeypatch, "exa")]


@SHELLS
@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_addresses_of_the_workspace(shell, option, user, monkeypatch):
    user.writes(WORKSPACE)
    assert [value for _, value in offered(shell, f"notifconf plan {option} integ", monkeypatch, "integ")] == ADDRESSES[
        :2
    ]
    user.writes(WORKSPACE.replace("on-call", "pager"), "other/notifconf.yaml")
    found = offered(shell, f"notifconf apply other {option} integrations/p", monkeypatch, "integrations/p")
    assert found == [("plain", "integrations/pager")]
    assert user.requests() == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_all_that_is_declared(shell, user, monkeypatch):
    user.writes(WORKSPACE)
    assert [value for _, value in offered(shell, "notifconf plan --target ", monkeypatch)] == ADDRESSES


@pytest.mark.parametrize(
    ("line", "replaced", "expected"),
    [
        (
            "--target ",
            "",
            [address.replace(" ", "\\ ").replace("#", "\\#").replace("*", "\\*") for address in ADDRESSES],
        ),
        ("--target subscriptions/K", "subscriptions/K", ["subscriptions/Kafka\\ cluster\\ shrink\\ failure"]),
        (
            "--target subscriptions/Kafka\\ cl",
            "subscriptions/Kafka\\ cl",
            ["subscriptions/Kafka\\ cluster\\ shrink\\ failure"],
        ),
        ("--target 'subscriptions/Kafka cl", "subscriptions/Kafka cl", ["subscriptions/Kafka cluster shrink failure"]),
        ('--target "subscriptions/Kafka cl', "subscriptions/Kafka cl", ["subscriptions/Kafka cluster shrink failure"]),
        ("--target resource-preferences/environment=", "", ["env-1"]),
        ("--target resource-preferences/environment=en", "en", ["env-1"]),
        (
            "--target 'resource-preferences/environment=en",
            "resource-preferences/environment=en",
            ["resource-preferences/environment=env-1"],
        ),
        ("--target=integrations/s", "integrations/s", ["integrations/slack"]),
        ("--target=resource-preferences/environment=e", "e", ["env-1"]),
        ("--target integrations/slack --exclude integrations/o", "integrations/o", ["integrations/on-call"]),
        ("--target subscriptions/'Kafka cl", "Kafka cl", ["Kafka cluster shrink failure"]),
        ("--target nonsense", "nonsense", []),
    ],
)
def test_bash_gets_what_it_puts_in_the_place_of_its_own_words(line, replaced, expected, user, monkeypatch):
    user.writes(WORKSPACE)
    found = offered("bash", f"notifconf plan {line}", monkeypatch, replaced)
    assert found == [("plain", value) for value in expected]


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
    assert f"{COMPLETION_VARIABLE}={shell}_complete" in ended.out


def shim(folder):
    """A folder for PATH with the command in it."""
    file = folder / "bin" / "notifconf"
    file.parent.mkdir(exist_ok=True)
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
        {COMPLETION_VARIABLE: "zsh_complete"},
        {COMPLETION_VARIABLE: "bash_complete", "COMP_LINE": ""},
        {COMPLETION_VARIABLE: "tcsh_complete"},
        {COMPLETION_VARIABLE: "nonsense"},
        {COMPLETION_VARIABLE: ""},
    ],
)
def test_never_an_error_is_printed(environment, tmp_path):
    ended = answered(environment, folder=tmp_path)
    assert (ended.stdout, ended.stderr) == ("", "")


def test_a_large_workspace_is_offered_whole(user):
    entries = "".join(f"  - {{resource: environment=env-{index}, muted: true}}\n" for index in range(2_000))
    user.writes(f"version: 1\nprovider: confluent\nresources:\n{entries}")
    environment = {COMPLETION_VARIABLE: "bash_complete", "COMP_LINE": "notifconf plan --target ", "COMP_REPLACED": ""}
    ended = answered(environment, folder=user.folder)
    assert len(ended.stdout.split()) == 2_000


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


X = 'integrations: {x: {target: {kind: Slack, webhook_url: "${X}"}}}\n'
NASTY = [
    "a $(touch ran-it) `touch ran-it`; touch ran-it & touch ran-it | touch ran-it > ran-it",
    "b'; touch ran-it; '\"; touch ran-it; \" $'\\x41' <(touch ran-it) %s",
    "d\ntouch ran-it\n",
    "f! !! !touch !$ ! ~ ~root ^a^b^ # * ? [a-z] {x,y} k:l=m@n, o \\ $HOME ${IFS} \\",
]
RECORDER = """\
#!{python}
import json, os, sys
if "_NOTIFCONF_COMPLETE" in os.environ or sys.argv[1] == "completion":
    os.execv(sys.executable, [sys.executable, "-m", "notifconf", *sys.argv[1:]])
with open("arguments", "w") as file:
    json.dump(sys.argv[1:], file)
print("=== recorded")
"""
START = {"bash": ("bash", "--norc", "--noprofile", "-i"), "zsh": ("zsh", "-d", "-i"), "fish": ("fish", "--private")}
SETUPS = {
    "bash": ("", 'eval "$(notifconf completion bash)"\n'),
    "zsh": (".zshrc", 'eval "$(notifconf completion zsh)"\n'),
    "zsh, compinit before": (".zshrc", 'autoload -U compinit; compinit -u\neval "$(notifconf completion zsh)"\n'),
    "zsh, compinit after": (".zshrc", 'eval "$(notifconf completion zsh)"\nautoload -U compinit; compinit -u\n'),
    "fish": ("fish/config.fish", "notifconf completion fish | source\n"),
}


@contextmanager
def shell_that_records(setup, folder):
    """Start a shell on a terminal, in which `notifconf` completes as it does, and else writes its arguments down."""
    shell = setup.split(",")[0]
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    environment = {"PATH": shim(folder), "HOME": os.fspath(folder), "PS1": "$ ", "INPUTRC": "/dev/null", "HISTFILE": ""}
    environment |= {"ZDOTDIR": os.fspath(folder), "XDG_CONFIG_HOME": os.fspath(folder)}
    # Where this folder is missing, fish reads all manual pages of the machine in the background.
    environment |= {"XDG_DATA_HOME": os.fspath(folder)}
    (folder / "fish" / "generated_completions").mkdir(parents=True)
    (folder / "bin" / "notifconf").write_text(RECORDER.format(python=sys.executable))
    file, text = SETUPS[setup]
    if file:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)
    with on_terminal(*START[shell], columns=250, environment=environment) as terminal:
        terminal.types(f"{'' if file else text}notifconf begin\n")
        terminal.waits_for("=== recorded")
        yield terminal


def recorded(terminal, line):
    """Type a line, Tab and Enter; return the arguments with which notifconf was run."""
    count = terminal.text.count("=== recorded") + 1
    terminal.types(f"{line}\t\n")
    while terminal.text.count("=== recorded") < count:
        assert terminal.reads(), terminal.text
    return json.loads(Path("arguments").read_text())


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("setup", ["bash", "zsh", "fish"])
def test_tab_and_enter_run_nothing_of_a_candidate(setup, quote, user):
    entries = "".join(f"  - {{notification_type: {json.dumps(name)}, integrations: [x]}}\n" for name in NASTY)
    user.writes(f"version: 1\nprovider: confluent\n{X}subscriptions:\n{entries}")
    with shell_that_records(setup, user.folder) as terminal:
        for name in NASTY:
            typed = f"notifconf plan --target {quote}subscriptions/{name[0]}"
            assert recorded(terminal, typed) == ["plan", "--target", f"subscriptions/{name}"]
        typed = f"notifconf plan --target={quote}subscriptions/{NASTY[0][0]}"
        assert recorded(terminal, typed) == ["plan", f"--target=subscriptions/{NASTY[0]}"]
    assert not (user.folder / "ran-it").exists()


@pytest.mark.parametrize("setup", ["zsh, compinit before", "zsh, compinit after"])
def test_zsh_completes_wherever_compinit_stands(setup, user):
    user.writes(WORKSPACE)
    with shell_that_records(setup, user.folder) as terminal:
        assert recorded(terminal, "notifconf plan --target integrations/s") == [
            "plan",
            "--target",
            "integrations/slack",
        ]
        assert recorded(terminal, "notifconf pl") == ["plan"]
    assert "command not found" not in terminal.text


def test_fish_is_not_offered_what_it_would_cut(user, monkeypatch):
    entries = '[{notification_type: "a\\tb", integrations: [x]}, {notification_type: c, integrations: [x]}]'
    user.writes(f"version: 1\nprovider: confluent\n{X}subscriptions: {entries}\n")
    found = offered("fish", "notifconf plan --target subscriptions/", monkeypatch)
    assert [value for kind, value in found if kind == "plain"] == ["subscriptions/c"]
