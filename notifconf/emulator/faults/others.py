"""What other people do to the same organisation, and what a lagging list does not show yet."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from notifconf.emulator.faults.answers import of_status

if TYPE_CHECKING:
    from notifconf.emulator.emulator import Emulator
    from notifconf.emulator.faults.answers import Answer

CONFLUENT = re.compile(r"/notifications/v1/(?P<collection>[a-z-]+)(?P<lookup>:[a-z]+)?(?:/(?P<id>[^/]+))?")
INVENTORY = re.compile(r"/(?:org/v2|cmk/v2|fcpm/v2)/(?P<collection>environments|clusters|compute-pools)")
CONNECTORS = re.compile(r"/connect/v1/environments/(?P<environment>[^/]+)/clusters/(?P<cluster>[^/]+)/connectors")
KONNECT = re.compile(r"/v1/notifications/configurations/(?P<owner>[^/]+)/subscriptions(?:/(?P<id>[^/]+))?")
INBOX = re.compile(r"/v1/notifications/inbox(?:/(?P<id>[^/]+))?")
FLIPPED = {"ENABLED": "DISABLED", "DISABLED": "ENABLED", "READ": "UNREAD"}
SOMEONE_ELSES = "Made in the console"


@dataclass(frozen=True, slots=True)
class Place:
    """What a request is about: a collection, the owner that it asks for (or ""), an object of it (or "")."""

    collection: str
    owner: str = ""
    id: str = ""


def locate(path: str, query: dict[str, str], emulator: Emulator) -> Place | None:
    """The place of a request; None for an operation on nothing that is stored."""
    if found := KONNECT.fullmatch(path):
        return Place("event-subscriptions", unquote(found["owner"]), found["id"] or "")
    if found := INBOX.fullmatch(path):
        return None if found["id"] == "bulk" else Place("inbox", "", found["id"] or "")
    if found := INVENTORY.fullmatch(path):
        return Place(found["collection"], query.get("environment", ""))
    if found := CONNECTORS.fullmatch(path):
        return Place("connectors", f"{unquote(found['environment'])}/{unquote(found['cluster'])}")
    found = CONFLUENT.fullmatch(path)
    if found is None or found["collection"] not in emulator.collections or found["lookup"] not in {None, ":lookup"}:
        return None
    return Place(found["collection"], query.get("resource", ""), found["id"] or "")


def vanish(emulator: Emulator, place: Place) -> None:
    """The object of the request is gone."""
    if place.id:
        emulator.remove(place.collection, place.id)


def meddle(emulator: Emulator, method: str, place: Place, body: bytes) -> None:
    """Someone else was a moment faster."""
    if place.id:
        _change(emulator, place)
    elif method == "POST":
        _make_twin(emulator, place, body)
    else:
        _add(emulator, place)


def _change(emulator: Emulator, place: Place) -> None:
    live = emulator.object(place.collection, place.id)
    if not isinstance(live, dict):
        return
    if "current_state" in live:
        live["current_state"] = FLIPPED.get(live["current_state"], "ENABLED")
    elif "status" in live:
        live["status"] = FLIPPED.get(live["status"], "READ")
    elif "enabled" in live:
        live["enabled"] = not live["enabled"]
    elif "read" in live:
        live["read"] = not live["read"]
    else:
        live["description"] = SOMEONE_ELSES
    emulator.seed(place.collection, live)


def _make_twin(emulator: Emulator, place: Place, body: bytes) -> None:
    try:
        twin = json.loads(body)
    except ValueError:
        return
    if isinstance(twin, dict):
        twin.pop("id", None)
        emulator.seed(place.collection, _owned(place, twin))


def _add(emulator: Emulator, place: Place) -> None:
    """One object more, of someone who does not know the workspace."""
    if place.collection == "event-subscriptions":
        extra: dict[str, Any] = {"name": SOMEONE_ELSES, "enabled": False}
        emulator.seed(place.collection, _owned(place, extra))
    elif place.collection == "integrations":
        target = {"kind": "Webhook", "url": "https://console.example/hook"}
        emulator.seed(place.collection, {"display_name": SOMEONE_ELSES, "target": target})


def _owned(place: Place, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "event_id": place.owner} if place.collection == "event-subscriptions" else body


class Lag:
    """Objects that exist and that lists do not show yet."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._left: dict[tuple[str, str], int] = {}

    def hide(self, place: Place, answer: Answer, lists: int) -> None:
        """The object that this answer says was created is missing in so many lists."""
        created = answer.json()
        if isinstance(created, dict) and isinstance(created.get("id"), str):
            self._left[place.collection, created["id"]] = lists

    def __bool__(self) -> bool:
        return bool(self._left)

    def filtered(self, place: Place, answer: Answer, *, is_first_page: bool) -> Answer:
        """The answer to a list or lookup without what is hidden; 404 where a lookup finds nothing else."""
        hidden = {identifier for identifier in self._of(place) if self._hides(place, identifier, is_first_page)}
        body = answer.json()
        if not hidden or not isinstance(body, dict):
            return answer
        if "data" not in body:
            return of_status("404", "") if body.get("id") in hidden else answer
        shown = [item for item in body["data"] if not (isinstance(item, dict) and item.get("id") in hidden)]
        metadata = body.get("metadata")
        if isinstance(metadata, dict) and "total_size" in metadata:
            metadata["total_size"] -= len(hidden)
        return answer.with_json({**body, "data": shown})

    def _of(self, place: Place) -> list[str]:
        found = []
        for collection, identifier in self._left:
            row = self._emulator.store.get(collection, identifier) if collection == place.collection else None
            if row is not None and place.owner in {"", row.owner}:
                found.append(identifier)
        return found

    def _hides(self, place: Place, identifier: str, is_first_page: bool) -> bool:
        key = (place.collection, identifier)
        if is_first_page:
            self._left[key] -= 1
            if self._left[key] < 0:
                del self._left[key]
                return False
        return True
