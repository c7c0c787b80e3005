"""The fields of a change, one by one: what the formats with a table or a diff show of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from notifconf.plan import Action, Change
from notifconf.plan.change import Attributes
from notifconf.report.text import field_name, shown


class Field(NamedTuple):
    """One field of a change, values as text; `before` is None for a create, `after` for a delete."""

    name: str
    before: str | None
    after: str | None


def fields(change: Change) -> Iterator[Field]:
    """Yield what an update changes, or all of what a create makes and a delete takes away."""
    if change.action is Action.UPDATE:
        for item in change.differences:
            yield Field(field_name(item.path), shown(item.before), shown(item.after))
    elif change.action is Action.CREATE:
        for name, value in _leaves(change.after or {}):
            yield Field(name, None, value)
    else:
        for name, value in _leaves(change.before or {}):
            yield Field(name, value, None)


def _leaves(attributes: Attributes, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, shown(value)
