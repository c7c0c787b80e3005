"""What the service's objects look like: kinds, ids, metadata, references."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notifconf.emulator.clock import now

JSON = dict[str, Any]

HOST = "https://api.confluent.cloud"
API_VERSION = "notifications/v1"
ROOT = f"/{API_VERSION}"
ORGANIZATION = "9bb441c4-edef-46ac-8a41-c49e44a3fd9a"
GO_ZERO_YEAR = 1

STATES = frozenset({"ENABLED", "DISABLED"})

# The member that holds the address, of each kind of integration that can be written.
URL_MEMBERS = {"Slack": "webhook_url", "MsTeams": "webhook_url", "Webhook": "url"}
# The vendor's own Terraform provider writes `SlackTarget` for `Slack`, and so on, on one of its ways.
LONG_KIND_SUFFIX = "Target"
QUOTA = "integrations_per_org"
QUOTA_UNTIL_DELETED = f"{QUOTA} until deleted"


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of object.

    It has a path segment, a `kind`, the `kind` in references to it, the prefix of its ids, and the API it belongs to.
    """

    path: str
    kind: str
    reference_kind: str
    prefix: str
    api_version: str = API_VERSION

    @property
    def url(self) -> str:
        """The vendor's address of the collection."""
        return f"{HOST}/{self.api_version}/{self.path}"


TYPES = Collection("notification-types", "NotificationType", "notification-type", "nt-")
INTEGRATIONS = Collection("integrations", "Integration", "integration", "i-")
SUBSCRIPTIONS = Collection("subscriptions", "Subscription", "subscription", "s-")
PREFERENCES = Collection("resource-preferences", "ResourcePreference", "resource-preference", "rp-")
RESOURCE_SUBSCRIPTIONS = Collection("resource-subscriptions", "ResourceSubscription", "resource-subscription", "rs-")
COLLECTIONS = {
    collection.path: collection
    for collection in (TYPES, INTEGRATIONS, SUBSCRIPTIONS, PREFERENCES, RESOURCE_SUBSCRIPTIONS)
}


def resource_name(path: str) -> str:
    """The vendor's name of something in this organisation, such as `environment=env-abc123`."""
    return f"crn://confluent.cloud/organization={ORGANIZATION}/{path}"


def reference(collection: Collection, identifier: str) -> JSON:
    """What stands for another object in an answer."""
    return {
        "resource_name": resource_name(f"{collection.reference_kind}={identifier}"),
        "api_version": collection.api_version,
        "id": identifier,
        "kind": collection.reference_kind,
        "related": f"{collection.url}/{identifier}",
    }


def new_object(collection: Collection, identifier: str, members: JSON) -> JSON:
    """The members with what the service adds to each object; what the members say themselves holds."""
    time = now()
    metadata = {
        "self": f"{collection.url}/{identifier}",
        "resource_name": resource_name(f"{collection.reference_kind}={identifier}"),
        "created_at": time,
        "updated_at": time,
    }
    own = members.get("metadata")
    if isinstance(own, dict):
        metadata |= own
    head = {"api_version": collection.api_version, "kind": collection.kind, "id": identifier}
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
    if collection == INTEGRATIONS.path:
        return quota_of(body)
    if collection == SUBSCRIPTIONS.path:
        owner = referred_id(body.get("notification_type"))
    elif collection in {PREFERENCES.path, RESOURCE_SUBSCRIPTIONS.path}:
        owner = body.get("resource")
    return owner if isinstance(owner, str) else ""


def quota_of(integration: JSON) -> str:
    """What an integration counts towards: one whose `deleted_at` is not yet known to be past is counted apart."""
    if kind_of(integration) not in URL_MEMBERS:
        return ""
    return QUOTA if _deleted_at(integration) is None else QUOTA_UNTIL_DELETED


def links_of(collection: str, body: JSON) -> list[str]:
    """What an object refers to, for those who look for its users: integrations, and a resource's type."""
    if collection not in {SUBSCRIPTIONS.path, RESOURCE_SUBSCRIPTIONS.path}:
        return []
    used = body.get("integrations")
    links = [identifier for item in (used if isinstance(used, list) else ()) if (identifier := referred_id(item))]
    resource, own_type = body.get("resource"), referred_id(body.get("notification_type"))
    if collection == RESOURCE_SUBSCRIPTIONS.path and isinstance(resource, str) and own_type:
        links.append(type_of_resource(resource, own_type))
    return links


def type_of_resource(resource: str, notification_type: str) -> str:
    """What at most one resource subscription may have."""
    return f"{resource}#{notification_type}"


def kind_of(integration: JSON) -> str | None:
    """The kind of an integration's target, in its short form: a seeded one may have either."""
    target = integration.get("target")
    kind = target.get("kind") if isinstance(target, dict) else None
    return kind.removesuffix(LONG_KIND_SUFFIX) if isinstance(kind, str) else None


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
    deleted_at = _deleted_at(body)
    return deleted_at is None or deleted_at > datetime.now(UTC)


def _deleted_at(body: JSON) -> datetime | None:
    """When the object is deleted; None where nothing says so. The year 1 is Go's zero time: not set."""
    metadata = body.get("metadata")
    text = metadata.get("deleted_at") if isinstance(metadata, dict) else None
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if time is None or time.tzinfo is None or time.year == GO_ZERO_YEAR else time
