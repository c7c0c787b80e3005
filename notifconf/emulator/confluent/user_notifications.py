"""What was delivered: the in-app notifications of the user whose key is used, and how a test delivers one.

A delivered notification names the integrations that it went to. Those are the integrations of the enabled subscriptions
to its type: the organisation's, and the resource's own. None are left where the resource is muted, unless the type is
REQUIRED. A resource is muted by its own preference, by that of its environment, or by the organisation's.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from notifconf.emulator.clock import now
from notifconf.emulator.confluent.inventory import (
    CLUSTERS,
    CONNECTORS,
    ENVIRONMENTS,
    POOLS,
    cluster_of_connectors,
    name_of_connector,
)
from notifconf.emulator.confluent.objects import (
    INTEGRATIONS,
    PREFERENCES,
    RESOURCE_SUBSCRIPTIONS,
    SUBSCRIPTIONS,
    TYPES,
    Collection,
    is_alive,
    new_object,
    referred_id,
    resource_name,
    type_of_resource,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifconf.emulator.confluent.objects import JSON
    from notifconf.emulator.store import Row, Store

USER_NOTIFICATIONS = Collection("user-notifications", "UserNotification", "user-notification", "un-")
COLLECTIONS = {USER_NOTIFICATIONS.path: USER_NOTIFICATIONS}

RESOURCE_TYPES = {
    "environment": "ENVIRONMENT",
    "cloud-cluster": "CLUSTER",
    "connector": "CONNECTOR",
    "cloud-connector": "CONNECTOR",
    "compute-pool": "FLINK_COMPUTE_POOL",
    "statement": "FLINK_STATEMENT",
}
ACTIONS = [{"role": "PRIMARY", "display_name": "Open", "url": "https://confluent.cloud"}]
RECOMMENDED_ACTIONS = {"version": "1", "actions": [{"display_name": "Look at it", "description": "See what happened."}]}


class Place(NamedTuple):
    """A resource as the inventory knows it: its paths, the whole one first, its environment or "", its name."""

    paths: tuple[str, ...]
    environment: str
    display_name: str


def found(_: Store) -> None:
    """A new organisation has told nobody anything."""


def insert(store: Store, path: str, body: Any, *, raw: bool = False) -> str:
    """Adds or replaces a notification; answers its id. What is missing in the body is added, unless `raw`."""
    members: JSON = dict(body) if isinstance(body, dict) else {}
    own = members.get("id")
    with store.transaction():
        identifier = own if isinstance(own, str) else store.new_id(path, USER_NOTIFICATIONS.prefix)
        stored: Any = body
        if not raw:
            usual: JSON = {"read": False, "read_at": None, "severity": "INFO", "received_at": now(), "integrations": []}
            stored = new_object(USER_NOTIFICATIONS, identifier, {**usual, **members})
        store.put(path, identifier, stored)
    return identifier


def dumped(_: str, row: Row) -> Any:
    """A stored notification."""
    return json.loads(row.body)


def deliver(
    store: Store, *, notification_type: str, resource: str = "", resource_type: str = "", received_at: str = ""
) -> JSON:
    """Something has happened to a resource ("" for the organisation): answers the notification of it.

    The type is named by its id or its display name. Raises ValueError for one that does not exist, and for a time that
    is none.
    """
    datetime.fromisoformat(received_at or now())
    with store.transaction():
        type_row = store.get(TYPES.path, notification_type) or _type_named(store, notification_type)
        kind = type_row.json()
        place = locate(store, resource)
        told: list[JSON] = []
        if kind.get("subscription_priority") == "REQUIRED" or not _is_muted(store, place):
            told = [*_integrations(store, type_row.id, place)]
        last_type = resource.rpartition("/")[2].partition("=")[0]
        body = {
            "severity": kind.get("severity"),
            "received_at": received_at or now(),
            "resource": {
                "type": resource_type or RESOURCE_TYPES.get(last_type, "ORGANIZATION"),
                "crn": resource_name(place.paths[0]).rstrip("/"),
                "display_name": place.display_name or "Organization",
            },
            "notification_type": kind,
            "integrations": told,
            "actions": ACTIONS,
            "recommended_actions": RECOMMENDED_ACTIONS,
        }
        identifier = insert(store, USER_NOTIFICATIONS.path, body)
        row = store.get(USER_NOTIFICATIONS.path, identifier)
        return row.json() if row is not None else {}


def locate(store: Store, resource: str) -> Place:
    """The place of a resource. One that the inventory doesn't know has the path that was asked for alone."""
    segments = dict(segment.partition("=")[::2] for segment in resource.split("/"))
    environment = segments.get("environment", "")
    last_type, _, last = resource.rpartition("/")[2].partition("=")
    if last_type == "cloud-connector" and (row := store.get(CONNECTORS.path, last)):
        return _place_of_connector(row)
    if last_type == "connector":
        siblings = store.page(
            CONNECTORS.path, owner=cluster_of_connectors(environment, segments.get("cloud-cluster", ""))
        )
        for row in siblings:
            if name_of_connector(row) == last:
                return _place_of_connector(row)
    if last_type == "cloud-cluster" and (row := store.get(CLUSTERS.path, last)):
        paths = (f"environment={row.owner}/cloud-cluster={last}", f"cloud-cluster={last}")
        return Place(paths, row.owner, _display_name(row, last))
    if last_type == "compute-pool" and (row := store.get(POOLS.path, last)):
        return Place((resource,), row.owner, _display_name(row, last))
    row_of_environment = store.get(ENVIRONMENTS.path, last) if last_type == "environment" else None
    name = last if row_of_environment is None else _display_name(row_of_environment, last)
    return Place((resource,), environment, name)


