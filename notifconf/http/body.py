"""The body of an answer, within a bound: as it came, and as it is unpacked."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, cast

from notifconf.errors import ProtocolError

if TYPE_CHECKING:
    import httpx

    from notifconf.http.request import Request

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Of a body, packed or not."""

CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
ANY_HEADER_WBITS = zlib.MAX_WBITS + 32
NO_HEADER_WBITS = -zlib.MAX_WBITS
"""Some services send deflate without its header."""


async def read_body(response: httpx.Response, request: Request) -> bytes:
    """Read a body and return it unpacked. Raises `ProtocolError` for one that is too large or can't be unpacked.

    httpx would unpack it too, but without a bound: a few hundred bytes can hold gigabytes.
    """
    pieces = []
    size = 0
    async for piece in cast("httpx.AsyncByteStream", response.stream):
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise _make_size_error(request)
        pieces.append(piece)
    content = b"".join(pieces)
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in {"", "identity"} or not content:
        return content
    unpacked = _unpack(content) if coding in CODINGS else None
    if unpacked is None:
        raise _make_error(request, "a body that can't be unpacked")
    if len(unpacked) > MAX_BODY_BYTES:
        raise _make_size_error(request)
    return unpacked


def _unpack(content: bytes) -> bytes | None:
    """Return what `content` holds, at most a byte more than may be; None where it is not packed, or not whole."""
    for header in (ANY_HEADER_WBITS, NO_HEADER_WBITS):
        unpacking = zlib.decompressobj(header)
        try:
            unpacked = unpacking.decompress(content, MAX_BODY_BYTES + 1)
        except zlib.error:
            continue
        return unpacked if unpacking.eof or len(unpacked) > MAX_BODY_BYTES else None
    return None


def _make_size_error(request: Request) -> ProtocolError:
    return _make_error(request, f"more than {MAX_BODY_BYTES >> 20} MiB")


def _make_error(request: Request, what: str) -> ProtocolError:
    return ProtocolError(
        f"{request.operation} was answered with {what}", operation=request.operation, sent=request.writes
    )
