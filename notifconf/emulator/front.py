"""What every request passes first: the log, latency, the rate limit, and who asks."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
import secrets
import time
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from notifconf.emulator.confluent import errors as confluent
from notifconf.emulator.faults import network
from notifconf.emulator.guard import api_objection, control_objection
from notifconf.emulator.konnect import errors as konnect
from notifconf.emulator.requestlog import Entry
from notifconf.emulator.routing import CONTROL, KONNECT

if TYPE_CHECKING:
    from types import ModuleType

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from notifconf.emulator.emulator import Emulator

# What the service would allow if it were not told another limit: too much to be reached.
NOMINAL_LIMIT = 10_000
WINDOW_SECONDS = 1.0
FORBIDDEN = 403


class RateLimit:
    """So many requests in each window of a second."""

    def __init__(self) -> None:
        self._window = -math.inf
        self._used = 0

    def take(self, limit: int) -> tuple[bool, int, int]:
        """Whether one more is allowed, how many are then left, and the whole seconds until the next window."""
        now = time.monotonic()
        if now >= self._window + WINDOW_SECONDS:
            self._window = now
            self._used = 0
        allowed = self._used < limit
        self._used += allowed
        return allowed, limit - self._used, max(1, math.ceil(self._window + WINDOW_SECONDS - now))


class Front:
    """An ASGI middleware around both vendors' operations. To `/_emulator` it does nothing but guard it."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self.app = app
        self.emulator = emulator
        self.rate_limit = RateLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(CONTROL):
            objection = control_objection(scope)
            answer = self.app if objection is None else JSONResponse({"error": objection}, FORBIDDEN)
            await answer(scope, receive, send)
            return
        headers = dict(scope["headers"])
        entry = Entry(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            user_agent=headers.get(b"user-agent", b"").decode("latin-1"),
        )
        self.emulator.requests.arrived(entry)
        try:
            await self._answer(scope, receive, send, entry, headers.get(b"authorization", b""))
        finally:
            self.emulator.requests.left()

    async def _answer(self, scope: Scope, receive: Receive, send: Send, entry: Entry, authorization: bytes) -> None:
        # Counted from its arrival: what the emulator itself takes is part of it.
        due = time.monotonic() + self.emulator.settings.latency
        limit = self.emulator.settings.rate_limit
        allowed, remaining, reset = (True, NOMINAL_LIMIT - 1, 1) if limit is None else self.rate_limit.take(limit)
        extra = [
            (b"x-request-id", secrets.token_hex(16).encode()),
            (b"x-ratelimit-limit", str(limit or NOMINAL_LIMIT).encode()),
            (b"x-ratelimit-remaining", str(remaining).encode()),
            (b"x-ratelimit-reset", str(reset).encode()),
        ]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                message["headers"] = [*message.get("headers", ()), *extra]
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
            await send(message)

        async def receive_and_note() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                entry.body += message.get("body", b"").decode("utf-8", "replace")
            return message

        is_konnect = entry.path.startswith(KONNECT)
        errors: ModuleType = konnect if is_konnect else confluent
        answer: ASGIApp = self.app
        # Inside of one process there is no browser, and every host is this one.
        objection = api_objection(scope) if network.is_socket(scope) else None
        if objection is not None:
            answer = errors.foreign_host(objection)
        elif not allowed:
            answer = errors.too_many_requests(reset)
        elif not is_authorized(authorization):
            answer = errors.unauthorized()
        await answer(scope, receive_and_note, send_with_headers)


def is_authorized(header: bytes) -> bool:
    """Whether the header holds basic or bearer credentials. Any will do."""
    scheme, _, value = header.partition(b" ")
    value = value.strip()
    if scheme.lower() == b"bearer":
        return bool(value) and b" " not in value
    if scheme.lower() != b"basic":
        return False
    try:
        user, colon, password = base64.b64decode(value, validate=True).partition(b":")
    except binascii.Error:
        return False
    return bool(user and colon and password)
