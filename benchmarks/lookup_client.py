"""A process that makes lookups and prints as JSON how long they took: start-up, credentials and files aside."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter

from notifconf import Requests, connect, load, read_live
from notifconf.http.exchange import Exchange


async def main(endpoint: str, parallelism: int, path: str) -> None:
    """Read the live state of a workspace that only mutes resources: one lookup each."""
    workspace = load([path])
    statuses: Counter[int | None] = Counter()

    def observe(exchange: Exchange) -> None:
        statuses[exchange.status] += 1

    async with connect("confluent", endpoint=endpoint, requests=Requests(parallelism, observer=observe)) as connection:
        wall, cpu = time.perf_counter(), time.process_time()
        await read_live(workspace, connection)
        found = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**found, "requests": statuses.total(), "limited": statuses[429]}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
