"""A client that is nothing but httpcore's connections, one for each worker; prints seconds as JSON.

notifconf's client adds retries, bounds, a rate limiter, redaction and decoding to the same connections. What that
costs is the ratio of both clients' CPU time, which does not depend on the machine.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpcore

PATH = "/notifications/v1/resource-preferences:lookup?resource=environment%3Denv-{}&resource_type=ENVIRONMENT"
HEADERS = {
    "Host": "localhost",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "benchmark",
    "Authorization": "Basic a2V5OnNlY3JldA==",
}


async def work(endpoint: str, numbers: Iterator[int]) -> None:
    origin = httpcore.Origin(b"http", b"127.0.0.1", urlsplit(endpoint).port or 0)
    async with httpcore.AsyncHTTPConnection(origin) as connection:
        for number in numbers:
            request = httpcore.Request("GET", f"{endpoint}{PATH.format(number)}", headers=list(HEADERS.items()))
            response = await connection.handle_async_request(request)
            json.loads(await response.aread())
            await response.aclose()


async def main(endpoint: str, parallelism: int, requests: int) -> None:
    numbers = iter(range(requests))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work(endpoint, numbers) for _ in range(parallelism)))
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
