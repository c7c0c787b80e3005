"""Plans and outcomes as GitHub Markdown that fits a comment: what a reviewer must not miss comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from html import escape
from typing import NamedTuple, TypeAlias

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import UNDECLARED_MUTE, Action, Change, ChangeOutcome, Result
from notifconf.report import Report
from notifconf.report.style import count, printable, text_of
from notifconf.report.text import (
    DONE,
    SIGNS,
    Field,
    closing,
    conclusion,
    context_words,
    fields,
    find_alerts,
    headline,
    list_told,
    own_fields,
    unmanaged_sentence,
)

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


def markdown_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a table as lines; each cell is words within a line."""
    escaped = [[*map(prose, row)] for row in (heads, *rows)]
    escaped.insert(1, ["---"] * len(escaped[0]))
    return [f"| {' | '.join(row)} |" for row in escaped]


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)


MAX_COMMENT_BYTES = 65_536
"""Of a comment on GitHub, in characters. Bytes of UTF-8 are counted: they are never fewer."""

SIDE_SHARE = 8
"""What stands beside the changes may take a part in this many of the room, each."""

MAX_UNFOLDED_CHANGES = 5
"""Up to so many changes are shown unfolded."""

MAX_BANNER_CHARACTERS = 1000

RESERVED_BYTES = 160
"""Bytes that are kept free for saying how much is left out."""


class _Section(NamedTuple):
    """Items between a head and a foot; `rest` says what is left out once so many items are shown."""

    items: Iterable[str]
    rest: Callable[[int], str]
    head: str = ""
    foot: str = ""


