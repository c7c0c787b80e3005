"""Where a request goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from notifconf.emulator.faults import answers, network, others
from notifconf.emulator.faults.spec import STATUSES
from notifconf.emulator.routing import CONTROL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from notifconf.emulator.emulator import Emulator
    from notifconf.emulator.faults.answers import Answer
    from notifconf.emulator.faults.others import Place
    from notifconf.emulator.faults.spec import Fault

WITHOUT_EFFECT = frozenset({"reset-before", "hang", "429-retry-after", *map(str, STATUSES)})
DISTURBANCES = frozenset({"vanish", "meddle", "lag"})
ANSWER_LOST = frozenset({"reset-after", "hang-after", *(f"{status}-after" for status in STATUSES)})


@dataclass(slots=True)
class Exchange:
    """One request: its decoded query, what it is about, and the objects of the page before the one it asks for."""

    scope: Scope
    receive: Receive
    query: dict[str, str]
    place: Place | None
    page_before: list[Any] | None = None

    @property
    def is_list(self) -> bool:
        """Whether it reads a list or looks something up."""
        return self.scope["method"] == "GET" and self.place is not None and not self.place.id

    @property
    def list_key(self) -> str:
        """What all pages of one list have in common."""
        filters = sorted((name, value) for name, value in self.query.items() if name not in answers.TOKENS)
        return f"{self.scope['path']}{filters}"


class Faults:
    """An ASGI middleware: what happens to a request is all that others do, and the first other fault that is due."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self.app = app
        self.emulator = emulator
        self.lag = others.Lag(emulator)
        self._pages: dict[str, list[Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        faults = self.emulator.settings.faults
        if not (faults or self.lag) or scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        exchange = Exchange(scope, receive, query, others.locate(scope["path"], query, self.emulator))
        disturbances, failure = _due(faults, exchange)
        for fault in disturbances:
            await self._interfere(fault, exchange)
        if failure is not None and failure.kind in WITHOUT_EFFECT:
            # The request has arrived as a whole: else the client would notice while it still writes.
            await _read(exchange.receive)
            await _lose(failure, exchange, send)
            return
        answer = await self._answer(exchange)
        for fault in disturbances:
            if fault.kind == "lag" and scope["method"] == "POST" and exchange.place is not None:
                self.lag.hide(exchange.place, answer, fault.lists)
        await (answer.send(send) if failure is None else _fail(failure, exchange, answer, send))

    async def _interfere(self, fault: Fault, exchange: Exchange) -> None:
        """What others do before the request takes effect."""
        if fault.action is not None:
            fault.action()
        elif exchange.place is not None and fault.kind == "vanish":
            others.vanish(self.emulator, exchange.place)
        elif exchange.place is not None and fault.kind == "meddle":
            body, exchange.receive = await _read(exchange.receive)
            others.meddle(self.emulator, exchange.scope["method"], exchange.place, body)

    async def _answer(self, exchange: Exchange) -> Answer:
        """What the service answers, as far as earlier faults let it."""
        token = answers.token_of(exchange.query)
        if token == answers.LOOP:
            scope = answers.without_loop(exchange.scope)
            return answers.looping(await answers.capture(self.app, scope, exchange.receive), exchange.scope["path"])
        answer = await answers.capture(self.app, exchange.scope, exchange.receive)
        if exchange.place is None or not exchange.is_list:
            return answer
        if token:
            exchange.page_before = self._pages.get(exchange.list_key)
        self._pages[exchange.list_key] = answers.data_of(answer)
        return self.lag.filtered(exchange.place, answer, is_first_page=not token)


def _due(faults: Sequence[Fault], exchange: Exchange) -> tuple[list[Fault], Fault | None]:
    """What others do to this request, and what else happens to it. Each fault counts each request that it matches."""
    query = "&".join(f"{name}={value}" for name, value in exchange.query.items())
    due = [fault for fault in faults if fault.sees(exchange.scope["method"], exchange.scope["path"], query)]
    disturbances = [fault for fault in due if fault.kind in DISTURBANCES]
    failure = next((fault for fault in due if fault.kind not in DISTURBANCES), None)
    for fault in disturbances if failure is None else [*disturbances, failure]:
        fault.fired += 1
    return disturbances, failure


async def _fail(fault: Fault, exchange: Exchange, answer: Answer, send: Send) -> None:
    """What the client gets instead of the answer."""
    match fault.kind:
        case kind if kind in ANSWER_LOST:
            await _lose(fault, exchange, send)
        case "cut":
            await answer.send_half(send)
            await network.drop(exchange.scope, exchange.receive)
        case "repeat-page":
            await answers.repeating(answer, exchange.page_before).send(send)
        case "loop-token":
            await answers.looping(answer, exchange.scope["path"]).send(send)
        case kind:
            await answers.spoil(kind, answer).send(send)


async def _lose(fault: Fault, exchange: Exchange, send: Send) -> None:
    """Instead of the answer: a broken connection, nothing at all, or an error."""
    if fault.kind.startswith("reset"):
        await network.drop(exchange.scope, exchange.receive)
    elif fault.kind.startswith("hang"):
        await network.hang(exchange.scope, exchange.receive)
    else:
        await answers.of_status(fault.kind, exchange.scope["path"], fault.seconds).send(send)


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a request, and a `receive` that hands it out again."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    pending = [body]

    async def again() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return body, again
