"""The source line under a diagnostic, with a caret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len

from notifconf.model import Diagnostic
from notifconf.report.disclosure import CUT, disclosed
from notifconf.report.style import Line, Span, line, printable

SYNTAX = "yaml-syntax"
"""Where YAML can't be read, nobody knows what a value belongs to."""

CONTEXT = 20
"""How much is shown at least behind a caret, where a line is too long to be shown whole."""


def excerpt_lines(
    diagnostic: Diagnostic, lines: Sequence[str], safe_keys: AbstractSet[str], width: int
) -> Iterator[Line]:
    """Yield the line that `diagnostic` points at and a caret under its column, or nothing where it can't be shown.

    `lines` are those of the file, `safe_keys` the members whose values may be seen, `width` is the terminal's.
    """
    if diagnostic.position is None or not 0 < diagnostic.position.line <= len(lines):
        return
    number, column = diagnostic.position.line, diagnostic.position.column
    shown = disclosed(lines, number - 1, safe_keys, values=diagnostic.code != SYNTAX)
    if shown is None or column > len(shown) + 1:
        return
    head = f"  {number} | "
    before, behind = _windowed(printable(shown[: column - 1]), printable(shown[column - 1 :]), width - len(head) - 1)
    yield line(Span(head, "dim"), before + behind)
    yield line(Span(f"{' ' * (len(head) - 2)}| ", "dim"), " " * cell_len(before), Span("^", diagnostic.severity))


def _windowed(before: str, behind: str, width: int) -> tuple[str, str]:
    """Return what stands before and behind the caret, as much of it as fits into `width`."""
    room = max(width - min(len(behind), CONTEXT), 1)
    if len(before) > room:
        before = CUT + before[len(before) - room + 1 :]
    room = max(width - len(before), 1)
    return before, behind if len(behind) <= room else behind[: room - 1] + CUT
