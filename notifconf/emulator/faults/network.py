"""Connections that end badly, over a socket and inside one process."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp, Receive, Scope, Send

EXTENSION = "notifconf.transport"


class ConnectionDroppedError(Exception):
    """The connection is reset, in an application that runs in the process of its client."""


class NeverAnsweredError(Exception):
    """There is never an answer, in an application that runs in the process of its client."""


def with_transport(app: ASGIApp, transport: asyncio.BaseTransport) -> ASGIApp:
    """The application of one connection, which can break it."""

    async def connected(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = {"transport": transport}
        await app(scope, receive, send)

    return connected


async def drop(scope: Scope, receive: Receive) -> None:
    """Resets the connection (RST, not FIN) and returns when it is gone."""
    transport = _transport(scope)
    if transport is None:
        raise ConnectionDroppedError
    connection: socket.socket = transport.get_extra_info("socket")
    # Not to linger makes the kernel say "reset" instead of "closed".
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _disconnected(receive)


async def hang(scope: Scope, receive: Receive) -> None:
    """Returns when the client has given up."""
    if _transport(scope) is None:
        raise NeverAnsweredError
    await _disconnected(receive)


def is_socket(scope: Scope) -> bool:
    """Whether the client is at the other end of a connection, not in this process."""
    return _transport(scope) is not None


def _transport(scope: Scope) -> asyncio.WriteTransport | None:
    extension: dict[str, asyncio.WriteTransport] = scope.get("extensions", {}).get(EXTENSION, {})
    return extension.get("transport")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
