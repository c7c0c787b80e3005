"""Canaries in every place that holds a secret, under every command, format and failure: found nowhere."""

from __future__ import annotations

import dataclasses
import gc
import html
import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import click
import jinja2.filters
import pytest
import trustme
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notifconf.cli.console import mask
from notifconf.cli.main import COMMANDS, cli
from notifconf.emulator.app import create_app
from notifconf.emulator.server import running
from notifconf.executor import recovery
from notifconf.executor import run as executor_run
from notifconf.http import client, rate_limiter
from notifconf.model.mask import SHOWN
from tests.cli.conftest import User

PLACES = (
    *(
        "literal",
        "variable",
        "default",
        "file",
        "live",
        "name",
        "unknown-kind",
        "unknown-member",
        "number",
        "userinfo",
        "query",
    ),
    *("key", "password", "token"),
)
CANARIES = {place: f"canary-{place}-Zq9/W+x=7&ü k_*|" for place in PLACES}
"""With characters that JSON, URLs, base64 and Markdown write in other ways."""

MARKS = tuple(f"canary-{place}" for place in PLACES)


def url(place: str) -> str:
    return f"https://hooks.example.test/services/{quote(CANARIES[place], safe='')}"


WORKSPACE = f"""\
version: 1
provider: confluent
integrations:
  literal: {{target: {{kind: Slack, webhook_url: "{url("literal")}"}}}}
  variable: {{target: {{kind: MsTeams, webhook_url: "${{SECRET_URL}}"}}}}
  default: {{target: {{kind: Slack, webhook_url: "${{NOT_SET:-{url("default")}}}"}}}}
  file: {{target: {{kind: Webhook, url: "${{file:secret.txt}}"}}}}
  userinfo: {{target: {{kind: Webhook, url: "https://me:canary-userinfo@hooks.example.test/"}}}}
  query: {{target: {{kind: Webhook, url: "https://hooks.example.test/?t=canary-query"}}}}
  live: {{target: {{kind: Slack, webhook_url: "https://hooks.example.test/new"}}}}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [literal, variable, default, file, live]
resources:
  - {{resource: environment=env-1, muted: true}}
"""

COMMANDS_RUN = [
    ["validate"],
    ["validate", "--resolve"],
    *(["plan", "--format", form] for form in ("text", "json", "markdown", "html", "github")),
    ["plan", "--mode", "sync", "--force"],
    ["plan", "--out", "plan.json"],
    ["drift", "--metrics-file", "metrics.prom"],
    ["show"],
    ["show", "--format", "json"],
    ["types"],
    *(["coverage", "--format", form] for form in ("text", "json", "markdown", "html")),
    *(["explain", "Kafka cluster shrink failure", "--format", form] for form in ("text", "json", "markdown")),
    ["drift", "--undeclared", "--format", "json"],
    ["test", "--live"],
    ["test", "--live", "--integration", "nobody"],
    ["inbox", "deliveries"],
    ["export"],
    ["apply", "plan.json", "--audit-file", "audit.jsonl"],
    *(["apply", "--auto-approve", "--format", form] for form in ("text", "json", "markdown", "html", "github")),
    ["apply", "--auto-approve", "--mode", "sync", "--force", "--audit-file", "audit.jsonl"],
]
OWN = {"notifconf.yaml", "secret.txt", "broken.yaml"}
"""The files that hold the secrets."""


class Echo:
    """A service that answers with all that it was asked: body and credentials, as they are and quoted."""

    def __init__(self) -> None:
        self.methods: frozenset[str] = frozenset()
        self.status = 400

    def before(self, app: ASGIApp) -> ASGIApp:
        async def echoing(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] not in self.methods or "_emulator" in scope["path"]:
                await app(scope, receive, send)
                return
            body, more = b"", True
            while more:
                message: Message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            await self._answer(scope, body.decode(), send)

        return echoing

    async def _answer(self, scope: Scope, body: str, send: Send) -> None:
        headers = dict(scope["headers"])
        said = f"{headers.get(b'authorization', b'').decode()} {body}"
        quoted = [said, quote(said), quote_plus(said), json.dumps(said), said.upper()]
        try:
            target = json.loads(body)["target"]
            quoted += [str(value) for value in target.values()]
        except (ValueError, KeyError, TypeError):
            pass
        errors = [{"title": text, "detail": text, "code": text, "source": {"pointer": text}} for text in quoted]
        document = {"errors": errors[-5:], "message": said, "title": said, "detail": said}
        start = {"type": "http.response.start", "status": self.status}
        await send(
            start | {"headers": [(b"content-type", b"application/json"), (b"x-request-id", body.encode()[:400])]}
        )
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})


