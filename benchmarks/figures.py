"""What a benchmark finds: figures of several runs, each beside its limit."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """The values of all runs of one thing, in `unit`, and the most that their median may be (None: it only informs)."""

    what: str
    unit: str
    values: tuple[float, ...]
    limit: float | None

    @property
    def median(self) -> float:
        """What is compared with the limit."""
        return statistics.median(self.values)

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.limit is None or self.median <= self.limit

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """What it is, the median, the spread, the limit, the median's share of the limit."""
        low, high = min(self.values), max(self.values)
        spread = f"{_number(low)} to {_number(high)}" if low < high else "always"
        median = f"{_number(self.median)} {self.unit}".rstrip()
        if self.limit is None:
            return self.what, median, spread, "", ""
        ratio = f"{self.median / self.limit:.2f}"
        mark = "" if self.kept else " MISSED"
        return self.what, median, spread, _number(self.limit), ratio + mark


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of the promise: `run` measures all its figures once, as values in the order of `figures`."""

    title: str
    figures: tuple[tuple[str, str, float | None], ...]
    run: Callable[[], Sequence[float]]
    note: str = ""

    def measured(self, runs: int = RUNS) -> Iterator[Figure]:
        """Measure again and again, and yield the figures."""
        rounds = [self.run() for _ in range(runs)]
        for (what, unit, limit), values in zip(self.figures, zip(*rounds, strict=True), strict=True):
            yield Figure(what, unit, tuple(values), limit)


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
