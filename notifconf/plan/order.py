"""Ordering: which change goes before which. And scope: which changes `--target` and `--exclude` select.

Terms:

- An object *refers* to another if an attribute holds its id, or its address while it does not exist yet. Here
  subscriptions refer to integrations, never the other way round: the kinds of a provider are listed in that order.
- A change *depends on* another one that must be done first. If that fails, the change is skipped.

Rules of the order:

1. A create or an update depends on the creates and updates of all objects that it refers to afterwards.
2. A delete depends on all changes that remove a reference to its object, since the service refuses to delete an object
   that is in use.
3. Creates and updates come first, sorted by kind, then by address. Deletes come last, with the kinds reversed. So each
   change comes after those that it depends on.

Rules of the scope:

1. `--target` selects the named changes, and all that they depend on.
2. `--exclude` removes the named changes, and all that depend on them, with a warning. It has the last word.
3. A diagnostic goes with the object that it is about. One that is about no object stays: it may concern anything.

Example: the integration `new` is created, the subscription `shrink` is updated to refer to `new` in place of `old`, and
`old` is deleted. The order is `new`, `shrink`, `old`: `shrink` depends on `new`, and `old` depends on `shrink`.
`--target subscriptions/shrink` selects `new` and `shrink`. `--exclude integrations/new` leaves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, error, nearest, quoted, warning
from notifconf.model.plan import Action, Attributes, Change, Reference, Unmanaged
from notifconf.model.policy import address_matches
from notifconf.model.resource import Kind, LiveResource
from notifconf.model.state import Options


def sort_changes(changes: Sequence[Change], kinds: Sequence[Kind]) -> tuple[Change, ...]:
    """Return the changes in the order in which they can be done, each with the addresses that it depends on."""
    rank = {kind.name: index for index, kind in enumerate(kinds)}
    writes = {
        target: change.address
        for change in changes
        if change.action is not Action.DELETE
        for target in (change.address, change.id or change.address)
    }
    releases: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        for target in find_targets(change.before) - find_targets(change.after):
            releases[target].add(change.address)

    def dependencies(change: Change) -> set[str]:
        if change.action is Action.DELETE:
            return releases[change.id or ""]
        return {writes[target] for target in find_targets(change.after) if target in writes}

    def place(change: Change) -> tuple[bool, int, str]:
        deleted = change.action is Action.DELETE
        return deleted, -rank[change.kind] if deleted else rank[change.kind], change.address

    return tuple(
        replace(change, depends_on=tuple(sorted(dependencies(change)))) for change in sorted(changes, key=place)
    )


def find_targets(attributes: Attributes | None) -> set[str]:
    """Return the ids and addresses that an object refers to."""
    return {reference.target for reference in iterate_references(attributes)}


def iterate_references(attributes: Attributes | None) -> Iterator[Reference]:
    """Yield the references of an object."""
    for value in (attributes or {}).values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Reference):
                yield item


def find_live_targets(item: LiveResource, kind: Kind) -> set[str]:
    """Return the ids that a live object refers to."""
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


class Scope(NamedTuple):
    """The parts of a plan that a scope limits."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    unmanaged: tuple[Unmanaged, ...]
    diagnostics: tuple[Diagnostic, ...]


def select_scope(whole: Scope, options: Options, resolved: Iterable[str], unresolved: Iterable[str]) -> Scope:
    """Limit a plan to what the options select (see the rules of the scope).

    A selected change also keeps the diagnostics about the objects that it refers to. `resolved` holds the addresses of
    the declared objects, `unresolved` those of entries with errors. An option that names none of them is misspelt.
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
            *_warn_left_out(changes, (selected & dropped) - excluded, dropped),
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


def _warn_left_out(changes: Sequence[Change], addresses: set[str], dropped: set[str]) -> Iterable[Diagnostic]:
    for change in changes:
        if change.address in addresses:
            reason = ", ".join(address for address in change.depends_on if address in dropped)
            message = f"{change.address} is left out, since it depends on what is excluded: {reason}"
            yield warning("excluded-dependency", message, change.position, change.address)


def _find_unknown(options: Options, known: set[str]) -> Iterable[Diagnostic]:
    """Yield a diagnostic for each option that names nothing. A misspelt target would seem to need no change."""
    for option, patterns, severity in (
        ("--target", options.targets, error),
        ("--exclude", options.excludes, warning),
    ):
        for pattern in patterns:
            if not any(address_matches(address, pattern) for address in known):
                way_out = ": --target-if-exists accepts that" if option == "--target" else ""
                message = f"{option} {quoted(pattern)} names nothing{nearest(pattern, known)}{way_out}"
                yield severity("unknown-address", message)
