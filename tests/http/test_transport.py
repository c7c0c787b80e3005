"""The transport against a service in the test's own hands, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from notifconf.errors import ProtocolError, TransportError
from notifconf.http import transport as transport_module
from notifconf.http.client import Client, ClientOptions
from notifconf.http.transport import MAX_UNREAD_BYTES, Connection, Stream, Transport
from tests.http.raw_service import HANG_UP, RawService

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CERTIFICATE = Path(__file__).parent / "localhost.pem"


def exchange(server: RawService, times: int = 1, **options: Any) -> list[httpx.Response]:
    """Send so many requests, one after the other, and return what came back."""

    async def run() -> list[httpx.Response]:
        async with server.listening() as url, httpx.AsyncClient(transport=Transport()) as client:
            return [await client.request(url=f"{url}/things?a=b", **{"method": "GET", **options}) for _ in range(times)]

    return asyncio.run(run())


def test_a_request_goes_out_as_it_is() -> None:
    server = RawService(OK)
    exchange(server, method="POST", content=b'{"a":1}', headers={"X-Thing": "ü".encode()})
    ((sent,),) = server.requests
    lines = sent.split(b"\r\n")
    assert lines[0] == b"POST /things?a=b HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}".encode() in lines
    assert "X-Thing: ü".encode() in lines
    assert b"Content-Length: 7" in lines
    assert sent.endswith(b'\r\n\r\n{"a":1}')


@pytest.mark.parametrize("header", ["a\r\nX-Injected: b", "a\nb", "a\0b", "\x7f"])
def test_what_would_end_a_header_early_is_not_sent(header: str) -> None:
    server = RawService(OK)
    with pytest.raises(httpx.LocalProtocolError):
        exchange(server, headers={"X-Thing": header})
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        [b"HTTP/1.1 200", b" OK\r\nContent-", b"Length: 5\r\n\r\nhe", b"llo"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-Trailer: z\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
        [b"HTTP/1.0 200 OK\r\n\r\nhel", b"lo", HANG_UP],
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", HANG_UP],
    ],
    ids=["length", "in pieces", "chunked", "hints", "continue", "1.0 until the end", "1.1 until the end"],
)
def test_a_body_ends_where_its_framing_says(answer: bytes | Sequence[bytes]) -> None:
    (response,) = exchange(RawService(answer))
    assert (response.status_code, response.content) == (200, b"hello")
    assert "link" not in response.headers
    assert "x-trailer" not in response.headers


def test_a_body_may_be_packed() -> None:
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    (response,) = exchange(RawService(head.encode() + packed))
    assert response.content == b"hello"


def test_a_body_that_is_larger_than_what_may_be_unread_is_read_whole() -> None:
    size = 5 * MAX_UNREAD_BYTES
    (response,) = exchange(RawService(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size))
    assert len(response.content) == size


def test_a_sender_waits_for_a_reader_that_is_slow() -> None:
    pieces = 200
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {pieces * MAX_UNREAD_BYTES}\r\n\r\n".encode()
    server = RawService([head, *[b"x" * MAX_UNREAD_BYTES] * pieces])

    async def run() -> None:
        async with (
            server.listening() as url,
            httpx.AsyncClient(transport=Transport()) as client,
            client.stream("GET", url),
        ):
            for _ in range(20 * pieces):
                await asyncio.sleep(0)
            # What is unread here, and what the kernel's buffers hold, is far less than all.
            assert 1 < server.pieces_sent < pieces // 2

    asyncio.run(run())


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_an_answer_without_a_body_has_none(status: bytes) -> None:
    server = RawService(b"HTTP/1.1 " + status + b"\r\n\r\n", OK)
    first, second = exchange(server, times=2)
    assert (first.content, second.content) == (b"", b"{}")
    assert len(server.requests) == 1


def test_a_connection_carries_one_request_after_the_other() -> None:
    server = RawService(*[OK] * 3)
    exchange(server, times=3)
    assert [len(asked) for asked in server.requests] == [3]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        [OK, HANG_UP],
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        [OK, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"],
        OK + b"junk",
    ],
    ids=["close", "1.0", "hung up", "a second answer", "a late answer", "junk"],
)
def test_a_connection_that_can_not_be_trusted_carries_nothing_more(answer: bytes | Sequence[bytes]) -> None:
    server = RawService(answer, OK)

    async def run() -> list[bytes]:
        async with server.listening() as url, httpx.AsyncClient(transport=Transport()) as client:
            first = await client.get(url)
            # What the service does behind its answer happens meanwhile.
            for _ in range(200):
                await asyncio.sleep(0)
            return [first.content, (await client.get(url)).content]

    assert asyncio.run(run()) == [b"{}", b"{}"]
    assert [len(asked) for asked in server.requests] == [1, 1]


def test_a_connection_that_was_idle_for_long_carries_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_IDLE_SECONDS", 0.0)
    server = RawService(OK, OK)
    exchange(server, times=2)
    assert [len(asked) for asked in server.requests] == [1, 1]


def test_an_answer_that_nobody_reads_costs_its_connection() -> None:
    server = RawService([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"], OK)

    async def run() -> bytes:
        async with server.listening() as url, httpx.AsyncClient(transport=Transport()) as client:
            async with client.stream("GET", url):
                pass
            return (await client.get(url)).content

    assert asyncio.run(run()) == b"{}"
    assert [len(asked) for asked in server.requests] == [1, 1]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HANG_UP, httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nContent-", HANG_UP], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", HANG_UP], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", HANG_UP], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", HANG_UP], httpx.RemoteProtocolError),
        ([b"SSH-2.0-OpenSSH_9.6\r\n", HANG_UP], httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", httpx.RemoteProtocolError),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            httpx.RemoteProtocolError,
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * (Connection.MAX_INCOMPLETE_EVENT_SIZE + 1), httpx.RemoteProtocolError),
    ],
    ids=[
        "hang up",
        "half the headers",
        "half the body",
        "half a chunk",
        "no last chunk",
        "no HTTP",
        "two lengths",
        "two framings",
        "upgrade",
        "headers without end",
    ],
)
def test_an_answer_that_is_not_whole_is_none(answer: bytes | Sequence[bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        exchange(RawService(answer))


def test_many_requests_share_as_many_connections_as_are_in_flight() -> None:
    server = RawService(*[OK] * 40)

    async def run() -> list[Any]:
        async with server.listening() as url, Client(url, options=ClientOptions(parallelism=4)) as client:
            return await asyncio.gather(*(client.request("GET", f"/{index}") for index in range(40)))

    answers = asyncio.run(run())
    assert [answer.body for answer in answers] == [{}] * 40
    assert len(server.requests) == 4


def test_a_service_that_hangs_is_given_up_and_its_connection_with_it() -> None:
    server = RawService([b"HTTP/1.1 200 OK\r\n"], [b"HTTP/1.1 200 OK\r\n"], OK)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> Any:
        async with server.listening() as url, Client(url, options=ClientOptions(timeout=1.0, sleep=sleep)) as client:
            return (await client.request("GET", "/things")).body

    assert asyncio.run(run()) == {}
    assert [len(asked) for asked in server.requests] == [1, 1, 1]


def self_signed() -> ssl.SSLContext:
    """Return a context with a certificate for 127.0.0.1 that nobody has signed but itself."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    return tls


