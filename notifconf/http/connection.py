"""One connection to a service: HTTP/1.1 over asyncio's own sockets, read by llhttp, the parser of Node.js."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LARGEST_HEAD = 64 * 1024
MOST_UNREAD = 1024 * 1024
"""Bytes of a body that may wait to be read before the sender is made to wait."""

FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""The headers that say where a body ends; without one it ends with the connection."""

FIRST_FINAL_STATUS = 200


class Connection(asyncio.Protocol):
    """Carries one request at a time; `status` and `headers` are those of the answer to the last one.

    Errors are httpx's. HEAD is not supported: its answer names a length that never comes.
    """

    def __init__(self) -> None:
        """Wait to be connected, by asyncio."""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.closed = asyncio.get_running_loop().create_future()
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._failure: httpx.TransportError | None = None
        self._changed: asyncio.Future[None] | None = None
        self._pieces: deque[bytes] = deque()
        self._unread = 0
        self._head_size = 0
        self._has_head = False
        # Between two requests the last answer is complete: whatever comes then was not asked for.
        self._is_complete = True
        self._is_reusable = True

    @property
    def is_free(self) -> bool:
        """Whether another request can be sent."""
        return self._is_complete and self._is_reusable and not self._transport.is_closing()

    async def send(self, message: bytes) -> None:
        """Send a whole request, and return as soon as status and headers of its answer are there."""
        self.headers = []
        self._pieces.clear()
        self._unread = self._head_size = 0
        self._has_head = self._is_complete = self._is_reusable = False
        self._transport.write(message)
        while not self._has_head:
            await self._change()

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the answer's body, as it comes."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._unread -= len(piece)
                yield piece
            if self._is_complete:
                return
            self._transport.resume_reading()
            await self._change()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    async def _change(self) -> None:
        """Return when something of the answer has come. Raises httpx's error where nothing more will."""
        if self._failure is not None:
            raise self._failure
        self._changed = asyncio.get_running_loop().create_future()
        try:
            await self._changed
        finally:
            self._changed = None

    def _tell(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _fail(self, failure: httpx.TransportError) -> None:
        """Break off: an answer that is complete stays, but nothing comes after it."""
        self._is_reusable = False
        if not self._is_complete and self._failure is None:
            self._failure = failure
        self._transport.abort()
        self._tell()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
        if self._head_size > LARGEST_HEAD and not self._has_head:
            self._fail(httpx.RemoteProtocolError("the headers have no end"))

    def eof_received(self) -> None:
        """End a body that ends with the connection, which takes no further request: TLS would drop it unsent."""
        self._is_reusable = False
        if self._has_head and not any(name.lower() in FRAMING for name, _ in self.headers):
            self._is_complete = True

    def connection_lost(self, error: Exception | None) -> None:
        """Break off, unless all is there."""
        self._fail(httpx.ReadError(str(error)) if error else httpx.RemoteProtocolError("the service hung up"))
        # Whoever waited for it may have been cancelled, and the future with it.
        if not self.closed.done():
            self.closed.set_result(None)

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Refuse a second answer: it may be one to a request that somebody else slipped in."""
        if self._is_complete:
            raise HttpParserError("an answer came that nothing had asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note one header, or a trailer."""
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note the status; one below 200 only says that the answer is yet to come."""
        self.status = self._parser.get_status_code()
        self._has_head = self.status >= FIRST_FINAL_STATUS
        self._tell()

    def on_body(self, piece: bytes) -> None:
        """Note a piece of the body; make the sender wait where too much of it is unread."""
        self._pieces.append(piece)
        self._unread += len(piece)
        if self._unread > MOST_UNREAD:
            self._transport.pause_reading()
        self._tell()

    def on_message_complete(self) -> None:
        """Note the end of an answer."""
        if not self._has_head:
            self.headers = []
            return
        self._is_complete = True
        self._is_reusable = self._parser.should_keep_alive()
        # Even if nobody reads this answer, the end of the connection must not go unnoticed.
        self._transport.resume_reading()
        self._tell()
