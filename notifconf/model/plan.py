"""A plan: frozen data, without secrets, closures, colour or stored totals."""

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
    digest: str = field(default="", compare=False)
    """SHA-256 of all that decides what applying it does (see `plan.archive`); empty where no endpoint is known."""

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
