"""A service that repeats a secret, in any form and place: nobody can read a part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from notifconf.emulator.app import create_app
from notifconf.emulator.server import running
from notifconf.executor import recovery, run
from notifconf.http import client, rate_limiter
from notifconf.http.redaction import Redactor
from notifconf.model.mask import SHOWN, WITHHELD
from notifconf.model.resource import Secret
from notifconf.providers.confluent.provider import PROVIDER
from tests.cli.conftest import User
from tests.hostile.echoes import API_SECRET, FORMS, QUERY, SECRETS, SLACK, readable

TEMPLATES = ("{}", "The URL {} is not valid.", 'bad target: "{}", ', "x{}y", "one two three/{}/four")
SAMPLE = (
    "as it is",
    "its middle",
    "one value",
    "\\u0026 and \\u002f",
    "HTML twice",
    "percent twice",
    "lines of 8",
    "base64 of more",
    "hex",
    "reversed",
    "full width",
)
"""Forms that are tried through the whole product."""

WHOLE = tuple(form for form in SAMPLE if form not in {"its middle", "one value"})
"""Those that hold the whole secret: in a description of an object a part of one may be a usual word."""

CONFLUENT = f"""\
version: 1
provider: confluent
integrations:
  slack: {{target: {{kind: Slack, webhook_url: "{SLACK}"}}}}
  hook: {{target: {{kind: Webhook, url: "{QUERY}"}}, description: new}}
subscriptions:
  - {{notification_type: Kafka cluster shrink failure, integrations: [slack, hook]}}
policy: {{mode: sync, max_deletes: 100%}}
"""
EVENT = "organization.access-token.expiring"
KONNECT = f"""\
version: 1
provider: konnect
subscriptions:
  - {{event: {EVENT}, name: Ops}}
