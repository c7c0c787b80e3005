"""A cancelled request ends at once, wherever it is: while it connects, speaks TLS, asks the proxy, sends or reads."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from notifconf.http import transport as transport_module
from notifconf.http.client import Client
from notifconf.http.transport import Stream
from tests.http.raw_service import RawService, serving
from tests.http.test_proxy import NAME, Tunnel
from tests.http.test_tls import AUTHORITY, tls_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b'{"id":"x"}'
MAX_TURNS = 400


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.delenv("HTTPS_PROXY", raising=False)


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[Stream]:
    """Return all streams that are made from now on."""
    made: list[Stream] = []
    note_connection = Stream.connection_made

    def connection_made(stream: Stream, transport: asyncio.BaseTransport) -> None:
        note_connection(stream, transport)
        made.append(stream)

    monkeypatch.setattr(Stream, "connection_made", connection_made)
    return made


async def cancel_after(turns: int, endpoint: str) -> bool:
    """Cancel a request after some turns of the event loop; return whether it had ended before."""
    async with Client(endpoint) as client:
        request = asyncio.create_task(client.request("POST", "/things", json={}))
        for _ in range(turns):
            await asyncio.sleep(0)
        was_done = request.done()
        request.cancel()
        results = await asyncio.gather(request, return_exceptions=True)
        if not was_done and isinstance(results[0], Exception):
            raise results[0]
        assert was_done or isinstance(results[0], asyncio.CancelledError), (turns, results)
    return was_done


@pytest.mark.parametrize("way", ["clear", "several addresses", "TLS", "proxy"])
def test_a_cancellation_is_never_lost_and_leaves_nothing_open(
    way: str, monkeypatch: pytest.MonkeyPatch, streams: list[Stream]
) -> None:
    service = RawService(*[OK] * MAX_TURNS, tls=tls_of("127.0.0.1", NAME) if way in {"TLS", "proxy"} else None)
    tunnel = Tunnel()

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1", "127.0.0.1"]  # nothing listens at the first; both others may be connected

    if way == "several addresses":
        monkeypatch.setattr(transport_module, "_resolve", resolve)
        monkeypatch.setattr(transport_module, "HAPPY_EYEBALLS_DELAY_SECONDS", 0)

    async def run() -> int:
        async with service.listening() as url, serving(tunnel.serve) as proxy_port:
            tunnel.port = service.port
            if way == "proxy":
                monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy_port}")
            endpoint = {"proxy": f"https://{NAME}", "several addresses": f"http://localhost:{service.port}"}.get(
                way, url
            )
            for turns in range(MAX_TURNS):
                if await cancel_after(turns, endpoint):
                    return turns
                assert all(stream._transport.is_closing() for stream in streams), turns
        return MAX_TURNS

    assert 3 < asyncio.run(run()) < MAX_TURNS
    gc.collect()  # a socket that was dropped complains here, and not in another test
