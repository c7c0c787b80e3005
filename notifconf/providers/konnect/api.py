"""The operations of the Notification Hub, as bodies: paths, cursors, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from notifconf.errors import NotFoundError, ProtocolError
from notifconf.http.client import Client
from notifconf.http.paging import Page, distrust_list, read_list
from notifconf.http.request import Answer
from notifconf.providers.base import Plain
from notifconf.providers.konnect.codec import text_id

VERSION = "/v1"
CURSOR = "page[after]"
MAX_PARAMETERS_SHOWN = 10

Item = dict[str, Any]


class Api:
    """The operations. Every method may raise a `ServiceError`."""

    def __init__(self, client: Client) -> None:
        """Speak through `client`. An endpoint that names only a host, as Kong's own tools have it, means its /v1."""
        client.describe = describe_error
        self._client = client
        self._root = f"{'' if urlsplit(client.endpoint).path else VERSION}/notifications"

    async def events(self) -> list[Item]:
        """Return all events, each as the service's UserConfiguration."""
        return await self._read_list("configurations", "event_id", "an event")

    async def subscriptions(self, event: str) -> list[Item]:
        """Return all subscriptions of an event."""
        return await self._read_list(_subscriptions(event), "id", "a subscription")

    async def create(self, event: str, body: Mapping[str, Plain]) -> str:
        """Create a subscription and return its id. It is not sent again while its fate is unknown."""
        path = f"{self._root}/{_subscriptions(event)}"
        answer = await self._client.request("POST", path, json=body)
        try:
            self._client.redactor.withhold([{"id": answer.body.get("id")}])
            return text_id(answer.body, "id", "the subscription that it made")
        except ProtocolError as error:
            raise ProtocolError(str(error), operation=f"POST {path}", sent=True) from None

    async def get(self, event: str, subscription: str) -> Item | None:
        """Return a subscription, or None where it is missing."""
        path = f"{self._root}/{_subscriptions(event)}/{_segment(subscription)}"
        try:
            item: Item = (await self._client.request("GET", path)).body
        except NotFoundError:
            return None
        return item

    async def update(self, event: str, subscription: str, body: Mapping[str, Plain]) -> None:
        """Replace what can be written of a subscription."""
        path = f"{self._root}/{_subscriptions(event)}/{_segment(subscription)}"
        await self._client.request("PATCH", path, json=body)

    async def delete(self, event: str, subscription: str) -> None:
        """Delete a subscription."""
        path = f"{self._root}/{_subscriptions(event)}/{_segment(subscription)}"
        await self._client.request("DELETE", path)

    async def inbox(self, filters: Mapping[str, str], limit: int | None = None) -> list[Item]:
        """Return the notifications of the inbox, or the first `limit` of them; `filters` are query parameters."""
        return await self._read_list("inbox", "id", "a notification", filters, limit=limit)

    async def set_status(self, notifications: Sequence[str], status: str) -> None:
        """Give 1 to 100 different notifications a status; a second time it changes nothing."""
        body = {"ids": list(notifications), "status": status}
        await self._client.send_action(f"{self._root}/inbox/bulk", body)

    async def delete_notification(self, notification: str) -> None:
        """Delete a notification."""
        await self._client.request("DELETE", f"{self._root}/inbox/{_segment(notification)}")

    async def _read_list(
        self, path: str, member: str, what: str, params: Mapping[str, str] | None = None, *, limit: int | None = None
    ) -> list[Item]:
        """Return all objects of a list; `member` holds their id.

        Only the cursor is taken out of the address of the next page: credentials go to our endpoint alone.
        """
        path = f"{self._root}/{path}"
        operation = f"GET {path}"

        async def fetch(cursor: str | None) -> Page:
            query = {**(params or {}), **({} if cursor is None else {CURSOR: cursor})}
            answer = await self._client.request("GET", path, params=query)
            items = _items(answer, operation)
            self._client.redactor.withhold(items)
            return Page(items, _next_cursor(answer, operation), answer)

        return await read_list(self._client, operation, fetch, lambda item: text_id(item, member, what), limit=limit)


def describe_error(body: Any) -> str:
    """Return what an `application/problem+json` says: what is wrong, the trace, and each invalid parameter."""
    if not isinstance(body, dict):
        return ""
    said = [body[member] for member in ("title", "detail") if isinstance(body.get(member), str)]
    known = _phrase(body.get("status"))
    text = ": ".join(part for part in dict.fromkeys(said) if part.casefold() != known)
    # The support asks for the trace. A long list of parameters must not push it out of the message.
    trace = f"({body['instance']})" if isinstance(body.get("instance"), str) else ""
    head = " ".join(filter(None, [text, trace]))
    return ": ".join(filter(None, [head, _parameters(body.get("invalid_parameters"))]))


def _phrase(status: object) -> str:
    """Return HTTP's phrase for a status, casefolded: the error already says it."""
    try:
        return HTTPStatus(status).phrase.casefold() if isinstance(status, int) else ""
    except ValueError:
        return ""


def _parameters(entries: object) -> str:
    named = list(filter(None, map(_parameter, entries))) if isinstance(entries, list) else []
    more = [f"and {len(named) - MAX_PARAMETERS_SHOWN} more"] if len(named) > MAX_PARAMETERS_SHOWN else []
    return "; ".join(named[:MAX_PARAMETERS_SHOWN] + more)


def _parameter(entry: object) -> str:
    field, reason = (entry.get("field"), entry.get("reason")) if isinstance(entry, dict) else (None, None)
    return f"{field}: {reason}" if isinstance(field, str) and isinstance(reason, str) else ""


def _items(answer: Answer, operation: str) -> list[Any]:
    data = answer.body.get("data")
    if not isinstance(data, list):
        raise distrust_list(operation, "has no list of objects", answer)
    return data


def _next_cursor(answer: Answer, operation: str) -> str | None:
    """Return the cursor of the next page: from `meta.page.next`, else from the older `meta.next`.

    Either is the address of the page, whole or in part, or its cursor alone.
    """
    meta = answer.body.get("meta")
    meta = {} if meta is None else meta
    page = (meta.get("page") or meta) if isinstance(meta, dict) else None
    if not isinstance(page, dict):
        raise distrust_list(operation, "has pages of a wrong type", answer)
    address = page.get("next")
    if address is None or address == "":
        return None
    if isinstance(address, str) and not _is_address(address):
        return address
    try:
        (cursor,) = parse_qs(urlsplit(address).query if isinstance(address, str) else "")[CURSOR]
    except (ValueError, KeyError):
        raise distrust_list(operation, "names a next page, but not which", answer) from None
    return cursor


def _is_address(text: str) -> bool:
    return text.startswith("/") or "?" in text or "://" in text


def _subscriptions(event: str) -> str:
    return f"configurations/{_segment(event)}/subscriptions"


def _segment(text: str) -> str:
    return quote(text, safe="")
