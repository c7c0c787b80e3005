"""One change, carried out idempotently.

A list (the integrations of a subscription) is shared by all who use the organization, and a PATCH replaces it whole. So
it is read again right before it is written, and the change is made to what is found then: what the plan takes out goes,
what the workspace wants comes, and the rest stays. What goes is looked at too: another owner may have marked it since.
An object that can have a mark is read again as well before it is written or deleted: two owners may adopt it at the
same time. See `plan/ownership.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from notifconf.errors import ChangedSinceError, ConflictError, NotFoundError, ServiceError
from notifconf.executor.recovery import Baseline, Recovery
from notifconf.executor.secrets import encode_attributes, find_lists, merge_lists, merge_unchanged, reveal
from notifconf.model.diagnostic import quoted
from notifconf.model.plan import Action, Change
from notifconf.model.policy import Policy
from notifconf.model.resource import Kind, LiveResource
from notifconf.plan.order import find_targets, iterate_references
from notifconf.plan.planner import Secrets
from notifconf.providers.base import Connection, Plain, Provider


class ObjectInUseError(Exception):
    """The service does not delete the object, since something still refers to it."""


@dataclass(slots=True)
class Writer:
    """Writes changes to the service, and remembers what this run made.

    `policy` says whose marks are this workspace's own. `ids` holds the id of each created object by its address, for
    the changes that refer to it. `created` holds (kind, id) of the objects that the service created for this run,
    `adopted` those that existed. `conflicts` holds the
    addresses of creates that failed because an object with the same natural key exists, and is not as declared.
    `sent_again` holds the addresses of creates that were sent more than once and may have made more than one object.
    """

    connection: Connection
    provider: Provider
    secrets: Secrets
    baseline: Baseline = field(default_factory=Baseline)
    policy: Policy = field(default_factory=Policy)
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
        live = await self._read_again(change, attributes)
        if live is not None:
            self._check_owner(change, live)
            lists = await self._merge_lists(change, live)
            attributes = {**self._keep_unchanged(change, attributes, live), **lists}
        try:
            await self.connection.update(change.kind, change.id, attributes, change.changed)
        except NotFoundError:
            absent = self.kind_of(change.kind).absent
            if not absent or not absent.items() <= attributes.items():
                raise
        return change.id

    async def repair(self, change: Change) -> None:
        """Write the lists of an update again if, read again, they miss something. Raises `ServiceError`."""
        attributes = self.attributes(change)
        live = await self._read_again(change, attributes)
        lists = await self._merge_lists(change, live) if live is not None else {}
        missing = [name for name, value in lists.items() if live and value != reveal(live.attributes.get(name))]
        if missing:
            await self.connection.update(change.kind, change.id or "", {**attributes, **lists}, missing)

    async def _read_again(self, change: Change, attributes: dict[str, Plain]) -> LiveResource | None:
        """Return the object as it lives by now, if that has a part in what is written; else, or if it is gone, None."""
        kind = self.kind_of(change.kind)
        lists = find_lists(change)
        if not (lists or kind.mark is not None or kind.is_whole):
            return None
        live = await self.connection.get(change.kind, change.id or "", attributes)
        if live is None and change.action is Action.UPDATE and (lists or kind.is_whole):
            raise ChangedSinceError(f"{change.address} is gone since the plan was made: plan again")
        return live

    def _check_owner(self, change: Change, live: LiveResource) -> None:
        """Check that nobody has marked the object since, or taken the mark off what is deleted for it."""
        # What has lists belongs to nobody.
        is_lost = change.action is Action.DELETE and not self.kind_of(change.kind).references and live.owner is None
        if not self._may_take(change, live.owner) or (is_lost and self.policy.owner is not None):
            belongs = f"belongs to {live.owner}" if live.owner is not None else f"has no mark of {self.policy.owner}"
            raise ChangedSinceError(f"{change.address} {belongs} since the plan was made: plan again")

    def _may_take(self, change: Change, owner: str | None) -> bool:
        """Say whether a change may touch what has this mark. What nothing declares is not taken over."""
        if change.position is None:
            return owner in {None, self.policy.owner}
        return owner is None or self.policy.owns(owner)

    async def _merge_lists(self, change: Change, live: LiveResource) -> dict[str, Plain]:
        """Return the lists that a change makes of those that live, if nothing goes that the plan may not take out."""
        found = {name: reveal(live.attributes.get(name)) for name in find_lists(change)}
        merged = merge_lists(change, found, self.ids)
        targets = find_targets(change.after)
        known = find_targets(change.before) | targets | {self.ids.get(target, target) for target in targets}
        for name, after in merged.items():
            before, rest = _texts(found[name]), _texts(after)
            for target in sorted(before - rest):
                owner = await self._find_owner_of(target)
                # What this run takes over may not have its new mark yet.
                if owner is not None and not self.policy.owns(owner):
                    belongs = f"{_name(change, target)}, which belongs to {owner} since the plan was made"
                    raise ChangedSinceError(f"{change.address} would no longer reach {belongs}: plan again")
            for target in sorted(rest - known) if self.policy.owner is not None else ():
                if self.policy.owns(await self._find_owner_of(target)):
                    message = f"{change.address} reaches {target}, which this workspace does not want in it"
                    raise ChangedSinceError(f"{message}, since the plan was made: plan again")
        return merged

    async def _find_owner_of(self, target: str) -> str | None:
        """Return whose mark an object has by now that a list refers to. What nobody can write has none."""
        for kind in self.provider.kinds if target not in self.baseline.read_only else ():
            if kind.is_target and kind.mark is not None:
                live = await self.connection.get(kind.name, target, {})
                if live is not None:
                    return live.owner
        return None

    def _keep_unchanged(self, change: Change, attributes: dict[str, Plain], live: LiveResource) -> dict[str, Plain]:
        """Return what to write where the service takes the whole object: what is not changed is as it lives by now."""
        if not self.kind_of(change.kind).is_whole:
            return attributes
        return merge_unchanged(change, attributes, {name: reveal(value) for name, value in live.attributes.items()})

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
        live = await self._read_again(change, attributes)
        if live is not None:
            self._check_owner(change, live)
            # Somebody may have come to be told by it in the meantime.
            await self._merge_lists(change, live)
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


def _name(change: Change, target: str) -> str:
    """Return what a list of a change refers to by its name and id, as far as the plan knows the name."""
    names = {reference.target: reference.name for reference in iterate_references(change.before)}
    return f"{quoted(names[target])} ({target})" if target in names else target


def _texts(value: Plain) -> set[str]:
    return {str(item) for item in value} if isinstance(value, list) else set()
