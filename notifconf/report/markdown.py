"""Plans and outcomes as GitHub Markdown that fits a comment: what a reviewer must not miss comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape

from notifconf.model import Action, Change, ChangeOutcome, Diagnostic, Result
from notifconf.model.plan import UNDECLARED_MUTE
from notifconf.report import Report
from notifconf.report.style import count, printable
from notifconf.report.text import DONE, SIGNS, closing, fields, find_alerts, headline, unmanaged_sentence

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
    return (begin + _SPECIAL.sub(_escape, rest)).replace("\0", _ZERO_WIDTH_SPACE)


def _escape(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], "\\" + match[0])


def code(text: str) -> str:
    """Return `text` as a span of code, within as many backticks as that takes."""
    shown = printable(text) or " "
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fence_code(lines: Iterable[str], language: str) -> str:
    """Return lines as a block of code, within a fence that none of them can end."""
    shown = [printable(item) for item in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, shown), default=0))
    return "\n".join((fence + language, *shown, fence)) + "\n"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)


MAX_COMMENT_BYTES = 65_536
"""Of a comment on GitHub, in characters. Bytes of UTF-8 are counted: they are never fewer."""

PLAN_MARK, OUTCOME_MARK = "<!-- notifconf-plan -->", "<!-- notifconf-apply -->"
"""The first line, which nobody sees: a bot finds by it the comment that it wrote before."""

SIDE_SHARE = 8
"""What stands beside the changes may take a part in this many of the room, each."""

MAX_UNFOLDED_CHANGES = 5
"""Up to so many changes are shown unfolded."""

RESERVED_BYTES = 160
"""Bytes that are kept free for saying how much is left out."""


@dataclass(frozen=True, slots=True)
class _Section:
    """Items between a head and a foot; `rest` says what is left out once so many items are shown."""

    items: Iterable[str]
    rest: Callable[[int], str]
    head: str = ""
    foot: str = ""


def markdown(report: Report, *, limit: int = MAX_COMMENT_BYTES) -> str:
    """Return a report of at most `limit` bytes; where it takes more, it is cut at a change and counts the rest."""
    mark = PLAN_MARK if report.outcome is None else OUTCOME_MARK
    digest = f"\nDigest: {code(report.plan.digest)}\n" if report.plan.digest else ""
    begin = f"{mark}\n### {prose(headline(report.plan, report.outcome))}\n{digest}"
    above = [
        _fit_section(section, limit // SIDE_SHARE)
        for section in (_closing(report), *_alerts(report), _diagnostics(report))
    ]
    below = _fit_section(_unmanaged(report), limit // SIDE_SHARE)
    room = limit - sum(len(part.encode()) for part in (begin, *above, below))
    return "".join((begin, *above, _fit_section(_changes(report), room), below))


def _fit_section(section: _Section, room: int) -> str:
    """Return a section that takes at most `room` bytes; nothing where it has no items."""
    room -= len(f"{section.head}{section.foot}".encode()) + RESERVED_BYTES
    shown: list[str] = []
    for item in section.items:
        room -= len(item.encode())
        if room < 0:
            break
        shown.append(item)
    rest = section.rest(len(shown))
    return "".join((section.head, *shown, rest, section.foot)) if shown or rest else ""


def _make_list(items: list[str], *, head: str = "\n", foot: str = "", prefix: str = "") -> _Section:
    """Return a section that is a list."""

    def rest(shown: int) -> str:
        left = len(items) - shown
        return f"{prefix}- **and {left} more**\n" if left else ""

    return _Section((f"{prefix}- {item}\n" for item in items), rest, head, foot)


def _closing(report: Report) -> _Section:
    return _make_list([prose(words) for words in closing(report.outcome)])


def _alerts(report: Report) -> Iterator[_Section]:
    for alert in find_alerts(report.plan):
        kind = "CAUTION" if alert.name == "silences" else "WARNING"
        items = [prose(message) for message in alert.messages]
        yield _make_list(items, head=f"\n> [!{kind}]\n> **{alert.head}:**\n>\n", prefix="> ")


def _diagnostics(report: Report) -> _Section:
    others = (item for item in report.diagnostics if item.code != UNDECLARED_MUTE)
    found = sorted(others, key=lambda item: item.severity != "error")
    return _make_list([_diagnostic(item) for item in found])


def _diagnostic(item: Diagnostic) -> str:
    place = f" {code(str(item.position))}" if item.position else ""
    return f"**{item.severity}** {code(item.code)}{place}: {'<br>'.join(map(prose, item.message.splitlines()))}"


def _unmanaged(report: Report) -> _Section:
    items = [
        f"{code(item.address)}{_in_words(prose(item.place))} ({code(item.id)}, kept: {prose(item.kept)})"
        for item in report.plan.unmanaged
    ]
    head = f"\n<details>\n<summary>{escape(unmanaged_sentence(report.plan))}</summary>\n\n"
    return _make_list(items, head=head, foot="\n</details>\n")


def _changes(report: Report) -> _Section:
    """Return the changes, those first that a reviewer must see even where not all fit: failed ones, then deletes."""
    changes = sorted(report.changes, key=_urgency)

    def rest(shown: int) -> str:
        left = Counter(change.action for change, _ in changes[shown:])
        if not left:
            return ""
        sums = ", ".join(f"{left[action]} to {action}" for action in Action if left[action])
        return f"\n**{count(left.total(), 'more change')} not shown here: {sums}.**\n"

    unfolded = len(changes) <= MAX_UNFOLDED_CHANGES
    return _Section((_change(*item, report.now, unfolded=unfolded) for item in changes), rest)


def _urgency(item: tuple[Change, ChangeOutcome | None]) -> tuple[bool, int]:
    change, became = item
    done = became is None or became.result is Result.APPLIED
    return done, (Action.DELETE, Action.UPDATE, Action.CREATE).index(change.action)


def _change(change: Change, became: ChangeOutcome | None, now: datetime | None, *, unfolded: bool) -> str:
    changed = change.changed if change.action is Action.UPDATE else ()
    names = ", ".join(f"<code>{escape(printable(name))}</code>" for name in changed)
    address = f"<code>{escape(printable(f'{SIGNS[change.action]} {change.address}'))}</code>"
    title = address + _in_words(escape(printable(change.place)))
    notes = "".join(f" · {note}" for note in (names, _blocked(change), _result(became)) if note)
    error = f"{prose(became.error)}\n\n" if became is not None and became.error else ""
    return (
        f"\n<details{' open' if unfolded or error else ''}>\n<summary>{title}{notes}</summary>\n\n"
        f"{error}{fence_code(_difference_lines(change, now), 'diff')}</details>\n"
    )


def _in_words(place: str) -> str:
    return f" ({place})" if place else ""


def _blocked(change: Change) -> str:
    return f"<b>blocked: {escape(printable(change.blocked))}</b>" if change.blocked else ""


def _result(became: ChangeOutcome | None) -> str:
    if became is None:
        return ""
    return DONE[became.change.action] if became.result is Result.APPLIED else f"<b>{became.result}</b>"


def _difference_lines(change: Change, now: datetime | None) -> Iterator[str]:
    for field in fields(change, now):
        if field.before is not None:
            yield f"- {field.name}: {field.before}"
        if field.after is not None:
            yield f"+ {field.name}: {field.after}"
