from __future__ import annotations

import asyncio

import pytest

from notifconf.cli.console import make_progress_text
from notifconf.http.exchange import RequestCounter, count_requests, current_counter
from notifconf.http.workers import run_all


@pytest.mark.parametrize(
    ("seconds", "done", "text"),
    [
        (0.9, 90, "Reading"),
        (1.5, 0, "Reading"),
        (2.0, 200, "Reading: 200 of 1,000 requests, 100 a second, 0:08 left"),
        (10.0, 50, "Reading: 50 of 1,000 requests, 5 a second, 3:10 left"),
        (10.0, 1000, "Reading"),
    ],
)
def test_where_it_takes_long_it_is_said_how_far_it_is(seconds: float, done: int, text: str) -> None:
    now = [100.0]
    tally = RequestCounter()
    tally.expected = 1000
    said = make_progress_text("Reading", tally, lambda: now[0])
    now[0] += seconds
    tally.done = done
    assert said() == text


def test_who_counts_learns_of_all_that_is_read_side_by_side() -> None:
    seen = []

    async def job() -> None:
        seen.append((current_counter().done, current_counter().expected))

    with count_requests() as tally:
        asyncio.run(run_all([job] * 5, width=1))
    assert seen == [(index, 5) for index in range(5)]
    assert (tally.done, tally.expected) == (5, 5)
    assert current_counter().expected == 0
