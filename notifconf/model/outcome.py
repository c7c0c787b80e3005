"""What became of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import Change, Plan


class Result(StrEnum):
    """What became of one change; of an unknown one nobody can say whether it came about."""

    APPLIED = "applied"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    KEPT = "kept"


TROUBLE = (Result.FAILED, Result.UNKNOWN)
"""What somebody must look at."""


class ChangeOutcome(NamedTuple):
    """What became of one change; `id` is the object's, where it is known; `error` says why it was not applied."""

    change: Change
    result: Result
    id: str | None = None
    error: str | None = None
    uncertain: bool = False
    """Whether a change that failed, or whose fate is unknown, may have come about all the same."""
    request_id: str | None = None
    """What the service calls the last request that was to write it: its support asks for that."""
    changed_since: bool = False
    """Whether it failed because somebody else has changed the object since the plan was made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: one entry for every change, in the plan's order.

    `remaining` is the plan made afterwards: empty when the live state is as declared; None where it could not be made,
    and then `verification_error` says why.
    """

    plan: Plan
    changes: tuple[ChangeOutcome, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    remaining: Plan | None = None
    verification_error: str | None = None
    interrupted: bool = False

    @property
    def left(self) -> tuple[Change, ...]:
        """What is still to do, but for what the service keeps because it is in use.

        That goes by its id: once its namesakes are deleted, it has another address.
        """
        kept = {(item.change.kind, item.change.id) for item in self.changes if item.result is Result.KEPT}
        remaining = self.remaining.changes if self.remaining is not None else ()
        return tuple(change for change in remaining if (change.kind, change.id) not in kept)

    @property
    def complete(self) -> bool:
        """Whether everything was done, and seen to be done."""
        done = all(item.result in {Result.APPLIED, Result.KEPT} for item in self.changes)
        return done and self.verification_error is None and not self.left and not self.interrupted

    @property
    def must_be_repeated(self) -> bool:
        """Whether another run continues: something was changed, here or by somebody else in the meantime."""
        return self.changed_something or any(item.changed_since for item in self.changes)

    @property
    def changed_something(self) -> bool:
        """Whether anything was changed, or may have been."""
        return any(item.result is Result.APPLIED or item.uncertain for item in self.changes)

    def count(self, result: Result) -> int:
        """Return how many changes ended as `result`."""
        return sum(item.result is result for item in self.changes)
