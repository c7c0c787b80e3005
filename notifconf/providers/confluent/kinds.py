"""The kinds of object that this provider manages; what is referred to comes before what refers to it."""

from __future__ import annotations

from notifconf.model import Kind

REFERENCES = frozenset({"notification_type", "integrations"})

INTEGRATION = Kind("integration", "integrations")
SUBSCRIPTION = Kind("subscription", "subscriptions", REFERENCES, unique=True, is_target=False)
PREFERENCE = Kind("resource-preference", "resource-preferences", unique=True, is_target=False)
RESOURCE_SUBSCRIPTION = Kind(
    "resource-subscription", "resource-subscriptions", REFERENCES, unique=True, is_target=False
)

KINDS = (INTEGRATION, SUBSCRIPTION, PREFERENCE, RESOURCE_SUBSCRIPTION)
