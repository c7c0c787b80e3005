"""What a process has to do with its surroundings: standard streams, signals and exit codes.

`notifconf --version` and help import this module and no other of the package: it imports no data and no service.
"""

from __future__ import annotations

import io
import os
import select
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from enum import IntEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from notifconf.files import remove_unfinished

if TYPE_CHECKING:
    import asyncio

    from notifconf.cli.console import Console
    from notifconf.model.plan import Outcome, Plan

VARIABLE_PREFIX = "NOTIFCONF"
"""What the environment variables of options begin with."""

COMPLETION_VARIABLE = "_NOTIFCONF_COMPLETE"
"""A shell's completion script sets this variable, and runs `notifconf` to ask what may come next."""

WRITING_KEY = "notifconf.writing"
OUTCOME_KEY = "notifconf.outcome"
LOG_FILE_KEY = "notifconf.log_file"
"""Keys of the click context's `meta`: whether the command has begun to write, the exit code that tells what became of
what it wrote, and the path of the log file."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
"""Erases the line of a spinner, and shows the cursor that the spinner has hidden."""


class ExitCode(IntEnum):
    """What a pipeline can rely on. The outcome decides, never the output format."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    INCOMPLETE = 3
    STALE = 4
    REFUSED = 5
    INTERRUPTED = 130

    @classmethod
    def for_plan(cls, plan: Plan, *, detailed: bool) -> ExitCode:
        """Return the code of a plan. A plan with changes has a code of its own only if it is `detailed`."""
        if plan.errors:
            return cls.ERROR
        if plan.refusals:
            return cls.REFUSED
        return cls.CHANGES if detailed and plan.changes else cls.DONE

    @classmethod
    def for_outcome(cls, outcome: Outcome) -> ExitCode:
        """Return the code of an apply: 1 if something failed and nothing can have changed, 3 if something has.

        It is 3 also if somebody else has changed an object since the plan was made.
        """
        if outcome.interrupted:
            return cls.INTERRUPTED
        if outcome.complete:
            return cls.DONE
        return cls.INCOMPLETE if outcome.must_be_repeated else cls.ERROR

    @classmethod
    def for_failure(cls, meta: Mapping[str, Any]) -> ExitCode:
        """Return the code of a command that failed, from its context's `meta`: never 1 once it has begun to write."""
        if OUTCOME_KEY in meta:
            return cls(meta[OUTCOME_KEY])
        return cls.INCOMPLETE if WRITING_KEY in meta else cls.ERROR


def prepare_streams() -> None:
    """Make the standard streams usable: one that is closed (`>&-`) is empty, or drops what is written to it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 -- it stays open until the end
            setattr(sys, name, stream)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets its escape, not an error.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def write_error(text: str) -> None:
    """Write to standard error. If that fails (a full disk, a closed terminal), there is nobody to tell."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        discard_output(sys.stderr)


def discard_output(stream: IO[str]) -> None:
    """Drop all further output to a standard stream: its reader has gone (`| head`), or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def find_folder() -> str:
    """Return the current folder, relative to the repository of a GitHub workflow. Outside of a workflow it is empty."""
    root = os.environ.get("GITHUB_WORKSPACE")
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        return ""
    return here.relative_to(root).as_posix() if root and here.is_relative_to(root) else ""


class _Pages(io.StringIO):
    """What a pager is to show: it counts as a terminal, so that tables fit it and have colours."""

    def isatty(self) -> bool:
        return True


@contextmanager
def page_output(*, color: bool) -> Iterator[bool]:
    """Send what is printed inside to the command of PAGER. Gives whether that is so: PAGER is set, on a terminal."""
    if not (_has_pager() and sys.stdout.isatty() and sys.stdin.isatty()):
        yield False
        return
    pages = _Pages()
    try:
        with redirect_stdout(pages):
            yield True
    finally:
        if pages.getvalue():  # an error is on standard error: a pager of nothing would hide it
            # Click knows which pagers show colours: others would show the codes.
            click.echo_via_pager(pages.getvalue(), color=None if color else False)


def _has_pager() -> bool:
    """Say whether PAGER is a command line: one with an open quote is none."""
    try:
        return bool(shlex.split(os.environ.get("PAGER", "")))
    except ValueError:
        return False


class Interruption(NamedTuple):
    """`stop` is set by the first signal: no further change begins. `halt` by the second: no answer is waited for."""

    stop: asyncio.Event
    halt: asyncio.Event


def handle_signals() -> None:
    """Make SIGINT and SIGTERM end this process at once. A signal that the parent process ignores stays ignored.

    A handler that raises an exception would not do: Python drops an exception that is raised inside of a destructor or
    of a callback of the import system, and asyncio can lose it while its loop starts or ends.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _exit_on_signal)


def interrupted_message(*, writing: bool) -> str:
    """Return the last line of a command that a signal has ended."""
    return f"Interrupted: {'run it again (a plan file: plan again)' if writing else 'nothing was changed'}.\n"


def _exit_on_signal(*_: object) -> NoReturn:
    context = click.get_current_context(silent=True)
    message = interrupted_message(writing=context is not None and WRITING_KEY in context.meta).encode()
    remove_unfinished()
    with suppress(OSError):
        os.write(2, SHOW_CURSOR + message if "rich.live" in sys.modules and os.isatty(2) else message)
    os._exit(ExitCode.INTERRUPTED)


@contextmanager
def stop_on_signals(console: Console | None = None) -> Iterator[Interruption]:
    """Give an `Interruption` that signals set inside, and note that the command writes from now on.

    SIGHUP, which a terminal sends when it is closed, counts as one of these signals.
    """
    import asyncio  # not at the top: `--version`, help and `validate` run no event loop

    interruption = Interruption(asyncio.Event(), asyncio.Event())
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if interruption.stop.is_set():
            interruption.halt.set()
            return
        interruption.stop.set()
        if console is not None:
            console.note("Interrupted: what is in flight is finished first. Once more ends it at once.")

    click.get_current_context().meta[WRITING_KEY] = True
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


def read_answer() -> str:
    """Return the line that the person at the terminal types. Meanwhile SIGINT and SIGTERM raise `KeyboardInterrupt`.

    Python runs a signal's handler only between two of its own steps: one that comes right before a read blocks would
    wait for the answer too. So a signal also writes a byte into a pipe, and `select` waits for whichever comes first.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    previous_wake = signal.set_wakeup_fd(wake)
    previous = [signal.signal(number, signal.default_int_handler) for number in SIGNALS]
    try:
        select.select([sys.stdin, woken], [], [])
        return sys.stdin.readline()
    finally:
        for number, handler in zip(SIGNALS, previous, strict=True):
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_wake)
        os.close(wake)
        os.close(woken)
