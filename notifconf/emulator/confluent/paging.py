"""Pages of a list: opaque tokens, and URLs that bear the vendor's host, whatever host was asked."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from notifconf.emulator.confluent.errors import Refusal, invalid
from notifconf.emulator.settings import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifconf.emulator.confluent.objects import Collection
    from notifconf.emulator.store import Store

MAX_TOKEN = 255


def page_size(query: Mapping[str, str], default: int) -> int:
    """`page_size`, 1 to 250. Raises Refusal."""
    text = query.get("page_size")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE_SIZE))) or not (
        1 <= int(text) <= MAX_PAGE_SIZE
    ):
        detail = f"page_size must be a number from 1 to {MAX_PAGE_SIZE}"
        raise Refusal(invalid(detail, parameter="page_size"))
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


def list_page(
    store: Store, collection: Collection, query: Mapping[str, str], default_size: int, *, suffix: str = ""
) -> str:
    """The body of a list, as JSON text.

    `query` holds the page's size and token, and the filters `resource` and `resource_type` as far as the
    operation has them. `suffix` is `:lookup` for the lists that are lookups.
    """
    size = page_size(query, default_size)
    owner, facet = query.get("resource", ""), query.get("resource_type", "")
    scope = f"{collection.path}?{owner}?{facet}"
    token = query.get("page_token", "")
    after = decode_token(scope, token) if token else 0
    rows = store.page(collection.path, owner=owner, facet=facet, after=after, limit=size + 1)
    total = store.count(collection.path, owner=owner, facet=facet)
    filters = {name: query[name] for name in ("resource", "resource_type") if name in query}
    base = collection.url + suffix

    def url(position: int | None) -> str:
        page = {} if position is None else {"page_token": encode_token(scope, position)}
        sized = {"page_size": str(size)} if position is not None or "page_size" in query else {}
        parameters = filters | sized | page
        return f"{base}?{urlencode(parameters)}" if parameters else base

    metadata: dict[str, str | int] = {"first": url(None)}
    if total > size:
        tail = store.positions_before(
            collection.path, before=2**62, limit=(total % size or size) + 1, owner=owner, facet=facet
        )
        metadata["last"] = url(tail[-1])
    if after:
        ahead = store.positions_before(collection.path, before=after + 1, limit=size + 1, owner=owner, facet=facet)
        metadata["prev"] = url(ahead[size] if len(ahead) > size else None)
    if len(rows) > size:
        metadata["next"] = url(rows[size - 1].position)
    metadata["total_size"] = total
    data = ", ".join(row.body for row in rows[:size])
    head = f'{{"api_version": "notifications/v1", "kind": "{collection.kind}List", "metadata": '
    return f'{head}{json.dumps(metadata)}, "data": [{data}]}}'
