"""`validate` of a large workspace: every diagnostic with its place, in a moment and in little memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import Claim
from benchmarks.service import NOTIFCONF, environment
from benchmarks.workspaces import workspace

RESOURCES = 10_000
SECONDS = 1.5
MEBIBYTES = 150

MISTAKES = (
    ("    muted: false", "    muted: maybe"),
    ("    muted: false", "    mutd: false"),
    ("integrations: [team-7]}", "integrations: [team-77]}"),
    ("    muted: false", "    muted: {until: tomorrow}"),
    ("    muted: false", "    muted: {until: 2026-12-01T06:00:00Z, reasn: migration}"),
)


def run() -> Sequence[float]:
    """Measure wall seconds and the peak of memory, of a valid workspace and of one with a handful of errors."""
    text = workspace(integrations=20, mutes=RESOURCES, subscribed=RESOURCES)
    return [*_measured(text, errors=0), *_measured(_with_mistakes(text), errors=len(MISTAKES))]


def _measured(text: str, errors: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "notifconf.yaml")
        file.write_text(text)
        begin = time.perf_counter()
        command = [NOTIFCONF, "validate", str(file)]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            said = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
    assert (said.count(": error["), process.returncode) == (errors, int(errors > 0)), said
    return seconds, usage.ru_maxrss / 1024


def _with_mistakes(text: str) -> str:
    """Spread the mistakes over the whole text."""
    borders = [index * len(text) // len(MISTAKES) for index in range(len(MISTAKES) + 1)]
    parts = (text[start:end] for start, end in pairwise(borders))
    return "".join(part.replace(*mistake, 1) for part, mistake in zip(parts, MISTAKES, strict=True))


CLAIM = Claim(
    title=f"`validate` of {RESOURCES:,} resources with subscriptions, start-up included",
    figures=(
        ("wall, all valid", "s", SECONDS),
        ("peak memory, all valid", "MiB", MEBIBYTES),
        (f"wall, {len(MISTAKES)} errors", "s", SECONDS),
        (f"peak memory, {len(MISTAKES)} errors", "MiB", MEBIBYTES),
    ),
    run=run,
)
