"""Planning in memory: linear in the number of objects, and quick."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.figures import Claim
from benchmarks.service import client

OBJECTS = 100_000
CHANGED = 1_000
SECONDS = 1.5
GROWTH = 11.0


def run() -> Sequence[float]:
    """Measure the seconds of a plan, and how much more they are than those of a tenth of it."""
    large = client("planning_client", OBJECTS, CHANGED)["seconds"]
    # A tenth of a second is soon disturbed.
    small = median(client("planning_client", OBJECTS // 10, CHANGED // 10)["seconds"] for _ in range(5))
    return [large, large / small, small]


CLAIM = Claim(
    title=f"Planning {OBJECTS:,} objects in memory, {CHANGED:,} of them changed",
    figures=(
        ("wall", "s", SECONDS),
        ("the same, by that of a tenth of it", "times", GROWTH),
        ("wall of a tenth of it", "s", None),
    ),
    run=run,
    note="Half of the objects are mutes of resources, half are subscriptions of resources; so are the changes.",
)
