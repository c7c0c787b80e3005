"""What only declared and live objects together show, and what a change takes away. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, cast

from notifconf.model.diagnostic import Diagnostic, error, list_some, quoted, warning
from notifconf.model.plan import Action, Change, Silence
from notifconf.model.resource import LiveResource, Resource, Value
from notifconf.model.state import Live
from notifconf.plan.rules import Pair
from notifconf.providers.konnect.catalogue import ALL, GATEWAYS, Catalogue, catalogue_of

MAX_REGIONAL_CONFIGURATIONS = 3
"""How many regional configurations, that is subscriptions of an event, a gateway's entity may be in."""

MAX_NAMES_SHOWN = 10
"""How many of a set a sentence names."""


def review(pairs: Sequence[Pair], undeclared: Sequence[LiveResource], live: Live) -> Iterator[Diagnostic]:
    """Judge what declared and undeclared subscriptions are together."""
    catalogue = catalogue_of(live)
    yield from _find_too_many_regional(pairs, undeclared, catalogue)
    yield from _find_replaced_defaults(pairs, undeclared, catalogue)


def _find_too_many_regional(
    pairs: Sequence[Pair], undeclared: Sequence[LiveResource], catalogue: Catalogue
) -> Iterator[Diagnostic]:
    """Find subscriptions that would bring an entity of a gateway into more configurations than the service takes.

    Changes are made side by side, and deletes last: so what holds a place now counts, beside what shall hold it.
    """
    holders: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for desired, found in pairs:
        for side in (desired, found):
            for place in _list_places(side.attributes, catalogue) if side else ():
                holders[place][desired.address] = desired.name
    for item in undeclared:
        for place in _list_places(item.attributes, catalogue):
            holders[place][item.id] = str(item.attributes.get("name", item.id))
    for desired, found in pairs:
        if found is not None and desired.attributes.items() <= found.attributes.items():
            continue
        for event, entity in _list_places(desired.attributes, catalogue):
            names = sorted(holders[event, entity].values())
            if len(names) > MAX_REGIONAL_CONFIGURATIONS:
                message = (
                    f"the entity {quoted(entity)} would be in {len(names)} regional configurations of {quoted(event)}"
                    f" ({_join([quoted(name) for name in names])}):"
                    f" Konnect takes {MAX_REGIONAL_CONFIGURATIONS}, so free one first"
                )
                yield error("too-many-regional-configurations", message, desired.position, desired.address)


def _find_replaced_defaults(
    pairs: Sequence[Pair], undeclared: Sequence[LiveResource], catalogue: Catalogue
) -> Iterator[Diagnostic]:
    """Warn where the first subscriptions of an event leave out somebody whom its default tells.

    The default holds only where an event has no subscription: from the first one on it is over, everywhere.
    """
    subscribed = {item.attributes["event"] for item in undeclared}
    subscribed |= {live.attributes["event"] for _, live in pairs if live is not None}
    first: defaultdict[str, list[Resource]] = defaultdict(list)
    for desired, _ in pairs:
        if desired.attributes["event"] not in subscribed:
            first[str(desired.attributes["event"])].append(desired)
    for event, unsorted in first.items():
        group = sorted(unsorted, key=attrgetter("address"))
        lost = _list_lost(event, group, catalogue)
        if lost:
            defaults = _join(_list_defaults(event, catalogue))
            message = (
                f"{quoted(event)} had no subscription: its default, which tells of everything by {defaults},"
                f" ends, and what is declared does not cover all regions and entities by {_join(lost)}"
            )
            yield warning("replaces-default", message, group[0].position, group[0].address)


def _list_defaults(event: str, catalogue: Catalogue) -> list[str]:
    """Return the channels that an event tells of everything while it has no subscription."""
    return [channel for channel, on in catalogue.event(event).defaults.items() if on]


def _list_lost(event: str, first: Sequence[Resource | LiveResource], catalogue: Catalogue) -> list[str]:
    """Return the channels of an event's default by which its first subscriptions do not tell of everything."""
    defaults = _list_defaults(event, catalogue)
    return [channel for channel in defaults if not any(_covers(item.attributes, channel) for item in first)]


def find_silences(changes: Sequence[Change], after: Live) -> Iterator[Silence]:
    """Say who will not be told any more once the changes are made; what was off before is silent already."""
    yield from (Silence(change.address, text) for change in changes for text in _describe_silences(change))
    yield from _find_ended_defaults(changes, after)


def _find_ended_defaults(changes: Sequence[Change], after: Live) -> Iterator[Silence]:
    """Say whom the default of an event tells, and its first subscriptions, which the changes make, do not."""
    catalogue = catalogue_of(after)
    created = {change.address for change in changes if change.action is Action.CREATE}
    subscribed = {change.before["event"] for change in changes if change.before is not None}
    holders: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for item in after.resources:
        holders[str(item.attributes["event"])].append(item)
    for event, group in holders.items():
        if event not in subscribed and all(item.id in created for item in group):
            lost = _list_lost(event, group, catalogue)
            if lost:
                text = f"the default of {quoted(event)} ends: {_join(lost)} no longer tells of all regions and entities"
                yield Silence(min(item.id for item in group), text)


def _describe_silences(change: Change) -> Iterator[str]:
    before: Mapping[str, Any] = change.before or {}
    after: Mapping[str, Any] = change.after or {}
    on = [channel for channel, enabled in before.get("channels", {}).items() if enabled]
    if not before.get("enabled") or not on:
        return
    what = f"the subscription {quoted(str(before.get('name', change.id)))} to {quoted(before['event'])}"
    if change.action is Action.DELETE or not after["enabled"]:
        done = "deleted" if change.action is Action.DELETE else "disabled"
        yield f"{what} is {done}: it tells nobody any more by {_join(on)}"
        return
    off = [channel for channel in on if not after["channels"].get(channel)]
    if off:
        yield f"{what} tells nobody any more by {_join(off)}"
    for member in ("regions", "entities"):
        gone = _find_gone(before[member], after[member])
        if gone:
            yield f"{what} no longer covers {member} {gone}"


def is_off(attributes: Mapping[str, Any] | None) -> bool:
    """Say whether a subscription tells nobody: it is disabled, or on no channel. None is no subscription."""
    return attributes is None or not (attributes["enabled"] and any(attributes["channels"].values()))


def _covers(attributes: Mapping[str, Any], channel: str) -> bool:
    """Say whether a subscription tells of everything by a channel."""
    everywhere = ALL in attributes["regions"] and ALL in attributes["entities"]
    return bool(attributes["enabled"] and everywhere and attributes["channels"].get(channel))


def _list_places(attributes: Mapping[str, Value], catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return the limited places that a subscription takes, as event and entity."""
    event = str(attributes["event"])
    if catalogue.event(event).namespace not in GATEWAYS:
        return []
    return [(event, entity) for entity in cast("tuple[str, ...]", attributes["entities"])]


def _find_gone(before: Sequence[str], after: Sequence[str]) -> str:
    """Return what is left out of a set of which `*` is all, or an empty string."""
    if ALL in after:
        return ""
    if ALL in before:
        return f"other than {_join(after)}"
    return _join(sorted(set(before) - set(after)))


def _join(names: Sequence[str]) -> str:
    return list_some(names, MAX_NAMES_SHOWN)
