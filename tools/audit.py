"""Look locked dependencies up among known vulnerabilities: `python tools/audit.py REQUIREMENTS...`.

It ends with 0 where none is known, with 1 where one is, and with 2, and says so, where nothing could be looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

COMMAND = (sys.executable, "-m", "pip_audit")
OPTIONS = ("--format", "json", "--progress-spinner", "off", "--disable-pip", "--require-hashes")


def vulnerabilities(dependencies: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each known vulnerability."""
    for dependency in dependencies:
        for found in dependency.get("vulns", ()):
            fixed = ", ".join(found.get("fix_versions", ())) or "no version"
            yield f"{dependency['name']} {dependency['version']}: {found['id']}, fixed in {fixed}"


def audit(requirements: str, command: Sequence[str] = COMMAND) -> int:
    """Look up what one file of requirements locks, print what is found, and return the exit code."""
    ended = subprocess.run(  # noqa: S603 -- a command of ours
        [*command, *OPTIONS, "--requirement", requirements], capture_output=True, text=True, check=False
    )
    try:
        dependencies = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"{requirements}: nothing was checked. Is this machine offline? {reason}", file=sys.stderr)
        return 2
    found = list(vulnerabilities(dependencies))
    print(f"{requirements}: {len(dependencies)} dependencies, {len(found)} known vulnerabilities")
    for item in found:
        print(f"  {item}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(max(map(audit, sys.argv[1:]), default=0))
