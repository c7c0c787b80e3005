"""A service that answers with raw bytes over real sockets, and a small authority for its certificates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

HANG_UP = b""
"""In place of a piece of an answer: close the connection properly."""
RESET = b"\0reset"
"""In place of a piece of an answer: reset the connection."""

Pieces = bytes | Sequence[bytes]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TURNS_TO_CLOSE = 10
"""Turns of the event loop after which asyncio has closed what was cut off."""


@asynccontextmanager
async def serving(serve: Serve, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection with `serve`, and give the port. Nothing is left open or running at the end."""
    tasks: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return
        finally:
            writer.close()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(handle(reader, writer)))

    async with await asyncio.start_server(start, host, 0, ssl=tls) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for _ in range(TURNS_TO_CLOSE):
                for writer in writers:
                    writer.transport.abort()
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class RawService:
    """Answers the requests of each connection, one after the other, with the next of `answers`.

    `requests` holds what was asked, by connection; `pieces_sent` counts the pieces of answers that were taken.
    """

    def __init__(self, *answers: Pieces, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.answers = list(answers)
        self.requests: list[list[bytes]] = []
        self.tls = tls
        self.host = host
        self.port = 0
        self.pieces_sent = 0

    @property
    def sent(self) -> list[bytes]:
        """Return the first lines of all requests."""
        return [message.split(b"\r\n", 1)[0] for asked in self.requests for message in asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: list[bytes] = []
        self.requests.append(asked)
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            asked.append(head + await reader.readexactly(int(length or 0)))
            answer = self.answers.pop(0)
            for piece in [answer] if isinstance(answer, bytes) else answer:
                if piece == HANG_UP:
                    return
                if piece == RESET:
                    writer.transport.abort()
                    return
                writer.write(piece)
                await writer.drain()
                self.pieces_sent += 1
                await asyncio.sleep(0)  # so that pieces arrive as pieces
        await reader.read()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen, and give the base URL."""
        async with serving(self.serve, self.host, self.tls) as self.port:
            host = f"[{self.host}]" if ":" in self.host else self.host
            yield f"{'https' if self.tls else 'http'}://{host}:{self.port}"
