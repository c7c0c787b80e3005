"""What a plan may take away: what nothing declares, unless a reason keeps it, and never what the policy protects.

**Undeclared objects.** The mode `sync` deletes them. Which of them belong to others is the question here
(`ownership.py` says what marks are). Of objects that can be marked:

1. With an owner, those with its mark are deleted, and all others are kept.
2. Without an owner, those with a mark are kept, and all others are deleted.

Of objects that have a list (subscriptions), where *released* is what may be taken out of it: with an owner what has its
mark, without one what has none:

1. If nothing is released, the object is kept.
2. If something else is left, the object is kept, and an update takes out what is released.
3. If nothing else is left, the object is deleted.

Any other object (a mute) is kept if the workspace has an owner, else it is deleted.

With `--take-over OLD`, nothing that has the mark of OLD is deleted: an owner that is misspelt must do no harm.

**Protected and frozen objects** (`policy.protected`, `policy.frozen`). A *protected* object is not deleted, and not
turned off (disabled or muted). All other updates are allowed, so that a secret can be rotated. What is protected must
also be told: an object that others refer to (an integration) is not taken out of any of them, and those that refer to
it are neither turned off nor deleted. A *frozen* object is not changed at all.

A pattern names an object by its address, by its live name and by its id, so that protection does not end when the
entry of the workspace is renamed or taken out: `integrations/oncall`, `integrations/on*` and `integrations/i-1` all
name the live integration "oncall" (i-1), whatever its key is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, error, list_some, nearest, quoted, warning
from notifconf.model.plan import Action, Change, Unmanaged
from notifconf.model.policy import GLOB_CHARACTERS, GUARDS, Guard, Mode, Percentage, Policy, address_matches
from notifconf.model.resource import Kind, LiveResource
from notifconf.plan.addresses import LiveKey, make_plain_address
from notifconf.plan.diff import References, delete, release
from notifconf.plan.match import Matching
from notifconf.plan.order import find_live_targets, find_targets, iterate_references
from notifconf.plan.ownership import Ownership
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


NOT_DECLARED = "not-declared"

MAX_USERS_SHOWN = 5
"""A warning names this many objects, then the number of the others."""

OTHER_OWNER = "other-owner"


class Pruning(NamedTuple):
    """The deletes and the updates of undeclared objects, and what stays with the reason why."""

    changes: tuple[Change, ...]
    unmanaged: tuple[Unmanaged, ...]
    diagnostics: tuple[Diagnostic, ...]


def prune(
    candidates: Sequence[LiveResource],
    live: Sequence[LiveResource],
    changes: Iterable[Change],
    *,
    left_alone: frozenset[LiveKey],
    protection: Protection,
    references: References,
) -> Pruning:
    """Decide for each candidate: an undeclared live object of a kind that is managed, or was discovered.

    What is `left_alone` is listed, and never deleted.
    """
    addresses, kinds = protection.undeclared, protection.kinds
    if not candidates:
        return Pruning((), (), ())
    fates: dict[LiveKey, Fate] = {
        (item.kind, item.id): (NOT_DECLARED, set())
        if (item.kind, item.id) in left_alone
        else _decide(item, protection, references.ownership)
        for item in candidates
    }
    reasons = {key: reason for key, (reason, _) in fates.items()}
    updates = [
        release(item, addresses[item.kind, item.id], kinds[item.kind], references, released)
        for item in candidates
        if (released := fates[item.kind, item.id][1])
    ]
    deleted = {key for key, reason in reasons.items() if reason is None}
    diagnostics = list(_note_take_over(candidates, protection))
    if deleted:
        users = _find_users(live, (*changes, *updates), deleted, kinds)
        for kind, object_id in sorted(deleted & users.keys()):
            reasons[kind, object_id] = "in-use"
            diagnostics.append(_in_use(kind, addresses[kind, object_id], users[kind, object_id]))
    deletes = (
        delete(item, addresses[item.kind, item.id], kinds[item.kind], references)
        for item in candidates
        if reasons[item.kind, item.id] is None
    )
    kept = (
        Unmanaged(
            addresses[item.kind, item.id],
            item.kind,
            item.id,
            reason,
            references.find_place(item.attributes, kinds[item.kind]),
        )
        for item in candidates
        if (reason := reasons[item.kind, item.id]) is not None
    )
    return Pruning(
        (*updates, *deletes), tuple(sorted(kept, key=lambda item: (item.address, item.id))), tuple(diagnostics)
    )


Fate = tuple[str | None, set[str]]
"""Why an object stays, or None if it is to be deleted; and what is taken out of its list."""


def _decide(item: LiveResource, protection: Protection, ownership: Ownership) -> Fate:
    if protection.policy.mode is not Mode.SYNC:
        return NOT_DECLARED, set()
    kind = protection.kinds[item.kind]
    lists = [value for name in kind.references if isinstance(value := item.attributes.get(name), tuple)]
    targets = {str(target) for value in lists for target in value}
    released = ownership.find_released(targets)
    owner = protection.policy.owner
    keeps_list = released != targets or (owner is not None and not released)
    is_others = keeps_list if lists else item.owner != owner
    guard = protection.find_guard(item)
    is_updated = is_others and not guard and (item.kept is None or owner is not None)
    return item.kept or (OTHER_OWNER if is_others else guard), released if lists and is_updated else set()


def _note_take_over(candidates: Sequence[LiveResource], protection: Protection) -> Iterable[Diagnostic]:
    """Say that what has the mark of a taken owner and is not declared stays in this run."""
    policy = protection.policy
    kept = {
        protection.undeclared[item.kind, item.id]: item.owner
        for item in candidates
        if item.owner != policy.owner and policy.owns(item.owner) and policy.mode is Mode.SYNC
    }
    if kept:
        names = list_some(sorted(kept), MAX_USERS_SHOWN)
        keeps = "keeps" if len(kept) == 1 else "keep"
        owners = " and ".join(sorted({str(owner) for owner in kept.values()}))
        message = f"--take-over deletes nothing: {names} {keeps} the mark of {owners}"
        yield warning("owned-by-another", f"{message}; declare what this workspace shall own")


def _find_users(
    live: Sequence[LiveResource],
    changes: Iterable[Change],
    deleted: set[tuple[str, str]],
    kinds: Mapping[str, Kind],
) -> dict[tuple[str, str], list[LiveResource]]:
    """Return the live objects that would still refer to each deleted object after all changes and deletes."""
    updates = {(change.kind, change.id): change for change in changes if change.action is Action.UPDATE}
    by_id = {object_id: (kind, object_id) for kind, object_id in deleted}
    users: dict[tuple[str, str], list[LiveResource]] = defaultdict(list)
    for item in live:
        kind = kinds[item.kind]
        if not kind.references or (item.kind, item.id) in deleted:
            continue
        change = updates.get((item.kind, item.id))
        for target in find_live_targets(item, kind) if change is None else find_targets(change.after):
            if target in by_id:
                users[by_id[target]].append(item)
    return users


def _in_use(kind: str, address: str, users: Sequence[LiveResource]) -> Diagnostic:
    names = list_some(sorted(quoted(user.name) for user in users), MAX_USERS_SHOWN)
    return warning(f"{kind}-in-use", f"{address} is kept, since something still refers to it: {names}", None, address)
