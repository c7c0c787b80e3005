"""The operations of the notifications API and of the inventory's APIs, as bodies: paths, paging, lookups, errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from notifconf.errors import ForbiddenError, NotFoundError, ProtocolError
from notifconf.http import paging
from notifconf.http.client import Client
from notifconf.http.paging import Page, distrust_list
from notifconf.http.request import Answer, Query
from notifconf.providers.base import Plain
from notifconf.providers.confluent.codec import id_of, secrets, snapshot_secrets

ROOT = "/notifications/v1"
USER_NOTIFICATIONS = "user-notifications"
PAGE_SIZE = "250"
"""The largest that the API takes."""

INVENTORY_PAGE_SIZE = "100"
"""The largest that the APIs of the inventory take."""

EXPANSION = "id,status"
"""What is asked of a connector. The third part, `info`, has its configuration, which holds secrets of others."""

MAX_ERRORS_SHOWN = 5

NOT_VISIBLE = "forbidden_access"
"""The code of a 403 that means: it is not there, or these credentials can't see it. Missing rights have another."""

Item = dict[str, Any]


class Api:
    """The operations. Every method may raise a `ServiceError`."""

    def __init__(self, client: Client) -> None:
        """Speak through `client`."""
        client.describe = describe_error
        self._client = client

    async def read_list(
        self,
        path: str,
        params: Query | None = None,
        *,
        root: str = ROOT,
        page_size: str = PAGE_SIZE,
        limit: int | None = None,
    ) -> list[Item]:
        """Return all objects of a list, from all its pages, or the first `limit` of them.

        Only the token is taken out of `metadata.next`: its host is the vendor's, and credentials go to our endpoint
        alone. A list that can't be whole raises `ProtocolError`.
        """
        operation = f"GET {root}/{path}"
        query = {**(params or {}), "page_size": page_size}
        total = 0

        async def fetch(token: str | None) -> Page:
            nonlocal total
            answer = await self._get(f"{root}/{path}", query if token is None else {**query, "page_token": token})
            page, total = _page(operation, answer)
            if path == "integrations":
                self._client.redactor.add(chain.from_iterable(map(secrets, page.items)))
            elif path == USER_NOTIFICATIONS:
                self._client.redactor.add(chain.from_iterable(map(snapshot_secrets, page.items)))
            return page

        found = await paging.read_list(
            self._client, operation, fetch, partial(id_of, what=f"an object of {path}"), limit=limit
        )
        if limit is None and total > len(found):
            raise distrust_list(operation, f"has {total} objects, and only {len(found)} of them came")
        return found

    async def notification_types(self, resource_type: str = "") -> list[Item]:
        """Return all notification types, or those that the API lists for a type of resource."""
        return await self.read_list("notification-types", {"resource_type": resource_type} if resource_type else None)

    async def preference(self, resource: str, resource_type: str) -> list[Item]:
        """Look up the preference of a resource: a list of at most one."""
        params = {"resource": resource, "resource_type": resource_type}
        try:
            answer = await self._get(f"{ROOT}/resource-preferences:lookup", params, may_be_missing=True)
            return [answer.body]
        except NotFoundError:
            return []

    async def resource_subscriptions(self, resource: str, resource_type: str) -> list[Item]:
        """Look up the subscriptions of a resource."""
        params = {"resource": resource, "resource_type": resource_type}
        try:
            return await self.read_list("resource-subscriptions:lookup", params)
        except NotFoundError:
            return []

    async def environments(self) -> list[Item]:
        """Return all environments that the credentials can see."""
        return await self.read_list("environments", root="/org/v2", page_size=INVENTORY_PAGE_SIZE)

    async def clusters(self, environment: str) -> list[Item]:
        """Return the Kafka clusters of an environment."""
        params = {"environment": environment}
        return await self.read_list("clusters", params, root="/cmk/v2", page_size=INVENTORY_PAGE_SIZE)

    async def compute_pools(self, environment: str) -> list[Item]:
        """Return the Flink compute pools of an environment."""
        params = {"environment": environment}
        return await self.read_list("compute-pools", params, root="/fcpm/v2", page_size=INVENTORY_PAGE_SIZE)

    async def connectors(self, environment: str, cluster: str) -> list[Item]:
        """Return the connectors of a cluster: of each its `name`, `id` and `state`.

        Their configurations hold secrets of others. They are not asked for, and dropped here where they come anyway.
        """
        segments = (quote(environment, safe=""), quote(cluster, safe=""))
        path = "/connect/v1/environments/{}/clusters/{}/connectors".format(*segments)
        body = (await self._get(path, {"expand": EXPANSION})).body
        return [_take_connector(name, body.pop(name)) for name in list(body)]

    async def create(self, collection: str, body: Mapping[str, Plain]) -> str:
        """Create an object and return its id; it is never sent again after a failure that leaves its fate unknown."""
        answer = await self._client.request("POST", f"{ROOT}/{collection}", json=body)
        try:
            self._client.redactor.withhold([{"id": answer.body.get("id")}])
            return id_of(answer.body, f"an object of {collection}")
        except ProtocolError as error:
            raise ProtocolError(str(error), operation=f"POST {ROOT}/{collection}", sent=True) from None

    async def get(self, collection: str, object_id: str) -> Item | None:
        """Return an object, or None where it is missing."""
        try:
            item: Item = (await self._request_one("GET", collection, object_id)).body
        except NotFoundError:
            return None
        return item

    async def update(self, collection: str, object_id: str, body: Mapping[str, Plain]) -> None:
        """Patch an object with these members."""
        await self._client.request("PATCH", _path(collection, object_id), json=body)

    async def delete(self, collection: str, object_id: str) -> None:
        """Delete an object. Raises `NotFoundError` where it is missing."""
        await self._request_one("DELETE", collection, object_id)

    async def test(self, integration: Mapping[str, Plain]) -> None:
        """Send a test message to the target of an integration, which need not exist; a second message does no harm."""
        await self._client.send_action(f"{ROOT}/integrations:test", integration)

    async def user_notifications(self, query: Query, limit: int | None = None) -> list[Item]:
        """Return the user's notifications, the newest first, or the first `limit` of them."""
        size = PAGE_SIZE if limit is None else str(min(limit, int(PAGE_SIZE)))
        return await self.read_list(USER_NOTIFICATIONS, query, page_size=size, limit=limit)

    async def user_notification(self, notification_id: str) -> Item:
        """Return one notification, with its integrations."""
        answer = await self._request_one("GET", USER_NOTIFICATIONS, notification_id)
        item: Item = answer.body
        self._client.redactor.add(snapshot_secrets(item))
        return item

    async def mark_notification(self, notification_id: str, *, read: bool) -> None:
        """Mark one notification as read, or unread."""
        await self._client.send_action(_path(USER_NOTIFICATIONS, notification_id), {"read": read}, method="PATCH")

    async def mark_notifications(self, query: Query, *, read: bool) -> None:
        """Mark all notifications that the filters find."""
        path = f"{ROOT}/{USER_NOTIFICATIONS}:mark-all"
        await self._client.send_action(path, {"read": read}, method="PATCH", params=query)

    async def summarise_notifications(self) -> Item:
        """Return how many notifications are unread."""
        item: Item = (await self._get(f"{ROOT}/{USER_NOTIFICATIONS}:summary", {})).body
        return item

    async def _request_one(self, method: str, collection: str, object_id: str) -> Answer:
        """Read or delete one object.

        For an object that is missing, or not visible to these credentials, the service answers 403 with the code
        `forbidden_access`. The vendor's own client treats it as missing. Every other 403 is about rights.
        """
        try:
            return await self._client.request(method, _path(collection, object_id))
        except ForbiddenError as error:
            if error.code != NOT_VISIBLE:
                raise
            raise NotFoundError(
                str(error), status=error.status, operation=error.operation, request_id=error.request_id
            ) from None

    async def _get(self, path: str, params: Query, *, may_be_missing: bool = False) -> Answer:
        return await self._client.request("GET", path, params=params, may_be_missing=may_be_missing)