policy: {{mode: sync, max_deletes: 100%}}
"""
PLAN_FORMATS = ("text", "json", "markdown", "html", "github")
READING = [
    ["show", "-v"],
    ["show", "--format", "json"],
    ["types", "-v"],
    ["types", "--format", "json"],
    *(["coverage", "-v", "--format", form] for form in ("text", "json", "markdown")),
    ["export", "--format", "text"],
    *(["plan", "-v", "--format", form] for form in PLAN_FORMATS),
    ["plan", "--out", "plan.json"],
    ["drift", "--metrics-file", "metrics.prom"],
]
APPLYING = [
    ["apply", "plan.json", "--audit-file", "audit.jsonl"],
    ["apply", "--auto-approve", "-v", "--audit-file", "audit.jsonl", "--format", "json"],
    ["apply", "--auto-approve", "--audit-file", "audit.jsonl", "--format", "github"],
]
INBOX = [["inbox", "list"], ["inbox", "list", "--format", "json"], ["inbox", "read", "--all"]]


class Parrot:
    """A middleware that answers requests of these methods with `text`, wherever an answer has room for it."""

    def __init__(self) -> None:
        self.methods: frozenset[str] = frozenset()
        self.status = 400
        self.text = ""

    def before(self, app: ASGIApp) -> ASGIApp:
        async def repeat(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] not in self.methods:
                await app(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers()})
            await send({"type": "http.response.body", "body": self.body()})

        return repeat

    def headers(self) -> list[tuple[bytes, bytes]]:
        text = "".join(self.text.split()).encode("ascii", "replace")
        return [(b"content-type", text), (b"x-request-id", text), (b"retry-after", text), (b"x-ratelimit-reset", text)]

    def body(self) -> bytes:
        if self.status == 200:
            return f"<html>{self.text}".encode()
        if self.status == 201:
            return json.dumps({"id": self.text, "display_name": self.text}).encode()
        entry = {"id": self.text, "title": self.text, "detail": self.text, "code": self.text}
        entry |= {"source": {"pointer": self.text}}  # type: ignore[dict-item]
        parameters = [{"field": self.text, "reason": self.text, "rule": self.text}]
        document = {"errors": [entry], "message": self.text, "title": self.text, "detail": self.text}
        return json.dumps({**document, "instance": self.text, "invalid_parameters": parameters}).encode()


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Any, str, Parrot]]:
    app = create_app(":memory:")
    parrot = Parrot()
    app.add_middleware(parrot.before)
    with running(app) as base:
        yield app.state.emulator, base, parrot


@pytest.fixture
def parrot(service: tuple[Any, str, Parrot]) -> Parrot:
    return service[2]


@pytest.fixture
def user(
    service: tuple[Any, str, Parrot], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> User:
    emulator, base, parrot = service
    parrot.methods = frozenset()
    emulator.reset()
    monkeypatch.chdir(tmp_path)
    for module, names in ((client, ("MIN_BACKOFF_SECONDS", "MAX_BACKOFF_SECONDS")), (recovery, PAUSES)):
        for name in names:
            monkeypatch.setattr(module, name, 0.0)
    monkeypatch.setattr(rate_limiter, "SHORT_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(run, "PAUSES_SECONDS", ())
    found = User(tmp_path, emulator, base, capsys, monkeypatch)
    monkeypatch.delenv("CONFLUENT_CLOUD_ACCESS_TOKEN", raising=False)
    found.sets(CONFLUENT_CLOUD_ENDPOINT=base, CONFLUENT_CLOUD_API_KEY="KEY0123456789ABC")
    found.sets(CONFLUENT_CLOUD_API_SECRET=API_SECRET, KONNECT_SERVER_URL=f"{base}/v1", KONNECT_TOKEN=API_SECRET)
    found.sets(GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"), GITHUB_OUTPUT=str(tmp_path / "outputs.txt"))
    return found


PAUSES = ("MIN_PAUSE_SECONDS", "MAX_PAUSE_SECONDS")


def run_all(user: User, commands: list[list[str]], *more: str) -> str:
    """Run commands, and return all that they print and write; the workspace is not theirs."""
    said = []
    for command in commands:
        ended = user.runs(*command, "--log-file", "log.jsonl", *more)
        assert "bug" not in ended.err
        said += [ended.out, ended.err]
    files = [file for file in user.folder.iterdir() if file.is_file() and file.name != "notifconf.yaml"]
    return "\n".join([*said, *(file.read_text() for file in files)])


def leaks(text: str) -> list[str]:
    return [part for secret in SECRETS.values() for part in readable(text, secret)]


def test_there_are_many() -> None:
    assert len(FORMS) >= 40
    assert len(SECRETS) == 3


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_no_form_is_readable(form: str, name: str) -> None:
    secret = SECRETS[name]
    redactor = Redactor([Secret(secret), Secret("another-secret-0123456789")], shared_host=PROVIDER.shared_host)
    for template in TEMPLATES:
        shown = redactor(template.format(FORMS[form](secret)))
        assert shown == WITHHELD or (SHOWN in shown and not redactor.finds(shown)), template


@pytest.mark.parametrize("form", SAMPLE)
def test_the_test_can_read_them(form: str) -> None:
    for secret in SECRETS.values():
        assert readable(f"a text {FORMS[form](secret)} b", secret)
    assert readable('{"id": "i-1", "name": "another text"}', SLACK) == []


def test_objects_of_confluent_that_repeat_a_secret(user: User) -> None:
    texts = [FORMS[form](secret) for form in WHOLE for secret in SECRETS.values()]
    for number, text in enumerate(texts):
        name = f"name {number}"
        kind = {"kind": "Pager", "routing": "x"} if number % 2 else {"kind": "RoleEmail", "role_name": text}
        user.emulator.seed(
            "integrations", {"id": f"i-{number}", "display_name": name, "description": text, "target": kind}, raw=True
        )
        more = {"description": text, "severity": text, "category": text}
        user.emulator.seed("notification-types", {"id": f"nt-{number}", "display_name": name, **more}, raw=True)
    target = {"kind": "Webhook", "url": QUERY}
    user.emulator.seed(
        "integrations",
        {"id": "i-hook", "display_name": "hook", "description": f"is at {QUERY}", "target": target},
        {"id": "i-slack", "display_name": f"x {SLACK}", "target": {"kind": "Slack", "webhook_url": SLACK}},
        raw=True,
    )
    types = [{"id": f"nt-{number}"} for number in range(len(texts))]
    for number, item in enumerate(types):
        body = {"notification_type": item, "integrations": [{"id": "i-0"}], "current_state": "ENABLED"}
        user.emulator.seed("subscriptions", {"id": f"s-{number}", **body}, raw=True)
    user.writes(CONFLUENT)
    said = run_all(user, READING)
    assert WITHHELD in said
    assert leaks(said) == []
    assert leaks(run_all(user, APPLYING)) == []
    assert user.runs("drift").code == 0


@pytest.mark.parametrize("member", ["event_description", "event_namespace"])
def test_objects_of_konnect_that_repeat_a_secret(user: User, member: str) -> None:
    texts = [FORMS[form](API_SECRET) for form in WHOLE]
    for number, text in enumerate(texts):
        event = {"event_id": f"e.{number}", "event_title": f"E{number}", "event_namespace": "organization"}
        user.emulator.seed("events", {**event, member: text})
        body = {
            "event_id": f"e.{number}",
            "name": f"name {number}",
            "entities": [text],
            "regions": ["*"],
            "enabled": True,
        }
        user.emulator.seed("event-subscriptions", {**body, "enabled": True})
        user.emulator.seed(
            "inbox", {"title": f"T{number}", "description": text, "entity_id": text, "metadata": {"text": text}}
        )
    user.writes(KONNECT)
    said = run_all(user, READING) + run_all(user, INBOX)
    assert WITHHELD in said
    assert leaks(said) == []
    assert leaks(run_all(user, APPLYING)) == []


@pytest.mark.parametrize("workspace", [CONFLUENT, KONNECT], ids=["confluent", "konnect"])
@pytest.mark.parametrize("form", SAMPLE[::4])
def test_answers_that_repeat_a_secret(user: User, parrot: Parrot, form: str, workspace: str) -> None:
    user.writes(workspace)
    user.runs("plan", "--out", "plan.json")
    for name, secret in SECRETS.items():
        if workspace is KONNECT and name != "API secret":
            continue
        parrot.text = FORMS[form](secret)
        for methods, status in (("GET", 400), ("GET", 200), ("GET", 302), ("POST", 422), ("POST", 201), ("POST", 503)):
            parrot.methods, parrot.status = frozenset({methods}), status
            said = run_all(user, [["plan"]] if methods == "GET" else APPLYING[:2])
            assert leaks(said) == [], (name, methods, status)
            assert methods in said
            parrot.methods = frozenset()


def test_the_status_and_a_usual_request_id_remain(user: User, parrot: Parrot, monkeypatch: pytest.MonkeyPatch) -> None:
    user.writes(CONFLUENT)
    request_id = "7e57ca11-98bb-4d1a-8f2e-2b1f5bd9a111"
    monkeypatch.setattr(parrot, "headers", lambda: [(b"x-request-id", request_id.encode())])
    parrot.methods, parrot.status, parrot.text = frozenset({"GET"}), 400, SLACK[30:60]
    ended = user.runs("plan")
    assert f"was answered 400 Bad Request: {WITHHELD} (request id {request_id})" in ended.err


@pytest.mark.parametrize("collection", ["integrations", "subscriptions", "notification-types"])
def test_an_id_that_repeats_a_secret_is_refused(user: User, collection: str) -> None:
    """Also one that the service names before its secret: it would stand in paths, errors and logs."""
    user.writes(CONFLUENT)
    body = {"display_name": "x", "target": {"kind": "Slack", "webhook_url": SLACK}, "integrations": []}
    user.emulator.seed(collection, {"id": API_SECRET, "notification_type": {"id": "x"}, **body}, raw=True)
    for command in (["plan"], ["show"], ["export"], ["drift"]):
        ended = user.runs(*command, "--log-file", "log.jsonl")
        assert ended.code == 1
        assert "id repeats a secret" in ended.err
        assert leaks(ended.out + ended.err + (user.folder / "log.jsonl").read_text()) == []


def test_a_name_may_be_a_part_of_a_hooks_path(user: User) -> None:
    """Objects are recognised and protected by their names, so these are never replaced."""
    hook = {"kind": "Webhook", "url": "https://hooks.example.test/services/payments-alerts/9"}
    user.emulator.seed("integrations", {"id": "i-pay", "display_name": "payments-alerts", "target": hook}, raw=True)
    user.writes(CONFLUENT.replace("100%}", "100%, protected: [integrations/payments-alerts]}"))
    plan = user.runs("plan", "--format", "json").json
    assert ("integrations/payments-alerts", "protected") in [(it["address"], it["kept"]) for it in plan["unmanaged"]]
    assert "payments-alerts" in user.runs("show").out
    assert "payments-alerts:" in user.runs("export").out


def test_an_export_leaves_out_a_description_that_repeats_a_secret(user: User) -> None:
    hook = {"kind": "Slack", "webhook_url": SLACK}
    item = {"id": "i-1", "display_name": "alerts", "description": f"see {SLACK}", "target": hook}
    user.emulator.seed("integrations", item, raw=True)
    exported = user.runs("export")
    assert "description:" not in exported.out
    assert leaks(exported.out + exported.err) == []
