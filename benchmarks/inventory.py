"""The inventory: the fewest requests, side by side; and planning what a match finds is quick beside sorting it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import median

from benchmarks.figures import Claim
from benchmarks.service import client, emulator

ENVIRONMENTS, CLUSTERS, CONNECTORS = 40, 3, 25
"""Environments, clusters in each, connectors in each of those."""

FOUND = ENVIRONMENTS * CLUSTERS * CONNECTORS
LATENCY, PARALLELISM, PAGE = 0.05, 10, 100
MAX_WALL_RATIO = 1.2
MAX_SORT_RATIO = 10.0

WORKSPACE = """\
version: 1
provider: confluent
integrations:
  team-0: {target: {kind: Slack, webhook_url: "${TEAM_0_URL}"}}
resources:
  - match: {type: CONNECTOR, environment: "Environment*"}
    subscriptions:
      - {notification_type: Connector in FAILED state, integrations: [team-0]}
"""

LEAST = (
    # Integrations and types; environments, of which the emulator has two more; clusters; connectors; a lookup for each.
    2 + ceil((ENVIRONMENTS + 2) / PAGE) + ENVIRONMENTS + ENVIRONMENTS * CLUSTERS + FOUND
)


def run() -> Sequence[float]:
    """Read what a plan of the workspace needs, and plan the same in memory."""
    with emulator(latency=LATENCY) as service, tempfile.TemporaryDirectory() as folder:
        service.grow(environments=ENVIRONMENTS, clusters=CLUSTERS, connectors=CONNECTORS)
        file = Path(folder, "notifconf.yaml")
        file.write_text(WORKSPACE)
        service.requests()
        read = client("lookup_client", service.endpoint, PARALLELISM, file)
        requests = len(service.requests())
    planned = [client("inventory_client", FOUND) for _ in range(5)]
    return [
        requests,
        read["wall"] / (requests * LATENCY / PARALLELISM),
        median(item["seconds"] / item["sort_seconds"] for item in planned),
        read["wall"],
        median(item["seconds"] for item in planned),
    ]


CLAIM = Claim(
    title=f"A match of {FOUND:,} connectors in {ENVIRONMENTS} environments and {ENVIRONMENTS * CLUSTERS} clusters",
    figures=(
        ("requests of a plan", "", LEAST),
        ("wall", "times the ideal", MAX_WALL_RATIO),
        ("CPU of planning", "times sorting", MAX_SORT_RATIO),
        ("wall", "s", None),
        ("CPU of planning", "s", None),
    ),
    run=run,
    note=f"At {LATENCY * 1000:.0f} ms, {PARALLELISM} at a time; the ideal is requests × latency ÷ parallelism. One "
    "request for each list of an environment or a cluster that can match, and a lookup for each connector. Planning is "
    "what comes after reading; sorting is `sorted` of the same live objects in random order, by kind, name and id. Of "
    "both, the fastest of 20 runs counts.",
)
