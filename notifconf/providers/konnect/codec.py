"""The service's JSON as events and live objects, and attributes as its request bodies. Pure.

Two shapes are read: the older one has no `name` (and no `entity_type`, which nothing here depends on). What a plan
stands on must be of the right type, else `ProtocolError`; texts for people may be absent. Both sides of a plan are
canonical: regions and entities are sorted tuples, each member once, and channels a mapping of their types.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, cast

from notifconf.errors import ProtocolError
from notifconf.model.diagnostic import quoted
from notifconf.model.resource import LiveResource, Value
from notifconf.plan.ownership import split_mark
from notifconf.providers.base import Plain, parse_time
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION, Event

JSON = Mapping[str, Any]


def text_id(item: object, member: str, what: str) -> str:
    """Return the id that stands at `member`. Raises `ProtocolError` where there is none that a path can hold."""
    found = item.get(member) if isinstance(item, dict) else None
    if not isinstance(found, str) or found in {"", ".", ".."}:
        raise ProtocolError(f'the service sent {what} without its "{member}"')
    return found


def decode_event(item: JSON) -> Event:
    """Decode an event."""
    event_id = text_id(item, "event_id", "an event")
    what = f"the event {quoted(event_id)}"
    count = item.get("event_subscription_count")
    return Event(
        id=event_id,
        title=text_of(item, "event_title") or event_id,
        description=text_of(item, "event_description"),
        namespace=text_of(item, "event_namespace"),
        count=count if type(count) is int else None,
        defaults=_channels(item.get("default_subscription"), "channel", what),
    )


def decode_subscription(item: JSON, event: Event) -> LiveResource:
    """Decode a subscription of `event`; one without a name is called by its id."""
    subscription_id = text_id(item, "id", f"a subscription of {quoted(event.id)}")
    what = f"the subscription {quoted(subscription_id)} of {quoted(event.id)}"
    enabled = item.get("enabled")
    if not isinstance(enabled, bool):
        raise _wrong(what, "enabled")
    attributes: dict[str, Value] = {
        "event": event.id,
        "regions": _texts(item, "regions", what),
        "entities": _texts(item, "entities", what),
        "channels": _channels(item.get("channels", False), "type", what),
        "enabled": enabled,
    }
    name = item.get("name")
    if name is not None and not isinstance(name, str):
        raise _wrong(what, "name")
    if name:
        attributes["name"] = name
    return LiveResource(
        kind=EVENT_SUBSCRIPTION.name,
        id=subscription_id,
        name=f"{event.id}#{name or subscription_id}",
        identities=identities(attributes),
        attributes=attributes,
        kept="required" if event.mandatory else None,
        owner=split_mark(name or "")[1],
        created_at=parse_time(item.get("created_at")),
    )


def identities(attributes: Mapping[str, object]) -> tuple[Hashable, ...]:
    """Return the one natural key of a subscription: its event and name, else its event, regions and entities."""
    if attributes.get("name"):
        return (name_key(str(attributes["event"]), str(attributes["name"])),)
    return (place_key(attributes),)


def name_key(event: str, name: str) -> Hashable:
    """Return the natural key of a subscription that has a name."""
    return ("name", event, name)


def place_key(attributes: Mapping[str, object]) -> Hashable:
    """Return the natural key of a subscription without a name."""
    regions, entities = (
        tuple(sorted(set(cast("list[str]", attributes[member])))) for member in ("regions", "entities")
    )
    return ("place", attributes["event"], regions, entities)


def encode(attributes: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return the request body: all writable members, since POST and PATCH take the whole."""
    channels = cast("dict[str, bool]", attributes["channels"])
    listed: list[Plain] = [{"type": channel, "enabled": channels[channel]} for channel in sorted(channels)]
    members = {
        member: attributes[member] for member in ("regions", "entities", "enabled", "name") if member in attributes
    }
    return {**members, "channels": listed}


def _texts(item: JSON, member: str, what: str) -> tuple[str, ...]:
    """Return a set of texts; an empty list is written as null by some servers."""
    values = item.get(member, False)
    values = [] if values is None else values
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _wrong(what, member)
    return tuple(sorted(set(values)))


def _channels(entries: object, member: str, what: str) -> dict[str, bool]:
    """Return which channels are on; channels that nobody knows yet are kept as they are."""
    entries = [] if entries is None else entries
    channels: dict[str, bool] = {}
    for entry in entries if isinstance(entries, list) else [None]:
        channel, enabled = (entry.get(member), entry.get("enabled")) if isinstance(entry, dict) else (None, None)
        if not isinstance(channel, str) or not isinstance(enabled, bool):
            raise _wrong(what, "channels")
        if channels.setdefault(channel, enabled) is not enabled:
            raise ProtocolError(f"the service sent {what} with its channel {quoted(channel)} both on and off")
    return dict(sorted(channels.items()))


def _wrong(what: str, member: str) -> ProtocolError:
    return ProtocolError(f'the service sent {what} without its "{member}", or of a wrong type')


def text_of(item: JSON, member: str) -> str:
    """Return a text for people; empty where there is none."""
    value = item.get(member)
    return value if isinstance(value, str) else ""
