"""Tables as lines: a pipe gets every cell whole and in its column, a terminal what fits its width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from notifconf.model.views import Cell, Listing
from notifconf.report.json import dump_json
from notifconf.report.style import Line, Span, line, printable

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
    return dump_json({"provider": provider, **rows})


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


GAP = 2
INDENT = 2
STACKED_INDENT = 6
MIN_LAST_COLUMN_WIDTH = 16
"""Of the last column, where its cells are wrapped inside of it."""
MIN_WRAPPED_COLUMN_WIDTH = 40
"""Of the last column, where it is wrapped and all columns stand side by side."""


class Table(NamedTuple):
    """Rows of cells under column heads; a cell is a span, so that it can carry a style."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Span, ...], ...]
    empty: str = "none"
    """What stands in the place of rows where there are none; nothing where the title says it."""

    def lines(self, width: int | None = None) -> Iterator[Line]:
        """Yield the table as lines: see `table_lines`."""
        return table_lines(self, width)


def table_lines(table: Table, width: int | None = None) -> Iterator[Line]:
    """Yield a table; `width` is a terminal's, None a pipe's, where nothing is wrapped or cut.

    Where the rows are wider than a terminal, the cells of the last column are wrapped, if that leaves enough of it.
    Else the first cell of each row stands on a line of its own, the others below it; of these the last one is wrapped
    where it must be. A terminal wraps what is too long even so.
    """
    yield line(Span(table.title, "strong"))
    if not table.rows:
        if not table.empty:
            return
        text = f"({table.empty})"
        for part in [text] if width is None else textwrap.wrap(text, max(width - INDENT, 1)):
            yield line(" " * INDENT, Span(part, "dim"))
        return
    heads = tuple(Span(column.replace("_", " ").upper(), "dim") for column in table.columns)
    rows = [tuple(Span(printable(cell.text), cell.style) for cell in row) for row in (heads, *table.rows)]
    widths = [max(cell_len(cell.text) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        depth = len(row[0].text) - len(row[0].text.lstrip())  # of a tree
        for group in _groups(widths, width):
            indent = INDENT if group.start == 0 else STACKED_INDENT + depth
            cells = row[group] if group.start or group.stop == len(row) else _strong(row[group])
            yield from _row_lines(cells, widths[group], indent, width)


def _groups(widths: Sequence[int], width: int | None) -> list[slice]:
    """Part the columns into those that stand side by side: all of them, or the first one, and below it the others."""
    columns = len(widths)
    least = (*widths[:-1], min(widths[-1], MIN_WRAPPED_COLUMN_WIDTH))
    if width is None or columns == 1 or _end(least, INDENT) <= width:
        return [slice(0, columns)]
    starts = [0, 1]
    for column in range(2, columns):
        room = width - _end(widths[starts[-1] : column], STACKED_INDENT) - GAP
        if room < (min(widths[column], MIN_LAST_COLUMN_WIDTH) if column == columns - 1 else widths[column]):
            starts.append(column)
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], columns], strict=True)]


def _strong(cells: Sequence[Span]) -> Sequence[Span]:
    return [Span(cell.text, cell.style or "strong") for cell in cells]


def _row_lines(cells: Sequence[Span], widths: Sequence[int], indent: int, width: int | None) -> Iterator[Line]:
    """Yield cells: one line, or several where the last one does not fit into `width`."""
    *others, last = cells
    start = _end(widths[:-1], indent) + (GAP if others else 0)
    texts = [last.text]
    if width is not None and start + cell_len(last.text) > width >= start + MIN_LAST_COLUMN_WIDTH and others:
        texts = textwrap.wrap(last.text, width - start, break_long_words=False, break_on_hyphens=False)
    padded = (span for cell, column in zip(others, widths, strict=False) for span in _padded(cell, column))
    yield (Span(" " * indent), *padded, Span(texts[0], last.style))
    for text in texts[1:]:
        yield (Span(" " * start), Span(text, last.style))


def _padded(cell: Span, width: int) -> Iterator[Span]:
    yield cell
    yield Span(" " * (width - cell_len(cell.text) + GAP))


def _end(widths: Sequence[int], indent: int) -> int:
    """Return the column where a row of such cells ends."""
    return indent + sum(widths) + GAP * max(0, len(widths) - 1)
