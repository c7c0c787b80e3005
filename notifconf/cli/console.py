"""The output of a command: its result goes to standard output (or to a file), everything else to standard error.

On a terminal lines and tables are drawn. In a pipe they are plain text: nothing is wrapped, cut or coloured.

No output repeats a credential, or a secret of the workspace. Plans and diagnostics are masked where they are made. All
other texts (tables of live objects, errors of the service, log files) are masked here, before they are written.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import click

from notifconf.cli.parameters import explain_sources
from notifconf.cli.process import ExitCode, discard_output, find_folder, page_output, read_answer, write_error
from notifconf.config.access import credentials_in
from notifconf.errors import OutputConflictError, UsageError, WorkspaceError
from notifconf.files import append_text, check_output, usage_errors, write_atomically
from notifconf.http.exchange import RequestCounter, count_requests
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.mask import Mask, encoded_forms, mask_texts
from notifconf.model.plan import UNDECLARED_MUTE, Change, Outcome, Plan, Result
from notifconf.model.resource import Secret
from notifconf.report import NO_RESULT, Context, Report
from notifconf.report.github import escape_commands
from notifconf.report.style import Line, Span, line, mask_line, plain_text
from notifconf.report.text import conclusion, diagnostic_lines

if TYPE_CHECKING:
    from notifconf.plan.coverage import Sides
    from notifconf.report.table import Table
    from notifconf.report.terminal import Terminal

T = TypeVar("T")

SECRETS_KEY = "notifconf.secrets"
MASK_KEY = "notifconf.mask"
"""Keys of the click context's `meta`: the secrets of the workspace, and the mask that is made of them."""


