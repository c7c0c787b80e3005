"""`python -m benchmarks` measures everything and writes RESULTS.md; with names of claims, it prints those alone."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.figures import RUNS, Claim, Figure
from benchmarks.results import document, table

CLAIMS = ("requests", "lookups", "pacing", "startup", "validation", "planning", "inventory")
RESULTS = Path(__file__).parent / "RESULTS.md"


def main(names: list[str]) -> int:
    """Measure, print, and return 1 where a limit is missed."""
    measured: list[tuple[Claim, list[Figure]]] = []
    for name in names or CLAIMS:
        claim: Claim = import_module(f"benchmarks.{name}").CLAIM
        figures = list(claim.measured())
        measured.append((claim, figures))
        print(f"\n{claim.title} ({RUNS} runs)\n\n{table(figures)}", flush=True)
    if not names:
        RESULTS.write_text(document(measured), encoding="utf-8")
    return int(not all(figure.kept for _, figures in measured for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
