"""Who is not told any more once a plan is carried out: what a reviewer must not miss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from notifconf.model.diagnostic import quoted
from notifconf.plan.change import Action, Change, Reference, Silence
from notifconf.plan.coverage import losses

if TYPE_CHECKING:
    from notifconf.plan.coverage import Effect
    from notifconf.plan.rules import Rules


def silences(changes: Sequence[Change], rules: Rules, result: Effect) -> Iterator[Silence]:
    """Yield what changes take away: last channels, references that an update drops, and what the provider knows of.

    Where a type loses its last channel, that says all about the changes that take it away. The others are in order.
    """
    told: set[str] = set()
    for silence, taking in losses(result):
        yield silence
        told.update(change.address for change in taking)
    rest = [change for change in changes if change.address not in told]
    order = {change.address: index for index, change in enumerate(rest)}
    found = (*_dropped(rest), *rules.silences(rest, result.live))
    yield from sorted(found, key=lambda silence: order[silence.address])


def _dropped(changes: Iterable[Change]) -> Iterator[Silence]:
    for change in changes:
        for name in removed_references(change):
            yield Silence(change.address, f"{change.address} no longer reaches {quoted(name)}")


def removed_references(change: Change) -> list[str]:
    """Return the names of what an update no longer refers to."""
    if change.action is not Action.UPDATE:
        return []
    removed = {
        reference for item in change.differences for reference in _references(item.before) - _references(item.after)
    }
    return sorted(reference.name for reference in removed)


def _references(value: object) -> set[Reference]:
    return {item for item in value if isinstance(item, Reference)} if isinstance(value, tuple) else set()