@pytest.fixture(scope="module")
def service_of_secrets() -> Iterator[tuple[Any, str, Echo]]:
    app = create_app(":memory:")
    echo = Echo()
    app.add_middleware(echo.before)
    with running(app) as base:
        yield app.state.emulator, base, echo


@pytest.fixture
def user(
    service_of_secrets: tuple[Any, str, Echo],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> User:
    emulator, base, echo = service_of_secrets
    echo.methods = frozenset()
    emulator.reset()
    emulator.seed(
        "integrations",
        {"id": "i-live", "display_name": "live", "target": {"kind": "Slack", "webhook_url": url("live")}},
        {
            "id": "i-name",
            "display_name": f"see {url('name')}",
            "target": {"kind": "Slack", "webhook_url": url("name")},
        },
        {
            "id": "i-new",
            "display_name": "new",
            "target": {
                "kind": "Pager",
                "routing": CANARIES["unknown-kind"],
                "more": {"deep": [CANARIES["unknown-member"]]},
            },
        },
        raw=True,
    )
    shrink = next(item for item in emulator.objects("notification-types") if "shrink failure" in item["display_name"])
    emulator.seed(
        "subscriptions",
        {
            "id": "s-name",
            "notification_type": {"id": shrink["id"]},
            "integrations": [{"id": "i-name"}],
            "current_state": "ENABLED",
        },
        raw=True,
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFLUENT_CLOUD_ENDPOINT", base)
    monkeypatch.setenv("CONFLUENT_CLOUD_API_KEY", "canary-key-0123456789")
    monkeypatch.setenv("CONFLUENT_CLOUD_API_SECRET", CANARIES["password"])
    monkeypatch.delenv("CONFLUENT_CLOUD_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("SECRET_URL", url("variable"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs.txt"))
    found = User(tmp_path, emulator, base, capsys, monkeypatch)
    found.writes(WORKSPACE)
    found.writes(url("file") + "\n", "secret.txt")
    return found


def leaks(text: str) -> list[str]:
    lowered = text.casefold()
    return [mark for mark in MARKS if mark in lowered]


def check(user: User, ended: Any) -> None:
    for text in (ended.out, ended.err):
        assert leaks(text) == [], text
    for file in user.folder.iterdir():
        if file.name not in OWN and file.is_file():
            assert leaks(file.read_text(encoding="utf-8")) == [], file.name


@pytest.mark.parametrize("loudness", [(), ("-v",), ("-q",)], ids=["plain", "verbose", "quiet"])
def test_nowhere_when_all_goes_well(user: User, loudness: tuple[str, ...]) -> None:
    for command in COMMANDS_RUN:
        logged = [] if command[0] == "validate" else ["--log-file", "log.jsonl"]
        ended = user.runs(*command, *loudness, *logged)
        assert ended.code in ({0, 1} if command[0] == "test" else {0, 2}), (command, ended.err)
        check(user, ended)
    names = {item["display_name"] for item in user.emulator.objects("integrations")}
    assert {"literal", "variable", "default", "file"} <= names
    assert (user.folder / "metrics.prom").exists()
    assert (user.folder / "audit.jsonl").exists()


@pytest.mark.parametrize("form", ["text", "json", "markdown", "github"])
def test_nowhere_behind_escapes(user: User, form: str) -> None:
    """Markdown writes a URL and many characters in another way."""
    secret_type = {**user.emulator.objects("notification-types")[0], "id": "nt-secret"}
    user.emulator.seed("notification-types", {**secret_type, "display_name": f"Type {CANARIES['password']}"}, raw=True)
    environment = next(item["id"] for item in user.emulator.objects("environments"))
    mute = (
        f'{{resource: environment={environment}, muted: {{until: 2099-01-01T00:00:00Z, reason: "{url("literal")}"}}}}'
    )
    entry = "  - {notification_type: nt-secret, integrations: [literal]}\nresources:\n  - " + mute
    user.writes(WORKSPACE.replace("resources:", entry))
    for command in (
        ["plan"],
        ["plan", "--target", CANARIES["password"]],
        ["coverage"],
        ["explain"],
        ["explain", "nt-secret", "--all", "--resource", f"environment={environment}"],
    ):
        ended = user.runs(*command, "--format", "text" if (command[0], form) == ("explain", "github") else form)
        check(user, ended)
        assert SHOWN in ended.out or ended.code == 1, ended.out


@pytest.mark.parametrize(
    ("methods", "status"),
    [
        ("GET", 401),
        ("GET", 503),
        ("POST", 400),
        ("POST", 409),
        ("POST", 429),
        ("POST", 503),
        ("PATCH", 403),
        ("PATCH", 500),
    ],
)
def test_nowhere_when_the_service_echoes_them(
    user: User, service_of_secrets: tuple[Any, str, Echo], status: int, methods: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MIN_BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr(client, "MAX_BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr(rate_limiter, "SHORT_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(recovery, "MIN_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(recovery, "MAX_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(executor_run, "PAUSES_SECONDS", ())
    echo = service_of_secrets[2]
    echo.status = status
    user.runs("plan", "--out", "plan.json")
    echo.methods = frozenset({methods})
    for command in (
        ["plan", "-v"],
        ["drift"],
        ["show"],
        ["apply", "--auto-approve", "-v"],
        ["apply", "--auto-approve", "--format", "json", "--audit-file", "audit.jsonl"],
        ["apply", "--auto-approve", "--format", "github"],
        ["apply", "plan.json", "--format", "html"],
    ):
        ended = user.runs(*command, "--log-file", "log.jsonl")
        assert ended.code != 130
        check(user, ended)


BROKEN = (
    'webhook_url: "{url}',
    "webhook_url: {url}\n  - bad",
    "webhook_url: [{url}]",
    "webhook_url: {{a: {url}}}",
    "webhook_url: !secret {url}",
    "webhook_url: *{url}",
    "webhook_url: &{url} x",
    "webhook_url: {url} }}}}",
    "webhook_url: {url}\n\tx: y",
    "webhook_urk: {url}",
    "{url}: x",
    "url: ${{{url}}}",
    "url: ${{file:{url}}}",
    "url: ${{NOT_SET:?{url}}}",
    "url: 'no url {url}'",
    "url: 'ftp://{url}'",
    "webhook_url: |\n        {url}\n        {url}",
    "webhook_url: {url}, webhook_url: {url}",
)


@pytest.mark.parametrize("text", BROKEN)
def test_nowhere_when_the_workspace_is_broken_beside_them(user: User, text: str) -> None:
    broken = text.format(url=CANARIES["literal"] if "*" in text or "&" in text else url("literal"))
    for target in (f"    target: {{kind: Slack, {broken}}}\n", f"    target:\n      kind: Webhook\n      {broken}\n"):
        user.writes(f"version: 1\nprovider: confluent\nintegrations:\n  one:\n{target}", "broken.yaml")
        for command in (["validate"], ["validate", "--resolve", "-v"], ["plan"], ["plan", "--format", "github"]):
            ended = user.runs(*command, "broken.yaml")
            shown = ended.out + ended.err
            # A name of a variable, of a file or of a key is none of a secret's places.
            if not any(mark in text for mark in ("${{{", "file:", "{url}: x", ":?")):
                assert leaks(shown) == []


def test_nowhere_in_the_log_of_a_crash(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        try:
            raise KeyError(url("literal"))
        except KeyError as error:
            raise ValueError(f"bad: {CANARIES['password']}") from error

    monkeypatch.setattr("notifconf.plan.planner.match", crash)
    ended = user.runs("plan", "-v", "--log-file", "log.jsonl")
    assert ended.code == 1
    assert "ValueError" in ended.err
    check(user, ended)
    log = (user.folder / "log.jsonl").read_text()
    assert "ValueError" in log
    assert "KeyError" in log
    assert "in crash" in log


def test_nowhere_in_what_objects_say_of_themselves(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}
    # What tests before this one left behind is not what this run made; held, so that no address is used again.
    older = gc.get_objects()
    addresses = {id(item) for item in older}

    def look(*_: object, **__: object) -> None:
        for item in gc.get_objects():
            if id(item) in addresses:
                continue
            module = type(item).__module__
            is_record = dataclasses.is_dataclass(item) or hasattr(type(item), "_fields")
            if is_record and module.startswith("notifconf.") and ".emulator." not in module:
                seen[type(item).__qualname__] = seen.get(type(item).__qualname__, "") + repr(item)

    def code_of(_: object) -> int:
        look()
        return 0

    monkeypatch.setattr("notifconf.cli.process.ExitCode.for_outcome", code_of)
    monkeypatch.setattr("notifconf.cli.console.Console.show", look)
    user.runs("apply", "--auto-approve")
    assert {
        "Plan",
        "Workspace",
        "Live",
        "LiveResource",
        "Outcome",
        "DeclaredIntegration",
        "Authorization",
    } <= seen.keys()
    assert {name: found for name, text in seen.items() if (found := leaks(text))} == {}


def test_no_option_takes_a_secret() -> None:
    """What stands in the arguments of a process, everybody on its machine can read."""
    context = click.Context(cli)
    options = {
        option
        for name in COMMANDS
        for parameter in getattr(cli.get_command(context, name), "params", ())
        for option in parameter.opts
    }
    assert "--endpoint" in options
    assert [
        option for option in options if any(word in option for word in ("key", "secret", "token", "pass", "auth"))
    ] == []


class Elsewhere(BaseHTTPRequestHandler):
    """Redirects everything to itself, and remembers what came."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('Authorization')}")
        self.send_response(302)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_no_redirect_is_followed(user: User) -> None:
    handler: Any = type("Handler", (Elsewhere,), {"seen": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ended = user.runs("plan", "--endpoint", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
    assert ended.code == 1
    assert "the endpoint redirects" in ended.err
    assert handler.seen
    assert not any("/elsewhere" in path for path in handler.seen)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A service over TLS, and the authority that nobody but us trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)

    class Empty(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps({"data": [], "metadata": {}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what one test is about."""

    with Quiet(("127.0.0.1", 0), Empty) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", tmp_path / "ca.pem"
        server.shutdown()
        thread.join()


def show(endpoint: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Ask in a process of its own, as the authorities are loaded once."""
    known = {"PATH": "/usr/bin:/bin", "CONFLUENT_CLOUD_ACCESS_TOKEN": "canary-token", **environment}
    command = [sys.executable, "-m", "notifconf", "show", "--format", "json", "--endpoint", endpoint]
    return subprocess.run(command, env=known, capture_output=True, text=True, check=False)


def test_an_authority_that_nobody_knows_is_not_trusted(tls: tuple[str, Path]) -> None:
    ended = show(tls[0])
    assert ended.returncode == 1
    assert "is not trusted" in ended.stderr
    assert "SSL_CERT_FILE" in ended.stderr
    assert leaks(ended.stderr) == []


def test_ssl_cert_file_names_who_is_trusted(tls: tuple[str, Path]) -> None:
    ended = show(tls[0], SSL_CERT_FILE=str(tls[1]))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["provider"] == "confluent"


def test_a_certificate_for_another_host_is_not_trusted(tls: tuple[str, Path]) -> None:
    ended = show(tls[0].replace("127.0.0.1", "127.0.0.2"), SSL_CERT_FILE=str(tls[1]))
    assert ended.returncode == 1


def test_arguments_hold_no_secret(user: User) -> None:
    """What the system shows of a running process."""
    if shutil.which("ps") is None and not Path("/proc").exists():
        pytest.skip("this system does not show its processes")
    user.emulator.settings.latency = 0.3
    try:
        process = subprocess.Popen([sys.executable, "-m", "notifconf", "plan"], stdout=-1, stderr=-1)
        arguments = ""
        while "notifconf" not in arguments and process.poll() is None:
            # The first moments of a new process are still those of its parent.
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
        process.communicate()
    finally:
        user.emulator.settings.latency = 0.0
    assert "notifconf" in arguments
    assert leaks(arguments) == []


@pytest.mark.parametrize(
    "encode", [str, html.escape, jinja2.filters.do_forceescape, lambda text: json.dumps(text)[1:-1]]
)
def test_nowhere_in_any_encoding(monkeypatch, encode):
    secret = "canary-\"'&<>-of-a-token"
    monkeypatch.setenv("KONNECT_TOKEN", secret)
    assert mask(f"({encode(secret)})") == f"({SHOWN})"


@pytest.mark.parametrize("command", [("validate",), ("plan",), ("drift",), ("apply", "--auto-approve"), ("resources",)])
def test_a_url_in_the_place_of_a_key_is_shown_nowhere(user: User, command: tuple[str, ...]) -> None:
    user.writes(
        "version: 1\nprovider: confluent\nintegrations:\n  https://hooks.slack.com/services/canary-key:\n"
        "    target: {kind: Slack, webhook_url: '${HOOK}'}\n"
    )
    ended = user.runs(*command, "--json")
    assert (ended.code, "canary" in ended.out + ended.err) == (1, False)
