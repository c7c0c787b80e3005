"""Plans and outcomes as one page that needs nothing else: no request, no script to be readable, light and dark.

The template escapes whatever it is given; its policy (CSP) lets run the one script and style that stand in it, by hash.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from notifconf.model.outcome import ChangeOutcome, Result
from notifconf.model.plan import Action, Change
from notifconf.report.formats import Report
from notifconf.report.style import printable
from notifconf.report.text import DONE, SIGNS, Field, closing, fields, headline, unmanaged_sentence

PARTS = "page"
"""The folder of the page's template, style and script."""

FEW = 20
"""Up to so many changes are shown unfolded."""


class Row(NamedTuple):
    """A change as the page shows it; `result` is empty before an apply, `done` the words for it."""

    change: Change
    sign: str
    fields: tuple[Field, ...]
    result: str
    done: str
    error: str


class Filter(NamedTuple):
    """Changes can be narrowed to some of these values; `name` is the attribute of a change that holds them."""

    name: str
    title: str
    values: tuple[tuple[str, int], ...]


def html(report: Report) -> str:
    """Return a report as an HTML page; the same report gives the same bytes."""
    plan, outcome = report.plan, report.outcome
    rows = [_row(change, became) for change, became in report.changes]
    script, style = _hash("page.js"), _hash("page.css")
    return _template().render(
        title="notifconf plan" if outcome is None else "notifconf apply",
        headline=headline(plan, outcome),
        closing=closing(outcome),
        plan=plan,
        diagnostics=sorted(report.diagnostics, key=lambda item: item.severity != "error"),
        rows=rows,
        filters=_filters(rows),
        unfolded=len(rows) <= FEW,
        unmanaged=unmanaged_sentence(plan) if plan.unmanaged else "",
        policy=f"default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'",
    )


def _row(change: Change, became: ChangeOutcome | None) -> Row:
    sign = SIGNS[change.action].replace("-", "\N{MINUS SIGN}")
    if became is None:
        return Row(change, sign, tuple(fields(change)), "", "", "")
    done = DONE[change.action] if became.result is Result.APPLIED else str(became.result)
    return Row(change, sign, tuple(fields(change)), str(became.result), done, became.error or "")


def _filters(rows: Iterable[Row]) -> list[Filter]:
    """Return what there is to choose from: a single value is no choice."""
    rows = tuple(rows)
    found = (
        Filter("action", "Action", _counted((str(row.change.action) for row in rows), map(str, Action))),
        Filter("kind", "Kind", _counted(row.change.kind for row in rows)),
        Filter("result", "Result", _counted((row.result for row in rows), map(str, Result))),
    )
    return [item for item in found if len(item.values) > 1]


def _counted(values: Iterable[str], order: Iterable[str] = ()) -> tuple[tuple[str, int], ...]:
    """Return each value with how often it is there, in `order`, else in that of their first occurrence."""
    counts = Counter(values)
    return tuple((value, counts[value]) for value in dict.fromkeys((*order, *counts)) if counts[value])


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("notifconf.report", PARTS),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html.jinja")


def _visible(value: object) -> str:
    """Show control characters: they could turn around what is read (bidirectional ones), or hide some of it."""
    return printable(str(value))


@functools.cache
def _hash(part: str) -> str:
    """Return what the policy calls a script or style: the digest of its text, as it stands in the page."""
    text = (files("notifconf.report") / PARTS / part).read_bytes()
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
