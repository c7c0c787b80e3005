"""Pictures of who is told of what: a matrix of types by channels, and a diagram of types, subscriptions and channels.

Both show the live state, and what a plan adds and takes away. Each sign of the matrix has words beside it, and the
diagram a description: who can't see them reads the same. A diagram is drawn as SVG, or as Mermaid in Markdown.
"""

from __future__ import annotations

import string
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from notifconf.model.coverage import Channel
from notifconf.plan.coverage import Sides
from notifconf.report.style import printable

SIGNS = {
    "on": ("●", "told"),
    "partly": ("◐", "told, but not of what happens in a muted resource"),
    "added": ("+", "told from now on"),
    "removed": ("\N{MINUS SIGN}", "no longer told"),
    "off": ("○", "not told, though subscribed"),
    "muted": ("◌", "not told, everything is muted"),
    "anyhow": ("✉", "told whatever is configured"),
}
"""The states of a cell: a sign, and what it says in words."""

MAX_DRAWN_TYPES = 60
"""A diagram of more types can't be read."""

PLAIN = frozenset(f"{string.ascii_letters}{string.digits} .,-/%()")
"""The characters that mean nothing in a label of Mermaid."""

MAX_MERMAID_EDGES = 40
"""GitHub draws larger diagrams so small that nobody can read them."""


class Sign(NamedTuple):
    """A cell of a matrix; all are empty where a channel has nothing to do with a type."""

    state: str = ""
    sign: str = ""
    words: str = ""


class Row(NamedTuple):
    """A type; `reaches` is false where nobody is told of it after the plan."""

    name: str
    note: str
    reaches: bool
    cells: tuple[Sign, ...]


class Group(NamedTuple):
    """The types of a severity, or namespace."""

    name: str
    rows: tuple[Row, ...]


class Matrix(NamedTuple):
    """Types by channels; `signs` are those that occur, for the key.

    `muted` are the resources that are muted; one that the plan mutes, or lifts, has the sign of that before it.
    """

    channels: tuple[str, ...]
    groups: tuple[Group, ...]
    signs: tuple[Sign, ...]
    muted: tuple[str, ...] = ()


def make_matrix(types: Sequence[Sides]) -> Matrix:
    """Return the matrix of all types, in their order, with a column for each channel."""
    columns = _list_channels(types)
    groups = tuple(
        Group(name, tuple(_make_row(item, columns) for item in group))
        for name, group in groupby(types, key=lambda item: item.after.group)
    )
    states = {cell.state for group in groups for row in group.rows for cell in row.cells}
    signs = tuple(Sign(state, *SIGNS[state]) for state in SIGNS if state in states)
    return Matrix(tuple(map(_name, columns.values())), groups, signs, tuple(_list_muted(types)))


def _list_muted(types: Sequence[Sides]) -> Iterator[str]:
    before = {place for item in types for place in item.before.muted_in}
    after = {place for item in types for place in item.after.muted_in}
    for place in sorted(before | after):
        state = "on" if place in before & after else "added" if place in after else "removed"
        yield place if state == "on" else f"{SIGNS[state][0]} {place}"


def _make_row(item: Sides, columns: dict[str, Channel]) -> Row:
    states = find_states(item)
    cells = tuple(Sign(states[target], *SIGNS[states[target]]) if target in states else Sign() for target in columns)
    note = "" if item.after.in_plan else "not in plan"
    return Row(item.after.name, note, bool(item.after.channels or item.after.anyhow), cells)


def find_states(item: Sides) -> dict[str, str]:
    """Return how each channel that has to do with a type stands, by target: a key of `SIGNS`."""
    before = {channel.target for channel in item.before.channels}
    after = {channel.target for channel in item.after.channels}
    told = "partly" if item.after.muted_in else "on"
    states = (
        *((channel, "off") for channel in item.after.off),
        *((channel, "anyhow") for channel in item.after.anyhow),
        *((channel, "removed") for channel in item.before.channels if channel.target not in after),
        *((channel, "muted") for channel in item.after.silenced),
        *((channel, told if channel.target in before else "added") for channel in item.after.channels),
    )
    return {channel.target: state for channel, state in states}


def _list_channels(types: Iterable[Sides]) -> dict[str, Channel]:
    """Return every channel of both sides by its target, sorted by name."""
    found = {
        channel.target: channel
        for item in types
        for side in (item.before, item.after)
        for channel in (*side.channels, *side.anyhow, *side.off, *side.silenced)
    }
    return dict(sorted(found.items(), key=lambda entry: (entry[1].name, entry[1].kind, entry[0])))


def _name(channel: Channel) -> str:
    return " ".join(filter(None, (channel.kind, channel.name)))


class Column(NamedTuple):
    """Where the boxes of a column stand, how large they are, and how many characters fit into a line."""

    x: int
    width: int
    height: int
    characters: int


WIDTH, ROW_HEIGHT, BOX_HEIGHT, LINE_HEIGHT = 400, 44, 36, 13
"""In units of the drawing: a screen of 400 pixels shows one of them as a little less than a pixel."""

TYPES, SUBSCRIPTIONS, CHANNELS = (
    Column(0, 170, BOX_HEIGHT, 27),
    Column(198, 60, 20, 9),
    Column(296, 104, BOX_HEIGHT, 16),
)


