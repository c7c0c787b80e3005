"""A rate limit: used up, not run into."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Claim
from benchmarks.service import client, emulator
from benchmarks.workspaces import workspace

LOOKUPS = 1_000
RATE = 100
LATENCY = 0.05
PARALLELISM = (10, 50)
SLACK = 1.1
SHARE = 5.0


def run() -> Sequence[float]:
    """Measure, at each parallelism, the wall seconds and the percentage that was answered 429."""
    found = []
    for parallelism in PARALLELISM:
        with emulator(latency=LATENCY, rate_limit=RATE) as service, tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "notifconf.yaml")
            file.write_text(workspace(mutes=LOOKUPS))
            found.append(client("lookup_client", service.endpoint, parallelism, file))
    return [value for item in found for value in (item["wall"], 100 * item["limited"] / item["requests"])]


CLAIM = Claim(
    title=f"{LOOKUPS:,} lookups under a limit of {RATE} a second",
    figures=tuple(
        figure
        for one in PARALLELISM
        for figure in (
            (f"wall, {one} at a time", "s", SLACK * LOOKUPS / RATE),
            (f"answered 429, {one} at a time", "%", SHARE),
        )
    ),
    run=run,
)
