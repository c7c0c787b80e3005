"""Which entry decides who is told of a notification type: an entry that names it, or a match. Pure.

`plan/entries.py` has the rules; here they meet the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, Position, Suggester, error, list_some, quoted, warning
from notifconf.model.policy import is_called
from notifconf.plan.entries import MATCHED, NAMED, Claim, Conflict, Decision, decide, find_idle_exceptions
from notifconf.providers.confluent.catalogue import (
    Catalogue,
    NotificationType,
)
from notifconf.providers.confluent.workspace import (
    DeclaredSubscription,
    Match,
    Reference,
)

MAX_NAMES_SHOWN = 3
"""How many types a message names."""

RESOURCE_MATCHED = 2
"""The rank of the subscriptions of a match of resources, behind those of entries that name the resource."""


class Choice(NamedTuple):
    """A notification type, and the entries that decide who is told of it; `base` is None where they only add.

    `shadowed` are entries that another one wins over.
    """

    type: NotificationType
    base: DeclaredSubscription | None
    added: tuple[DeclaredSubscription, ...] = ()
    shadowed: tuple[DeclaredSubscription, ...] = ()

    @property
    def position(self) -> Position:
        """Where the first entry that counts stands."""
        return (self.base or self.added[0]).position

    @property
    def entries(self) -> tuple[DeclaredSubscription, ...]:
        """The entries that count."""
        return self.added if self.base is None else (self.base, *self.added)

    @property
    def references(self) -> Iterable[Reference]:
        """Who is told, by all entries together."""
        return chain.from_iterable(entry.references for entry in self.entries)


class Chooser:
    """Finds types in one catalogue; `diagnostics` collects what can't be found or is found twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Start with no diagnostics."""
        self.diagnostics: list[Diagnostic] = []
        self._catalogue = catalogue
        self._nearest = Suggester()

    def choose(
        self,
        entries: Sequence[DeclaredSubscription],
        address: Callable[[str], str],
        resource_type: str = "",
        matched: Sequence[Sequence[DeclaredSubscription]] = (),
    ) -> list[Choice]:
        """Return each type that the entries mean, once, with those that decide: see `plan/entries.py`.

        `address` makes the address of a subscription of a display name. `resource_type` is that of the resource whose
        subscriptions these are: a match finds only types that the API lists for it. `matched` holds the entries of each
        match of resources that finds this one: its own entries go before these, and of two matches neither does.
        """
        claims = list(self._make_claims(entries, address, resource_type))
        shadowed: dict[tuple[int, str], tuple[DeclaredSubscription, ...]] = {}
        """By the base that a match of resources decides on, and the type."""
        for group in matched:
            own = list(self._make_claims(group, address, resource_type))
            claims += [claim._replace(rank=RESOURCE_MATCHED) for claim in own if claim.adds]
            bases: dict[int, tuple[DeclaredSubscription, list[str]]] = {}
            for decision in self._decide(own, address):
                if decision.base is not None:
                    bases.setdefault(id(decision.base), (decision.base, []))[1].append(decision.thing)
                    shadowed[id(decision.base), decision.thing] = decision.shadowed
            claims += [Claim(base, tuple(types), base.position, RESOURCE_MATCHED) for base, types in bases.values()]
        choices = [
            Choice(
                self._catalogue.by_id[decision.thing],
                decision.base,
                decision.added,
                (*decision.shadowed, *shadowed.get((id(decision.base), decision.thing), ())),
            )
            for decision in self._decide(claims, address)
        ]
        for choice in choices:
            self.diagnostics += _find_shadowed(choice, address)
        return choices

    def check(self, entries: Iterable[DeclaredSubscription], address: Callable[[str], str]) -> None:
        """Only look for the types that the entries mean."""
        for entry in entries:
            self._make_claim(entry, address, "")

    def _decide(
        self, claims: Iterable[Claim[DeclaredSubscription, str]], address: Callable[[str], str]
    ) -> Sequence[Decision[DeclaredSubscription, str]]:
        decisions, conflicts = decide(claims, _content)
        for conflict in conflicts:
            types = [self._catalogue.by_id[type_id] for type_id in conflict.things]
            self.diagnostics.append(_report_conflict(conflict, types, address))
        return decisions

    def _make_claims(
        self, entries: Iterable[DeclaredSubscription], address: Callable[[str], str], resource_type: str
    ) -> Iterator[Claim[DeclaredSubscription, str]]:
        return (claim for entry in entries if (claim := self._make_claim(entry, address, resource_type)))

    def _make_claim(
        self, entry: DeclaredSubscription, address: Callable[[str], str], resource_type: str
    ) -> Claim[DeclaredSubscription, str] | None:
        adds = entry.add is not None
        if entry.notification_type is not None:
            found = self._find_named(entry.notification_type, address)
            return Claim(entry, (found.id,), entry.position, NAMED, adds) if found else None
        if entry.match is not None and entry.match.resolved:
            types = self._find_matched(entry.match, entry.position, resource_type)
            return Claim(entry, tuple(item.id for item in types), entry.position, MATCHED, adds)
        return None

    def _find_named(self, reference: Reference, address: Callable[[str], str]) -> NotificationType | None:
        types = self._catalogue.named(reference.name) if reference.resolved else ()
        if len(types) == 1:
            return types[0]
        if reference.resolved:
            self.diagnostics.append(self._report_unknown(reference, types, address(reference.name)))
        return None

    def _report_unknown(self, reference: Reference, types: Sequence[NotificationType], address: str) -> Diagnostic:
        if types:
            ids = " or ".join(sorted(quoted(item.id) for item in types))
            message = f"{len(types)} notification types are called {reference}: use the id, {ids}"
        else:
            message = (
                f"there is no notification type {reference}{self._suggest(reference)}: `notifconf types` lists all"
            )
        return error("unknown-notification-type", message, reference.position, address)

    def _suggest(self, reference: Reference) -> str:
        known = (item.display_name for item in self._catalogue.types)
        return self._nearest(reference.name, known) if reference.expression is None else ""

    def _find_matched(self, match: Match, position: Position, resource_type: str) -> list[NotificationType]:
        listed = self._catalogue.by_resource_type.get(resource_type)
        types = [
            item for item in self._catalogue.types if (listed is None or item.id in listed) and satisfies(item, match)
        ]
        if match.excluded:
            everything = match._replace(excluded=None)
            found = [item for item in self._catalogue.types if satisfies(item, everything)]
            names = {name for item in found for name in (item.id, item.display_name)}
            self.diagnostics += find_idle_exceptions(match.excluded, names, position)
        included = [item for item in types if item.in_plan]
        if not included:
            of_resource = f" of {resource_type} resources" if listed is not None else ""
            reason = " that the organization's billing plan includes" if types else ""
            message = f"no notification type{of_resource}{reason} satisfies this match: nobody would be told"
            self.diagnostics.append(error("empty-match", message, position))
        return included


