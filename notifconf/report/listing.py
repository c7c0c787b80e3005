"""Live state as tables, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notifconf.model import Listing
from notifconf.model.listing import Cell
from notifconf.report.json import dumps
from notifconf.report.style import Span
from notifconf.report.table import Table

STYLES: Mapping[Cell, str] = {
    "CRITICAL": "critical",
    "WARN": "warn",
    "INFO": "info",
    "DISABLED": "dim",
    False: "dim",
}
"""What a value looks like; what has no style here has none."""


def listing_table(listing: Listing, *, verbose: bool = False) -> Table:
    """Return a listing as a table; a `verbose` one has what rows hold beyond the columns, such as ids."""
    columns = listing.columns
    if verbose and listing.rows:
        columns += tuple(name for name in listing.rows[0] if name not in columns)
    rows = tuple(tuple(_cell(row[column]) for column in columns) for row in listing.rows)
    return Table(listing.title, columns, rows, listing.empty)


def listings_json(provider: str, listings: Sequence[Listing]) -> str:
    """Return listings as one JSON document, each a list of rows under its name."""
    rows = {listing.name: [dict(row) for row in listing.rows] for listing in listings}
    return dumps({"provider": provider, **rows})


def _cell(value: Cell) -> Span:
    style = STYLES.get(value, "") if isinstance(value, str | bool) else ""
    return Span(_text(value), style)


def _text(value: Cell) -> str:
    """Return what a person reads; what is empty is a dash, so that each column of a line has something."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return "-" if value in (None, "") else str(value)
