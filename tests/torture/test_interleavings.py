"""Two applies at once never leave twins; `python -m tests.torture` tries many more orders of their requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notifconf.providers import BUILT_IN
from tests.torture.interleavings import WORKSPACES, Meetings, texts_of_owners

TRIALS = 40


@pytest.fixture(params=BUILT_IN)
def meetings(request: pytest.FixtureRequest) -> Iterator[Meetings]:
    made = Meetings(WORKSPACES[request.param])
    yield made
    made.close()


def test_two_owners_at_once_lose_no_channel() -> None:
    place = Meetings(*texts_of_owners())
    met = [place.share(seed) for seed in range(TRIALS // 2)]
    place.close()
    assert [problem for meeting in met for problem in meeting.problems] == []


def test_two_applies_at_once_leave_no_twins(meetings: Meetings) -> None:
    met = [meetings.meet(seed) for seed in range(TRIALS)]
    assert [problem for meeting in met for problem in meeting.problems] == []
    assert sum(meeting.is_settled for meeting in met) > TRIALS // 4, "hardly any of them met"
