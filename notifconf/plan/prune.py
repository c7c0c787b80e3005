"""What happens to live objects that nothing declares: the mode `sync` deletes them, unless a reason keeps them.

Which of them belong to others is the question here (`ownership.py` says what marks are). Of objects that can be marked:

1. With an owner, those with its mark are deleted, and all others are kept.
2. Without an owner, those with a mark are kept, and all others are deleted.

Of objects that have a list (subscriptions), where *released* is what may be taken out of it: with an owner what has its
mark, without one what has none:

1. If nothing is released, the object is kept.
2. If something else is left, the object is kept, and an update takes out what is released.
3. If nothing else is left, the object is deleted.

Any other object (a mute) is kept if the workspace has an owner, else it is deleted.

With `--take-over OLD`, nothing that has the mark of OLD is deleted: an owner that is misspelt must do no harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, quoted, warning
from notifconf.model.plan import Action, Change, Unmanaged
from notifconf.model.policy import Mode
from notifconf.model.resource import Kind, LiveResource
from notifconf.plan.addresses import LiveKey
from notifconf.plan.diff import References, delete, release
from notifconf.plan.order import find_live_targets, find_targets
from notifconf.plan.ownership import Ownership
from notifconf.plan.protection import Protection

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
    kept = [
        protection.undeclared[item.kind, item.id]
        for item in candidates
        if item.owner != policy.owner and policy.owns(item.owner) and policy.mode is Mode.SYNC
    ]
    if kept:
        names = ", ".join(sorted(kept)[:MAX_USERS_SHOWN])
        more = f" and {len(kept) - MAX_USERS_SHOWN} more" if len(kept) > MAX_USERS_SHOWN else ""
        message = f"--take-over deletes nothing: {names}{more} keep the mark of {' and '.join(policy.takes_over or ())}"
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
    names = ", ".join(sorted(quoted(user.name) for user in users)[:MAX_USERS_SHOWN])
    rest = f" and {len(users) - MAX_USERS_SHOWN} more" if len(users) > MAX_USERS_SHOWN else ""
    return warning(
        f"{kind}-in-use", f"{address} is kept, since something still refers to it: {names}{rest}", None, address
    )
