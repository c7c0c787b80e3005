"""What a workspace declares, in the service's terms: names are ids, mutes are states. Pure and total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple, cast

from notifconf.model import (
    Diagnostic,
    Live,
    LiveResource,
    Position,
    Resource,
    Value,
    Workspace,
    error,
    nearest,
    quoted,
    warning,
)
from notifconf.plan.addresses import make_unique
from notifconf.plan.entries import MATCHED, NAMED, Claim, Conflict, Decision, decide, find_idle_exceptions
from notifconf.plan.rules import Resolution
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    REQUIRED,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    Catalogue,
    NotificationType,
    catalogue_of,
)
from notifconf.providers.confluent.check import check_muted_environments
from notifconf.providers.confluent.codec import READ_ONLY_MEMBER
from notifconf.providers.confluent.expand import Discovery, ExpandedResource, expand, find_invisible, judge_discovered
from notifconf.providers.confluent.inventory import Inventory
from notifconf.providers.confluent.workspace import (
    DISABLED,
    ENABLED,
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredSubscription,
    Match,
    Mute,
    Reference,
    subscription_address,
)


def resolve(workspace: Workspace, live: Live, now: datetime) -> Resolution:
    """Resolve a workspace against what lives, at the moment `now`, which is timezone-aware."""
    declared = cast("ConfluentDeclarations", workspace.declarations)
    resolver = _Resolver(live)
    expansion = expand(declared.resources, live.inventory if isinstance(live.inventory, Inventory) else None)
    resources = [
        *(_make_integration(entry) for entry in declared.integrations if entry.resolved),
        *resolver.subscriptions(declared.subscriptions),
        *resolver.all_resource_subscriptions(expansion.resources),
        *(_make_preference(entry, mute, now) for entry in expansion.resources if (mute := entry.statement.mute)),
    ]
    turns = (entry.mute.find_next_turn(now) for entry in declared.resources if entry.mute)
    below_mutes = check_muted_environments(expansion.resources, now) if live.inventory is not None else ()
    discovery = judge_discovered(declared, expansion.resources, live) if workspace.policy.discover else Discovery()
    return Resolution(
        tuple(resources),
        (
            *expansion.diagnostics,
            *resolver.diagnostics,
            *below_mutes,
            *find_invisible(expansion.resources, live),
            *discovery.diagnostics,
        ),
        until=min((turn for turn in turns if turn is not None), default=None),
        discovered=discovery.kinds,
        left_alone=discovery.left_alone,
    )


class _Resolver:
    """Resolves subscriptions against what lives."""

    def __init__(self, live: Live) -> None:
        self._chooser = Chooser(catalogue_of(live))
        self._live = live

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self._chooser.diagnostics

    @cached_property
    def _by_identity(self) -> Mapping[Hashable, LiveResource]:
        return {key: item for item in self._live.resources for key in item.identities}

    def subscriptions(self, entries: Sequence[DeclaredSubscription]) -> Iterator[Resource]:
        def address(name: str) -> str:
            return f"{SUBSCRIPTION.collection}/{name}"

        choices = self._chooser.choose(entries, address)
        plain = [address(choice.type.display_name) for choice in choices]
        addresses = make_unique(plain, [choice.type.id for choice in choices])
        for choice, unique in zip(choices, addresses, strict=True):
            resource = Resource(
                kind=SUBSCRIPTION.name,
                address=unique,
                identities=(("type", choice.type.id),),
                attributes=_make_attributes(choice),
                position=choice.position,
                name=choice.type.display_name,
                adds=choice.base is None,
            )
            yield self._check_billing_plan(self._check_required(self._check_state(resource, choice), choice), choice)

    def all_resource_subscriptions(self, entries: Sequence[ExpandedResource]) -> Iterator[Resource]:
        """Resolve the subscriptions of all resources together: two resources may make one address ("a=1#2", "3")."""
        alike: defaultdict[tuple[int, str], list[ExpandedResource]] = defaultdict(list)
        """By the statement: a match of resources may find thousands, which all have the same one."""
        for entry in entries:
            if entry.statement.subscriptions is not None:
                alike[id(entry.statement), entry.resource_type].append(entry)
        chosen = [(choice, group) for group in alike.values() for choice in self._choose_alike(group[0])]
        plain = [
            subscription_address(entry.resource, choice.type.display_name)
            for choice, group in chosen
            for entry in group
        ]
        endings = [choice.type.id for choice, group in chosen for _ in group]
        addresses = iter(make_unique(plain, endings))
        for choice, group in chosen:
            yield from self._make_resource_subscriptions(choice, group, addresses)

    def _choose_alike(self, entry: ExpandedResource) -> list[Choice]:
        """Choose the types that a resource, and every other one with its statement, subscribes to."""
        said = entry.statement
        address = entry.subscription_address
        return self._chooser.choose(said.subscriptions or (), address, entry.resource_type, said.matched)

    def _make_resource_subscriptions(
        self, choice: Choice, entries: Sequence[ExpandedResource], addresses: Iterator[str]
    ) -> Iterator[Resource]:
        """Make the subscription of each resource to one type; `addresses` goes on to the next one."""
        shared, position, adds, type_id = _make_attributes(choice), choice.position, choice.base is None, choice.type.id
        needs_check = adds or shared["current_state"] == DISABLED or not choice.type.in_plan
        for entry in entries:
            resource = Resource(
                kind=RESOURCE_SUBSCRIPTION.name,
                address=next(addresses),
                identities=(("resource-type", entry.resource, type_id),),
                attributes={"resource": entry.resource, "resource_type": entry.resource_type, **shared},
                position=position,
                adds=adds,
            )
            yield self._check_billing_plan(self._check_state(resource, choice), choice) if needs_check else resource

    def _check_state(self, resource: Resource, choice: Choice) -> Resource:
        """Leave the live state alone where no entry declares one, and warn where nobody tells what was added."""
        if choice.base is not None and choice.base.current_state != DISABLED:
            return resource
        live = self._by_identity.get(resource.identities[0])
        if choice.base is None and live is not None:
            members = {name: value for name, value in resource.attributes.items() if name != "current_state"}
            resource = resource._replace(attributes=members)
            state = live.attributes.get("current_state")
        else:
            state = resource.attributes["current_state"]
        if state == DISABLED:
            for entry in choice.added:
                names = ", ".join(map(str, entry.references))
                message = f"{resource.address} is DISABLED: what is added here, {names}, is not told"
                self.diagnostics.append(warning("disabled-subscription", message, entry.position, resource.address))
        return resource

    def _check_billing_plan(self, resource: Resource, choice: Choice) -> Resource:
        """Block a subscription that the billing plan forbids; one that lives already may stay."""
        if choice.type.in_plan or not self._by_identity.keys().isdisjoint(resource.identities):
            return resource
        message = f"the organization's billing plan does not include {quoted(choice.type.display_name)}"
        return self._block(resource, "not-in-plan", message)

    def _check_required(self, resource: Resource, choice: Choice) -> Resource:
        """Block what would disable a REQUIRED type: the API refuses it."""
        if choice.type.priority != REQUIRED or resource.attributes.get("current_state") != DISABLED:
            return resource
        message = f"{quoted(choice.type.display_name)} is REQUIRED: its subscription can't be disabled"
        return self._block(resource, "required-type", message)

    def _block(self, resource: Resource, code: str, message: str) -> Resource:
        self.diagnostics.append(error(code, message, resource.position, resource.address))
        return resource._replace(blocked=code)


def _make_attributes(choice: Choice) -> Mapping[str, Value]:
    references = {f"{INTEGRATION.collection}/{reference.name}" for reference in choice.references}
    return {
        "notification_type": choice.type.id,
        "integrations": tuple(sorted(references)),
        "current_state": ENABLED if choice.base is None else choice.base.current_state,
    }


def _make_integration(declared: DeclaredIntegration) -> Resource:
    if not declared.writable:
        who = declared.target.get(READ_ONLY_MEMBER.get(declared.kind, ""))
        return Resource(
            kind=INTEGRATION.name,
            address=declared.address,
            identities=(("target", declared.kind, who),),
            attributes={},
            position=declared.position,
            name=declared.key,
            pin=declared.pin,
            writable=False,
        )
    described: Mapping[str, Value] = {} if declared.description is None else {"description": declared.description}
    return Resource(
        kind=INTEGRATION.name,
        address=declared.address,
        identities=(("name", declared.display_name),),
        attributes={"display_name": declared.display_name, "target": declared.target, **described},
        position=declared.position,
        name=declared.display_name,
        pin=declared.pin,
    )


def _make_preference(declared: ExpandedResource, mute: Mute, now: datetime) -> Resource:
    """Return the preference that mutes or not; where there is none, nothing is muted, so none is made for that."""
    muted = mute.active(now)
    return Resource(
        kind=PREFERENCE.name,
        address=declared.preference_address,
        identities=(("resource", declared.resource),),
        attributes={
            "resource": declared.resource,
            "resource_type": declared.resource_type,
            "current_state": DISABLED if muted else ENABLED,
        },
        position=declared.statement.position,
        name=declared.resource,
        create=muted,
        mute=mute.terms(now),
    )


MAX_SUGGESTIONS = 100
"""How many unknown names get nearest ones beside them: no number of typos makes a plan slow."""

MAX_NAMES_SHOWN = 3
"""How many types a message names."""

RESOURCE_MATCHED = 2
"""The rank of the subscriptions of a match of resources, behind those of entries that name the resource."""


class Choice(NamedTuple):
    """A notification type, and the entries that decide who is told of it; `base` is None where they only add.

    `shadowed` are entries that another one wins over.
    """

    type: NotificationType
    base: DeclaredSubscription | None
    added: tuple[DeclaredSubscription, ...] = ()
    shadowed: tuple[DeclaredSubscription, ...] = ()

    @property
    def position(self) -> Position:
        """Where the first entry that counts stands."""
        return (self.base or self.added[0]).position

    @property
    def entries(self) -> tuple[DeclaredSubscription, ...]:
        """The entries that count."""
        return self.added if self.base is None else (self.base, *self.added)

    @property
    def references(self) -> Iterator[Reference]:
        """Who is told, by all entries together."""
        return (reference for entry in self.entries for reference in entry.references)


class Chooser:
    """Finds types in one catalogue; `diagnostics` collects what can't be found or is found twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Start with no diagnostics."""
        self.diagnostics: list[Diagnostic] = []
        self._catalogue = catalogue
        self._suggestions: dict[str, str] = {}

    def choose(
        self,
        entries: Sequence[DeclaredSubscription],
        address: Callable[[str], str],
        resource_type: str = "",
        matched: Sequence[Sequence[DeclaredSubscription]] = (),
    ) -> list[Choice]:
        """Return each type that the entries mean, once, with those that decide: see `plan/entries.py`.

        `address` makes the address of a subscription of a display name. `resource_type` is that of the resource whose
        subscriptions these are: a match finds only types that the API lists for it. `matched` holds the entries of each
        match of resources that finds this one: its own entries go before these, and of two matches neither does.
        """
        claims = list(self._make_claims(entries, address, resource_type))
        shadowed: dict[tuple[int, str], tuple[DeclaredSubscription, ...]] = {}
        """By the base that a match of resources decides on, and the type."""
        for group in matched:
            own = list(self._make_claims(group, address, resource_type))
            claims += [replace(claim, rank=RESOURCE_MATCHED) for claim in own if claim.adds]
            bases: dict[int, tuple[DeclaredSubscription, list[str]]] = {}
            for decision in self._decide(own, address):
                if decision.base is not None:
                    bases.setdefault(id(decision.base), (decision.base, []))[1].append(decision.thing)
                    shadowed[id(decision.base), decision.thing] = decision.shadowed
            claims += [Claim(base, tuple(types), base.position, RESOURCE_MATCHED) for base, types in bases.values()]
        choices = [
            Choice(
                self._catalogue.by_id[decision.thing],
                decision.base,
                decision.added,
                (*decision.shadowed, *shadowed.get((id(decision.base), decision.thing), ())),
            )
            for decision in self._decide(claims, address)
        ]
        for choice in choices:
            self.diagnostics += _find_shadowed(choice, address)
        return choices

    def _decide(
        self, claims: Iterable[Claim[DeclaredSubscription, str]], address: Callable[[str], str]
    ) -> Sequence[Decision[DeclaredSubscription, str]]:
        decisions, conflicts = decide(claims, _content)
        for conflict in conflicts:
            types = [self._catalogue.by_id[type_id] for type_id in conflict.things]
            self.diagnostics.append(_report_conflict(conflict, types, address))
        return decisions

    def _make_claims(
        self, entries: Iterable[DeclaredSubscription], address: Callable[[str], str], resource_type: str
    ) -> Iterator[Claim[DeclaredSubscription, str]]:
        return (claim for entry in entries if (claim := self._make_claim(entry, address, resource_type)))

    def _make_claim(
        self, entry: DeclaredSubscription, address: Callable[[str], str], resource_type: str
    ) -> Claim[DeclaredSubscription, str] | None:
        adds = entry.add is not None
        if entry.notification_type is not None:
            found = self._find_named(entry.notification_type, address)
            return Claim(entry, (found.id,), entry.position, NAMED, adds) if found else None
        if entry.match is not None and entry.match.resolved:
            types = self._find_matched(entry.match, entry.position, resource_type)
            return Claim(entry, tuple(item.id for item in types), entry.position, MATCHED, adds)
        return None

    def _find_named(self, reference: Reference, address: Callable[[str], str]) -> NotificationType | None:
        types = self._catalogue.named(reference.name) if reference.resolved else ()
        if len(types) == 1:
            return types[0]
        if reference.resolved:
            self.diagnostics.append(self._report_unknown(reference, types, address(reference.name)))
        return None

    def _report_unknown(self, reference: Reference, types: Sequence[NotificationType], address: str) -> Diagnostic:
        if types:
            ids = " or ".join(sorted(quoted(item.id) for item in types))
            message = f"{len(types)} notification types are called {reference}: use the id, {ids}"
        else:
            message = f"there is no notification type {reference}{self._suggest(reference)}"
        return error("unknown-notification-type", message, reference.position, address)

    def _suggest(self, reference: Reference) -> str:
        name = reference.name
        if reference.expression is None and name not in self._suggestions and len(self._suggestions) < MAX_SUGGESTIONS:
            self._suggestions[name] = nearest(name, (item.display_name for item in self._catalogue.types))
        return self._suggestions.get(name, "")

    def _find_matched(self, match: Match, position: Position, resource_type: str) -> list[NotificationType]:
        listed = self._catalogue.by_resource_type.get(resource_type)
        types = [
            item for item in self._catalogue.types if (listed is None or item.id in listed) and satisfies(item, match)
        ]
        if match.excluded:
            everything = replace(match, excluded=None)
            found = [item for item in self._catalogue.types if satisfies(item, everything)]
            names = {name for item in found for name in (item.id, item.display_name)}
            self.diagnostics += find_idle_exceptions(match.excluded, names, position)
        included = [item for item in types if item.in_plan]
        if not included:
            of_resource = f" of {resource_type} resources" if listed is not None else ""
            reason = " that the organization's billing plan includes" if types else ""
            message = f"no notification type{of_resource}{reason} satisfies this match: nobody would be told"
            self.diagnostics.append(error("empty-match", message, position))
        return included


