"""HTML pages that make no request. They can be read without scripts, in light and in dark.

The templates escape all values. Its content security policy allows only the script and the style of the page, by hash.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from notifconf.model.plan import UNDECLARED_MUTE, Action, Change, ChangeOutcome, Result
from notifconf.report import Report
from notifconf.report.coverage import CoverageReport, mute_lines, sums
from notifconf.report.picture import find_states, make_diagram, make_matrix
from notifconf.report.style import printable, text_of
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
    unmanaged_sentence,
)

if TYPE_CHECKING:
    from jinja2 import Environment

PARTS_FOLDER = Path(__file__).parent / "page"
"""The folder of the templates of pages, and of their style and script."""

MAX_UNFOLDED_CHANGES = 20
"""A page with more changes shows them folded."""


class Row(NamedTuple):
    """A change as the page shows it. Before an apply, `result` and `done` (the result in words) are empty."""

    change: Change
    sign: str
    fields: tuple[Field, ...]
    told: str
    """Who is told by the object."""
    result: str = ""
    done: str = ""
    error: str = ""


class Filter(NamedTuple):
    """A filter of the page: the values to choose from. `name` is the attribute of a change that has the value."""

    name: str
    title: str
    values: tuple[tuple[str, int], ...]


def html(report: Report) -> str:
    """Return a report as an HTML page; the same report gives the same bytes."""
    plan, outcome = report.plan, report.outcome
    rows = [_make_row(change, item, report.now) for change, item in report.changes]
    return render_page(
        "page.html.jinja",
        title=report.title,
        headline=headline(report),
        context=report.context,
        origin=context_words(report.context) if report.context else "",
        banner="" if plan.is_applicable else text_of(conclusion(report)),
        closing=closing(outcome),
        plan=plan,
        alerts=find_alerts(plan),
        diagnostics=sorted(
            (item for item in report.diagnostics if item.code != UNDECLARED_MUTE),
            key=lambda item: item.severity != "error",
        ),
        rows=rows,
        filters=_filters(rows),
        unfolded=len(rows) <= MAX_UNFOLDED_CHANGES,
        unmanaged=unmanaged_sentence(plan) if plan.unmanaged else "",
        subject="type",
        routing=make_matrix(report.routing) if report.routing else None,
        diagram=make_diagram(report.routing),
        policy=content_policy(script="page.js"),
    )


def coverage_html(report: CoverageReport) -> str:
    """Return who is told of what as an HTML page without a script."""
    return render_page(
        "coverage.html.jinja",
        report=report,
        subject=report.terms.subject,
        sums=list(sums(report)),
        breaches=[item.message for item in report.breaches],
        mutes=list(mute_lines(report)),
        routing=make_matrix(report.types),
        diagram=make_diagram(report.types),
        left_out=sum(not find_states(item) for item in report.types),
        policy=content_policy(),
    )


def content_policy(*, script: str | None = None) -> str:
    """Return the content security policy of a page with our style and, by the name of its file, one script."""
    scripts = f" script-src {_hash(script)};" if script else ""
    return f"default-src 'none';{scripts} style-src {_hash('page.css')}; base-uri 'none'; form-action 'none'"


def _make_row(change: Change, outcome: ChangeOutcome | None, now: datetime | None) -> Row:
    sign = SIGNS[change.action].replace("-", "\N{MINUS SIGN}")
    row = Row(change, sign, tuple(fields(change, now)), told=list_told(change))
    if outcome is None:
        return row
    done = DONE[change.action] if outcome.result is Result.APPLIED else str(outcome.result)
    return row._replace(result=str(outcome.result), done=done, error=outcome.error or "")


def _filters(rows: Iterable[Row]) -> list[Filter]:
    """Return the filters that have more than one value."""
    rows = tuple(rows)
    found = (
        Filter("action", "Action", _count_values((str(row.change.action) for row in rows), map(str, Action))),
        Filter("kind", "Kind", _count_values(row.change.kind for row in rows)),
        Filter("result", "Result", _count_values((row.result for row in rows), map(str, Result))),
    )
    return [item for item in found if len(item.values) > 1]


def _count_values(values: Iterable[str], order: Iterable[str] = ()) -> tuple[tuple[str, int], ...]:
    """Return each value with its count: first the values of `order`, then the others as they first occur."""
    counts = Counter(values)
    return tuple((value, counts[value]) for value in dict.fromkeys((*order, *counts)) if counts[value])


def render_page(template: str, **values: object) -> str:
    """Return a page: one of the templates, filled with values, which it escapes."""
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not at the top: only this format needs it

    return Environment(
        loader=FileSystemLoader(PARTS_FOLDER),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _visible(value: object) -> str:
    """Make control characters visible: some would hide text, or (bidirectional ones) show it in another order."""
    return printable(str(value))


@functools.cache
def _hash(part: str) -> str:
    """Return how the policy names a script or a style: by the digest of its text."""
    text = (PARTS_FOLDER / part).read_bytes()
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
