"""The emulator over a real socket."""

import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from notifconf.emulator import server
from notifconf.emulator.app import create_app
from notifconf.emulator.faults import parse_fault
from notifconf.emulator.settings import Settings

PREFERENCE = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
SERVE = """
import sys
from notifconf.emulator.server import serve
serve(int(sys.argv[1]), sys.argv[2], ready=lambda port: print(port, flush=True))
print("stopped", flush=True)
"""


@pytest.fixture(scope="module")
def app():
    return create_app(":memory:", Settings())


@pytest.fixture(scope="module")
def url(app):
    with server.running(app) as url:
        yield url


@pytest.fixture
def client(url, app):
    app.state.emulator.settings.faults = []
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer x"}, timeout=None, trust_env=False) as client:
        yield client
    app.state.emulator.settings.faults = []


def preferences(app: Any) -> int:
    return len(app.state.emulator.objects("resource-preferences"))


def test_both_vendors_are_served(client):
    assert len(client.get("/notifications/v1/notification-types").json()["data"]) == 20
    assert len(client.get("/v1/notifications/configurations").json()["data"]) == 13
    assert len(client.get("/_emulator/state").json()["events"]) == 13


def test_a_connection_is_kept(client):
    for _ in range(3):
        stream = client.get("/notifications/v1/integrations").extensions["network_stream"]
        ports = stream.get_extra_info("client_addr")
    assert stream.get_extra_info("client_addr") == ports


@pytest.mark.parametrize(
    ("kind", "error", "effect"),
    [
        ("reset-before", httpx.ReadError, 0),
        ("reset-after", httpx.ReadError, 1),
        ("cut", (httpx.ReadError, httpx.RemoteProtocolError), 1),
        ("hang", httpx.ReadTimeout, 0),
        ("hang-after", httpx.ReadTimeout, 1),
    ],
)
def test_connections_that_end_badly(client, app, kind, error, effect):
    body = {**PREFERENCE, "resource": f"environment=env-{kind}"}
    before = preferences(app)
    app.state.emulator.settings.faults = [parse_fault(f"{kind}:times=1")]
    with pytest.raises(error):
        client.post(
            "/notifications/v1/resource-preferences",
            json=body,
            timeout=httpx.Timeout(None, read=0.1 if "hang" in kind else None),
        )
    # A client that gave up may have done so before the server came to the request.
    while not app.state.emulator.settings.faults[0].fired or preferences(app) < before + effect:
        time.sleep(0.01)
    assert preferences(app) == before + effect
    # The next connection is a sound one.
    assert client.post("/notifications/v1/resource-preferences", json=body).status_code == (409 if effect else 201)


def test_truncated_bodies_have_the_length_that_they_say(client, app):
    app.state.emulator.settings.faults = [parse_fault("truncated"), parse_fault("empty")]
    assert client.get("/notifications/v1/integrations").content.startswith(b'{"api_version"')


def test_a_hanging_request_does_not_keep_the_server_from_stopping(monkeypatch):
    monkeypatch.setattr(server, "GRACEFUL_SECONDS", 0)
    fault = parse_fault("hang")
    # Left last to first: the connection is still open when the server stops.
    with socket.socket() as connection, server.running(create_app(":memory:", Settings(faults=[fault]))) as url:
        connection.connect(("127.0.0.1", int(url.rpartition(":")[2])))
        connection.sendall(
            b"GET /v1/notifications/inbox HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\n\r\n"
        )
        while not fault.fired:
            httpx.get(f"{url}/_emulator/faults", timeout=None, trust_env=False)


def test_the_port_may_be_chosen_and_may_be_taken():
    with server.running(create_app(":memory:")) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            server.serve(port, ":memory:")


def test_it_listens_on_one_address_alone(url):
    port = int(url.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(OSError, match=r"refused|unreachable|timed out|assign"):
        socket.create_connection(("127.0.0.2", port), timeout=1)


def start(database: str) -> tuple[Any, int]:
    process: Any = subprocess.Popen(
        [sys.executable, "-c", SERVE, "0", database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_stops_cleanly_and_its_state_survives(tmp_path, number):
    database = str(tmp_path / "emulator.sqlite")
    headers = {"Authorization": "Basic a2V5OnNlY3JldA=="}
    for expected in (404, 200):
        process, port = start(database)
        base = f"http://127.0.0.1:{port}/notifications/v1/resource-preferences"
        with httpx.Client(headers=headers, timeout=None, trust_env=False) as client:
            assert client.get(f"{base}:lookup", params=PREFERENCE).status_code == expected
            client.post(base, json=PREFERENCE)
            os.kill(process.pid, number)
            output, errors = process.communicate()
        assert (process.returncode, output, errors) == (0, "stopped\n", "")


def test_what_was_answered_survives_a_kill(tmp_path):
    database = str(tmp_path / "emulator.sqlite")
    headers = {"Authorization": "Bearer x"}
    process, port = start(database)
    with httpx.Client(headers=headers, timeout=None, trust_env=False) as client:
        client.post(f"http://127.0.0.1:{port}/notifications/v1/resource-preferences", json=PREFERENCE)
        process.kill()
        process.communicate()
    app = create_app(database)
    assert preferences(app) == 1
    app.state.emulator.close()
