"""Many requests side by side, without a task for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from notifconf.http.exchange import current_counter

Result = TypeVar("Result")


async def run_all(jobs: Sequence[Callable[[], Awaitable[Result]]], width: int) -> list[Result]:
    """Run all jobs, `width` at a time, and return their results in order.

    The first failure cancels the rest and is raised. A job is only started when a worker is free for it, so
    thousands of them cost a list.
    """
    if not jobs:
        return []
    results: dict[int, Result] = {}
    waiting = iter(enumerate(jobs))
    counter = current_counter()
    counter.expected += len(jobs)

    async def work() -> None:
        for index, job in waiting:
            results[index] = await job()
            counter.done += 1

    # Neither a task group nor `gather`: both can drop a cancellation that comes together with a failure, and a task
    # group takes a worker that something else cancels for one that is done.
    workers = [asyncio.create_task(work()) for _ in range(min(width, len(jobs)))]
    try:
        done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        for worker in done:
            worker.result()
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[index] for index in range(len(jobs))]
