"""The formats that a plan, and what became of it, is given in: one table, one function each.

Renderers are pure: what goes where, and what a terminal makes of it, is the command line's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from notifconf.executor import ChangeOutcome, Outcome
    from notifconf.model import Diagnostic
    from notifconf.plan import Change, Plan
    from notifconf.report.style import Line


@dataclass(frozen=True, slots=True)
class Report:
    """What a command has to say: a plan and, once it was applied, its outcome.

    A plan that could not be made is one without changes whose diagnostics say why. `folder` is the current folder as
    the repository sees it: annotations name files from there.
    """

    plan: Plan
    outcome: Outcome | None = None
    exit_code: int = 0
    verbose: bool = False
    folder: str = ""

    @property
    def changes(self) -> Iterable[tuple[Change, ChangeOutcome | None]]:
        """The changes in the plan's order, each with what became of it."""
        if self.outcome is None:
            return ((change, None) for change in self.plan.changes)
        return ((item.change, item) for item in self.outcome.changes)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Those of the plan, then those of the outcome."""
        return (*self.plan.diagnostics, *(self.outcome.diagnostics if self.outcome is not None else ()))


@dataclass(frozen=True, slots=True)
class Rendition:
    """A report in one format: text, or lines that a terminal may colour.

    `files` holds what is to be appended to the files that these environment variables name.
    """

    result: str | Iterable[Line]
    files: Mapping[str, str] = field(default_factory=dict)


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
    from notifconf.report.github import OUTPUT, SUMMARY, SUMMARY_LIMIT, log, outputs
    from notifconf.report.markdown import markdown

    return Rendition(log(report), {SUMMARY: markdown(report, limit=SUMMARY_LIMIT), OUTPUT: outputs(report)})


RENDERERS: Mapping[str, Renderer] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
    "github": _github,
}
"""Each imports what it needs only when it is used."""
