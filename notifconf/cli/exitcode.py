"""Exit codes: the outcome decides, never the output format."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from notifconf.model.outcome import Outcome
from notifconf.model.plan import Plan

WRITING = "notifconf.writing"
"""Under this name Click's context knows that a command has begun to write."""

OUTCOME = "notifconf.outcome"
"""Under this name it knows the code that says what became of what was written."""


class ExitCode(IntEnum):
    """What a pipeline can rely on."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    INCOMPLETE = 3
    STALE = 4
    REFUSED = 5
    INTERRUPTED = 130


def of_plan(plan: Plan, *, detailed: bool) -> ExitCode:
    """Return the code of a plan; only a `detailed` one tells changes from none."""
    if plan.errors:
        return ExitCode.ERROR
    if plan.refusals:
        return ExitCode.REFUSED
    return ExitCode.CHANGES if detailed and plan.changes else ExitCode.DONE


def of_failure(meta: Mapping[str, Any]) -> ExitCode:
    """Return the code of a command that failed, from its context's `meta`: once it has begun to write, never 1."""
    if OUTCOME in meta:
        return ExitCode(meta[OUTCOME])
    return ExitCode.INCOMPLETE if WRITING in meta else ExitCode.ERROR


def of_outcome(outcome: Outcome) -> ExitCode:
    """Return the code of an apply: 1 where something failed and nothing can have changed, 3 where something has."""
    if outcome.interrupted:
        return ExitCode.INTERRUPTED
    if outcome.complete:
        return ExitCode.DONE
    return ExitCode.INCOMPLETE if outcome.changed_something else ExitCode.ERROR
