"""The way of a request to the service, direct or through a proxy: httpx above, httpcore's connections below.

A transport connects (through the proxy's tunnel where there is one), hands the connection to httpcore, and keeps it
for the next request once the answer is read. Connecting and asking are two steps, so that it is always known whether a
request was sent. httpcore's pool is left out: it looks at every connection for every request that waits, and it would
send a create over a connection that the service may be about to close.

httpcore's own streams are left out too, which use anyio. A stream over asyncio takes a third less CPU time for a
request, knows at once when the service sends what nobody asked for, and leaves nothing open when the task that connects
is cancelled (docs/adr/0004-transport.md has the figures).
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, cast

import h11
import httpcore
import httpx

from notifconf.http.environment import Proxy, ProxyFailedError, ProxyRefusedError

HAPPY_EYEBALLS_DELAY_SECONDS = 0.25
"""After this time the next address of a host is tried too (RFC 8305)."""

MAX_UNREAD_BYTES = 1024 * 1024
"""When more than this waits to be read, the sender is made to wait."""


class Stream(httpcore.AsyncNetworkStream, asyncio.Protocol):
    """An open connection to a host, with or without TLS.

    The arguments named `timeout` are ignored: the caller bounds the time of a whole exchange.
    """

    def __init__(self) -> None:
        """Make a stream that asyncio connects. Call `connect` instead."""
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._is_ended = False
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None

    @classmethod
    async def connect(cls, host: str, port: int) -> Stream:
        """Return a stream that is connected to a host. Raises `httpcore.ConnectError`."""
        try:
            addresses = [host] if _is_address(host) else await _resolve(host, port)
            if len(addresses) == 1:
                return await cls._connect_to(addresses[0], port)
            return await cls._connect_to_first(addresses, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    @classmethod
    async def _connect_to(cls, address: str, port: int) -> Stream:
        _, stream = await asyncio.get_running_loop().create_connection(cls, address, port)
        return stream

    @classmethod
    async def _connect_to_first(cls, addresses: Sequence[str], port: int) -> Stream:
        """Return a stream to the first address that answers (RFC 8305: "happy eyeballs").

        asyncio can do this too, but drops an open socket when it is cancelled.
        """
        attempts: set[asyncio.Task[Stream]] = set()
        failures: list[BaseException] = []
        waiting = deque(addresses)
        try:
            while waiting or attempts:
                if waiting:
                    attempts.add(asyncio.create_task(cls._connect_to(waiting.popleft(), port)))
                delay = HAPPY_EYEBALLS_DELAY_SECONDS if waiting else None
                done, _ = await asyncio.wait(attempts, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
                for attempt in done:
                    attempts.remove(attempt)
                    failure = attempt.exception()
                    if failure is None:
                        return attempt.result()
                    failures.append(failure)
        finally:
            for attempt in attempts:
                attempt.add_done_callback(_abort_late_stream)
                attempt.cancel()
        raise OSError("; ".join(map(str, failures)))

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 -- httpcore's signature
    ) -> Stream:
        """Speak TLS from now on. Raises `httpcore.ConnectError`."""
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        self._transport = cast("asyncio.Transport", transport)
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """Return what has come, as soon as something has; nothing at the end. Raises `httpcore.ReadError`."""
        while not self._received and not self._is_ended:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._received and self._failure is not None:
            raise httpcore.ReadError(str(self._failure)) from self._failure
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if len(self._received) <= MAX_UNREAD_BYTES:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Send, without waiting until all of it has left: requests are small. Raises `httpcore.WriteError`."""
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection is closed")
        self._transport.write(buffer)

    def abort(self) -> None:
        """Close at once. asyncio closes the file descriptor in the next turn of its loop."""
        self._transport.abort()

    async def aclose(self) -> None:
        """Close at once, and wait until the file descriptor is closed."""
        self.abort()
        await asyncio.sleep(0)

    def get_extra_info(self, info: str) -> Any:
        """Say whether something waits to be read (httpcore asks before it uses a connection again)."""
        return bool(self._received) or self._is_ended if info == "is_readable" else None

    # asyncio calls the methods below.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come."""
        self._received += data
        if len(self._received) > MAX_UNREAD_BYTES:
            self._transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> None:
        """Note the end."""
        self._is_ended = True
        self._wake_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._is_ended = True
        self._failure = exc
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


async def _resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the order in which to try them. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _abort_late_stream(attempt: asyncio.Task[Stream]) -> None:
    """Close the stream of an attempt to connect that nobody waits for any more."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().abort()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


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
        # httpcore's own lock would import anyio with its backend: a twentieth of the time of a small command.
        self._state_lock = asyncio.Lock()  # type: ignore[assignment]

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
