"""Start-up: no wait before the first byte, as multiples of what a bare interpreter takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Claim
from benchmarks.service import NOTIFCONF, compile_packages, emulator, environment
from benchmarks.workspaces import workspace

TIMES = 11
MAX_VERSION_RATIO, MAX_VALIDATE_RATIO, MAX_PLAN_RATIO = 6, 10, 18
"""How many times as long as a bare interpreter each command may take."""


def run() -> Sequence[float]:
    """Compile the packages, then measure the commands in turns; return medians as multiples of the interpreter's."""
    compile_packages()
    with emulator() as service, tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "notifconf.yaml")
        file.write_text(workspace(mutes=3))
        commands = (
            [sys.executable, "-c", "pass"],
            [NOTIFCONF, "--version"],
            [NOTIFCONF, "validate", str(file)],
            [NOTIFCONF, "plan", str(file), "--endpoint", service.endpoint],
        )
        rounds = [[_seconds(command) for command in commands] for _ in range(TIMES)]
    bare, *others = (statistics.median(values) for values in zip(*rounds, strict=True))
    return [*(value / bare for value in others), bare * 1000]


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    return time.perf_counter() - begin


CLAIM = Claim(
    title="Start-up",
    figures=(
        ("`--version`", "times bare", MAX_VERSION_RATIO),
        ("`validate` of a small workspace", "times bare", MAX_VALIDATE_RATIO),
        ("a no-op `plan` of a small workspace", "times bare", MAX_PLAN_RATIO),
        ("a bare interpreter, `python -c pass`", "ms", None),
    ),
    run=run,
)
