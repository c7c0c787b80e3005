"""Pages of a list: opaque tokens, and URLs that bear the vendor's host, whatever host was asked."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from notifconf.emulator.confluent.errors import Refusal, invalid
from notifconf.emulator.settings import MAX_PAGE_SIZE
from notifconf.emulator.store import LAST_POSITION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifconf.emulator.confluent.objects import Collection
    from notifconf.emulator.store import Store

MAX_TOKEN = 255


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that a query asks for.

    Attributes:
        collection: what is listed.
        owner: whose objects, "" for all.
        facets: those of one of these facets, all if there are none.
        filters: the query's parameters that say so, for the URLs of other pages.
        suffix: `:lookup` for the lists that are lookups.
        maximum: the greatest `page_size`.
        is_terse: the metadata names the next page alone.
    """

    collection: Collection
    owner: str = ""
    facets: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    suffix: str = ""
    maximum: int = MAX_PAGE_SIZE
    is_terse: bool = False


def page_size(query: Mapping[str, str], default: int, maximum: int = MAX_PAGE_SIZE) -> int:
    """`page_size`, 1 to `maximum`. Raises Refusal."""
    text = query.get("page_size")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(maximum))) or not (1 <= int(text) <= maximum):
        raise Refusal(invalid(f"page_size must be a number from 1 to {maximum}", parameter="page_size"))
    return int(text)


def encode_token(scope: str, position: int) -> str:
    """The token of the page behind a position; it holds for that list alone."""
    plain = f"{position}.{zlib.crc32(f'{scope}#{position}'.encode()):08x}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decode_token(scope: str, token: str) -> int:
    """The position in a token. Raises Refusal for one that was not given out for this list."""
    try:
        plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        position = int(plain.partition(".")[0])
    except (ValueError, binascii.Error):
        position = -1
    if len(token) > MAX_TOKEN or position < 0 or encode_token(scope, position) != token:
        raise Refusal(invalid("page_token is not one that this list gave out", parameter="page_token"))
    return position


def list_page(store: Store, listing: Listing, query: Mapping[str, str], default_size: int) -> str:
    """The body of a list, as JSON text. `query` holds the page's size and token. Raises Refusal."""
    path, owner, facets = listing.collection.path, listing.owner, listing.facets
    size = page_size(query, default_size, listing.maximum)
    scope = f"{path}?{owner}?{'|'.join(facets)}"
    token = query.get("page_token", "")
    after = decode_token(scope, token) if token else 0
    rows = store.page(path, owner=owner, facets=facets, after=after, limit=size + 1)
    base = listing.collection.url + listing.suffix

    def url(position: int | None) -> str:
        page = [] if position is None else [("page_token", encode_token(scope, position))]
        sized = [("page_size", str(size))] if position is not None or "page_size" in query else []
        parameters = [*listing.filters, *sized, *page]
        return f"{base}?{urlencode(parameters)}" if parameters else base

    metadata: dict[str, str | int] = {} if listing.is_terse else {"first": url(None)}
    if len(rows) > size:
        metadata["next"] = url(rows[size - 1].position)
    if not listing.is_terse:
        total = metadata["total_size"] = store.count(path, owner=owner, facets=facets)
        if total > size:
            limit = (total % size or size) + 1
            tail = store.positions_before(path, before=LAST_POSITION, limit=limit, owner=owner, facets=facets)
            metadata["last"] = url(tail[-1])
        if after:
            ahead = store.positions_before(path, before=after + 1, limit=size + 1, owner=owner, facets=facets)
            metadata["prev"] = url(ahead[size] if len(ahead) > size else None)
    data = ", ".join(row.body for row in rows[:size])
    head = f'{{"api_version": "{listing.collection.api_version}", "kind": "{listing.collection.kind}List", "metadata": '
    return f'{head}{json.dumps(metadata)}, "data": [{data}]}}'
