from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from notifconf.errors import NotifconfError
from notifconf.http.workers import run_all


def test_results_come_in_order_and_no_more_run_than_may() -> None:
    running = highest = 0

    def job(number: int) -> Callable[[], Awaitable[int]]:
        async def run() -> int:
            nonlocal running, highest
            running += 1
            highest = max(highest, running)
            for _ in range(number % 5):
                await asyncio.sleep(0)
            running -= 1
            return number

        return run

    assert asyncio.run(run_all([job(number) for number in range(50)], 4)) == list(range(50))
    assert highest == 4


def test_nothing_to_do() -> None:
    nothing: list[Callable[[], Awaitable[int]]] = []
    assert asyncio.run(run_all(nothing, 4)) == []


def test_the_first_failure_ends_the_rest_and_is_raised_itself() -> None:
    started: list[int] = []

    def job(number: int) -> Callable[[], Awaitable[int]]:
        async def run() -> int:
            started.append(number)
            await asyncio.sleep(0)
            if number == 1:
                raise NotifconfError("number 1")
            await asyncio.sleep(10)
            return number

        return run

    with pytest.raises(NotifconfError, match="number 1"):
        asyncio.run(run_all([job(number) for number in range(50)], 3))
    assert started == [0, 1, 2]
