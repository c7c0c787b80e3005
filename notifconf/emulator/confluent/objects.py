"""What the service's objects look like: kinds, ids, metadata, references."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notifconf.emulator.clock import now

JSON = dict[str, Any]

HOST = "https://api.confluent.cloud"
ROOT = "/notifications/v1"
API_VERSION = "notifications/v1"

RESOURCE_TYPES = frozenset(
    {"ORGANIZATION", "ENVIRONMENT", "CLUSTER", "CONNECTOR", "FLINK_COMPUTE_POOL", "FLINK_STATEMENT"}
)
STATES = frozenset({"ENABLED", "DISABLED"})


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of object: its path segment, its `kind`, the `kind` in references to it, the prefix of its ids."""

    path: str
    kind: str
    reference_kind: str
    prefix: str

    @property
    def url(self) -> str:
        """The vendor's address of the collection."""
        return f"{HOST}{ROOT}/{self.path}"


TYPES = Collection("notification-types", "NotificationType", "notification-type", "nt-")
INTEGRATIONS = Collection("integrations", "Integration", "integration", "i-")
SUBSCRIPTIONS = Collection("subscriptions", "Subscription", "subscription", "s-")
PREFERENCES = Collection("resource-preferences", "ResourcePreference", "resource-preference", "rp-")
RESOURCE_SUBSCRIPTIONS = Collection("resource-subscriptions", "ResourceSubscription", "resource-subscription", "rs-")
COLLECTIONS = {
    collection.path: collection
    for collection in (TYPES, INTEGRATIONS, SUBSCRIPTIONS, PREFERENCES, RESOURCE_SUBSCRIPTIONS)
}


def reference(collection: Collection, identifier: str) -> JSON:
    """What stands for another object in an answer."""
    return {
        "resource_name": f"crn://confluent.cloud/{collection.reference_kind}={identifier}",
        "api_version": API_VERSION,
        "id": identifier,
        "kind": collection.reference_kind,
        "related": f"{collection.url}/{identifier}",
    }


def new_object(collection: Collection, identifier: str, members: JSON) -> JSON:
    """The members with what the service adds to each object; what the members say themselves holds."""
    time = now()
    metadata = {
        "self": f"{collection.url}/{identifier}",
        "resource_name": f"crn://confluent.cloud/{collection.reference_kind}={identifier}",
        "created_at": time,
        "updated_at": time,
    }
    own = members.get("metadata")
    if isinstance(own, dict):
        metadata |= own
    head = {"api_version": API_VERSION, "kind": collection.kind, "id": identifier}
    return {**head, **members, "metadata": metadata}


def with_references(members: JSON) -> JSON:
    """References of nothing but an id, as a test or a client writes them, become what the service answers."""
    completed = dict(members)
    if _is_bare(members.get("notification_type")):
        completed["notification_type"] = reference(TYPES, members["notification_type"]["id"])
    if isinstance(members.get("integrations"), list):
        completed["integrations"] = [
            reference(INTEGRATIONS, item["id"]) if _is_bare(item) else item for item in members["integrations"]
        ]
    return completed


def _is_bare(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"id"} and isinstance(value["id"], str)


def owner_of(collection: str, body: JSON) -> str:
    """What an object belongs to (see `store.Row`); "" where its body does not say."""
    owner: object = None
    if collection == SUBSCRIPTIONS.path:
        owner = referred_id(body.get("notification_type"))
    elif collection in {PREFERENCES.path, RESOURCE_SUBSCRIPTIONS.path}:
        owner = body.get("resource")
    return owner if isinstance(owner, str) else ""


def facet_of(resource_types: object) -> str:
    """The resource types of a notification type, preference or subscription (see `store.Row`)."""
    types = [resource_types] if isinstance(resource_types, str) else resource_types
    if not isinstance(types, list) or not types:
        types = ["ORGANIZATION"]
    return "|" + "".join(f"{name}|" for name in types)


def referred_id(value: object) -> str | None:
    """The id in a live reference, whatever else it holds."""
    identifier = value.get("id") if isinstance(value, dict) else None
    return identifier if isinstance(identifier, str) else None


def is_alive(body: JSON) -> bool:
    """Whether the object counts: one whose `deleted_at` is past is still listed, and is as good as absent."""
    metadata = body.get("metadata")
    deleted_at = metadata.get("deleted_at") if isinstance(metadata, dict) else None
    if not isinstance(deleted_at, str):
        return True
    try:
        return datetime.fromisoformat(deleted_at) > datetime.now(UTC)
    except (ValueError, TypeError):
        return True
