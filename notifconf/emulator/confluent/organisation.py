"""What a new organisation has, and how objects are put into the store without asking the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notifconf.emulator.confluent.objects import (
    COLLECTIONS,
    INTEGRATIONS,
    SUBSCRIPTIONS,
    TYPES,
    facet_of,
    links_of,
    new_object,
    owner_of,
    with_references,
)

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON
    from notifconf.emulator.store import Row, Store

CATALOGUE = Path(__file__).with_name("catalogue.json")
AUTO_SUBSCRIBED = frozenset({"REQUIRED", "RECOMMENDED"})


def found(store: Store) -> None:
    """Fills an empty store: the catalogue, the mail to the admins, and what goes there without being asked."""
    catalogue: dict[str, list[JSON]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    for notification_type in catalogue[TYPES.path]:
        insert(store, TYPES.path, {**notification_type, "is_included_in_plan": True})
    for integration in catalogue[INTEGRATIONS.path]:
        insert(store, INTEGRATIONS.path, integration)
    admins = [{"id": integration["id"]} for integration in catalogue[INTEGRATIONS.path]]
    for notification_type in catalogue[TYPES.path]:
        if notification_type["subscription_priority"] in AUTO_SUBSCRIBED:
            subscription = {
                "notification_type": {"id": notification_type["id"]},
                "integrations": admins,
                "current_state": "ENABLED",
            }
            insert(store, SUBSCRIPTIONS.path, subscription)


def add_user(store: Store, user: str) -> list[str]:
    """The two integrations that a user of the organisation brings along: mail and in-app. Answers their ids."""
    integrations = [
        {"display_name": f"{user} ({kind})", "target": {"kind": kind, "user": {"id": user}}}
        for kind in ("UserEmail", "InApp")
    ]
    return [insert(store, INTEGRATIONS.path, integration) for integration in integrations]


def insert(store: Store, path: str, body: Any, *, raw: bool = False) -> str:
    """Adds or replaces an object; answers its id.

    What is missing in the body (id, kind, metadata, the read-only part of references) is added, unless `raw`:
    then the body is stored as it is. A notification type may say in `resource_types` what it concerns.
    """
    collection = COLLECTIONS[path]
    members = dict(body) if isinstance(body, dict) else {}
    facet = ""
    if path == TYPES.path:
        facet = facet_of(members.pop("resource_types", None))
    elif "resource_type" in members:
        facet = facet_of(members["resource_type"])
    own = members.get("id")
    with store.transaction():
        identifier = own if isinstance(own, str) else store.new_id(path, collection.prefix)
        if not raw:
            stored: Any = new_object(collection, identifier, with_references(members))
        else:
            stored = members if isinstance(body, dict) else body
        owner, links = owner_of(path, members), links_of(path, members)
        store.put(path, identifier, stored, owner=owner, facet=facet, links=links)
    return identifier


def dumped(path: str, row: Row) -> Any:
    """A stored object, with what `insert` took out of its body."""
    body = json.loads(row.body)
    if path == TYPES.path and isinstance(body, dict) and row.facet != facet_of(None):
        body["resource_types"] = row.facet.strip("|").split("|")
    return body
