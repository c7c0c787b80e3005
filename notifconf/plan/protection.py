"""`policy.protected` and `policy.frozen`: what no plan may do to an object.

A *protected* object is not deleted, and not turned off (disabled or muted). All other updates are allowed, so that a
secret can be rotated. What is protected must also be told: an object that others refer to (an integration) is not taken
out of any of them, and those that refer to it are neither turned off nor deleted. A *frozen* object is not changed
at all.

A pattern names an object by its address, by its live name and by its id, so that protection does not end when the
entry of the workspace is renamed or taken out: `integrations/oncall`, `integrations/on*` and `integrations/i-1` all
name the live integration "oncall" (i-1), whatever its key is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, error, nearest, quoted, warning
from notifconf.model.plan import Action, Change
from notifconf.model.policy import GLOB_CHARACTERS, GUARDS, Guard, Percentage, Policy, address_matches
from notifconf.model.resource import Kind, LiveResource
from notifconf.plan.addresses import LiveKey, make_plain_address
from notifconf.plan.match import Matching
from notifconf.plan.order import find_live_targets, find_targets, iterate_references
from notifconf.plan.rules import Rules


def limit_deletes(
    changes: Sequence[Change], live: Mapping[str, int], policy: Policy, *, force: bool
) -> Iterable[Diagnostic]:
    """Refuse a plan with more deletes than `max_deletes`.

    A number bounds the deletes of the whole plan. A percentage bounds, kind by kind, the share of the `live` objects
    of that kind that are managed here; it never refuses a single delete, since small sets would never change.
    """
    severity = warning if force else error
    deletes = Counter(change.kind for change in changes if change.action is Action.DELETE)
    limit = policy.max_deletes
    if isinstance(limit, Percentage):
        for kind, count in sorted(deletes.items()):
            if count > 1 and count * 100 > limit.value * live[kind]:
                yield severity(
                    "max-deletes",
                    f"would delete {count} of {live[kind]} {kind}s (max_deletes is {limit})",
                )
    elif deletes.total() > limit:
        objects = "object" if deletes.total() == 1 else "objects"
        yield severity("max-deletes", f"would delete {deletes.total()} {objects} (max_deletes is {limit})")


MAX_SUGGESTIONS = 20
"""How many patterns that name nothing get the nearest addresses beside them."""

OTHER_WAY_OUT = "leave it out of this run with --exclude"


class Protection(NamedTuple):
    """A policy's guards over one live state.

    `names` holds every name of each object: by kind, and id or, where it does not live yet, address. `must_be_told`
    maps the ids of protected objects that others may refer to, to the pattern that protects them. `undeclared` holds
    the addresses of what nothing declares.
    """

    policy: Policy
    rules: Rules
    kinds: Mapping[str, Kind]
    names: Mapping[LiveKey, frozenset[str]]
    must_be_told: Mapping[str, str]
    undeclared: Mapping[LiveKey, str]

    def judge(self, change: Change) -> tuple[Change, list[Diagnostic]]:
        """Block an update, or a create of a mute, that the policy forbids; say why and what to do."""
        if not (self.policy.protected or self.policy.frozen) or change.action is Action.DELETE:
            return change, []
        found = [
            error(
                guard,
                f"{change.address} {reason} {quoted(change.address)}, or change policy.{guard}",
                change.position,
                change.address,
            )
            for guard, reasons in (("frozen", self._frozen(change)), ("protected", self._protected(change)))
            for reason in reasons
        ]
        # Where both forbid it, the change is blocked as protected: that comes first, as it does for what is undeclared.
        return replace(change, blocked=change.blocked or (found[-1].code if found else None)), found

    def find_guard(self, item: LiveResource) -> str | None:
        """Return why an undeclared object may not be deleted, "protected" or "frozen", or None."""
        if not (self.policy.protected or self.policy.frozen):
            return None
        names = self.names[item.kind, item.id]
        if self._pattern("protected", names):
            return "protected"
        if self.must_be_told and not self.must_be_told.keys().isdisjoint(
            find_live_targets(item, self.kinds[item.kind])
        ):
            return "protected"
        return "frozen" if self._pattern("frozen", names) else None

    def _frozen(self, change: Change) -> Iterator[str]:
        pattern = self._pattern("frozen", self._names(change)) if change.action is Action.UPDATE else None
        if pattern:
            fields = ", ".join(dict.fromkeys(item.path for item in change.differences))
            place = self._place("frozen", pattern)
            yield f"is frozen by {place}, and this entry would change {fields}: declare what lives, {OTHER_WAY_OUT}"

    def _protected(self, change: Change) -> Iterator[str]:
        turns_off = self.rules.is_off(change.kind, change.after) and not self.rules.is_off(change.kind, change.before)
        off = f"and this entry would turn it off: declare it on, {OTHER_WAY_OUT}"
        pattern = self._pattern("protected", self._names(change)) if turns_off else None
        if pattern:
            yield f"is protected by {self._place('protected', pattern)}, {off}"
        if not self.must_be_told:
            return
        kept = find_targets(change.after)
        for reference in sorted(iterate_references(change.before), key=lambda reference: reference.target):
            protector = self.must_be_told.get(reference.target)
            if protector is not None and (turns_off or reference.target not in kept):
                reaches = (
                    f"reaches {quoted(reference.name)}, which is protected by {self._place('protected', protector)}"
                )
                left_out = f"and this entry leaves it out: add it to the entry, {OTHER_WAY_OUT}"
                yield f"{reaches}, {off if reference.target in kept else left_out}"

    def find_unused(self, managed: Iterable[str], declared: Iterable[str]) -> Iterator[Diagnostic]:
        """Warn of each exact pattern that names nothing; `declared` holds addresses.

        A collection that was not read, since the workspace needs nothing of it, may hold what the pattern names.
        """
        exact = [
            (guard, pattern)
            for guard in GUARDS
            for pattern in self.policy.patterns(guard)
            if GLOB_CHARACTERS.isdisjoint(pattern)
        ]
        if not exact:
            return
        known = set(declared).union(*self.names.values())
        read = {*managed, *(kind for kind, _ in self.names)}
        unread = {kind.collection for kind in self.kinds.values() if kind.name not in read}
        for index, (guard, pattern) in enumerate(exact):
            if pattern not in known and pattern.partition("/")[0] not in unread:
                hint = nearest(pattern, known) if index < MAX_SUGGESTIONS else ""
                message = f"policy.{guard} lists {quoted(pattern)}, which names nothing{hint}"
                yield warning("protects-nothing", message, self.policy.places.get((guard, pattern)))

    def _names(self, change: Change) -> frozenset[str]:
        return self.names[change.kind, change.id or change.address]

    def _pattern(self, guard: Guard, names: Iterable[str]) -> str | None:
        return find_pattern(self.policy, guard, names)

    def _place(self, guard: Guard, pattern: str) -> str:
        position = self.policy.places.get((guard, pattern))
        return f"{quoted(pattern)} in policy.{guard}" + (f" at {position}" if position else "")


def make_protection(
    policy: Policy,
    rules: Rules,
    live: Iterable[LiveResource],
    matching: Matching,
    undeclared: Mapping[LiveKey, str],
) -> Protection:
    """Return the guards of a policy; `undeclared` holds the addresses of what nothing declares."""
    kinds = {kind.name: kind for kind in rules.kinds}
    if not policy.protected and not policy.frozen:
        return Protection(policy, rules, kinds, {}, {}, undeclared)
    names: defaultdict[LiveKey, set[str]] = defaultdict(set)
    for item in live:
        names[item.kind, item.id] = {make_plain_address(item, kinds), f"{kinds[item.kind].collection}/{item.id}"}
    for desired, found in matching.pairs:
        known = names[desired.kind, found.id if found is not None else desired.address]
        known.add(desired.address)
        if kinds[desired.kind].is_target:
            known.add(f"{kinds[desired.kind].collection}/{desired.name}")
    for key, address in undeclared.items():
        names[key].add(address)
    must_be_told = {
        key[1]: pattern
        for key, known in names.items()
        if kinds[key[0]].is_target and (pattern := find_pattern(policy, "protected", known))
    }
    all_names = {key: frozenset(value) for key, value in names.items()}
    return Protection(policy, rules, kinds, all_names, must_be_told, undeclared)


def find_pattern(policy: Policy, guard: Guard, names: Iterable[str]) -> str | None:
    """Return the first pattern of a guard that matches one of the names, or None."""
    names = tuple(names)
    return next(
        (pattern for pattern in policy.patterns(guard) if any(address_matches(name, pattern) for name in names)),
        None,
    )
