"""Diagnostics as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from notifconf.report.style import Line, Span, line

if TYPE_CHECKING:
    from notifconf.model import Diagnostic


def diagnostic_line(diagnostic: Diagnostic) -> Line:
    """Return `FILE:LINE:COLUMN: error[code]: message`."""
    place = f"{diagnostic.position}: " if diagnostic.position else ""
    label = Span(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    return line(place, label, f": {diagnostic.message}")


def diagnostic_lines(diagnostics: Iterable[Diagnostic]) -> Iterator[Line]:
    """Yield one line a diagnostic."""
    for diagnostic in diagnostics:
        yield diagnostic_line(diagnostic)
