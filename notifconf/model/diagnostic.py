"""What is wrong with a workspace, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from notifconf.model.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]


class Position(NamedTuple):
    """A place in a workspace: lines and columns count from 1; `file` is as the user named it (`-`: standard input)."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning with a stable `code`; `message` never holds a secret."""

    severity: Severity
    code: str
    message: str
    position: Position | None = None
    address: str | None = None

    @property
    def sort_key(self) -> tuple[bool, Position, str, str, str]:
        """By place; what has no place comes last."""
        place = self.position or Position("", 0, 0)
        return (self.position is None, place, self.code, self.message, self.address or "")

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position else ""
        return f"{place}{self.severity}[{self.code}]: {self.message}"


def error(code: str, message: str, position: Position | None = None, address: str | None = None) -> Diagnostic:
    """Return an error: with it nothing is applied."""
    return Diagnostic("error", code, message, position, address)


def warning(code: str, message: str, position: Position | None = None, address: str | None = None) -> Diagnostic:
    """Return a warning: it is shown, and changes no exit code."""
    return Diagnostic("warning", code, message, position, address)


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> str:
    """Return a suggestion to append to a message, ` (did you mean "a" or "b"?)`, or an empty string."""
    import difflib

    candidates = {name.casefold(): name for name in sorted(known)}
    matches = difflib.get_close_matches(word.casefold(), candidates, n=most)
    if not matches:
        return ""
    return f" (did you mean {' or '.join(quoted(candidates[match]) for match in matches)}?)"


def quoted(text: str, *, longest: int = 120) -> str:
    """Return `text` in double quotes, safe for one line of a terminal, cut where it is huge."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return f'"{visible(cut)}"'
