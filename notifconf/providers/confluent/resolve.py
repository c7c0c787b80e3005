"""What a workspace declares, in the service's terms: names are ids, mutes are states. Pure and total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, cast

from notifconf.model import Diagnostic, Live, LiveResource, Resource, Value, Workspace, error, nearest, quoted, warning
from notifconf.plan.addresses import make_unique
from notifconf.plan.coverage import hidden_resources, not_visible
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
from notifconf.providers.confluent.expand import Overlaps, expand, report_overlaps
from notifconf.providers.confluent.inventory import Inventory, inventory_of
from notifconf.providers.confluent.workspace import (
    DISABLED,
    ENABLED,
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Match,
    Reference,
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
        *(_make_preference(entry, muted=entry.mute.active(now)) for entry in expansion.resources if entry.mute),
    ]
    ends = (entry.mute.until for entry in declared.resources if entry.mute and entry.mute.active(now))
    below_mutes = check_muted_environments(expansion.resources, now) if live.inventory is not None else ()
    discovery = _Discovery(declared, expansion.resources, live) if workspace.policy.discover else None
    return Resolution(
        tuple(resources),
        (
            *expansion.diagnostics,
            *resolver.diagnostics,
            *below_mutes,
            *_find_invisible(expansion.resources, live),
            *(discovery.find_problems() if discovery is not None else ()),
        ),
        until=min((end for end in ends if end is not None), default=None),
        discovered=DISCOVERED if discovery is not None else frozenset(),
        left_alone=discovery.left_alone if discovery is not None else frozenset(),
    )


DISCOVERED = frozenset({PREFERENCE.name, RESOURCE_SUBSCRIPTION.name})
"""The kinds of objects that are discovered beside those that are declared."""


class _Discovery:
    """What was discovered beside the declared resources; `left_alone` holds kind and id of what nothing may delete.

    Only what could be declared in a section that is there is deleted: not what an entry leaves out, nor what another
    spelling of a declared path has.
    """

    def __init__(self, declared: ConfluentDeclarations, entries: Sequence[DeclaredResource], live: Live) -> None:
        self._live = live
        self._by_path = {entry.resource: entry for entry in entries}
        self._inventory = inventory_of(live)
        self._respelled: dict[str, DeclaredResource] = {}
        for entry in entries:
            item = self._inventory.find(entry.resource)
            if item is not None and item.path != entry.resource:
                self._respelled[item.path] = entry
        found = [item for item in live.resources if item.kind in DISCOVERED]
        self.left_alone = frozenset(
            (item.kind, item.id) for item in found if not declared.has_resources or self._is_left_out(item)
        )

    def _is_left_out(self, item: LiveResource) -> bool:
        resource = str(item.attributes["resource"])
        entry = self._by_path.get(resource)
        if entry is None:
            return resource in self._respelled
        return (entry.mute if item.kind == PREFERENCE.name else entry.subscriptions) is None

    def find_problems(self) -> Iterator[Diagnostic]:
        """Warn of live objects under another spelling of a declared path, and of lookups that were refused."""
        paths = {str(item.attributes["resource"]) for item in self._live.resources if item.kind in DISCOVERED}
        for path in sorted(paths & self._respelled.keys()):
            entry = self._respelled[path]
            message = f"what lives under {quoted(path)} is of this resource too, and stays: declare it by that path"
            yield warning("ambiguous-resource", message, entry.position, entry.preference_address)
        yield from hidden_resources(self._live.not_visible - self._by_path.keys())


class _Resolver:
    """Resolves subscriptions against what lives."""

    def __init__(self, live: Live) -> None:
        self._chooser = Chooser(catalogue_of(live))
        self._live = live
        self._matched: dict[int, Sequence[Choice]] = {}
        """What the subscriptions of a match choose, by the `id` of their tuple: a match may find thousands."""

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self._chooser.diagnostics

    @cached_property
    def _identities(self) -> frozenset[Hashable]:
        return frozenset(key for item in self._live.resources for key in item.identities)

    def subscriptions(self, entries: Sequence[DeclaredSubscription]) -> Iterator[Resource]:
        def address(name: str) -> str:
            return f"{SUBSCRIPTION.collection}/{name}"

        choices = self._chooser.choose(entries, address)
        plain = {choice.type.id: address(choice.type.display_name) for choice in choices}
        addresses = make_unique(plain, {type_id: type_id for type_id in plain})
        for choice in choices:
            where = addresses[choice.type.id]
            resource = Resource(
                kind=SUBSCRIPTION.name,
                address=where,
                identities=(("type", choice.type.id),),
                attributes=_make_attributes(choice),
                position=choice.entry.position,
                name=choice.type.display_name,
            )
            yield self._check_billing_plan(self._check_required(resource, choice), choice)

    def all_resource_subscriptions(self, entries: Sequence[DeclaredResource]) -> Iterator[Resource]:
        """Resolve the subscriptions of all resources together: two resources may make one address ("a=1#2", "3")."""
        chosen: dict[tuple[str, str], tuple[DeclaredResource, Choice]] = {}
        overlaps: Overlaps = defaultdict(list)
        for entry in entries:
            own = self._chooser.choose(entry.subscriptions or (), entry.subscription_address)
            for choice in (*own, *self._choose_matched(entry, {choice.type.id for choice in own}, overlaps)):
                chosen.setdefault((entry.resource, choice.type.id), (entry, choice))
        self.diagnostics.extend(report_overlaps(overlaps))
        plain = {key: entry.subscription_address(choice.type.display_name) for key, (entry, choice) in chosen.items()}
        addresses = make_unique(plain, {key: key[1] for key in plain})
        for key, (entry, choice) in chosen.items():
            yield self._make_resource_subscription(entry, choice, addresses[key])

    def _choose_matched(self, entry: DeclaredResource, own: Collection[str], overlaps: Overlaps) -> Iterable[Choice]:
        """Return what the matches of a resource choose, apart from the types of its own entries."""
        found: dict[str, Choice] = {}
        for group in entry.matched:
            if id(group) not in self._matched:
                self._matched[id(group)] = self._chooser.choose(group, lambda name: f"resource-subscriptions/*#{name}")
            for choice in self._matched[id(group)]:
                first = found.setdefault(choice.type.id, choice)
                if first is not choice and choice.type.id not in own:
                    name = entry.subscription_address(choice.type.display_name)
                    overlaps[first.entry.position, choice.entry.position].append(name)
        return (choice for type_id, choice in found.items() if type_id not in own)

    def _make_resource_subscription(self, declared: DeclaredResource, choice: Choice, address: str) -> Resource:
        resource = Resource(
            kind=RESOURCE_SUBSCRIPTION.name,
            address=address,
            identities=(("resource-type", declared.resource, choice.type.id),),
            attributes={
                "resource": declared.resource,
                "resource_type": declared.resource_type,
                **_make_attributes(choice),
            },
            position=choice.entry.position,
            name=f"{declared.resource}#{choice.type.display_name}",
        )
        return self._check_billing_plan(resource, choice)

    def _check_billing_plan(self, resource: Resource, choice: Choice) -> Resource:
        """Block a subscription that the billing plan forbids; one that lives already may stay."""
        if choice.type.in_plan or not self._identities.isdisjoint(resource.identities):
            return resource
        message = f"the organization's billing plan does not include {quoted(choice.type.display_name)}"
        return self._block(resource, "not-in-plan", message)

    def _check_required(self, resource: Resource, choice: Choice) -> Resource:
        """Block what would disable a REQUIRED type: the API refuses it."""
        if choice.type.priority != REQUIRED or choice.entry.current_state != DISABLED:
            return resource
        message = f"{quoted(choice.type.display_name)} is REQUIRED: its subscription can't be disabled"
        return self._block(resource, "required-type", message)

    def _block(self, resource: Resource, code: str, message: str) -> Resource:
        self.diagnostics.append(error(code, message, resource.position, resource.address))
        return replace(resource, blocked=code)


def _find_invisible(entries: Sequence[DeclaredResource], live: Live) -> Iterator[Diagnostic]:
    """Warn, once for each resource, of lookups that may hide what lives."""
    seen: set[str] = set()
    for entry in entries if live.not_visible else ():
        if entry.resource in live.not_visible and entry.resource not in seen:
            seen.add(entry.resource)
            yield not_visible(entry.resource, entry.position, entry.preference_address)


def _make_attributes(choice: Choice) -> Mapping[str, Value]:
    references = {f"{INTEGRATION.collection}/{reference.name}" for reference in choice.entry.integrations}
    return {
        "notification_type": choice.type.id,
        "integrations": tuple(sorted(references)),
        "current_state": choice.entry.current_state,
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


def _make_preference(declared: DeclaredResource, *, muted: bool) -> Resource:
    """Return the preference that mutes or not; where there is none, nothing is muted, so none is made for that."""
    return Resource(
        kind=PREFERENCE.name,
        address=declared.preference_address,
        identities=(("resource", declared.resource),),
        attributes={
            "resource": declared.resource,
            "resource_type": declared.resource_type,
            "current_state": DISABLED if muted else ENABLED,
        },
        position=declared.position,
        name=declared.resource,
        create=muted,
    )


MAX_SUGGESTIONS = 100
"""How many unknown names get nearest ones beside them: no number of typos makes a plan slow."""

MAX_NAMES_SHOWN = 3
"""How many types a message names."""


class Choice(NamedTuple):
    """A notification type, and the entry that subscribes to it."""

    type: NotificationType
    entry: DeclaredSubscription


class Chooser:
    """Finds types in one catalogue; `diagnostics` collects what can't be found or is found twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Start with no diagnostics."""
        self.diagnostics: list[Diagnostic] = []
        self._catalogue = catalogue
        self._suggestions: dict[str, str] = {}

    def choose(self, entries: Sequence[DeclaredSubscription], address: Callable[[str], str]) -> list[Choice]:
        """Return each type that the entries mean, once, with its entry: one that names it wins over a match.

        `address` makes the address of a subscription of a display name.
        """
        entries = sorted(entries, key=attrgetter("position"))
        named = self._find_named(entries, address)
        matched = self._find_matched(entries, named)
        return [
            Choice(self._catalogue.by_id[type_id], min(found, key=_content))
            for type_id, found in (named | matched).items()
        ]

    def _find_named(
        self, entries: Sequence[DeclaredSubscription], address: Callable[[str], str]
    ) -> dict[str, list[DeclaredSubscription]]:
        found: dict[str, list[DeclaredSubscription]] = {}
        for entry in entries:
            reference = entry.notification_type
            if reference is None or not reference.resolved:
                continue
            types = self._catalogue.named(reference.name)
            if len(types) != 1:
                self.diagnostics.append(self._report_unknown(reference, types, address(reference.name)))
                continue
            same = found.setdefault(types[0].id, [])
            same.append(entry)
            earlier = same[0].notification_type
            if earlier is not None and earlier is not reference:
                message = f"this notification type has a subscription already at {earlier.position}"
                where = address(types[0].display_name)
                self.diagnostics.append(error("duplicate-subscription", message, reference.position, where))
        return found

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

    def _find_matched(
        self, entries: Sequence[DeclaredSubscription], named: Collection[str]
    ) -> dict[str, list[DeclaredSubscription]]:
        found: dict[str, list[DeclaredSubscription]] = {}
        for entry in entries:
            if entry.match is None or not entry.match.resolved:
                continue
            types = [item for item in self._catalogue.types if satisfies(item, entry.match)]
            included = [item for item in types if item.in_plan]
            if not included:
                reason = " that the organization's billing plan includes" if types else ""
                message = f"no notification type{reason} satisfies this match: nobody would be told"
                self.diagnostics.append(error("empty-match", message, entry.position))
            free = [item for item in included if item.id not in named]
            self.diagnostics.extend(_find_overlaps(entry, [item for item in free if item.id in found], found))
            for item in free:
                found.setdefault(item.id, []).append(entry)
        return found


