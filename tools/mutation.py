"""Say how many mutants the tests kill: `python tools/mutation.py`, after `mutmut run`.

It ends with 0 where at least LEAST_PERCENT of them are killed, with 1 where fewer are, and with 2 where there is no run
to look at. A mutant that a timeout ends is killed: it loops for ever.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MUTMUT = (sys.executable, "-m", "mutmut")
STATS = Path("mutants/mutmut-cicd-stats.json")
LEAST_PERCENT = 95


def report(stats: dict[str, int], others: str) -> int:
    """Print the figure and the mutants that are not killed, as `mutmut results` lists them. Return the exit code."""
    killed = stats["killed"] + stats["timeout"]
    judged = stats["total"] - stats["skipped"]
    if not judged:
        print("no mutant was tried: run mutmut first", file=sys.stderr)
        return 2
    percent = 100 * killed / judged
    print(others.rstrip())
    print(f"{killed} of {judged} mutants are killed: {percent:.1f} %, at least {LEAST_PERCENT} % are wanted")
    return 0 if percent >= LEAST_PERCENT else 1


def main(command: Sequence[str] = MUTMUT) -> int:
    """Ask mutmut what the last run found, and report it."""
    subprocess.run([*command, "export-cicd-stats"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- a command of ours
    results = subprocess.run([*command, "results"], check=True, capture_output=True, text=True)  # noqa: S603
    return report(json.loads(STATS.read_text(encoding="utf-8")), results.stdout)


if __name__ == "__main__":
    sys.exit(main())
