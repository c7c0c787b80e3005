"""What goes wrong on our side once something was written: the outcome decides the exit code, and it is never 1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.executor import secrets
from notifconf.http.client import Client
from tests.cli.terminal import started
from tests.cli.workspaces import SECRET, WORKSPACE
from tests.conftest import USUAL_COST

FULL = "/dev/full"
needs_full = pytest.mark.skipif(not Path(FULL).exists(), reason="no such device")


@pytest.fixture(autouse=True)
def _workspace(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


@pytest.fixture(params=["workspace", "plan file"])
def path(user, request, monkeypatch) -> str:
    if request.param == "workspace":
        return str(user.folder / "notifconf.yaml")
    monkeypatch.setattr(secrets, "COST", USUAL_COST)  # another process reads it
    user.runs("plan", "--out", "plan.json")
    return str(user.folder / "plan.json")


def crash(*_: object, **__: object) -> None:
    raise RuntimeError


def is_applied(user) -> bool:
    return any(item["display_name"] == "Platform alerts" for item in user.emulator.objects("integrations"))


@pytest.mark.parametrize("form", ["text", "json", "github", "html"])
def test_the_current_folder_is_gone(user, path, form):
    gone = user.folder / "gone"
    gone.mkdir()
    line = 'cd gone && rmdir ../gone && exec "$0" -m notifconf apply "$1" --auto-approve --format "$2"'
    # Without a current folder Python can't import from it either: the package is found by its installation.
    ended = subprocess.run(["sh", "-c", line, sys.executable, path, form], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "bug" not in ended.stderr
    assert is_applied(user)


@pytest.mark.parametrize(
    "place",
    [
        "notifconf.cli.console.Console.show",
        "notifconf.cli.apply.outcome_line",
        "notifconf.executor.audit._line",
        "notifconf.report.formats._render_text",
    ],
)
def test_a_bug_in_what_tells_of_it(user, path, place):
    user.monkeypatch.setattr(place, crash)
    if place.endswith("_render_text"):
        user.monkeypatch.setitem(__import__("notifconf.report.formats").report.formats.RENDERERS, "text", crash)
    ended = user.runs("apply", path, "--auto-approve", "--audit-file", "audit.jsonl", "--log-file", "log")
    assert ended.code == 3
    assert "this is a bug in notifconf (RuntimeError); the details are in log" in ended.err
    assert is_applied(user)


def test_a_bug_in_carrying_it_out(user):
    """Nobody knows what was written: it may have been something."""
    user.monkeypatch.setattr("notifconf.executor.run.Verification._find_remaining", crash)
    ended = user.runs("apply", "--auto-approve")
    assert ended.code == 3
    assert "this is a bug in notifconf" in ended.err


@pytest.mark.parametrize("place", ["notifconf.plan.planner.match", "notifconf.cli.console.Console.diagnostics"])
def test_a_bug_before_anything_is_written(user, place):
    user.monkeypatch.setattr(place, crash)
    assert user.runs("apply", "--auto-approve").code == 1
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_a_bug_after_the_outcome_was_told(user):
    close = Client.__aexit__

    async def close_and_crash(client: Client, *error: Any) -> None:
        await close(client, *error)
        raise RuntimeError

    user.monkeypatch.setattr(Client, "__aexit__", close_and_crash)
    assert user.runs("apply", "--auto-approve").code == 0


@needs_full
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--output", FULL, "--format", "json"], 3),
        (["--audit-file", FULL], 3),
        (["--log-file", FULL], 0),
    ],
)
def test_a_full_disk(user, path, arguments, code):
    ended = user.runs("apply", path, "--auto-approve", *arguments)
    assert ended.code == code
    assert "No space left on device" in ended.err
    assert is_applied(user)


@needs_full
def test_a_full_disk_does_not_make_a_failure_another(user):
    user.emulator.settings.faults = [parse_fault("400:method=POST:path=*/integrations")]
    user.writes(WORKSPACE.replace("integrations: [slack, admins]", "integrations: [slack]"))
    ended = user.runs("apply", "--auto-approve", "--output", FULL)
    assert ended.code == 1
    assert user.emulator.objects("integrations")[0]["target"]["kind"] == "RoleEmail"


@needs_full
def test_the_files_of_a_workflow_on_a_full_disk(user, path):
    user.sets(GITHUB_STEP_SUMMARY=FULL, GITHUB_OUTPUT=FULL)
    ended = user.runs("apply", path, "--auto-approve", "--format", "github")
    assert ended.code == 0
    assert "can't append to $GITHUB_STEP_SUMMARY: No space left on device" in ended.err


@needs_full
def test_everything_on_a_full_disk(path):
    files = "--log-file /dev/full --audit-file /dev/full >/dev/full 2>&1"
    line = f'exec "$0" -m notifconf apply "$1" --auto-approve --format json {files}'
    assert subprocess.run(["sh", "-c", line, sys.executable, path], check=False).returncode == 3


@pytest.mark.parametrize("end", [">&-", "| :", "2>&-", "<&- >&- 2>&-"])
def test_nobody_listens(user, path, end):
    # As text the plan comes first: where nobody reads that, nothing is written.
    line = f'"$0" -m notifconf apply "$1" --auto-approve --format json {end}'
    script = f"set -o pipefail; {line}"
    ended = subprocess.run(["bash", "-c", script, sys.executable, path], check=False, stderr=subprocess.DEVNULL)
    assert ended.returncode == 0
    assert is_applied(user)


def test_a_terminal_that_is_closed(user):
    """What is in flight is finished, and the exit code is that of an interruption."""
    user.emulator.settings.update({"latency": 0.1})
    with started("apply", "--auto-approve", "--parallelism", "1") as terminal:
        while not user.requests("POST"):
            assert terminal.process.poll() is None
        os.close(terminal.descriptor)
        assert terminal.process.wait(20) in (130, 0)
        terminal.descriptor = os.open(os.devnull, os.O_RDONLY)  # what is closed in the end


@needs_full
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plan", "--help"], ["types"]])
def test_a_result_that_can_not_be_written_is_no_bug(arguments):
    line = 'exec "$0" -m notifconf "$@" >/dev/full'
    ended = subprocess.run(["sh", "-c", line, sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        "error: can't write to standard output: No space left on device\n",
    )


@needs_full
@pytest.mark.parametrize("form", ["text", "json"])
def test_marking_all_of_an_inbox(user, form):
    assert user.runs("inbox", "mark-all", "--output", FULL, "--format", form).code == 3
    user.emulator.settings.faults = [parse_fault("500-after:method=PATCH")]
    ended = user.runs("inbox", "mark-all", "--format", form)
    assert (ended.code, ended.err.startswith("error: ")) == (3, True)
