"""Which notification types the entries of a list of subscriptions mean. Pure.

Entries that contradict each other are an error, and one of them is shown in the plan all the same: which one depends on
what they say, never on their order. Errors stand at the later place and name the earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from notifconf.model import Diagnostic, error, nearest
from notifconf.model.diagnostic import quoted
from notifconf.providers.confluent.catalogue import Catalogue, NotificationType

if TYPE_CHECKING:
    from notifconf.providers.confluent.workspace import DeclaredSubscription, Match, Reference

SUGGESTIONS = 100
"""How many unknown names get nearest ones beside them: no number of typos makes a plan slow."""

NAMES = 3
"""How many types a message names."""


class Choice(NamedTuple):
    """A notification type, and the entry that subscribes to it."""

    type: NotificationType
    entry: DeclaredSubscription


class Chooser:
    """Finds types in one catalogue; `diagnostics` collects what can't be found or is found twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Start with no diagnostics."""
        self.diagnostics: list[Diagnostic] = []
        self._catalogue = catalogue
        self._suggestions: dict[str, str] = {}

    def choose(self, entries: Sequence[DeclaredSubscription], address: Callable[[str], str]) -> list[Choice]:
        """Return each type that the entries mean, once, with its entry: one that names it wins over a match.

        `address` makes the address of a subscription of a display name.
        """
        entries = sorted(entries, key=attrgetter("position"))
        named = self._named(entries, address)
        matched = self._matched(entries, named)
        return [
            Choice(self._catalogue.by_id[type_id], min(found, key=_content))
            for type_id, found in (named | matched).items()
        ]

    def _named(
        self, entries: Sequence[DeclaredSubscription], address: Callable[[str], str]
    ) -> dict[str, list[DeclaredSubscription]]:
        found: dict[str, list[DeclaredSubscription]] = {}
        for entry in entries:
            reference = entry.notification_type
            if reference is None or not reference.resolved:
                continue
            types = self._catalogue.named(reference.name)
            if len(types) != 1:
                self.diagnostics.append(self._unknown(reference, types, address(reference.name)))
                continue
            same = found.setdefault(types[0].id, [])
            same.append(entry)
            earlier = same[0].notification_type
            if earlier is not None and earlier is not reference:
                message = f"this notification type has a subscription already at {earlier.position}"
                where = address(types[0].display_name)
                self.diagnostics.append(error("duplicate-subscription", message, reference.position, where))
        return found

    def _unknown(self, reference: Reference, types: Sequence[NotificationType], address: str) -> Diagnostic:
        if types:
            ids = " or ".join(sorted(quoted(item.id) for item in types))
            message = f"{len(types)} notification types are called {reference}: use the id, {ids}"
        else:
            message = f"there is no notification type {reference}{self._suggestion(reference)}"
        return error("unknown-notification-type", message, reference.position, address)

    def _suggestion(self, reference: Reference) -> str:
        name = reference.name
        if reference.expression is None and name not in self._suggestions and len(self._suggestions) < SUGGESTIONS:
            self._suggestions[name] = nearest(name, (item.display_name for item in self._catalogue.types))
        return self._suggestions.get(name, "")

    def _matched(
        self, entries: Sequence[DeclaredSubscription], named: Collection[str]
    ) -> dict[str, list[DeclaredSubscription]]:
        found: dict[str, list[DeclaredSubscription]] = {}
        for entry in entries:
            if entry.match is None or not entry.match.resolved:
                continue
            types = [item for item in self._catalogue.types if satisfies(item, entry.match)]
            included = [item for item in types if item.in_plan]
            if not included:
                reason = " that the organization's billing plan includes" if types else ""
                message = f"no notification type{reason} satisfies this match: nobody would be told"
                self.diagnostics.append(error("empty-match", message, entry.position))
            free = [item for item in included if item.id not in named]
            self.diagnostics.extend(_overlaps(entry, [item for item in free if item.id in found], found))
            for item in free:
                found.setdefault(item.id, []).append(entry)
        return found


def _content(entry: DeclaredSubscription) -> tuple[list[str], str]:
    """Return what a plan shows of an entry, to choose one of several whatever their order."""
    return sorted({reference.name for reference in entry.integrations}), entry.current_state


def satisfies(item: NotificationType, match: Match) -> bool:
    """Say whether a type is what a `match` asks for; the case of the display name does not matter."""
    return (
        (not match.severity or item.severity in match.severity)
        and (not match.category or item.category in match.category)
        and (not match.subscription_priority or item.priority in match.subscription_priority)
        and (match.name is None or fnmatchcase(item.display_name.casefold(), match.name.casefold()))
    )


def _overlaps(
    entry: DeclaredSubscription, types: Sequence[NotificationType], found: dict[str, list[DeclaredSubscription]]
) -> Iterator[Diagnostic]:
    """Name, for each earlier match, the types that it and `entry` both find."""
    shared: defaultdict[int, list[NotificationType]] = defaultdict(list)
    for item in types:
        shared[id(found[item.id][0])].append(item)
    for group in shared.values():
        names = ", ".join(quoted(item.display_name) for item in group[:NAMES])
        more = f" and {len(group) - NAMES} more" if len(group) > NAMES else ""
        message = f"this match and the one at {found[group[0].id][0].position} both find {names}{more}"
        yield error("overlapping-match", message, entry.position)
