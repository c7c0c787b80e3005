"""A service that answers with raw bytes over real sockets, and a small authority for its certificates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

HANG_UP = b""
"""In place of a piece of an answer: close the connection properly."""
RESET = b"\0reset"
"""In place of a piece of an answer: reset the connection."""

Pieces = bytes | Sequence[bytes]


class RawService:
    """Answers the requests of each connection, one after the other, with the next of `answers`.

    `requests` holds what was asked, by connection.
    """

    def __init__(self, *answers: Pieces, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.answers = list(answers)
        self.requests: list[list[bytes]] = []
        self.tls = tls
        self.host = host

    @property
    def sent(self) -> list[bytes]:
        """Return the first lines of all requests."""
        return [message.split(b"\r\n", 1)[0] for asked in self.requests for message in asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: list[bytes] = []
        self.requests.append(asked)
        try:
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
                    await asyncio.sleep(0)  # so that pieces arrive as pieces
            await reader.read()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            return
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen, and give the base URL."""
        server = await asyncio.start_server(self.serve, self.host, 0, ssl=self.tls)
        async with server:
            host = f"[{self.host}]" if ":" in self.host else self.host
            yield f"{'https' if self.tls else 'http'}://{host}:{server.sockets[0].getsockname()[1]}"