def remember_secrets(secrets: Iterable[Secret]) -> None:
    """Keep these secrets out of everything that this command writes from now on."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta.setdefault(SECRETS_KEY, []).extend(secrets)
        context.meta.pop(MASK_KEY, None)


def known_secrets() -> Sequence[Secret]:
    """Return the secrets that this command has remembered so far."""
    context = click.get_current_context(silent=True)
    return () if context is None else tuple(context.meta.get(SECRETS_KEY, ()))


def mask(text: str) -> str:
    """Return `text` with every secret masked that this command knows."""
    context = click.get_current_context(silent=True)
    if context is None:
        return _make_mask(())(text)
    if MASK_KEY not in context.meta:
        context.meta[MASK_KEY] = _make_mask(context.meta.get(SECRETS_KEY, ()))
    masked: str = context.meta[MASK_KEY](text)
    return masked


def _make_mask(secrets: Iterable[Secret]) -> Mask:
    return Mask(form for secret in (*credentials_in(os.environ), *secrets) for form in encoded_forms(secret))


@dataclass(slots=True)
class Console:
    """The output of one command: the `format` and the file of its result, and how much it says beside the result."""

    format: str = "text"
    output: Path | None = None
    color: bool = True
    verbose: bool = False
    quiet: bool = False
    verdict: str = ""
    """What the last line says of a plan that has errors; empty for a command that makes no plan."""
    summary: bool = False
    needs_reader: bool = False
    """Whether the command ends where nobody reads its result (`| head`): nothing is changed that nobody sees."""
    context: Context | None = None
    """What the plan of this command compares with what, once that is known."""
    find_routing: Callable[[Sequence[Change]], Sequence[Sides]] | None = None
    """Says whom each type reaches before and after some changes, for a format that shows it."""
    _shown: Report | None = field(default=None, init=False)
    _begun: bool = field(default=False, init=False)
    _is_printed: bool = field(default=False, init=False)
    _moving: Terminal | None = field(default=None, init=False)

    @property
    def machine(self) -> bool:
        """Whether a program reads the result."""
        return self.format != "text"

    @property
    def width(self) -> int | None:
        """How many columns the result may have: those of a terminal, or any number."""
        return self._terminal(sys.stdout).width if self._is_on_terminal else None

    @property
    def _is_on_terminal(self) -> bool:
        return self.output is None and sys.stdout.isatty()

    def check(self) -> None:
        """Raise `UsageError` if the result's file can't be written: after an apply, that would come too late."""
        if self.output is not None:
            with usage_errors(f"can't write {self.output}"):
                check_output(self.output)

    def masked(self, value: T) -> T:
        """Return data without secrets, for a renderer that escapes: that would hide them from the mask of a text."""
        return mask_texts(value, mask)

    def result(self, text: str) -> None:
        """Write the result, or its next part, as it is. Raises `UsageError` if it can't be written.

        The first part replaces the file of --output, whole or not at all. Further parts are appended.
        """
        text = mask(text)
        if self.output is None:
            with self._printing():
                sys.stdout.write(text)
                sys.stdout.flush()
            return
        with usage_errors(f"can't write {self.output}"):
            if self._begun:
                append_text(self.output, text)
            else:
                write_atomically(self.output, text)
        self._begun = True

    @contextmanager
    def _printing(self) -> Iterator[None]:
        """Raise `UsageError` if standard output can't be written inside.

        If its reader has gone, all further output is dropped, and the outcome decides how the command ends; one that
        needs a reader gets a BrokenPipeError.
        """
        try:
            yield
            self._is_printed = True
        except OSError as error:
            discard_output(sys.stdout)
            if not isinstance(error, BrokenPipeError) and error.errno != errno.EIO:  # EIO: the terminal was closed
                raise UsageError(f"can't write to standard output: {error.strerror}") from error
            if self.needs_reader:
                raise BrokenPipeError(error.errno, error.strerror) from error

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines as the result, or a part of it."""
        if self._is_on_terminal:
            with self._printing():
                self._draw(sys.stdout, lines)
        else:
            self.result(plain_text(lines))

    def table(self, table: Table) -> None:
        """Write a table as the result, or a part of it."""
        # Secrets are masked before columns are laid out: a secret that is wrapped in its cell would not be found.
        table = table._replace(rows=tuple(mask_line(row, mask) for row in table.rows))
        self.lines(table.lines(self.width))

    def show(self, plan: Plan, code: int, outcome: Outcome | None = None, *, silent: bool = False) -> None:
        """Write a plan, or its outcome, as the result of a command that ends with `code`.

        Diagnostics are written beside the result; those of an applied plan were shown before it was applied. A `silent`
        command writes to files only.
        """
        if not silent and outcome is not None:
            self.diagnostics(outcome.diagnostics)
        elif not silent:
            self.warn_of(plan)
        self._shown = report = self.report(plan, code, outcome)
        if self.find_routing is not None:
            made = [change for change, item in report.changes if item is None or item.result is Result.APPLIED]
            report = report._replace(routing=self.find_routing(made))
        self._render(report, silent=silent)
        if not silent:
            self._conclude(report)

    def report(self, plan: Plan, code: int = 0, outcome: Outcome | None = None) -> Report:
        """Return what a renderer needs of a plan, or of its outcome."""
        verdict = self.verdict or NO_RESULT
        return Report(plan, outcome, code, self.verbose, find_folder(), self.context, verdict, self.summary)

    @contextmanager
    def paging(self) -> Iterator[None]:
        """Send the result to the pager of the user, if one is set and the result goes to a terminal.

        The outcome of a plan is repeated after that: a pager may leave nothing on the screen.
        """
        with page_output(color=self.color) as is_paged:
            yield
        if is_paged and self._shown is not None:
            self.lines([conclusion(self._shown)])

    def _conclude(self, report: Report) -> None:
        """Say how the command ended beside its result, where a person may not see the end of that."""
        if not self._is_seen and (report.exit_code or not self.quiet):
            self.aside([conclusion(report)])

    @property
    def _is_seen(self) -> bool:
        """Whether a person reads the result itself."""
        return self.output is None and self.format in {"text", "github"}

    def aside(self, lines: Iterable[Line]) -> None:
        """Write lines for a person, beside the result. If that fails, there is nobody to tell."""
        if sys.stderr.isatty():
            try:
                self._draw(sys.stderr, lines)
            except OSError:  # the terminal was closed
                discard_output(sys.stderr)
            return
        text = mask(plain_text(lines))
        if self.format == "github":
            text = escape_commands(text)
        write_error(text)

    def note(self, message: str) -> None:
        """Write a sentence that a quiet command leaves out."""
        if not self.quiet:
            self.aside([line(message)])

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Show diagnostics. A quiet command shows errors only."""
        shown = [item for item in diagnostics if item.severity == "error" or not self.quiet]
        if not shown:
            return
        if not sys.stderr.isatty():
            self.aside(diagnostic_lines(shown))
        else:
            from notifconf.report.excerpt import excerpts  # not at the top: only a terminal shows excerpts

            excerpt = excerpts(self._terminal(sys.stderr).width)
            for item in shown:
                self.aside([*diagnostic_lines([item]), *excerpt(item)])
        # What has a place comes from a workspace, the rest from options.
        about_options = "\n".join(item.message for item in shown if item.position is None)
        self.aside([line(note) for note in explain_sources(about_options)])

    def warn_of(self, plan: Plan) -> None:
        """Show the diagnostics of a plan, without those that stand on top of its text."""
        on_top = UNDECLARED_MUTE if self._is_seen else ""
        self.diagnostics(item for item in plan.diagnostics if item.code != on_top)

    def failure(self, error: Exception, code: int = 1) -> None:
        """Show why a command ends with `code`: on standard error, and for a program also as a plan without changes."""
        self.needs_reader = False  # the command ends here in any case, whether anybody reads why or not
        if isinstance(error, OutputConflictError):
            self.output = None  # the reason must not overwrite the file either
        if isinstance(error, WorkspaceError):
            self.diagnostics(error.diagnostics)
            diagnostics = error.diagnostics
            provider = error.workspace.provider if error.workspace else ""
            says_outcome = False
        else:
            provider = ""
            message = "\n".join([str(error), *getattr(error, "__notes__", ())])
            head, *more = message.split("\n")
            self.aside([line(Span("error:", "error"), f" {head}"), *map(line, more)])
            kind = "usage" if isinstance(error, UsageError) else "stale" if code == ExitCode.STALE else "service"
            diagnostics = (Diagnostic("error", kind, message),)
            # One line says the outcome itself, but not below a plan, which stands on the other stream. "Not applied"
            # would be wrong where something was changed.
            says_outcome = (not more and not self._is_printed) or code == ExitCode.INCOMPLETE
        report = self.report(Plan(provider, diagnostics=diagnostics), code)
        if self.machine:
            with suppress(UsageError):  # a file that can't be written can't hold the reason either
                self._render(report)
        if self.verdict and not says_outcome:
            try:
                if not self.machine:
                    self.lines([conclusion(report)])
            except UsageError as lost:
                self.aside([line(Span("error:", "error"), f" {lost}")])
            self._conclude(report)
        elif not says_outcome and isinstance(error, WorkspaceError):
            self.sum_up(diagnostics, "The workspace is not valid")

    def sum_up(self, diagnostics: Sequence[Diagnostic], verdict: str = "The planned side is incomplete") -> None:
        """Say as the last line what errors mean, for a command that shows no plan; nothing if there are none."""
        if diagnostics:
            report = self.report(Plan("", diagnostics=tuple(diagnostics)))
            self.aside([conclusion(report._replace(verdict=verdict))])

    def ask(self, prompt: str) -> str:
        """Return the answer of the person at the terminal. Ctrl-C raises `KeyboardInterrupt`, in an event loop too."""
        try:
            write_error(prompt)
            answer = read_answer()
            if not answer.endswith("\n"):  # the end of the input (Ctrl-D) leaves the cursor behind the question
                write_error("\n")
            return answer.strip()
        except KeyboardInterrupt:
            write_error("\n")
            raise

    @contextmanager
    def waiting(self, message: str) -> Iterator[None]:
        """Show a spinner on a terminal while the service is read. If that takes long, it also shows the progress."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        with (
            count_requests() as counter,
            self._keep_terminal() as terminal,
            terminal.spinner(make_progress_text(message, counter)),
        ):
            yield

    @contextmanager
    def progress(self, message: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a progress bar on a terminal. Gives the function to call whenever one of `total` is done."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda: None
            return
        with self._keep_terminal() as terminal, terminal.bar(message, total) as advance:
            yield advance

    @contextmanager
    def _keep_terminal(self) -> Iterator[Terminal]:
        """Give the terminal for a spinner or a bar. Inside, lines are drawn on it too: they would garble it else."""
        self._moving = self._terminal(sys.stderr)
        try:
            yield self._moving
        finally:
            self._moving = None

    def _terminal(self, stream: IO[str]) -> Terminal:
        from notifconf.report.terminal import open_terminal  # not at the top: pipelines don't need rich

        return self._moving or open_terminal(stream, color=self.color)

    def _render(self, report: Report, *, silent: bool = False) -> None:
        from notifconf.report.formats import RENDERERS  # not at the top: `validate` and others need no renderer

        # The escapes of Markdown would hide a secret from the mask.
        escapes = self.format in {"markdown", "github"}
        rendition = RENDERERS[self.format](self.masked(report) if escapes else report)
        if not silent or self.output is not None:
            if isinstance(rendition.result, str):
                self.result(rendition.result)
            else:
                self.lines(rendition.result)
        for variable, text_for in rendition.files.items():
            self._append(variable, text_for)

    def _append(self, variable: str, text_for: Callable[[int], str]) -> None:
        """Append to the file that an environment variable names. A failure is a warning and changes no exit code."""
        name = os.environ.get(variable)
        if not name:
            return
        path = Path(name)
        try:
            text = text_for(path.stat().st_size if path.is_file() else 0)
            append_text(path, mask(text))
        except OSError as error:
            self.aside([line(Span("warning:", "warning"), f" can't append to ${variable}: {error.strerror}")])
            return
        if not text:
            self.aside([line(Span("warning:", "warning"), f" ${variable} has no room left: the log shows the plan")])

    def _draw(self, stream: IO[str], lines: Iterable[Line]) -> None:
        self._terminal(stream).draw_lines(mask_line(item, mask) for item in lines)


PROGRESS_DELAY_SECONDS = 1.0
"""A wait that is shorter shows no progress."""


def make_progress_text(
    message: str, counter: RequestCounter, clock: Callable[[], float] = time.monotonic
) -> Callable[[], str]:
    """Return a function that returns `message`, and after a while also the requests done, their rate and time left."""
    began = clock()

    def text() -> str:
        seconds = clock() - began
        if seconds < PROGRESS_DELAY_SECONDS or not counter.done or counter.done == counter.expected:
            return message
        rate = counter.done / seconds
        minutes, rest = divmod(round((counter.expected - counter.done) / rate), 60)
        progress = f"{counter.done:,} of {counter.expected:,} requests"
        return f"{message}: {progress}, {rate:.0f} a second, {minutes}:{rest:02} left"

    return text
