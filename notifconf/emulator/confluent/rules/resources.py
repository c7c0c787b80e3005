"""Resource preferences and resource subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifconf.emulator.confluent.errors import Refusal, conflict
from notifconf.emulator.confluent.members import READ_ONLY, Members
from notifconf.emulator.confluent.objects import (
    PREFERENCES,
    RESOURCE_SUBSCRIPTIONS,
    RESOURCE_TYPES,
    STATES,
    TYPES,
    reference,
    referred_id,
)
from notifconf.emulator.confluent.rules.base import Rules

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON


class ResourceRules(Rules):
    """What the two kinds that belong to a resource have in common."""

    resource_types: frozenset[str]
    members: frozenset[str]

    def resource_members(self, body: JSON) -> tuple[Members, str | None, str | None]:
        """A reader of the body, and the resource and its type as far as they are right."""
        members = Members(body)
        members.allow(READ_ONLY | self.members)
        return members, members.resource("resource"), members.one_of("resource_type", self.resource_types)

    def refuse_another(self, members: Members, live: JSON, **values: str | None) -> None:
        """A PATCH may repeat what is immutable, and may not change it."""
        for name, value in values.items():
            if value not in {None, live.get(name)}:
                members.refuse(name, "is immutable")

    def check_delete(self, live: JSON) -> None:
        """Always possible where the resource may be touched."""
        self.permit(live.get("resource"))


class PreferenceRules(ResourceRules):
    """One per resource: DISABLED mutes it."""

    collection = PREFERENCES
    resource_types = RESOURCE_TYPES
    members = frozenset({"resource", "resource_type", "current_state"})

    def created(self, body: JSON) -> JSON:
        """Needs all three members."""
        members, _, __ = self.resource_members(body)
        members.require(*sorted(self.members))
        members.one_of("current_state", STATES)
        members.check()
        self.permit(body["resource"])
        if self.living(PREFERENCES, body["resource"]):
            raise Refusal(conflict(f"There is a preference of {body['resource']} already"))
        return {name: body[name] for name in ("resource", "resource_type", "current_state")}

    def patched(self, live: JSON, body: JSON) -> JSON:
        """Takes `current_state`; the rest only as it is."""
        members, resource, resource_type = self.resource_members(body)
        self.refuse_another(members, live, resource=resource, resource_type=resource_type)
        state = members.one_of("current_state", STATES)
        members.check()
        self.permit(live.get("resource"))
        return {} if state is None else {"current_state": state}


class ResourceSubscriptionRules(ResourceRules):
    """One per resource and notification type."""

    collection = RESOURCE_SUBSCRIPTIONS
    resource_types = RESOURCE_TYPES - {"ORGANIZATION"}
    members = frozenset({"resource", "resource_type", "notification_type", "integrations", "current_state"})

    def created(self, body: JSON) -> JSON:
        """Needs all five members."""
        members, _, __ = self.resource_members(body)
        members.require(*sorted(self.members))
        members.reference("notification_type")
        members.references("integrations")
        members.one_of("current_state", STATES)
        members.check()
        resource, identifier = body["resource"], body["notification_type"]["id"]
        self.permit(resource)
        self.notification_type(identifier)
        references = self.integrations([item["id"] for item in body["integrations"]])
        siblings = self.living(RESOURCE_SUBSCRIPTIONS, resource)
        if any(referred_id(sibling.get("notification_type")) == identifier for sibling in siblings):
            raise Refusal(conflict(f"There is a subscription of {resource} to {identifier} already"))
        return {
            "resource": resource,
            "resource_type": body["resource_type"],
            "notification_type": reference(TYPES, identifier),
            "integrations": references,
            "current_state": body["current_state"],
        }

    def patched(self, live: JSON, body: JSON) -> JSON:
        """Takes `current_state` and `integrations`, the latter whole; the rest only as it is."""
        members, resource, resource_type = self.resource_members(body)
        self.refuse_another(members, live, resource=resource, resource_type=resource_type)
        identifier = members.reference("notification_type")
        if identifier not in {None, referred_id(live.get("notification_type"))}:
            members.refuse("notification_type", "is immutable")
        integrations = members.references("integrations")
        state = members.one_of("current_state", STATES)
        members.check()
        self.permit(live.get("resource"))
        values: JSON = {} if state is None else {"current_state": state}
        if integrations is not None:
            values["integrations"] = self.integrations(integrations)
        return values
