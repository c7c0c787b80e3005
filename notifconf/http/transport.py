"""The way of a request to the service, direct or through a proxy: httpx above, httpcore's connections below.

A transport connects (through the proxy's tunnel where there is one), hands the connection to httpcore, and keeps it
for the next request once the answer is read. Connecting and asking are two steps, so that it is always known whether a
request was sent. httpcore's pool is left out: it looks at every connection for every request that waits, and it would
send a create over a connection that the service may be about to close.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import h11
import httpcore
import httpx

from notifconf.http.proxy import Proxy, ProxyFailedError, ProxyRefusedError
from notifconf.http.stream import Stream

MAX_IDLE_SECONDS = 4.0
"""A connection that was idle for longer is not used again: servers close idle ones, many after 5 seconds."""

NEW_CONNECTION = "notifconf.new_connection"
"""The extension of a request that must not be sent over an idle connection: when the service closes that at the same
moment, nobody knows whether the request was carried out."""

UNSENDABLE = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")
"""What can't stand in a header (RFC 9110, section 5.5)."""

MAX_INTERIM_ANSWERS = 100
"""Before one answer. A service sends one or two (100, 103); one that sends them without end is not waited for."""

FRAMING = {b"content-length", b"transfer-encoding"}
SWITCHING_PROTOCOLS = 101


class Connection(httpcore.AsyncHTTP11Connection):
    """A connection of httpcore that also knows whether it can be used for another request."""

    MAX_INCOMPLETE_EVENT_SIZE = 64 * 1024

    def __init__(self, origin: httpcore.Origin, stream: Stream) -> None:
        """Speak HTTP over a stream."""
        super().__init__(origin, stream, keepalive_expiry=MAX_IDLE_SECONDS)
        self._stream = stream
        self._interim_answers = 0

    def abort(self) -> None:
        """Close at once. httpcore waits for a lock first, and closes nothing if its task is cancelled meanwhile."""
        self._stream.abort()

    @property
    def is_reusable(self) -> bool:
        """Whether the last answer is complete, the connection is open, and nothing came after that answer.

        A second answer would be taken for the answer to the next request. httpcore finds one that is still in the
        network stream, but not one that its parser has read already.
        """
        return self.is_available() and not self.has_expired() and not self._h11_state.trailing_data[0]

    async def _receive_event(self, timeout: float | None = None) -> h11.Event | type[h11.PAUSED]:  # noqa: ASYNC109
        """Return what comes next of an answer. Raises `httpcore.RemoteProtocolError` for endless interim answers."""
        event = await super()._receive_event(timeout)
        if isinstance(event, h11.Response):
            self._interim_answers = 0
        if isinstance(event, h11.InformationalResponse):
            self._interim_answers += 1
            if self._interim_answers > MAX_INTERIM_ANSWERS:
                raise httpcore.RemoteProtocolError(f"more than {MAX_INTERIM_ANSWERS} interim answers (1xx)")
        return event


class Transport(httpx.AsyncBaseTransport):
    """Sends each request over an idle connection or a new one. The caller bounds how many there are.

    Of the timeouts of a request only `connect` is used. The caller bounds the time of a whole exchange.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, proxy: Proxy | None = None) -> None:
        """Connect to https:// with the authorities of `tls`, through `proxy` where there is one."""
        self._tls = tls
        self._proxy = proxy
        self._idle: list[Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer as soon as the headers have come. Close the answer after reading it.

        Raises httpx's `ConnectError`, `ConnectTimeout` and `ProxyError` when the request was not sent; after any other
        `TransportError` the service may have carried it out.
        """
        if any(UNSENDABLE.search(value) for _, value in request.headers.raw):
            raise httpx.LocalProtocolError("a header holds a control character", request=request)
        message = _convert_request(request)
        with _httpx_errors():
            connection = await self._take_connection(message.url.origin, request)
            try:
                response = await connection.handle_async_request(message)
            except BaseException:
                connection.abort()
                raise
        body = _Body(response, connection, self._release)
        names = [name.lower() for name, _ in response.headers]
        if response.status == SWITCHING_PROTOCOLS or FRAMING.issubset(names):
            await connection.aclose()
            raise httpx.RemoteProtocolError("the answer switches protocols, or has two lengths", request=request)
        return httpx.Response(response.status, headers=response.headers, stream=body)

    async def aclose(self) -> None:
        """Close all idle connections."""
        for connection in self._idle:
            connection.abort()
        self._idle.clear()
        # asyncio closes the file descriptors in the next turn of its loop.
        await asyncio.sleep(0)

    async def _take_connection(self, origin: httpcore.Origin, request: httpx.Request) -> Connection:
        """Return the idle connection that was used last, so that the others grow old, or a new one."""
        while self._idle:
            connection = self._idle.pop()
            is_fit = connection.is_reusable and connection.can_handle_request(origin)
            if is_fit and not request.extensions.get(NEW_CONNECTION):
                return connection
            await connection.aclose()
            if is_fit:
                break
        seconds = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(seconds):
                return await self._connect(origin)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection after {seconds:g} seconds") from error

    async def _connect(self, origin: httpcore.Origin) -> Connection:
        host = origin.host.decode("ascii")
        if self._proxy is None:
            stream = await Stream.connect(host, origin.port)
        else:
            stream = await _open_tunnel(self._proxy, origin)
        try:
            if self._tls is not None and origin.scheme == b"https":
                stream = await stream.start_tls(self._tls, host)
        except BaseException:
            stream.abort()
            raise
        return Connection(origin, stream)

    async def _release(self, connection: Connection) -> None:
        """Keep a connection for the next request, or close it."""
        if connection.is_reusable:
            self._idle.append(connection)
        else:
            await connection.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes; `release` gets its connection back when the body is closed."""

    def __init__(
        self, response: httpcore.Response, connection: Connection, release: Callable[[Connection], Awaitable[None]]
    ) -> None:
        self._response = response
        self._connection = connection
        self._release = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for piece in self._response.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        try:
            await self._response.aclose()
        except BaseException:
            self._connection.abort()
            raise
        await self._release(self._connection)


async def _open_tunnel(proxy: Proxy, origin: httpcore.Origin) -> Stream:
    """Return a stream through a proxy to a service. Raises `ProxyFailedError`, `ProxyRefusedError`."""
    target = b"%b:%d" % (b"[%b]" % origin.host if b":" in origin.host else origin.host, origin.port)
    try:
        stream = await Stream.connect(proxy.host, proxy.port)
        try:
            if proxy.tls is not None:
                stream = await stream.start_tls(proxy.tls, proxy.host)
            url = httpcore.URL(scheme="http", host=proxy.host, port=proxy.port, target=target)
            request = httpcore.Request("CONNECT", url, headers=[(b"Host", target), *proxy.headers])
            response = await Connection(url.origin, stream).handle_async_request(request)
        except BaseException:
            stream.abort()
            raise
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise ProxyFailedError(proxy.variable, str(error)) from error
    if not httpx.codes.is_success(response.status):
        await stream.aclose()
        reason = response.extensions["reason_phrase"].decode("ascii", "replace")
        raise ProxyRefusedError(proxy.variable, response.status, reason)
    return stream


def _convert_request(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
    )


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise httpcore's errors as httpx's errors of the same names."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
