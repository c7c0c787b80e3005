"""`--target` and `--exclude`: which of the changes are this plan's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notifconf.model import Diagnostic, Options, nearest, warning
from notifconf.model.diagnostic import quoted
from notifconf.model.policy import address_matches
from notifconf.plan.change import Change
from notifconf.plan.order import referred, with_dependencies, with_dependents


@dataclass(frozen=True, slots=True)
class Scope:
    """The changes that are left, and what is to be said about it."""

    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...]


def scope(
    changes: Sequence[Change], diagnostics: Sequence[Diagnostic], options: Options, known: Iterable[str]
) -> Scope:
    """Keep the targeted changes and those that they depend on; drop the excluded ones and those that depend on them.

    Diagnostics about an address that is out of scope go with it, but what is in scope keeps those of all that it
    refers to, and what could not be resolved to an address at all might be anything. `known` holds every declared and
    live address, so that a misspelt option is noticed. `changes` are in order.
    """
    if not options.targets and not options.excludes:
        return Scope(tuple(changes), tuple(diagnostics))
    everything = frozenset(known)
    addresses = {change.address for change in changes}
    selected = addresses
    if options.targets:
        targeted = {address for address in addresses if _named(address, options.targets)}
        selected = with_dependencies(targeted, {change.address: change for change in changes})
    excluded = {address for address in addresses if _named(address, options.excludes)}
    dropped = with_dependents(excluded, changes)
    kept = selected - dropped
    concerned = kept.union(*(referred(change.after) for change in changes if change.address in kept))
    return Scope(
        tuple(change for change in changes if change.address in kept),
        (
            *(item for item in diagnostics if _in_scope(item, options, concerned, everything)),
            *_left_out(changes, (selected & dropped) - excluded),
            *_unknown(options, everything),
        ),
    )


def _named(address: str, patterns: Iterable[str]) -> bool:
    return any(address_matches(address, pattern) for pattern in patterns)


def _in_scope(diagnostic: Diagnostic, options: Options, concerned: set[str], known: frozenset[str]) -> bool:
    address = diagnostic.address
    if address is None or address in concerned or address not in known:
        return True
    if _named(address, options.excludes):
        return False
    return not options.targets or _named(address, options.targets)


def _left_out(changes: Sequence[Change], addresses: set[str]) -> Iterable[Diagnostic]:
    for change in changes:
        if change.address in addresses:
            reason = ", ".join(change.depends_on)
            message = f"{change.address} is left out, since it depends on what is excluded: {reason}"
            yield warning("excluded-dependency", message, change.position, change.address)


def _unknown(options: Options, everything: frozenset[str]) -> Iterable[Diagnostic]:
    for option, patterns in (("--target", options.targets), ("--exclude", options.excludes)):
        for pattern in patterns:
            if not any(address_matches(address, pattern) for address in everything):
                message = f"{option} {quoted(pattern)} names nothing{nearest(pattern, everything)}"
                yield warning("unknown-address", message)
