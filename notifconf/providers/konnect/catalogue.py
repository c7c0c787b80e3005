"""The events of an organisation: what can be subscribed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from notifconf.model.policy import CoverageTerms
from notifconf.model.resource import Kind
from notifconf.model.state import Live

EVENT_SUBSCRIPTION = Kind("event-subscription", "event-subscriptions", is_target=False, is_whole=True)

KINDS = (EVENT_SUBSCRIPTION,)


MANDATORY = "plan-and-usage"
"""The namespace of billing events: they go to the organisation's admins, and nobody can opt out of them."""

GATEWAYS = frozenset({"cloud-gateways", "gateway-manager"})
"""The namespaces whose entities are gateways: each may be in a few regional configurations of an event only."""

ALL = "*"
"""Stands for all regions, or all entities."""


DEFAULT, PARTLY, ALWAYS = "default", "partly", "always"

TERMS = CoverageTerms(
    subject="event",
    grouping="namespace",
    groups=(MANDATORY, "organization", "dev-portal", "cloud-gateways", "gateway-manager"),
    notes=(
        f"{DEFAULT}: the event has no subscription, so its default holds.",
        f"{PARTLY}: no subscription tells of all regions and entities by this channel; it counts all the same.",
        f"{ALWAYS}: billing events are mailed to the organization's admins. That does not count.",
    ),
)


@dataclass(frozen=True, slots=True)
class Event:
    """An event. `count` is how many subscriptions the service says that it has, None where it doesn't say.

    The count may lag behind. `defaults` says which channels are on where the event has no subscription.
    """

    id: str
    title: str = ""
    description: str = ""
    namespace: str = ""
    count: int | None = None
    defaults: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def mandatory(self) -> bool:
        """Whether its subscriptions can be neither deleted, nor disabled, nor taken off EMAIL."""
        return self.namespace == MANDATORY


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All events, sorted by id, and the ways to find one."""

    events: tuple[Event, ...] = ()
    by_id: Mapping[str, Event] = field(default_factory=dict, repr=False)
    by_title: Mapping[str, tuple[Event, ...]] = field(default_factory=dict, repr=False)
    """Casefolded title -> the events that bear it."""
    keeps_names: bool = False
    """Whether what was read shows that the service keeps names of subscriptions: its older version does not."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> Catalogue:
        """Make the catalogue of these events."""
        by_id = {event.id: event for event in sorted(events, key=lambda event: event.id)}
        by_title: defaultdict[str, list[Event]] = defaultdict(list)
        for event in by_id.values():
            by_title[event.title.casefold()].append(event)
        return cls(tuple(by_id.values()), by_id, {title: tuple(group) for title, group in by_title.items()})

    def named(self, name: str) -> tuple[Event, ...]:
        """Return the event with this id, else all that bear this title; the case of a title does not matter."""
        found = self.by_id.get(name)
        return (found,) if found else self.by_title.get(name.casefold(), ())

    def event(self, event_id: str) -> Event:
        """Return the event with this id; one that the catalogue doesn't know is nothing but its id."""
        return self.by_id.get(event_id) or Event(event_id)


def catalogue_of(live: Live) -> Catalogue:
    """Return the catalogue that was read with a live state; an empty one where none was needed."""
    return live.catalogue if isinstance(live.catalogue, Catalogue) else Catalogue()
