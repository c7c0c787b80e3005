"""Declarations and live objects in few words, and a service in the test's own hands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from notifconf.http.client import Client, ClientOptions
from notifconf.model.diagnostic import Position
from notifconf.model.policy import Mode, Policy
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.providers.konnect.catalogue import Catalogue, Event
from notifconf.providers.konnect.codec import decode_subscription
from notifconf.providers.konnect.connection import KonnectConnection
from notifconf.providers.konnect.workspace import DeclaredSubscription, KonnectDeclarations

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = "/v1/notifications/"
BOTH = {"EMAIL": True, "IN_APP": True}
Result = TypeVar("Result")

INVOICE = Event("billing.invoice.ready", "Invoice ready", "An invoice.", "plan-and-usage", 0, BOTH)
TOKEN = Event(
    "organization.token.expiring", "Token expiring", "A token.", "organization", 0, {"EMAIL": False, "IN_APP": True}
)
PLANE = Event("gateway-manager.dataplane.lost", "Data plane lost", "A data plane.", "gateway-manager", 0, BOTH)
BARE = Event("dev-portal.webhook.failing", "Webhook failing", "A webhook.", "dev-portal")
CATALOGUE = Catalogue.of([INVOICE, TOKEN, PLANE, BARE])


def at(line: int, column: int = 5) -> Position:
    return Position("notifconf.yaml", line, column)


def entry(event: str | Event = TOKEN, name: str = "All", *, line: int = 1, **members: Any) -> DeclaredSubscription:
    event = event.id if isinstance(event, Event) else event
    return DeclaredSubscription(event, name, at(line), at(line, 12), **members)


def workspace(
    *entries: DeclaredSubscription, mode: Mode = Mode.UPSERT_ONLY, managed: bool = True, **policy: Any
) -> Workspace:
    declarations = KonnectDeclarations(entries, frozenset({"event-subscription"} if managed else ()))
    return Workspace("konnect", declarations, Policy(mode=mode, **policy))


def document(number: int = 1, name: str | None = "All", **members: Any) -> dict[str, Any]:
    """A subscription as the service sends it; without a name it has the older shape."""
    named = {} if name is None else {"name": name, "entity_type": "dataplane"}
    channels = [{"type": channel, "enabled": True} for channel in BOTH]
    return (
        {
            "id": f"id-{number}",
            "regions": ["*"],
            "entities": ["*"],
            "channels": channels,
            "enabled": True,
            "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z",
        }
        | named
        | members
    )


def lives(event: Event = TOKEN, number: int = 1, name: str | None = "All", **members: Any) -> LiveResource:
    """A live subscription; `channels` may be a mapping."""
    if isinstance(members.get("channels"), Mapping):
        members["channels"] = [{"type": key, "enabled": on} for key, on in members["channels"].items()]
    return decode_subscription(document(number, name, **members), event)


def live(*resources: LiveResource, catalogue: Catalogue = CATALOGUE) -> Live:
    return Live(resources, catalogue)


def user_configuration(event: Event, **members: Any) -> dict[str, Any]:
    """An event as the service sends it."""
    return {
        "event_id": event.id,
        "event_title": event.title,
        "event_description": event.description,
        "event_namespace": event.namespace,
        "event_subscription_count": event.count,
        "default_subscription": [{"channel": channel, "enabled": on} for channel, on in event.defaults.items()],
    } | members


def page(*items: Any, next: Any = None, legacy: bool = False) -> dict[str, Any]:  # noqa: A002 -- the service's word
    meta = {"next": next, "previous": None, "size": 10}
    return {"data": list(items), "meta": meta if legacy else {"page": meta}}


class Hub:
    """Answers by path below the root; a list of answers is used up one by one. It keeps what it was asked."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {
            path.replace("*", "subscriptions"): list(answer) if isinstance(answer, list) else answer
            for path, answer in answers.items()
        }
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(request.url.path.removeprefix(ROOT), httpx.Response(404, json={"status": 404}))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    @property
    def asked(self) -> list[str]:
        """The requests in the order of the alphabet, since they are made side by side."""
        return sorted(f"{request.method} {request.url.path.removeprefix(ROOT)}" for request in self.requests)

    def ask(
        self, question: Callable[[KonnectConnection], Awaitable[Result]], *, endpoint: str = "https://hub.test/v1"
    ) -> Result:
        async def nothing(_: float) -> None:
            await asyncio.sleep(0)

        async def run() -> Result:
            async with Client(
                endpoint, transport=httpx.MockTransport(self), options=ClientOptions(sleep=nothing)
            ) as client:
                return await question(KonnectConnection(client))

        return asyncio.run(run())
