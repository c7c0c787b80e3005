"""What a request costs doesn't grow with the number of objects: counted in steps of SQLite, not in time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.settings import Settings
from notifconf.emulator.transport import EmulatorTransport
from tests.emulator.conftest import CONFLUENT, Api

FEW, MANY = 20, 2000
HOOK = {"kind": "Webhook", "url": "https://example.com/hook"}
GATEWAY = "gateway-manager.dataplane.certificate-expiring"
ON = [{"type": "EMAIL", "enabled": True}, {"type": "IN_APP", "enabled": True}]
KONNECT = "https://global.api.konghq.com/v1/notifications"


def fill(emulator: Emulator, number: int) -> None:
    """A new organisation with so many objects of each kind."""
    emulator.reset()
    numbers = range(number)
    emulator.seed("integrations", *({"id": f"i-{n}", "display_name": "x", "target": HOOK} for n in numbers))
    emulator.seed("notification-types", *({"id": f"nt-{n}", "display_name": f"{n}"} for n in numbers))
    uses = [{"notification_type": {"id": f"nt-{n}"}, "integrations": [{"id": f"i-{n}"}]} for n in numbers]
    emulator.seed("subscriptions", *({"id": f"s-{n}", **use} for n, use in enumerate(uses)))
    of = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
    emulator.seed("resource-subscriptions", *({"id": f"rs-{n}", **of, **use} for n, use in enumerate(uses)))
    preferences = ({**of, "id": f"rp-{n}", "resource": f"environment=env-{n}"} for n in numbers)
    emulator.seed("resource-preferences", *preferences)
    events = ({"event_id": GATEWAY, "id": f"es-{n}", "name": "x", "entities": [f"e-{n}"]} for n in numbers)
    emulator.seed("event-subscriptions", *events)
    emulator.seed("inbox", *({"id": f"n-{n}"} for n in numbers))


def steps(emulator: Emulator, run: Callable[[], Any]) -> int:
    """What SQLite does meanwhile, in instructions of its virtual machine."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection = emulator.store._connection
    connection.set_progress_handler(count, 1)
    run()
    connection.set_progress_handler(None, 0)
    return counted


SUBSCRIPTION = {"notification_type": {"id": "nt-KxpF1"}, "integrations": [{"id": "i-1"}], "current_state": "ENABLED"}
OTHER = {"resource": "environment=env-x", "resource_type": "ENVIRONMENT"}
LOOKED_UP = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
EVENT = {"name": "y", "regions": ["US"], "entities": ["e-1"], "channels": ON, "enabled": True}
REQUESTS: list[tuple[str, str, Any, int]] = [
    ("POST", "integrations", {"display_name": "x", "target": HOOK}, 201),
    ("PATCH", "integrations/i-1", {"display_name": "y"}, 200),
    ("DELETE", "integrations/i-1", None, 409),
    ("GET", "integrations/i-1", None, 200),
    ("GET", "integrations?page_size=10", None, 200),
    ("POST", "subscriptions", SUBSCRIPTION, 201),
    ("PATCH", "subscriptions/s-1", {"integrations": [{"id": "i-2"}]}, 200),
    ("DELETE", "subscriptions/s-1", None, 204),
    ("GET", "subscriptions?page_size=10", None, 200),
    ("GET", "notification-types?page_size=10", None, 200),
    ("POST", "resource-preferences", OTHER, 201),
    ("GET", "resource-preferences:lookup?resource=environment%3Denv-1&resource_type=ENVIRONMENT", None, 200),
    ("PATCH", "resource-preferences", {**LOOKED_UP, "current_state": "DISABLED"}, 200),
    ("DELETE", "resource-preferences/rp-1", None, 204),
    ("POST", "resource-subscriptions", {**LOOKED_UP, **SUBSCRIPTION}, 201),
    ("PATCH", "resource-subscriptions/rs-1", OTHER, 200),
    ("DELETE", "resource-subscriptions/rs-1", None, 204),
    ("GET", f"{KONNECT}/configurations", None, 200),
    ("GET", f"{KONNECT}/configurations/{GATEWAY}/subscriptions", None, 200),
    ("POST", f"{KONNECT}/configurations/{GATEWAY}/subscriptions", EVENT, 201),
    ("PATCH", f"{KONNECT}/configurations/{GATEWAY}/subscriptions/es-1", EVENT, 200),
    ("DELETE", f"{KONNECT}/configurations/{GATEWAY}/subscriptions/es-1", None, 204),
    ("GET", f"{KONNECT}/inbox", None, 200),
]


class UndoError(Exception):
    """Takes back what a request has done."""


def cost(api: Api, method: str, path: str, body: Any, status: int) -> int:
    def run() -> None:
        answer = api.send(method, path, body)
        assert answer.status_code == status, answer.text

    counted = 0
    with contextlib.suppress(UndoError), api.emulator.store.transaction():
        counted = steps(api.emulator, run)
        raise UndoError
    return counted


@pytest.fixture(scope="module")
def apis() -> Iterator[list[Api]]:
    """Of an organisation with few objects and of one with many."""
    found = []
    with asyncio.Runner() as runner:
        for number in (FEW, MANY):
            app = create_app(":memory:", Settings(quota=10**6))
            client = httpx.AsyncClient(transport=EmulatorTransport(app, owned=True))
            found.append(Api(runner, client, CONFLUENT, app.state.emulator))
            fill(app.state.emulator, number)
        yield found
        for api in found:
            runner.run(api.client.aclose())


@pytest.mark.parametrize(("method", "path", "body", "status"), REQUESTS)
def test_it_is_the_same_for_few_and_for_many(apis, method, path, body, status):
    few, many = (cost(api, method, path, body, status) for api in apis)
    assert 0 < many < 1.3 * few + 50
