"""SIGINT and SIGTERM while a command starts: one line and 130, at whatever moment they come."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import notifconf
from tests.cli.workspaces import SECRET, WORKSPACE

DRIVER = """\
import os, runpy, sys

_, moment, number, *arguments = sys.argv

class Finder:
    # Sends a signal when a module is about to be imported.
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            os.kill(os.getpid(), int(number))

sys.meta_path.insert(0, Finder())
sys.argv = ["notifconf", *arguments]
runpy.run_module("notifconf", run_name="__main__", alter_sys=True)
"""
MOMENTS = [
    "notifconf.cli",
    "notifconf.cli.main",
    "click",
    "notifconf.cli.options",
    "notifconf.cli.plan",
    "asyncio",
    "notifconf.config",
    "yaml",
    "jsonschema_rs",
    "notifconf.providers.confluent",
    "httpx",
    "notifconf.http.client",
    "notifconf.plan.planner",
    "notifconf.report.text",
]
"""Modules that a plan imports, from the first to the last."""


@pytest.fixture(autouse=True)
def _workspace(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


def run(moment: str, number: int, *, ignored: bool = False) -> subprocess.CompletedProcess[str]:
    def prepare() -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN if ignored else signal.SIG_DFL)

    return subprocess.run(
        [sys.executable, "-c", DRIVER, moment, str(int(number)), "plan"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=prepare,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_while_a_command_starts(moment, number):
    ended = run(moment, number)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "Interrupted: nothing was changed.\n")


def test_nothing_is_imported_before_signals_are_handled():
    root = Path(notifconf.__file__).parent.parent
    script = f"""\
import os, sys  # as `site` does
sys.path.insert(0, {str(root)!r})
before = set(sys.modules)
import notifconf.__main__
print(*sorted(set(sys.modules) - before))
"""
    # Without `site`, as the tools of the tests let it import more when Python starts.
    ended = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["notifconf", "notifconf.__main__"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_the_parent_ignores_stays_ignored(number):
    ended = run("click", number, ignored=True)
    assert ended.returncode == 0
    assert "Plan: 2 to create" in ended.stdout


def test_the_library_installs_no_handler():
    script = """\
import signal
before = [signal.getsignal(number) for number in signal.valid_signals()]
import notifconf, notifconf.api, notifconf.cli.main, notifconf.cli.apply
assert [signal.getsignal(number) for number in signal.valid_signals()] == before
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, env=dict(os.environ)).returncode == 0


def test_a_file_that_is_half_written_leaves_nothing(user):
    """The temporary file of a plan is there when the signal comes."""
    script = f"""\
import os, signal, sys
sys.argv = ["notifconf", "plan", "--out", "plan.json"]
from notifconf.__main__ import main
os.replace = lambda *_: os.kill(os.getpid(), {int(signal.SIGTERM)})
main()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (130, "Interrupted: nothing was changed.")
    assert {path.name for path in user.folder.iterdir()} == {"notifconf.yaml"}
