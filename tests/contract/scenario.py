"""What the contract of a connection is tried with, one scenario a provider."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from notifconf.emulator.emulator import Emulator
from notifconf.http.client import Client, ClientOptions
from notifconf.http.endpoint import Authorization
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.providers import load_provider
from notifconf.providers.base import Connection, Plain, Provider
from tests.contract.conftest import Served
from tests.http.service import Time
from tests.providers.confluent import declared as confluent
from tests.providers.konnect import declared as konnect

Result = TypeVar("Result")


@dataclass(frozen=True)
class Scenario:
    """A workspace that reads something of each kind, and an object that can be made, changed and deleted.

    `furnish` puts something of each kind into an organisation, and so many of one; `many` are more than a page of it
    holds. `collections` are what the paths of its reads hold, `cursor` what those of its later pages do, and `absent`
    the collections of which 404 means that there is none.
    """

    name: str
    workspace: Workspace
    kind: str
    attributes: Mapping[str, Plain]
    change: Mapping[str, Plain]
    furnish: Callable[[Emulator, int], None]
    many: int
    collections: tuple[str, ...]
    cursor: str
    absent: tuple[str, ...] = ()

    @property
    def provider(self) -> Provider:
        return load_provider(self.name)

    def ask(
        self,
        served: Served,
        question: Callable[[Connection], Awaitable[Result]],
        authorization: Authorization | None = Authorization.bearer("token"),  # noqa: B008 -- frozen
        timeout: float = 30.0,
    ) -> Result:
        """Ask through a connection of its own, so that nothing is remembered; nobody waits for a retry.

        `timeout` is for services that don't answer: it really passes.
        """
        time = Time()

        async def run() -> Result:
            async with Client(
                served.url, authorization, options=ClientOptions(timeout=timeout, sleep=time.sleep, clock=time.clock)
            ) as client:
                return await question(self.provider.connect(client))

        return asyncio.run(run())

    def read(self, served: Served, timeout: float = 30.0) -> Live:
        return self.ask(served, lambda connection: connection.read(self.workspace), timeout=timeout)

    def live(self, served: Served, object_id: str) -> LiveResource | None:
        return next((item for item in self.read(served).resources if item.id == object_id), None)


SHRINK = "Kafka cluster shrink failure"
SLACK: dict[str, Any] = {"kind": "Slack", "webhook_url": "https://hooks.example.test/x"}


def _confluent(emulator: Emulator, count: int) -> None:
    channels = ({"display_name": f"Channel {number}", "target": SLACK} for number in range(count))
    ids = emulator.seed("integrations", *channels)
    place = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
    type_id = emulator.objects("notification-types")[0]["id"]
    emulator.seed("resource-preferences", place)
    emulator.seed(
        "resource-subscriptions",
        place | {"notification_type": {"id": type_id}, "integrations": [{"id": ids[0]}]},
    )


EVENT = "organization.access-token.expiring"


def _konnect(emulator: Emulator, count: int) -> None:
    emulator.seed("event-subscriptions", *({"event_id": EVENT, "name": f"S{number}"} for number in range(count)))
    emulator.seed("event-subscriptions", {"event_id": EVENT, "regions": ["AU"]})


SCENARIOS = (
    Scenario(
        name="confluent",
        workspace=confluent.workspace(
            confluent.integration(),
            confluent.subscription(SHRINK),
            confluent.resource(muted=True, subscriptions=(confluent.subscription(SHRINK),)),
        ),
        kind="integration",
        attributes={"display_name": "Alerts", "description": "#alerts", "target": SLACK},
        change={"description": "#other"},
        furnish=_confluent,
        many=260,
        collections=(
            "notification-types",
            "integrations",
            "subscriptions",
            "resource-preferences",
            "resource-subscriptions",
        ),
        cursor="*integrations*page_token*",
        absent=("resource-preferences", "resource-subscriptions"),
    ),
    Scenario(
        name="konnect",
        workspace=konnect.workspace(konnect.entry(EVENT)),
        kind="event-subscription",
        attributes={
            "event": EVENT,
            "name": "All",
            "regions": ["*"],
            "entities": ["*"],
            "channels": {"EMAIL": True, "IN_APP": False},
            "enabled": True,
        },
        change={"regions": ["EU", "US"], "channels": {"EMAIL": True, "IN_APP": True}},
        furnish=_konnect,
        many=12,
        collections=("/configurations", "/subscriptions"),
        cursor="*subscriptions*page[[]after]*",
    ),
)
