"""The formats of a report on a plan or its outcome: one table, one function each.

Renderers are pure: they return text or lines. The command line decides where these go and how a terminal shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from notifconf.report import Report, github
from notifconf.report.html import html
from notifconf.report.json import outcome_json, plan_json
from notifconf.report.markdown import markdown
from notifconf.report.style import Line
from notifconf.report.text import outcome_lines, report_lines


class Rendition(NamedTuple):
    """A report in one format: text, or lines that a terminal may colour.

    `files` has what to append to the file that an environment variable names: a function of the file's present size in
    bytes.
    """

    result: str | Iterable[Line]
    files: Mapping[str, Callable[[int], str]] = MappingProxyType({})


MAX_SUMMARY_BYTES = 1_048_576
"""GitHub shows nothing of a step's summary that is longer."""

FULL_SUMMARY = "\n**notifconf: this step's summary has no room for a further plan. The log shows it.**\n"


Renderer: TypeAlias = Callable[[Report], Rendition]


def _render_text(report: Report) -> Rendition:
    if report.outcome is not None:
        return Rendition(outcome_lines(report.outcome))
    return Rendition(report_lines(report))


def _render_json(report: Report) -> Rendition:
    if report.outcome is not None:
        return Rendition(outcome_json(report.outcome, report.context))
    return Rendition(plan_json(report.plan, report.context))


def _render_github(report: Report) -> Rendition:
    files = {
        github.SUMMARY_VARIABLE: lambda size: github_summary(report, size),
        github.OUTPUT_VARIABLE: lambda _size: github.outputs(report),
    }
    return Rendition(github.log(report), files)


def github_summary(report: Report, size: int) -> str:
    """Return the text to append to a step's summary that has `size` bytes. The whole never exceeds the limit.

    If there is no room for the plan, the text is one sentence. If that does not fit either, the text is empty.
    """
    room = MAX_SUMMARY_BYTES - size
    candidates = (markdown(report, limit=room), FULL_SUMMARY)
    return next((text for text in candidates if len(text.encode("utf-8", "backslashreplace")) <= room), "")


RENDERERS: Mapping[str, Renderer] = {
    "text": _render_text,
    "json": _render_json,
    "markdown": lambda report: Rendition(markdown(report)),
    "html": lambda report: Rendition(html(report)),
    "github": _render_github,
}
