"""Where a command's words go: results to standard output (or a file), everything else to standard error.

On a terminal they are drawn; in a pipe they are plain, and nothing is wrapped, cut or coloured.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from rich.console import Console as RichConsole

from notifconf.cli.exitcode import ExitCode
from notifconf.cli.interrupt import raised
from notifconf.cli.secrecy import mask
from notifconf.cli.streams import abandon, say
from notifconf.errors import OutputConflictError, UsageError, WorkspaceError
from notifconf.files import append_text, check_output, write_atomically
from notifconf.http.exchange import RequestCounter
from notifconf.model import Diagnostic
from notifconf.model.outcome import Outcome
from notifconf.model.plan import Plan
from notifconf.report.excerpt import excerpts
from notifconf.report.formats import RENDERERS, Report
from notifconf.report.style import Line, Span, line, masked, plain_text
from notifconf.report.table import Table, table_lines
from notifconf.report.text import diagnostic_lines


@dataclass(slots=True)
class Console:
    """How a command talks: `format` of its result, the file that takes it, and how much is said beside it."""

    format: str = "text"
    output: Path | None = None
    color: bool = True
    verbose: bool = False
    quiet: bool = False
    _begun: bool = field(default=False, init=False)
    _live: RichConsole | None = field(default=None, init=False)

    @property
    def machine(self) -> bool:
        """Whether standard output belongs to a machine."""
        return self.format != "text"

    def check(self) -> None:
        """Raise `UsageError` where the result's file can't be written: after an apply that would come too late."""
        if self.output is not None:
            with _failing(self.output):
                check_output(self.output)

    def result(self, text: str) -> None:
        """Write the result, or a further part of it, as it is. Raises `UsageError` where that can't be written.

        The first part replaces the file of --output, whole or not at all; further ones are appended.
        """
        text = mask(text)
        if self.output is None:
            with _to_stdout():
                sys.stdout.write(text)
                sys.stdout.flush()
            return
        with _failing(self.output):
            if self._begun:
                append_text(self.output, text)
            else:
                write_atomically(self.output, text)
        self._begun = True

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines as the result, or a part of it."""
        if self.output is None and sys.stdout.isatty():
            with _to_stdout():
                self._draw(sys.stdout, lines)
        else:
            self.result(plain_text(lines))

    def table(self, table: Table) -> None:
        """Write a table as the result, or a part of it."""
        # Before columns are laid out, and long cells are wrapped.
        table = replace(table, rows=tuple(masked(row, mask) for row in table.rows))
        if self.output is None and sys.stdout.isatty():
            from notifconf.report.terminal import draw_table

            with _to_stdout():
                draw_table(self._terminal(sys.stdout), table)
        else:
            self.lines(table_lines(table))

    def show(self, plan: Plan, code: int, outcome: Outcome | None = None, *, silent: bool = False) -> None:
        """Give a plan, or its outcome, in the format asked for: the result of a command that ends with `code`.

        Diagnostics go beside it; those of a plan with an outcome were shown before. A `silent` command writes to files
        alone.
        """
        if not silent:
            self.diagnostics((outcome or plan).diagnostics)
        self._render(Report(plan, outcome, code, self.verbose, _folder()), silent=silent)

    def aside(self, lines: Iterable[Line]) -> None:
        """Write lines for a person, beside the result. Where they can't be written, nobody can be told of that."""
        if sys.stderr.isatty():
            try:
                self._draw(sys.stderr, lines)
            except OSError:  # the terminal was closed
                abandon(sys.stderr)
            return
        text = mask(plain_text(lines))
        if self.format == "github":
            from notifconf.report.github import inert

            text = inert(text)
        say(text)

    def note(self, message: str) -> None:
        """Say something that a quiet command leaves out."""
        if not self.quiet:
            self.aside([line(message)])

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Show diagnostics; a quiet command shows errors alone."""
        shown = [item for item in diagnostics if item.severity == "error" or not self.quiet]
        if not shown:
            return
        if not sys.stderr.isatty():
            self.aside(diagnostic_lines(shown))
            return
        excerpt = excerpts(self._terminal(sys.stderr).width)
        for item in shown:
            self.aside([*diagnostic_lines([item]), *excerpt(item)])

    def failure(self, error: Exception, code: int = 1) -> None:
        """Show why a command ends with `code`: on standard error, and in a machine's format as one without changes."""
        if isinstance(error, OutputConflictError):
            self.output = None  # the file is not to be overwritten by this either
        if isinstance(error, WorkspaceError):
            self.diagnostics(error.diagnostics)
            diagnostics = error.diagnostics
        else:
            message = "\n".join([str(error), *getattr(error, "__notes__", ())])
            head, *more = message.split("\n")
            self.aside([line(Span("error:", "error"), f" {head}"), *map(line, more)])
            kind = "usage" if isinstance(error, UsageError) else "stale" if code == ExitCode.STALE else "service"
            diagnostics = (Diagnostic("error", kind, message),)
        if self.machine:
            with suppress(UsageError):  # a file that can't be written can't take the reason for that
                self._render(Report(Plan("", diagnostics=diagnostics), None, code, self.verbose, _folder()))

    def ask(self, prompt: str) -> str:
        """Ask whoever sits at the terminal. Ctrl-C raises `KeyboardInterrupt`, inside of an event loop too."""
        with raised():
            try:
                say(prompt)
                return sys.stdin.readline().strip()
            except KeyboardInterrupt:
                say("\n")
                raise

    @contextmanager
    def waiting(self, message: str) -> Iterator[None]:
        """Turn a spinner on a terminal while something is read; where that takes long, say how far it is."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        from notifconf.http.exchange import count_requests
        from notifconf.report.terminal import spinner

        with count_requests() as counter, self._moving() as terminal, spinner(terminal, reading(message, counter)):
            yield

    @contextmanager
    def progress(self, message: str, total: int) -> Iterator[Callable[[], None]]:
        """Draw a bar on a terminal: done of how many, time left. Gives what to call for each one that is done."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda: None
            return
        from notifconf.report.terminal import bar

        with self._moving() as terminal, bar(terminal, message, total) as advance:
            yield advance

    @contextmanager
    def _moving(self) -> Iterator[RichConsole]:
        """Give the terminal for what moves: meanwhile lines are drawn on it too, so that they don't garble that."""
        self._live = self._terminal(sys.stderr)
        try:
            yield self._live
        finally:
            self._live = None

    def _terminal(self, stream: IO[str]) -> RichConsole:
        from notifconf.report.terminal import terminal

        return self._live or terminal(stream, color=self.color)

    def _render(self, report: Report, *, silent: bool = False) -> None:
        rendition = RENDERERS[self.format](report)
        if not silent or self.output is not None:
            if isinstance(rendition.result, str):
                self.result(rendition.result)
            else:
                self.lines(rendition.result)
        for variable, text_for in rendition.files.items():
            self._append(variable, text_for)

    def _append(self, variable: str, text_for: Callable[[int], str]) -> None:
        """Append to the file that an environment variable names. That it can't be done changes no exit code."""
        name = os.environ.get(variable)
        if not name:
            return
        path = Path(name)
        try:
            append_text(path, mask(text_for(path.stat().st_size if path.is_file() else 0)))
        except OSError as error:
            self.aside([line(Span("warning:", "warning"), f" can't append to ${variable}: {error.strerror}")])

    def _draw(self, stream: IO[str], lines: Iterable[Line]) -> None:
        from notifconf.report.terminal import draw_lines

        draw_lines(self._terminal(stream), (masked(item, mask) for item in lines))


@contextmanager
def _to_stdout() -> Iterator[None]:
    """Raise `UsageError` where standard output can't be written inside, BrokenPipeError where its reader went away."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon(sys.stdout)
        if error.errno == errno.EIO:  # how a terminal that was closed answers
            raise BrokenPipeError(error.errno, error.strerror) from error
        raise UsageError(f"can't write to standard output: {error.strerror}") from error


@contextmanager
def _failing(path: Path) -> Iterator[None]:
    """Raise `UsageError` for what goes wrong with the result's file inside."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}") from error


def _folder() -> str:
    """Return the current folder as the repository of a GitHub workflow sees it; empty outside of one."""
    root = os.environ.get("GITHUB_WORKSPACE")
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        return ""
    return here.relative_to(root).as_posix() if root and here.is_relative_to(root) else ""


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
