"""Plans and outcomes for GitHub Actions: annotations in the log, and values for the steps that follow.

The runner of GitHub Actions carries out each line that begins with `::`, and each line that contains `##[`. In all
lines that are no commands of notifconf, these signs are escaped. (The runner can also be told to ignore commands until
it sees a token. That is no solution here: it reads standard error between the lines.)
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import TROUBLE, Action, Result
from notifconf.report import Report
from notifconf.report.style import Line, plain_text, printable
from notifconf.report.text import find_alerts, headline, outcome_line, outcome_lines, report_lines

SUMMARY_VARIABLE, OUTPUT_VARIABLE = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"
"""Environment variables that name the files of a step: what its page shows, and what later steps can use."""

_COMMAND = re.compile(r"^( *):(?=:)|#(?=#\[)", re.MULTILINE)


def log(report: Report) -> str:
    """Return the log of a step: annotations, then the plan or its outcome as text."""
    return "".join(f"{command}\n" for command in _annotations(report)) + escape_commands(plain_text(_lines(report)))


def annotate(diagnostics: Iterable[Diagnostic], folder: str) -> str:
    """Return an annotation for each diagnostic; `folder` as in a report."""
    return "".join(f"{command}\n" for command in _diagnostic_commands(diagnostics, folder))


def outputs(report: Report) -> str:
    """Return a step's outputs, one a line. All are numbers, booleans or a digest: no value can add an output."""
    plan, outcome = report.plan, report.outcome
    values = {
        "has_changes": str(bool(plan.changes)).lower(),
        **{str(action): plan.count(action) for action in Action},
        "unmanaged": len(plan.unmanaged),
        "silences": len(plan.silences),
        **({str(result): outcome.count(result) for result in Result} if outcome is not None else {}),
        **({"digest": plan.digest} if plan.digest else {}),
        "exit_code": int(report.exit_code),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def escape_commands(text: str) -> str:
    """Return printable text in which the runner finds no command: the first sign of each is escaped."""
    return _COMMAND.sub(lambda match: f"{match[1]}\\x3a" if match[1] is not None else "\\x23", text)


def _lines(report: Report) -> Iterable[Line]:
    if report.outcome is None:
        return report_lines(report)
    return (*map(outcome_line, report.outcome.changes), *outcome_lines(report.outcome))


def _annotations(report: Report) -> Iterator[str]:
    """Yield annotations. Silences come before other warnings, since GitHub shows only ten annotations of a level."""
    for alert in find_alerts(report.plan):
        if alert.name != "undeclared-mutes":  # those are diagnostics
            yield _command("warning", alert.head, "\n".join(alert.messages))
    yield from _diagnostic_commands(report.diagnostics, report.folder)
    if report.outcome is not None:
        for item in report.outcome.changes:
            if item.result in TROUBLE:
                message = f"{item.change.address}: {item.error}"
                yield _command("error", str(item.result), message, item.change.position, report.folder)
    if not report.plan.errors:
        yield _command("notice", "notifconf", headline(report))


def _diagnostic_commands(diagnostics: Iterable[Diagnostic], folder: str) -> Iterator[str]:
    for item in sorted(diagnostics, key=lambda item: item.severity != "error"):
        yield _command(item.severity, item.code, item.message, item.position, folder)


def _command(level: str, title: str, message: str, position: Position | None = None, folder: str = "") -> str:
    properties = {"title": title}
    if position is not None and position.file != "-":
        file = posixpath.normpath(posixpath.join(folder, position.file))
        properties = {"file": file, "line": str(position.line), "col": str(position.column), **properties}
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {shown}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a message. Line breaks are kept; other control characters are made visible."""
    return "%0A".join(printable(line).replace("%", "%25") for line in text.splitlines())


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
