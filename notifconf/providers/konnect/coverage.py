"""Who is told of what: the channels that each event reaches, by its subscriptions or its default. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from notifconf.model import Channel, CoverageTerms, Live, LiveResource, Reach
from notifconf.providers.konnect.catalogue import ALL, MANDATORY, Event, catalogue_of

EMAIL = "EMAIL"

DEFAULT, PARTLY, ANYHOW = "default", "partly", "anyhow"

TERMS = CoverageTerms(
    subject="event",
    grouping="namespace",
    groups=(MANDATORY, "organization", "dev-portal", "cloud-gateways", "gateway-manager"),
    notes=(
        f"{DEFAULT}: the event has no subscription, so its default holds.",
        f"{PARTLY}: no subscription tells of all regions and entities by this channel; it counts all the same.",
        f"{ANYHOW}: billing events are mailed to the organization's admins in any case, which does not count.",
    ),
)


def coverage(live: Live) -> Iterator[Reach]:
    """Say what each event reaches, by namespace: the channels that any subscription has on which is on itself.

    Where an event has no subscription its default holds. Mail of billing events is mandatory, so it does not count.
    """
    catalogue = catalogue_of(live)
    subscriptions: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for item in live.resources:
        subscriptions[str(item.attributes["event"])].append(item)
    unknown = (catalogue.event(name) for name in subscriptions if name not in catalogue.by_id)
    for event in sorted((*catalogue.events, *unknown), key=_sort_key):
        found = subscriptions[event.id]
        channels = _find_subscribed([item.attributes for item in found]) if found else _find_defaults(event)
        yield Reach(
            id=event.id,
            name=event.id,
            group=event.namespace,
            channels=tuple(channel for channel in channels if not (event.mandatory and channel.kind == EMAIL)),
            anyhow=(Channel(EMAIL, EMAIL, note=ANYHOW),) if event.mandatory else (),
            subscriptions=frozenset((item.kind, item.id) for item in found),
        )


def _sort_key(event: Event) -> tuple[bool, int, str, str]:
    known = event.namespace in TERMS.groups
    return not known, TERMS.groups.index(event.namespace) if known else 0, event.namespace, event.id


def _find_defaults(event: Event) -> list[Channel]:
    return [Channel(channel, channel, note=DEFAULT) for channel, on in sorted(event.defaults.items()) if on]


def _find_subscribed(subscriptions: Sequence[Mapping[str, Any]]) -> list[Channel]:
    everywhere: dict[str, bool] = {}
    for item in subscriptions:
        covers = ALL in item["regions"] and ALL in item["entities"]
        for channel, on in item["channels"].items() if item["enabled"] else ():
            if on:
                everywhere[channel] = everywhere.get(channel, False) or covers
    return [Channel(channel, channel, note="" if everywhere[channel] else PARTLY) for channel in sorted(everywhere)]
