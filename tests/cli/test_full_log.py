"""Logs on a disk that is full: they end nothing that changes a service."""

from __future__ import annotations

import os

import pytest

from tests.cli.workspaces import SECRET, WORKSPACE

FULL = "/dev/full"

pytestmark = pytest.mark.skipif(not os.path.exists(FULL), reason="needs /dev/full")  # noqa: PTH110 -- a device


@pytest.fixture(autouse=True)
def _workspace(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


def test_a_log_that_fills_up_is_said_at_the_end(user):
    ended = user.applies("--log-file", FULL)
    assert ended.code == 0
    assert f"can't write the log file {FULL}: No space left on device" in ended.err
    assert user.plans().changes() == []


def test_a_bug_whose_details_can_not_be_kept_is_a_sentence_all_the_same(user):
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    user.monkeypatch.setattr("notifconf.plan.planner.match", crash)
    ended = user.runs("plan", "--log-file", FULL)
    assert ended.code == 1
    assert "this is a bug in notifconf (RuntimeError); can't write the log file" in ended.err
