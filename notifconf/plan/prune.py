"""What becomes of live objects that nothing declares: `sync` deletes them, unless a reason keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notifconf.model import Diagnostic, Kind, LiveResource, Mode, quoted, warning
from notifconf.model.plan import Action, Change, Unmanaged
from notifconf.plan.addresses import LiveKey
from notifconf.plan.diff import References, delete
from notifconf.plan.match import Matching
from notifconf.plan.order import referenced_by, referred
from notifconf.plan.protection import Protection

NAMED_USERS = 5
"""How many objects a warning names before it counts the rest."""


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
    mode: Mode,
    protection: Protection,
    addresses: Mapping[LiveKey, str],
    kinds: Mapping[str, Kind],
    references: References,
) -> Pruning:
    """Decide for each undeclared live object of a managed kind. Other kinds are neither counted nor listed.

    `addresses` holds those of all undeclared objects.
    """
    candidates = [item for item in matching.undeclared if item.kind in managed]
    if not candidates:
        return Pruning((), (), ())
    reasons = {
        (item.kind, item.id): _reason(item, addresses[item.kind, item.id], mode, protection) for item in candidates
    }
    doomed = {key for key, reason in reasons.items() if reason is None}
    diagnostics: list[Diagnostic] = []
    if doomed:
        users = _users(live, changes, doomed, kinds)
        for kind, object_id in sorted(doomed & users.keys()):
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
                    Unmanaged(addresses[item.kind, item.id], item.kind, item.id, reason)
                    for item in candidates
                    if (reason := reasons[item.kind, item.id]) is not None
                ),
                key=lambda item: (item.address, item.id),
            )
        ),
        diagnostics=tuple(diagnostics),
    )


def _reason(item: LiveResource, address: str, mode: Mode, protection: Protection) -> str | None:
    """Say why an object stays, or None where it goes."""
    if mode is not Mode.SYNC:
        return "not-declared"
    return item.kept or protection.keeps(item, address)


def _users(
    live: Sequence[LiveResource],
    changes: Iterable[Change],
    doomed: set[tuple[str, str]],
    kinds: Mapping[str, Kind],
) -> dict[tuple[str, str], list[LiveResource]]:
    """Return what will still refer to each doomed object once the changes are made and the doomed are gone."""
    repointed = {(change.kind, change.id): change for change in changes if change.action is Action.UPDATE}
    by_id = {object_id: (kind, object_id) for kind, object_id in doomed}
    users: dict[tuple[str, str], list[LiveResource]] = defaultdict(list)
    for item in live:
        kind = kinds[item.kind]
        if not kind.references or (item.kind, item.id) in doomed:
            continue
        change = repointed.get((item.kind, item.id))
        for target in referenced_by(item, kind) if change is None else referred(change.after):
            if target in by_id:
                users[by_id[target]].append(item)
    return users


def _in_use(kind: str, address: str, users: Sequence[LiveResource]) -> Diagnostic:
    names = ", ".join(sorted(quoted(user.name) for user in users)[:NAMED_USERS])
    rest = f" and {len(users) - NAMED_USERS} more" if len(users) > NAMED_USERS else ""
    return warning(
        f"{kind}-in-use", f"{address} is kept, since something still refers to it: {names}{rest}", None, address
    )
