"""Plain YAML values that remember where they stood.

They are `dict` and `list` (so any JSON Schema validator takes them), with the place of each member beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from notifconf.model.diagnostic import Position


class LocatedMapping(dict[str, Any]):
    """A mapping; `keys_at` and `values_at` hold the position of each key and value, `position` its own.

    `expressions` holds the text of the members that stood as `${…}`, as written, before they were resolved.
    `unresolved` names the members among them that still stand as written (`validate` needs no environment). `parts`
    holds the texts that the references of a member brought in.
    """

    __slots__ = ("expressions", "keys_at", "parts", "position", "unresolved", "values_at")

    def __init__(self, position: Position) -> None:
        """Make an empty mapping that stands at `position`."""
        super().__init__()
        self.position = position
        self.keys_at: dict[str, Position] = {}
        self.values_at: dict[str, Position] = {}
        self.expressions: dict[str, str] = {}
        self.unresolved: frozenset[str] = frozenset()
        self.parts: dict[str, tuple[str, ...]] = {}

    def at(self, key: str) -> Position:
        """Return the position of the value of `key`, or of the mapping where it has none."""
        return self.values_at.get(key, self.position)


class LocatedList(list[Any]):
    """A list; `items_at[i]` is the position of item i. the rest as in a mapping, by index."""

    __slots__ = ("expressions", "items_at", "parts", "position", "unresolved")

    def __init__(self, position: Position) -> None:
        """Make an empty list that stands at `position`."""
        super().__init__()
        self.position = position
        self.items_at: list[Position] = []
        self.expressions: dict[int, str] = {}
        self.unresolved: frozenset[int] = frozenset()
        self.parts: dict[int, tuple[str, ...]] = {}

    def at(self, index: int) -> Position:
        """Return the position of item `index`."""
        return self.items_at[index]


def place(document: Any, path: Iterable[str | int]) -> Any:
    """Return what stands at `path`; None where it, or an entry around it, was refused."""
    for step in path:
        if document is None:
            return None
        document = document.get(step) if isinstance(document, dict) else document[step]
    return document
