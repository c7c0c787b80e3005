"""The operations, as Starlette routes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from notifconf.emulator import routing
from notifconf.emulator.clock import now
from notifconf.emulator.konnect.bodies import REGIONS, parse_body, read_bulk, read_status, read_subscription
from notifconf.emulator.konnect.errors import ProblemError, invalid, parameter, problem_response
from notifconf.emulator.konnect.organisation import EVENTS, INBOX, SUBSCRIPTIONS, links_of, new_uuid
from notifconf.emulator.konnect.queries import matches, page_of, read_filters, window
from notifconf.emulator.konnect.rules import check_delete, check_write

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from notifconf.emulator.konnect.bodies import JSON
    from notifconf.emulator.konnect.queries import Reader
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import Row, Store

ROOT = "/v1/notifications"
EVENT_FILTERS = frozenset({"event_title", "event_description", "event_namespace", "region"})
INBOX_FILTERS = frozenset({"title", "description", "namespace", "region", "status"})
NEWER_MEMBERS = frozenset({"name", "entity_type"})


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")


async def _body(request: Request) -> JSON:
    return parse_body(await request.body(), request.headers.get("content-type", ""))


class Service:
    """The handlers. What one does to the store, it does in one transaction and without awaiting."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        # How many subscriptions an event had before each change, for a count that lags.
        self._counts: dict[str, list[int]] = {}

    def routes(self) -> list[Route]:
        """Every operation of the description."""
        subscriptions = f"{ROOT}/configurations/{{event}}/subscriptions"
        table = [
            ("GET", subscriptions, self.list_subscriptions),
            ("POST", subscriptions, self.create_subscription),
            ("GET", f"{subscriptions}/{{id}}", self.read_subscription),
            ("PATCH", f"{subscriptions}/{{id}}", self.update_subscription),
            ("DELETE", f"{subscriptions}/{{id}}", self.delete_subscription),
            ("GET", f"{ROOT}/configurations", self.list_configurations),
            ("GET", f"{ROOT}/inbox", self.list_inbox),
            ("POST", f"{ROOT}/inbox/bulk", self.update_inbox),
            ("GET", f"{ROOT}/inbox/{{id}}", self.read_notification),
            ("PATCH", f"{ROOT}/inbox/{{id}}", self.update_notification),
            ("DELETE", f"{ROOT}/inbox/{{id}}", self.delete_notification),
        ]
        return routing.routes(table)

    async def list_configurations(self, request: Request) -> Response:
        """The events, with how many subscriptions each has."""
        filters = read_filters(request.query_params.multi_items(), EVENT_FILTERS)
        rows = [row for row in self.store.page(EVENTS) if matches(filters, partial(self._values, row))]
        return _json({"data": [{"event_subscription_count": self._count(row.id), **row.json()} for row in rows]})

    async def list_subscriptions(self, request: Request) -> Response:
        """The subscriptions of an event. The description knows no 404 here."""
        event = self.store.get(EVENTS, request.path_params["event"])
        if event is None:
            reason = "must be the id of an event"
            raise invalid(parameter("eventId", "missing_reference", reason, source="path"))
        return self._page(request, partial(self.store.page, SUBSCRIPTIONS, owner=event.id))

    async def create_subscription(self, request: Request) -> Response:
        """One subscription more; names need not differ."""
        body = await _body(request)
        with self.store.transaction():
            event = self._event(request)
            members = read_subscription(body, legacy=self.settings.legacy)
            check_write(self.store, event, members, None)
            self._remember_count(event.id)
            time = now()
            identifier = new_uuid(self.store)
            created = {
                "id": identifier,
                "entity_type": event.facet or "dataplane",
                **members,
                "created_at": time,
                "updated_at": time,
            }
            self.store.put(SUBSCRIPTIONS, identifier, created, owner=event.id, links=links_of(event.id, created))
        return _json(self._shown(created), 201)

    async def read_subscription(self, request: Request) -> Response:
        """One subscription."""
        return _json(self._shown(self._subscription(request).json()))

    async def update_subscription(self, request: Request) -> Response:
        """Takes the whole body."""
        body = await _body(request)
        with self.store.transaction():
            event, live = self._event(request), self._subscription(request)
            members = read_subscription(body, legacy=self.settings.legacy)
            check_write(self.store, event, members, live)
            updated = live.json() | members | {"updated_at": now()}
            self.store.put(SUBSCRIPTIONS, live.id, updated, owner=event.id, links=links_of(event.id, updated))
        return _json(self._shown(updated))

    async def delete_subscription(self, request: Request) -> Response:
        """403 for billing events."""
        with self.store.transaction():
            event, live = self._event(request), self._subscription(request)
            check_delete(event)
            self._remember_count(event.id)
            self.store.delete(SUBSCRIPTIONS, live.id)
        return Response(status_code=204)

    async def list_inbox(self, request: Request) -> Response:
        """The notifications of the token's owner."""
        filters = read_filters(request.query_params.multi_items(), INBOX_FILTERS)
        read = partial(self.store.page, INBOX)
        if filters:
            read = partial(window, [row for row in read() if matches(filters, partial(_member, row))])
        return self._page(request, read)

    async def read_notification(self, request: Request) -> Response:
        """One notification."""
        return _json(self._notification(request.path_params["id"]).json())

    async def update_notification(self, request: Request) -> Response:
        """Sets its status."""
        status = read_status(await _body(request))
        with self.store.transaction():
            return _json(self._set_status(self._notification(request.path_params["id"]), status))

    async def update_inbox(self, request: Request) -> Response:
        """Sets the status of many, or of none where one of them does not exist."""
        identifiers, status = read_bulk(await _body(request))
        with self.store.transaction():
            for row in [self._notification(identifier) for identifier in identifiers]:
                self._set_status(row, status)
        return Response(status_code=200)

    async def delete_notification(self, request: Request) -> Response:
        """One notification less."""
        with self.store.transaction():
            self.store.delete(INBOX, self._notification(request.path_params["id"]).id)
        return Response(status_code=204)

    def _event(self, request: Request) -> Row:
        event = self.store.get(EVENTS, request.path_params["event"])
        if event is None:
            raise ProblemError(404, f"Event [{request.path_params['event']}] not found")
        return event

    def _subscription(self, request: Request) -> Row:
        event = self._event(request)
        row = self.store.get(SUBSCRIPTIONS, request.path_params["id"])
        if row is None or row.owner != event.id:
            raise ProblemError(404, f"Subscription [{request.path_params['id']}] not found")
        return row

    def _notification(self, identifier: str) -> Row:
        row = self.store.get(INBOX, identifier)
        if row is None:
            raise ProblemError(404, f"Notification [{identifier}] not found")
        return row

    def _set_status(self, row: Row, status: str) -> JSON:
        updated: JSON = row.json() | {"status": status, "updated_at": now()}
        self.store.put(INBOX, row.id, updated)
        return updated

    def _page(self, request: Request, read: Reader) -> Response:
        query = request.query_params.multi_items()
        legacy = self.settings.legacy
        page, meta = page_of(read, request.url.path, query, self.settings.konnect_page_size, legacy=legacy)
        return _json({"data": [self._shown(row.json()) for row in page], "meta": meta})

    def _shown(self, body: JSON) -> JSON:
        if not self.settings.legacy:
            return body
        return {name: value for name, value in body.items() if name not in NEWER_MEMBERS}

    def _values(self, event: Row, field: str) -> list[str]:
        """What a filter of configurations compares with; an event without subscriptions is in every region."""
        if field != "region":
            return _member(event, field)
        rows = self.store.page(SUBSCRIPTIONS, owner=event.id)
        return [region for row in rows for region in row.json().get("regions", ())] if rows else sorted(REGIONS)

    def _remember_count(self, event: str) -> None:
        self._counts.setdefault(event, []).append(self.store.count(SUBSCRIPTIONS, owner=event))

    def _count(self, event: str) -> int:
        lag = min(self.settings.count_lag, len(self._counts.get(event, ())))
        return self._counts[event][-lag] if lag else self.store.count(SUBSCRIPTIONS, owner=event)


def _member(row: Row, field: str) -> list[str]:
    return [str(row.json().get(field))]


async def problem_error_response(_: Request, error: Exception) -> Response:
    """The handler of the exception that every refusal raises."""
    if not isinstance(error, ProblemError):  # pragma: no cover: registered for ProblemError alone
        raise error
    return problem_response(error.status, error.detail, *error.parameters)
