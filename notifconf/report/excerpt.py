"""The source line under a diagnostic, with a caret.

Secrets stand in workspaces too, and in broken ones anywhere. So a line is read from the left, as far as all of it is
known to be harmless: keys, and values of members that hold no secret. Whatever comes first that might be one ends what
is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from rich.cells import cell_len

from notifconf.config.schema import workspace_schema
from notifconf.config.yaml import MAX_FILE_BYTES
from notifconf.errors import UsageError
from notifconf.files import open_to_read
from notifconf.model.diagnostic import Diagnostic
from notifconf.providers import list_loaded, load_provider
from notifconf.report.style import Line, Span, line, printable

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


SYNTAX_CODE = "yaml-syntax"
"""Where YAML can't be read, nobody knows what a value belongs to."""

MIN_CONTEXT_CHARACTERS = 20
"""How much is shown at least behind a caret, where a line is too long to be shown whole."""


def excerpt_lines(diagnostic: Diagnostic, lines: Sequence[str], members: Members, width: int) -> Iterator[Line]:
    """Yield the line that `diagnostic` points at and a caret under its column, or nothing where it can't be shown.

    `lines` are those of the file, `members` those of the language, `width` is the terminal's.
    """
    if diagnostic.position is None or not 0 < diagnostic.position.line <= len(lines):
        return
    number, column = diagnostic.position.line, diagnostic.position.column
    shown = disclose(lines, number - 1, members, values=diagnostic.code != SYNTAX_CODE)
    if shown is None or column > len(shown) + 1:
        return
    head = f"  {number} | "
    before, behind = _cut_to_width(
        printable(shown[: column - 1]), printable(shown[column - 1 :]), width - len(head) - 1
    )
    yield line(Span(head, "dim"), before + behind)
    yield line(Span(f"{' ' * (len(head) - 2)}| ", "dim"), " " * cell_len(before), Span("^", diagnostic.severity))


def _cut_to_width(before: str, behind: str, width: int) -> tuple[str, str]:
    """Return what stands before and behind the caret, as much of it as fits into `width`."""
    room = max(width - min(len(behind), MIN_CONTEXT_CHARACTERS), 1)
    if len(before) > room:
        before = CUT + before[len(before) - room + 1 :]
    room = max(width - len(before), 1)
    return before, behind if len(behind) <= room else behind[: room - 1] + CUT


LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line in YAML 1.1, as its parser counts them."""


def excerpts(width: int) -> Callable[[Diagnostic], Iterator[Line]]:
    """Return what gives the source line of a diagnostic with a caret under it; each file is read once."""
    files: dict[str, list[str]] = {}
    members = _find_members()

    def excerpt(diagnostic: Diagnostic) -> Iterator[Line]:
        if diagnostic.position is None:
            return
        file = diagnostic.position.file
        if file not in files:
            files[file] = _lines(file)
        yield from excerpt_lines(diagnostic, files[file], members, width)

    return excerpt


def _lines(file: str) -> list[str]:
    """Return a file's lines, each tab as one blank; none where it can't be read any more, as standard input can't."""
    try:
        with open_to_read(file) as opened:
            text = opened.read(MAX_FILE_BYTES).decode("utf-8-sig")
    except (OSError, UsageError, UnicodeDecodeError):
        return []
    return LINE_BREAK.split(text.replace("\t", " "))


def _find_members() -> Members:
    """Return the members of the language, of every provider that may be meant."""
    names: set[str] = set()

    def collect(node: object) -> None:
        if isinstance(node, dict):
            properties = node.get("properties")
            if isinstance(properties, dict):
                names.update(properties)
            for member in node.values():
                collect(member)
        elif isinstance(node, list):
            for member in node:
                collect(member)

    collect(workspace_schema())
    languages = [load_provider(name).language for name in list_loaded()]
    return Members(
        safe=names.difference(*(language.secrets for language in languages)),
        public=frozenset().union(*(language.public for language in languages)),
        named=frozenset().union(*(language.entries for language in languages)),
    )
