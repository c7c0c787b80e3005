"""Text with meaning: renderers write spans, each with the name of a style; who draws them decides what it looks like.

So a plan reads the same in a pipe and on a terminal, and no colour ever has to be taken out of a text again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from notifconf.model.diagnostic import visible


class Span(NamedTuple):
    """A piece of a line. Styles: create, update, delete, error, warning, silences, strong, dim, or none."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """Return a line of plain and styled pieces."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def text_of(item: Line) -> str:
    """Return the words of a line, without their styles."""
    return "".join(span.text for span in item)


def mask_line(item: Line, mask: Callable[[str], str]) -> Line:
    """Return a line with each piece passed through `mask`."""
    return tuple(Span(mask(span.text), span.style) for span in item)


def plain_text(lines: Iterable[Line]) -> str:
    """Return the lines as text for a pipe: nothing wrapped, cut or coloured."""
    return "".join("".join(printable(span.text) for span in item) + "\n" for item in lines)


def printable(text: str) -> str:
    """Return `text` safe for a terminal: control characters, and others that don't show, as escapes."""
    return visible(text)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
