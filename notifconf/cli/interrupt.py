"""SIGINT and SIGTERM: while something is read they end a command, while something is written they let it finish."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import asyncio

    from notifconf.cli.console import Console

WRITING = "notifconf.writing"
"""Under this name Click's context knows that a command has begun to write."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Interruption:
    """`stop` is set by the first signal: nothing more is begun. `halt` by the second: nothing is waited for."""

    stop: asyncio.Event
    halt: asyncio.Event


@contextmanager
def interruptible(console: Console | None = None) -> Iterator[Interruption]:
    """Turn signals into an interruption of what is written inside."""
    import asyncio

    interruption = Interruption(asyncio.Event(), asyncio.Event())
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if interruption.stop.is_set():
            interruption.halt.set()
            return
        interruption.stop.set()
        if console is not None:
            console.note("Interrupted: what is in flight is finished first. Once more ends it at once.")

    click.get_current_context().meta[WRITING] = True
    previous = [signal.getsignal(number) for number in SIGNALS]
    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        yield interruption
    finally:
        for number, handler in zip(SIGNALS, previous, strict=True):
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextmanager
def terminable() -> Iterator[None]:
    """Make SIGTERM end what runs inside as SIGINT does: with `KeyboardInterrupt`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