def _place_of_connector(row: Row) -> Place:
    environment, _, cluster = row.owner.partition("/")
    name = name_of_connector(row)
    short = f"cloud-connector={row.id}"
    # A name with "/" can't be a segment of a path.
    paths = (f"environment={environment}/cloud-cluster={cluster}/connector={name}", short)
    return Place((short,) if "/" in name else paths, environment, name)


def _display_name(row: Row, default: str) -> str:
    body = row.json()
    spec = body.get("spec")
    name = body.get("display_name") or (spec.get("display_name") if isinstance(spec, dict) else None)
    return str(name or default)


def _type_named(store: Store, display_name: str) -> Row:
    for row in store.page(TYPES.path):
        if row.json().get("display_name") == display_name:
            return row
    raise ValueError(f"there is no notification type {display_name!r}")


def _is_muted(store: Store, place: Place) -> bool:
    resources = {*place.paths, f"environment={place.environment}"}
    preferences = [row for resource in resources for row in store.page(PREFERENCES.path, owner=resource)]
    preferences += store.page(PREFERENCES.path, facets=["ORGANIZATION"])
    return any(
        body.get("current_state") == "DISABLED" and is_alive(body) for row in preferences if (body := row.json())
    )


def _integrations(store: Store, notification_type: str, place: Place) -> Iterator[JSON]:
    """Snapshots of the integrations that are told, each once."""
    subscriptions = store.page(SUBSCRIPTIONS.path, owner=notification_type)
    for path in place.paths:
        target = type_of_resource(path, notification_type)
        subscriptions += store.linked(RESOURCE_SUBSCRIPTIONS.path, target)
    seen = set()
    for subscription in (row.json() for row in subscriptions):
        used = subscription.get("integrations")
        if subscription.get("current_state") != "ENABLED" or not is_alive(subscription) or not isinstance(used, list):
            continue
        for identifier in filter(None, map(referred_id, used)):
            row = store.get(INTEGRATIONS.path, identifier)
            if identifier not in seen and row is not None and is_alive(row.json()):
                seen.add(identifier)
                yield row.json()
