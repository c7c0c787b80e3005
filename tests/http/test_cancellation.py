"""A cancellation is never lost, at whatever turn of the event loop it comes: while a connection is made, too."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from notifconf.http import Client
from notifconf.http.workers import run_all
from tests.http.test_transport import OK, Server

REQUESTS = 4


class Loop(asyncio.SelectorEventLoop):
    """Cancels the task `main` before its turn number `at`, counted from when there is a `main`."""

    main: asyncio.Task[None] | None = None
    at = 0
    turns = 0

    def _run_once(self) -> None:
        if self.main is not None:
            self.turns += 1
            if self.turns == self.at:
                self.main.cancel()
        super()._run_once()  # type: ignore[misc]


async def read(host: str, width: int, at: int) -> tuple[bool, int, int]:
    """Read side by side; return whether that was cancelled, the turns it took, and the requests that were sent."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    server = Server(*[OK] * REQUESTS * 2)

    async def work(url: str) -> None:
        async with Client(url, parallelism=width) as client:
            await run_all([lambda: client.request("GET", "/things")] * REQUESTS, width)

    async with server.listening() as url:
        loop.main, loop.at = asyncio.ensure_future(work(url.replace("127.0.0.1", host))), at
        with contextlib.suppress(asyncio.CancelledError):
            await loop.main
        cancelled = loop.main.cancelled()
        loop.main = None
    return cancelled, loop.turns, sum(len(asked) for asked in server.requests)


def run(host: str, width: int, at: int) -> tuple[bool, int, int]:
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(read(host, width, at))


# localhost has two addresses where there is IPv6: connections to both are tried.
# asyncio forgets the socket of a connection that is made in the very turn of the cancellation; it is closed when it is
# collected. The server's tasks end with their loop.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("width", [1, REQUESTS])
def test_a_cancellation_ends_a_reading_at_any_turn(host: str, width: int) -> None:
    cancelled, turns, sent = run(host, width, 0)
    assert (cancelled, sent) == (False, REQUESTS)
    ended = [run(host, width, at) for at in range(1, turns - 1)]
    # In its last turns the reading is over, and only the connections are closed.
    assert all(cancelled for cancelled, _, sent in ended if sent < REQUESTS)
    assert sum(cancelled for cancelled, _, _ in ended) >= len(ended) - 3
