"""One page over many runs: what `plan`, `drift` or `apply` printed as JSON for one workspace after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import jsonschema_rs

from notifconf.config import schema_text
from notifconf.model.plan import REFUSALS
from notifconf.plan.codec import FORMAT_VERSION, Document
from notifconf.report.html import content_policy, render_page
from notifconf.report.json import dump_json
from notifconf.report.markdown import code, markdown_table
from notifconf.report.metrics import Measure, text_of_gauges
from notifconf.report.style import Span, count, plain_text, printable
from notifconf.report.table import Table, table_lines

COLUMNS = ("workspace", "organization", "state", "create", "update", "delete", "silences", "errors")
ACTIONS = ("create", "update", "delete")
STATES = {
    "error": "with errors",
    "uncovered": "with types that too few hear of",
    "refused": "refused",
    "incomplete": "incomplete",
    "changes": "with changes",
    "applied": "applied",
    "in sync": "in sync",
}
"""How a run can end, the worst first, and what a headline says."""
SIGNS = {"create": "+", "update": "~", "delete": "-"}


class Run(NamedTuple):
    """One run: the name of its file, and the document in it, or what stands for one that can't be read."""

    file: str
    document: Document
    is_readable: bool = True

    @property
    def context(self) -> Mapping[str, Any]:
        """What was compared with what; empty where the workspace could not be read."""
        return self.document.get("context") or {}

    @property
    def workspace(self) -> str:
        """The workspace, or the file of the run where that is not known."""
        return str(self.context.get("workspace") or self.file)

    @property
    def applicable(self) -> bool:
        """Whether the plan can be applied."""
        return bool(self.document["applicable"])

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        """The errors that the run found."""
        return [item for item in self.document["diagnostics"] if item["severity"] == "error"]

    @property
    def failed(self) -> list[Mapping[str, Any]]:
        """The changes that an apply did not make."""
        return [item for item in self.document["changes"] if item.get("result", "applied") != "applied"]

    @property
    def state(self) -> str:
        """How the run ended, in a word."""
        if not self.applicable:
            if any(item["code"] not in REFUSALS for item in self.errors):
                return "error"
            # What breaks policy.coverage as it lives, and not by a change, is about no object.
            is_uncovered = any(item["code"] == "coverage" and item["address"] is None for item in self.errors)
            return "uncovered" if is_uncovered else "refused"
        if "remaining" in self.document:
            is_done = not (self.failed or self.document["remaining"] or self.document["verification_error"])
            return "applied" if is_done else "incomplete"
        is_drift = self.document["changes"] or "counts_undeclared" in self.document
        return "changes" if is_drift else "in sync"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the run, in the order of COLUMNS."""
        sums = (self.document["summary"][action] for action in ACTIONS)
        counts = (*sums, len(self.document["silences"]), len(self.errors))
        return (self.workspace, str(self.context.get("organization") or "-"), self.state, *map(str, counts))

    @property
    def remarks(self) -> Iterator[str]:
        """What a reviewer must see of the run: errors, what it silences, what nothing declares, and each change."""
        for item in self.errors:
            place = f"{item['file']}:{item['line']}:{item['column']}: " if item["file"] else ""
            yield f"{place}error[{item['code']}]: {' '.join(item['message'].split())}"
        yield from (f"silences: {item['message']}" for item in self.document["silences"])
        if "counts_undeclared" in self.document:
            yield from (f"not declared: {item['address']}" for item in self.document["unmanaged"])
        for change in self.document["changes"]:
            result = f": {change['result']}" if "result" in change else ""
            yield f"{SIGNS[change['action']]} {change['address']}{result}"


def read_run(file: str, text: str) -> Run:
    """Return the run that a file holds. Raises ValueError, which says what is wrong with it."""
    if not text:
        raise ValueError("it is empty, as what `drift` prints of a workspace in sync: write it with `--output FILE`")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON: write it with `--format json --output FILE`") from error
    if not jsonschema_rs.is_valid(json.loads(schema_text("plan-v1.schema.json")), document):
        raise ValueError(f"it is not what `plan`, `drift` or `apply` print as JSON (format version {FORMAT_VERSION})")
    if document["applicable"] and document.get("digest") is None:
        raise ValueError("`validate` printed it, without looking at the live state: name the JSON of `plan` or `drift`")
    return Run(file, document)


def make_unreadable_run(file: str, reason: str) -> Run:
    """Return what stands for a run whose file does not say how it ended: nothing but an error."""
    wrong = {"severity": "error", "code": "usage", "message": reason, "file": None, "line": None, "column": None}
    empty: dict[str, list[Any]] = {"changes": [], "silences": []}
    sums = dict.fromkeys(ACTIONS, 0)
    return Run(
        file,
        {**empty, "applicable": False, "digest": None, "summary": sums, "diagnostics": [wrong]},
        is_readable=False,
    )


def headline(runs: Sequence[Run]) -> str:
    """Say how many runs ended how."""
    states = [run.state for run in runs]
    sums = ", ".join(f"{states.count(state)} {words}" for state, words in STATES.items() if state in states)
    return f"{count(len(runs), 'run')}: {sums}."


def overview_text(runs: Sequence[Run]) -> str:
    """Return a table, then what a reviewer must see of each run."""
    rows = tuple(tuple(Span(cell) for cell in run.cells) for run in runs)
    remarks = "".join(
        f"\n{printable(run.workspace)}\n" + "".join(f"  {printable(text)}\n" for text in run.remarks)
        for run in runs
        if any(run.remarks)
    )
    return plain_text(table_lines(Table("Runs", COLUMNS, rows))) + f"{remarks}\n{headline(runs)}\n"


def overview_json(runs: Sequence[Run]) -> str:
    """Return the figures of each run, and their sums."""
    found = [
        {
            "file": run.file,
            **{name: run.context.get(name) for name in ("workspace", "service", "organization", "endpoint", "mode")},
            "digest": run.document["digest"],
            "state": run.state,
            "summary": run.document["summary"],
            "silences": len(run.document["silences"]),
            "errors": len(run.errors),
        }
        for run in runs
    ]
    states = [run.state for run in runs]
    sums = {action: sum(run.document["summary"][action] for run in runs) for action in ACTIONS}
    return dump_json({"runs": found, "states": {state: states.count(state) for state in sorted(set(states))}, **sums})


def overview_markdown(runs: Sequence[Run]) -> str:
    """Return GitHub Markdown: a table, then a fold for each run that has something to say."""
    table = markdown_table(COLUMNS, (run.cells for run in runs))
    parts = [f"### {headline(runs)}\n\n", *(f"{row}\n" for row in table)]
    for run in runs:
        if remarks := list(run.remarks):
            head = f"{escape(printable(run.workspace))}: {run.state}"
            parts.append(f"\n<details>\n<summary>{head}</summary>\n\n")
            parts += [f"- {code(text)}\n" for text in remarks]
            parts.append("\n</details>\n")
    return "".join(parts)


def overview_html(runs: Sequence[Run]) -> str:
    """Return a page without scripts that makes no request."""
    return render_page(
        "overview.html.jinja", headline=headline(runs), columns=COLUMNS, runs=runs, policy=content_policy()
    )


def overview_metrics(runs: Sequence[Run]) -> str:
    """Return Prometheus's text format: for each run what would change, its silences and its errors."""

    def labels(run: Run) -> dict[str, str]:
        organization = str(run.context.get("organization") or "")
        return {"workspace": run.workspace, "organization": organization, "file": run.file}

    def measure(name: str, meaning: str, value: Callable[[Run], int]) -> Measure:
        return Measure(name, meaning, [(labels(run), value(run)) for run in runs])

    return text_of_gauges(
        [
            Measure(
                "notifconf_report_changes",
                "Changes that a run found or made.",
                [
                    ({**labels(run), "action": action}, run.document["summary"][action])
                    for run in runs
                    if run.is_readable  # what is not known is left out, never 0
                    for action in ACTIONS
                ],
            ),
            measure("notifconf_report_silences", "Who is no longer told.", lambda run: len(run.document["silences"])),
            measure("notifconf_report_errors", "Errors of a run.", lambda run: len(run.errors)),
            measure("notifconf_report_applicable", "Whether the plan can be applied.", lambda run: run.applicable),
        ]
    )


OVERVIEWS: Mapping[str, Callable[[Sequence[Run]], str]] = {
    "text": overview_text,
    "markdown": overview_markdown,
    "html": overview_html,
    "json": overview_json,
}
