"""Requests over connections of our own: httpx's pool and parser cost more than a request that a service answers.

httpx still makes the requests and reads the answers; what is replaced is what lies below (docs/adr/0004-transport.md
says why). Proxies are left to httpx's own transport.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import httpx

from notifconf.http.connection import Connection

if TYPE_CHECKING:
    import ssl

LONGEST_IDLE = 4.0
"""Seconds after which a connection is not used again: servers hang up on idle ones, many after 5 seconds."""

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds until the next address of a host is tried too (RFC 8305)."""

NEW_CONNECTION = "notifconf.new_connection"
"""The extension of a request that must not meet the end of an idle connection: nobody could say what became of it."""

# What would end a header early, or can't stand in one (RFC 9110, section 5.5).
UNSENDABLE = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")

Origin = tuple[str, str, int]


class Transport(httpx.AsyncBaseTransport):
    """Sends each request over an idle connection, or a new one; whoever calls bounds how many there are.

    Of a request's timeouts only that of the connection is heeded: the others are the caller's, as a whole.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Connect to https:// with the authorities of `tls`."""
        self._tls = tls
        self._idle: defaultdict[Origin, list[tuple[float, Connection]]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its answer's body is read from the connection, which is free for another one then."""
        message = _encoded(request, await request.aread())
        origin = _origin(request.url)
        connection = self._free(origin)
        if connection is not None and request.extensions.get(NEW_CONNECTION):
            connection.abort()
            connection = None
        connection = connection or await self._connected(origin, request)
        try:
            await connection.send(message)
        except BaseException:
            connection.abort()
            raise
        stream = _Body(connection, lambda: self._idle[origin].append((_now(), connection)))
        return httpx.Response(connection.status, headers=connection.headers, stream=stream)

    async def aclose(self) -> None:
        """Close all connections; none is in use any more."""
        connections = [connection for idle in self._idle.values() for _, connection in idle]
        self._idle.clear()
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.closed

    def _free(self, origin: Origin) -> Connection | None:
        """Return the connection that was used last, so that those that are too many grow old."""
        idle = self._idle[origin]
        while idle:
            since, connection = idle.pop()
            if connection.is_free and _now() - since < LONGEST_IDLE:
                return connection
            connection.abort()
        return None

    async def _connected(self, origin: Origin, request: httpx.Request) -> Connection:
        scheme, host, port = origin
        seconds = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection,
                    host,
                    port,
                    ssl=self._tls if scheme == "https" else None,
                    happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return connection


class _Body(httpx.AsyncByteStream):
    """The body of an answer; its connection is handed back when all of it was read, else closed."""

    def __init__(self, connection: Connection, hand_back: Callable[[], None]) -> None:
        self._connection = connection
        self._hand_back = hand_back

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.body()

    async def aclose(self) -> None:
        if self._connection.is_free:
            self._hand_back()
        else:
            self._connection.abort()


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _encoded(request: httpx.Request, content: bytes) -> bytes:
    """Return a request as it is sent. Raises httpx's `LocalProtocolError` for what HTTP can't carry."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    if any(map(UNSENDABLE.search, lines)):
        raise httpx.LocalProtocolError("a header holds a control character", request=request)
    return b"\r\n".join((*lines, b"", content))


def _now() -> float:
    return asyncio.get_running_loop().time()
