"""What a workspace declares, in the service's terms: events by id, channels whole. Pure and total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple, cast

from notifconf.model import Diagnostic, Live, LiveResource, Resource, Value, Workspace, error, nearest, quoted
from notifconf.plan.addresses import make_unique
from notifconf.plan.match import match
from notifconf.plan.rules import Resolution
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION, Catalogue, Event, catalogue_of
from notifconf.providers.konnect.codec import name_key, place_key
from notifconf.providers.konnect.workspace import (
    DeclaredSubscription,
    KonnectDeclarations,
    list_addresses,
    make_duplicate_error,
)

MAX_SUGGESTIONS = 100
"""How many unknown events get nearest ones beside them: no number of typos makes a plan slow."""


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
    resolver = _Resolver(catalogue_of(live), live.resources)
    resources = tuple(resolver.resources(declared.subscriptions))
    return Resolution(resources, tuple(resolver.diagnostics))


class _Resolver:
    """Resolves against one catalogue and what lives; `diagnostics` collects what can't be."""

    def __init__(self, catalogue: Catalogue, live: Sequence[LiveResource]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._catalogue = catalogue
        self._live = sorted(live, key=lambda item: item.id)
        self._suggestions: dict[str, str] = {}

    def resources(self, entries: Sequence[DeclaredSubscription]) -> Iterator[Resource]:
        choices = sorted(self._choose(entries), key=lambda choice: choice.key)
        plain = list_addresses([(choice.entry, choice.event.id) for choice in choices])
        addresses = make_unique(
            {choice.key: address for choice, address in zip(choices, plain, strict=True)},
            {choice.key: "#".join(filter(None, (choice.event.id, choice.entry.pin))) for choice in choices},
        )
        keys = _keys(choices, self._live)
        identified = [_identify(choice, addresses[choice.key], keys[choice.key]) for choice in choices]
        # Who is who is the planner's to say. It is asked here since a channel that isn't named keeps its live value.
        pairs = {pair.desired.address: pair.live for pair in match(identified, self._live).pairs}
        for choice, resource in zip(choices, identified, strict=True):
            live = pairs.get(resource.address)
            is_new = live is None and resource.address in pairs
            yield self._judge(replace(resource, attributes=_attributes(choice, live)), choice, is_new=is_new)

    def _choose(self, entries: Sequence[DeclaredSubscription]) -> list[Choice]:
        """Return the entries whose event is known.

        Of two that are the same subscription one is chosen by what it says, never by their order. The error stands at
        the later place and names the earlier one.
        """
        found: dict[Key, list[Choice]] = {}
        events = {item.id: str(item.attributes["event"]) for item in self._live}
        for entry in sorted(entries, key=attrgetter("position")):
            if not entry.resolved:
                continue
            named = self._catalogue.named(entry.event)
            if len(named) != 1:
                self.diagnostics.append(self._report_unknown(entry, named))
                continue
            choice = Choice(entry, named[0])
            of_pin = events.get(entry.pin or "", named[0].id)
            if of_pin != named[0].id:
                message = f"the event-subscription {quoted(entry.pin or '')} is of another event, {quoted(of_pin)}"
                self.diagnostics.append(
                    error(f"missing-{EVENT_SUBSCRIPTION.name}", message, entry.position, choice.address)
                )
                continue
            same = found.setdefault(choice.key, [])
            if same:
                self.diagnostics.append(make_duplicate_error(same[0].entry, entry, choice.address))
            same.append(choice)
        return [min(same, key=_content) for same in found.values()]

    def _report_unknown(self, entry: DeclaredSubscription, named: Sequence[Event]) -> Diagnostic:
        if named:
            ids = " or ".join(quoted(event.id) for event in named)
            message = f"{len(named)} events are called {entry.shown_event}: use the id, {ids}"
        else:
            message = f"there is no event {entry.shown_event}{self._suggest(entry)}"
        return error("unknown-notification-type", message, entry.event_at, entry.address(entry.event))

    def _suggest(self, entry: DeclaredSubscription) -> str:
        name = entry.event
        if entry.expression is None and name not in self._suggestions and len(self._suggestions) < MAX_SUGGESTIONS:
            known = {text for event in self._catalogue.events for text in (event.id, event.title)}
            self._suggestions[name] = nearest(name, known)
        return self._suggestions.get(name, "")

    def _judge(self, resource: Resource, choice: Choice, *, is_new: bool) -> Resource:
        """Block what the service refuses, and what would tell nobody without anyone having said so."""
        entry, event = choice
        if event.mandatory and not (entry.enabled and entry.channels.get("EMAIL", True)):
            what = "disabled" if not entry.enabled else "taken off EMAIL"
            message = f"{quoted(event.id)} is a billing event, which is mandatory: its subscription can't be {what}"
            return self._block(resource, "required-type", message)
        if is_new and not resource.attributes["channels"]:
            message = f"{quoted(event.id)} has no default channels: without `channels` nobody would be told"
            return self._block(resource, "invalid-value", message)
        return resource

    def _block(self, resource: Resource, code: str, message: str) -> Resource:
        self.diagnostics.append(error(code, message, resource.position, resource.address))
        return replace(resource, blocked=code)


def _content(choice: Choice) -> tuple[object, ...]:
    """Return what a plan shows of an entry, to choose one of several whatever their order."""
    entry = choice.entry
    return entry.regions, entry.entities, sorted(entry.channels.items()), entry.enabled, entry.pin or ""


def _keys(choices: Iterable[Choice], live: Sequence[LiveResource]) -> Mapping[Key, tuple[Hashable, ...]]:
    """Return the natural keys of what is declared.

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
        name = name_key(choice.event.id, entry.name)
        place = place_key({"event": choice.event.id, "regions": entry.regions, "entities": entry.entities})
        keys[choice.key] = (name,)
        if entry.pin is None and name not in named and nameless[place]:
            keys[choice.key] = (name, place)
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


def _attributes(choice: Choice, live: LiveResource | None) -> Mapping[str, Value]:
    """Return what is declared. A channel that isn't named stays as it is: live, or as the event's default has it.

    A live one without a name differs from nothing by that: a name is written only with what else is.
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
    return attributes if live is not None and live.attributes == attributes else {**attributes, "name": entry.name}
