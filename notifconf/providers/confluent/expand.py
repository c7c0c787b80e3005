"""From the entries of `resources` to resources: each once, by its path, with all that its entries say. Pure and total.

An entry names a resource, by a path or by names and ids, or it matches many. Of one resource:

1. An entry that names it decides what it says; a match decides the rest.
2. `muted`, and each subscription, is decided separately. Two matches that both say it are an `overlapping-match`.
3. Several entries may name it if all but one only add to subscriptions (`add`); more are a `duplicate-resource`.

With the inventory, the two spellings of a path are known to mean one resource. It keeps the one that its entry writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, Position, Suggester, error, list_some, quoted, warning
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.plan.coverage import hidden_resources, not_visible
from notifconf.plan.entries import find_idle_exceptions
from notifconf.providers.confluent.catalogue import PREFERENCE, RESOURCE_SUBSCRIPTION
from notifconf.providers.confluent.inventory import (
    Inventory,
    InventoryItem,
    choose,
    choose_inside,
    inventory_of,
    list_names,
    select,
)
from notifconf.providers.confluent.workspace import (
    CLUSTER,
    COMPUTE_POOL,
    CONNECTOR,
    ENVIRONMENT,
    ConfluentDeclarations,
    DeclaredResource,
    DeclaredSubscription,
    Mute,
    Reference,
    Selector,
    preference_address,
)

MAX_SUGGESTIONS = 20
"""How many unknown names get the nearest ones beside them: an inventory has thousands of names."""

MAX_NAMES_SHOWN = 3

NOUNS = {ENVIRONMENT: "environment", CLUSTER: "cluster", CONNECTOR: "connector", COMPUTE_POOL: "compute pool"}


class Statement(NamedTuple):
    """What the entries of a resource say of it together; `mute` and `subscriptions` are None where they say nothing.

    `matched` holds what each match that finds the resource says of subscriptions: its own entries decide first.
    """

    position: Position
    mute: Mute | None = None
    subscriptions: tuple[DeclaredSubscription, ...] | None = None
    matched: tuple[tuple[DeclaredSubscription, ...], ...] = ()


class ExpandedResource(NamedTuple):
    """A declared resource by its path."""

    resource: str
    resource_type: str
    statement: Statement

    @property
    def preference_address(self) -> str:
        """Where its mute stands in a plan."""
        return preference_address(self.resource)


class ExpandedGroup(NamedTuple):
    """The paths of the declared resources of one type of which the same entries speak: a match may find thousands."""

    statement: Statement
    resource_type: str
    paths: Sequence[str]

    @property
    def resources(self) -> list[ExpandedResource]:
        """Each resource for itself."""
        return [ExpandedResource(path, self.resource_type, self.statement) for path in self.paths]


class Expansion(NamedTuple):
    """The declared resources, each path in one group, and what is wrong with the entries; `idle` ones find nothing."""

    groups: tuple[ExpandedGroup, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    idle: tuple[DeclaredResource, ...] = ()

    @property
    def resources(self) -> tuple[ExpandedResource, ...]:
        """Each resource for itself."""
        return tuple(entry for group in self.groups for entry in group.resources)


def expand(entries: Sequence[DeclaredResource], inventory: Inventory | None) -> Expansion:
    """Return the resources that the entries declare. Without an inventory (None), those that have a path."""
    expander = _Expander(entries, inventory or Inventory())
    for number, entry in enumerate(entries):
        if inventory is not None or entry.selector is None:
            expander.add(number, entry)
    groups, overlaps = expander.merge()
    return Expansion(groups, (*expander.diagnostics, *_report_overlaps(overlaps)), tuple(expander.idle))


Rivals = tuple[Position, Position]
"""The places of two matches that both say whether a resource is muted."""

Overlaps = dict[Rivals, list[str]]
"""Rivals -> the resources of which they both say that."""


Speakers = tuple[tuple[int, ...], tuple[int, ...]]
"""Which entries speak of a resource: those that name it, and those that match it."""


class _Expander:
    """Collects the entries of each resource; `diagnostics` holds what can't be found or stands twice.

    `idle` holds the entries that find nothing. Of each resource it knows the path and the type as they are sent, and
    the entries that name it and that match it.
    """

    def __init__(self, entries: Sequence[DeclaredResource], inventory: Inventory) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.idle: list[DeclaredResource] = []
        self._entries = entries
        self._inventory = inventory
        self._nearest = Suggester(MAX_SUGGESTIONS)
        # By the path as the inventory has it, else as it is written. Most resources of a match have no other entry.
        self._found: dict[str, tuple[str, str, Speakers]] = {}

    def add(self, number: int, entry: DeclaredResource) -> None:
        selector = entry.selector
        if selector is None:
            item = self._inventory.find(entry.resource)
            self._name(number, item.path if item else entry.resource, entry.resource, entry.resource_type)
            return
        found = select(selector, self._inventory) if selector.resolved else []
        if not found or (selector.is_exact and len(found) > 1):
            self.idle.append(entry)
        if selector.is_exact and selector.resolved:
            if len(found) == 1:
                self._name(number, found[0].path, found[0].path, found[0].type)
            else:
                self.diagnostics.append(_report_ambiguous(entry, found) if found else self._report_unknown(selector))
            return
        if not found and selector.resolved:
            message = "no resource satisfies this match: it says nothing until there is one"
            self.diagnostics.append(warning("empty-match", message, entry.position))
        self.diagnostics += _find_idle_exceptions(entry, selector, self._inventory)
        alone = (), (number,)
        for item in found:
            known = self._found.get(item.path)
            if known is None:
                self._found[item.path] = item.path, item.type, alone
            else:
                path, resource_type, (named, matched) = known
                self._found[item.path] = path, resource_type, (named, (*matched, number))

    def _name(self, number: int, key: str, resource: str, resource_type: str) -> None:
        path, known_type, (numbers, matched) = self._found.get(key) or (resource, resource_type, ((), ()))
        entry, named = self._entries[number], [self._entries[other] for other in numbers]
        # A path that an entry writes is sent as written, whatever the order of entries.
        if all(other.selector is not None for other in named):
            path, known_type = resource, resource_type
        first = next((other for other in named if not other.only_adds), None)
        if first is None or entry.only_adds:
            numbers = (*numbers, number)
        elif entry.selector is not None or first.selector is not None or first.resource != entry.resource:
            # Two entries with one path are reported by `validate`.
            message = f"this is the resource {quoted(path)}, which stands already at {first.position}"
            self.diagnostics.append(error("duplicate-resource", message, entry.position, preference_address(path)))
        self._found[key] = path, known_type, (numbers, matched)

    def merge(self) -> tuple[tuple[ExpandedGroup, ...], Overlaps]:
        """Return the resources, each with the statement of all its entries, and the matches that contradict."""
        paths: defaultdict[tuple[Speakers, str], list[str]] = defaultdict(list)
        for path, resource_type, speakers in self._found.values():
            paths[speakers, resource_type].append(path)
        groups = []
        overlaps: Overlaps = {}
        for (speakers, resource_type), found in paths.items():
            named = [self._entries[number] for number in speakers[0]]
            matched = [self._entries[number] for number in speakers[1]]
            groups.append(ExpandedGroup(_merge(named, matched), resource_type, found))
            for pair in _find_rivals(named, matched):
                overlaps.setdefault(pair, []).extend(found)
        return tuple(groups), overlaps

    def _report_unknown(self, selector: Selector) -> Diagnostic:
        noun, wanted, known = _find_unknown(selector, self._inventory)
        where = _name_places(selector, wanted)
        names = (name for item in known for name in (item.name, item.id))
        suggestion = self._nearest(wanted.name, names, (noun, where)) if wanted.expression is None else ""
        message = f"there is no {noun} {wanted}{where}{suggestion}: `notifconf resources` lists all"
        return error("unknown-resource", message, wanted.position)


def _find_idle_exceptions(entry: DeclaredResource, selector: Selector, inventory: Inventory) -> Iterator[Diagnostic]:
    if selector.excepts and selector.resolved:
        found = select(selector._replace(excepts=()), inventory)
        names = {name for item in found for name in list_names(item)}
        way_out = ": what is in an environment goes by a glob on its path, such as environment=env-abc123/*"
        yield from find_idle_exceptions(selector.excepts, names, entry.position, way_out=way_out)


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
    candidates = list_some([f"{item.id} ({item.title('')})" for item in found], MAX_NAMES_SHOWN, " or ")
    noun = NOUNS[found[0].type]
    way_out = "write the id" if found[0].environment is None else "write the id, or what it is in"
    message = f"{len(found)} {noun}s are called so: {way_out}: {candidates}"
    return error("ambiguous-resource", message, entry.position)


def _merge(named: Sequence[DeclaredResource], matched: Sequence[DeclaredResource]) -> Statement:
    """Return what entries say together: `muted` as the first one says, those that name the resource before matches."""
    entries = (*named, *matched)
    if len(named) == 1 and not matched:
        # Most resources have one entry.
        return Statement(entries[0].position, entries[0].mute, entries[0].subscriptions)
    muting = next((entry for entry in entries if entry.mute is not None), None)
    own = [entry.subscriptions for entry in named if entry.subscriptions is not None]
    groups = tuple(entry.subscriptions for entry in matched if entry.subscriptions is not None)
    return Statement(
        position=(muting or entries[0]).position,
        mute=muting.mute if muting is not None else None,
        subscriptions=tuple(item for part in own for item in part) if own or groups else None,
        matched=groups,
    )


def _find_rivals(named: Sequence[DeclaredResource], matched: Sequence[DeclaredResource]) -> Sequence[Rivals]:
    """Pair the first match that says whether a resource is muted with each other one; an entry that names it wins."""
    if not matched or any(entry.mute is not None for entry in named):
        return ()
    places = [entry.position for entry in matched if entry.mute is not None]
    return [(places[0], other) for other in places[1:]]


def _report_overlaps(overlaps: Overlaps) -> Iterator[Diagnostic]:
    """Report the pairs of matches that both say whether a resource is muted, each pair once."""
    for (first, again), resources in sorted(overlaps.items()):
        names = list_some([*map(quoted, sorted(resources))], MAX_NAMES_SHOWN)
        message = f"this match and the one at {first} both say whether {names} is muted: make one narrower"
        yield error("overlapping-match", message, again)


def find_invisible(groups: Sequence[ExpandedGroup], live: Live) -> Iterator[Diagnostic]:
    """Warn, once for each place in the workspace, of lookups that may hide what lives: a match may find thousands."""
    hidden: defaultdict[Position, list[str]] = defaultdict(list)
    for group in groups if live.not_visible else ():
        hidden[group.statement.position] += [path for path in group.paths if path in live.not_visible]
    for position, found in hidden.items():
        if found:
            yield not_visible(found, position, preference_address(found[0]) if len(found) == 1 else None)


DISCOVERED = frozenset({PREFERENCE.name, RESOURCE_SUBSCRIPTION.name})


class Discovery(NamedTuple):
    """What was looked up beside the declared resources.

    `kinds` are the kinds of objects that were discovered, `left_alone` holds kind and id of what nothing may delete.
    """

    kinds: frozenset[str] = frozenset()
    left_alone: frozenset[tuple[str, str]] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def judge_discovered(declared: ConfluentDeclarations, entries: Sequence[ExpandedResource], live: Live) -> Discovery:
    """Decide which discovered objects may be deleted, and warn of those that nobody can judge.

    Only what could be declared in a section that is there is deleted: not what an entry leaves out, nor what another
    spelling of a declared path has.
    """
    by_path = {entry.resource: entry for entry in entries}
    inventory = inventory_of(live)
    found = [(item, str(item.attributes["resource"])) for item in live.resources if item.kind in DISCOVERED]
    spelled = ((entry, inventory.find(entry.resource)) for entry in entries)
    respelled = {item.path: entry for entry, item in spelled if item is not None and item.path != entry.resource}

    def is_left_out(item: LiveResource, resource: str) -> bool:
        if resource not in by_path:
            return resource in respelled
        said = by_path[resource].statement
        return (said.mute if item.kind == PREFERENCE.name else said.subscriptions) is None

    living = {resource for _, resource in found}
    message = "what lives under {} is of this resource too, and stays: declare it by that path"
    ambiguous = (
        warning("ambiguous-resource", message.format(quoted(path)), entry.statement.position, entry.preference_address)
        for path, entry in sorted(respelled.items())
        if path in living
    )
    return Discovery(
        DISCOVERED,
        frozenset(
            (item.kind, item.id)
            for item, resource in found
            if not declared.has_resources or is_left_out(item, resource)
        ),
        (*ambiguous, *hidden_resources(live.not_visible - by_path.keys())),
    )
