"""One change, carried out idempotently."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifconf.errors import ConflictError, NotFoundError, ServerError, ServiceError
from notifconf.executor.material import Secrets, revealed, sendable
from notifconf.plan import Action

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifconf.model import LiveResource
    from notifconf.plan import Change
    from notifconf.providers.base import Connection, Plain, Provider

LOOKS = 5
"""How often what a create may have made is looked for, at most."""
PASSING = frozenset({502, 503, 504})
"""Statuses that are a gateway's word that the service was not there."""
SHORTEST_PAUSE = 2.0
LONGEST_PAUSE = 8.0
"""Seconds between two looks."""


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
        attributes = self.attributes(change)
        if self.verify and self.provider.verifies(change.kind, change.changed):
            await self._prove(change.kind, attributes)
        if change.id is not None:
            await self.connection.update(change.kind, change.id, attributes, change.changed)
            return change.id
        object_id = await self._create(change.kind, attributes, change.changed)
        self.ids[change.address] = object_id
        return object_id

    def attributes(self, change: Change) -> dict[str, Plain]:
        """Return what the object of a change shall be, or was, as a connection takes it."""
        shown = change.before if change.action is Action.DELETE else change.after
        return sendable(shown or {}, change.address, self.ids, self.secrets)

    async def _prove(self, kind: str, attributes: dict[str, Plain]) -> None:
        try:
            await self.connection.verify(kind, attributes)
        except ServiceError as error:
            # A message that was sent or not changes nothing that is declared.
            error.sent = False
            raise

    async def _delete(self, change: Change) -> None:
        try:
            await self.connection.delete(change.kind, change.id or "", self.attributes(change))
        except NotFoundError:
            return
        except ConflictError as error:
            raise Kept(str(error)) from error

    async def _create(self, kind: str, attributes: dict[str, Plain], declared: tuple[str, ...]) -> str:
        """Create, or adopt what turns out to exist: a create whose fate is unknown is looked for first."""
        try:
            return await self.connection.create(kind, attributes)
        except ServiceError as error:
            if not isinstance(error, ConflictError) and not error.sent:
                raise
            failure = error
        return await self._recover(kind, attributes, declared, failure)

    async def _recover(
        self, kind: str, attributes: dict[str, Plain], declared: tuple[str, ...], failure: ServiceError
    ) -> str:
        """Look for what a create may have made, again and again, since lists lag; then adopt it.

        It is sent again where the service would refuse a second one, or where a gateway answered that the service
        was not there, and a look after a pause found nothing; after a connection that broke it is not. Raises the
        failure where nothing is found; it has `sent` where the object may exist all the same.
        """
        unknown = failure.sent
        looks = 0

        async def look() -> str:
            nonlocal failure, looks
            looks += 1
            found = await self.connection.find(kind, attributes)
            if found is not None:
                return await self._adopt(kind, found, attributes, declared)
            refused = isinstance(failure, ServerError) and failure.status in PASSING and looks > 1
            # What is sent is looked for afterwards: not at the last look.
            if failure.sent and looks < LOOKS and (refused or self._is_unique(kind)):
                try:
                    return await self.connection.create(kind, attributes)
                except ServiceError as error:
                    failure = error
            raise failure

        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        repeating = AsyncRetrying(
            sleep=self.sleep,
            stop=stop_after_attempt(LOOKS),
            wait=wait_random_exponential(2 * SHORTEST_PAUSE, min=SHORTEST_PAUSE, max=LONGEST_PAUSE),
            retry=retry_if_exception_type(ServiceError),
            reraise=True,
        )
        try:
            return await repeating(look)
        except ServiceError as error:
            # That a look failed as well says nothing about the create.
            error.sent = unknown
            raise

    def _is_unique(self, kind: str) -> bool:
        return any(item.unique for item in self.provider.kinds if item.name == kind)

    async def _adopt(
        self, kind: str, found: LiveResource, attributes: Mapping[str, Plain], declared: tuple[str, ...]
    ) -> str:
        """Make what was found as declared: it may be our own create, or somebody else's."""
        changed = [name for name in declared if revealed(found.attributes.get(name)) != attributes.get(name)]
        if changed:
            await self.connection.update(kind, found.id, attributes, changed)
        return found.id
