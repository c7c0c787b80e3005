"""Plans and outcomes for GitHub Actions: annotations in the log, and values for the steps that follow.

The runner takes for a command what begins a line with `::`, and `##[` anywhere in one. Only the lines that are meant
so may: in all others these signs are escaped. (To stop commands with a token would not do, since the runner reads
standard error between the lines.)
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from notifconf.model import Position
from notifconf.model.outcome import TROUBLE, Result
from notifconf.model.plan import Action
from notifconf.report.formats import Report
from notifconf.report.markdown import markdown
from notifconf.report.style import Line, plain_text, printable
from notifconf.report.text import headline, outcome_line, outcome_lines, plan_lines

SUMMARY, OUTPUT = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"
"""Environment variables that name the files of a step: what its page shows, and what later steps can use."""

SUMMARY_LIMIT = 1_048_576
"""Of a step's summary, in bytes; past it, none of it is shown."""

FULL_SUMMARY = "\n**notifconf: this step's summary has no room for a further plan. The log shows it.**\n"

_COMMAND = re.compile(r"^( *):(?=:)|#(?=#\[)", re.MULTILINE)


def log(report: Report) -> str:
    """Return what a step prints: annotations, then the plan or what became of it as text."""
    return "".join(f"{command}\n" for command in _annotations(report)) + inert(plain_text(_lines(report)))


def outputs(report: Report) -> str:
    """Return a step's outputs, one a line: numbers, booleans and a digest alone, so that no value can add another."""
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


def summary(report: Report, size: int) -> str:
    """Return what is appended to a step's summary of so many bytes: with these, it never takes more than the limit.

    Where the room is too small for a plan, it is one sentence, and nothing where that does not fit either.
    """
    room = SUMMARY_LIMIT - size
    candidates = (markdown(report, limit=room), FULL_SUMMARY)
    return next((text for text in candidates if len(text.encode("utf-8", "backslashreplace")) <= room), "")


def inert(text: str) -> str:
    """Return printable text with the first sign of everything escaped that the runner would take for a command."""
    return _COMMAND.sub(lambda match: f"{match[1]}\\x3a" if match[1] is not None else "\\x23", text)


def _lines(report: Report) -> Iterable[Line]:
    if report.outcome is None:
        return plan_lines(report.plan, verbose=report.verbose)
    return (*map(outcome_line, report.outcome.changes), *outcome_lines(report.outcome))


def _annotations(report: Report) -> Iterator[str]:
    """Yield commands; what is silenced comes before other warnings, since GitHub shows ten of each level alone."""
    if report.plan.silences:
        yield _command("warning", "This silences", "\n".join(item.message for item in report.plan.silences))
    for item in sorted(report.diagnostics, key=lambda item: item.severity != "error"):
        yield _command(item.severity, item.code, item.message, item.position, report.folder)
    if report.outcome is not None:
        for became in report.outcome.changes:
            if became.result in TROUBLE:
                message = f"{became.change.address}: {became.error}"
                yield _command("error", str(became.result), message, became.change.position, report.folder)
    if not report.plan.errors:
        yield _command("notice", "notifconf", headline(report.plan, report.outcome))


def _command(level: str, title: str, message: str, position: Position | None = None, folder: str = "") -> str:
    properties = {"title": title}
    if position is not None and position.file != "-":
        file = posixpath.normpath(posixpath.join(folder, position.file))
        properties = {"file": file, "line": str(position.line), "col": str(position.column), **properties}
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {shown}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a message: lines are kept, other control characters are shown."""
    return "%0A".join(printable(line).replace("%", "%25") for line in text.splitlines())


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
