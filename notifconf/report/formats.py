"""The formats that a plan, and what became of it, is given in: one table, one function each.

Renderers are pure: what goes where, and what a terminal makes of it, is the command line's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from notifconf.model import Diagnostic, visible
from notifconf.model.outcome import ChangeOutcome, Outcome
from notifconf.model.plan import Change, Plan
from notifconf.plan.codec import Document, diagnostic_document, plan_document
from notifconf.report.style import Line
from notifconf.report.text import outcome_lines, plan_lines


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

    `files` holds what is to be appended to the files that these environment variables name, by the number of bytes that
    stand there already.
    """

    result: str | Iterable[Line]
    files: Mapping[str, Callable[[int], str]] = field(default_factory=dict)


Renderer: TypeAlias = Callable[[Report], Rendition]


def _text(report: Report) -> Rendition:
    if report.outcome is not None:
        return Rendition(outcome_lines(report.outcome))
    return Rendition(plan_lines(report.plan, verbose=report.verbose))


def _json(report: Report) -> Rendition:
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


def plan_json(plan: Plan) -> str:
    """Return a plan as JSON text; one that could not be made has no provider."""
    return dumps({**plan_document(plan), "provider": plan.provider or None})


def outcome_json(outcome: Outcome) -> str:
    """Return an outcome: its plan, with what became of each change."""
    document = plan_document(outcome.plan)
    for change, item in zip(document["changes"], outcome.changes, strict=True):
        change["id"] = item.id or change["id"]
        change["result"] = str(item.result)
        change["error"] = item.error
    document["diagnostics"] += [diagnostic_document(item) for item in outcome.diagnostics]
    document["remaining"] = [change.address for change in outcome.left]
    document["interrupted"] = outcome.interrupted
    document["verification_error"] = outcome.verification_error
    return dumps(document)


def diagnostics_json(provider: str | None, diagnostics: Sequence[Diagnostic]) -> str:
    """Return a plan without changes: what is wrong kept it from being made."""
    return plan_json(Plan(provider or "", diagnostics=tuple(diagnostics)))


def dumps(document: Document | Iterable[Document]) -> str:
    """Return JSON text that ends with a newline. Characters that a terminal could act on are escaped."""
    lines = json.dumps(document, ensure_ascii=False, indent=2).split("\n")
    return "\n".join(visible(line, _escape) for line in lines) + "\n"


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1]
