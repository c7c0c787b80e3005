"""Planning in memory: linear in the number of objects, and quick beside sorting the same objects by address."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.figures import Claim
from benchmarks.service import client

OBJECTS = 100_000
CHANGED = 1_000
MAX_SORT_RATIO = 12.0
"""How many times as long as sorting the same objects by address a plan may take."""
MAX_GROWTH = 11.0
"""How many times as long a plan of ten times the objects may take."""


def run() -> Sequence[float]:
    """Measure a plan beside sorting its objects, and beside a plan of a tenth of them."""
    # Other work on the machine disturbs short measurements most, so the small plan is measured more often.
    large = [client("planning_client", OBJECTS, CHANGED) for _ in range(3)]
    small = [client("planning_client", OBJECTS // 10, CHANGED // 10) for _ in range(5)]
    seconds = median(item["seconds"] for item in large)
    tenth_seconds = median(item["seconds"] for item in small)
    ratio = median(item["seconds"] / item["sort_seconds"] for item in large)
    return [ratio, seconds / tenth_seconds, seconds, tenth_seconds, median(item["sort_seconds"] for item in large)]


CLAIM = Claim(
    title=f"Planning {OBJECTS:,} objects in memory, {CHANGED:,} of them changed",
    figures=(
        ("CPU", "times sorting", MAX_SORT_RATIO),
        ("CPU", "times a tenth of the objects", MAX_GROWTH),
        ("CPU", "s", None),
        ("CPU of a tenth of the objects", "s", None),
        ("CPU of sorting the objects by address", "s", None),
    ),
    run=run,
    note="Half of the objects are mutes of resources, half are subscriptions of resources; so are the changes. Sorting "
    "is `sorted` of the same live objects in random order, by kind, name and id.",
)
