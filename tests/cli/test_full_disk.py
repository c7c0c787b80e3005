"""Disks that are full, and streams that are closed: they end nothing that changes a service."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.test_apply import SECRET, WORKSPACE

FULL = "/dev/full"

pytestmark = pytest.mark.skipif(not os.path.exists(FULL), reason="needs /dev/full")  # noqa: PTH110 -- a device


@pytest.fixture(autouse=True)
def _workspace(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


def runs(user, redirection):
    """Run `apply` in a process of its own, behind a shell's redirection; return its exit code and what it said."""
    command = f"exec '{sys.executable}' -m notifconf apply --auto-approve --format json {redirection}"
    ended = subprocess.run(["/bin/sh", "-c", command], cwd=user.folder, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_log_that_fills_up_is_said_at_the_end(user):
    ended = user.applies("--log-file", FULL)
    assert ended.code == 0
    assert f"can't write the log file {FULL}: No space left on device" in ended.err
    assert user.plans().changes() == []


def test_a_bug_whose_details_can_not_be_kept_is_a_sentence_all_the_same(user):
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    user.monkeypatch.setattr("notifconf.plan.make.match", crash)
    ended = user.runs("plan", "--log-file", FULL)
    assert ended.code == 1
    assert "this is a bug in notifconf (RuntimeError); can't write the log file" in ended.err


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (f">{FULL}", 3, "can't write to standard output: No space left on device"),
        (f">/dev/null 2>{FULL}", 0, ""),
        (">&-", 0, ""),
        (">/dev/null 2>&-", 0, ""),
    ],
)
def test_an_apply_goes_on_to_its_end_without_its_streams(user, redirection, code, said):
    ended, text = runs(user, redirection)
    assert ended == code, text
    assert said in text
    assert "Traceback" not in text
    assert user.plans().changes() == []
