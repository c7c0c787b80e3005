"""A cancelled request ends at once, wherever it is: while it connects, speaks TLS, asks the proxy, sends or reads."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from notifconf.http.client import Client
from tests.http.raw_service import RawService
from tests.http.test_proxy import NAME, Tunnel
from tests.http.test_tls import AUTHORITY, tls_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b'{"id":"x"}'
MAX_TURNS = 400


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.delenv("HTTPS_PROXY", raising=False)


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


# The service of the test loses connections in the middle, and asyncio's streams complain of that.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", ["clear", "TLS", "proxy"])
def test_a_cancellation_is_never_lost(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = RawService(*[OK] * MAX_TURNS, tls=None if way == "clear" else tls_of("127.0.0.1", NAME))
    tunnel = Tunnel()

    async def run() -> int:
        async with service.listening() as url, await asyncio.start_server(tunnel.serve, "127.0.0.1", 0) as proxy:
            tunnel.port = int(url.rpartition(":")[2])
            if way == "proxy":
                monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
            endpoint = f"https://{NAME}" if way == "proxy" else url
            for turns in range(MAX_TURNS):
                if await cancel_after(turns, endpoint):
                    return turns
        return MAX_TURNS

    assert 3 < asyncio.run(run()) < MAX_TURNS