def test_a_certificate_that_the_environment_trusts_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    server = RawService(OK, OK, tls=self_signed())

    async def run() -> list[Any]:
        async with server.listening() as url, Client(url) as client:
            return [(await client.request("GET", "/things")).body for _ in range(2)]

    assert asyncio.run(run()) == [{}, {}]
    assert [len(asked) for asked in server.requests] == [2]


def test_a_certificate_that_nobody_trusts_is_told_from_a_host_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = RawService(OK, tls=self_signed())

    async def run() -> None:
        async with server.listening() as url, Client(url) as client:
            await client.request("POST", "/things", json={})

    with pytest.raises(TransportError, match="is not trusted") as caught:
        asyncio.run(run())
    assert not caught.value.sent
    assert server.requests == []


def test_a_body_that_grows_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifconf.http.request.MAX_BODY_BYTES", 1000)
    server = RawService(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b" " * 2000)

    async def run() -> None:
        async with server.listening() as url, Client(url) as client:
            await client.request("GET", "/things")

    with pytest.raises(ProtocolError, match="was answered with more than"):
        asyncio.run(run())


def test_closing_may_be_cancelled() -> None:
    async def run() -> list[dict[str, Any]]:
        reported: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        transport = Transport()
        async with RawService(OK).listening() as url:
            response = await transport.handle_async_request(httpx.Request("GET", url))
            await response.aread()
            closing = asyncio.create_task(transport.aclose())
            await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            await asyncio.sleep(0)
        return reported

    assert asyncio.run(run()) == []


def test_what_must_not_be_sent_twice_meets_no_connection_that_is_about_to_end() -> None:
    """A service that hangs up behind each answer and doesn't say so: a POST in its old connection would be lost."""
    server = RawService(OK, OK, OK, OK)

    async def run() -> None:
        async with server.listening() as url, Client(url) as client:
            for method in ("GET", "POST", "POST", "GET"):
                await client.request(method, "/things", json={} if method == "POST" else None)

    asyncio.run(run())
    assert [[sent.split(b" ", 1)[0] for sent in asked] for asked in server.requests] == [
        [b"GET"],
        [b"POST"],
        [b"POST", b"GET"],
    ]


def test_a_host_with_several_addresses_is_reached_at_the_first_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    server = RawService(OK)
    tried: list[str] = []
    connect_to = Stream._connect_to

    async def resolve(host: str, port: int) -> list[str]:
        return ["192.0.2.1", "127.0.0.2", "127.0.0.1"]  # silent, refused, and the service

    async def connect(address: str, port: int) -> Stream:
        tried.append(address)
        if address == "192.0.2.1":
            await asyncio.Event().wait()
        return await connect_to(address, port)

    monkeypatch.setattr(transport_module, "_resolve", resolve)
    monkeypatch.setattr(transport_module, "HAPPY_EYEBALLS_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(Stream, "_connect_to", connect)

    async def run() -> Any:
        async with server.listening(), Client(f"http://localhost:{server.port}") as client:
            return (await client.request("GET", "/things")).body

    assert asyncio.run(run()) == {}
    assert tried == ["192.0.2.1", "127.0.0.2", "127.0.0.1"]


def test_a_host_whose_addresses_all_refuse_is_an_error_that_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.3"]

    monkeypatch.setattr(transport_module, "_resolve", resolve)
    with pytest.raises(httpcore.ConnectError, match=r"127\.0\.0\.2.*127\.0\.0\.3"):
        asyncio.run(Stream.connect("api.example.test", 9))
