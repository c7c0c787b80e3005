"""Who is told of what once a plan is carried out, and `policy.coverage`, which judges that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from notifconf.model import Channel, Diagnostic, Live, Policy, Reach, error, warning
from notifconf.plan.change import Change, Silence
from notifconf.plan.project import projected

if TYPE_CHECKING:
    from notifconf.plan.rules import Rules


class Sides(NamedTuple):
    """What one type reaches before and after a plan."""

    before: Reach
    after: Reach

    @property
    def added(self) -> tuple[Channel, ...]:
        """The channels that the plan adds."""
        return _without(self.after, self.before)

    @property
    def removed(self) -> tuple[Channel, ...]:
        """The channels that the plan takes away."""
        return _without(self.before, self.after)


def sides(before: Iterable[Reach], after: Iterable[Reach]) -> Iterator[Sides]:
    """Bring both sides together, type by type; a type that is on one side alone reaches nothing on the other."""
    first = {reach.id: reach for reach in before}
    for reach in after:
        yield Sides(first.pop(reach.id, _nothing(reach)), reach)
    for reach in first.values():
        yield Sides(reach, _nothing(reach))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a plan does to who is told, type by type; `live` is the live state after it.

    `changes` are those that are made, by kind, and id or (of a create) address.
    """

    types: tuple[Sides, ...]
    live: Live
    changes: Mapping[tuple[str, str], Change]

    def touching(self, reached: Sides) -> tuple[Change, ...]:
        """Return the changes of subscriptions to a type, sorted by address."""
        keys = reached.before.subscriptions | reached.after.subscriptions
        found = (self.changes[key] for key in keys if key in self.changes)
        return tuple(sorted(found, key=lambda change: change.address))


def effect(changes: Sequence[Change], live: Live, rules: Rules) -> Effect:
    """Return what these changes do to who is told; blocked ones are not made."""
    made = {(change.kind, change.id or change.address): change for change in changes if change.blocked is None}
    before = tuple(rules.coverage(live))
    after = projected(live, tuple(made.values()))
    return Effect(tuple(sides(before, rules.coverage(after) if made else before)), after, made)


def shortfalls(result: Effect, policy: Policy, *, force: bool) -> Iterator[Diagnostic]:
    """Judge by `policy.coverage`: each type of a severity (or namespace) must reach so many distinct channels.

    A type that falls short after the plan refuses it where the plan creates, updates or deletes a subscription to it,
    even if that is a step in the right direction. One that no change touches was short before and is so without the
    plan: a warning, so that what is wrong already blocks no unrelated change, and no plan without changes is refused.
    Mail that is sent anyhow doesn't count, and types that the billing plan leaves out have no minimum.
    """
    for item in result.types if policy.coverage else ():
        reach = item.after
        minimum = policy.coverage.get(reach.group, 0)
        if not reach.in_plan or len(reach.channels) >= minimum:
            continue
        wanted = f"policy.coverage wants at least {minimum}"
        touching = result.touching(item)
        if touching:
            message = f"{reach} would reach {_reached(reach)}: {wanted}"
            judge = warning if force else error
            yield judge("coverage", message, touching[0].position, touching[0].address)
        else:
            yield warning("coverage", f"{reach} reaches {_reached(reach)}, which no change here mends: {wanted}")


def losses(result: Effect) -> Iterator[tuple[Silence, tuple[Change, ...]]]:
    """Yield a sentence for each type that loses its last channel, with the changes that take it away."""
    for item in result.types:
        before, after = item
        touching = result.touching(item)
        if before.channels and not after.channels and touching:
            last = f"its last channel{'s' if len(before.channels) > 1 else ''}, {_listed(before.channels)}"
            left = f"all that is left is {_listed(after.anyhow)}" if after.anyhow else "nobody is told any more"
            yield Silence(touching[0].address, f"{after} loses {last}: {left}"), touching


def _nothing(reach: Reach) -> Reach:
    return Reach(reach.id, reach.name, reach.group, in_plan=reach.in_plan)


def _without(one: Reach, other: Reach) -> tuple[Channel, ...]:
    known = {channel.target for channel in (*other.channels, *other.anyhow)}
    return tuple(channel for channel in (*one.channels, *one.anyhow) if channel.target not in known)


def _reached(reach: Reach) -> str:
    if reach.channels:
        return f"{len(reach.channels)} channel{'s' if len(reach.channels) > 1 else ''} ({_listed(reach.channels)})"
    return f"no channel that counts, only {_listed(reach.anyhow)}" if reach.anyhow else "no channel"


def _listed(channels: Sequence[Channel]) -> str:
    return ", ".join(map(str, channels))
