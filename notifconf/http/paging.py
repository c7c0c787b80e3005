"""Lists in pages, read with distrust: a list that may lack something must never read as all that there is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from notifconf.errors import NotFoundError, ProtocolError
from notifconf.model.diagnostic import quoted

MOST_PAGES = 10_000


class Page(NamedTuple):
    """The objects of one page, and the token of the next one: None where this is the last."""

    items: list[Any]
    next: str | None


async def whole_list(
    operation: str,
    fetch: Callable[[str | None], Awaitable[Page]],
    id_of: Callable[[Any], str],
    *,
    most: int | None = None,
) -> list[Any]:
    """Return all objects of a list, or the first `most` of them.

    `fetch` gets the page of a token, None for the first. Raises `ProtocolError`, which calls the list `operation`, for
    one that breaks off, leads in a circle, has no end, or holds an object twice (then it moved while it was read).
    """
    found: dict[str, Any] = {}
    tokens: set[str] = set()
    token: str | None = None
    while len(tokens) < MOST_PAGES:
        page = await _fetched(operation, fetch, token)
        for item in page.items:
            item_id = id_of(item)
            if item_id in found:
                raise distrust(operation, f"holds {quoted(item_id)} twice, so other objects may be missing")
            found[item_id] = item
        token = page.next
        if token is None or (most is not None and len(found) >= most):
            return list(found.values())[:most]
        if token in tokens:
            raise distrust(operation, "leads in a circle")
        tokens.add(token)
    raise distrust(operation, "has no end")


def distrust(operation: str, text: str) -> ProtocolError:
    """Return the error for a list that `text` is true of."""
    return ProtocolError(f"{operation}: the list {text}", operation=operation)


async def _fetched(operation: str, fetch: Callable[[str | None], Awaitable[Page]], token: str | None) -> Page:
    try:
        return await fetch(token)
    except NotFoundError:
        if token is None:
            raise
        # A list that breaks off is not a list that does not exist.
        raise distrust(operation, "breaks off with 404") from None
