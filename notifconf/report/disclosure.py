"""How much of a source line may be shown: secrets stand in workspaces too, and in broken ones anywhere.

A line is read from the left, as far as all of it is known to be harmless: keys, and values of members that hold no
secret. Whatever comes first that might be one ends what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

CUT = "…"

_TOKEN = re.compile(
    r"""
    (?P<blank>\ +)
    | (?P<reference>(?P<mark>["']?)\$\{(?:[A-Za-z_][A-Za-z0-9_]*|file:[^}]*)\}(?P=mark)(?=[\ ,}\]]|$))
    | (?P<comment>\#.*)
    | (?P<dash>-(?=\ |$))
    | (?P<open>[{\[]) | (?P<close>[}\]]) | (?P<comma>,)
    | (?P<key>[\w.-]+)\ *:(?=\ |$)
    | "(?P<double_key>(?:[^"\\]|\\.)*)"\ *: | '(?P<single_key>(?:[^']|'')*)'\ *:
    | (?P<quoted>"(?:[^"\\]|\\.)*" | '(?:[^']|'')*')
    | (?P<plain>(?!:(?:\ |$))[^\s,{}\[\]"'](?:[^,{}\[\]\#:]|(?<!\ )\#|:(?!\ |$))*)
    """,
    re.VERBOSE,
)
_KEY = re.compile(r"""([\w.-]+)["']?\ *:(?=\s|$)""")


class Members(NamedTuple):
    """The members of the language: the values of `safe` ones may be seen, if all members around them are safe too.

    Those of `public` ones may be seen in any place. In a section of `named` the user gives the keys.
    """

    safe: AbstractSet[str]
    public: AbstractSet[str] = frozenset()
    named: AbstractSet[str] = frozenset()


def disclose(lines: Sequence[str], index: int, members: Members, *, values: bool = True) -> str | None:
    """Return what may be shown of the line at `index`, cut where it goes on; None if that is nothing.

    Without `values` none is shown, except `${NAME}`, which says where a secret comes from and not what it is.
    """
    return _Reader(_parents(lines, index), members, values=values).read(lines[index])


class _Reader:
    """Reads one line; `path` holds the keys around the place that it has come to, None where they can't be told."""

    def __init__(self, parents: list[str] | None, members: Members, *, values: bool) -> None:
        self._path = parents
        self._members = members
        self._values = values
        self._open: list[tuple[str, list[str] | None]] = []
        self._key: str | None = None
        self._begun = False

    def read(self, text: str) -> str | None:
        """Return as much of `text` as may be shown."""
        end, any_shown = 0, False
        while end < len(text):
            found = _TOKEN.match(text, end)
            if found is None or not self._may_show(found):
                return text[:end] + CUT if any_shown else None
            any_shown |= found.lastgroup not in {"blank", "dash", "open", "close", "comma"}
            end = found.end()
        return text

    def _may_show(self, found: re.Match[str]) -> bool:
        kind, text = str(found.lastgroup), found.group()
        if kind == "dash":
            self._key = self._path[-1] if self._path else None
            return not self._begun
        self._begun |= kind != "blank"
        if kind.endswith("key"):
            self._key = found[kind]
        elif kind == "open":
            self._open.append((text, self._path))
            self._path = None if self._path is None else [*self._path, *filter(None, [self._key])]
            self._key = self._key if text == "[" else None
        elif kind == "close":
            self._path = self._open.pop()[1] if self._open else None
            self._key = None
        elif kind == "comma":
            in_list = self._open[-1][0] == "[" if self._open else self._path is not None
            self._key = self._key if in_list else None
        return kind != "comment" and (kind not in {"quoted", "plain"} or self._is_harmless(text))

    def _is_harmless(self, value: str) -> bool:
        if not self._values or self._key is None or "://" in value:
            return False
        if self._key in self._members.public:
            return True
        if self._path is None:
            return False
        named = bool(self._path) and self._path[0] in self._members.named
        around = [name for depth, name in enumerate(self._path) if not (named and depth == 1)]
        return all(name in self._members.safe for name in (*around, self._key))


def _parents(lines: Sequence[str], index: int) -> list[str] | None:
    """Return the keys that the line at `index` stands below, by its indentation; None where that can't tell."""
    above = [text for text in lines[:index] if text.strip() and not text.lstrip().startswith("#")]
    if _continues(above[-1] if above else "", lines[index]):
        return None
    return list(reversed([key for text in _less_indented(above, lines[index]) for key in reversed(_KEY.findall(text))]))


def _less_indented(above: Sequence[str], text: str) -> Iterator[str]:
    """Yield the lines around `text`, the nearest first. An item may stand as far left as the key of its list."""
    limit, is_item = _indent(text), _is_item(text)
    for candidate in reversed(above):
        indent = _indent(candidate)
        if indent < limit or (is_item and indent == limit and not _is_item(candidate)):
            yield candidate
            limit, is_item = indent, _is_item(candidate)


def _continues(before: str, text: str) -> bool:
    """Say whether a line goes on with brackets that were opened on an earlier one."""
    before = before.partition(" #")[0].rstrip()
    closers = text.count("}") + text.count("]") > text.count("{") + text.count("[")
    return before.endswith(("{", "[", ",")) or text.lstrip().startswith((",", "}", "]")) or closers


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _is_item(text: str) -> bool:
    return text.lstrip().startswith("- ")
