"""Who is told of what: the channels that each event reaches, by its subscriptions or its default, and why. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from notifconf.errors import UsageError
from notifconf.model.coverage import Audience, Channel, Declared, NotTold, Reach, Subject, Told, Via
from notifconf.model.diagnostic import Position, nearest, quoted
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.providers.konnect.catalogue import (
    ALL,
    ALWAYS,
    DEFAULT,
    EVENT_SUBSCRIPTION,
    PARTLY,
    TERMS,
    Event,
    catalogue_of,
)
from notifconf.providers.konnect.resolve import find_shadowed_channels

EMAIL = "EMAIL"


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
            anyhow=(Channel(EMAIL, EMAIL, note=ALWAYS),) if event.mandatory else (),
            subscriptions=frozenset((item.kind, item.id) for item in found),
            off=tuple(_find_off(found, channels)),
        )


def _sort_key(event: Event) -> tuple[bool, int, str, str]:
    known = event.namespace in TERMS.groups
    return not known, TERMS.groups.index(event.namespace) if known else 0, event.namespace, event.id


def _find_defaults(event: Event) -> list[Channel]:
    return [Channel(channel, channel, note=DEFAULT) for channel, on in sorted(event.defaults.items()) if on]


def _find_off(found: Sequence[LiveResource], channels: Sequence[Channel]) -> Iterator[Channel]:
    """Yield the channels that only subscriptions have on which are off themselves."""
    subscriptions: list[Mapping[str, Any]] = [item.attributes for item in found if not item.attributes["enabled"]]
    names = {channel for item in subscriptions for channel, on in item["channels"].items() if on}
    for name in sorted(names - {channel.kind for channel in channels}):
        yield Channel(name, name)


def _find_subscribed(subscriptions: Sequence[Mapping[str, Any]]) -> list[Channel]:
    everywhere: dict[str, bool] = {}
    for item in subscriptions:
        covers = ALL in item["regions"] and ALL in item["entities"]
        for channel, on in item["channels"].items() if item["enabled"] else ():
            if on:
                everywhere[channel] = everywhere.get(channel, False) or covers
    return [Channel(channel, channel, note="" if everywhere[channel] else PARTLY) for channel in sorted(everywhere)]


def find_subject(live: Live, name: str) -> Subject:
    """Return the event with this id or title. Raises `UsageError`, which says what is there."""
    found = catalogue_of(live).named(name)
    if len(found) == 1:
        return Subject(found[0].id, found[0].title or found[0].id)
    if found:
        raise UsageError(
            f"{len(found)} events are called {quoted(name)}: use the id, {' or '.join(e.id for e in found)}"
        )
    suggestion = nearest(name, {text for event in catalogue_of(live).events for text in (event.id, event.title)})
    raise UsageError(f"there is no event {quoted(name)}{suggestion}: `notifconf types` lists all")


def explain(subject: Subject, live: Live, declared: Declared) -> Audience:
    """Say who is told of an event, by which subscription and channel, or by its default."""
    event = catalogue_of(live).event(subject.id)
    always = (f"{EMAIL} to the organization's admins",) if event.mandatory else ()
    found = sorted(
        (item for item in live.resources if item.attributes["event"] == event.id), key=lambda item: (item.name, item.id)
    )
    if not found:
        return _explain_default(event, always)
    matches = find_shadowed_channels(declared.workspace, live) if declared.workspace is not None else {}
    told: list[Told] = []
    not_told: list[NotTold] = []
    for item in found:
        _explain_subscription(item, declared, matches, told, not_told)
    is_on = any(item.attributes["enabled"] for item in found)
    return Audience("enabled" if is_on else "disabled", tuple(told), tuple(not_told), always)


def _explain_subscription(
    item: LiveResource,
    declared: Declared,
    matches: Mapping[tuple[str, Position], Mapping[str, Position]],
    told: list[Told],
    not_told: list[NotTold],
) -> None:
    """Add each channel of a subscription to those that are told, or are not. An entry is named for what it says."""
    attributes: Mapping[str, Any] = item.attributes
    key = (item.kind, item.id)
    address = declared.addresses.get(key, item.id)
    entry = declared.resources.get(address)
    place = entry.position if entry is not None else None
    wanted = entry.attributes if entry is not None else {"channels": {}}
    shadowing = matches.get((str(attributes["event"]), place), {}) if place is not None else {}
    for kind in sorted({*attributes["channels"], *shadowing}):
        channel = Channel(kind, kind, str(attributes.get("name", item.name)), _limit(attributes))
        is_on, is_wanted = _tells(attributes, kind), _tells(wanted, kind)
        said = place if is_on == is_wanted else None
        if is_on:
            told.append(Told(channel, address, Via(item.kind, item.id if key in declared.addresses else None, said)))
        elif kind in shadowing and said is not None:
            because = f"the entry at {place} wins over the match at {shadowing[kind]}"
            not_told.append(NotTold(channel, address, "shadowed", because))
        elif kind in attributes["channels"]:
            what = f"{kind} is off in the subscription" if attributes["enabled"] else "the subscription is disabled"
            at = f", as {said} says" if said is not None else ""
            not_told.append(NotTold(channel, address, "disabled", f"{what}{at}"))


def _tells(attributes: Mapping[str, Any], kind: str) -> bool:
    """Say whether a subscription with these attributes tells by a channel."""
    return bool(attributes.get("enabled") and attributes["channels"].get(kind))


def _explain_default(event: Event, always: tuple[str, ...]) -> Audience:
    address = f"{EVENT_SUBSCRIPTION.collection}/{event.id}"
    because = "the event has no subscription, and its default leaves this channel out"
    channels = {kind: Channel(kind, kind, note=DEFAULT) for kind in sorted(event.defaults)}
    return Audience(
        "none",
        tuple(Told(channels[kind], address, Via(DEFAULT)) for kind in channels if event.defaults[kind]),
        tuple(
            NotTold(channels[kind], address, "not-subscribed", because) for kind in channels if not event.defaults[kind]
        ),
        always,
    )


def _limit(attributes: Mapping[str, Any]) -> str:
    """Return what a subscription is limited to, in words."""
    limits = (
        f"{name} {', '.join(attributes[name])}" for name in ("regions", "entities") if ALL not in attributes[name]
    )
    return "; ".join(limits)
