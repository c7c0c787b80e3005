"""What a piece of work asked the service: the requests of one task, found again by whoever started it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_current: ContextVar[Trail | None] = ContextVar("trail", default=None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt of a request, for logs and progress: no query, no body, no header.

    `status` is None where no whole answer came; `seconds` is from start to end, waiting for a free place aside.
    """

    method: str
    path: str
    attempt: int
    status: int | None
    seconds: float
    request_id: str | None


@dataclass(slots=True)
class Trail:
    """The requests of a piece of work; `request_id` is that of the last write which was answered, or None."""

    request_id: str | None = None

    def note(self, exchange: Exchange) -> None:
        """Remember an attempt of a request."""
        if exchange.method != "GET" and exchange.request_id is not None:
            self.request_id = exchange.request_id


@contextmanager
def followed() -> Iterator[Trail]:
    """Give the trail of what is asked inside, by this task alone."""
    trail = Trail()
    token = _current.set(trail)
    try:
        yield trail
    finally:
        _current.reset(token)


def note(exchange: Exchange) -> None:
    """Add an attempt to the trail of the task that makes it, if anybody follows it."""
    trail = _current.get()
    if trail is not None:
        trail.note(exchange)
