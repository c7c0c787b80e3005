"""`validate` of a large workspace, beside PyYAML's C loader on the same file.

PyYAML's loader only builds plain values. `validate` also keeps the position of each value, checks the schema and the
rules, and includes the start of the process. CPU time is compared: it depends less on what else the machine does.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import Claim
from benchmarks.service import NOTIFCONF, client, compile_packages, environment
from benchmarks.workspaces import workspace

RESOURCES = 10_000
MAX_LOADER_RATIO = 1.5
"""How many times the CPU time of PyYAML's C loader `validate` may take."""
MAX_PEAK_MIB = 150

MISTAKES = (
    ("    muted: false", "    muted: maybe"),
    ("    muted: false", "    mutd: false"),
    ("integrations: [team-7]}", "integrations: [team-77]}"),
    ("    muted: false", "    muted: {until: tomorrow}"),
    ("    muted: false", "    muted: {until: 2026-12-01T06:00:00Z, reasn: migration}"),
)


def run() -> Sequence[float]:
    """Measure a valid workspace and one with a handful of errors: ratio, peak of memory, and both times."""
    compile_packages()
    text = workspace(integrations=20, mutes=RESOURCES, subscribed=RESOURCES)
    return [*_measure(text, errors=0), *_measure(_with_mistakes(text), errors=len(MISTAKES))]


def _measure(text: str, errors: int) -> tuple[float, float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "notifconf.yaml")
        file.write_text(text)
        loader_seconds = client("validation_client", file)["seconds"]
        begin = time.perf_counter()
        command = [NOTIFCONF, "validate", str(file)]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            said = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
    assert (said.count(": error["), process.returncode) == (errors, int(errors > 0)), said
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return cpu_seconds / loader_seconds, usage.ru_maxrss / 1024, seconds, loader_seconds


def _with_mistakes(text: str) -> str:
    """Spread the mistakes over the whole text."""
    borders = [index * len(text) // len(MISTAKES) for index in range(len(MISTAKES) + 1)]
    parts = (text[start:end] for start, end in pairwise(borders))
    return "".join(part.replace(*mistake, 1) for part, mistake in zip(parts, MISTAKES, strict=True))


CLAIM = Claim(
    title=f"`validate` of {RESOURCES:,} resources with subscriptions, start-up included",
    figures=tuple(
        figure
        for what in ("all valid", f"{len(MISTAKES)} errors")
        for figure in (
            (f"CPU, {what}", "times PyYAML's C loader", MAX_LOADER_RATIO),
            (f"peak memory, {what}", "MiB", MAX_PEAK_MIB),
            (f"wall, {what}", "s", None),
            (f"CPU of PyYAML's C loader, {what}", "s", None),
        )
    ),
    run=run,
    note="PyYAML's C loader reads the same file into plain values: no positions, no schema, no rules, no start-up.",
)
