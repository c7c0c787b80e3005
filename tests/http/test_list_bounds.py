"""A list of a service has bounds: objects, bytes, values and time."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest

from notifconf.errors import ProtocolError
from notifconf.http.client import Client, ClientOptions
from notifconf.http.paging import Page, read_list
from notifconf.http.rate_limiter import RateLimiter


def refused(page: Any, *, seconds: float = 0.0, timeout: float = 30.0) -> str:
    """Read an endless list whose pages `page` makes of their number, and return why it is refused."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(seconds)
        number = int(request.url.params["number"])
        packed = gzip.compress(json.dumps({"data": page(number)}).encode(), compresslevel=1)
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed))

    async def run() -> None:
        transport = httpx.MockTransport(answer)
        async with Client(
            "https://api.example.test", transport=transport, options=ClientOptions(timeout=timeout)
        ) as client:

            async def fetch(token: str | None) -> Page:
                number = int(token or 0)
                got = await client.request("GET", "/things", params={"number": str(number)})
                return Page(got.body["data"], str(number + 1), got)

            await read_list(client, "GET /things", fetch, lambda item: str(item["id"]))

    with pytest.raises(ProtocolError) as caught:
        asyncio.run(run())
    return str(caught.value)


def test_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifconf.http.paging.MAX_OBJECTS", 100)
    assert "more than 100 objects" in refused(lambda page: [{"id": f"{page}-{item}"} for item in range(30)])


def test_bytes() -> None:
    assert "more than 128 MiB" in refused(lambda page: [{"id": page, "text": " " * 20_000_000}])


def test_values() -> None:
    assert "4,000,000 values" in refused(lambda page: [{"id": page, "list": [[]] * 300_000}])


def test_values_of_one_page() -> None:
    assert "more than 1,000,000 values" in refused(lambda page: [{"id": page, "list": [[]] * 600_000}])


def test_time() -> None:
    assert "--timeout" in refused(lambda page: [{"id": page}], seconds=0.01, timeout=0.02)


def test_a_long_wait_for_the_rate_limit_is_announced_once() -> None:
    now, told = [0.0], list[float]()

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    async def run() -> None:
        limiter = RateLimiter(sleep, lambda: now[0], told.append)
        for headers in ({"retry-after": "3"}, {"retry-after": "90"}, {}):
            limiter.update(await limiter.acquire(), 429 if headers else 200, headers)

    asyncio.run(run())
    assert told == [90.0]


async def read_at_once(lists: int) -> list[list[Any]]:
    """Read lists of one page at the same time, each of about 1,000 values of 130 bytes."""

    async def answer(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # the other lists begin
        return httpx.Response(200, content=json.dumps({"data": [{"id": "a", "list": [1] * 1_000}]}).encode())

    async with Client("https://api.example.test", transport=httpx.MockTransport(answer)) as client:

        async def fetch(_token: str | None) -> Page:
            got = await client.request("GET", "/things")
            return Page(got.body["data"], None, got)

        reading = (read_list(client, "GET /things", fetch, lambda item: str(item["id"])) for _ in range(lists))
        found = await asyncio.gather(*reading)
        await read_list(client, "GET /things", fetch, lambda item: str(item["id"]))  # counted anew
        return found


def test_memory_of_the_lists_that_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifconf.http.paging.MAX_MEMORY_BYTES", 300_000)
    assert len(asyncio.run(read_at_once(2))) == 2
    with pytest.raises(ProtocolError, match="of memory"):
        asyncio.run(read_at_once(3))
