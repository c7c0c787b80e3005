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
MAX_WALL_RATIO = 1.1
"""How many times the ideal the lookups may take. The ideal is lookups ÷ limit: it does not depend on the machine."""
MAX_LIMITED_PERCENT = 5.0


def run() -> Sequence[float]:
    """Measure, at each parallelism, how many times the ideal it takes, and the percentage that is answered 429."""
    found = []
    for parallelism in PARALLELISM:
        with emulator(latency=LATENCY, rate_limit=RATE) as service, tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "notifconf.yaml")
            file.write_text(workspace(mutes=LOOKUPS))
            found.append(client("lookup_client", service.endpoint, parallelism, file))
    return [
        value for item in found for value in (item["wall"] * RATE / LOOKUPS, 100 * item["limited"] / item["requests"])
    ]


CLAIM = Claim(
    title=f"{LOOKUPS:,} lookups under a limit of {RATE} a second",
    figures=tuple(
        figure
        for one in PARALLELISM
        for figure in (
            (f"wall, {one} at a time", "times the ideal", MAX_WALL_RATIO),
            (f"answered 429, {one} at a time", "%", MAX_LIMITED_PERCENT),
        )
    ),
    run=run,
)
