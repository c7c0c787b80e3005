"""How many requests are expected and how many are done, for a progress display.

A display counts what is read inside `count_requests`. Whatever makes requests adds to `current_counter()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestCounter:
    """`done` of `expected` requests. A list of several pages counts as one."""

    expected: int = 0
    done: int = 0


_current: ContextVar[RequestCounter | None] = ContextVar("request_counter", default=None)


@contextmanager
def count_requests() -> Iterator[RequestCounter]:
    """Give a counter of the requests that are made inside."""
    counter = RequestCounter()
    token = _current.set(counter)
    try:
        yield counter
    finally:
        _current.reset(token)


def current_counter() -> RequestCounter:
    """Return the active request counter, or a throw-away one if nobody is counting."""
    return _current.get() or RequestCounter()
