"""What a workspace declares, in the service's terms: events by id, channels whole. Pure and total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from notifconf.model.diagnostic import Diagnostic, Position, Suggester, error, list_some, nearest, quoted, warning
from notifconf.model.policy import Policy
from notifconf.model.resource import LiveResource, Resource, Value
from notifconf.model.state import Live, Workspace
from notifconf.plan.addresses import make_unique
from notifconf.plan.entries import MATCHED, NAMED, Claim, Conflict, decide, find_idle_exceptions
from notifconf.plan.match import match
from notifconf.plan.ownership import add_mark
from notifconf.plan.rules import Resolution
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION, Catalogue, Event, catalogue_of
from notifconf.providers.konnect.codec import name_key, place_key
from notifconf.providers.konnect.workspace import (
    DeclaredSubscription,
    KonnectDeclarations,
    find_events,
    list_addresses,
    make_duplicate_error,
)

MAX_NAMES_SHOWN = 3
"""How many events a message names."""


Key = tuple[str, str, str]
"""The event, the name and the pin of a declared subscription; without a pin, an empty text."""


class Choice(NamedTuple):
    """A declared subscription, and the event that it is of."""

    entry: DeclaredSubscription
    event: Event

    @property
    def key(self) -> Key:
        """What no other declared subscription has."""
        return self.event.id, self.entry.name, self.entry.pin or ""

    @property
    def address(self) -> str:
        """Where it stands in a plan, unless another one has the same ("a#b" and "c", "a" and "b#c")."""
        return self.entry.address(self.event.id)


def resolve(workspace: Workspace, live: Live) -> Resolution:
    """Resolve a workspace against what lives."""
    declared = cast("KonnectDeclarations", workspace.declarations)
    resolver = _Resolver(catalogue_of(live), live.resources, workspace.policy)
    resources = tuple(resolver.resources(declared.subscriptions))
    return Resolution(resources, tuple(resolver.diagnostics))


def find_shadowed_channels(workspace: Workspace, live: Live) -> Mapping[tuple[str, Position], Mapping[str, Position]]:
    """Return, by event and the place of the entry that wins, which channels a match would tell too, and its place."""
    resolver = _Resolver(catalogue_of(live), live.resources, workspace.policy)
    resolver.choose(cast("KonnectDeclarations", workspace.declarations).subscriptions)
    return {
        (choice.event.id, choice.entry.position): {
            channel: entry.position for entry in reversed(shadowed) for channel in _list_told(entry)
        }
        for choice, shadowed in resolver.shadowed
    }


class _Resolver:
    """Resolves against one catalogue and what lives; `diagnostics` collects what can't be.

    `shadowed` has, for each choice, the matches that it wins over.
    """

    def __init__(self, catalogue: Catalogue, live: Sequence[LiveResource], policy: Policy) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.shadowed: list[tuple[Choice, Sequence[DeclaredSubscription]]] = []
        self._catalogue = catalogue
        self._policy = policy
        self._live = sorted(live, key=lambda item: item.id)
        self._events = {item.id: str(item.attributes["event"]) for item in self._live}
        self._nearest = Suggester()

    def resources(self, entries: Sequence[DeclaredSubscription]) -> Iterator[Resource]:
        choices = sorted(self.choose(entries), key=lambda choice: choice.key)
        addresses = make_unique(
            list_addresses([(choice.entry, choice.event.id) for choice in choices]),
            ["#".join(filter(None, (choice.event.id, choice.entry.pin))) for choice in choices],
        )
        keys = _keys(choices, self._live, self._policy)
        identified = [
            _identify(choice, address, keys[choice.key]) for choice, address in zip(choices, addresses, strict=True)
        ]
        # Who is who is the planner's to say. It is asked here since a channel that isn't named keeps its live value.
        pairs = {desired.address: live for desired, live in match(identified, self._live, self._policy).pairs}
        for choice, resource in zip(choices, identified, strict=True):
            live = pairs.get(resource.address)
            is_new = live is None and resource.address in pairs
            judged = self._judge(resource._replace(attributes=self._attributes(choice, live)), choice, is_new=is_new)
            yield self._check_taken(judged, live)

    def choose(self, entries: Sequence[DeclaredSubscription]) -> list[Choice]:
        """Return the subscriptions whose event is known, each with the entry that decides: see `plan/entries.py`."""
        resolved = [entry for entry in entries if entry.resolved]
        named = [claim for entry in resolved if entry.match is None and (claim := self._claim_named(entry))]
        keys: dict[tuple[str, str], list[Key]] = {}
        for claim in named:
            for event, name, pin in claim.things:
                keys.setdefault((event, name), []).append((event, name, pin))
        matched = [self._claim_matched(entry, keys) for entry in resolved if entry.match is not None]
        claims = [*named, *matched]
        decisions, conflicts = decide(claims, _content)
        for conflict in conflicts:
            self.diagnostics.append(_report_conflict(conflict))
        choices = []
        for decision in decisions:
            if decision.base is not None:
                choice = Choice(decision.base, self._catalogue.event(decision.thing[0]))
                choices.append(choice)
                self.shadowed.append((choice, decision.shadowed))
                self.diagnostics += _find_shadowed(choice, decision.shadowed)
        return choices

    def _claim_named(self, entry: DeclaredSubscription) -> Claim[DeclaredSubscription, Key] | None:
        found = find_events(entry, self._catalogue)
        if len(found) != 1:
            self.diagnostics.append(self._report_unknown(entry, found))
            return None
        of_pin = self._events.get(entry.pin or "", found[0].id)
        if of_pin != found[0].id:
            message = f"the event-subscription {quoted(entry.pin or '')} is of another event, {quoted(of_pin)}"
            code = f"missing-{EVENT_SUBSCRIPTION.name}"
            self.diagnostics.append(error(code, message, entry.position, entry.address(found[0].id)))
            return None
        return Claim(entry, (Choice(entry, found[0]).key,), entry.position, NAMED)

    def _claim_matched(
        self, entry: DeclaredSubscription, named: Mapping[tuple[str, str], Sequence[Key]]
    ) -> Claim[DeclaredSubscription, Key]:
        """Claim what a match finds; `named` has, by event and name, the subscriptions that entries name."""
        found = find_events(entry, self._catalogue)
        known = {event.namespace for event in self._catalogue.events}
        for name in entry.match.namespace if entry.match else ():
            if name not in known:
                message = f"no event has the namespace {quoted(name)}{nearest(name, known)}"
                self.diagnostics.append(warning("invalid-value", message, entry.event_at))
        if not found:
            message = "no event satisfies this match: nobody would be told"
            self.diagnostics.append(error("empty-match", message, entry.event_at))
        if entry.match is not None:
            everything = entry._replace(match=entry.match._replace(excluded=()))
            names = {name for event in find_events(everything, self._catalogue) for name in (event.id, event.title)}
            self.diagnostics += find_idle_exceptions(entry.match.excluded, names, entry.event_at)
        things = (key for event in found for key in named.get((event.id, entry.name), [Choice(entry, event).key]))
        return Claim(entry, tuple(things), entry.position, MATCHED)

    def _report_unknown(self, entry: DeclaredSubscription, named: Sequence[Event]) -> Diagnostic:
        if named:
            ids = " or ".join(quoted(event.id) for event in named)
            message = f"{len(named)} events are called {entry.shown_event}: use the id, {ids}"
        else:
            message = f"there is no event {entry.shown_event}{self._suggest(entry)}: `notifconf types` lists all"
        return error("unknown-event", message, entry.event_at, entry.address(entry.event))

    def _suggest(self, entry: DeclaredSubscription) -> str:
        known = (text for event in self._catalogue.events for text in (event.id, event.title))
        return self._nearest(entry.event, known) if entry.expression is None else ""

    def _attributes(self, choice: Choice, live: LiveResource | None) -> Mapping[str, Value]:
        """Return what is declared. A channel that isn't named stays as it is: live, or as the event's default has it.

        A live one without a name differs from nothing by that: a name is written only with what else is, or where it
        shall have the mark of an owner.
        """
        entry, event = choice
        before: Mapping[str, Value] = live.attributes if live is not None else {"channels": event.defaults}
        channels = {**cast("Mapping[str, bool]", before["channels"]), **entry.channels}
        attributes: dict[str, Value] = {
            "event": event.id,
            "regions": entry.regions,
            "entities": entry.entities,
            "channels": dict(sorted(channels.items())),
            "enabled": entry.enabled,
        }
        name = add_mark(entry.name, self._policy.owner)
        must_be_marked = self._policy.owner is not None and self._catalogue.keeps_names
        is_same = live is not None and live.attributes == attributes and not must_be_marked
        return attributes if is_same else {**attributes, "name": name}

    def _judge(self, resource: Resource, choice: Choice, *, is_new: bool) -> Resource:
        """Block what the service refuses, and what would tell nobody without anyone having said so."""
        entry, event = choice
        if event.mandatory and not (entry.enabled and entry.channels.get("EMAIL", True)):
            what = "disabled" if not entry.enabled else "taken off EMAIL"
            way_out = f"its subscription can't be {what}, so leave that out"
            message = f"{quoted(event.id)} is a billing event, which is mandatory: {way_out}"
            return self._block(resource, "required-type", message)
        if is_new and not resource.attributes["channels"]:
            message = f"{quoted(event.id)} has no default channels: without `channels` nobody would be told"
            return self._block(resource, "invalid-value", message)
        return resource

    def _check_taken(self, resource: Resource, live: LiveResource | None) -> Resource:
        """Block one that is taken over where several owners have one of its name: which one is meant is not clear."""
        owners = self._policy.takes_over or ()
        if live is None or resource.pin is not None or live.owner not in owners or live.owner == self._policy.owner:
            return resource
        found = [item for item in self._live if item.owner in owners and item.identities[0] in resource.identities]
        if len(found) < 2:  # noqa: PLR2004 -- it alone
            return resource
        names = " and ".join(f"{quoted(item.id)} of {item.owner}" for item in found)
        message = f"{names} have this name: say which one is meant with `id`, or take one owner over at a time"
        return self._block(resource, f"ambiguous-{EVENT_SUBSCRIPTION.name}", message)

    def _block(self, resource: Resource, code: str, message: str) -> Resource:
        self.diagnostics.append(error(code, message, resource.position, resource.address))
        return resource._replace(blocked=code)


def _content(entry: DeclaredSubscription) -> tuple[object, ...]:
    """Return what a plan shows of an entry, to choose one of several whatever their order."""
    return entry.regions, entry.entities, sorted(entry.channels.items()), entry.enabled, entry.pin or ""


def _report_conflict(conflict: Conflict[DeclaredSubscription, Key]) -> Diagnostic:
    earlier, later = conflict.earlier, conflict.later
    if conflict.rank == NAMED:
        event, *_ = conflict.things[0]
        return make_duplicate_error(earlier, later, later.address(event))
    events = sorted(event for event, *_ in conflict.things)
    names = list_some([*map(quoted, events)], MAX_NAMES_SHOWN)
    message = f"this match and the one at {earlier.position} have one name, and both find {names}"
    return error("overlapping-match", message, later.position)


def _find_shadowed(choice: Choice, shadowed: Iterable[DeclaredSubscription]) -> Iterator[Diagnostic]:
    """Warn where an entry wins over a match that would tell by more channels: nobody has said that these shall not."""
    chosen = choice.entry
    for entry in shadowed:
        left_out = {
            channel for channel in _list_told(entry) if not chosen.enabled or chosen.channels.get(channel) is False
        }
        if left_out:
            message = (
                f"this entry names {choice.entry.shown_event}, so the match at {entry.position} does not count for it,"
                f" which would also tell by {', '.join(sorted(left_out))}"
            )
            yield warning("shadows-match", message, choice.entry.position, choice.address)


def _list_told(entry: DeclaredSubscription) -> list[str]:
    return [channel for channel, is_on in entry.channels.items() if is_on and entry.enabled]


def _keys(
    choices: Iterable[Choice], live: Sequence[LiveResource], policy: Policy
) -> Mapping[Key, tuple[Hashable, ...]]:
    """Return the natural keys of what is declared.

    The name ends with the mark of the owner, if there is one. Else it has the mark of an owner that is taken over, or
    none. What has another owner's mark is another subscription.

    A live object without a name is recognised by where it applies, but only by one declared object, which has no other
    live one: what else applies there is new.
    """
    choices = list(choices)
    pins = {choice.entry.pin for choice in choices}
    named = {key for item in live for key in item.identities if "name" in item.attributes and item.id not in pins}
    nameless = Counter(
        place_key(item.attributes) for item in live if "name" not in item.attributes and item.id not in pins
    )
    keys: dict[Key, tuple[Hashable, ...]] = {}
    for choice in choices:
        entry = choice.entry
        owners = dict.fromkeys((policy.owner, *(policy.takes_over or ()), None))
        names = tuple(name_key(choice.event.id, add_mark(entry.name, owner)) for owner in owners)
        place = place_key({"event": choice.event.id, "regions": entry.regions, "entities": entry.entities})
        keys[choice.key] = names
        if entry.pin is None and named.isdisjoint(names) and nameless[place]:
            keys[choice.key] = (*names, place)
            nameless[place] -= nameless[place] == 1
    return keys


def _identify(choice: Choice, address: str, keys: tuple[Hashable, ...]) -> Resource:
    return Resource(
        kind=EVENT_SUBSCRIPTION.name,
        address=address,
        identities=keys,
        attributes={},
        position=choice.entry.position,
        name=choice.entry.name,
        pin=choice.entry.pin,
    )
