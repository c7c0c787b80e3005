"""The operations on user notifications, which are in Early Access."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import Response

from notifconf.emulator import routing
from notifconf.emulator.clock import now
from notifconf.emulator.confluent.errors import Refusal, forbidden, invalid, not_found
from notifconf.emulator.confluent.members import parse_body
from notifconf.emulator.confluent.objects import API_VERSION, ROOT
from notifconf.emulator.confluent.paging import decode_token, encode_token, page_size
from notifconf.emulator.confluent.user_notifications import USER_NOTIFICATIONS

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.routing import Route

    from notifconf.emulator.confluent.objects import JSON
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import Row, Store

BASE = f"{ROOT}/{USER_NOTIFICATIONS.path}"
INCLUDED_ON_DEMAND = ("integrations", "recommended_actions")
FILTERS = ("read", "severity", "resource.type", "resource.crn", "search", "time_range")
TIME_RANGES = {"PAST_24H": timedelta(days=1), "PAST_7D": timedelta(days=7), "PAST_30D": timedelta(days=30)}
SORTINGS = ("-received_at", "received_at")
READ = {"true": True, "false": False}
NO_ACCESS = 403


@dataclass(frozen=True, slots=True)
class Filter:
    """Which notifications a query asks for; an empty member asks for all."""

    read: bool | None
    severities: frozenset[str]
    resource_types: frozenset[str]
    crns: frozenset[str]
    search: str
    since: datetime | None

    @classmethod
    def of(cls, query: QueryParams) -> Filter:
        """The filter in a query. Raises Refusal."""
        read, time_range = query.get("read"), query.get("time_range")
        if read and read not in READ:
            raise Refusal(invalid("read must be true or false", parameter="read"))
        if time_range and time_range not in TIME_RANGES:
            detail = f"time_range must be one of {', '.join(TIME_RANGES)}"
            raise Refusal(invalid(detail, parameter="time_range"))

        def values(name: str) -> frozenset[str]:
            return frozenset(filter(None, query.getlist(name)))

        since = datetime.now(UTC) - TIME_RANGES[time_range] if time_range else None
        search = query.get("search", "").casefold()
        types, crns = values("resource.type"), values("resource.crn")
        return cls(READ[read] if read else None, values("severity"), types, crns, search, since)

    def matches(self, body: JSON) -> bool:
        """Whether a notification is asked for."""
        resource, kind = _object(body, "resource"), _object(body, "notification_type")
        words = f"{kind.get('display_name')}\n{kind.get('description')}".casefold()
        return (
            self.read in {None, body.get("read")}
            and (not self.severities or body.get("severity") in self.severities)
            and (not self.resource_types or resource.get("type") in self.resource_types)
            and (not self.crns or resource.get("crn") in self.crns)
            and self.search in words
            and (self.since is None or _received_at(body) >= self.since)
        )


class UserNotifications:
    """The handlers."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def routes(self) -> list[Route]:
        """Every operation."""
        return routing.routes(
            [
                ("GET", BASE, self.list_all),
                # The description's text names this one for `mark-all`, its paths the other.
                ("PATCH", BASE, self.mark_all),
                ("PATCH", f"{BASE}:mark-all", self.mark_all),
                ("GET", f"{BASE}:summary", self.summarise),
                ("GET", f"{BASE}/{{id}}", self.read),
                ("PATCH", f"{BASE}/{{id}}", self.update),
            ]
        )

    async def list_all(self, request: Request) -> Response:
        """A page of those that the filters ask for."""
        self._check_access()
        query = request.query_params
        size = page_size(query, self.settings.page_size)
        filters = [(name, value) for name, value in query.multi_items() if name in {*FILTERS, "include", "sort"}]
        found = self._sorted(query)
        scope = f"{USER_NOTIFICATIONS.path}?{urlencode(filters)}"
        start = 0
        if token := query.get("page_token"):
            last = decode_token(scope, token)
            start = next((index for index, (row, _) in enumerate(found, 1) if row.position == last), len(found))
        page = found[start : start + size]
        base = USER_NOTIFICATIONS.url
        metadata: JSON = {"first": f"{base}?{urlencode(filters)}" if filters else base, "total_size": len(found)}
        if start + size < len(found):
            following = [*filters, ("page_size", size), ("page_token", encode_token(scope, page[-1][0].position))]
            metadata["next"] = f"{base}?{urlencode(following)}"
        included = {part for text in query.getlist("include") for part in text.split(",")}
        hidden = {name for name in INCLUDED_ON_DEMAND if name not in included}
        data = [{name: value for name, value in body.items() if name not in hidden} for _, body in page]
        kind = f"{USER_NOTIFICATIONS.kind}List"
        return _json({"api_version": API_VERSION, "kind": kind, "metadata": metadata, "data": data})

    async def read(self, request: Request) -> Response:
        """One notification, with all that it has."""
        self._check_access()
        return _json(self._row(request).json())

    async def update(self, request: Request) -> Response:
        """Takes `read` alone."""
        self._check_access()
        read = _read_of(parse_body(await request.body(), request.headers.get("content-type", "")))
        with self.store.transaction():
            return _json(self._mark(self._row(request), read=read))

    async def mark_all(self, request: Request) -> Response:
        """Sets `read` of those that the filters ask for."""
        self._check_access()
        read = _read_of(parse_body(await request.body(), request.headers.get("content-type", "")))
        wanted = Filter.of(request.query_params)
        with self.store.transaction():
            for row in self.store.page(USER_NOTIFICATIONS.path):
                if wanted.matches(row.json()):
                    self._mark(row, read=read)
        return Response(status_code=204)

    async def summarise(self, _: Request) -> Response:
        """How many are unread, by severity."""
        self._check_access()
        counts: dict[str, int] = {}
        for row in self.store.page(USER_NOTIFICATIONS.path):
            body = row.json()
            if body.get("read") is False:
                severity = str(body.get("severity"))
                counts[severity] = counts.get(severity, 0) + 1
        severities = [{"severity": severity, "unread_count": count} for severity, count in sorted(counts.items())]
        head = {"api_version": API_VERSION, "kind": "UserNotificationSummary"}
        return _json({**head, "unread_count": sum(counts.values()), "severities": severities})

    def _check_access(self) -> None:
        status = self.settings.no_early_access
        if status is not None:
            detail = "User notifications are in Early Access, which this organization does not have"
            raise Refusal(forbidden(detail) if status == NO_ACCESS else not_found(detail))

    def _row(self, request: Request) -> Row:
        identifier = request.path_params["id"]
        row = self.store.get(USER_NOTIFICATIONS.path, identifier)
        if row is None:
            raise Refusal(not_found(f"User notification {identifier} does not exist"))
        return row

    def _mark(self, row: Row, *, read: bool) -> JSON:
        body = row.json()
        if body.get("read") != read:
            body |= {"read": read, "read_at": now() if read else None}
            self.store.put(USER_NOTIFICATIONS.path, row.id, body)
        return body

    def _sorted(self, query: QueryParams) -> list[tuple[Row, JSON]]:
        sorting = query.get("sort") or SORTINGS[0]
        if sorting not in SORTINGS:
            raise Refusal(invalid(f"sort must be one of {', '.join(SORTINGS)}", parameter="sort"))
        wanted = Filter.of(query)
        rows = [(row, row.json()) for row in self.store.page(USER_NOTIFICATIONS.path)]
        found = [(row, body) for row, body in rows if wanted.matches(body)]
        found.sort(key=lambda item: (_received_at(item[1]), item[0].position), reverse=sorting.startswith("-"))
        return found


def _read_of(body: JSON) -> bool:
    read = body.get("read")
    if not isinstance(read, bool):
        raise Refusal(invalid("read: must be true or false", pointer="/read"))
    return read


def _object(body: JSON, name: str) -> JSON:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _received_at(body: JSON) -> datetime:
    """When a notification arrived; what does not say so is as old as can be."""
    try:
        received = datetime.fromisoformat(str(body.get("received_at")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return received if received.tzinfo is not None else received.replace(tzinfo=UTC)


def _json(value: Any) -> Response:
    return Response(json.dumps(value), media_type="application/json")
