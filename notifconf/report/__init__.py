"""Reports on a plan or its outcome, one renderer a file. Renderers return text; only the command line writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import Change, ChangeOutcome, Outcome, Plan

if TYPE_CHECKING:
    from notifconf.plan.coverage import Sides

NOT_APPLICABLE, NOT_APPLIED, NO_RESULT = "This plan can't be applied", "Not applied", "No result"
"""What is said of errors: by `plan` and `drift`, by `apply`, and by commands that make no plan."""


class Context(NamedTuple):
    """What was compared with what. `made` is when; `organization` is None where no live object tells it."""

    workspace: str
    service: str
    endpoint: str
    mode: str
    version: str
    made: datetime
    organization: str | None = None


class Report(NamedTuple):
    """What a renderer gets: a plan and, once the plan is applied, its outcome.

    If no plan could be made, `plan` has no changes, and its diagnostics say why. `folder` is the current folder as the
    repository sees it: annotations name files relative to the repository. `verdict` is what to say of a plan that has
    errors: nothing was applied, or it can't be. `routing` says what each type reaches before and after the plan, where
    that is known.
    """

    plan: Plan
    outcome: Outcome | None = None
    exit_code: int = 0
    verbose: bool = False
    folder: str = ""
    context: Context | None = None
    verdict: str = NOT_APPLICABLE
    summary: bool = False
    """Whether only the addresses of changes are wanted."""
    routing: Sequence[Sides] = ()

    @property
    def title(self) -> str:
        """What it is about: an apply, also one that came to nothing, or a plan; else it says why a command failed."""
        if self.outcome is not None or self.verdict == NOT_APPLIED:
            return "notifconf apply"
        return "notifconf plan" if self.verdict == NOT_APPLICABLE else "notifconf"

    @property
    def now(self) -> datetime | None:
        """When the plan was made, where that is known: how much time is left until a mute ends."""
        return self.context.made if self.context is not None else None

    @property
    def changes(self) -> Iterable[tuple[Change, ChangeOutcome | None]]:
        """The changes in the plan's order, each with its outcome."""
        if self.outcome is None:
            return ((change, None) for change in self.plan.changes)
        return ((item.change, item) for item in self.outcome.changes)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The diagnostics of the plan, then those of the outcome."""
        return (*self.plan.diagnostics, *(self.outcome.diagnostics if self.outcome is not None else ()))
