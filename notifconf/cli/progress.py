"""Telling of an apply while it goes on: as lines, above a bar, and to the audit file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from notifconf.cli.exitcode import ExitCode, of_outcome
from notifconf.cli.secrecy import mask
from notifconf.cli.streams import abandon
from notifconf.errors import UsageError

if TYPE_CHECKING:
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
    """Tells of each change as it ends. That somebody can't be told must not end an apply: it is told at the end."""

    console: Console
    advance: Callable[[], None]
    record: Record
    told: set[str] = field(default_factory=set)
    failure: UsageError | BrokenPipeError | None = None

    def __call__(self, item: ChangeOutcome) -> None:
        """Tell of a change that has ended."""
        from notifconf.report.text import outcome_line

        self._audit(item)
        if not self.console.machine:
            self._try(lambda: self.console.lines([outcome_line(item)]))
        self.advance()

    def finish(self, outcome: Outcome) -> ExitCode:
        """Show what became of the plan, and return the code that says it: the output decides nothing."""
        for item in outcome.changes:
            if item.change.address not in self.told:
                self._audit(item)
        code = of_outcome(outcome)
        self._try(lambda: self.console.show(outcome.plan, code, outcome))
        if isinstance(self.failure, BrokenPipeError):
            abandon(sys.stdout)
        elif self.failure is not None:
            code = code or ExitCode.INCOMPLETE
            self.console.failure(self.failure, code)
        return code

    def _audit(self, item: ChangeOutcome) -> None:
        self.told.add(item.change.address)
        try:
            self.record(replace(item, error=item.error and mask(item.error)))
        except UsageError as error:
            self.failure = error

    def _try(self, tell: Callable[[], None]) -> None:
        if isinstance(self.failure, BrokenPipeError):
            return
        try:
            tell()
        except (UsageError, BrokenPipeError) as error:
            self.failure = error
