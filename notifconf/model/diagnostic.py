"""What is wrong with a workspace, and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

Severity = Literal["error", "warning"]


class Position(NamedTuple):
    """A place in a workspace: lines and columns count from 1; `file` is as the user named it (`-`: standard input)."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Diagnostic(NamedTuple):
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


MIN_PART = 3
"""How many characters of a name say which one may be meant."""


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> str:
    """Return a suggestion to append to a message, ` (did you mean "a" or "b"?)`, or an empty string.

    A name that differs in case alone is the only one. Where none is close, those that contain the word are suggested.
    """
    import difflib

    folded = word.casefold()
    candidates = {name.casefold(): name for name in sorted(known)}
    matches = [folded] if folded in candidates else difflib.get_close_matches(folded, candidates, n=most)
    if not matches and len(folded) >= MIN_PART:
        matches = [name for name in candidates if folded in name][:most]
    if not matches:
        return ""
    return f" (did you mean {' or '.join(quoted(candidates[match]) for match in matches)}?)"


class Suggester:
    """Suggests known names, as `nearest` does, for the first unknown ones: no number of typos makes a run slow."""

    def __init__(self, most: int = 100) -> None:
        """Suggest something for at most so many words."""
        self._most = most
        self._found: dict[Hashable, str] = {}

    def __call__(self, word: str, known: Iterable[str], group: Hashable = None) -> str:
        """Return a suggestion to append to a message, or an empty text. `group` says which known names these are."""
        key = group, word
        if key not in self._found and len(self._found) < self._most:
            self._found[key] = nearest(word, known)
        return self._found.get(key, "")


def list_some(names: Sequence[str], most: int, joint: str = ", ") -> str:
    """Return the first names in a row, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return joint.join(names[:most]) + more


def quoted(text: str, *, longest: int = 120) -> str:
    """Return `text` in double quotes, safe for one line of a terminal, cut where it is huge."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return f'"{visible(cut)}"'


# Tab, line feed and carriage return are the only control characters of a text; surrogates are no characters.
_FORBIDDEN: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
BYTE_ORDER_MARK: Final = "\ufeff"
UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a file begins that some editors and shells call Unicode."""

_BREAKS: Final = re.compile(r"[\t\n\r]")

# Python calls these printable: fillers and vowels without a shape, placeholders of objects, and the variation selectors
# (those of emoji aside).
INVISIBLE: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\ufffc\U000e0100-\U000e01ef"
)
# The selectors of emoji show only after a symbol, or before the frame of a key (as in 1\ufe0f\u20e3).
_SELECTORS: Final = r"(?<![^\0-\x7f\w\s\ufe0e\ufe0f]|\u2139)[\ufe0e\ufe0f](?!\u20e3)"
# Marks that stand on the letter before them, or else on whatever is shown before the text. The same one twice, or more
# than three, cover other text.
_MARKS: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_HIDDEN: Final = re.compile(
    f"[{INVISIBLE}]|{_SELECTORS}|(?<!\\S)[{_MARKS}]|(?<=[{_MARKS}][{_MARKS}][{_MARKS}])[{_MARKS}]|(?<=([{_MARKS}]))\\1"
)


def shows(text: str) -> bool:
    """Say whether every character of a text shows, as one of its own."""
    return text.isprintable() and (text.isascii() or not _HIDDEN.search(text))


def escaped(char: str) -> str:
    """Return the escape of a character, as Python writes it."""
    code = ord(char)
    if code <= 0xFF:  # noqa: PLR2004 -- what \x can say
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- what \u can say


def visible(text: str, escape: Callable[[str], str] = escaped) -> str:
    """Return `text` with every character that does not show passed through `escape`."""
    if shows(text):
        return text
    hidden = {found.start() for found in _HIDDEN.finditer(text)}
    return "".join(
        char if char.isprintable() and index not in hidden else escape(char) for index, char in enumerate(text)
    )


def forbidden_in(text: str) -> re.Match[str] | None:
    """Return the first character that can't stand in a text, escaped or not."""
    return None if text.isprintable() else _FORBIDDEN.search(text)


def fits(text: str, longest: int) -> bool:
    """Say whether a text can be said: it is not empty, not too long, and holds no forbidden character."""
    return 0 < len(text) <= longest and not forbidden_in(text)


def fits_line(text: str, longest: int) -> bool:
    """Say whether a text can be said where it must be one line: a name."""
    return fits(text, longest) and not _BREAKS.search(text)


def fits_word(text: str, longest: int) -> bool:
    """Say whether a text can be said where it must hold no space: an id."""
    return fits(text, longest) and not any(char.isspace() for char in text)


def format_time(moment: datetime) -> str:
    """Return a timezone-aware moment as text: in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def distance(moment: datetime, now: datetime) -> str:
    """Return how far a moment is away, in the largest unit that fits: "in 5 days", "2 hours ago"."""
    seconds = (moment - now).total_seconds()
    unit, size = next(((name, size) for name, size in UNITS if abs(seconds) >= size), ("minute", 60))
    number = int(abs(seconds) // size)
    amount = f"{number} {unit}{'' if number == 1 else 's'}" if number else f"less than a {unit}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"
