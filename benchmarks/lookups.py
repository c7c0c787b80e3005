"""Lookups: requests × latency ÷ parallelism is the ideal, and the client's own work must not show."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Claim
from benchmarks.service import client, emulator
from benchmarks.workspaces import workspace

LOOKUPS = 1_000
LATENCY = 0.05
MAX_WALL_RATIO = {10: 1.15, 20: 1.2, 50: 1.5}
"""Requests in flight -> how many times the ideal a plan may take."""
MAX_CPU_RATIO = 1.5
"""How many times the CPU time of a bare httpcore client the client may need."""


def run() -> Sequence[float]:
    """Measure at each parallelism the client, a bare httpcore client and a client that only writes and reads."""
    with emulator(latency=LATENCY) as service, tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "notifconf.yaml")
        file.write_text(workspace(mutes=LOOKUPS))
        ours, httpcore, sockets = [], [], []
        for parallelism in MAX_WALL_RATIO:
            ours.append(client("lookup_client", service.endpoint, parallelism, file))
            httpcore.append(client("httpcore_client", service.endpoint, parallelism, LOOKUPS))
            sockets.append(client("bare_client", service.endpoint, parallelism, LOOKUPS))
    with emulator() as service:
        most = client("bare_client", service.endpoint, max(MAX_WALL_RATIO), 5 * LOOKUPS)
    ideals = [LOOKUPS * LATENCY / parallelism for parallelism in MAX_WALL_RATIO]
    return [
        *(item["wall"] / ideal for item, ideal in zip(ours, ideals, strict=True)),
        *(item["cpu"] / bare["cpu"] for item, bare in zip(ours, httpcore, strict=True)),
        *(item["wall"] / ideal for item, ideal in zip(sockets, ideals, strict=True)),
        *(item["wall"] / ideal for item, ideal in zip(httpcore, ideals, strict=True)),
        *(item["cpu"] for item in ours),
        5 * LOOKUPS / most["wall"],
    ]


CLAIM = Claim(
    title=f"{LOOKUPS:,} lookups at {LATENCY * 1000:.0f} ms",
    figures=(
        *((f"wall, {one} at a time", "times the ideal", limit) for one, limit in MAX_WALL_RATIO.items()),
        *((f"client CPU, {one} at a time", "times bare httpcore", MAX_CPU_RATIO) for one in MAX_WALL_RATIO),
        *((f"wall of bare sockets, {one} at a time", "times the ideal", None) for one in MAX_WALL_RATIO),
        *((f"wall of bare httpcore, {one} at a time", "times the ideal", None) for one in MAX_WALL_RATIO),
        *((f"client CPU, {one} at a time", "s", None) for one in MAX_WALL_RATIO),
        ("what the emulator answers without latency", "requests/s", None),
    ),
    run=run,
    note="The ideal is requests × latency ÷ parallelism. The client on bare sockets writes one prepared request and "
    "reads its answer on each of as many sockets: what it takes longer than the ideal is the emulator's and the "
    "machine's doing. The bare httpcore client sends the same requests over the same connections as notifconf does, "
    "with nothing above them.",
)
