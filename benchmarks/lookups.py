"""Lookups: requests by latency by parallelism is the physical limit, and the client's own work must not show."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Claim
from benchmarks.service import client, emulator
from benchmarks.workspaces import workspace

LOOKUPS = 1_000
LATENCY = 0.05
PARALLELISM = (10, 20, 50)
SLACK = 1.15
CPU_SECONDS = 0.6


def run() -> Sequence[float]:
    """Measure wall seconds and CPU seconds at each parallelism, and of a bare client that only writes and reads."""
    with emulator(latency=LATENCY) as service, tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "notifconf.yaml")
        file.write_text(workspace(mutes=LOOKUPS))
        found = [client("lookup_client", service.endpoint, parallelism, file) for parallelism in PARALLELISM]
        bare = [client("bare_client", service.endpoint, parallelism, LOOKUPS) for parallelism in PARALLELISM]
    with emulator() as service:
        most = client("bare_client", service.endpoint, PARALLELISM[-1], 5 * LOOKUPS)
    return [
        *(item["wall"] for item in found),
        *(item["cpu"] for item in found),
        *(item["wall"] for item in bare),
        5 * LOOKUPS / most["wall"],
    ]


CLAIM = Claim(
    title=f"{LOOKUPS:,} lookups at {LATENCY * 1000:.0f} ms",
    figures=(
        *((f"wall, {one} at a time", "s", SLACK * LOOKUPS * LATENCY / one) for one in PARALLELISM),
        *((f"client CPU, {one} at a time", "s", CPU_SECONDS) for one in PARALLELISM),
        *((f"wall of a bare client, {one} at a time", "s", None) for one in PARALLELISM),
        ("what the emulator answers without latency", "requests/s", None),
    ),
    run=run,
    note="The bare client writes one prepared request and reads its answer on each of as many sockets: what it takes "
    "is the emulator's doing. Without latency the emulator answers several times as many requests a second as the "
    "fastest row asks for.",
)
