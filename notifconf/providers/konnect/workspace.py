"""What a workspace declares for Kong Konnect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from notifconf.model import Diagnostic, LocatedMapping, Position, error, quoted
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION

EVERYWHERE = ("*",)


@dataclass(frozen=True, slots=True)
class DeclaredSubscription:
    """An entry of `subscriptions`.

    `event` is an event's id or title; it stands at `event_at`, as `expression` where it comes from outside. `channels`
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
    channels: Mapping[str, bool] = field(default_factory=dict)
    enabled: bool = True
    pin: str | None = None
    resolved: bool = True

    @property
    def shown_event(self) -> str:
        """The event for a message: what comes from outside as it is written."""
        return quoted(self.expression or self.event)

    def address(self, event: str) -> str:
        """Where it stands in a plan, as a subscription of `event`."""
        return f"{EVENT_SUBSCRIPTION.collection}/{event}#{self.name}"


@dataclass(frozen=True, slots=True)
class KonnectDeclarations:
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
    pinned = [entry for entry in entries if entry.pin is not None]
    named = [entry for entry in entries if entry.pin is None]
    repeated = [
        *_find_repeated(named, lambda entry: (entry.event.casefold(), entry.name)),
        *_find_repeated(pinned, lambda entry: entry.pin),
    ]
    return KonnectDeclarations(entries, managed), [
        make_duplicate_error(earlier, again, again.address(again.event)) for earlier, again in repeated
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
    return DeclaredSubscription(
        event=entry["event"],
        name=entry["name"],
        position=entry.position,
        event_at=entry.at("event"),
        expression=entry.expressions.get("event"),
        regions=tuple(sorted(set(entry.get("regions", EVERYWHERE)))),
        entities=tuple(sorted(set(entry.get("entities", EVERYWHERE)))),
        channels=dict(entry.get("channels", {})),
        enabled=entry.get("enabled", True),
        pin=entry.get("id"),
        resolved=not entry.unresolved,
    )
