"""Which change goes before which.

Objects are made and repointed before what refers to them, and deleted only when nothing refers to them any more. Kinds
come in order of dependency, so sorting by kind is already an order in which everything can be done: creates and
updates forwards, then deletes backwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from notifconf.plan.change import Action, Attributes, Change, Reference

if TYPE_CHECKING:
    from notifconf.model import Kind, LiveResource


def in_order(changes: Sequence[Change], kinds: Sequence[Kind]) -> tuple[Change, ...]:
    """Return the changes sorted, each with the addresses of those that it depends on."""
    rank = {kind.name: index for index, kind in enumerate(kinds)}
    writes = {
        target: change.address
        for change in changes
        if change.action is not Action.DELETE
        for target in _targets(change)
    }
    releases: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        for target in referred(change.before) - referred(change.after):
            releases[target].add(change.address)

    def dependencies(change: Change) -> set[str]:
        if change.action is Action.DELETE:
            return releases[change.id or ""]
        return {writes[target] for target in referred(change.after) if target in writes}

    def place(change: Change) -> tuple[bool, int, str, str]:
        deleted = change.action is Action.DELETE
        return (
            deleted,
            -rank[change.kind] if deleted else rank[change.kind],
            change.address,
            change.id or "",
        )

    return tuple(
        replace(change, depends_on=tuple(sorted(dependencies(change)))) for change in sorted(changes, key=place)
    )


def _targets(change: Change) -> tuple[str, ...]:
    """Return how others refer to the object of a change."""
    return (change.address,) if change.id is None else (change.address, change.id)


def referred(attributes: Attributes | None) -> set[str]:
    """Return what an object refers to, as ids and addresses."""
    return {reference.target for reference in references_of(attributes)}


def references_of(attributes: Attributes | None) -> Iterator[Reference]:
    """Return the references of an object."""
    for value in (attributes or {}).values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Reference):
                yield item


def referenced_by(item: LiveResource, kind: Kind) -> set[str]:
    """Return the ids of what a live object refers to."""
    found: set[str] = set()
    for name in kind.references:
        value = item.attributes.get(name)
        found.update(target for target in (value if isinstance(value, tuple) else (value,)) if isinstance(target, str))
    return found


def with_dependencies(addresses: set[str], changes: Mapping[str, Change]) -> set[str]:
    """Return the addresses, and those of all changes that they depend on."""
    selected: set[str] = set()
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in selected and address in changes:
            selected.add(address)
            waiting.extend(changes[address].depends_on)
    return selected


def with_dependents(addresses: set[str], changes: Sequence[Change]) -> set[str]:
    """Return the addresses, and those of all changes that depend on them; `changes` are in order."""
    reached = set(addresses)
    for change in changes:
        if not reached.isdisjoint(change.depends_on):
            reached.add(change.address)
    return reached
