"""When the next request may start, as the service's headers say."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LONGEST_WAIT = 120.0
"""Seconds: no header makes a request wait longer before it is tried."""

UNTIL_NEWS = 0.02
"""Seconds after which who waits asks again, while answers are on their way that may say more."""

MOMENT = 1.0
"""Seconds that are meant by 0: a service that rounds down says so of what is almost over."""

ONE_REASON = 0.25
"""Seconds within which all that run into a limit do so for one reason."""

GROWTH = 0.1
"""How many more may fly when as many as may have got through."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503


class Gate:
    """Lets requests start, as many as the service's rate limit leaves, or holds all of them back.

    The limit is learned from the answers: so many requests in each window of time, whose end they name too. It is used
    up, and not run into: a window's last request starts as early as it can, the next one when the window is over.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]], clock: Callable[[], float]) -> None:
        """Open; `clock` counts the seconds that `sleep` sleeps."""
        self._sleep = sleep
        self._clock = clock
        self._opens_at = 0.0
        self._limit = inf
        self._flying = 0
        # What was told of the limit may be too little to pace by: then it is felt for, as TCP does.
        self._room = inf
        self._eased_at = -inf
        self._got_through = True
        # Whether a new window leaves the whole limit; else its first answer has to say what it leaves.
        self._is_whole = True
        self._windows = 0
        # Of the window:
        self._started = 0
        self._answered = 0
        self._most_flying = 0
        self._capacity = inf
        self._lowest = inf
        self._ends = inf

    async def passed(self) -> None:
        """Return as soon as a request may start; `heed` must hear of how it ends."""
        while (wait := self._wait()) > 0:
            await self._sleep(wait)
        self._started += 1
        self._flying += 1
        self._most_flying = max(self._most_flying, self._flying)

    def heed(self, status: int = 0, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """Learn from the answer to a request, or from that there was none."""
        now = self._clock()
        self._flying -= 1
        remaining = _seconds(headers.get("x-ratelimit-remaining"))
        reset = _seconds(headers.get("x-ratelimit-reset"))
        if remaining is None or reset is None:
            # Whatever answered did not count it.
            self._started -= 1
        else:
            self._limit = _seconds(headers.get("x-ratelimit-limit")) or inf
            self._learn(remaining, now + min(reset or MOMENT, LONGEST_WAIT))
        self._feel(now, limited=status == TOO_MANY_REQUESTS)
        seconds = pause(status, headers)
        if seconds > 0:
            self._opens_at = max(self._opens_at, now + min(seconds, LONGEST_WAIT))

    def _feel(self, now: float, *, limited: bool) -> None:
        """Let half as many fly as did when the limit was run into, and slowly more again when none of them does."""
        if not limited:
            self._got_through = True
            self._room += GROWTH / self._room
        elif now >= self._eased_at + ONE_REASON:
            # Where none gets through, fewer at once would only take longer to find that out.
            self._room = max(1.0, min(self._room, self._flying + 1) / 2) if self._got_through else inf
            self._got_through = False
            self._eased_at = now
            self._is_whole = self._windows == 0

    def _learn(self, remaining: float, ends: float) -> None:
        """Learn from one answer how much of the window is left, and when it ends.

        Answers overtake each other, so the one that leaves the least is the latest; what is in flight may be counted in
        it or not, what was answered is. The end is told in whole seconds, as a rule rounded up: the earliest of all
        that are named is the best guess, and never too early then.
        """
        if remaining > self._lowest + self._most_flying:
            # More is left than overtaking explains: another window has begun.
            self._begin_window()
            self._started += 1
        self._lowest = min(self._lowest, remaining)
        self._answered += 1
        self._capacity = self._lowest + self._answered
        self._ends = min(self._ends, ends)

    def _begin_window(self) -> None:
        """Take a window for new: what is in flight may count in it, and when it ends is not known yet."""
        self._started = self._flying
        self._answered = 0
        self._lowest = inf
        self._most_flying = self._flying
        self._capacity = max(1.0, self._limit) if self._is_whole else 1.0
        self._ends = inf
        self._windows += 1

    def _wait(self) -> float:
        """Return for how many seconds nothing may start; it has to be asked again then."""
        now = self._clock()
        if now < self._opens_at:
            return self._opens_at - now
        if now >= self._ends:
            self._begin_window()
        if self._flying >= self._room:
            return UNTIL_NEWS
        if self._started < self._capacity:
            return 0.0
        return min(self._ends - now, UNTIL_NEWS if self._flying else inf)


def pause(status: int, headers: Mapping[str, str]) -> float:
    """Return for how many seconds the service wants no request, 0 where it doesn't say; names of headers in lower case.

    A 429 or 503 says so by `Retry-After` (seconds or a date), a 429 else by `X-RateLimit-Reset`, which is in seconds
    from now. A 429 that says nothing, or 0, means a moment.
    """
    if status == UNAVAILABLE:
        return _retry_after(headers) or 0.0
    if status != TOO_MANY_REQUESTS:
        return 0.0
    return _retry_after(headers) or _seconds(headers.get("x-ratelimit-reset")) or MOMENT


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after")
    seconds = _seconds(value)
    if seconds is not None or value is None:
        return seconds
    moment = _date(value)
    if moment is None:
        return None
    # The service's own clock is the one that its date is meant by.
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def _seconds(value: str | None) -> float | None:
    if value is not None and value.strip().isascii():
        with contextlib.suppress(ValueError):
            seconds = float(value)
            return seconds if 0 <= seconds < float("inf") else None
    return None


def _date(value: str) -> datetime | None:
    # Numbers that no date has overflow what holds one.
    with contextlib.suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
