"""What a workspace declares for Kong Konnect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, Position, error, quoted
from notifconf.model.located import LocatedList, LocatedMapping
from notifconf.model.policy import is_called
from notifconf.plan.ownership import check_marked, find_declared_owner
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION, Catalogue, Event

EVERYWHERE = ("*",)

MAX_NAME_LENGTH = 255
"""As in the JSON Schema: with the mark of its owner."""


class Match(NamedTuple):
    """What an event must satisfy, all of it; an empty member is satisfied by any event.

    `name` is a glob on the title or the id, `excluded` lists titles, ids and globs of events that it leaves out.
    """

    namespace: tuple[str, ...] = ()
    name: str | None = None
    excluded: tuple[str, ...] = ()

    def finds(self, event: Event) -> bool:
        """Say whether it finds an event; the case of titles does not matter."""
        return (
            (not self.namespace or event.namespace in self.namespace)
            and (self.name is None or is_called((event.id, event.title), (self.name,)))
            and not is_called((event.id, event.title), self.excluded)
        )


class DeclaredSubscription(NamedTuple):
    """An entry of `subscriptions`.

    `event` is an event's id or title, empty where `match` finds several. Either stands at `event_at`, the event as
    `expression` where it comes from outside. `channels`
    holds those that are named; `regions` and `entities` are sorted, each member once. `pin` is the id of the live one.
    `resolved` is false where a part of it still stands as written: nobody can say which live one it is.
    """

    event: str
    name: str
    position: Position
    event_at: Position
    expression: str | None = None
    regions: tuple[str, ...] = EVERYWHERE
    entities: tuple[str, ...] = EVERYWHERE
    channels: Mapping[str, bool] = MappingProxyType({})
    enabled: bool = True
    pin: str | None = None
    resolved: bool = True
    match: Match | None = None

    @property
    def shown_event(self) -> str:
        """The event for a message: what comes from outside as it is written."""
        return quoted(self.expression or self.event)

    def address(self, event: str) -> str:
        """Where it stands in a plan, as a subscription of `event`."""
        return f"{EVENT_SUBSCRIPTION.collection}/{event}#{self.name}"


def find_events(entry: DeclaredSubscription, catalogue: Catalogue) -> tuple[Event, ...]:
    """Return the events that an entry names, or those that its match finds."""
    if entry.match is None:
        return catalogue.named(entry.event)
    return tuple(event for event in catalogue.events if entry.match.finds(event))


class KonnectDeclarations(NamedTuple):
    """What a workspace declares; `managed` names the one kind if the section `subscriptions` is present."""

    subscriptions: tuple[DeclaredSubscription, ...] = ()
    managed: frozenset[str] = frozenset()


def declare(document: LocatedMapping) -> tuple[KonnectDeclarations, Sequence[Diagnostic]]:
    """Decode a workspace that its JSON Schema accepts, and check what needs neither service nor clock.

    What the schema refused stands in it as None: that counts as declared, and nothing more is said of it.
    """
    decoded = (_decode_subscription(entry) for entry in document.get("subscriptions") or () if entry is not None)
    entries = tuple(sorted(decoded, key=attrgetter("position")))
    managed = frozenset({EVENT_SUBSCRIPTION.name} if "subscriptions" in document else ())
    named = [entry for entry in entries if entry.match is None and entry.pin is None]
    pinned = [entry for entry in entries if entry.pin is not None]
    repeated = [
        *_find_repeated(named, lambda entry: (entry.event.casefold(), entry.name)),
        *_find_repeated(pinned, lambda entry: entry.pin),
    ]
    return KonnectDeclarations(entries, managed), [
        *(make_duplicate_error(earlier, again, again.address(again.event)) for earlier, again in repeated),
        *_check_names(document),
    ]


def list_addresses(entries: Sequence[tuple[DeclaredSubscription, str]]) -> list[str]:
    """Return the addresses of entries, each given with its event's id.

    Where several have one event and name, those that have a pin are told apart by it.
    """
    named = Counter((event, entry.name) for entry, event in entries)
    return [
        f"{entry.address(event)}#{entry.pin}" if entry.pin and named[event, entry.name] > 1 else entry.address(event)
        for entry, event in entries
    ]


def _check_names(document: LocatedMapping) -> Iterator[Diagnostic]:
    owner = find_declared_owner(document)
    for entry in document.get("subscriptions") or ():
        if entry is not None and "name" not in entry.unresolved:
            problem = check_marked(entry["name"], owner, MAX_NAME_LENGTH)
            if problem:
                yield error("invalid-value", f'"name" {problem}', entry.at("name"))


def make_duplicate_error(earlier: DeclaredSubscription, again: DeclaredSubscription, address: str) -> Diagnostic:
    """Return the error for two entries that mean one live object: with one event and name all but one need a pin."""
    message = f"this is the same subscription as the one at {earlier.position}"
    return error("duplicate-subscription", message, again.position, address)


def _find_repeated(
    entries: Iterable[DeclaredSubscription], identity: Callable[[DeclaredSubscription], Hashable]
) -> Iterator[tuple[DeclaredSubscription, DeclaredSubscription]]:
    first: dict[Hashable, DeclaredSubscription] = {}
    for entry in entries:
        earlier = first.setdefault(identity(entry), entry)
        if earlier is not entry:
            yield earlier, entry


def _decode_subscription(entry: LocatedMapping) -> DeclaredSubscription:
    match: LocatedMapping | None = entry.get("match")
    parts: list[LocatedMapping | LocatedList] = [entry]
    if match is not None:
        parts += [match, *(value for value in match.values() if isinstance(value, LocatedList))]
    return DeclaredSubscription(
        event=entry.get("event", ""),
        name=entry["name"],
        position=entry.position,
        event_at=entry.at("event" if match is None else "match"),
        expression=entry.expressions.get("event"),
        regions=tuple(sorted(set(entry.get("regions", EVERYWHERE)))),
        entities=tuple(sorted(set(entry.get("entities", EVERYWHERE)))),
        channels=dict(entry.get("channels", {})),
        enabled=entry.get("enabled", True),
        pin=entry.get("id"),
        resolved=not any(part.unresolved for part in parts),
        match=None if match is None else _decode_match(match),
    )


def _decode_match(match: LocatedMapping) -> Match:
    namespace = match.get("namespace", ())
    return Match(
        (namespace,) if isinstance(namespace, str) else tuple(sorted(namespace)),
        match.get("name"),
        tuple(sorted(match.get("except", ()))),
    )
