"""What a renderer is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifconf.executor import ChangeOutcome, Outcome
    from notifconf.model import Diagnostic
    from notifconf.plan import Change, Plan


@dataclass(frozen=True, slots=True)
class Report:
    """What a command has to say: a plan and, once it was applied, its outcome.

    A plan that could not be made is one without changes whose diagnostics say why. `folder` is the current folder as
    the repository sees it: annotations name files from there.
    """

    plan: Plan
    outcome: Outcome | None = None
    exit_code: int = 0
    verbose: bool = False
    folder: str = ""

    @property
    def changes(self) -> Iterable[tuple[Change, ChangeOutcome | None]]:
        """The changes in the plan's order, each with what became of it."""
        if self.outcome is None:
            return ((change, None) for change in self.plan.changes)
        return ((item.change, item) for item in self.outcome.changes)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Those of the plan, then those of the outcome."""
        return (*self.plan.diagnostics, *(self.outcome.diagnostics if self.outcome is not None else ()))