def _content(entry: DeclaredSubscription) -> tuple[list[str], str]:
    """Return what a plan shows of an entry, to choose one of several whatever their order."""
    return sorted({reference.name for reference in entry.references}), entry.current_state


def satisfies(item: NotificationType, match: Match) -> bool:
    """Say whether a type is what a `match` asks for; the case of the display name does not matter."""
    return (
        (not match.severity or item.severity in match.severity)
        and (not match.category or item.category in match.category)
        and (not match.subscription_priority or item.priority in match.subscription_priority)
        and (match.name is None or is_called((item.display_name,), (match.name,)))
        and item.id not in (match.excluded or ())
        and not is_called((item.display_name,), match.excluded or ())
    )


def _report_conflict(
    conflict: Conflict[DeclaredSubscription, str], types: Sequence[NotificationType], address: Callable[[str], str]
) -> Diagnostic:
    earlier, later = conflict.earlier, conflict.later
    if conflict.rank == NAMED and earlier.notification_type is not None and later.notification_type is not None:
        message = f"this notification type has a subscription already at {earlier.notification_type.position}"
        where = address(types[0].display_name)
        return error("duplicate-subscription", message, later.notification_type.position, where)
    names = list_some([quoted(item.display_name) for item in types], MAX_NAMES_SHOWN)
    message = f"this match and the one at {earlier.position} both find {names}"
    return error("overlapping-match", message, later.position)


def _find_shadowed(choice: Choice, address: Callable[[str], str]) -> Iterator[Diagnostic]:
    """Warn where an entry wins over a match that would tell more: nobody has said that these shall not be told."""
    told = {reference.name for reference in choice.references} if choice.shadowed else ()
    for entry in choice.shadowed:
        left_out = [str(reference) for reference in entry.references if reference.name not in told]
        if left_out and choice.base is not None:
            name = quoted(choice.type.display_name)
            message = (
                f"this entry decides about {name}, so the one at {entry.position} does not count for it, which would"
                f" also tell {', '.join(sorted(left_out))}: list them here too, use `add` here, or `except` there"
            )
            yield warning("shadows-match", message, choice.base.position, address(choice.type.display_name))
