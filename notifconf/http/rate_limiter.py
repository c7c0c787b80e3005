"""The rate limiter: when the next request may start.

Terms
    in flight   requests that have started and are not answered yet
    window      a span of time in which the service answers a number of requests, its limit, and refuses more with 429
    remaining   how many requests the service still answers in this window, as its latest answer says

Rules
    1. A service that sends `X-RateLimit-Remaining` and `X-RateLimit-Reset` tells both. A request starts while fewer are
       in flight than remain: the service may have counted those in flight, or may count them later, and either way
       there is room for one more.
    2. When the window ends, the whole limit (`X-RateLimit-Limit`) is there again. `X-RateLimit-Reset` counts whole
       seconds, as a rule rounded up, so the earliest end that any answer of a window names is the best one. A service
       that refused all the same counts in another way (a token bucket): then one request asks what remains.
    3. An answer counts only when it is newer than what is known: answers to requests of an earlier window say nothing
       about this one.
    4. Some services refuse without such headers. For those, halve the number of requests in flight after a 429, and
       raise it slowly with every success (additive increase, multiplicative decrease, as TCP does).
    5. `Retry-After` stops everything until its time has come, 120 seconds at most.

Example: the limit is 3 in a second, and 2 requests may be in flight.

    time    what happens                                   in flight   remaining
    0.00    A and B start                                  2           not known
    0.05    A is answered: 2 remain, reset in 1 s; C starts   2        2
    0.06    B is answered: 1 remains; D must wait for C       1        1
    0.10    C is answered: 0 remain; D waits for 1.05         0        0
    1.05    the window has ended; D starts                    1        3
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import inf
from types import MappingProxyType

MAX_WAIT_SECONDS = 120.0
"""No header makes a request wait longer."""

LONG_WAIT_SECONDS = 5.0
"""A wait of this length is announced."""

POLL_SECONDS = 0.02
"""How often a request that waits for an answer to another one looks again."""

SHORT_PAUSE_SECONDS = 1.0
"""What 0 means: a service that rounds down says 0 of a window that is almost over."""

INCREASE = 0.1
"""How many more requests may be in flight after as many successes as are in flight now."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class RateLimiter:
    """Lets requests start at the rate that the service allows. Call `update` once for each `acquire`."""

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        """Allow everything. `clock` counts the seconds that `sleep` sleeps; `on_wait` is told of a long wait."""
        self.in_flight = 0
        self._sleep = sleep
        self._clock = clock
        self._on_wait = on_wait
        self._announced_until = -inf
        self._paused_until = -inf
        # What the service says of the window.
        self._limit = inf
        self._remaining = inf
        self._window_ends = inf
        self._is_whole_limit_free = True
        self._started = 0
        self._newest_answered = 0
        # For a service that does not say.
        self._max_in_flight = inf
        self._may_halve = True

    async def acquire(self) -> int:
        """Return as soon as a request may start, with its number for `update`."""
        while (seconds := self._seconds_to_wait()) > 0:
            self._announce(seconds)
            await self._sleep(seconds)
        self._started += 1
        self.in_flight += 1
        return self._started

    def update(self, number: int, status: int = 0, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """Learn from the answer to a request; without `status`, from the fact that there was none."""
        now = self._clock()
        self.in_flight -= 1
        remaining = _parse_seconds(headers.get("x-ratelimit-remaining"))
        reset = _parse_seconds(headers.get("x-ratelimit-reset"))
        if remaining is None or reset is None:
            self._adapt(status)
        else:
            self._limit = _parse_seconds(headers.get("x-ratelimit-limit")) or inf
            self._is_whole_limit_free &= status != HTTPStatus.TOO_MANY_REQUESTS
            self._learn(number, remaining, now + min(reset or SHORT_PAUSE_SECONDS, MAX_WAIT_SECONDS))
        pause = read_pause(status, headers)
        if pause > 0:
            self._paused_until = max(self._paused_until, now + min(pause, MAX_WAIT_SECONDS))

    def _learn(self, number: int, remaining: float, window_ends: float) -> None:
        """Remember what the answer to request `number` says of the window."""
        if number <= self._newest_answered:
            # A later request was answered first: this answer can only show that less remains.
            if self._window_ends < inf:
                self._remaining = min(self._remaining, remaining)
            return
        is_new_window = remaining > self._remaining
        self._window_ends = window_ends if is_new_window else min(self._window_ends, window_ends)
        self._remaining = remaining
        self._newest_answered = number

    def _adapt(self, status: int) -> None:
        """Allow fewer requests in flight after a 429, and slowly more after others.

        Without a success in between there is nothing to learn from a second 429: the first one's burst was too large,
        or the service refuses everything.
        """
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            self._may_halve = True
            self._max_in_flight += INCREASE / self._max_in_flight
        elif self._may_halve:
            self._may_halve = False
            self._max_in_flight = max(1.0, min(self._max_in_flight, self.in_flight + 1) / 2)

    def _seconds_to_wait(self) -> float:
        """Return how long no request may start, 0 if one may start now. Ask again after that time."""
        now = self._clock()
        if now < self._paused_until:
            return self._paused_until - now
        if now >= self._window_ends:
            self._remaining = max(1.0, self._limit) if self._is_whole_limit_free else 1.0
            self._window_ends = inf
            self._newest_answered = self._started
        if self.in_flight < min(self._remaining, self._max_in_flight):
            return 0.0
        return POLL_SECONDS if self.in_flight else self._window_ends - now

    def _announce(self, seconds: float) -> None:
        """Tell of a long wait, once."""
        until = self._clock() + seconds
        if self._on_wait and seconds >= LONG_WAIT_SECONDS and until > self._announced_until + LONG_WAIT_SECONDS:
            self._announced_until = until
            self._on_wait(seconds)


def read_pause(status: int, headers: Mapping[str, str]) -> float:
    """Return for how many seconds the service wants no request, 0 when it does not say; header names in lower case.

    A 429 or 503 says so in `Retry-After` (seconds or a date), a 429 else in `X-RateLimit-Reset` (seconds from now). A
    429 that says nothing, or 0, means a short pause.
    """
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return _read_retry_after(headers) or 0.0
    if status != HTTPStatus.TOO_MANY_REQUESTS:
        return 0.0
    return _read_retry_after(headers) or _parse_seconds(headers.get("x-ratelimit-reset")) or SHORT_PAUSE_SECONDS


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after")
    seconds = _parse_seconds(value)
    if seconds is not None or value is None:
        return seconds
    moment = _parse_date(value)
    if moment is None:
        return None
    # The date is by the service's clock, so count from the service's present.
    now = _parse_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def _parse_seconds(value: str | None) -> float | None:
    if value is not None and value.strip().isascii():
        with contextlib.suppress(ValueError):
            seconds = float(value)
            return seconds if 0 <= seconds < float("inf") else None
    return None


def _parse_date(value: str) -> datetime | None:
    # A number that is too large for a date raises OverflowError.
    with contextlib.suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
