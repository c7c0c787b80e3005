"""The formats that a plan, and what became of it, is given in: one table, one function each.

Renderers are pure: what goes where, and what a terminal makes of it, is the command line's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from notifconf.report.report import Report

if TYPE_CHECKING:
    from notifconf.report.style import Line


@dataclass(frozen=True, slots=True)
class Rendition:
    """A report in one format: text, or lines that a terminal may colour.

    `files` holds what is to be appended to the files that these environment variables name, by the number of bytes that
    stand there already.
    """

    result: str | Iterable[Line]
    files: Mapping[str, Callable[[int], str]] = field(default_factory=dict)


Renderer: TypeAlias = Callable[[Report], Rendition]


def _text(report: Report) -> Rendition:
    from notifconf.report.text import outcome_lines, plan_lines

    if report.outcome is not None:
        return Rendition(outcome_lines(report.outcome))
    return Rendition(plan_lines(report.plan, verbose=report.verbose))


def _json(report: Report) -> Rendition:
    from notifconf.report.json import outcome_json, plan_json

    return Rendition(plan_json(report.plan) if report.outcome is None else outcome_json(report.outcome))


def _markdown(report: Report) -> Rendition:
    from notifconf.report.markdown import markdown

    return Rendition(markdown(report))


def _html(report: Report) -> Rendition:
    from notifconf.report.html import html

    return Rendition(html(report))


def _github(report: Report) -> Rendition:
    from notifconf.report.github import OUTPUT, SUMMARY, log, outputs, summary

    return Rendition(log(report), {SUMMARY: lambda size: summary(report, size), OUTPUT: lambda _: outputs(report)})


RENDERERS: Mapping[str, Renderer] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
    "github": _github,
}
"""Each imports what it needs only when it is used."""
