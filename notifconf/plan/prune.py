"""What happens to live objects that nothing declares: the mode `sync` deletes them, unless a reason keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notifconf.model import Diagnostic, Kind, LiveResource, Mode, quoted, warning
from notifconf.model.plan import Action, Change, Unmanaged
from notifconf.plan.addresses import LiveKey
from notifconf.plan.diff import References, delete
from notifconf.plan.match import Matching
from notifconf.plan.order import find_live_targets, find_targets
from notifconf.plan.protection import Protection

NOT_DECLARED = "not-declared"

MAX_USERS_SHOWN = 5
"""A warning names this many objects, then the number of the others."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """The deletes, and what stays with the reason why."""

    deletes: tuple[Change, ...]
    unmanaged: tuple[Unmanaged, ...]
    diagnostics: tuple[Diagnostic, ...]


def prune(
    matching: Matching,
    live: Sequence[LiveResource],
    changes: Iterable[Change],
    *,
    managed: frozenset[str],
    left_alone: frozenset[LiveKey] = frozenset(),
    protection: Protection,
    references: References,
) -> Pruning:
    """Decide for each undeclared live object of a managed kind. Other kinds are neither counted nor listed.

    What is `left_alone` is listed, and never deleted.
    """
    addresses, kinds = protection.undeclared, protection.kinds
    candidates = [item for item in matching.undeclared if item.kind in managed]
    if not candidates:
        return Pruning((), (), ())
    reasons = {
        (item.kind, item.id): NOT_DECLARED
        if (item.kind, item.id) in left_alone
        else _find_reason(item, addresses[item.kind, item.id], protection)
        for item in candidates
    }
    deleted = {key for key, reason in reasons.items() if reason is None}
    diagnostics: list[Diagnostic] = []
    if deleted:
        users = _find_users(live, changes, deleted, kinds)
        for kind, object_id in sorted(deleted & users.keys()):
            reasons[kind, object_id] = "in-use"
            diagnostics.append(_in_use(kind, addresses[kind, object_id], users[kind, object_id]))
    return Pruning(
        deletes=tuple(
            delete(item, addresses[item.kind, item.id], kinds[item.kind], references)
            for item in candidates
            if reasons[item.kind, item.id] is None
        ),
        unmanaged=tuple(
            sorted(
                (
                    Unmanaged(
                        addresses[item.kind, item.id],
                        item.kind,
                        item.id,
                        reason,
                        references.find_place(item.attributes, kinds[item.kind]),
                    )
                    for item in candidates
                    if (reason := reasons[item.kind, item.id]) is not None
                ),
                key=lambda item: (item.address, item.id),
            )
        ),
        diagnostics=tuple(diagnostics),
    )


def _find_reason(item: LiveResource, address: str, protection: Protection) -> str | None:
    """Return why an object stays, or None if it is to be deleted."""
    if protection.policy.mode is not Mode.SYNC:
        return NOT_DECLARED
    return item.kept or protection.find_guard(item, address)


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