def _content(entry: DeclaredSubscription) -> tuple[list[str], str]:
    """Return what a plan shows of an entry, to choose one of several whatever their order."""
    return sorted({reference.name for reference in entry.integrations}), entry.current_state


def satisfies(item: NotificationType, match: Match) -> bool:
    """Say whether a type is what a `match` asks for; the case of the display name does not matter."""
    return (
        (not match.severity or item.severity in match.severity)
        and (not match.category or item.category in match.category)
        and (not match.subscription_priority or item.priority in match.subscription_priority)
        and (match.name is None or fnmatchcase(item.display_name.casefold(), match.name.casefold()))
    )


def _find_overlaps(
    entry: DeclaredSubscription, types: Sequence[NotificationType], found: dict[str, list[DeclaredSubscription]]
) -> Iterator[Diagnostic]:
    """Name, for each earlier match, the types that it and `entry` both find."""
    shared: defaultdict[int, list[NotificationType]] = defaultdict(list)
    for item in types:
        shared[id(found[item.id][0])].append(item)
    for group in shared.values():
        names = ", ".join(quoted(item.display_name) for item in group[:MAX_NAMES_SHOWN])
        more = f" and {len(group) - MAX_NAMES_SHOWN} more" if len(group) > MAX_NAMES_SHOWN else ""
        message = f"this match and the one at {found[group[0].id][0].position} both find {names}{more}"
        yield error("overlapping-match", message, entry.position)
