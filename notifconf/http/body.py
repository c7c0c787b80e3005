"""The body of an answer, within a bound: as it came, and as it is unpacked."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, cast

from notifconf.errors import ProtocolError

if TYPE_CHECKING:
    import httpx

    from notifconf.http.message import Request

LARGEST = 64 * 1024 * 1024
"""Bytes of a body, packed or not."""

PACKED = frozenset({"gzip", "x-gzip", "deflate"})
ANY_HEADER = zlib.MAX_WBITS + 32
NO_HEADER = -zlib.MAX_WBITS
"""What some services mean by deflate."""


async def content_of(response: httpx.Response, request: Request) -> bytes:
    """Read a body and return it unpacked. Raises `ProtocolError` for one that is too large or can't be unpacked.

    httpx would unpack it too, but without a bound: a few hundred bytes can hold gigabytes.
    """
    pieces = []
    size = 0
    async for piece in cast("httpx.AsyncByteStream", response.stream):
        size += len(piece)
        if size > LARGEST:
            raise _too_large(request)
        pieces.append(piece)
    content = b"".join(pieces)
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in {"", "identity"} or not content:
        return content
    unpacked = _unpacked(content) if coding in PACKED else None
    if unpacked is None:
        raise _failed(request, "a body that can't be unpacked")
    if len(unpacked) > LARGEST:
        raise _too_large(request)
    return unpacked


def _unpacked(content: bytes) -> bytes | None:
    """Return what `content` holds, at most a byte more than may be; None where it is not packed, or not whole."""
    for header in (ANY_HEADER, NO_HEADER):
        unpacking = zlib.decompressobj(header)
        try:
            unpacked = unpacking.decompress(content, LARGEST + 1)
        except zlib.error:
            continue
        return unpacked if unpacking.eof or len(unpacked) > LARGEST else None
    return None


def _too_large(request: Request) -> ProtocolError:
    return _failed(request, f"more than {LARGEST >> 20} MiB")


def _failed(request: Request, what: str) -> ProtocolError:
    return ProtocolError(
        f"{request.operation} was answered with {what}", operation=request.operation, sent=request.writes
    )
