"""From the entries of `resources` to resources: each once, by its path, with all that its entries say. Pure and total.

An entry names a resource, by a path or by names and ids, or it matches many. Of one resource:

1. An entry that names it decides what it says; a match decides the rest.
2. `muted`, and each subscription, is decided separately. Two matches that both say it are an `overlapping-match`.
3. Several entries may name it if all but one only add to subscriptions (`add`); more are a `duplicate-resource`.

With the inventory, the two spellings of a path are known to mean one resource. It keeps the one that its entry writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from notifconf.model import Diagnostic, Position, error, nearest, quoted, warning
from notifconf.providers.confluent.inventory import Inventory, InventoryItem, choose, choose_inside, select
from notifconf.providers.confluent.workspace import (
    CLUSTER,
    COMPUTE_POOL,
    CONNECTOR,
    ENVIRONMENT,
    DeclaredResource,
    Reference,
    Selector,
)

MAX_SUGGESTIONS = 20
"""How many unknown names get the nearest ones beside them: an inventory has thousands of names."""

MAX_NAMES_SHOWN = 3

NOUNS = {ENVIRONMENT: "environment", CLUSTER: "cluster", CONNECTOR: "connector", COMPUTE_POOL: "compute pool"}


class Expansion(NamedTuple):
    """The declared resources, one for each path, and what is wrong with the entries."""

    resources: tuple[DeclaredResource, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def expand(entries: Sequence[DeclaredResource], inventory: Inventory | None) -> Expansion:
    """Return the resources that the entries declare. Without an inventory (None), those that have a path."""
    if inventory is None:
        entries = [entry for entry in entries if entry.selector is None]
        if len({entry.resource for entry in entries}) == len(entries):
            return Expansion(tuple(entries))
    expander = _Expander(inventory or Inventory())
    for entry in entries:
        expander.add(entry)
    resources = [_merge(group) for group in expander.groups.values()]
    return Expansion(tuple(resources), (*expander.diagnostics, *_find_overlaps(expander.groups.values())))


@dataclass(slots=True)
class _Group:
    """The entries of one resource."""

    resource: str
    resource_type: str
    named: list[DeclaredResource] = field(default_factory=list)
    matched: list[DeclaredResource] = field(default_factory=list)


class _Expander:
    """Collects the entries of each resource; `diagnostics` holds what can't be found or stands twice."""

    def __init__(self, inventory: Inventory) -> None:
        self.groups: dict[str, _Group] = {}
        """By the path as the inventory has it, else as it is written."""
        self.diagnostics: list[Diagnostic] = []
        self._inventory = inventory
        self._suggestions = 0

    def add(self, entry: DeclaredResource) -> None:
        selector = entry.selector
        if selector is None:
            item = self._inventory.find(entry.resource)
            self._name(entry, item.path if item else entry.resource, entry.resource, entry.resource_type)
        elif selector.resolved and selector.is_exact:
            found = select(selector, self._inventory)
            if len(found) == 1:
                self._name(entry, found[0].path, found[0].path, found[0].type)
            else:
                self.diagnostics.append(_report_ambiguous(entry, found) if found else self._report_unknown(selector))
        elif selector.resolved:
            found = select(selector, self._inventory)
            if not found:
                message = "no resource satisfies this match: it says nothing until there is one"
                self.diagnostics.append(warning("empty-match", message, entry.position))
            for item in found:
                self._group(item.path, item.path, item.type).matched.append(entry)

    def _group(self, key: str, resource: str, resource_type: str) -> _Group:
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group(resource, resource_type)
        return group

    def _name(self, entry: DeclaredResource, key: str, resource: str, resource_type: str) -> None:
        group = self._group(key, resource, resource_type)
        if not group.named:
            group.resource, group.resource_type = resource, resource_type
        first = next((other for other in group.named if not other.only_adds), None)
        if first is None or entry.only_adds:
            group.named.append(entry)
        elif entry.selector is not None or first.selector is not None or first.resource != entry.resource:
            # Two entries with one path are reported by `validate`.
            message = f"this is the resource {quoted(group.resource)}, which stands already at {first.position}"
            self.diagnostics.append(error("duplicate-resource", message, entry.position, first.preference_address))

    def _report_unknown(self, selector: Selector) -> Diagnostic:
        noun, wanted, known = _find_unknown(selector, self._inventory)
        suggestion = ""
        if wanted.expression is None and self._suggestions < MAX_SUGGESTIONS:
            self._suggestions += 1
            suggestion = nearest(wanted.name, {name for item in known for name in (item.name, item.id)})
        where = _name_places(selector, wanted)
        message = f"there is no {noun} {wanted}{where}{suggestion}: `notifconf resources` lists all"
        return error("unknown-resource", message, wanted.position)