def _content(entry: DeclaredSubscription) -> tuple[list[str], str]:
    """Return what a plan shows of an entry, to choose one of several whatever their order."""
    return sorted({reference.name for reference in entry.references}), entry.current_state


def satisfies(item: NotificationType, match: Match) -> bool:
    """Say whether a type is what a `match` asks for; the case of the display name does not matter."""
    name = item.display_name.casefold()
    return (
        (not match.severity or item.severity in match.severity)
        and (not match.category or item.category in match.category)
        and (not match.subscription_priority or item.priority in match.subscription_priority)
        and (match.name is None or fnmatchcase(name, match.name.casefold()))
        and not any(
            item.id == pattern or name == pattern.casefold() or fnmatchcase(name, pattern.casefold())
            for pattern in match.excluded or ()
        )
    )


def _report_conflict(
    conflict: Conflict[DeclaredSubscription, str], types: Sequence[NotificationType], address: Callable[[str], str]
) -> Diagnostic:
    earlier, later = conflict.earlier, conflict.later
    if conflict.rank == NAMED and earlier.notification_type is not None and later.notification_type is not None:
        message = f"this notification type has a subscription already at {earlier.notification_type.position}"
        where = address(types[0].display_name)
        return error("duplicate-subscription", message, later.notification_type.position, where)
    names = ", ".join(quoted(item.display_name) for item in types[:MAX_NAMES_SHOWN])
    more = f" and {len(types) - MAX_NAMES_SHOWN} more" if len(types) > MAX_NAMES_SHOWN else ""
    message = f"this match and the one at {earlier.position} both find {names}{more}"
    return error("overlapping-match", message, later.position)


def _find_shadowed(choice: Choice, address: Callable[[str], str]) -> Iterator[Diagnostic]:
    """Warn where an entry wins over a match that would tell more: nobody has said that these shall not be told."""
    told = {reference.name for reference in choice.references}
    for entry in choice.shadowed:
        left_out = [str(reference) for reference in entry.references if reference.name not in told]
        if left_out and choice.base is not None:
            name = quoted(choice.type.display_name)
            message = (
                f"this entry decides about {name}, so the one at {entry.position} does not count for it, which would"
                f" also tell {', '.join(sorted(left_out))}: list them here too, use `add` here, or `except` there"
            )
            yield warning("shadows-match", message, choice.base.position, address(choice.type.display_name))
