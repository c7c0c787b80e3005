"""Whether what a saved plan would change is still as it was when the plan was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from notifconf.executor.fingerprint import Fingerprints
from notifconf.executor.material import Secrets, hashable, revealed, sendable
from notifconf.executor.saved import SavedPlan, lookalikes, written_secrets
from notifconf.model import Live, LiveResource, Secret, Value
from notifconf.plan import Action, Change, Plan, Reference, Sensitive
from notifconf.plan.change import Attributes, PlanValue

if TYPE_CHECKING:
    from notifconf.providers.base import Provider


def out_of_date(saved: SavedPlan, secrets: Secrets, fingerprints: Fingerprints, now: datetime) -> Iterator[str]:
    """Yield why a saved plan does not hold any more, as far as can be known without the service."""
    until = saved.plan.until
    if until is not None and now >= until:
        yield f"the plan held until {until:%Y-%m-%dT%H:%M:%SZ}, when a mute ended"
    for item in written_secrets(saved):
        value = secrets.get((item.change.address, item.path))
        if value is None or not fingerprints.match(hashable(value), item.fingerprint):
            yield f"{item.change.address}: the value of {item.path} is another than when the plan was made"


def moved(saved: SavedPlan, live: Live, provider: Provider, fingerprints: Fingerprints) -> Iterator[str]:
    """Yield what has changed in the service since: a touched object differs or is gone, or one to create exists."""
    by_id = {(item.kind, item.id): item for item in live.resources}
    alike = lookalikes(saved.plan, live, provider)
    for change in saved.plan.changes:
        if change.action is Action.CREATE:
            if not set(alike[change.address]) <= set(saved.basis.lookalikes[change.address]):
                yield f"{change.address} exists by now"
            continue
        found = by_id.get((change.kind, change.id or ""))
        if found is None:
            yield f"{change.address} is gone"
            continue
        names = ", ".join(_differing(change.before or {}, found, _Comparison(change, saved, fingerprints)))
        if names:
            yield f"{change.address} has changed: {names}"


def left_of(plan: Plan, live: Live, secrets: Secrets, ids: Mapping[str, str]) -> Plan:
    """Return the part of a plan that is still to do, judged by what was read after it was applied."""
    by_id = {(item.kind, item.id): item for item in live.resources}
    return replace(plan, changes=tuple(change for change in plan.changes if not _done(change, by_id, secrets, ids)))


def _done(
    change: Change, by_id: Mapping[tuple[str, str], LiveResource], secrets: Secrets, ids: Mapping[str, str]
) -> bool:
    found = by_id.get((change.kind, change.id or ids.get(change.address, "")))
    if change.action is Action.DELETE or found is None:
        return (change.action is Action.DELETE) is (found is None)
    wanted = sendable(change.after or {}, change.address, ids, secrets)
    return all(revealed(found.attributes.get(name)) == wanted.get(name) for name in change.changed)


class _Comparison:
    """Compares what a plan says of one object with what lives, secrets by their fingerprints."""

    def __init__(self, change: Change, saved: SavedPlan, fingerprints: Fingerprints) -> None:
        self._change = change
        self._saved = saved
        self._fingerprints = fingerprints

    def same(self, before: PlanValue, live: Value, path: str) -> bool:
        if isinstance(before, Sensitive) or isinstance(live, Secret):
            known = self._saved.fingerprints.get((self._change.address, path, True))
            if known is None or not isinstance(live, Secret | str | tuple):
                return False
            return self._fingerprints.match(hashable(live), known)
        if isinstance(before, Mapping) and isinstance(live, Mapping):
            return all(self.same(before.get(name), live.get(name), f"{path}/{name}") for name in {*before, *live})
        if isinstance(before, tuple) and isinstance(live, tuple):
            return sorted(map(_target, before)) == sorted(map(str, live))
        return _target(before) == live if isinstance(before, Reference) else before == live


def _differing(before: Attributes, found: LiveResource, comparison: _Comparison) -> Iterable[str]:
    for name in sorted({*before, *found.attributes}):
        if not comparison.same(before.get(name), found.attributes.get(name), f"/{name}"):
            yield name


def _target(value: PlanValue) -> str:
    return value.target if isinstance(value, Reference) else str(value)
