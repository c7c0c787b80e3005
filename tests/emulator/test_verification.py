"""`integrations:test`: what it sends to the loopback, and what it believes."""

import json
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest


class Hook:
    """A webhook on the loopback: keeps what it gets, answers what it is told."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, Any]] = []
        self.status = 200
        self.url = ""


@pytest.fixture
def hook():
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.messages.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hook?token=secret"
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


def body(kind: str, url: str) -> Any:
    return {"display_name": "x", "target": {"kind": kind, "url" if kind == "Webhook" else "webhook_url": url}}


def test_a_generic_webhook_gets_the_documented_message(confluent, hook):
    answer = confluent.post("integrations:test", body("Webhook", hook.url))
    assert (answer.status_code, answer.content) == (204, b"")
    ((path, content_type, message),) = hook.messages
    assert path == "/hook?token=secret"
    assert content_type == "application/json"
    assert message.keys() == {"id", "title", "message", "created_at"}
    assert all(isinstance(value, str) and value for value in message.values())
    assert datetime.fromisoformat(message["created_at"])
    assert confluent.emulator.objects("integrations")[1:] == []


def test_slack_gets_a_text(confluent, hook):
    assert confluent.post("integrations:test", body("Slack", hook.url)).status_code == 204
    assert hook.messages[0][2].keys() == {"text"}


def test_teams_gets_a_card(confluent, hook):
    assert confluent.post("integrations:test", body("MsTeams", hook.url)).status_code == 204
    message = hook.messages[0][2]
    assert message["type"] == "message"
    assert message["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500])
def test_a_hook_that_refuses(confluent, hook, status):
    hook.status = status
    answer = confluent.post("integrations:test", body("Webhook", hook.url))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": "/target/url"}
    assert str(status) in answer.json()["errors"][0]["detail"]
    assert "secret" not in answer.text


def test_a_hook_that_is_not_there(confluent, hook, unused_tcp_port):
    answer = confluent.post("integrations:test", body("Slack", f"http://localhost:{unused_tcp_port}/secret"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": "/target/webhook_url"}
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/x",
        "http://10.0.0.1/x",
        "https://localhost.example.com/x",
        "https://[2001:db8::1]/",
    ],
)
def test_nothing_leaves_the_machine(confluent, monkeypatch, url):
    def refuse(*_, **__):
        raise AssertionError("the network was used")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", refuse)
    for kind in ("Webhook", "Slack", "MsTeams"):
        assert confluent.post("integrations:test", body(kind, url)).status_code == 204


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_every_loopback_address_is_asked(confluent, monkeypatch, host):
    asked = []

    async def answer(_, request):
        asked.append(str(request.url))
        return httpx.Response(200)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    assert confluent.post("integrations:test", body("Webhook", f"http://{host}:1/x")).status_code == 204
    assert asked == [f"http://{host}:1/x"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"display_name": "x", "target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}},
        {"display_name": "x", "target": {"kind": "Webhook", "url": "nowhere"}},
        {"target": {"kind": "Webhook", "url": "https://example.com"}, "display_name": "x" * 65},
        {"target": {"kind": "Webhook", "url": "https://example.com"}, "display_name": "x", "more": 1},
    ],
)
def test_what_is_refused(confluent, wrong):
    assert confluent.post("integrations:test", wrong).status_code == 400


@pytest.mark.parametrize("missing", ["display_name", "target"])
def test_what_is_required(confluent, missing):
    members = body("Webhook", "https://example.com")
    del members[missing]
    answer = confluent.post("integrations:test", members)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/{missing}"}
