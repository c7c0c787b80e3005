"""How many requests are to come and how many are done, for whoever shows how far a reading is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """`done` of `expected` requests; a list of several pages counts as one."""

    expected: int = 0
    done: int = 0


_current: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counted() -> Iterator[Tally]:
    """Give the tally of what is read inside."""
    tally = Tally()
    token = _current.set(tally)
    try:
        yield tally
    finally:
        _current.reset(token)


def current_tally() -> Tally:
    """Return the tally of whoever counts, else one that nobody looks at."""
    return _current.get() or Tally()