def _find_unknown(selector: Selector, inventory: Inventory) -> tuple[str, Reference, Sequence[InventoryItem]]:
    """Return the outermost level at which nothing is found: its noun, what is wanted there, and what there is."""
    environments = inventory.by_type.get(ENVIRONMENT, ())
    found = choose(selector.environment, environments, selector)
    if not found and selector.environment:
        return NOUNS[ENVIRONMENT], selector.environment[0], environments
    clusters = inventory.by_type.get(CLUSTER, ())
    inside = choose_inside(selector.cluster, clusters, found, selector)
    if not inside and selector.cluster:
        return NOUNS[CLUSTER], selector.cluster[0], choose_inside((), clusters, found, selector)
    resource_type = selector.types[0]
    places = inside if resource_type == CONNECTOR else found
    candidates = choose_inside((), inventory.by_type.get(resource_type, ()), places, selector)
    wanted = next(iter((*selector.name, *selector.cluster, *selector.environment)))
    return NOUNS[resource_type], wanted, candidates


def _name_places(selector: Selector, wanted: Reference) -> str:
    """Say where something was looked for: in an environment, or in a cluster."""
    for noun, references in ((NOUNS[CLUSTER], selector.cluster), (NOUNS[ENVIRONMENT], selector.environment)):
        if references and references[0] is not wanted and wanted not in selector.environment:
            return f" in the {noun} {references[0]}"
    return ""


def _report_ambiguous(entry: DeclaredResource, found: Sequence[InventoryItem]) -> Diagnostic:
    candidates = " or ".join(f"{item.id} ({item.title('')})" for item in found[:MAX_NAMES_SHOWN])
    more = f" and {len(found) - MAX_NAMES_SHOWN} more" if len(found) > MAX_NAMES_SHOWN else ""
    noun = NOUNS[found[0].type]
    message = f"{len(found)} {noun}s are called so: write the id, or what it is in: {candidates}{more}"
    return error("ambiguous-resource", message, entry.position)


def _merge(group: _Group) -> DeclaredResource:
    """Return one resource that says what all its entries say."""
    if len(group.named) == 1 and not group.matched and group.named[0].selector is None:
        return group.named[0]
    entries = (*group.named, *group.matched)
    muting = next((entry for entry in entries if entry.mute is not None), None)
    own = [entry.subscriptions for entry in group.named if entry.subscriptions is not None]
    matched = tuple(entry.subscriptions for entry in group.matched if entry.subscriptions is not None)
    return DeclaredResource(
        resource=group.resource,
        resource_type=group.resource_type,
        position=(muting or entries[0]).position,
        mute=muting.mute if muting is not None else None,
        subscriptions=tuple(item for part in own for item in part) if own or matched else None,
        matched=matched,
    )


def _find_overlaps(groups: Iterable[_Group]) -> Iterator[Diagnostic]:
    """Report the pairs of matches that both say whether a resource is muted, each pair once."""
    shared: defaultdict[tuple[Position, Position], list[str]] = defaultdict(list)
    for group in groups:
        if len(group.matched) > 1 and not any(entry.mute is not None for entry in group.named):
            muting = [entry for entry in group.matched if entry.mute is not None]
            for entry in muting[1:]:
                shared[muting[0].position, entry.position].append(group.resource)
    for (first, again), resources in sorted(shared.items()):
        names = ", ".join(map(quoted, sorted(resources)[:MAX_NAMES_SHOWN]))
        more = f" and {len(resources) - MAX_NAMES_SHOWN} more" if len(resources) > MAX_NAMES_SHOWN else ""
        message = f"this match and the one at {first} both say whether {names}{more} is muted: make one narrower"
        yield error("overlapping-match", message, again)
