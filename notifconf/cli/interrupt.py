"""Signals: while nothing is written they end the command at once, while something is written they let it finish."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from notifconf.cli.exitcode import WRITING, ExitCode
from notifconf.files import remove_unfinished

if TYPE_CHECKING:
    import asyncio

    from notifconf.cli.console import Console

SIGNALS = (signal.SIGINT, signal.SIGTERM)

SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
"""Erases the line of a spinner, and shows the cursor that it has hidden."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """`stop` is set by the first signal: nothing more is begun. `halt` by the second: nothing is waited for."""

    stop: asyncio.Event
    halt: asyncio.Event


def handle_signals() -> None:
    """Let SIGINT and SIGTERM end this process at once; one that its parent ignores stays ignored.

    An exception from a handler would not do: Python drops it where it is raised inside of a destructor or a callback
    of the import system, and asyncio can lose it while its loop starts or ends.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def interrupted_message(*, writing: bool) -> str:
    """Return what is said at the end of a command that a signal ends."""
    return f"Interrupted: {'run it again to continue' if writing else 'nothing was changed'}.\n"


def _end(*_: object) -> NoReturn:
    context = click.get_current_context(silent=True)
    message = interrupted_message(writing=context is not None and WRITING in context.meta).encode()
    remove_unfinished()
    with suppress(OSError):
        os.write(2, SHOW_CURSOR + message if "rich.live" in sys.modules and os.isatty(2) else message)
    os._exit(ExitCode.INTERRUPTED)


@contextmanager
def interruptible(console: Console | None = None) -> Iterator[Interruption]:
    """Turn signals into an interruption of what is written inside. A terminal that is closed (SIGHUP) is one too."""
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
    numbers = (*SIGNALS, *([signal.SIGHUP] if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else []))
    previous = [signal.getsignal(number) for number in numbers]
    for number in numbers:
        loop.add_signal_handler(number, interrupt)
    try:
        yield interruption
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextmanager
def raised() -> Iterator[None]:
    """Make SIGINT and SIGTERM raise `KeyboardInterrupt` inside, for what waits for a person."""
    previous = [signal.signal(number, signal.default_int_handler) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, previous, strict=True):
            signal.signal(number, handler)


@contextmanager
def terminable() -> Iterator[None]:
    """Make a SIGTERM that nothing handles end what runs inside as SIGINT does: with `KeyboardInterrupt`."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
