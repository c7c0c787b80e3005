"""Filters (`filter[field][eq|contains]=…`) and pages (`page[after]`, `page[before]`, `page[size]`)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from notifconf.emulator.konnect.errors import invalid, parameter
from notifconf.emulator.settings import MAX_PAGE_SIZE
from notifconf.emulator.store import LAST_POSITION

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from notifconf.emulator.store import Row

    # Reads some rows of a list, as `Store.page` does.
    Reader = Callable[..., list[Row]]

Parameters = list[tuple[str, str]]

FILTER = re.compile(r"filter\[([^\]]*)\]\[([^\]]*)\]")
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
}


def read_filters(query: Parameters, fields: Collection[str]) -> list[tuple[str, str, str]]:
    """The (field, operator, value) triples of a query. Raises ProblemError (400)."""
    found, wrong = [], []
    for name, value in query:
        if not name.startswith("filter"):
            continue
        match = FILTER.fullmatch(name)
        if match is None or match[1] not in fields or match[2] not in OPERATORS:
            reason = f"must be filter[{'|'.join(sorted(fields))}][{'|'.join(OPERATORS)}]"
            wrong.append(parameter(name, "unknown_property", reason, source="query"))
        else:
            found.append((match[1], match[2], value))
    if wrong:
        raise invalid(*wrong)
    return found


def matches(filters: Iterable[tuple[str, str, str]], values: Callable[[str], Iterable[str]]) -> bool:
    """Whether all filters hold: each for one at least of the values of its field."""
    return all(
        any(OPERATORS[operator](value, wanted) for value in values(field)) for field, operator, wanted in filters
    )


def window(
    rows: Sequence[Row], *, after: int = 0, before: int = LAST_POSITION, limit: int = -1, backwards: bool = False
) -> list[Row]:
    """What `Store.page` answers, of rows that are already read."""
    within = [row for row in (reversed(rows) if backwards else rows) if after < row.position < before]
    return within if limit < 0 else within[:limit]


def page_of(
    read: Reader, path: str, query: Parameters, default_size: int, *, legacy: bool
) -> tuple[list[Row], dict[str, Any]]:
    """One page of a list, and its `meta`: nested, or flat where `legacy`. Raises ProblemError (400)."""
    given = dict(query)
    size = _size(given.get("page[size]"), default_size)
    after = _position(given, "page[after]", 0)
    before = _position(given, "page[before]", LAST_POSITION)
    backwards = bool(given.get("page[before]")) and not given.get("page[after]")
    page = read(after=after, before=before, limit=size, backwards=backwards)
    if backwards:
        page.reverse()
    base = [(name, value) for name, value in query if not name.startswith("page[")]
    if "page[size]" in given:
        base.append(("page[size]", str(size)))

    def uri(name: str, row: Row) -> str:
        cursor = base64.urlsafe_b64encode(json.dumps({"position": row.position}).encode()).decode().rstrip("=")
        return f"{path}?{urlencode([*base, (name, cursor)])}"

    has_next = bool(page) and bool(read(after=page[-1].position, limit=1))
    has_previous = bool(page) and bool(read(before=page[0].position, limit=1))
    # The older description shows an empty string where there is no such page, the newer allows null.
    nothing = "" if legacy else None
    meta = {
        "next": uri("page[after]", page[-1]) if has_next else nothing,
        "previous": uri("page[before]", page[0]) if has_previous else nothing,
        "size": size,
    }
    return page, meta if legacy else {"page": meta}


def _size(text: str | None, default: int) -> int:
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE_SIZE)) and 1 <= int(text) <= MAX_PAGE_SIZE:
        return int(text)
    raise invalid(parameter("page[size]", "invalid", f"must be a number from 1 to {MAX_PAGE_SIZE}", source="query"))


def _position(given: dict[str, str], name: str, default: int) -> int:
    cursor = given.get(name)
    if not cursor:
        return default
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))["position"]
    except (ValueError, binascii.Error, KeyError, TypeError, RecursionError):
        position = None
    if not isinstance(position, int):
        raise invalid(parameter(name, "invalid", "must be a cursor that a list gave out", source="query"))
    return position
