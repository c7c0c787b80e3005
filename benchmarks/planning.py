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
    # What takes a moment is soon disturbed by what else the machine does.
    large = median(_seconds(OBJECTS, CHANGED) for _ in range(3))
    small = median(_seconds(OBJECTS // 10, CHANGED // 10) for _ in range(5))
    return [large, large / small, small]


def _seconds(objects: int, changed: int) -> float:
    return client("planning_client", objects, changed)["seconds"]


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
