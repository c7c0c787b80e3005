"""What a text of a workspace can hold, whatever it is escaped as: the limits of the language."""

from __future__ import annotations

import re
from typing import Final

# Tab, line feed and carriage return are the only control characters of a text; surrogates are no characters.
_FORBIDDEN: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BREAKS: Final = re.compile(r"[\t\n\r]")


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
