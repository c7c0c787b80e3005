"""One attempt of a request as logs and progress displays see it, and the request ids of a piece of work.

The executor carries many changes out at the same time. Inside `trace_requests` a change learns which request id its
own last write had: a context variable follows the task that makes the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Exchange(NamedTuple):
    """One attempt of a request: no query, no body, no header.

    `status` is None if no whole answer came. `seconds` is from start to end, without the wait for a free place.
    """

    method: str
    path: str
    attempt: int
    status: int | None
    seconds: float
    request_id: str | None


class RequestTrace:
    """What a piece of work asked the service; `request_id` is that of its last write that was answered, or None."""

    def __init__(self) -> None:
        self.request_id: str | None = None

    def add(self, exchange: Exchange) -> None:
        """Remember an attempt of a request."""
        if exchange.method != "GET" and exchange.request_id is not None:
            self.request_id = exchange.request_id


_current: ContextVar[RequestTrace | None] = ContextVar("request_trace", default=None)


@contextmanager
def trace_requests() -> Iterator[RequestTrace]:
    """Give a trace of the requests that this task makes inside."""
    trace = RequestTrace()
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def record_exchange(exchange: Exchange) -> None:
    """Add an attempt to the trace of the task that makes it, if there is one."""
    trace = _current.get()
    if trace is not None:
        trace.add(exchange)


class RequestCounter:
    """`done` of `expected` requests. A list of several pages counts as one."""

    def __init__(self) -> None:
        self.expected = 0
        self.done = 0


_current_counter: ContextVar[RequestCounter | None] = ContextVar("request_counter", default=None)


@contextmanager
def count_requests() -> Iterator[RequestCounter]:
    """Give a counter of the requests that are made inside."""
    counter = RequestCounter()
    token = _current_counter.set(counter)
    try:
        yield counter
    finally:
        _current_counter.reset(token)


def current_counter() -> RequestCounter:
    """Return the active request counter, or a throw-away one if nobody is counting."""
    return _current_counter.get() or RequestCounter()
