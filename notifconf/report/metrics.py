"""What a run of drift, or of test, found, in Prometheus's text format: for the node exporter's textfile collector.

Every sample names the workspace: the collector refuses two files that hold the same series, and one machine may watch
several workspaces. What is not known is left out, never 0: after a run that failed nobody can say that nothing drifts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from notifconf.model import ProbeResult
from notifconf.model.plan import Action, Plan

LAST_SUCCESS = "notifconf_last_success_timestamp_seconds"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `duration` in seconds, `ended` as Unix time.

    `plan` is None if it is not known what drifts. `kinds` holds all that the provider manages, `expiry_codes` the codes
    of its diagnostics about mutes that have ended. `discovers` says whether undeclared mutes were looked for.
    """

    workspace: str
    exit_code: int
    ended: float
    duration: float
    plan: Plan | None = None
    kinds: tuple[str, ...] = ()
    expiry_codes: Collection[str] = ()
    discovers: bool = False


class _Gauge(NamedTuple):
    name: str
    meaning: str
    samples: Iterable[tuple[dict[str, str], float]]


def metrics(run: Run, *, before: str = "") -> str:
    """Return a run as text; `before` is that of the run before, which a failed one takes the last success from.

    All kinds and actions are there, with 0 too, so that alerts see a drift begin and end.
    """
    success = run.ended if run.plan is not None else _last_success(before)
    return "".join(f"{line}\n" for gauge in _gauges(run, success) for line in _lines(gauge, run.workspace))


def _last_success(text: str) -> float:
    """Return when the drift was last known; 0 for never, which is long ago for every alert."""
    found = re.search(rf"^{LAST_SUCCESS}\{{.*\}} (\d+(?:\.\d+)?)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def channel_metrics(workspace: str, results: Iterable[ProbeResult], ended: float) -> str:
    """Return what test messages found as text; `ended` as Unix time. Channels that can't be tested are left out."""
    samples = [
        ({"address": item.probe.address, "channel": item.probe.channel.kind}, float(item.result == "failed"))
        for item in results
        if item.result != "not-testable"
    ]
    gauges = (
        _Gauge("notifconf_channel_test_failed", "Whether the last test message did not arrive.", samples),
        _Gauge("notifconf_channel_test_timestamp_seconds", "When channels were last tested.", [({}, ended)]),
    )
    return "".join(f"{line}\n" for gauge in gauges for line in _lines(gauge, workspace))


def _gauges(run: Run, success: float) -> Iterator[_Gauge]:
    if run.plan is not None:
        plan = run.plan
        changes = Counter((change.kind, change.action) for change in plan.changes)
        yield _Gauge(
            "notifconf_drift_changes",
            "Changes that would make the live state as declared.",
            [
                ({"provider": plan.provider, "kind": kind, "action": str(action)}, changes[kind, action])
                for kind in run.kinds
                for action in Action
            ],
        )
        expired = sum(item.code in run.expiry_codes for item in plan.diagnostics)
        yield _Gauge("notifconf_undeclared_objects", "Live objects that nothing declares.", [({}, len(plan.unmanaged))])
        if run.discovers:
            mutes = len(plan.undeclared_mutes)
            yield _Gauge("notifconf_undeclared_mutes", "Live mutes that nothing declares.", [({}, mutes)])
        yield _Gauge("notifconf_expired_mutes", "Declared mutes whose time is over.", [({}, expired)])
    yield _Gauge(LAST_SUCCESS, "When the drift was last known, as Unix time; 0: never.", [({}, success)])
    yield _Gauge("notifconf_last_run_timestamp_seconds", "When drift last ran, as Unix time.", [({}, run.ended)])
    yield _Gauge("notifconf_drift_duration_seconds", "How long the last run took.", [({}, run.duration)])
    yield _Gauge(
        "notifconf_drift_exit_code",
        "How the last run ended: 0 in sync, 2 drift, 5 a safety rule is broken, else an error.",
        [({}, run.exit_code)],
    )


def _lines(gauge: _Gauge, workspace: str) -> Iterator[str]:
    yield f"# HELP {gauge.name} {gauge.meaning}"
    yield f"# TYPE {gauge.name} gauge"
    for labels, value in gauge.samples:
        shown = ",".join(f'{name}="{_escape(text)}"' for name, text in {"workspace": workspace, **labels}.items())
        yield f"{gauge.name}{{{shown}}} {value}"


def _escape(text: str) -> str:
    """Escape a label's value as the format has it. What is no Unicode (a byte of a file's name) is replaced."""
    shown = text.encode("utf-8", "replace").decode("utf-8")
    return shown.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
