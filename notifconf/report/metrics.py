"""What a run of drift, or of test, found, in Prometheus's text format: for the node exporter's textfile collector.

Every sample names the workspace: the collector refuses two files that hold the same series, and one machine may watch
several workspaces. What is not known is left out, never 0: after a run that failed nobody can say that nothing drifts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Gauge, generate_latest, push_to_gateway, pushadd_to_gateway

from notifconf.model.coverage import ProbeResult
from notifconf.model.plan import Action, Plan

JOB = "notifconf_drift"
"""The job that a Pushgateway lists runs under."""

LAST_SUCCESS = "notifconf_last_success_timestamp_seconds"


class Run(NamedTuple):
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


class Measure(NamedTuple):
    """A gauge with its samples: the labels of each, which are the same for all, and its value."""

    name: str
    meaning: str
    samples: Iterable[tuple[dict[str, str], float]]


def metrics(run: Run, *, before: str = "") -> str:
    """Return a run as text; `before` is that of the run before, which a failed one takes the last success from.

    All kinds and actions are there, with 0 too, so that alerts see a drift begin and end.
    """
    success = run.ended if run.plan is not None else _last_success(before)
    return text_of_gauges(_gauges(run, success))


def push(run: Run, url: str, timeout: float) -> None:
    """Send a run to a Prometheus Pushgateway, in a group of its workspace. Raises OSError.

    A run that failed leaves there what it does not know, such as when the last one succeeded.
    """
    send = push_to_gateway if run.plan is not None else pushadd_to_gateway
    registry = _register(_gauges(run, run.ended if run.plan is not None else None))
    send(url, JOB, registry, grouping_key={"workspace": run.workspace}, timeout=timeout)


def text_of_gauges(gauges: Iterable[Measure]) -> str:
    """Return gauges in Prometheus's text format."""
    return generate_latest(_register(gauges)).decode()


def _register(gauges: Iterable[Measure]) -> CollectorRegistry:
    registry = CollectorRegistry()
    for found in gauges:
        samples = list(found.samples)
        gauge = Gauge(found.name, found.meaning, list(samples[0][0]) if samples else (), registry=registry)
        for labels, value in samples:
            # What is no Unicode (a byte of a file's name) is replaced.
            gauge.labels(*(text.encode("utf-8", "replace").decode() for text in labels.values())).set(value)
    return registry


def _last_success(text: str) -> float:
    """Return when the drift was last known; 0 for never, which is long ago for every alert."""
    found = re.search(rf"^{LAST_SUCCESS}\{{.*\}} (\d[\d.e+]*)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def channel_metrics(workspace: str, results: Iterable[ProbeResult], ended: float) -> str:
    """Return what test messages found as text; `ended` as Unix time. Channels that can't be tested are left out."""
    where = {"workspace": workspace}
    samples = [
        ({**where, "address": item.probe.address, "channel": item.probe.channel.kind}, float(item.result == "failed"))
        for item in results
        if item.result != "not-testable"
    ]
    tested = "notifconf_channel_test_timestamp_seconds"
    return text_of_gauges(
        (
            Measure("notifconf_channel_test_failed", "Whether the last test message did not arrive.", samples),
            Measure(tested, "When channels were last tested.", [(where, ended)]),
        )
    )


def _gauges(run: Run, success: float | None) -> Iterator[Measure]:
    where = {"workspace": run.workspace}
    if run.plan is not None:
        plan = run.plan
        changes = Counter((change.kind, change.action) for change in plan.changes)
        yield Measure(
            "notifconf_drift_changes",
            "Changes that would make the live state as declared.",
            [
                ({**where, "provider": plan.provider, "kind": kind, "action": str(action)}, changes[kind, action])
                for kind in run.kinds
                for action in Action
            ],
        )
        expired = sum(item.code in run.expiry_codes for item in plan.diagnostics)
        undeclared = len(plan.unmanaged)
        yield Measure("notifconf_undeclared_objects", "Live objects that nothing declares.", [(where, undeclared)])
        if run.discovers:
            mutes = len(plan.undeclared_mutes)
            yield Measure("notifconf_undeclared_mutes", "Live mutes that nothing declares.", [(where, mutes)])
        yield Measure("notifconf_expired_mutes", "Declared mutes whose time is over.", [(where, expired)])
    if success is not None:
        yield Measure(LAST_SUCCESS, "When the drift was last known, as Unix time; 0: never.", [(where, success)])
    yield Measure("notifconf_last_run_timestamp_seconds", "When drift last ran, as Unix time.", [(where, run.ended)])
    yield Measure("notifconf_drift_duration_seconds", "How long the last run took.", [(where, run.duration)])
    yield Measure(
        "notifconf_drift_exit_code",
        "How the last run ended: 0 in sync, 2 drift, 5 a safety rule is broken, else an error.",
        [(where, run.exit_code)],
    )
