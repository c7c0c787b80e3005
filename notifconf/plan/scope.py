"""`--target` and `--exclude`: which of the changes are this plan's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notifconf.model import Diagnostic, Options, error, nearest, warning
from notifconf.model.diagnostic import quoted
from notifconf.model.policy import address_matches
from notifconf.plan.change import Change, Unmanaged
from notifconf.plan.order import referred, with_dependencies, with_dependents


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan says: its changes in order, the addresses that need nothing, what stays undeclared, and more."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    unmanaged: tuple[Unmanaged, ...]
    diagnostics: tuple[Diagnostic, ...]


def scope(whole: Scope, options: Options, resolved: Iterable[str], unresolved: Iterable[str]) -> Scope:
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
        selected = with_dependencies(targeted, {change.address: change for change in changes})
    excluded = {address for address in addresses if _is_named(address, options.excludes)}
    dropped = with_dependents(excluded, changes)
    kept = selected - dropped
    concerned = kept.union(*(referred(change.after) for change in changes if change.address in kept))
    known = addresses.union(resolved, (item.address for item in whole.unmanaged))
    return Scope(
        tuple(change for change in changes if change.address in kept),
        tuple(address for address in whole.unchanged if _in_scope(address, options)),
        tuple(item for item in whole.unmanaged if _in_scope(item.address, options)),
        (
            *(item for item in whole.diagnostics if _concerns(item, options, concerned, known)),
            *_left_out(changes, (selected & dropped) - excluded),
            *_unknown(options, known.union(unresolved)),
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


def _left_out(changes: Sequence[Change], addresses: set[str]) -> Iterable[Diagnostic]:
    for change in changes:
        if change.address in addresses:
            reason = ", ".join(change.depends_on)
            message = f"{change.address} is left out, since it depends on what is excluded: {reason}"
            yield warning("excluded-dependency", message, change.position, change.address)


def _unknown(options: Options, known: set[str]) -> Iterable[Diagnostic]:
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
