"""A client that does nothing but write and read, to see how quick the emulator is; prints seconds as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

REQUEST = (
    "GET /notifications/v1/resource-preferences:lookup?resource=environment%3Denv-{}&resource_type=ENVIRONMENT HTTP/1.1"
    "\r\nHost: localhost\r\nAuthorization: Basic a2V5OnNlY3JldA==\r\n\r\n"
)


async def work(port: int, numbers: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        writer.write(REQUEST.format(number).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()


async def main(endpoint: str, parallelism: int, requests: int) -> None:
    port, numbers = urlsplit(endpoint).port or 0, iter(range(requests))
    wall = time.perf_counter()
    await asyncio.gather(*(work(port, numbers) for _ in range(parallelism)))
    print(json.dumps({"wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
