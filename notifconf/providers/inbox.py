"""An inbox: the notifications that a service has delivered to one user. It is used, not declared."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from notifconf.errors import ServiceError, UsageError
from notifconf.http.workers import run_all


class Status(StrEnum):
    """What a notification can be."""

    UNREAD = "UNREAD"
    READ = "READ"
    ARCHIVED = "ARCHIVED"


class Selection(NamedTuple):
    """Filters: a notification is selected if every filter that is given finds it.

    `title` and `description` are parts of these texts, the others whole values; of several values any one will do.
    `since` is one of 24h, 7d and 30d.
    """

    title: str | None = None
    description: str | None = None
    namespace: str | None = None
    region: str | None = None
    status: Status | None = None
    severity: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()
    resource_type: tuple[str, ...] = ()
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification; a text that the service did not send is empty. `document` is all that the service sent."""

    id: str
    title: str
    status: str
    region: str
    namespace: str
    entity: str
    created_at: str
    document: Mapping[str, Any] = field(repr=False)
    severity: str = ""
    resource: str = ""


class Deliveries(NamedTuple):
    """What a service delivered, in the provider's own terms, and whose inbox said so."""

    user: str
    items: Sequence[Any] = ()


class Job(NamedTuple):
    """One request that changes some notifications."""

    ids: tuple[str, ...]
    send: Callable[[], Awaitable[None]]


class JobResult(NamedTuple):
    """What became of a job: `error` is None if it succeeded."""

    ids: tuple[str, ...]
    error: ServiceError | None


class Inbox(ABC):
    """The inbox that one set of credentials opens.

    `columns` are those of a list, `filters` the members of a `Selection` that the service has.
    """

    title = ""
    columns: tuple[str, ...] = ("id", "created_at", "status", "region", "namespace", "entity", "title")
    filters: frozenset[str] = frozenset({"title", "description", "namespace", "region", "status"})

    def __init__(self, parallelism: int) -> None:
        """Send at most `parallelism` requests side by side."""
        self._parallelism = parallelism

    @abstractmethod
    async def select(self, selection: Selection, limit: int | None = None) -> list[Notification]:
        """Return the selected notifications, or the first `limit` of them. Raises a `ServiceError`."""

    @abstractmethod
    def prepare_marks(self, ids: Sequence[str], status: Status) -> list[Job]:
        """Return the requests that give notifications a status."""

    @abstractmethod
    def prepare_deletes(self, ids: Sequence[str]) -> list[Job]:
        """Return the requests that delete notifications. Raises `UsageError` if the service deletes none."""

    async def read_one(self, notification_id: str) -> Mapping[str, Any]:
        """Return all that the service says of a notification, without secrets."""
        raise UsageError(f"{self.title} shows no single notification: `notifconf inbox list --format json` has all")

    def prepare_mark_all(self, selection: Selection, status: Status) -> Job:
        """Return the one request that gives all notifications a status that the filters find."""
        raise UsageError(f"{self.title} marks no notifications at once: use `notifconf inbox read --all`")

    async def summarise(self) -> Mapping[str, Any]:
        """Return how many notifications are unread, as `unread_count` and `severities`."""
        raise UsageError(f"{self.title} has no summary of its inbox")

    async def read_deliveries(self, since: str) -> Deliveries:
        """Return what was delivered, and where to."""
        raise UsageError(f"{self.title} does not say where its notifications were delivered to")

    async def run_jobs(self, jobs: Sequence[Job], stop: asyncio.Event, progress: Callable[[], None]) -> list[JobResult]:
        """Send the requests and return a result for each that was sent; after `stop` is set no other one is sent.

        After a failure the other requests are sent all the same. `progress` is called after each request.
        """

        async def run(job: Job) -> JobResult | None:
            if stop.is_set():
                return None
            failure: ServiceError | None = None
            try:
                await job.send()
            except ServiceError as error:
                failure = error
            progress()
            return JobResult(job.ids, failure)

        return [result for result in await run_all([partial(run, job) for job in jobs], self._parallelism) if result]
