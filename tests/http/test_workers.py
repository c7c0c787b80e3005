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


async def fail() -> None:
    await asyncio.sleep(0)
    raise NotifconfError("number 1")


async def last() -> None:
    await asyncio.sleep(10)


@pytest.mark.parametrize("turns", range(8))
def test_a_cancellation_that_comes_together_with_a_failure_is_not_lost(turns: int) -> None:
    async def run() -> None:
        running = asyncio.create_task(run_all([fail, last], 2))
        for _ in range(turns):
            await asyncio.sleep(0)
        if running.cancel():
            with pytest.raises(asyncio.CancelledError):
                await running
        else:
            assert isinstance(running.exception(), NotifconfError)

    asyncio.run(run())


def test_a_job_that_something_else_cancels_is_not_taken_for_one_that_is_done() -> None:
    async def be_cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run_all([be_cancelled, be_cancelled], 1))


def test_a_failure_leaves_no_cancellation_behind() -> None:
    async def run() -> int:
        with pytest.raises(NotifconfError):
            await run_all([fail], 1)
        task = asyncio.current_task()
        return -1 if task is None else task.cancelling()

    assert asyncio.run(run()) == 0
