"""Which requests go through a proxy, what is asked of it, and what its refusals mean."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from notifconf.errors import NotifconfError, TransportError, UsageError
from notifconf.http.client import Client, ClientOptions
from notifconf.http.environment import is_exempt
from tests.http.raw_service import RawService, serving
from tests.http.test_tls import AUTHORITY, STRANGER, tls_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NAME = "api.example.test"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    AUTHORITY.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


class Tunnel:
    """A proxy that answers CONNECT with `answer`, and then joins both sides; every name is the one service."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        if not self.answer.startswith(b"HTTP/1.1 200"):
            return
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await asyncio.gather(copy(reader, upstream_writer), copy(upstream_reader, writer))
        finally:
            upstream_writer.transport.abort()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


def ask(
    tunnel: Tunnel,
    service: RawService,
    monkeypatch: pytest.MonkeyPatch,
    *,
    methods: tuple[str, ...] = ("POST",),
    address: str = "http://127.0.0.1:{}",
    proxy_tls: Any = None,
) -> list[Any]:
    """Send requests through the proxy, one after the other, and return what came."""

    async def wait(_: float) -> None:
        await asyncio.sleep(0)

    async def run() -> list[Any]:
        found: list[Any] = []
        async with service.listening(), serving(tunnel.serve, tls=proxy_tls) as port:
            tunnel.port = service.port
            monkeypatch.setenv("HTTPS_PROXY", address.format(port))
            async with Client(f"https://{NAME}", options=ClientOptions(sleep=wait, timeout=20)) as client:
                for method in methods:
                    try:
                        json: Any = {} if method == "POST" else None
                        found.append((await client.request(method, "/things", json=json)).body)
                    except NotifconfError as error:
                        found.append(error)
        return found

    return asyncio.run(run())


def test_a_create_has_a_connection_of_its_own_behind_a_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel, service = Tunnel(), RawService(*[OK] * 5, tls=tls_of(NAME))
    assert ask(tunnel, service, monkeypatch, methods=("GET", "GET", "POST", "POST", "GET")) == [{}] * 5
    methods = [[message.split(b" ", 1)[0] for message in asked] for asked in service.requests]
    assert methods == [[b"GET", b"GET"], [b"POST"], [b"POST", b"GET"]]
    assert len(tunnel.heads) == 3


def test_a_tunnel_is_asked_for_with_the_credentials_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel, service = Tunnel(), RawService(OK, tls=tls_of(NAME))
    assert ask(tunnel, service, monkeypatch, address="http://us%40er:t0p%2Fs3cret@127.0.0.1:{}") == [{}]
    (head,) = tunnel.heads
    lines = head.split(b"\r\n")
    assert lines[0] == f"CONNECT {NAME}:443 HTTP/1.1".encode()
    assert b"Proxy-Authorization: Basic " + b64encode(b"us@er:t0p/s3cret") in lines
    assert b"Proxy-Authorization" not in service.requests[0][0]


def test_a_proxy_may_speak_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel, service = Tunnel(), RawService(OK, tls=tls_of(NAME))
    assert ask(tunnel, service, monkeypatch, address="https://127.0.0.1:{}", proxy_tls=tls_of("127.0.0.1")) == [{}]


def test_the_service_behind_a_proxy_must_prove_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel, service = Tunnel(), RawService(OK, tls=tls_of("other.example.test"))
    (failed,) = ask(tunnel, service, monkeypatch)
    assert isinstance(failed, TransportError)
    assert f"https://{NAME}" in str(failed)
    assert (failed.sent, service.sent, len(tunnel.heads)) == (False, [], 1)


def test_a_proxy_with_an_untrusted_certificate_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    tls = tls_of("127.0.0.1", authority=STRANGER)
    tunnel, service = Tunnel(), RawService(OK, tls=tls_of(NAME))
    (failed,) = ask(tunnel, service, monkeypatch, address="https://127.0.0.1:{}", proxy_tls=tls)
    assert "the proxy that HTTPS_PROXY names" in str(failed)
    assert tunnel.heads == []


@pytest.mark.parametrize(
    ("status", "asked"), [(400, 1), (401, 1), (403, 1), (404, 1), (407, 1), (429, 5), (500, 5), (502, 5), (503, 5)]
)
def test_a_proxy_that_refuses_for_good_is_asked_once(status: int, asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel = Tunnel(b"HTTP/1.1 %d t0ps3cret says no\r\nContent-Length: 0\r\n\r\n" % status)
    service = RawService(OK, tls=tls_of(NAME))
    (failed,) = ask(tunnel, service, monkeypatch, address="http://user:t0ps3cret@127.0.0.1:{}")
    assert isinstance(failed, TransportError)
    assert not failed.sent
    assert "HTTPS_PROXY" in str(failed)
    assert str(status) in str(failed)
    assert "t0ps3cret" not in str(failed)
    assert len(tunnel.heads) == asked
    assert service.sent == []


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 2"], ids=["nothing", "no HTTP", "cut"])
def test_a_create_is_repeated_when_the_proxy_hangs_up_before_the_tunnel(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunnel, service = Tunnel(answer), RawService(OK, tls=tls_of(NAME))
    (failed,) = ask(tunnel, service, monkeypatch)
    assert isinstance(failed, TransportError)
    assert not failed.sent
    assert len(tunnel.heads) == 5


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:65536",
        "http://127.0.0.1:x",
        "http://",
        "gopher://h:1",
        "socks5://h:1",
        "http://:8",
        "http://[::1",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_can_not_be_used_is_an_error_that_names_its_variable(
    variable: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, address)

    async def run() -> None:
        async with Client(f"https://{NAME}"):
            pass

    with pytest.raises(UsageError, match=variable):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "no_proxy", "expected"),
    [
        ("api.example.test", "*", True),
        ("api.example.test", "", False),
        ("api.example.test", " , ", False),
        ("api.example.test", "example.test", True),
        ("api.example.test", ".example.test", True),
        ("api.example.test", "*.example.test", True),
        ("API.Example.test", "*.EXAMPLE.test", True),
        ("example.test", "*.example.test", True),
        ("badexample.test", "example.test", False),
        ("badexample.test", "*.example.test", False),
        ("api.example.test", "other.test, example.test:443", True),
        ("api.example.test", "*.example.test:443", True),
        ("api.example.test", "example.test:8443", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("10.1.2.3", "2.3", False),
        ("fd00::1", "fd00::/8", True),
        ("fd00::1", "fd00::1", True),
        ("fd00::1", "[fd00::1]:443", True),
        ("fd00::1", "[fd00::1]", True),
        ("api.example.test", "10.0.0.0/8", False),
    ],
)
def test_no_proxy_excepts_names_addresses_and_networks(host: str, no_proxy: str, *, expected: bool) -> None:
    assert is_exempt(host, 443, no_proxy) is expected
