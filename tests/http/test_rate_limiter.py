"""Pacing against a service that counts, in a time that passes only where somebody waits for it."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from notifconf.errors import RateLimitedError
from notifconf.http.client import Client, ClientOptions
from notifconf.http.rate_limiter import MAX_WAIT_SECONDS, SHORT_PAUSE_SECONDS, RateLimiter
from notifconf.http.workers import run_all


class _Selector(selectors.SelectSelector):
    """Instead of waiting, it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


def in_no_time(coroutine: Coroutine[Any, Any, None]) -> float:
    """Run a coroutine in a loop whose clock is moved by waiting alone, and return how many seconds it took there."""
    selector = _Selector()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]  # the loop's clock is what the test is about
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()
    return selector.now


@dataclass
class Service:
    """Allows `limit` requests in each window of `length` seconds, which begins with its first request.

    It counts before it takes its time (`latency`), or behind that. `elsewhere` is how much others use of each window.
    """

    limit: int
    length: float = 1.0
    latency: float = 0.05
    counts_late: bool = False
    elsewhere: int = 0
    rounds_down: bool = False
    ends: float = -math.inf
    used: int = 0
    statuses: list[int] = field(default_factory=list)

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        if self.counts_late:
            await asyncio.sleep(self.latency)
        answer = self.counted()
        if not self.counts_late:
            await asyncio.sleep(self.latency)
        return answer

    def counted(self) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        if now >= self.ends:
            self.ends, self.used = now + self.length, self.elsewhere
        allowed = self.used < self.limit
        self.used += allowed
        self.statuses.append(200 if allowed else 429)
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used),
            "X-RateLimit-Reset": str(int(self.ends - now) if self.rounds_down else max(1, math.ceil(self.ends - now))),
        }
        return httpx.Response(self.statuses[-1], json={}, headers=headers)


@dataclass
class Bucket(Service):
    """Allows `limit` requests at once, and as many more as seconds pass: it has no windows."""

    tokens: float = math.nan

    def counted(self) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        if math.isnan(self.tokens):
            self.tokens, self.ends = self.limit, now
        self.tokens = min(self.limit, self.tokens + (now - self.ends) * self.limit)
        self.ends = now
        allowed = self.tokens >= 1
        self.tokens -= allowed
        self.statuses.append(200 if allowed else 429)
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(int(self.tokens)),
            "X-RateLimit-Reset": str(0 if self.tokens >= 1 else (1 - self.tokens) / self.limit),
        }
        return httpx.Response(self.statuses[-1], json={}, headers=headers)


@dataclass
class Silent(Service):
    """Says nothing of its limit but, where it is run into, what `retry_after` is."""

    retry_after: str | None = None

    def counted(self) -> httpx.Response:
        status = super().counted().status_code
        headers = {"Retry-After": self.retry_after} if status == 429 and self.retry_after is not None else {}
        return httpx.Response(status, json={}, headers=headers)


def seconds(service: Callable[..., Any], requests: int, parallelism: int) -> float:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        async with Client(
            "https://api.example.test",
            transport=httpx.MockTransport(service),
            options=ClientOptions(parallelism=parallelism, clock=loop.time),
        ) as client:
            await run_all([lambda: client.request("GET", "/things")] * requests, parallelism)

    return in_no_time(run())


@pytest.mark.parametrize("parallelism", [1, 10, 50])
@pytest.mark.parametrize("counts_late", [False, True])
@pytest.mark.parametrize(
    ("limit", "length", "latency"), [(100, 1.0, 0.05), (100, 1.0, 0.001), (60, 1.0, 0.2), (600, 10.0, 0.05)]
)
def test_a_limit_is_used_up_and_not_run_into(
    limit: int, length: float, latency: float, *, counts_late: bool, parallelism: int
) -> None:
    service = Service(limit, length, latency, counts_late)
    requests = 4 * limit
    took = seconds(service, requests, parallelism)
    assert service.statuses == [200] * requests
    # A window's end is only known by answers, which come late.
    assert took <= 1.05 * max(requests / limit * (length + latency), requests * latency / parallelism)


def test_who_asks_for_more_than_a_window_allows_at_first_runs_into_it_once() -> None:
    service = Service(limit=20)
    took = seconds(service, 200, parallelism=50)
    assert service.statuses.count(429) == 30
    assert took <= 13


def test_what_others_use_up_is_left_to_them() -> None:
    service = Service(limit=100, elsewhere=60)
    took = seconds(service, 400, parallelism=10)
    assert service.statuses == [200] * 400
    assert took <= 11


@pytest.mark.parametrize("parallelism", [10, 50])
@pytest.mark.parametrize("latency", [0.05, 0.005])
def test_seconds_may_be_rounded_down(latency: float, parallelism: int) -> None:
    service = Service(limit=100, latency=latency, rounds_down=True)
    took = seconds(service, 1000, parallelism)
    assert service.statuses == [200] * 1000
    assert took <= 11


