"""What a workspace declares, in the service's terms: names are ids, mutes are states. Pure and total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, cast

from notifconf.model import Diagnostic, Resource, error
from notifconf.model.diagnostic import quoted
from notifconf.plan.addresses import make_unique
from notifconf.plan.notice import not_visible
from notifconf.plan.rules import Resolution
from notifconf.providers.confluent.catalogue import REQUIRED, catalogue_of
from notifconf.providers.confluent.choose import Choice, Chooser
from notifconf.providers.confluent.codec import READ_ONLY_MEMBER
from notifconf.providers.confluent.kinds import INTEGRATION, PREFERENCE, RESOURCE_SUBSCRIPTION, SUBSCRIPTION
from notifconf.providers.confluent.workspace import DISABLED, ENABLED

if TYPE_CHECKING:
    from collections.abc import Hashable

    from notifconf.model import Live, Value, Workspace
    from notifconf.providers.confluent.workspace import (
        ConfluentDeclarations,
        DeclaredIntegration,
        DeclaredResource,
        DeclaredSubscription,
    )


def resolve(workspace: Workspace, live: Live, now: datetime) -> Resolution:
    """Resolve a workspace against what lives, at the moment `now`, which is timezone-aware."""
    declared = cast("ConfluentDeclarations", workspace.declarations)
    resolver = _Resolver(live)
    resources = [
        *(_integration(entry) for entry in declared.integrations if entry.resolved),
        *resolver.subscriptions(declared.subscriptions),
        *resolver.all_resource_subscriptions(declared.resources),
        *(_preference(entry, muted=entry.mute.active(now)) for entry in declared.resources if entry.mute),
    ]
    ends = (entry.mute.until for entry in declared.resources if entry.mute and entry.mute.active(now))
    return Resolution(
        tuple(resources),
        (*resolver.diagnostics, *_not_visible(declared.resources, live)),
        until=min((end for end in ends if end is not None), default=None),
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
                attributes=_subscribed(choice),
                position=choice.entry.position,
                name=choice.type.display_name,
            )
            yield self._judged(self._required(resource, choice), choice)

    def all_resource_subscriptions(self, entries: Sequence[DeclaredResource]) -> Iterator[Resource]:
        """Resolve the subscriptions of all resources together: two resources may make one address ("a=1#2", "3")."""
        chosen: dict[tuple[str, str], tuple[DeclaredResource, Choice]] = {}
        for entry in entries:
            for choice in self._chooser.choose(entry.subscriptions or (), entry.subscription_address):
                chosen.setdefault((entry.resource, choice.type.id), (entry, choice))
        plain = {key: entry.subscription_address(choice.type.display_name) for key, (entry, choice) in chosen.items()}
        addresses = make_unique(plain, {key: key[1] for key in plain})
        for key, (entry, choice) in chosen.items():
            yield self._resource_subscription(entry, choice, addresses[key])

    def _resource_subscription(self, declared: DeclaredResource, choice: Choice, address: str) -> Resource:
        resource = Resource(
            kind=RESOURCE_SUBSCRIPTION.name,
            address=address,
            identities=(("resource-type", declared.resource, choice.type.id),),
            attributes={
                "resource": declared.resource,
                "resource_type": declared.resource_type,
                **_subscribed(choice),
            },
            position=choice.entry.position,
            name=f"{declared.resource}#{choice.type.display_name}",
        )
        return self._judged(resource, choice)

    def _judged(self, resource: Resource, choice: Choice) -> Resource:
        """Block a subscription that the billing plan forbids; one that lives already may stay."""
        if choice.type.in_plan or not self._identities.isdisjoint(resource.identities):
            return resource
        message = f"the organization's billing plan does not include {quoted(choice.type.display_name)}"
        return self._blocked(resource, "not-in-plan", message)

    def _required(self, resource: Resource, choice: Choice) -> Resource:
        """Block what would disable a REQUIRED type: the API refuses it."""
        if choice.type.priority != REQUIRED or choice.entry.current_state != DISABLED:
            return resource
        message = f"{quoted(choice.type.display_name)} is REQUIRED: its subscription can't be disabled"
        return self._blocked(resource, "required-type", message)

    def _blocked(self, resource: Resource, code: str, message: str) -> Resource:
        self.diagnostics.append(error(code, message, resource.position, resource.address))
        return replace(resource, blocked=code)


def _not_visible(entries: Sequence[DeclaredResource], live: Live) -> Iterator[Diagnostic]:
    """Warn, once for each resource, of lookups that may hide what lives."""
    seen: set[str] = set()
    for entry in entries if live.not_visible else ():
        if entry.resource in live.not_visible and entry.resource not in seen:
            seen.add(entry.resource)
            yield not_visible(entry.resource, entry.position, entry.preference_address)


def _subscribed(choice: Choice) -> Mapping[str, Value]:
    references = {f"{INTEGRATION.collection}/{reference.name}" for reference in choice.entry.integrations}
    return {
        "notification_type": choice.type.id,
        "integrations": tuple(sorted(references)),
        "current_state": choice.entry.current_state,
    }


def _integration(declared: DeclaredIntegration) -> Resource:
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


def _preference(declared: DeclaredResource, *, muted: bool) -> Resource:
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
