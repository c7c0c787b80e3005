"""What a workspace declares, in the service's terms: names are ids, mutes are states. Pure and total."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import cast

from notifconf.model.diagnostic import Diagnostic, error, quoted, warning
from notifconf.model.resource import LiveResource, Resource, Value
from notifconf.model.state import Live, Workspace
from notifconf.plan.addresses import make_unique
from notifconf.plan.rules import Resolution
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    REQUIRED,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    catalogue_of,
)
from notifconf.providers.confluent.check import check_muted_environments
from notifconf.providers.confluent.choices import Choice, Chooser
from notifconf.providers.confluent.codec import READ_ONLY_MEMBER
from notifconf.providers.confluent.expand import (
    Discovery,
    ExpandedGroup,
    ExpandedResource,
    expand,
    find_invisible,
    judge_discovered,
)
from notifconf.providers.confluent.inventory import Inventory
from notifconf.providers.confluent.workspace import (
    DISABLED,
    ENABLED,
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Mute,
    subscription_address,
)


def resolve(workspace: Workspace, live: Live, now: datetime) -> Resolution:
    """Resolve a workspace against what lives, at the moment `now`, which is timezone-aware."""
    declared = cast("ConfluentDeclarations", workspace.declarations)
    resolver = _Resolver(live)
    expansion = expand(declared.resources, live.inventory if isinstance(live.inventory, Inventory) else None)
    muting = [entry for group in expansion.groups if group.statement.mute for entry in group.resources]
    resources = [
        *(_make_integration(entry) for entry in declared.integrations if entry.resolved),
        *resolver.subscriptions(declared.subscriptions),
        *resolver.all_resource_subscriptions(expansion.groups),
        *(_make_preference(entry, mute, now) for entry in muting if (mute := entry.statement.mute)),
    ]
    resolver.check_idle(expansion.idle)
    turns = (entry.mute.find_next_turn(now) for entry in declared.resources if entry.mute)
    below_mutes = check_muted_environments(muting, now) if live.inventory is not None else ()
    discovery = judge_discovered(declared, expansion.resources, live) if workspace.policy.discover else Discovery()
    return Resolution(
        tuple(resources),
        (
            *expansion.diagnostics,
            *resolver.diagnostics,
            *below_mutes,
            *find_invisible(expansion.groups, live),
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

    def all_resource_subscriptions(self, groups: Sequence[ExpandedGroup]) -> Iterator[Resource]:
        """Resolve the subscriptions of all resources together: two resources may make one address ("a=1#2", "3")."""
        chosen = [(choice, group) for group in groups for choice in self._choose_types(group)]
        plain = [
            subscription_address(path, choice.type.display_name) for choice, group in chosen for path in group.paths
        ]
        endings = [choice.type.id for choice, group in chosen for _ in group.paths]
        addresses = iter(make_unique(plain, endings))
        for choice, group in chosen:
            yield from self._make_resource_subscriptions(choice, group, addresses)

    def check_idle(self, entries: Sequence[DeclaredResource]) -> None:
        """Check the types in entries that find no resource: else such an error would wait until there is one."""
        for entry in entries:
            self._chooser.check(entry.subscriptions or (), entry.subscription_address)

    def _choose_types(self, group: ExpandedGroup) -> list[Choice]:
        """Choose the types that the resources of a group subscribe to."""
        said = group.statement
        if said.subscriptions is None:
            return []
        address = partial(subscription_address, group.paths[0])
        return self._chooser.choose(said.subscriptions, address, group.resource_type, said.matched)

    def _make_resource_subscriptions(
        self, choice: Choice, group: ExpandedGroup, addresses: Iterator[str]
    ) -> Iterator[Resource]:
        """Make the subscription of each resource to one type; `addresses` goes on to the next one."""
        shared, position, adds, type_id = _make_attributes(choice), choice.position, choice.base is None, choice.type.id
        needs_check = adds or shared["current_state"] == DISABLED or not choice.type.in_plan
        for path in group.paths:
            resource = Resource(
                kind=RESOURCE_SUBSCRIPTION.name,
                address=next(addresses),
                identities=(("resource-type", path, type_id),),
                attributes={"resource": path, "resource_type": group.resource_type, **shared},
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
        name = quoted(choice.type.display_name)
        message = f"{name} is REQUIRED: its subscription can't be disabled, so leave `current_state` out"
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
