from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from notifconf.cli.main import COMMANDS, cli
from notifconf.cli.parameters import GROUPS, GroupedCommand

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CONTRACT = (
    *("init", "validate", "fmt", "plan", "apply", "drift", "export", "show", "types", "resources"),
    *("coverage", "explain", "test", "inbox", "report", "schema", "emulator", "completion", "help"),
)
"""The order in which the commands are documented."""

NOTIFICATION = "93f8380e-7798-4566-99e3-2edf2b57d289"
"""The id that the examples of `inbox` name."""


def commands(group: click.Group = cli, *path: str) -> list[tuple[str, ...]]:
    """Every command as its path, groups and the root too."""
    found = [path]
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found += commands(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
    return found


def help_of(path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    from notifconf.cli.main import run

    monkeypatch.setenv("COLUMNS", "80")
    assert run([*path, "--help"]) == 0
    return capsys.readouterr().out


def examples(text: str) -> list[str]:
    """The commands below `Example:`."""
    lines = re.search(r"^  Examples?:\n((?:    .+\n)+)", text, re.MULTILINE)
    return [line.strip() for line in lines[1].splitlines()] if lines else []


def named(path: tuple[str, ...]) -> str:
    return " ".join(path) or "notifconf"


def test_the_commands_stand_in_the_order_of_their_documentation():
    assert [name for name in CONTRACT if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("path", commands(), ids=named)
def test_a_line_of_purpose_options_in_groups_and_an_example(path, capsys, monkeypatch):
    text = help_of(path, capsys, monkeypatch)
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[2].strip().endswith(".")
    assert examples(text)
    assert all(example.startswith((f"notifconf {' '.join(path)}", "eval ")) for example in examples(text))
    headings = re.findall(r"^(\w[\w ]*):$", text, re.MULTILINE)
    assert headings == [name for name in (*GROUPS, "Commands") if name in headings]


@pytest.mark.parametrize("path", [path for path in commands() if path and path != ("inbox",)], ids=named)
def test_every_command_groups_its_options(path):
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    assert isinstance(command, GroupedCommand)
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


def test_no_purpose_is_cut_in_the_list_of_commands(capsys, monkeypatch):
    listed = help_of((), capsys, monkeypatch).partition("Commands:\n")[2]
    assert len(listed.splitlines()) == len(COMMANDS)
    assert "..." not in listed


@pytest.fixture
def somebody(user):
    """Somebody with the examples, a workspace, and both vendors at the other end."""
    (user.folder / "examples").symlink_to(EXAMPLES)
    for line in (EXAMPLES / "confluent" / "demo.env").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            user.sets(**{name: value})
    user.sets(PLATFORM_SLACK_URL="https://hooks.slack.com/services/demo")
    user.sets(KONNECT_TOKEN="token", KONNECT_SERVER_URL=f"{user.url}/v1")
    user.emulator.seed("inbox", {"id": NOTIFICATION})
    user.emulator.seed("user-notifications", {"id": NOTIFICATION})
    assert user.runs("init").code == 0
    return user


@pytest.mark.parametrize("path", [path for path in commands() if path not in {("emulator",), ("init",)}], ids=named)
def test_every_example_works(somebody, path, capsys, monkeypatch):
    if path == ("report",):
        for name in ("staging.json", "production.json"):
            somebody.runs("plan", "--json", "--output", name)
    for example in examples(help_of(path, capsys, monkeypatch)):
        if re.search(r"[>$|]", example):
            ended = subprocess.run(
                ["bash", "-c", example.replace("notifconf ", f"{shlex.quote(sys.executable)} -m notifconf ", 1)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert (ended.returncode, ended.stderr) == (0, ""), example
            continue
        arguments = shlex.split(example)[1:]
        if "delete" in arguments and "--yes" not in arguments:
            arguments.append("--yes")  # nobody is there to be asked
        result = somebody.runs(*arguments)
        assert result.code in ({0, 2} if path == ("drift",) else {0}), f"{example}\n{result.err}"


def test_the_example_of_init_works(user, capsys, monkeypatch):
    for example in examples(help_of(("init",), capsys, monkeypatch)):
        assert user.runs(*shlex.split(example)[1:]).code == 0


def test_the_example_of_the_emulator_works(user, capsys, monkeypatch):
    (example,) = examples(help_of(("emulator",), capsys, monkeypatch))
    assert "--port 8080" in example
    command = [sys.executable, "-m", *shlex.split(example.replace("--port 8080", "--port 0"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.terminate()
    assert (user.folder / "emulator.sqlite").exists()


@pytest.mark.parametrize("path", [(), ("plan",)])
def test_both_ways_to_ask_for_help(path, capsys, monkeypatch):
    from notifconf.cli.main import run

    text = help_of(path, capsys, monkeypatch)
    assert run([*path, "-h"]) == 0
    assert capsys.readouterr().out == text
