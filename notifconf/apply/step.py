"""One change, carried out idempotently."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifconf.apply.material import Secrets, revealed, sendable
from notifconf.errors import ConflictError, NotFoundError, ServiceError
from notifconf.plan import Action

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifconf.model import LiveResource
    from notifconf.plan import Change
    from notifconf.providers.base import Connection, Plain, Provider

ATTEMPTS = 5
"""How often a create is sent at most, each time but the first only after a look for what it may have made."""
LONGEST_PAUSE = 20.0
"""Seconds between two of them, at most."""


class Kept(Exception):  # noqa: N818 -- not an error: the service says that the object is in use
    """The object is not deleted, since the service still uses it."""


@dataclass(slots=True)
class Step:
    """Carries changes out, one call each; `ids` learns what was created, for the changes that refer to it."""

    connection: Connection
    provider: Provider
    secrets: Secrets
    verify: bool = True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ids: dict[str, str] = field(default_factory=dict)

    async def carry_out(self, change: Change) -> str | None:
        """Carry `change` out and return the object's id. Raises `ServiceError`, or `Kept`."""
        if change.action is Action.DELETE:
            await self._delete(change)
            return change.id
        attributes = sendable(change.after or {}, change.address, self.ids, self.secrets)
        if self.verify and self.provider.verifies(change.kind, change.changed):
            await self.connection.verify(change.kind, attributes)
        if change.id is not None:
            await self.connection.update(change.kind, change.id, attributes, change.changed)
            return change.id
        object_id = await self._create(change.kind, attributes, change.changed)
        self.ids[change.address] = object_id
        return object_id

    async def _delete(self, change: Change) -> None:
        attributes = sendable(change.before or {}, change.address, self.ids, self.secrets)
        try:
            await self.connection.delete(change.kind, change.id or "", attributes)
        except NotFoundError:
            return
        except ConflictError as error:
            raise Kept(str(error)) from error

    async def _create(self, kind: str, attributes: dict[str, Plain], declared: tuple[str, ...]) -> str:
        """Create, or adopt what turns out to exist: a create is never sent again while its fate is unknown."""
        try:
            return await self.connection.create(kind, attributes)
        except ServiceError as error:
            if not isinstance(error, ConflictError) and not error.sent:
                raise
            failure: ServiceError | None = error

        async def look_then_create() -> str:
            nonlocal failure
            found = await self.connection.find(kind, attributes)
            if found is not None:
                return await self._adopt(kind, found, attributes, declared)
            if failure is not None:
                first, failure = failure, None
                raise first
            return await self.connection.create(kind, attributes)

        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

        repeating = AsyncRetrying(
            sleep=self.sleep,
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(max=LONGEST_PAUSE),
            retry=retry_if_exception(lambda error: isinstance(error, ServiceError) and error.sent),
            reraise=True,
        )
        return await repeating(look_then_create)

    async def _adopt(
        self, kind: str, found: LiveResource, attributes: Mapping[str, Plain], declared: tuple[str, ...]
    ) -> str:
        """Make what was found as declared: it may be our own create, or somebody else's."""
        changed = [name for name in declared if revealed(found.attributes.get(name)) != attributes.get(name)]
        if changed:
            await self.connection.update(kind, found.id, attributes, changed)
        return found.id
