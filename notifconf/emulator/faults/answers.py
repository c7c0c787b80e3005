"""Answers, held back and spoilt."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from notifconf.emulator.routing import KONNECT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
LOOP = "loop"
TOKENS = ("page_token", "page[after]")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    async def send(self, send: Send) -> None:
        """Sends it, with the length that it has."""
        start, body = self.messages()
        await send(start)
        await send(body)

    async def send_half(self, send: Send) -> None:
        """Sends the length of the body and the first half of it."""
        start, body = self.messages()
        await send(start)
        await send({**body, "body": self.body[: len(self.body) // 2], "more_body": True})

    def messages(self) -> tuple[Message, Message]:
        """The two ASGI messages."""
        headers = [(name, value) for name, value in self.headers if name != b"content-length"]
        if self.status != 204:  # noqa: PLR2004 - which must not have one
            headers.append((b"content-length", str(len(self.body)).encode()))
        start: Message = {"type": "http.response.start", "status": self.status, "headers": headers}
        return start, {"type": "http.response.body", "body": self.body}

    def with_json(self, value: Any) -> Answer:
        """The same with another body."""
        return replace(self, body=json.dumps(value).encode())

    def json(self) -> Any:
        """The body, parsed; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


async def capture(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """What the application answers."""
    status, headers, chunks = 0, [], []

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(status, headers, b"".join(chunks))


def of_status(kind: str, path: str, seconds: int = 1) -> Answer:
    """The answer of a status fault: a gateway's web page from 502 on, the vendor's JSON else, nothing for 429."""
    status = int(kind[:3])
    if status == 429:  # noqa: PLR2004
        headers = [(b"retry-after", str(seconds).encode())] if kind == "429-retry-after" else []
        return Answer(status, headers)
    if status > 500:  # noqa: PLR2004
        return Answer(status, [(b"content-type", b"text/html")], PAGE)
    detail = "This fault was asked for"
    if path.startswith(KONNECT):
        problem = {"status": status, "title": "Fault", "instance": "kong:trace:0", "detail": detail}
        return Answer(status, [(b"content-type", b"application/problem+json")]).with_json(problem)
    error = {"status": str(status), "code": "fault", "title": "Fault", "detail": detail}
    return Answer(status, [(b"content-type", b"application/json")]).with_json({"errors": [error]})


def spoil(kind: str, answer: Answer) -> Answer:
    """The answer as a fault of that kind leaves it; an answer without a body gets one only by `html`."""
    match kind:
        case "empty":
            return replace(answer, body=b"")
        case "truncated":
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        case "html":
            headers = [(name, value) for name, value in answer.headers if name != b"content-type"]
            status = 200 if answer.status == 204 else answer.status  # noqa: PLR2004 - which has no body
            return Answer(status, [*headers, (b"content-type", b"text/html")], PAGE)
        case _:
            value = answer.json()
            if value is None:
                return answer
            return answer.with_json({"data": "none"} if isinstance(value, dict) and "data" in value else [None])


def looping(answer: Answer, path: str) -> Answer:
    """A list whose next page is announced under a token that leads back to the first."""
    page = answer.json()
    metadata = _next_holder(page)
    if metadata is None:
        return answer
    token = "page_token" if "metadata" in page else "page[after]"
    parts = urlsplit(metadata.get("first") or metadata.get("next") or path)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in TOKENS]
    metadata["next"] = parts._replace(query=urlencode([*query, (token, LOOP)])).geturl()
    return answer.with_json(page)


def data_of(answer: Answer) -> list[Any]:
    """The objects of a page."""
    page = answer.json()
    data = page.get("data") if isinstance(page, dict) else None
    return data if isinstance(data, list) else []


def repeating(answer: Answer, before: list[Any] | None) -> Answer:
    """A page that holds what the page before it held, and goes on to where it should."""
    page = answer.json()
    if before is None or not isinstance(page, dict) or "data" not in page:
        return answer
    return answer.with_json({**page, "data": before})


def without_loop(scope: Scope) -> Scope:
    """The request, with the token that `looping` gave out taken away."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in query if not (name in TOKENS and value == LOOP)]
    return {**scope, "query_string": urlencode(kept).encode()}


def token_of(query: dict[str, str]) -> str:
    """The page that a request asks for, "" for the first."""
    return query.get("page_token") or query.get("page[after]") or ""


def _next_holder(page: Any) -> dict[str, Any] | None:
    """The member of a list's body that holds `next`: each vendor's, and Konnect's older shape."""
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        return None
    metadata = page.get("metadata", page.get("meta"))
    if isinstance(metadata, dict) and isinstance(metadata.get("page"), dict):
        metadata = metadata["page"]
    return metadata if isinstance(metadata, dict) else None
