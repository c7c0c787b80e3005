"""Live state as rows, for `show` and `types`: data that a table and a JSON document are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Cell = str | int | bool | tuple[str, ...] | None


class Listing(NamedTuple):
    """Rows; the members of each are those of its JSON, in snake_case. `name` is the listing's own member.

    `columns` names those that a table shows; rows may hold more (ids). A cell holds no secret. `empty` says what it
    means that there are no rows.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]
    empty: str = "none"


class Filters(NamedTuple):
    """What `show`, `types` and `resources` are narrowed to; an empty one lets everything pass.

    Several values of one filter widen it, several filters narrow. Case does not matter; `type` takes globs on the
    display name, or an id. `environment`, `cluster` and `name` are globs on names and ids, of resources.
    """

    severity: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    namespace: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
