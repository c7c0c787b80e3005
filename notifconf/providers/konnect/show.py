"""Live state as rows: the subscriptions for `show`, the events for `types`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import cast

from notifconf.errors import UsageError
from notifconf.model.diagnostic import nearest, quoted
from notifconf.model.policy import is_called
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.model.views import Filters, Listing
from notifconf.providers.konnect.catalogue import Catalogue, Event, catalogue_of

NAMESPACES = ("plan-and-usage", "organization", "dev-portal", "cloud-gateways", "gateway-manager")
CHANNELS = ("EMAIL", "IN_APP")
ENABLED, DISABLED = "ENABLED", "DISABLED"


def show(live: Live, filters: Filters) -> Listing:
    """List the subscriptions by event and name; a channel finds those where it is on."""
    catalogue = catalogue_of(live)
    _check(filters, catalogue, live.resources)
    found = [
        (catalogue.event(str(item.attributes["event"])), item) for item in live.resources if _passes(item, filters)
    ]
    return Listing(
        name="event_subscriptions",
        title="Event subscriptions",
        columns=("event", "namespace", "name", "regions", "entities", "channels", "enabled"),
        rows=tuple(
            {
                "event": event.id,
                "namespace": event.namespace,
                "name": cast("str | None", item.attributes.get("name")),
                "regions": cast("tuple[str, ...]", item.attributes["regions"]),
                "entities": cast("tuple[str, ...]", item.attributes["entities"]),
                "channels": _list_on(item.attributes["channels"]),
                "enabled": item.attributes["enabled"] is True,
                "id": item.id,
            }
            for event, item in sorted(found, key=lambda row: (row[0].id, row[1].name, row[1].id))
            if _event_passes(event, filters)
        ),
        empty="none: where an event has no subscription its default holds",
    )


def types(live: Live, filters: Filters) -> Listing:
    """List the events by id; a channel or a status finds those with such a subscription.

    Where an event has none, its default holds, which `defaults` shows: the channels that are on.
    """
    catalogue = catalogue_of(live)
    _check(filters, catalogue, live.resources)
    subscriptions: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for item in live.resources:
        subscriptions[str(item.attributes["event"])].append(item)
    return Listing(
        name="events",
        title="Events",
        columns=("event", "title", "namespace", "defaults", "subscriptions", "description"),
        rows=tuple(
            {
                "event": event.id,
                "title": event.title,
                "namespace": event.namespace,
                "defaults": _list_on(event.defaults),
                "subscriptions": len(subscriptions[event.id]),
                "description": event.description,
            }
            for event in catalogue.events
            if _event_passes(event, filters)
            and (
                any(_passes(item, filters) for item in subscriptions[event.id])
                or (
                    not subscriptions[event.id]
                    and not filters.status
                    and _is_among(_list_on(event.defaults), filters.channel)
                )
            )
        ),
    )


def _check(filters: Filters, catalogue: Catalogue, resources: Iterable[LiveResource]) -> None:
    """Raise `UsageError` for a value that nothing can pass: neither the API's documents nor the live state know it."""
    if filters.severity:
        raise UsageError("Konnect's events have no severity: `types --namespace` filters them")
    namespaces = dict.fromkeys((*NAMESPACES, *(event.namespace for event in catalogue.events)))
    in_use = (*(event.defaults for event in catalogue.events), *(item.attributes["channels"] for item in resources))
    channels = dict.fromkeys((*CHANNELS, *chain.from_iterable(cast("Sequence[Mapping[str, bool]]", in_use))))
    for option, values, known in (
        ("category", filters.category, namespaces),
        ("namespace", filters.namespace, namespaces),
        ("channel", filters.channel, channels),
        ("status", filters.status, (ENABLED, DISABLED)),
    ):
        for value in values:
            if not _is_among([value], known):
                raise UsageError(f"--{option} {quoted(value)}: Konnect has only {', '.join(known)}")
    for glob in filters.type:
        if not any(is_called((event.id, event.title), (glob,)) for event in catalogue.events):
            suggestion = nearest(glob, (text for event in catalogue.events for text in (event.id, event.title)))
            raise UsageError(f"--type {quoted(glob)}: there is no such event{suggestion}; `notifconf types` lists all")


def _event_passes(event: Event, filters: Filters) -> bool:
    """Say whether an event is of a namespace, and has an id or a title, that the filters ask for."""
    is_of_namespace = all(_is_among([event.namespace], wanted) for wanted in (filters.category, filters.namespace))
    return is_of_namespace and (not filters.type or is_called((event.id, event.title), filters.type))


def _passes(item: LiveResource, filters: Filters) -> bool:
    """Say whether a subscription has the channel and the status that the filters ask for."""
    status = ENABLED if item.attributes["enabled"] else DISABLED
    return _is_among(_list_on(item.attributes["channels"]), filters.channel) and _is_among([status], filters.status)


def _is_among(values: Collection[str], wanted: Collection[str]) -> bool:
    return not wanted or not {value.casefold() for value in values}.isdisjoint(value.casefold() for value in wanted)


def _list_on(channels: object) -> tuple[str, ...]:
    return tuple(channel for channel, enabled in cast("Mapping[str, bool]", channels).items() if enabled)
