"""Lists in pages. A list that may be incomplete raises an error: a plan would create again what is missing from it.

A list also has bounds, so that a broken service can't use up all memory or never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from notifconf.errors import NotFoundError, ProtocolError
from notifconf.http.client import Client
from notifconf.http.failure import trace
from notifconf.http.request import Answer
from notifconf.model.diagnostic import quoted

MAX_PAGES = 10_000
MAX_OBJECTS = 200_000
MAX_LIST_BYTES = 128 * 1024 * 1024
"""In all bodies of a list together, unpacked."""
MAX_LIST_VALUES = 4_000_000
"""JSON values in all bodies of a list, names of members included: `{}` is 2 bytes of a body and 64 bytes of memory."""
MAX_MEMORY_BYTES = 576 * 1024 * 1024
"""Of all lists that are read at once. With the bodies that are being read the process stays below 1 GiB."""
MAX_LIST_TIMEOUTS = 30
"""A list may take this many times as long as one request."""


class Page(NamedTuple):
    """The objects of one page, the token of the next one (None: this is the last), and the answer that held it."""

    items: list[Any]
    next: str | None
    answer: Answer


async def read_list(
    client: Client,
    operation: str,
    fetch: Callable[[str | None], Awaitable[Page]],
    id_of: Callable[[Any], str],
    *,
    limit: int | None = None,
) -> list[Any]:
    """Return all objects of a list, or the first `limit` of them.

    `fetch` gets the page of a token, None for the first. Raises `ProtocolError`, which names the `operation`, if the
    list breaks off, leads in a circle, exceeds a bound, or holds an object twice. Then the list changed while it was
    read, and other objects may be missing.
    """
    seconds = MAX_LIST_TIMEOUTS * client.timeout
    client.lists.in_flight += 1
    try:
        async with asyncio.timeout(seconds):
            return await _read_pages(client, operation, fetch, id_of, limit)
    except TimeoutError:
        text = f"was not complete after {seconds:g} seconds ({MAX_LIST_TIMEOUTS} × --timeout): raise --timeout"
        raise distrust_list(operation, text) from None
    finally:
        client.lists.in_flight -= 1
        if not client.lists.in_flight:
            client.lists.memory = 0


def distrust_list(operation: str, text: str, answer: Answer | None = None) -> ProtocolError:
    """Return the error for a list that `text` is true of, as `answer` shows."""
    shown = trace(answer.request_id) if answer is not None else ""
    return ProtocolError(f"{operation}: the list {text}{shown}", operation=operation)


async def _read_pages(
    client: Client,
    operation: str,
    fetch: Callable[[str | None], Awaitable[Page]],
    id_of: Callable[[Any], str],
    limit: int | None,
) -> list[Any]:
    found: dict[str, Any] = {}
    tokens: set[str] = set()
    token: str | None = None
    size = values = 0
    while len(tokens) < MAX_PAGES:
        page = await _fetch_page(operation, fetch, token)
        size += page.answer.size
        values += page.answer.values
        client.lists.memory += page.answer.memory
        _check_bounds(operation, len(found) + len(page.items), size, values, page.answer)
        if client.lists.memory > MAX_MEMORY_BYTES:
            bound = f"more than {MAX_MEMORY_BYTES >> 20} MiB of memory"
            raise distrust_list(
                operation, f"and those read with it may take {bound}, which is not believable", page.answer
            )
        for item in page.items:
            item_id = id_of(item)
            if item_id in found:
                shown = quoted(client.redactor(item_id))
                raise distrust_list(operation, f"holds {shown} twice, so other objects may be missing", page.answer)
            found[item_id] = item
        token = page.next
        if token is None or (limit is not None and len(found) >= limit):
            return list(found.values())[:limit]
        if token in tokens:
            raise distrust_list(operation, "leads in a circle", page.answer)
        tokens.add(token)
    raise distrust_list(operation, f"has no end: {MAX_PAGES:,} pages came")


def _check_bounds(operation: str, objects: int, size: int, values: int, answer: Answer) -> None:
    if objects > MAX_OBJECTS:
        raise distrust_list(operation, f"has more than {MAX_OBJECTS:,} objects, which is not believable", answer)
    if size > MAX_LIST_BYTES or values > MAX_LIST_VALUES:
        bounds = f"{MAX_LIST_BYTES >> 20} MiB or {MAX_LIST_VALUES:,} values"
        raise distrust_list(operation, f"holds more than {bounds}, which is not believable", answer)


async def _fetch_page(operation: str, fetch: Callable[[str | None], Awaitable[Page]], token: str | None) -> Page:
    try:
        return await fetch(token)
    except NotFoundError:
        if token is None:
            raise
        # A 404 on a later page does not mean that there is no list.
        raise distrust_list(operation, "breaks off with 404") from None
