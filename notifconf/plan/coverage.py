"""Which channels each notification type reaches before and after a plan, and what `policy.coverage` requires."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from notifconf.model.coverage import Channel, Reach
from notifconf.model.diagnostic import Diagnostic, Position, error, format_time, list_some, quoted, warning
from notifconf.model.plan import Action, Change, PlanValue, Reference, Sensitive, Silence
from notifconf.model.policy import Policy
from notifconf.model.resource import LiveResource, Value
from notifconf.model.state import Live, Options
from notifconf.plan.rules import Rules


def project(live: Live, changes: Sequence[Change]) -> Live:
    """Return `live` with the changes made.

    What is created goes by its address, as references to it do, and has no natural key. A plan holds no secret, so
    what is written here has none either.
    """
    if not changes:
        return live
    touched = {(change.kind, change.id): change for change in changes if change.id is not None}
    kept = (
        _update(item, touched[item.kind, item.id]) if (item.kind, item.id) in touched else item
        for item in live.resources
        if (item.kind, item.id) not in touched or touched[item.kind, item.id].after is not None
    )
    created = (_create(change) for change in changes if change.id is None)
    return replace(live, resources=(*kept, *created))


def _update(item: LiveResource, change: Change) -> LiveResource:
    written = {name: _value(value) for name, value in (change.after or {}).items() if name in change.changed}
    return replace(item, attributes={**item.attributes, **written})


def _create(change: Change) -> LiveResource:
    attributes = {name: _value(value) for name, value in (change.after or {}).items()}
    return LiveResource(change.kind, change.address, change.address.partition("/")[2], (), attributes)


def _value(value: PlanValue) -> Value:
    if isinstance(value, Reference):
        return value.target
    if isinstance(value, Mapping):
        return {name: _value(member) for name, member in value.items() if not isinstance(member, Sensitive)}
    if isinstance(value, tuple):
        return tuple(_value(item) for item in value)
    return None if isinstance(value, Sensitive) else value


class Sides(NamedTuple):
    """What one type reaches before and after a plan."""

    before: Reach
    after: Reach

    @property
    def added(self) -> tuple[Channel, ...]:
        """The channels that the plan adds."""
        return _subtract(self.after, self.before)

    @property
    def removed(self) -> tuple[Channel, ...]:
        """The channels that the plan takes away."""
        return _subtract(self.before, self.after)


def pair_sides(before: Iterable[Reach], after: Iterable[Reach]) -> Iterator[Sides]:
    """Pair both sides by type. A type that is only on one side reaches nothing on the other."""
    first = {reach.id: reach for reach in before}
    for reach in after:
        yield Sides(first.pop(reach.id, _make_empty_reach(reach)), reach)
    for reach in first.values():
        yield Sides(reach, _make_empty_reach(reach))


class Effect(NamedTuple):
    """What a plan changes for each type; `live` is the live state after it.

    `changes` are those that are made, by kind, and id or (of a create) address.
    """

    types: tuple[Sides, ...]
    live: Live
    changes: Mapping[tuple[str, str], Change]

    def touching(self, reached: Sides) -> tuple[Change, ...]:
        """Return the changes of what decides whom a type reaches, sorted by address."""
        keys = reached.before.subscriptions | reached.after.subscriptions | reached.after.mutes
        found = (self.changes[key] for key in keys if key in self.changes)
        return tuple(sorted(found, key=lambda change: change.address))

    def find_told_anyhow(self) -> Mapping[str, frozenset[str]]:
        """Return, for the address of a change, the targets that are told of its type whatever is configured."""
        return {
            change.address: frozenset(channel.target for channel in item.after.anyhow)
            for item in self.types
            if item.after.anyhow and item.after.in_plan
            for change in self.touching(item)
        }


def find_effect(changes: Sequence[Change], live: Live, rules: Rules) -> Effect:
    """Return the effect of these changes. A blocked change has none."""
    made = {(change.kind, change.id or change.address): change for change in changes if change.blocked is None}
    before = tuple(rules.coverage(live))
    after = project(live, tuple(made.values()))
    return Effect(tuple(pair_sides(before, rules.coverage(after) if made else before)), after, made)


def find_shortfalls(result: Effect, policy: Policy, *, force: bool) -> Iterator[Diagnostic]:
    """Apply `policy.coverage`: each type of a severity (or namespace) must reach a minimum of distinct channels.

    If a type has too few channels after the plan, and the plan changes a subscription to it, the plan is refused, even
    if it adds a channel. If the plan does not touch the type, that is a warning: an old problem must not block
    unrelated changes. So is a mute of everything that starts by its `from`: it was reviewed when it was declared. Mail
    that the service always sends does not count. Types that are not in the billing plan have no minimum.
    """
    for item in result.types if policy.coverage else ():
        reach = item.after
        if not reach.falls_short(policy.coverage):
            continue
        wanted = _describe_minimum(reach, policy)
        touching = result.touching(item)
        if touching:
            message = f"{reach} would reach {_describe_reach(reach)}: {wanted}"
            judge = warning if force or all(map(_was_reviewed, touching)) else error
            yield judge("coverage", message, touching[0].position, touching[0].address)
        else:
            message = f"{reach} reaches {_describe_reach(reach)}, and this plan does not fix that: {wanted}"
            yield warning("coverage", message)


def _describe_minimum(reach: Reach, policy: Policy) -> str:
    return f"policy.coverage wants at least {policy.coverage[reach.group].channels}"


def find_breaches(types: Iterable[Reach], policy: Policy) -> Iterator[Diagnostic]:
    """Return an error for each type that reaches fewer channels than `policy.coverage` wants, as it lives."""
    for reach in types if policy.coverage else ():
        if reach.falls_short(policy.coverage):
            message = f"{reach} reaches {_describe_reach(reach)}: {_describe_minimum(reach, policy)}"
            since = "" if reach.since is None else f"; the service has had this type since {format_time(reach.since)}"
            yield error("coverage", message + since)


def refuse_silences(
    silences: Iterable[Silence], changes: Iterable[Change], policy: Policy, options: Options
) -> Iterator[Diagnostic]:
    """Apply `policy.silences`, in which the option is by now.

    A mute that starts by its `from` was reviewed when it was declared: it may start.
    """
    if policy.silences != "refuse":
        return
    rule = "--silences" if options.silences == "refuse" else "policy.silences"
    known = {change.address: change for change in changes}
    judge = warning if options.force else error
    for silence in silences:
        change = known[silence.address]
        if not _was_reviewed(change):
            yield judge("silences", f"{rule} refuses this: {silence.message}", change.position, change.address)


def _was_reviewed(change: Change) -> bool:
    """Say whether a change is a mute that starts by its `from`."""
    return change.mute is not None and change.mute.begins is not None


def find_losses(result: Effect) -> Iterator[tuple[Silence, tuple[Change, ...]]]:
    """Yield a sentence for each type that loses its last channel, with the changes that take it away.

    A mute of everything has a sentence of its own.
    """
    for item in result.types:
        before, after = item
        touching = result.touching(item)
        if before.channels and not after.channels and not after.silenced and touching:
            last = f"its last channel{'s' if len(before.channels) > 1 else ''}, {_list_channels(before.channels)}"
            left = f"all that is left is {_list_channels(after.anyhow)}" if after.anyhow else "nobody is told any more"
            yield Silence(touching[0].address, f"{after} loses {last}: {left}"), touching


def _make_empty_reach(reach: Reach) -> Reach:
    return Reach(reach.id, reach.name, reach.group, in_plan=reach.in_plan)


def _subtract(one: Reach, other: Reach) -> tuple[Channel, ...]:
    known = {channel.target for channel in (*other.channels, *other.anyhow)}
    return tuple(channel for channel in (*one.channels, *one.anyhow) if channel.target not in known)


def _describe_reach(reach: Reach) -> str:
    if reach.channels:
        return (
            f"{len(reach.channels)} channel{'s' if len(reach.channels) > 1 else ''} ({_list_channels(reach.channels)})"
        )
    if reach.silenced:
        return f"no channel, because a mute silences {_list_channels(reach.silenced)}"
    return f"no channel that counts, only {_list_channels(reach.anyhow)}" if reach.anyhow else "no channel"


def _list_channels(channels: Sequence[Channel]) -> str:
    return ", ".join(map(str, channels))


def find_silences(changes: Sequence[Change], rules: Rules, result: Effect) -> Iterator[Silence]:
    """Yield what changes take away: last channels, references that an update drops, and what the provider knows of.

    Where a type loses its last channel, that says all about the changes that take it away. The others are in order. Who
    is told whatever is configured is not silenced by a list that drops them. Nobody is silenced by a change that is
    blocked, or by a shorter list of what was off.
    """
    told: set[str] = set()
    for silence, taking in find_losses(result):
        yield silence
        told.update(change.address for change in taking)
    rest = [change for change in changes if change.address not in told and change.blocked is None]
    order = {change.address: index for index, change in enumerate(rest)}
    telling = [change for change in rest if not rules.is_off(change.kind, change.before)]
    found = (*_find_dropped_references(telling, result.find_told_anyhow()), *rules.silences(rest, result.live))
    yield from sorted(found, key=lambda silence: order[silence.address])


def _find_dropped_references(changes: Iterable[Change], anyhow: Mapping[str, frozenset[str]]) -> Iterator[Silence]:
    for change in changes:
        for reference in _find_removed_references(change):
            if reference.target not in anyhow.get(change.address, ()):
                yield Silence(change.address, f"{change.address} no longer reaches {quoted(reference.name)}")


def _find_removed_references(change: Change) -> list[Reference]:
    """Return what an update no longer refers to, by name."""
    if change.action is not Action.UPDATE:
        return []
    removed = {
        reference for item in change.differences for reference in _references(item.before) - _references(item.after)
    }
    return sorted(removed, key=lambda reference: reference.name)


def _references(value: object) -> set[Reference]:
    return {item for item in value if isinstance(item, Reference)} if isinstance(value, tuple) else set()


def warn_of_removals(changes: Iterable[Change], result: Effect) -> Iterable[Diagnostic]:
    """Warn where an update takes an integration away from something that lives: somebody may be no longer told."""
    anyhow = result.find_told_anyhow()
    for change in changes:
        if removed := _find_removed_references(change):
            told = anyhow.get(change.address, ())
            names = (quoted(item.name) + (" (told all the same)" if item.target in told else "") for item in removed)
            message = f"{change.address} no longer reaches {', '.join(names)}"
            yield warning("removes-channel", message, change.position, change.address)


MAX_HIDDEN_SHOWN = 5


def not_visible(resources: Collection[str], position: Position | None = None, address: str | None = None) -> Diagnostic:
    """Warn of resources whose lookup was refused in the words for what is not there: nobody can say what they have."""
    if len(resources) == 1:
        text = "is not there, or these credentials can't see it (403 forbidden_access): it counts"
    else:
        text = "are not there, or these credentials can't see them (403 forbidden_access): they count"
    message = (
        f"{_name_hidden(resources)} {text} as having no mute and no subscriptions;"
        " check the path, and the role of the account"
    )
    return warning("not-visible", message, position, address)


def hidden_resources(resources: Collection[str]) -> Iterator[Diagnostic]:
    """Warn, once for all, of resources that nothing declares and whose lookup was refused as in `not_visible`."""
    if resources:
        objects = "1 resource is" if len(resources) == 1 else f"{len(resources)} resources are"
        names = _name_hidden(resources)
        yield warning(
            "not-visible", f"these credentials can't see whether {objects} muted (403 forbidden_access): {names}"
        )


def _name_hidden(resources: Collection[str]) -> str:
    return list_some([*map(quoted, sorted(resources))], MAX_HIDDEN_SHOWN)