def markdown(report: Report, *, limit: int = MAX_COMMENT_BYTES) -> str:
    """Return a report of at most `limit` bytes; where it takes more, it is cut at a change and counts the rest."""
    # Pipelines read the digest from the fourth line: what comes after it is from outside.
    digest = f"\nDigest: {code(report.plan.digest)}\n" if report.plan.digest else ""
    # A bot finds the comment that it wrote before by the first line, which nobody sees.
    mark = f"<!-- {report.title.replace(' ', '-')} -->"
    begin = f"{mark}\n### {prose(headline(report))}\n{digest}{_banner(report)}{_origin(report)}"
    above = [
        _fit_section(section, limit // SIDE_SHARE)
        for section in (_closing(report), *_alerts(report), _diagnostics(report))
    ]
    below = _fit_section(_unmanaged(report), limit // SIDE_SHARE)
    room = limit - sum(len(part.encode()) for part in (begin, *above, below))
    return "".join((begin, *above, _changes(report, room), below))


def _banner(report: Report) -> str:
    """Return a warning for a plan that can't be applied."""
    if report.plan.is_applicable:
        return ""
    return f"\n> [!CAUTION]\n> **{prose(text_of(conclusion(report)))[:MAX_BANNER_CHARACTERS]}**\n"


def _origin(report: Report) -> str:
    """Return when and of what the plan was made."""
    context = report.context
    if context is None:
        return ""
    made = f"{context.made:%Y-%m-%d %H:%M} UTC, notifconf {context.version}"
    return f"\n{prose(context_words(context))} · {made}\n"


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


Item: TypeAlias = tuple[Change, ChangeOutcome | None]


def _changes(report: Report, room: int) -> str:
    """Return the changes in at most `room` bytes: as many details as fit, and before any detail every address.

    Those that a reviewer must see come first: failed and blocked ones, then deletes.
    """
    changes = sorted(report.changes, key=_urgency)
    for text in _renderings(changes, report):
        if len(text.encode()) <= room:
            return text

    def rest(shown: int) -> str:
        left = sum_actions(change for change, _ in changes[shown:])
        number = count(len(changes) - shown, "more change")
        return f"\n**{number} not shown here: {left}.** Text, JSON and HTML are never cut.\n" if left else ""

    return _fit_section(_Section((f"- {_address(*item)}\n" for item in changes), rest, "\n"), room)


def _renderings(changes: list[Item], report: Report) -> Iterator[str]:
    """Yield the changes with fewer and fewer details."""
    if report.summary:
        yield "\n" + "".join(f"- {_address(*item)}\n" for item in changes) if changes else ""
        return
    if len(changes) <= MAX_UNFOLDED_CHANGES:
        yield "".join(_change(*item, report.now) for item in changes)
    urgent: list[Item] = []
    others: list[Item] = []
    for item in changes:
        (urgent if _is_urgent(item) else others).append(item)
    first = "".join(_change(*item, report.now) for item in urgent)
    yield first + _folds(others, with_fields=True)
    yield first + _folds(others, with_fields=False)
    yield _folds(changes, with_fields=False)


Note: TypeAlias = tuple[str, tuple[str, ...]]
"""Who is told by a change, and its fields that neither this nor its address says."""


def _folds(changes: list[Item], *, with_fields: bool) -> str:
    """Return changes folded by kind, and below that by what they have in common: their notes."""
    kinds: dict[tuple[bool, str], dict[Note, list[Item]]] = {}
    for item in changes:
        change = item[0]
        groups = kinds.setdefault((change.action is not Action.DELETE, change.kind), {})
        fields = tuple(map(_field_words, own_fields(change))) if with_fields else ()
        groups.setdefault((list_told(change), fields), []).append(item)
    return "".join(_fold(kind, groups, is_open=not kept) for (kept, kind), groups in kinds.items())


def _fold(kind: str, groups: Mapping[Note, list[Item]], *, is_open: bool) -> str:
    sums = sum_actions(change for items in groups.values() for change, _ in items)
    parts = [f"\n<details{' open' * is_open}>\n<summary><b>{escape(kind)}</b>: {sums}</summary>\n\n"]
    parts += [f"- {_address(*items[0])}{_note_in_list(note)}\n" for note, items in groups.items() if len(items) == 1]
    for note, items in groups.items():
        if len(items) > 1:
            parts.append(f"\n<details>\n<summary>{_note_in_summary(note)}{len(items)} alike</summary>\n\n")
            parts += [f"- {_address(*item)}\n" for item in items]
            parts.append("\n</details>\n")
    return "".join((*parts, "\n</details>\n"))


def _note_in_summary(note: Note) -> str:
    """Return a note as HTML: the line of a fold is no Markdown."""
    told, fields = note
    parts = [f"→ {escape(printable(told))}"] if told else []
    parts += [f"<code>{escape(printable(field))}</code>" for field in fields]
    return "".join(f"{part} · " for part in parts)


def _note_in_list(note: Note) -> str:
    told, fields = note
    parts = [f"→ {prose(told)}"] if told else []
    return "".join(f" · {part}" for part in (*parts, *map(code, fields)))


def _field_words(field: Field) -> str:
    values = " → ".join(value for value in (field.before, field.after) if value is not None)
    return f"{field.name}: {values}"


def _address(change: Change, became: ChangeOutcome | None) -> str:
    """Return the address of a change as words within a line, with what a reviewer must see of it."""
    notes = [prose(change.place) and f"({prose(change.place)})"]
    notes += [f"**blocked: {prose(change.blocked)}**"] if change.blocked else []
    if became is not None:
        done = became.result is Result.APPLIED
        notes += [DONE[change.action] if done else f"**{became.result}**"]
    return " ".join((code(f"{SIGNS[change.action]} {change.address}"), *filter(None, notes)))


def sum_actions(changes: Iterable[Change]) -> str:
    """Return how many changes of each action there are, in words."""
    counts = Counter(change.action for change in changes)
    return ", ".join(f"{counts[action]} to {action}" for action in Action if counts[action])


def _is_urgent(item: Item) -> bool:
    change, became = item
    return change.blocked is not None or (became is not None and became.result is not Result.APPLIED)


def _urgency(item: Item) -> tuple[bool, int]:
    return not _is_urgent(item), (Action.DELETE, Action.UPDATE, Action.CREATE).index(item[0].action)


def _change(change: Change, became: ChangeOutcome | None, now: datetime | None) -> str:
    changed = change.changed if change.action is Action.UPDATE else ()
    names = ", ".join(f"<code>{escape(printable(name))}</code>" for name in changed)
    address = f"<code>{escape(printable(f'{SIGNS[change.action]} {change.address}'))}</code>"
    title = address + _in_words(escape(printable(change.place)))
    notes = "".join(f" · {note}" for note in (names, _blocked(change), _result(became)) if note)
    error = f"{prose(became.error)}\n\n" if became is not None and became.error else ""
    return (
        f"\n<details open>\n<summary>{title}{notes}</summary>\n\n"
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
