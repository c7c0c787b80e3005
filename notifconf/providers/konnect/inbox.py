"""The inbox of the token's owner: notifications that were delivered IN_APP. It is used, not declared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from notifconf.errors import ServiceError
from notifconf.http.workers import run_all
from notifconf.providers.konnect.api import Api
from notifconf.providers.konnect.codec import text_id

BATCH = 100
"""How many notifications the service takes in one bulk request."""


class Status(StrEnum):
    """What a notification can be."""

    UNREAD = "UNREAD"
    READ = "READ"
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which notifications: all that every given filter finds.

    `title` and `description` are parts of these texts, the others whole values.
    """

    title: str | None = None
    description: str | None = None
    namespace: str | None = None
    region: str | None = None
    status: Status | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The query of the list."""
        filters = (
            ("title", "contains", self.title),
            ("description", "contains", self.description),
            ("namespace", "eq", self.namespace),
            ("region", "eq", self.region),
            ("status", "eq", self.status),
        )
        return {f"filter[{name}][{operator}]": value for name, operator, value in filters if value is not None}


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification, as far as it is what it should be; `document` is all that the service sent."""

    id: str
    title: str
    status: str
    region: str
    namespace: str
    entity: str
    created_at: str
    document: Mapping[str, Any] = field(repr=False)


class Job(NamedTuple):
    """One request that changes some notifications."""

    ids: tuple[str, ...]
    send: Callable[[], Awaitable[None]]


class Done(NamedTuple):
    """What became of a job: `error` is None where it went well."""

    ids: tuple[str, ...]
    error: ServiceError | None


class Inbox:
    """The inbox behind one connection."""

    def __init__(self, api: Api, width: int) -> None:
        """Work through `api`, `width` requests side by side."""
        self._api = api
        self._width = width

    async def select(self, selection: Selection, limit: int | None = None) -> list[Notification]:
        """Return the selected notifications, or the first `limit` of them. Raises a `ServiceError`."""
        return [_decoded(item) for item in await self._api.inbox(selection.parameters, limit)]

    def marking(self, ids: Sequence[str], status: Status) -> list[Job]:
        """Return the requests that give notifications a status, up to 100 in each."""
        unique = tuple(dict.fromkeys(ids))
        batches = [unique[start : start + BATCH] for start in range(0, len(unique), BATCH)]
        return [Job(batch, partial(self._api.set_status, batch, status)) for batch in batches]

    def deleting(self, ids: Sequence[str]) -> list[Job]:
        """Return the requests that delete notifications: one for each, the service takes no more."""
        return [Job((item,), partial(self._api.delete_notification, item)) for item in dict.fromkeys(ids)]

    async def carry_out(self, jobs: Sequence[Job], stop: asyncio.Event, progress: Callable[[], None]) -> list[Done]:
        """Send the requests and return what became of each that was begun; once `stop` is set no further one is.

        A failure of one keeps none of the others from being tried. `progress` is called as each ends.
        """

        async def carry_out(job: Job) -> Done | None:
            if stop.is_set():
                return None
            failure: ServiceError | None = None
            try:
                await job.send()
            except ServiceError as error:
                failure = error
            progress()
            return Done(job.ids, failure)

        return [done for done in await run_all([partial(carry_out, job) for job in jobs], self._width) if done]


def _decoded(item: Mapping[str, Any]) -> Notification:
    def text(member: str) -> str:
        value = item.get(member)
        return value if isinstance(value, str) else ""

    return Notification(
        id=text_id(item, "id", "a notification"),
        title=text("title"),
        status=text("status"),
        region=text("region"),
        namespace=text("namespace"),
        entity=text("entity_id"),
        created_at=text("created_at"),
        document=item,
    )
