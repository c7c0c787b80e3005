"""What a plan may do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, TypeAlias

from notifconf.model.diagnostic import Position

Guard: TypeAlias = Literal["protected", "frozen"]
"""The members of a policy that list addresses, or globs of them, to keep from harm."""

GUARDS: tuple[Guard, ...] = ("protected", "frozen")


OWNER = re.compile(r"[a-z0-9-]{1,32}")


class Mode(StrEnum):
    """Which actions a plan may take: each mode allows what the one before it does, and one more."""

    CREATE_ONLY = "create-only"
    UPSERT_ONLY = "upsert-only"
    SYNC = "sync"


class Percentage(NamedTuple):
    """A share of the live objects of a kind that are managed here, 0 to 100."""

    value: int

    def __str__(self) -> str:
        return f"{self.value}%"


class Minimum(NamedTuple):
    """How many channels each type of a group must reach.

    `excepts` holds names, ids or globs of types that have no minimum. With `count_required_mail`, the mail that the
    service sends anyhow counts as a channel.
    """

    channels: int
    excepts: tuple[str, ...] = ()
    count_required_mail: bool = False

    def exempts(self, *names: str) -> bool:
        """Say whether a type with these names has no minimum; case does not matter."""
        return is_called(names, self.excepts)


class CoverageTerms(NamedTuple):
    """How a service speaks of coverage: its word for what one is told of, and for what that is grouped by.

    `groups` are those that the API's documents know, the worst first; `notes` are sentences for whoever reads numbers,
    `notes_without_mutes` those for numbers in which nobody has looked for mutes.
    """

    subject: str
    grouping: str
    groups: tuple[str, ...]
    notes: tuple[str, ...] = ()
    notes_without_mutes: tuple[str, ...] = ()


Silencing: TypeAlias = Literal["allow", "refuse"]

MAX_DELETES = Percentage(30)
"""Of what a workspace manages, where it does not say how much a plan may delete."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The workspace's `policy`, options applied; the defaults are those of the language.

    `coverage` maps a group of notification types (their severity, or namespace) to how many channels each of its types
    must reach. `silences` says whether a plan may silence anybody. `discover` also looks at resources that nothing
    declares. `places` says where a pattern of `protected` or `frozen` stands, as far as that is known. `owner` is whose
    integrations these are; `takes_over` names the owners whose marks count as this one's.
    """

    mode: Mode = Mode.UPSERT_ONLY
    max_deletes: int | Percentage = MAX_DELETES
    protected: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    verify_integrations: bool = True
    coverage: Mapping[str, Minimum] = field(default_factory=dict)
    discover: bool = False
    places: Mapping[tuple[Guard, str], Position] = field(default_factory=dict, compare=False)
    owner: str | None = None
    takes_over: tuple[str, ...] | None = None
    silences: Silencing = "allow"

    def owns(self, owner: str | None) -> bool:
        """Say whether the mark of `owner` counts as this workspace's own."""
        return owner is not None and (owner == self.owner or owner in (self.takes_over or ()))

    def patterns(self, guard: Guard) -> tuple[str, ...]:
        """Return the addresses, or globs of them, that a member lists: sorted, each once."""
        return tuple(sorted(set(self.protected if guard == "protected" else self.frozen)))


GLOB_CHARACTERS = frozenset("*?[")
"""A text without any of these is an exact name."""


def is_called(names: Iterable[str], patterns: Iterable[str]) -> bool:
    """Say whether a pattern is one of the names, or a glob that finds one; the case does not matter.

    A name may hold characters of a glob: "Quota [beta]" is found by that pattern too.
    """
    folded = [pattern.casefold() for pattern in patterns]
    return any(name == pattern or fnmatchcase(name, pattern) for name in map(str.casefold, names) for pattern in folded)


def address_matches(address: str, pattern: str) -> bool:
    """Say whether `pattern`, an exact address or a glob whose `*` crosses `/`, names `address`."""
    return address == pattern or fnmatchcase(address, pattern)
