"""One emulated organisation at each vendor: its objects, its settings, and what was asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifconf.emulator.confluent import inventory, user_notifications
from notifconf.emulator.confluent import organisation as confluent
from notifconf.emulator.confluent.objects import COLLECTIONS
from notifconf.emulator.konnect import organisation as konnect
from notifconf.emulator.requestlog import RequestLog
from notifconf.emulator.settings import Settings
from notifconf.emulator.store import VERSION, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType


IDS = ("id", "event_id")


class Emulator:
    """Behind the service's back: what a console, another client or a test does without asking the rules.

    Collections are named `notification-types`, `integrations`, `subscriptions`, `resource-preferences` and
    `resource-subscriptions` (Confluent), `environments`, `clusters`, `connectors` and `compute-pools` (Confluent's
    inventory), `user-notifications` (what was delivered at Confluent), `events`, `event-subscriptions` and `inbox`
    (Konnect).
    """

    collections = (
        *COLLECTIONS,
        *inventory.COLLECTIONS,
        *user_notifications.COLLECTIONS,
        *konnect.COLLECTIONS,
    )

    def __init__(self, database: str, settings: Settings | None = None) -> None:
        """Opens the database (see `Store`); a new one gets a new organisation."""
        self.settings = settings or Settings()
        self.requests = RequestLog()
        self.store = Store(database)
        with self.store.transaction():
            if self.store.next_number("opened") == 1:
                self._found()
            elif self.store.version < VERSION:
                self._upgrade()
            self.store.version = VERSION

    def close(self) -> None:
        """Closes the database."""
        self.store.close()

    def reset(self) -> None:
        """A new organisation, as it was on the first day."""
        with self.store.transaction():
            for collection in self.collections:
                self.store.clear(collection)
            self._found()

    def seed(self, collection: str, *bodies: Any, raw: bool = False) -> list[str]:
        """Adds objects, or replaces those of the same ids; answers the ids.

        A body needs to hold only what matters: id, kind, metadata and the read-only members of references are
        filled in. With `raw` it is stored as it is, whatever it is. No rule is asked, so twins are possible.
        """
        self._check(collection)
        with self.store.transaction():
            return [_vendor(collection).insert(self.store, collection, body, raw=raw) for body in bodies]

    def replace(self, state: Mapping[str, Iterable[Any]], *, raw: bool = False) -> None:
        """Each named collection holds these objects and no other."""
        with self.store.transaction():
            for collection, bodies in state.items():
                self._check(collection)
                self.store.clear(collection)
                self.seed(collection, *bodies, raw=raw)

    def remove(self, collection: str, identifier: str) -> bool:
        """Removes an object, and what is inside of an environment or a cluster; says whether it was there."""
        self._check(collection)
        if collection in inventory.COLLECTIONS:
            return inventory.remove(self.store, collection, identifier)
        return self.store.delete(collection, identifier)

    def change(self, collection: str, identifier: str, members: Mapping[str, Any]) -> Any:
        """Sets members of an object, such as its name; answers the object, None where there is none of that id."""
        with self.store.transaction():
            before = self.object(collection, identifier)
            if not isinstance(before, dict):
                return None
            self.seed(collection, {**before, **members, **{name: before[name] for name in IDS if name in before}})
            return self.object(collection, identifier)

    def grow_inventory(self, *, environments: int, clusters: int, connectors: int, pools: int = 0) -> None:
        """Adds so many environments, with so many clusters and compute pools each, and so many connectors a cluster."""
        inventory.grow(self.store, environments=environments, clusters=clusters, connectors=connectors, pools=pools)

    def object(self, collection: str, identifier: str) -> Any:
        """One object, as `objects` answers it; None where there is none of that id."""
        self._check(collection)
        row = self.store.get(collection, identifier)
        return None if row is None else _vendor(collection).dumped(collection, row)

    def objects(self, collection: str) -> list[Any]:
        """Everything in a collection, in order, as reads answer it."""
        self._check(collection)
        return [_vendor(collection).dumped(collection, row) for row in self.store.page(collection)]

    def state(self) -> dict[str, list[Any]]:
        """Everything: what `replace` takes."""
        with self.store.transaction():
            return {collection: self.objects(collection) for collection in self.collections}

    def add_user(self, user: str) -> list[str]:
        """A user of the Confluent organisation: answers the ids of their UserEmail and InApp integrations."""
        with self.store.transaction():
            return confluent.add_user(self.store, user)

    def deliver(
        self, notification_type: str, resource: str = "", *, resource_type: str = "", received_at: str = ""
    ) -> Any:
        """Something has happened to a resource of the Confluent organisation ("" for all of it): answers what is told.

        The type is named by its id or its display name; `received_at` is now, where it is not given. Who hears of it
        is computed from subscriptions, resource subscriptions and mutes, see `confluent.user_notifications`. Raises
        ValueError for a type that does not exist.
        """
        return user_notifications.deliver(
            self.store,
            notification_type=notification_type,
            resource=resource,
            resource_type=resource_type,
            received_at=received_at,
        )

    def _upgrade(self) -> None:
        """The file of an older emulator: puts every object anew, which makes the counts and links of the store."""
        self.replace(self.state(), raw=True)
        inventory.found(self.store)

    def _found(self) -> None:
        confluent.found(self.store)
        inventory.found(self.store)
        konnect.found(self.store)

    def _check(self, collection: str) -> None:
        if collection not in self.collections:
            raise ValueError(f"unknown collection {collection!r}: one of {', '.join(self.collections)}")


def _vendor(collection: str) -> ModuleType:
    for vendor in (inventory, user_notifications):
        if collection in vendor.COLLECTIONS:
            return vendor
    return confluent if collection in COLLECTIONS else konnect
