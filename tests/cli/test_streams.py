"""Standard streams that are closed, or that a full disk is behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WORKSPACE = """\
version: 1
provider: confluent
resources:
  - resource: environment=env-1
    muted: true
"""
FULL = "/dev/full"


@pytest.fixture
def shell(user):
    """Run `notifconf` by a line of a shell, which redirects its streams."""
    user.writes(WORKSPACE)

    def run(line: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", f'exec "$0" -m notifconf {line}', sys.executable]
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    return run


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("plan --detailed-exitcode >&-", 2, ""),
        ("plan --detailed-exitcode <&- >&- 2>&-", 2, ""),
        ("plan --detailed-exitcode 2>&-", 2, ""),
        ("validate - <&-", 1, '-:1:1: error[invalid-value]: "provider" is missing'),
        ("apply <&-", 1, "use --auto-approve"),
        ("apply --output plan.txt <&-", 1, "use --auto-approve"),
        ("apply --auto-approve <&- >&- 2>&-", 0, ""),
    ],
)
def test_a_closed_stream_is_an_empty_one(shell, line, code, said):
    ended = shell(line)
    assert ended.returncode == code
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_last_line_below_a_plan_is_the_outcome(shell):
    assert shell("apply").stdout.splitlines()[-1].startswith("Not applied: 1 error (nothing was changed: ")


def test_an_apply_whose_reader_has_gone_says_that_it_did_nothing(user):
    user.writes(WORKSPACE)
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "notifconf", "apply", "--auto-approve"]
    ended = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    assert (ended.returncode, user.requests("PUT", "POST", "PATCH", "DELETE")) == (1, [])
    assert ended.stderr.splitlines()[-1].startswith("Not applied: ")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        *(("plan --detailed-exitcode", 2), ("coverage", 0), ("show", 0), ("inbox list", 0), ("plan nowhere.yaml", 1)),
        *(("apply --target nothing/*", 1), ("apply --exclude *", 0), ("apply", 1), ("apply --json", 1)),
        *(("plan --help", 0), ("--version", 0)),
    ],
)
def test_the_outcome_of_a_command_whose_reader_has_gone_decides(user, line, code):
    user.writes(WORKSPACE)
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "notifconf", *line.split()]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(theirs)
    assert (ended.returncode, "bug" in ended.stderr) == (code, False)


@pytest.mark.skipif(not os.path.exists(FULL), reason="no such device")  # noqa: PTH110
class TestFullDisk:
    def test_a_plan_that_could_not_be_written_is_an_error(self, shell):
        ended = shell(f"plan >{FULL}")
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1] == ("error: can't write to standard output: No space left on device")

    def test_an_error_that_could_not_be_concluded(self, user, shell):
        user.writes("version: 2\nprovider: confluent\n")
        for command in ("validate", "plan", "apply --auto-approve"):
            ended = shell(f"{command} >{FULL}")
            assert (ended.returncode, "bug" in ended.stderr) == (1, False), ended.stderr

    def test_an_apply_that_could_not_be_told_has_changed_something(self, user, shell):
        ended = shell(f"apply --auto-approve --format json >{FULL}")
        assert ended.returncode == 3
        assert "can't write to standard output" in ended.stderr
        assert len(user.emulator.objects("resource-preferences")) == 1

    def test_what_stands_beside_the_result_decides_nothing(self, shell):
        ended = shell(f"apply --auto-approve 2>{FULL}")
        assert ended.returncode == 0
        assert "Verified: live state matches the configuration." in ended.stdout
