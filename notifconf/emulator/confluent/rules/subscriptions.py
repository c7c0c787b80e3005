"""Subscriptions of the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifconf.emulator.confluent.errors import Refusal, invalid
from notifconf.emulator.confluent.members import READ_ONLY, Members
from notifconf.emulator.confluent.objects import SUBSCRIPTIONS, TYPES, reference, referred_id
from notifconf.emulator.confluent.rules.base import Rules

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON


class SubscriptionRules(Rules):
    """One per notification type; that of a REQUIRED type stays, and stays on."""

    collection = SUBSCRIPTIONS

    def created(self, body: JSON) -> JSON:
        """Needs the type and the integrations."""
        members = Members(body)
        members.allow(READ_ONLY | {"notification_type", "integrations", "current_state"})
        members.require("notification_type", "integrations")
        members.reference("notification_type")
        members.references("integrations")
        state = self.state_of_new(members)
        members.check()
        identifier = body["notification_type"]["id"]
        self._check_state(self.notification_type(identifier), state)
        references = self.integrations([item["id"] for item in body["integrations"]])
        self.refuse_twin(SUBSCRIPTIONS, self.store.page(SUBSCRIPTIONS.path, owner=identifier))
        return {
            "notification_type": reference(TYPES, identifier),
            "integrations": references,
            "current_state": state,
        }

    def patched(self, live: JSON, body: JSON) -> JSON:
        """Takes `current_state` and `integrations`, the latter whole; `notification_type` only as it is."""
        members = Members(body)
        members.allow(READ_ONLY | {"notification_type", "integrations", "current_state"})
        identifier = members.reference("notification_type")
        own = referred_id(live.get("notification_type"))
        if identifier not in {None, own}:
            members.refuse("notification_type", "is immutable")
        integrations = members.references("integrations")
        state = members.state()
        members.check()
        values: JSON = {}
        if state is not None:
            row = self.store.get(TYPES.path, own) if own else None
            self._check_state(row.json() if row else {}, state)
            values["current_state"] = state
        if integrations is not None:
            values["integrations"] = self.integrations(integrations)
        return values

    def check_delete(self, live: JSON) -> None:
        """400 for a REQUIRED type."""
        own = referred_id(live.get("notification_type"))
        row = self.store.get(TYPES.path, own) if own else None
        if row is not None and row.json().get("subscription_priority") == "REQUIRED":
            raise Refusal(invalid("The subscription to a REQUIRED notification type can't be deleted"))

    def _check_state(self, notification_type: JSON, state: str) -> None:
        if state == "DISABLED" and notification_type.get("subscription_priority") == "REQUIRED":
            detail = "The subscription to a REQUIRED notification type can't be disabled"
            raise Refusal(invalid(detail, pointer="/current_state"))
