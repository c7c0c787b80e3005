"""Declarations in few words, for the tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from notifconf.model.diagnostic import Position
from notifconf.model.policy import Mode, Policy
from notifconf.model.resource import LiveResource, Secret
from notifconf.model.state import Live, Workspace
from notifconf.providers.confluent.catalogue import Catalogue, NotificationType
from notifconf.providers.confluent.workspace import (
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Match,
    Mute,
    Reference,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://hooks.example.test/services/T0/B0/XXXXXXXXXXXX"

SHRINK = NotificationType("nt-shrink", "Kafka cluster shrink failure", "", "SERVICE", "WARN", "OPTIONAL")
EXPAND = NotificationType("nt-expand", "Kafka cluster expansion failure", "", "SERVICE", "CRITICAL", "OPTIONAL")
FAILED = NotificationType("nt-failed", "Connector in FAILED state", "", "SERVICE", "CRITICAL", "RECOMMENDED")
SAML = NotificationType("nt-saml", "SAML certificate is expiring soon", "", "SECURITY", "WARN", "REQUIRED")
DEAR = NotificationType("nt-dear", "Not for this plan", "", "SERVICE", "INFO", "OPTIONAL", in_plan=False)
CATALOGUE = Catalogue.of([SHRINK, EXPAND, FAILED, SAML, DEAR])


def at(line: int, column: int = 1) -> Position:
    return Position("notifconf.yaml", line, column)


def reference(name: str, line: int = 1, expression: str | None = None) -> Reference:
    return Reference(name, at(line, 5), expression)


def integration(key: str = "alerts", *, line: int = 1, **members: Any) -> DeclaredIntegration:
    members = {"display_name": key, "target": {"kind": "Slack", "webhook_url": Secret(URL)}} | members
    return DeclaredIntegration(key=key, position=at(line), **members)


def subscription(
    what: str | Match, *integrations: str, line: int = 1, state: str = "ENABLED", expression: str | None = None
) -> DeclaredSubscription:
    return DeclaredSubscription(
        integrations=tuple(reference(key, line) for key in integrations or ("alerts",)),
        position=at(line),
        notification_type=reference(what, line, expression) if isinstance(what, str) else None,
        match=None if isinstance(what, str) else what,
        current_state=state,
    )


def addition(what: str | Match, *integrations: str, line: int = 1) -> DeclaredSubscription:
    """An entry with `add`."""
    entry = subscription(what, *integrations, line=line)
    return entry._replace(integrations=None, add=entry.integrations)


def resource(
    path: str = "environment=env-1",
    *,
    kind: str = "ENVIRONMENT",
    line: int = 1,
    muted: bool | datetime | None = None,
    subscriptions: tuple[DeclaredSubscription, ...] | None = None,
) -> DeclaredResource:
    mute = None
    if isinstance(muted, datetime):
        mute = Mute(True, at(line), until=muted)
    elif muted is not None:
        mute = Mute(muted, at(line))
    return DeclaredResource(path, kind, at(line), mute, subscriptions)


def workspace(
    *entries: DeclaredIntegration | DeclaredSubscription | DeclaredResource,
    managed: frozenset[str] | set[str] | None = None,
    mode: Mode = Mode.UPSERT_ONLY,
) -> Workspace:
    """Sections are present where they have entries, or as `managed` says."""
    integrations = tuple(entry for entry in entries if isinstance(entry, DeclaredIntegration))
    subscriptions = tuple(entry for entry in entries if isinstance(entry, DeclaredSubscription))
    resources = tuple(entry for entry in entries if isinstance(entry, DeclaredResource))
    present: Mapping[str, bool] = {
        "integration": bool(integrations),
        "subscription": bool(subscriptions),
        "resource-preference": any(entry.mute for entry in resources),
        "resource-subscription": any(entry.subscriptions is not None for entry in resources),
    }
    kinds = frozenset(kind for kind, has in present.items() if has) if managed is None else frozenset(managed)
    return Workspace(
        "confluent", ConfluentDeclarations(integrations, subscriptions, resources, kinds), Policy(mode=mode)
    )


def live(*resources: LiveResource, catalogue: Catalogue = CATALOGUE) -> Live:
    return Live(resources, catalogue)
