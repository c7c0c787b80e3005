"""Resource preferences and resource subscriptions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from notifconf.emulator.confluent.members import READ_ONLY, Members
from notifconf.emulator.confluent.objects import (
    PREFERENCES,
    RESOURCE_SUBSCRIPTIONS,
    TYPES,
    reference,
    referred_id,
    type_of_resource,
)
from notifconf.emulator.confluent.rules.base import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notifconf.emulator.confluent.objects import JSON
    from notifconf.emulator.store import Row


class ResourceRules(Rules, ABC):
    """What the two kinds that belong to a resource have in common.

    A PATCH may name another resource and another resource type (the guide sends both): the object then belongs to
    that resource, where nothing is in its way.
    """

    members: frozenset[str]
    refused_resource_types: frozenset[str] = frozenset()

    def resource_members(self, body: JSON) -> tuple[Members, JSON]:
        """A reader of the body, and the resource and its type as far as they are there and right."""
        members = Members(body)
        members.allow(READ_ONLY | self.members)
        values = {
            "resource": members.resource("resource"),
            "resource_type": members.open_enum("resource_type", refused=self.refused_resource_types),
        }
        return members, {name: value for name, value in values.items() if value is not None}

    def check_resource(self, live: JSON, values: JSON) -> None:
        """Whether the live object may be touched, and may go where the values of a PATCH move it."""
        self.permit(live.get("resource"))
        if values.get("resource", live.get("resource")) != live.get("resource"):
            self.permit(values["resource"])
            self.refuse_twin(self.collection, self.twins(live | values), besides=live.get("id"))

    @abstractmethod
    def twins(self, body: JSON) -> Iterable[Row]:
        """The objects that could be what the body describes."""

    def check_delete(self, live: JSON) -> None:
        """Always possible where the resource may be touched."""
        self.permit(live.get("resource"))


class PreferenceRules(ResourceRules):
    """One per resource: DISABLED mutes it."""

    collection = PREFERENCES
    members = frozenset({"resource", "resource_type", "current_state"})

    def created(self, body: JSON) -> JSON:
        """Needs the resource and its type."""
        members, values = self.resource_members(body)
        members.require("resource", "resource_type")
        state = self.state_of_new(members)
        members.check()
        self.permit(values["resource"])
        self.refuse_twin(PREFERENCES, self.twins(values))
        return {**values, "current_state": state}

    def patched(self, live: JSON, body: JSON) -> JSON:
        """Takes all three members."""
        members, values = self.resource_members(body)
        state = members.state()
        members.check()
        self.check_resource(live, values)
        return values if state is None else {**values, "current_state": state}

    def twins(self, body: JSON) -> Iterable[Row]:
        """Those of the resource."""
        return self.store.page(PREFERENCES.path, owner=body["resource"])


class ResourceSubscriptionRules(ResourceRules):
    """One per resource and notification type."""

    collection = RESOURCE_SUBSCRIPTIONS
    members = frozenset({"resource", "resource_type", "notification_type", "integrations", "current_state"})
    refused_resource_types = frozenset({"ORGANIZATION"})

    def created(self, body: JSON) -> JSON:
        """Needs all members but the state."""
        members, values = self.resource_members(body)
        members.require("resource", "resource_type", "notification_type", "integrations")
        members.reference("notification_type")
        members.references("integrations")
        state = self.state_of_new(members)
        members.check()
        identifier = body["notification_type"]["id"]
        self.permit(values["resource"])
        self.notification_type(identifier)
        created = {
            **values,
            "notification_type": reference(TYPES, identifier),
            "integrations": self.integrations([item["id"] for item in body["integrations"]]),
            "current_state": state,
        }
        self.refuse_twin(RESOURCE_SUBSCRIPTIONS, self.twins(created))
        return created

    def patched(self, live: JSON, body: JSON) -> JSON:
        """Takes all members; `integrations` whole, `notification_type` only as it is."""
        members, values = self.resource_members(body)
        identifier = members.reference("notification_type")
        if identifier not in {None, referred_id(live.get("notification_type"))}:
            members.refuse("notification_type", "is immutable")
        integrations = members.references("integrations")
        state = members.state()
        members.check()
        self.check_resource(live, values)
        if state is not None:
            values["current_state"] = state
        if integrations is not None:
            values["integrations"] = self.integrations(integrations)
        return values

    def twins(self, body: JSON) -> Iterable[Row]:
        """Those of the resource and the type."""
        identifier = referred_id(body.get("notification_type")) or ""
        return self.store.linked(RESOURCE_SUBSCRIPTIONS.path, type_of_resource(body["resource"], identifier))
