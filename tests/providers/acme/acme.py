"""The smallest provider: an alert has a name and a text. docs/add-a-provider.md shows this file."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from notifconf.errors import UsageError
from notifconf.http.client import Client
from notifconf.http.endpoint import Authorization
from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.located import LocatedMapping
from notifconf.model.resource import Kind, LiveResource, Resource
from notifconf.model.state import Live, Workspace
from notifconf.plan.rules import Resolution
from notifconf.providers.base import Connection, Plain, Provider

ALERT = Kind("alert", "alerts", unique=True)


@dataclass(frozen=True)
class Alert:
    name: str
    text: str
    position: Position


@dataclass(frozen=True)
class Declared:
    alerts: tuple[Alert, ...]
    managed: frozenset[str] = frozenset({ALERT.name})


class Acme(Provider):
    name = "acme"
    title = "Acme Alerts"
    endpoint = "https://alerts.acme.example"
    endpoint_variable = "ACME_ENDPOINT"
    credential_variables = ("ACME_TOKEN",)
    credentials = "ACME_TOKEN"
    kinds = (ALERT,)
    schema_definitions: Mapping[str, Any] = {
        "acme": {
            "properties": {
                "version": True,
                "provider": True,
                "policy": {"$ref": "#/$defs/policy"},
                "alerts": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "additionalProperties": False,
        }
    }

    def authorization(self, environment: Mapping[str, str]) -> Authorization:
        if "ACME_TOKEN" not in environment:
            raise UsageError(f"no credentials for {self.title}: set {self.credentials}")
        return Authorization.bearer(environment["ACME_TOKEN"])

    def connect(self, client: Client) -> Connection:
        return AcmeConnection(client)

    def declare(self, document: LocatedMapping) -> tuple[Declared, Sequence[Diagnostic]]:
        section = document.get("alerts") or LocatedMapping(document.position)
        alerts = [Alert(name, text, section.keys_at[name]) for name, text in section.items() if text is not None]
        return Declared(tuple(alerts)), ()

    def resolve(self, workspace: Workspace, live: Live, now: datetime) -> Resolution:
        alerts = cast("Declared", workspace.declarations).alerts
        return Resolution(tuple(self._resolve(alert) for alert in alerts))

    def _resolve(self, alert: Alert) -> Resource:
        attributes = {"name": alert.name, "text": alert.text}
        keys = self.identities(ALERT.name, attributes)
        return Resource(ALERT.name, f"alerts/{alert.name}", keys, attributes, alert.position, alert.name)

    def identities(self, kind: str, attributes: Mapping[str, object]) -> tuple[Hashable, ...]:
        return (attributes["name"],)


class AcmeConnection(Connection):
    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, workspace: Workspace) -> Live:
        return await self.survey(())

    async def reread(self, live: Live, touched: Sequence[tuple[str, Mapping[str, Plain]]]) -> Live:
        return await self.survey(())

    async def survey(
        self, resources: Sequence[str], workspace: Workspace | None = None, *, discover: bool = False
    ) -> Live:
        answer = await self._client.request("GET", "/alerts")
        return Live(
            tuple(
                LiveResource(ALERT.name, item["id"], item["name"], (item["name"],), item)
                for item in answer.body["alerts"]
            )
        )

    async def create(self, kind: str, attributes: Mapping[str, Plain]) -> str:
        return str((await self._client.request("POST", "/alerts", json=attributes)).body["id"])

    async def update(
        self, kind: str, object_id: str, attributes: Mapping[str, Plain], changed: Collection[str]
    ) -> None:
        await self._client.request("PATCH", f"/alerts/{object_id}", json=attributes)

    async def delete(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> None:
        await self._client.request("DELETE", f"/alerts/{object_id}")

    async def find(self, kind: str, attributes: Mapping[str, Plain]) -> Sequence[LiveResource]:
        return [item for item in (await self.survey(())).resources if item.name == attributes["name"]]

    async def get(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> LiveResource | None:
        found = (item for item in (await self.survey(())).resources if item.id == object_id)
        return next(found, None)


PROVIDER = Acme()
