"""Planning in memory: quick beside sorting the same objects by address, and it grows no faster than sorting does."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.figures import Claim
from benchmarks.service import client

OBJECTS = 100_000
CHANGED = 1_000
MAX_SORT_RATIO = 12.0
"""How many times as long as sorting the same objects by address a plan may take."""
MAX_GROWTH = 1.0
"""How many times as much a plan may grow with ten times the objects as sorting them does.

Both pay for memory that no cache holds any more, and that differs by machine. A quadratic step would show at once.
"""


def run() -> Sequence[float]:
    """Measure a plan beside sorting its objects, and beside a plan of a tenth of them."""
    # Other work on the machine disturbs short measurements most, so the small plan is measured more often.
    large = [client("planning_client", OBJECTS, CHANGED) for _ in range(3)]
    small = [client("planning_client", OBJECTS // 10, CHANGED // 10) for _ in range(5)]
    seconds, sort_seconds = (median(item[name] for item in large) for name in ("seconds", "sort_seconds"))
    tenth_seconds, tenth_sort_seconds = (median(item[name] for item in small) for name in ("seconds", "sort_seconds"))
    ratio = median(item["seconds"] / item["sort_seconds"] for item in large)
    growth, sort_growth = seconds / tenth_seconds, sort_seconds / tenth_sort_seconds
    return [ratio, growth / sort_growth, seconds, tenth_seconds, sort_seconds, growth]


CLAIM = Claim(
    title=f"Planning {OBJECTS:,} objects in memory, {CHANGED:,} of them changed",
    figures=(
        ("CPU", "times sorting", MAX_SORT_RATIO),
        ("growth from a tenth of the objects", "times that of sorting", MAX_GROWTH),
        ("CPU", "s", None),
        ("CPU of a tenth of the objects", "s", None),
        ("CPU of sorting the objects by address", "s", None),
        ("CPU", "times that of a tenth of the objects", None),
    ),
    run=run,
    note="Half of the objects are mutes of resources, half are subscriptions of resources; so are the changes. Sorting "
    "is `sorted` of the same live objects in random order, by kind, name and id.",
)
