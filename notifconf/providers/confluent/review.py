"""What a change means for those who are told, beyond what it writes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence

from notifconf.model.diagnostic import Diagnostic, format_time, quoted, warning
from notifconf.model.plan import Action, Change, Silence
from notifconf.model.resource import LiveResource, Secret, Value
from notifconf.model.state import Live
from notifconf.plan.ownership import split_mark
from notifconf.plan.rules import Pair
from notifconf.providers.confluent.catalogue import INTEGRATION, PREFERENCE, RESOURCE_SUBSCRIPTION, SUBSCRIPTION
from notifconf.providers.confluent.coverage import describe_muted
from notifconf.providers.confluent.inventory import label
from notifconf.providers.confluent.workspace import DISABLED, ENVIRONMENT


def find_renames(pairs: Sequence[Pair], undeclared: Sequence[LiveResource]) -> Iterator[Diagnostic]:
    """Warn where an integration is about to be made whose target an undeclared one has already."""
    created = [desired for desired, live in pairs if live is None and desired.kind == INTEGRATION.name]
    if not created:
        return
    targets = {
        _target(item.attributes): item
        for item in sorted(undeclared, key=lambda item: item.id, reverse=True)
        if item.kind == INTEGRATION.name and _target(item.attributes) is not None
    }
    for desired in created:
        other = targets.get(_target(desired.attributes))
        owner = split_mark(str(desired.attributes.get("description") or ""))[1]
        if other is not None and other.owner in {None, owner}:
            message = (
                f"the undeclared live integration {quoted(other.name)} has this target already:"
                f" to rename that one instead of making another, pin it with id: {other.id}"
            )
            yield warning("possible-rename", message, desired.position, desired.address)


def find_undeclared_mutes(undeclared: Sequence[LiveResource], live: Live) -> Iterator[Diagnostic]:
    """Warn of each mute that nothing declares: somebody is not told, and no file says why."""
    mutes = [
        item for item in undeclared if item.kind == PREFERENCE.name and item.attributes.get("current_state") == DISABLED
    ]
    silenced = describe_muted(live, mutes) if mutes else {}
    for item in mutes:
        resource = str(item.attributes["resource"])
        inside = " and everything in it" if item.attributes.get("resource_type") == ENVIRONMENT else ""
        since = f" since {format_time(item.changed_at)}" if item.changed_at is not None else ""
        whom = f" This silences {silenced[resource]}." if silenced[resource] else ""
        message = (
            f"{quoted(label(resource, live.names.get(resource, '')))}{inside} is muted{since}, and nothing declares"
            f" that.{whom} To keep it, declare it with `until` and a reason; to lift it, write `muted: false`."
        )
        yield warning("undeclared-mute", message, None, f"{PREFERENCE.collection}/{item.name}")


def find_silences(changes: Iterable[Change]) -> Iterator[Silence]:
    """Say who will not be told any more once the changes are made; what was off before is silent already."""
    return (Silence(change.address, text) for change in changes for text in _describe_silences(change))


def _describe_silences(change: Change) -> Iterator[str]:
    before, after = change.before or {}, change.after or {}
    was_off, is_off = (side.get("current_state") == DISABLED for side in (before, after))
    resource = quoted(label(str(after.get("resource", before.get("resource", ""))), change.place))
    if change.kind == PREFERENCE.name and is_off and not was_off:
        inside = " and everything in it" if after.get("resource_type") == "ENVIRONMENT" else ""
        yield f"{resource}{inside} is muted: only REQUIRED notifications are still delivered"
    if change.kind not in {SUBSCRIPTION.name, RESOURCE_SUBSCRIPTION.name} or change.action is Action.CREATE or was_off:
        return
    if is_off or change.action is Action.DELETE:
        name = quoted(str(before.get("notification_type", "")))
        what = f"{name} of {resource}" if change.kind == RESOURCE_SUBSCRIPTION.name else name
        yield f"the subscription to {what} is {'disabled' if is_off else 'deleted'}: it tells nobody any more"


def is_off(kind: str, attributes: Mapping[str, object] | None) -> bool:
    """Say whether an object tells nobody: a disabled subscription, or a mute. Without a preference nothing is muted."""
    if kind == INTEGRATION.name:
        return False
    return kind != PREFERENCE.name if attributes is None else attributes.get("current_state") == DISABLED


def needs_test(kind: str, changed: Collection[str]) -> bool:
    """Say whether a write of these members changes where messages go: then a test message goes first."""
    return kind == INTEGRATION.name and "target" in changed


def _target(attributes: Mapping[str, Value]) -> Hashable:
    target = attributes.get("target")
    if not isinstance(target, Mapping) or not any(isinstance(value, Secret) for value in target.values()):
        return None
    return frozenset(target.items())
