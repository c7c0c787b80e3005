"""Which change goes before which.

Objects are made and repointed before what refers to them, and deleted only when nothing refers to them any more. Kinds
come in order of dependency, so sorting by kind is already an order in which everything can be done: creates and
updates forwards, then deletes backwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from notifconf.model import Diagnostic, Kind, LiveResource, Options, address_matches, error, nearest, quoted, warning
from notifconf.model.plan import Action, Attributes, Change, Reference, Unmanaged


def sort_changes(changes: Sequence[Change], kinds: Sequence[Kind]) -> tuple[Change, ...]:
    """Return the changes sorted, each with the addresses of those that it depends on."""
    rank = {kind.name: index for index, kind in enumerate(kinds)}
    writes = {
        target: change.address
        for change in changes
        if change.action is not Action.DELETE
        for target in _name_targets(change)
    }
    releases: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        for target in find_targets(change.before) - find_targets(change.after):
            releases[target].add(change.address)

    def dependencies(change: Change) -> set[str]:
        if change.action is Action.DELETE:
            return releases[change.id or ""]
        return {writes[target] for target in find_targets(change.after) if target in writes}

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


def _name_targets(change: Change) -> tuple[str, ...]:
    """Return how others refer to the object of a change."""
    return (change.address,) if change.id is None else (change.address, change.id)


def find_targets(attributes: Attributes | None) -> set[str]:
    """Return what an object refers to, as ids and addresses."""
    return {reference.target for reference in iterate_references(attributes)}


def iterate_references(attributes: Attributes | None) -> Iterator[Reference]:
    """Return the references of an object."""
    for value in (attributes or {}).values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Reference):
                yield item


def find_live_targets(item: LiveResource, kind: Kind) -> set[str]:
    """Return the ids of what a live object refers to."""
    found: set[str] = set()
    for name in kind.references:
        value = item.attributes.get(name)
        found.update(target for target in (value if isinstance(value, tuple) else (value,)) if isinstance(target, str))
    return found


def add_dependencies(addresses: set[str], changes: Mapping[str, Change]) -> set[str]:
    """Return the addresses, and those of all changes that they depend on."""
    selected: set[str] = set()
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in selected and address in changes:
            selected.add(address)
            waiting.extend(changes[address].depends_on)
    return selected


def add_dependents(addresses: set[str], changes: Sequence[Change]) -> set[str]:
    """Return the addresses, and those of all changes that depend on them; `changes` are in order."""
    reached = set(addresses)
    for change in changes:
        if not reached.isdisjoint(change.depends_on):
            reached.add(change.address)
    return reached


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan says: its changes in order, the addresses that need nothing, what stays undeclared, and more."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    unmanaged: tuple[Unmanaged, ...]
    diagnostics: tuple[Diagnostic, ...]


def select_scope(whole: Scope, options: Options, resolved: Iterable[str], unresolved: Iterable[str]) -> Scope:
    """Keep the targeted changes and those that they depend on; drop the excluded ones and those that depend on them.

    Diagnostics about an address that is out of scope go with it, but what is in scope keeps those of all that it
    refers to, and what could not be resolved to an address at all might be anything. Objects that need nothing, or that
    nothing declares, count where they are in scope themselves. `resolved` holds the addresses of what is declared, and
    `unresolved` those of what has errors: with them a misspelt option is noticed.
    """
    if not options.part:
        return whole
    changes = whole.changes
    addresses = {change.address for change in changes}
    selected = addresses
    targets = (*options.targets, *options.targets_if_exist)
    if targets:
        targeted = {address for address in addresses if _is_named(address, targets)}
        selected = add_dependencies(targeted, {change.address: change for change in changes})
    excluded = {address for address in addresses if _is_named(address, options.excludes)}
    dropped = add_dependents(excluded, changes)
    kept = selected - dropped
    concerned = kept.union(*(find_targets(change.after) for change in changes if change.address in kept))
    known = addresses.union(resolved, (item.address for item in whole.unmanaged))
    return Scope(
        tuple(change for change in changes if change.address in kept),
        tuple(address for address in whole.unchanged if _in_scope(address, options)),
        tuple(item for item in whole.unmanaged if _in_scope(item.address, options)),
        (
            *(item for item in whole.diagnostics if _concerns(item, options, concerned, known)),
            *_warn_left_out(changes, (selected & dropped) - excluded),
            *_find_unknown(options, known.union(unresolved)),
        ),
    )


def _is_named(address: str, patterns: Iterable[str]) -> bool:
    return any(address_matches(address, pattern) for pattern in patterns)


def _in_scope(address: str, options: Options) -> bool:
    if _is_named(address, options.excludes):
        return False
    targets = (*options.targets, *options.targets_if_exist)
    return not targets or _is_named(address, targets)


def _concerns(diagnostic: Diagnostic, options: Options, concerned: set[str], known: set[str]) -> bool:
    address = diagnostic.address
    return address is None or address in concerned or address not in known or _in_scope(address, options)


def _warn_left_out(changes: Sequence[Change], addresses: set[str]) -> Iterable[Diagnostic]:
    for change in changes:
        if change.address in addresses:
            reason = ", ".join(change.depends_on)
            message = f"{change.address} is left out, since it depends on what is excluded: {reason}"
            yield warning("excluded-dependency", message, change.position, change.address)


def _find_unknown(options: Options, known: set[str]) -> Iterable[Diagnostic]:
    """Find options that name nothing: a plan of a misspelt target would look as if there was nothing to do."""
    for option, patterns, severity in (
        ("--target", options.targets, error),
        ("--exclude", options.excludes, warning),
    ):
        for pattern in patterns:
            if not any(address_matches(address, pattern) for address in known):
                way_out = ": --target-if-exists accepts that" if option == "--target" else ""
                message = f"{option} {quoted(pattern)} names nothing{nearest(pattern, known)}{way_out}"
                yield severity("unknown-address", message)
