"""The live state as a plan leaves it, in memory: what judges a plan by its end looks at this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from notifconf.model import Live, LiveResource, Value
from notifconf.plan.change import Change, PlanValue, Reference, Sensitive


def projected(live: Live, changes: Sequence[Change]) -> Live:
    """Return `live` with the changes made.

    What is created goes by its address, as references to it do, and has no natural key. A plan holds no secret, so
    what is written here has none either.
    """
    if not changes:
        return live
    touched = {(change.kind, change.id): change for change in changes if change.id is not None}
    kept = (
        _updated(item, touched[item.kind, item.id]) if (item.kind, item.id) in touched else item
        for item in live.resources
        if (item.kind, item.id) not in touched or touched[item.kind, item.id].after is not None
    )
    created = (_created(change) for change in changes if change.id is None)
    return replace(live, resources=(*kept, *created))


def _updated(item: LiveResource, change: Change) -> LiveResource:
    written = {name: _value(value) for name, value in (change.after or {}).items() if name in change.changed}
    return replace(item, attributes={**item.attributes, **written})


def _created(change: Change) -> LiveResource:
    attributes = {name: _value(value) for name, value in (change.after or {}).items()}
    return LiveResource(change.kind, change.address, change.address.partition("/")[2], (), attributes)


def _value(value: PlanValue) -> Value:
    if isinstance(value, Reference):
        return value.target
    if isinstance(value, Mapping):
        return {name: _value(member) for name, member in value.items() if not isinstance(member, Sensitive)}
    if isinstance(value, tuple):
        return tuple(_value(item) for item in value)
    return None if isinstance(value, Sensitive) else value
