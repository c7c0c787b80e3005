from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from notifconf.errors import NotFoundError, ProtocolError
from notifconf.providers.inbox import Job, JobResult, Selection, Status
from notifconf.providers.konnect.connection import KonnectConnection
from tests.providers.konnect.declared import Hub, page


def notification(number: int, **members: Any) -> dict[str, Any]:
    return {
        "id": f"n-{number}",
        "title": "T",
        "description": "D",
        "status": "UNREAD",
        "region": "EU",
        "namespace": "organization",
        "entity_id": "e",
        "details": {},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    } | members


@pytest.mark.parametrize(
    ("selection", "query"),
    [
        (Selection(), {}),
        (Selection(title="a b"), {"filter[title][contains]": "a b"}),
        (
            Selection("t", "d", "dev-portal", "EU", Status.READ),
            {
                "filter[title][contains]": "t",
                "filter[description][contains]": "d",
                "filter[namespace][eq]": "dev-portal",
                "filter[region][eq]": "EU",
                "filter[status][eq]": "READ",
            },
        ),
    ],
)
def test_a_selection_is_kept_from_page_to_page(selection: Selection, query: dict[str, str]) -> None:
    service = Hub({"inbox": [page(notification(1), next="?page[after]=x"), page(notification(2))]})
    found = service.ask(lambda connection: connection.inbox.select(selection))
    assert [item.id for item in found] == ["n-1", "n-2"]
    assert [dict(request.url.params) for request in service.requests] == [query, query | {"page[after]": "x"}]


@pytest.mark.parametrize(("limit", "ids", "pages"), [(1, ["n-1"], 1), (2, ["n-1", "n-2"], 1), (3, 3, 2), (9, 4, 2)])
def test_a_limit_reads_no_further_than_it_must(limit: int, ids: Any, pages: int) -> None:
    first = page(notification(1), notification(2), next="?page[after]=x")
    service = Hub({"inbox": [first, page(notification(3), notification(4))]})
    found = service.ask(lambda connection: connection.inbox.select(Selection(), limit))
    assert [item.id for item in found] == ids if isinstance(ids, list) else len(found) == ids
    assert len(service.requests) == pages


def test_a_notification_that_says_little() -> None:
    service = Hub({"inbox": page({"id": "n-1", "title": 7})})
    (found,) = service.ask(lambda connection: connection.inbox.select(Selection()))
    assert (found.title, found.status, found.document) == ("", "", {"id": "n-1", "title": 7})
    with pytest.raises(ProtocolError):
        Hub({"inbox": page({"title": "T"})}).ask(lambda connection: connection.inbox.select(Selection()))


def run_jobs(connection: KonnectConnection, jobs: list[Job], stop: asyncio.Event | None = None) -> Any:
    return connection.inbox.run_jobs(jobs, stop or asyncio.Event(), lambda: None)


def test_a_status_is_given_100_at_a_time() -> None:
    service = Hub({"inbox/bulk": httpx.Response(200)})
    ids = [f"n-{n}" for n in range(250)]

    async def mark(connection: KonnectConnection) -> list[JobResult]:
        jobs = connection.inbox.prepare_marks([*ids, "n-0"], Status.ARCHIVED)
        done: list[JobResult] = await run_jobs(connection, jobs)
        return done

    done = service.ask(mark)
    bodies = [json.loads(request.content) for request in service.requests]
    assert sorted(len(body["ids"]) for body in bodies) == [50, 100, 100]
    assert sorted(item for body in bodies for item in body["ids"]) == sorted(ids)
    assert {body["status"] for body in bodies} == {"ARCHIVED"}
    assert [item for batch in done for item in batch.ids] == ids
    assert all(batch.error is None for batch in done)


def test_no_ids_are_no_request() -> None:
    service = Hub({})

    async def mark(connection: KonnectConnection) -> Any:
        return await run_jobs(connection, connection.inbox.prepare_marks([], Status.READ))

    assert service.ask(mark) == []
    assert service.requests == []


def test_a_failure_keeps_no_other_from_being_deleted() -> None:
    service = Hub({"inbox/n-1": httpx.Response(204), "inbox/n-3": httpx.Response(204)})

    async def delete(connection: KonnectConnection) -> Any:
        return await run_jobs(connection, connection.inbox.prepare_deletes(["n-1", "n-2", "n-3", "n-1"]))

    done = service.ask(delete)
    assert [(item.ids, type(item.error)) for item in done] == [
        (("n-1",), type(None)),
        (("n-2",), NotFoundError),
        (("n-3",), type(None)),
    ]


def test_nothing_is_begun_once_it_shall_stop() -> None:
    service = Hub({})

    async def delete(connection: KonnectConnection) -> Any:
        stop = asyncio.Event()
        stop.set()
        return await run_jobs(connection, connection.inbox.prepare_deletes(["n-1"]), stop)

    assert service.ask(delete) == []
    assert service.requests == []
