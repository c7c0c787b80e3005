"""Telling of an apply while it goes on: as lines, above a bar, and to the audit file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from notifconf.cli.exitcode import OUTCOME, ExitCode, of_outcome
from notifconf.cli.options import LOG_FILE
from notifconf.cli.secrecy import mask
from notifconf.cli.streams import abandon
from notifconf.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from notifconf.cli.console import Console
    from notifconf.executor import ChangeOutcome, Outcome
    from notifconf.plan import Plan

Record = Callable[["ChangeOutcome"], None]


@contextmanager
def progress(plan: Plan, console: Console, record: Record) -> Iterator[Progress]:
    """Give what tells of each change of `plan` as it ends; `record` writes it into the audit file."""
    with console.progress("Applying", len(plan.changes)) as advance:
        yield Progress(console, advance, record)


@dataclass(slots=True)
class Progress:
    """Tells of each change as it ends. Whatever goes wrong in telling must not end an apply: it is told at the end."""

    console: Console
    advance: Callable[[], None]
    record: Record
    told: dict[str, ChangeOutcome] = field(default_factory=dict)
    failure: Exception | None = None
    is_reader_gone: bool = False

    def __call__(self, item: ChangeOutcome) -> None:
        """Tell of a change that has ended."""
        from notifconf.report.text import outcome_line

        self._audit(item)
        if not self.console.machine:
            self._try(lambda: self.console.lines([outcome_line(item)]))
        self._try(self.advance)

    def finish(self, outcome: Outcome) -> ExitCode:
        """Show what became of the plan, and return the code that says it.

        A result or an audit line that is missing makes 0 a 3, since it was asked for; it never makes a code 1.
        """
        meta = click.get_current_context().meta
        for item in outcome.changes:
            # What was told may have become another outcome since: the verification settles twins.
            if self.told.get(item.change.address) != item:
                self._audit(item)
        code = of_outcome(outcome)
        self._try(lambda: self.console.show(outcome.plan, code, outcome))
        if self.is_reader_gone:
            abandon(sys.stdout)
        if self.failure is not None:
            code = code or ExitCode.INCOMPLETE
        meta[OUTCOME] = code
        self._explain(code, meta.get(LOG_FILE))
        return code

    def _explain(self, code: ExitCode, log_file: Path | None) -> None:
        """Say what went wrong in telling."""
        if isinstance(self.failure, UsageError):
            self.console.failure(self.failure, code)
        elif self.failure is not None:
            from notifconf.cli.requestlog import report_crash

            report_crash(self.failure, log_file)

    def _audit(self, item: ChangeOutcome) -> None:
        self.told[item.change.address] = item
        try:
            self.record(replace(item, error=item.error and mask(item.error)))
        except Exception as error:  # noqa: BLE001 -- nothing that goes wrong here may end an apply
            self.failure = error

    def _try(self, tell: Callable[[], None]) -> None:
        if self.is_reader_gone:
            return
        try:
            tell()
        except BrokenPipeError:
            self.is_reader_gone = True
        except Exception as error:  # noqa: BLE001 -- nothing that goes wrong here may end an apply
            self.failure = error
