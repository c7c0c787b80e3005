"""The errors that everybody makes first: each says what to do next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

KEYS = "CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET"
API = "https://api.confluent.cloud"
KONNECT = "https://global.api.konghq.com/v1"


class Stranger(BaseHTTPRequestHandler):
    """Some other server, which knows one answer."""

    status = 200
    kind = "application/json"
    body = b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        if 300 <= self.status < 400:
            self.send_header("Location", "https://login.example/")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing."""


class Silent(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that have heard enough: one bad answer ends a command."""


@pytest.fixture
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that gives the answer of the test's parameter: status, kind, body."""
    status, kind, body = request.param
    handler = type("Handler", (Stranger,), {"status": status, "kind": kind, "body": body})
    with Silent(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("notifconf.http.client.MIN_BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr("notifconf.http.client.MAX_BACKOFF_SECONDS", 0.001)


def error_of(ended):
    """What a person reads: one error, no traceback, nothing as the result."""
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert "Traceback" not in ended.err
    assert "canary" not in ended.err
    return ended.err


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift"])
def test_no_workspace(user, command):
    assert "`notifconf init` writes one" in error_of(user.runs(command))
    assert "`notifconf init nowhere`" in error_of(user.runs(command, "nowhere"))
    (user.folder / "empty").mkdir()
    assert "`notifconf init empty`" in error_of(user.runs(command, "empty"))


@pytest.mark.parametrize(
    ("environment", "arguments", "said"),
    [
        ({"CONFLUENT_CLOUD_API_KEY": "", "CONFLUENT_CLOUD_API_SECRET": ""}, [], KEYS),
        ({"CONFLUENT_CLOUD_API_KEY": "", "CONFLUENT_CLOUD_API_SECRET": ""}, [], "`--endpoint emulator:` needs none"),
        ({"CONFLUENT_CLOUD_API_KEY": "", "CONFLUENT_CLOUD_API_SECRET": ""}, [], "CONFLUENT_CLOUD_ACCESS_TOKEN"),
        ({"CONFLUENT_CLOUD_API_SECRET": ""}, [], "CONFLUENT_CLOUD_API_SECRET is not"),
        ({"CONFLUENT_CLOUD_API_KEY": ""}, [], "CONFLUENT_CLOUD_API_KEY is not"),
        ({"CONFLUENT_CLOUD_API_KEY": "canary-a:canary-b"}, [], "are the key and its secret in one variable?"),
        ({"KONNECT_TOKEN": ""}, ["--provider", "konnect"], "set KONNECT_TOKEN"),
        ({"KONNECT_TOKEN": '"canary x"'}, ["--provider", "konnect"], "was it cut or quoted?"),
    ],
)
def test_no_credentials(user, environment, arguments, said):
    user.sets(**environment)
    assert said in error_of(user.runs("types", *arguments))
    assert user.requests() == []


@pytest.mark.parametrize("stranger", [(401, "application/json", b'{"errors": [{"detail": "no key"}]}')], indirect=True)
def test_a_wrong_key(user, stranger):
    said = error_of(user.runs("types", "--endpoint", stranger))
    assert "401 Unauthorized: no key" in said
    assert f"check {KEYS}" in said
    assert "not of a cluster's" in said
    user.sets(KONNECT_TOKEN="canary")
    assert "check KONNECT_TOKEN" in error_of(user.runs("types", "--provider", "konnect", "--endpoint", stranger))


@pytest.mark.parametrize(
    ("stranger", "expected"),
    [
        ((404, "text/html", b"<html>"), "404, but not by the API: is the endpoint {url} right?"),
        ((404, "application/json", b'{"message": "no route"}'), f"endpoint right? That of Confluent Cloud is {API}"),
        ((200, "text/html; charset=utf-8", b"<html>"), "is the endpoint {url} right?"),
        ((302, "text/html", b""), "the endpoint redirects; {url} may be the console's address"),
    ],
    indirect=["stranger"],
)  # fmt: skip
def test_a_wrong_endpoint(user, stranger, expected):
    assert expected.format(url=stranger) in error_of(user.runs("types", "--endpoint", stranger))


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("https://confluent.cloud/environments/env-1?tab=x", f"is the web console: the endpoint of the API is {API}"),
        ("https://login.confluent.io", f"is the web console: the endpoint of the API is {API}"),
        ("api.confluent.cloud", f'write "{API}"'),
        ("http://api.confluent.cloud", "use https://"),
        ("https://key:canary@api.confluent.cloud", "must not hold credentials"),
        ("key:canary@api.confluent.cloud", "must not hold credentials"),
        ("https://", "names no host"),
    ],
)
def test_an_address_that_is_not_an_endpoint(user, endpoint, said):
    assert said in error_of(user.runs("types", "--endpoint", endpoint))


def test_the_console_of_konnect_is_not_an_endpoint(user):
    ended = user.runs("types", "--provider", "konnect", "--endpoint", "https://cloud.konghq.com/us/overview")
    assert f"is the web console: the endpoint of the API is {KONNECT}" in error_of(ended)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "https://api.nowhere.invalid"])
def test_no_network(user, endpoint):
    said = error_of(user.runs("types", "--endpoint", endpoint))
    assert f"{endpoint} can't be reached" in said
    assert "check the endpoint, the network, and HTTPS_PROXY" in said


def test_what_to_do_next_is_in_json_too(user):
    user.sets(CONFLUENT_CLOUD_API_KEY="", CONFLUENT_CLOUD_API_SECRET="")
    ended = user.runs("types", "--format", "json")
    (diagnostic,) = ended.json["diagnostics"]
    assert KEYS in diagnostic["message"]