class Text(NamedTuple):
    """One line of text, by the middle of its left end."""

    x: int
    y: int
    text: str


class Box(NamedTuple):
    """A box of the diagram: `title` is its whole text, `style` a class."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[Text, ...]
    title: str
    style: str


class Edge(NamedTuple):
    """A curve: `path` as SVG has it, `state` a key of `SIGNS`."""

    path: str
    state: str


class Diagram(NamedTuple):
    """A drawing, and in words what it shows."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    description: tuple[str, ...]


def make_diagram(types: Sequence[Sides]) -> Diagram | None:
    """Return the diagram of all types that have to do with a channel; None where there are none, or too many to read.

    A channel stands as near as possible to the middle of its types, so that few lines cross.
    """
    drawn = [(item, states) for item in types if (states := find_states(item))]
    if not 0 < len(drawn) <= MAX_DRAWN_TYPES:
        return None
    channels = _list_channels(types)
    middles = _place_channels([states for _, states in drawn], channels)
    height = max(len(drawn), len(channels)) * ROW_HEIGHT
    boxes = [_make_box(CHANNELS, middles[target], _name(channel), "channel") for target, channel in channels.items()]
    edges: list[Edge] = []
    right = SUBSCRIPTIONS.x + SUBSCRIPTIONS.width
    for index, (item, states) in enumerate(drawn):
        middle = _find_middle(index)
        reaches = bool(item.after.channels or item.after.anyhow)
        boxes.append(_make_box(TYPES, middle, item.after.name, "type" if reaches else "nobody"))
        boxes.append(_make_box(SUBSCRIPTIONS, middle, _label_subscriptions(item), "pill"))
        edges.append(_make_edge(TYPES.width, middle, SUBSCRIPTIONS.x, middle, "on"))
        edges += (_make_edge(right, middle, CHANNELS.x, middles[target], state) for target, state in states.items())
    return Diagram(WIDTH, height, tuple(boxes), tuple(edges), tuple(_describe(types, channels)))


def _find_middle(row: float) -> int:
    return round(ROW_HEIGHT * (row + 0.5))


def _place_channels(rows: Sequence[dict[str, str]], channels: Iterable[str]) -> dict[str, int]:
    """Return the middle of each channel: that of the rows that have to do with it, as far as no two overlap."""
    used = {target: [row for row, states in enumerate(rows) if target in states] for target in channels}
    wanted = sorted(used, key=lambda target: (sum(used[target]) / max(len(used[target]), 1), target))
    last = max(len(rows), len(used)) - 1
    places: dict[str, int] = {}
    row = -1.0
    for index, target in enumerate(wanted):
        middle = sum(used[target]) / max(len(used[target]), 1)
        row = min(max(middle, row + 1), last - (len(wanted) - 1 - index))
        places[target] = _find_middle(row)
    return places


def _label_subscriptions(item: Sides) -> str:
    ids = sorted(found for _, found in item.after.subscriptions | item.before.subscriptions)
    if len(ids) > 1:
        return f"× {len(ids)}"
    return ("new" if "/" in ids[0] else ids[0]) if ids else "default"


def _make_box(column: Column, middle: int, title: str, style: str) -> Box:
    lines = 1 if column.height < BOX_HEIGHT else 2
    words = textwrap.wrap(printable(title), column.characters, max_lines=lines, placeholder="…")
    top = middle - (len(words) - 1) * LINE_HEIGHT // 2
    shown = tuple(Text(column.x + 6, top + number * LINE_HEIGHT, text) for number, text in enumerate(words))
    return Box(column.x, middle - column.height // 2, column.width, column.height, shown, title, style)


def _make_edge(x: int, y: int, to_x: int, to_y: int, state: str) -> Edge:
    bend = (x + to_x) // 2
    return Edge(f"M{x} {y}C{bend} {y} {bend} {to_y} {to_x} {to_y}", state)


def _describe(types: Iterable[Sides], channels: dict[str, Channel]) -> Iterable[str]:
    for item in types:
        parts = [f"{_name(channels[target])} ({SIGNS[state][1]})" for target, state in find_states(item).items()]
        yield f"{item.after.name}: {', '.join(parts) or 'nobody is told'}."


def draw_mermaid(types: Sequence[Sides]) -> list[str]:
    """Return the lines of a Mermaid diagram of what reaches somebody; nothing where it is too large to read."""
    channels = _list_channels(types)
    drawn = [(item, states) for item in types if (states := find_states(item))]
    if not 0 < sum(len(states) for _, states in drawn) <= MAX_MERMAID_EDGES:
        return []
    numbers = {target: number for number, target in enumerate(channels)}
    lines = ["flowchart LR"]
    lines += [f'    c{numbers[target]}(["{_escape(_name(channel))}"])' for target, channel in channels.items()]
    for index, (item, states) in enumerate(drawn):
        lines.append(f'    t{index}["{_escape(item.after.name)}"]')
        for target, state in states.items():
            arrow = "-->" if state in {"on", "partly"} else f'-. "{SIGNS[state][0]}" .->'
            lines.append(f"    t{index} {arrow} c{numbers[target]}")
    return lines


def _escape(text: str) -> str:
    """Return a text as a label of Mermaid, which none of its characters can end: all but plain ones are entities."""
    return "".join(char if char in PLAIN else f"#{ord(char)};" for char in printable(text))
