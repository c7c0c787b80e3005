"""The one kind of object that this provider manages."""

from __future__ import annotations

from notifconf.model import Kind

EVENT_SUBSCRIPTION = Kind("event-subscription", "event-subscriptions", is_target=False)

KINDS = (EVENT_SUBSCRIPTION,)