def _take_connector(name: str, body: Any) -> Item:
    """Return what is used of a connector, and nothing else."""
    parts = body if isinstance(body, dict) else {}
    own, status = parts.get("id"), parts.get("status")
    state = status.get("connector") if isinstance(status, dict) else None
    return {
        "name": name,
        "id": own.get("id") if isinstance(own, dict) else None,
        "state": state.get("state") if isinstance(state, dict) else None,
    }


def _path(collection: str, object_id: str) -> str:
    return f"{ROOT}/{collection}/{quote(object_id, safe='')}"


def _page(operation: str, answer: Answer) -> tuple[Page, int]:
    """Return a page, and how many objects the whole list has as far as it says so, else 0."""
    body = answer.body
    metadata = body.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise distrust_list(operation, "has metadata of a wrong type", answer)
    data = body.get("data")
    if not isinstance(data, list):
        raise distrust_list(operation, "has no list of objects", answer)
    total = metadata.get("total_size")
    return Page(data, _next_token(operation, metadata.get("next"), answer), answer), total if type(total) is int else 0


def _next_token(operation: str, address: object, answer: Answer) -> str | None:
    if address is None or address == "":
        return None
    try:
        (token,) = parse_qs(urlsplit(address).query if isinstance(address, str) else "")["page_token"]
    except (ValueError, KeyError):
        raise distrust_list(operation, "names a next page, but not which", answer) from None
    return token


def describe_error(body: Any) -> str:
    """Return what the body of an error says: `{"errors": [{title, detail, source}]}`, or the older `message`."""
    errors = body.get("errors") if isinstance(body, dict) else None
    entries = errors if isinstance(errors, list) else [body]
    texts = [
        text for entry in entries[:MAX_ERRORS_SHOWN] if isinstance(entry, dict) and (text := _describe_entry(entry))
    ]
    more = f" and {len(entries) - MAX_ERRORS_SHOWN} more" if len(entries) > MAX_ERRORS_SHOWN else ""
    return "; ".join(dict.fromkeys(texts)) + more


def _describe_entry(entry: Item) -> str:
    said = (entry.get(member) for member in ("detail", "message", "title", "code"))
    text: str = next((item for item in said if isinstance(item, str) and item), "")
    source = entry.get("source")
    place = source.get("pointer", source.get("parameter")) if isinstance(source, dict) else None
    if not text or not isinstance(place, str):
        return text
    return f"{text} (at {place})"
