"""How far a reading is, in words: only where the service is slow, or limits what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifconf.http.request_counter import RequestCounter

LONG = 1.0
"""Seconds after which somebody wants to know."""


def reading(message: str, counter: RequestCounter, clock: Callable[[], float] = time.monotonic) -> Callable[[], str]:
    """Return what says how far it is: `message`, and once it takes long requests done, their rate and the time left."""
    began = clock()

    def said() -> str:
        seconds = clock() - began
        if seconds < LONG or not counter.done or counter.done == counter.expected:
            return message
        rate = counter.done / seconds
        minutes, rest = divmod(round((counter.expected - counter.done) / rate), 60)
        progress = f"{counter.done:,} of {counter.expected:,} requests"
        return f"{message}: {progress}, {rate:.0f} a second, {minutes}:{rest:02} left"

    return said
