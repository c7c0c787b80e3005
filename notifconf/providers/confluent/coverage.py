"""Who is told of what: what each notification type reaches, and whom a mute keeps from being told. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from notifconf.errors import UsageError
from notifconf.model.coverage import Channel, Probe, Reach, Subject
from notifconf.model.diagnostic import format_time, nearest, quoted
from notifconf.model.plan import Attributes, Change, Silence
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.model.views import Cell
from notifconf.plan.addresses import make_unique
from notifconf.providers.confluent.catalogue import (
    ADMIN,
    INTEGRATION,
    PREFERENCE,
    REQUIRED,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    NotificationType,
    by_severity,
    catalogue_of,
)
from notifconf.providers.confluent.check import list_parents
from notifconf.providers.confluent.inventory import label
from notifconf.providers.confluent.show import kind_of
from notifconf.providers.confluent.workspace import DISABLED, ENABLED, SECRET_MEMBER, ConfluentDeclarations

CRITICAL = "CRITICAL"


def coverage(live: Live) -> Iterator[Reach]:
    """Say what each type reaches: the integrations that exist of its subscription, where that is ENABLED.

    Nobody is told of a type that the billing plan leaves out. The mail to the admins that a REQUIRED type sends anyhow
    does not count, be it configured or not. A mute of the organization silences all others; what is muted is known as
    far as it was looked up.
    """
    catalogue = catalogue_of(live)
    integrations = [item for item in live.resources if item.kind == INTEGRATION.name]
    channels = {item.id: make_channel(item) for item in integrations}
    mails = {item.id for item in integrations if is_admin_mail(item)}
    anyhow = (_make_admin_mail([channels[item] for item in sorted(mails)]),)
    subscriptions: defaultdict[str, list[LiveResource]] = defaultdict(list)
    muted = [item for item in live.resources if _is_mute(item)]
    mutes = frozenset((item.kind, item.id) for item in muted if is_organization(_path_of(item)))
    places = sorted(path for path in map(_path_of, muted) if not is_organization(path))
    muted_in = tuple(label(path, live.names.get(path, "")) for path in places)
    for item in live.resources:
        if item.kind == SUBSCRIPTION.name:
            subscriptions[str(item.attributes.get("notification_type"))].append(item)
    unknown = (NotificationType(name, name) for name in subscriptions if name not in catalogue.by_id)
    for notification_type in sorted((*catalogue.types, *unknown), key=by_severity):
        found = subscriptions[notification_type.id]
        is_required = notification_type.priority == REQUIRED
        subscribed = {target for item in found for target in list_targets(item) if target in channels}
        on = [item for item in found if is_on(item) and notification_type.in_plan]
        told = {target for item in on for target in list_targets(item) if target in channels}
        reached = _sort(channels[target] for target in (told - mails if is_required else told))
        is_silenced = bool(mutes and reached) and not is_required
        yield Reach(
            id=notification_type.id,
            name=notification_type.display_name,
            group=notification_type.severity,
            channels=() if is_silenced else reached,
            anyhow=anyhow if is_required else (),
            subscriptions=frozenset((item.kind, item.id) for item in found),
            in_plan=notification_type.in_plan,
            since=notification_type.created_at,
            off=_sort(channels[target] for target in subscribed - told),
            silenced=reached if is_silenced else (),
            mutes=mutes if is_silenced else frozenset(),
            muted_in=() if is_required else muted_in,
        )


def _is_mute(item: LiveResource) -> bool:
    return item.kind == PREFERENCE.name and item.attributes.get("current_state") == DISABLED


def _path_of(item: LiveResource) -> str:
    return str(item.attributes.get("resource"))


def is_organization(path: str) -> bool:
    """Say whether a path is that of the whole organization."""
    return path.startswith("organization=") and "/" not in path


def find_muted_subscriptions(changes: Iterable[Change], after: Live) -> Iterator[Silence]:
    """Name the CRITICAL subscriptions of resources that a new mute lies over; only what the workspace names is known.

    The mute of an environment cascades to all that is in it, any other concerns its resource alone. REQUIRED
    notifications are delivered all the same.
    """
    mutes = [change for change in changes if change.kind == PREFERENCE.name and _is_new_mute(change)]
    watches = _find_watches(after, [change.after or {} for change in mutes]) if mutes else {}
    for change in mutes:
        muted = str((change.after or {}).get("resource"))
        for watch in watches.get(muted, ()):
            yield Silence(change.address, f"the mute of {quoted(label(muted, change.place))} silences {watch.text}")


def list_mutes(live: Live) -> Iterator[Mapping[str, Cell]]:
    """Say which resources are muted, by what names, and since when, as far as they were looked up."""
    for item in sorted(live.resources, key=lambda item: item.name):
        if _is_mute(item):
            since = None if item.changed_at is None else format_time(item.changed_at)
            yield {"resource": item.name, "name": live.names.get(item.name), "since": since}


def find_subject(live: Live, name: str) -> Subject:
    """Return the notification type with this id or name. Raises `UsageError`, which says what is there."""
    found = catalogue_of(live).named(name)
    if len(found) == 1:
        kind = found[0]
        return Subject(kind.id, kind.display_name, kind.severity, kind.priority, kind.in_plan)
    if found:
        ids = " or ".join(sorted(quoted(item.id) for item in found))
        raise UsageError(f"{len(found)} notification types are called {quoted(name)}: use the id, {ids}")
    suggestion = nearest(name, (item.display_name for item in catalogue_of(live).types))
    raise UsageError(f"there is no notification type {quoted(name)}{suggestion}: `notifconf types` lists all")


def list_probes(declared: ConfluentDeclarations | None, live: Live) -> list[Probe]:
    """Return the declared integrations, or without a workspace the live ones, sorted by address."""
    if declared is not None:
        found = [
            Probe(
                entry.address,
                Channel(entry.kind, entry.key, entry.display_name),
                (entry.key,),
                INTEGRATION.name,
                {"display_name": entry.display_name, "target": entry.target} if entry.writable else None,
            )
            for entry in declared.integrations
        ]
    else:
        integrations = {item.id: item for item in live.resources if item.kind == INTEGRATION.name}
        plain = [f"{INTEGRATION.collection}/{item.name}" for item in integrations.values()]
        found = list(map(_make_live_probe, integrations.values(), make_unique(plain, list(integrations))))
    return sorted(found, key=lambda probe: probe.address)


def _make_live_probe(item: LiveResource, address: str) -> Probe:
    target = item.attributes.get("target")
    member = SECRET_MEMBER.get(kind_of(item))
    is_testable = member is not None and isinstance(target, Mapping) and member in target
    attributes = {"display_name": item.name, "target": target} if is_testable else None
    return Probe(address, make_channel(item), (item.name, item.id), INTEGRATION.name, attributes)


class _Watch(NamedTuple):
    """A subscription of a resource, in words."""

    resource: str
    text: str


def _find_watches(live: Live, mutes: Iterable[Attributes]) -> Mapping[str, Sequence[_Watch]]:
    """Return the CRITICAL subscriptions which are on, by the path of each mute that lies over them."""
    muted = {str(mute.get("resource")): mute.get("resource_type") == "ENVIRONMENT" for mute in mutes}
    environments = {path for path, cascades in muted.items() if cascades}
    types = catalogue_of(live).by_id
    channels = {item.id: make_channel(item) for item in live.resources if item.kind == INTEGRATION.name}
    found: defaultdict[str, list[_Watch]] = defaultdict(list)
    for item in live.resources:
        if item.kind != RESOURCE_SUBSCRIPTION.name or not is_on(item):
            continue
        resource = str(item.attributes.get("resource"))
        over = [resource] if resource in muted else []
        over += [path for path in list_parents(resource) if path in environments] if environments else []
        watched = types.get(str(item.attributes.get("notification_type"))) if over else None
        if watched is None or watched.severity != CRITICAL or watched.priority == REQUIRED:
            continue
        told = _sort(channels[target] for target in list_targets(item) if target in channels)
        whom = f", which goes to {', '.join(map(str, told))}" if told else ""
        of_resource = quoted(label(resource, live.names.get(resource, "")))
        watch = _Watch(resource, f"{quoted(watched.display_name)} ({CRITICAL}) of {of_resource}{whom}")
        for path in over:
            found[path].append(watch)
    return {path: sorted(group) for path, group in found.items()}


MAX_WATCHES_SHOWN = 3
"""How many subscriptions of resources a sentence about a mute names."""


def describe_muted(live: Live, mutes: Sequence[LiveResource]) -> Mapping[str, str]:
    """Say, by the path of each mute, who does not hear of CRITICAL types, as far as the live state was read."""
    watches = _find_watches(live, [{name: str(value) for name, value in item.attributes.items()} for item in mutes])
    critical = [item for item in coverage(live) if item.group == CRITICAL and not item.anyhow]
    channels = {channel.target: channel for item in critical for channel in (*item.channels, *item.silenced)}
    told = _sort(iter(channels.values()))
    general = [f"the CRITICAL types, as far as they concern it, that go to {', '.join(map(str, told))}"] if told else []
    described: dict[str, str] = {}
    for item in mutes:
        path = str(item.attributes.get("resource"))
        found = [watch.text for watch in watches.get(path, ())]
        others = len(found) - MAX_WATCHES_SHOWN
        more = [f"and {others} more subscription{'s' if others > 1 else ''}"] if others > 0 else []
        described[path] = "; ".join((*found[:MAX_WATCHES_SHOWN], *more, *general))
    return described


def _is_new_mute(change: Change) -> bool:
    before, after = change.before or {}, change.after or {}
    return after.get("current_state") == DISABLED != before.get("current_state")


def make_channel(item: LiveResource) -> Channel:
    """Return an integration as a channel."""
    return Channel(kind_of(item), item.id, str(item.attributes.get("display_name") or item.name))


def _make_admin_mail(mails: Sequence[Channel]) -> Channel:
    name = mails[0].name if mails else ADMIN
    return Channel("RoleEmail", mails[0].target if mails else ADMIN, name, "always")


def is_admin_mail(item: LiveResource) -> bool:
    """Say whether an integration is the mail that REQUIRED types send anyhow."""
    target = item.attributes.get("target")
    return isinstance(target, Mapping) and (target.get("kind"), target.get("role_name")) == ("RoleEmail", ADMIN)


def is_on(item: LiveResource) -> bool:
    """Say whether a subscription is enabled."""
    return item.attributes.get("current_state") == ENABLED


def list_targets(item: LiveResource) -> Iterator[str]:
    """Return the ids of the integrations of a subscription."""
    found = item.attributes.get("integrations")
    return (str(target) for target in found) if isinstance(found, tuple) else iter(())


def _sort(channels: Iterator[Channel]) -> tuple[Channel, ...]:
    return tuple(sorted(channels, key=channel_key))


def channel_key(channel: Channel) -> tuple[str, str, str]:
    """Return what sorts channels: by name."""
    return channel.name, channel.kind, channel.target