@pytest.mark.parametrize("parallelism", [10, 50])
@pytest.mark.parametrize("latency", [0.05, 0.005])
@pytest.mark.parametrize(
    ("kind", "says"),
    [(Bucket, {}), *((Silent, {"retry_after": value}) for value in ("1", "0", None))],
)
def test_a_limit_that_nobody_tells_is_felt_for(
    kind: type[Service], says: dict[str, Any], latency: float, parallelism: int
) -> None:
    service = kind(limit=100, latency=latency, **says)
    took = seconds(service, 1000, parallelism)
    assert service.statuses.count(200) == 1000
    # Of the first that many fly at once, before anything is known, and of each second a few.
    assert service.statuses.count(429) <= parallelism + 100
    assert took <= 25


def test_a_service_that_refuses_everything_is_soon_given_up() -> None:
    async def refuse(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(429)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        transport = httpx.MockTransport(refuse)
        async with Client(
            "https://api.example.test", transport=transport, options=ClientOptions(clock=loop.time)
        ) as client:
            asked = [client.request("GET", "/things") for _ in range(10)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(answer, RateLimitedError) for answer in answers)

    assert in_no_time(run()) < 30


def test_without_headers_nothing_waits() -> None:
    async def service(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200, json={})

    assert seconds(service, 1000, parallelism=10) == pytest.approx(5.0)


def test_answers_that_name_no_limit_do_not_use_one_up() -> None:
    """A gateway in front of the service fails: what it answers has no headers, and nothing may wait for ever."""
    service = Service(limit=3)
    answers = 0

    async def gateway(request: httpx.Request) -> httpx.Response:
        nonlocal answers
        answers += 1
        # One more than the limit leaves, one less than makes a request give up.
        return httpx.Response(502) if 6 <= answers <= 9 else await service(request)

    assert seconds(gateway, 40, parallelism=5) < 120


def make_limiter() -> tuple[RateLimiter, list[float]]:
    now = [1000.0]

    async def sleep(duration: float) -> None:
        now[0] += duration

    return RateLimiter(sleep, lambda: now[0]), now


def waited(headers: dict[str, str], status: int = 200) -> float:
    """Return how long the next request waits behind an answer with these headers."""

    async def run() -> float:
        limiter, now = make_limiter()
        limiter.update(await limiter.acquire(), status, headers)
        before = now[0]
        await limiter.acquire()
        return now[0] - before

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "7"}, 7.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0.5"}, 0.5),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000"}, MAX_WAIT_SECONDS),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0"}, SHORT_PAUSE_SECONDS),
        ({"x-ratelimit-remaining": "0"}, 0.0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "7"}, 0.0),
        ({"x-ratelimit-remaining": "none", "x-ratelimit-reset": "7"}, 0.0),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "7"}, 0.0),
        ({"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}, 3.0),
    ],
)
def test_the_next_request_waits_for_the_next_window(headers: dict[str, str], expected: float) -> None:
    assert waited(headers) == pytest.approx(expected)


def test_retry_after_counts_whatever_remains() -> None:
    headers = {"retry-after": "9", "x-ratelimit-remaining": "50", "x-ratelimit-reset": "1"}
    assert waited(headers, 503) == pytest.approx(9.0)
    assert waited(headers, 200) == 0.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 02 Jan 2023 00:00:05 GMT", 5.0),
        ("Sun, 01 Jan 2023 00:00:00 GMT", SHORT_PAUSE_SECONDS),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT_SECONDS),
        ("Mon, 02 Jan 99999999999999999999 00:00:00 GMT", SHORT_PAUSE_SECONDS),
        ("Mon, 02 Jan 2023 00:00:05 +9999999999999999999", SHORT_PAUSE_SECONDS),
        ("soon", SHORT_PAUSE_SECONDS),
        ("-5", SHORT_PAUSE_SECONDS),
    ],
)
def test_retry_after_may_be_a_date_by_the_clock_of_the_service(value: str, expected: float) -> None:
    headers = {"retry-after": value, "date": "Mon, 02 Jan 2023 00:00:00 GMT"}
    assert waited(headers, 429) == pytest.approx(expected)


def test_of_several_ends_that_a_window_has_the_earliest_counts() -> None:
    """Whole seconds, rounded up: the first answer of a window says it best."""

    async def run() -> float:
        limiter, now = make_limiter()
        for passed, remaining in ((0.0, "2"), (0.5, "1"), (0.3, "0")):
            number = await limiter.acquire()
            now[0] += passed
            limiter.update(number, 200, {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": "1"})
        await limiter.acquire()
        return now[0] - 1000.0

    assert asyncio.run(run()) == pytest.approx(1.0)
