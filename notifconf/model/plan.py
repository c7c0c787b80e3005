"""A plan, and what became of it: frozen data, without secrets, closures, colour or stored totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.resource import MuteTerms
from notifconf.model.state import Part

REFUSALS = frozenset({"max-deletes", "coverage", "silences"})
"""Codes of the safety rules: they refuse a plan that is otherwise right, and `--force` acknowledges them."""


UNDECLARED_MUTE = "undeclared-mute"
"""The code of the diagnostic of a live mute that nothing declares."""


class Action(StrEnum):
    """What a change does to a live object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an object: `target` is its id, or its address where this plan creates it; `name` is for people.

    `owner` is the other workspace that the object belongs to, or None. `kept` says that the reference is in a list only
    because it lives: nobody declares it here, and this workspace may not take it out.
    """

    target: str
    name: str = field(compare=False)
    owner: str | None = field(default=None, compare=False)
    kept: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Stands where a secret stands; the secret itself is never in a plan.

    `expression` is how the workspace refers to it, for a saved plan; None where it stands in clear or is live.
    """

    changed: bool = False
    expression: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return "(sensitive, changed)" if self.changed else "(sensitive)"


PlanValue: TypeAlias = (
    "bool | int | float | str | Reference | Sensitive | tuple[PlanValue, ...] | Mapping[str, PlanValue] | None"
)
Attributes: TypeAlias = Mapping[str, PlanValue]


class Difference(NamedTuple):
    """One field that an update changes: `path` is a JSON pointer; None stands for an absent value."""

    path: str
    before: PlanValue
    after: PlanValue


@dataclass(frozen=True, slots=True)
class Change:
    """One create, update or delete.

    `before` is None for a create, `after` for a delete; else each holds the whole object. `changed` names the
    attributes that an update writes. `depends_on` holds addresses of changes of this plan that go first.
    `blocked` is the code of what forbids the change. `shared` says that others may add to its lists: what is in one by
    the time of the write stays. `place` says in names where the object belongs, and `mute` when a mute begins and ends,
    for people.
    """

    action: Action
    kind: str
    address: str
    id: str | None
    before: Attributes | None
    after: Attributes | None
    changed: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    depends_on: tuple[str, ...] = ()
    blocked: str | None = None
    shared: bool = False
    position: Position | None = field(default=None, compare=False)
    place: str = field(default="", compare=False)
    mute: MuteTerms | None = field(default=None, compare=False)


class Unmanaged(NamedTuple):
    """A live object that nothing declares and that stays; `kept` says why, `place` where it belongs, for people."""

    address: str
    kind: str
    id: str
    kept: str
    place: str = ""


class Silence(NamedTuple):
    """Somebody who is not told any more once the change at `address` is made; `message` is a sentence on its own."""

    address: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` does, in an order that it can be done in."""

    provider: str
    changes: tuple[Change, ...] = ()
    unchanged: tuple[str, ...] = ()
    """Addresses of declared objects that need nothing."""
    unmanaged: tuple[Unmanaged, ...] = ()
    silences: tuple[Silence, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    mode: str = ""
    until: datetime | None = None
    """When the plan stops to hold because a mute ends, or None."""
    part: Part = ""
    counts_undeclared: bool = False
    """Whether there are live objects that nothing declares, and they are a difference too (`drift --undeclared`)."""
    owner: str | None = None
    takes_over: tuple[str, ...] = ()
    """Whose marks count as this workspace's own (see `plan/ownership.py`)."""
    digest: str = field(default="", compare=False)
    """SHA-256 of all that decides what applying it does; empty where no endpoint is known."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What makes the plan wrong: with one of these it can't be applied."""
        return tuple(item for item in self.diagnostics if item.severity == "error" and item.code not in REFUSALS)

    @property
    def is_applicable(self) -> bool:
        """Whether `apply` would carry it out."""
        return not self.errors and not self.refusals

    @property
    def undeclared_mutes(self) -> tuple[Diagnostic, ...]:
        """The warnings of mutes that nothing declares: somebody is not told already."""
        return tuple(item for item in self.diagnostics if item.code == UNDECLARED_MUTE)

    @property
    def overdue(self) -> tuple[Change, ...]:
        """The changes that lift mutes which should have ended by now: somebody is not told for longer than declared."""
        return tuple(change for change in self.changes if change.mute is not None and change.mute.is_over)

    @property
    def refusals(self) -> tuple[Diagnostic, ...]:
        """The safety rules that refuse the plan."""
        return tuple(item for item in self.diagnostics if item.severity == "error" and item.code in REFUSALS)

    @property
    def breaches(self) -> tuple[Diagnostic, ...]:
        """The types that reach too few channels as they live, which no --force excuses: no change is to blame."""
        return tuple(item for item in self.refusals if item.code == "coverage" and item.address is None)

    def count(self, action: Action) -> int:
        """Return how many changes take `action`."""
        return sum(change.action == action for change in self.changes)


def freeze(attributes: Mapping[str, PlanValue]) -> Attributes:
    """Return a read-only copy, all the way down."""
    return MappingProxyType(
        {name: freeze(value) if isinstance(value, Mapping) else value for name, value in attributes.items()}
    )


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
