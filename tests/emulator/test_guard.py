"""What the emulator answers to a web page that tries to use it."""

import socket

import pytest

from notifconf.emulator import server
from notifconf.emulator.app import create_app

CONTROL = "/_emulator/state"
APIS = ["/notifications/v1/integrations", "/v1/notifications/inbox"]


@pytest.fixture(scope="module")
def ask():
    """Sends a request to a running emulator, with these headers and no other; answers the status."""
    with server.running(create_app(":memory:")) as url:
        port = int(url.rpartition(":")[2])

        def send(path: str, *headers: str, method: str = "GET") -> int:
            lines = [f"{method} {path} HTTP/1.1", *headers, "Authorization: Bearer x", "Connection: close", "", ""]
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall("\r\n".join(lines).replace("PORT", str(port)).encode())
                answer = b""
                while received := connection.recv(65536):
                    answer += received
            return int(answer.split()[1])

        yield send


@pytest.mark.parametrize("path", [CONTROL, *APIS])
@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LocalHost:PORT", "[::1]:PORT"])
def test_its_own_names(ask, path, host):
    assert ask(path, f"Host: {host}") == 200


@pytest.mark.parametrize("path", [CONTROL, *APIS])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "localhost.evil.example:PORT",
        "127.0.0.1.evil.example:PORT",
        "127.0.0.1@evil.example:PORT",
        "evil.example@127.0.0.1:PORT",
        "127.0.0.1:PORT/evil.example",
        "127.0.0.1:PORT?x",
        "localhost.:PORT",
        "[::1",
        "",
    ],
)
def test_a_foreign_host_is_refused(ask, path, host):
    assert ask(path, f"Host: {host}") in {400, 403}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost", "[::1]:80", "127.0.0.2:PORT", "0.0.0.0:PORT"]
)
def test_the_control_has_one_address(ask, host):
    assert ask(CONTROL, f"Host: {host}") == 403


def test_an_api_may_be_reached_through_another_port_of_this_machine(ask):
    for path in APIS:
        assert ask(path, "Host: 127.0.0.1:1") == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:PORT", "null", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_the_control_answers_no_web_page(ask, origin, method):
    assert ask(CONTROL, "Host: 127.0.0.1:PORT", f"Origin: {origin}", method=method) == 403


def test_two_hosts_are_none(ask):
    assert ask(CONTROL, "Host: 127.0.0.1:PORT", "Host: evil.example") in {400, 403}
    assert ask(CONTROL, "Host: evil.example", "Host: 127.0.0.1:PORT") in {400, 403}


@pytest.mark.parametrize("path", APIS)
def test_no_page_of_another_origin_may_read_an_answer(ask, path):
    """Its browser asks first whether it may send credentials, and no answer says so."""
    assert ask(path, "Host: 127.0.0.1:PORT", "Origin: https://evil.example", method="OPTIONS") == 405
