"""One change, carried out idempotently.

A list (the integrations of a subscription) is shared by all who use the organization, and a PATCH replaces it whole. So
it is read again right before it is written, and the change is made to what is found then: what the plan takes out goes,
what the workspace wants comes, and the rest stays. An object is read again as well before its mark is written: two
owners may adopt it at the same time. See `plan/ownership.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from notifconf.errors import ChangedSinceError, ConflictError, NotFoundError, ServiceError
from notifconf.executor.recovery import Baseline, Recovery
from notifconf.executor.secrets import encode_attributes, find_lists, merge_lists, reveal
from notifconf.model.plan import Action, Attributes, Change
from notifconf.model.resource import Kind
from notifconf.plan.ownership import split_mark
from notifconf.plan.planner import Secrets
from notifconf.providers.base import Connection, Plain, Provider


class ObjectInUseError(Exception):
    """The service does not delete the object, since something still refers to it."""


@dataclass(slots=True)
class Writer:
    """Writes changes to the service, and remembers what this run made.

    `ids` holds the id of each created object by its address, for the changes that refer to it. `created` holds (kind,
    id) of the objects that the service created for this run, `adopted` those that existed. `conflicts` holds the
    addresses of creates that failed because an object with the same natural key exists, and is not as declared.
    `sent_again` holds the addresses of creates that were sent more than once and may have made more than one object.
    """

    connection: Connection
    provider: Provider
    secrets: Secrets
    baseline: Baseline = field(default_factory=Baseline)
    verify: bool = True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ids: dict[str, str] = field(default_factory=dict)
    created: set[tuple[str, str]] = field(default_factory=set)
    adopted: set[tuple[str, str]] = field(default_factory=set)
    conflicts: set[str] = field(default_factory=set)
    sent_again: set[str] = field(default_factory=set)

    async def write(self, change: Change) -> str | None:
        """Write a change, and return the id of the object. Raises `ServiceError` or `ObjectInUseError`."""
        if change.action is Action.DELETE:
            await self._delete(change)
            return change.id
        attributes = self.attributes(change)
        if self.verify and self.provider.verifies(change.kind, change.changed):
            await self._prove(change.kind, attributes)
        if change.id is None:
            return await self._create(change, attributes)
        await self._check_owner(change, attributes)
        lists = merge_lists(change, await self._read_lists(change, attributes), self.ids)
        await self.connection.update(change.kind, change.id, {**attributes, **lists}, change.changed)
        return change.id

    async def repair(self, change: Change) -> None:
        """Write the lists of an update again if, read again, they miss something. Raises `ServiceError`."""
        attributes = self.attributes(change)
        found = await self._read_lists(change, attributes)
        lists = merge_lists(change, found, self.ids)
        missing = [name for name, value in lists.items() if value != found[name]]
        if missing:
            await self.connection.update(change.kind, change.id or "", {**attributes, **lists}, missing)

    async def _read_lists(self, change: Change, attributes: dict[str, Plain]) -> dict[str, Plain]:
        """Return the lists that an update writes, or that a delete takes away, as they live by now."""
        lists = find_lists(change)
        if not lists:
            return {}
        live = await self.connection.get(change.kind, change.id or "", attributes)
        if live is None and change.action is Action.DELETE:
            return {}
        if live is None:
            raise ChangedSinceError(f"{change.address} is gone since the plan was made: plan again")
        return {name: reveal(live.attributes.get(name)) for name in lists}

    async def _check_owner(self, change: Change, attributes: dict[str, Plain]) -> None:
        """Before a mark is written, check that nobody else has marked the object in the meantime."""
        mark = self.kind_of(change.kind).mark
        if mark is None or mark.attribute not in change.changed:
            return
        before, after = (_find_owner(side, mark.attribute) for side in (change.before, change.after))
        if before == after:
            return
        live = await self.connection.get(change.kind, change.id or "", attributes)
        if live is not None and live.owner not in {before, after, None}:
            raise ChangedSinceError(f"{change.address} belongs to {live.owner} since the plan was made: plan again")

    def attributes(self, change: Change) -> dict[str, Plain]:
        """Return the attributes of the object after the change, as a connection takes them; before it for a delete."""
        shown = change.before if change.action is Action.DELETE else change.after
        return encode_attributes(shown or {}, change.address, self.ids, self.secrets)

    async def send(self, change: Change, attributes: dict[str, Plain]) -> str:
        """Send a create once, and return the id of what it made. Raises `ServiceError`."""
        object_id = await self.connection.create(change.kind, attributes)
        self.created.add((change.kind, object_id))
        self.ids[change.address] = object_id
        return object_id

    def adopt(self, change: Change, object_id: str) -> str:
        """Take a live object for what a create was to make, and return its id."""
        self.adopted.add((change.kind, object_id))
        self.ids[change.address] = object_id
        return object_id

    def is_taken(self, kind: str, object_id: str) -> bool:
        """Say whether a create of this run made or adopted this object."""
        return (kind, object_id) in self.created or (kind, object_id) in self.adopted

    def kind_of(self, name: str) -> Kind:
        """Return the kind of this name."""
        return next(item for item in self.provider.kinds if item.name == name)

    async def _prove(self, kind: str, attributes: dict[str, Plain]) -> None:
        try:
            await self.connection.verify(kind, attributes)
        except ServiceError as error:
            # The test message does not count: no object was changed.
            error.sent = False
            raise

    async def _delete(self, change: Change) -> None:
        attributes = self.attributes(change)
        # Somebody may have come to be told by it in the meantime.
        merge_lists(change, await self._read_lists(change, attributes), self.ids)
        try:
            await self.connection.delete(change.kind, change.id or "", attributes)
        except NotFoundError:
            return
        except ConflictError as error:
            # Only what something can refer to can be in use.
            if self.kind_of(change.kind).is_target:
                raise ObjectInUseError(str(error)) from error
            raise

    async def _create(self, change: Change, attributes: dict[str, Plain]) -> str:
        """Create an object. If that fails, and the object may exist in spite of it, look for it."""
        try:
            return await self.send(change, attributes)
        except ServiceError as error:
            if not isinstance(error, ConflictError) and not error.sent:
                raise
            failure = error
        return await Recovery(self, change, attributes, failure).run()


def _find_owner(attributes: Attributes | None, attribute: str) -> str | None:
    text = (attributes or {}).get(attribute)
    return split_mark(text)[1] if isinstance(text, str) else None
