"""The source line under a diagnostic, with a caret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len

from notifconf.config.schema import workspace_schema
from notifconf.config.yaml import MAX_FILE_BYTES
from notifconf.errors import UsageError
from notifconf.files import open_to_read
from notifconf.model.diagnostic import Diagnostic
from notifconf.providers import list_loaded, load_provider
from notifconf.report.disclosure import CUT, Members, disclose
from notifconf.report.style import Line, Span, line, printable

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
