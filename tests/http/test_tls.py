"""TLS: the service is who its certificate says, or nothing is sent to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from notifconf.errors import NotifconfError, ServiceError, TransportError, UsageError
from notifconf.http.client import Client, ClientOptions
from tests.http.raw_service import HANG_UP, Pieces, RawService, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2200, 1, 1, tzinfo=UTC)

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trust one authority, by SSL_CERT_FILE."""
    file = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return file


def tls_of(*names: str, authority: trustme.CA = AUTHORITY, **options: Any) -> ssl.SSLContext:
    """Return what a service speaks TLS with; `options` are those of its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


def ask(tls: ssl.SSLContext, *answers: Pieces, host: str = "127.0.0.1", name: str | None = None) -> tuple[Any, int]:
    """Send one create to a service, by a name of it; return what came, and how many requests the service got."""
    service = RawService(*(answers or (OK,)), tls=tls, host=host)

    async def wait(_: float) -> None:
        await asyncio.sleep(0)

    async def run() -> Any:
        async with service.listening() as url:
            base = url.replace(host, name) if name else url
            async with Client(base, options=ClientOptions(sleep=wait, timeout=20)) as client:
                try:
                    return (await client.request("POST", "/things", json={})).body
                except NotifconfError as error:
                    return error

    return asyncio.run(run()), len(service.sent)


def changed(change: Callable[[ssl.SSLContext], object]) -> ssl.SSLContext:
    context = tls_of("127.0.0.1")
    change(context)
    return context


TRUSTED: dict[str, Callable[[], tuple[ssl.SSLContext, str | None]]] = {
    "an IP address": lambda: (tls_of("127.0.0.1"), None),
    "one of many names": lambda: (tls_of("example.test", "127.0.0.1", "localhost"), None),
    "a name": lambda: (tls_of("localhost"), "localhost"),
    "a name and another CN": lambda: (tls_of("localhost", common_name="example.test"), "localhost"),
    "a name in capitals": lambda: (tls_of("LOCALHOST"), "localhost"),
    "a child authority": lambda: (tls_of("127.0.0.1", authority=AUTHORITY.create_child_ca()), None),
    "TLS 1.2": lambda: (changed(lambda tls: setattr(tls, "maximum_version", ssl.TLSVersion.TLSv1_2)), None),
    "TLS 1.3": lambda: (changed(lambda tls: setattr(tls, "minimum_version", ssl.TLSVersion.TLSv1_3)), None),
    "HTTP/2 offered": lambda: (changed(lambda tls: tls.set_alpn_protocols(["h2", "http/1.1"])), None),
    "a client certificate wished for": lambda: (
        changed(lambda tls: setattr(tls, "verify_mode", ssl.CERT_OPTIONAL)),
        None,
    ),
}


@pytest.mark.parametrize("case", TRUSTED.values(), ids=TRUSTED.keys())
def test_a_service_that_proves_who_it_is_is_asked(case: Callable[[], tuple[ssl.SSLContext, str | None]]) -> None:
    tls, name = case()
    assert ask(tls, name=name) == ({}, 1)


def test_a_service_at_an_ipv6_address_is_asked() -> None:
    assert ask(tls_of("::1"), host="::1") == ({}, 1)


def old_protocol(tls: ssl.SSLContext) -> None:
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = ssl.TLSVersion.TLSv1
    tls.maximum_version = ssl.TLSVersion.TLSv1


def no_encryption(tls: ssl.SSLContext) -> None:
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("eNULL:@SECLEVEL=0")


def no_proof(tls: ssl.SSLContext) -> None:
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("aNULL:@SECLEVEL=0")


REFUSED: dict[str, Callable[[], tuple[ssl.SSLContext, str | None]]] = {
    "another name": lambda: (tls_of("example.test"), "localhost"),
    "another IP address": lambda: (tls_of("127.0.0.2"), None),
    "a name for an IP address": lambda: (tls_of("localhost"), None),
    "an IP address for a name": lambda: (tls_of("127.0.0.1"), "localhost"),
    "the CN alone": lambda: (tls_of("example.test", common_name="localhost"), "localhost"),
    "a wildcard for one label": lambda: (tls_of("*.localhost"), "localhost"),
    "a wildcard for all": lambda: (tls_of("*.test"), "localhost"),
    "expired": lambda: (tls_of("127.0.0.1", not_before=PAST, not_after=PAST + timedelta(days=1)), None),
    "not valid yet": lambda: (tls_of("127.0.0.1", not_before=FUTURE, not_after=FUTURE + timedelta(days=1)), None),
    "an unknown authority": lambda: (tls_of("127.0.0.1", authority=STRANGER), None),
    "TLS 1.0": lambda: (changed(old_protocol), None),
    "NULL ciphers": lambda: (changed(no_encryption), None),
    "anonymous ciphers": lambda: (changed(no_proof), None),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated:DeprecationWarning")
def test_a_service_that_does_not_prove_who_it_is_gets_nothing(
    case: Callable[[], tuple[ssl.SSLContext, str | None]],
) -> None:
    tls, name = case()
    failed, requests = ask(tls, name=name)
    assert isinstance(failed, TransportError)
    assert not failed.sent
    assert requests == 0


def test_an_untrusted_certificate_names_the_variable_that_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls = tls_of("127.0.0.1", authority=STRANGER)
    assert "SSL_CERT_FILE decides" in str(ask(tls)[0])
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "SSL_CERT_FILE can name" in str(ask(tls)[0])
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert "SSL_CERT_DIR decides" in str(ask(tls)[0])


def test_a_client_certificate_that_is_required_is_an_error() -> None:
    tls = tls_of("127.0.0.1")
    AUTHORITY.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    failed, requests = ask(tls)
    assert isinstance(failed, TransportError)
    assert requests == 0


@pytest.mark.parametrize(
    "answer",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", HANG_UP],
        [b'HTTP/1.1 200 OK\r\n\r\n{"id": "x"', HANG_UP],
        [b"HTTP/1.1 200 OK\r\nContent-", HANG_UP],
    ],
    ids=["by its length", "until the end", "headers"],
)
def test_an_answer_that_is_cut_off_is_an_error(answer: Pieces) -> None:
    failed, requests = ask(tls_of("127.0.0.1"), answer)
    assert isinstance(failed, ServiceError)
    assert failed.sent
    assert requests == 1


def test_a_service_that_does_not_speak_tls_gets_nothing() -> None:
    received: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async def run() -> ServiceError:
        async with (
            serving(refuse) as port,
            Client(f"https://127.0.0.1:{port}", options=ClientOptions(timeout=20)) as client,
        ):
            with pytest.raises(TransportError) as caught:
                await client.request("POST", "/things", json={})
        return caught.value

    assert not asyncio.run(run()).sent
    assert len(received) == 1
    assert b"/things" not in received[0]


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n", None])
def test_a_file_of_authorities_that_can_not_be_read_is_named(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "broken.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        ask(tls_of("127.0.0.1"))


def test_a_folder_of_authorities_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="SSL_CERT_DIR"):
        ask(tls_of("127.0.0.1"))


def test_a_connection_is_used_again() -> None:
    service = RawService(OK, OK, tls=tls_of("127.0.0.1"))

    async def run() -> None:
        async with service.listening() as url, Client(url) as client:
            for _ in range(2):
                await client.request("GET", "/things")

    asyncio.run(run())
    assert [len(asked) for asked in service.requests] == [2]
