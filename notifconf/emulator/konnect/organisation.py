"""What a new organisation has, and how objects are put into the store without asking the rules."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notifconf.emulator.clock import now

if TYPE_CHECKING:
    from notifconf.emulator.konnect.bodies import JSON
    from notifconf.emulator.store import Row, Store

EVENTS = "events"
SUBSCRIPTIONS = "event-subscriptions"
INBOX = "inbox"
COLLECTIONS = (EVENTS, SUBSCRIPTIONS, INBOX)

CATALOGUE = Path(__file__).with_name("catalogue.json")
NAMESPACE = uuid.UUID("3f0c6f0e-6c0d-4c39-9a55-0d6a8b6f5b1e")
DEFAULTS: dict[str, JSON] = {
    EVENTS: {"event_title": "", "event_description": "", "event_namespace": "organization", "default_subscription": []},
    SUBSCRIPTIONS: {
        "regions": ["*"],
        "entities": ["*"],
        "channels": [{"type": "EMAIL", "enabled": True}, {"type": "IN_APP", "enabled": True}],
        "enabled": True,
    },
    INBOX: {
        "title": "",
        "description": "",
        "status": "UNREAD",
        "region": "*",
        "namespace": "organization",
        "entity_id": "*",
        "details": {},
    },
}


def found(store: Store) -> None:
    """Fills an empty store: the events, and some notifications in the inbox."""
    catalogue: dict[str, list[JSON]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    for event in catalogue[EVENTS]:
        channels = [("EMAIL", event.pop("email")), ("IN_APP", event.pop("in_app"))]
        defaults = [{"channel": channel, "enabled": enabled} for channel, enabled in channels]
        insert(store, EVENTS, {**event, "default_subscription": defaults})
    for notification in catalogue[INBOX]:
        insert(store, INBOX, notification)


def new_uuid(store: Store) -> str:
    """An id that looks random and is the same in the same history of the database."""
    while True:
        identifier = str(uuid.uuid5(NAMESPACE, str(store.next_number("uuid"))))
        # A seeded object may have taken it.
        if all(store.get(collection, identifier) is None for collection in (SUBSCRIPTIONS, INBOX)):
            return identifier


def insert(store: Store, collection: str, body: Any, *, raw: bool = False) -> str:
    """Adds or replaces an object; answers its id.

    What is missing in the body is added (a `name` is not: a subscription may live without), unless `raw`: then
    the body is stored as it is. An event may say its `entity_type`; a subscription must say its `event_id`.
    """
    members = dict(body) if isinstance(body, dict) else {}
    entity_type = str(members.pop("entity_type", "")) if collection == EVENTS else ""
    owner = str(members.pop("event_id", "")) if collection == SUBSCRIPTIONS else ""
    own = members.get("event_id" if collection == EVENTS else "id")
    with store.transaction():
        identifier = own if isinstance(own, str) else new_uuid(store)
        if not raw:
            members = _completed(store, collection, members, identifier, owner)
        stored = members if isinstance(body, dict) else body
        links = links_of(owner, members) if collection == SUBSCRIPTIONS else ()
        store.put(collection, identifier, stored, owner=owner, facet=entity_type, links=links)
    return identifier


def links_of(event: str, subscription: JSON) -> list[str]:
    """What a subscription of an event is looked for by: each of its entities."""
    entities = subscription.get("entities")
    return [event_of_entity(event, entity) for entity in entities] if isinstance(entities, list) else []


def event_of_entity(event: str, entity: object) -> str:
    """What a gateway's entity may have few subscriptions of."""
    return f"{event}#{entity}"


def _completed(store: Store, collection: str, members: JSON, identifier: str, owner: str) -> JSON:
    if collection == EVENTS:
        members.pop("event_subscription_count", None)
        return {"event_id": identifier, **DEFAULTS[collection], **members}
    time = now()
    added: JSON = {"id": identifier, "created_at": time, "updated_at": time}
    if collection == SUBSCRIPTIONS:
        event = store.get(EVENTS, owner)
        added["entity_type"] = event.facet if event is not None and event.facet else "dataplane"
    return {**added, **DEFAULTS[collection], **members}


def dumped(collection: str, row: Row) -> Any:
    """A stored object, with what `insert` took out of its body."""
    body = json.loads(row.body)
    if isinstance(body, dict):
        if collection == EVENTS and row.facet:
            body["entity_type"] = row.facet
        elif collection == SUBSCRIPTIONS:
            body["event_id"] = row.owner
    return body
