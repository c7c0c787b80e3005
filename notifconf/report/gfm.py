"""GitHub Flavored Markdown: text from outside that reads as it is, and does nothing.

GitHub acts on more than Markdown does: @mentions, #references, bare addresses, :emoji: and $formulas$. It leaves code
alone, so names and values stand in code; in prose a zero-width space takes the meaning from what would have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from notifconf.report.style import printable

_ZERO_WIDTH_SPACE = "&#8203;"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "&#96;", "$": "<span>$</span>"}
_SPECIAL = re.compile(r"[&<>`$]|[\\*_\[\]|~]")
_BLOCK = re.compile(r"[-+=#]|\d+(?=[.)])")
_ACTIVE = re.compile(r"@|#(?=\d)|gh-(?=\d)|:(?=//)|www(?=\.)|:(?=(?:[a-z_+-][\w+-]*|100|1234):)", re.IGNORECASE)


def prose(text: str) -> str:
    """Return `text` as words within a line. It may begin an item of a list."""
    text = _ACTIVE.sub(lambda match: match[0] + "\0", printable(text.strip()))
    block = _BLOCK.match(text)
    begin, rest = (block[0], text[block.end() :]) if block else ("", text)
    if begin.isdigit():
        begin, rest = begin + "\\" + rest[0], rest[1:]
    elif begin:
        begin = "\\" + begin
    return (begin + _SPECIAL.sub(_escaped, rest)).replace("\0", _ZERO_WIDTH_SPACE)


def _escaped(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], "\\" + match[0])


def code(text: str) -> str:
    """Return `text` as a span of code, within as many backticks as that takes."""
    shown = printable(text) or " "
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(lines: Iterable[str], language: str) -> str:
    """Return lines as a block of code, within a fence that none of them can end."""
    shown = [printable(item) for item in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, shown), default=0))
    return "\n".join((fence + language, *shown, fence)) + "\n"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)
