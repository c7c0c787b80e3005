"""Plans of more than thirty changes that create, update and delete every kind, one scenario a provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notifconf.emulator.emulator import Emulator

State = dict[str, list[Any]]

ENVIRONMENT = {"NEW_URL": "https://hooks.example.test/services/T0/new"}
OLD_URL = "https://hooks.example.test/services/T0/old"
RESOURCES = [f"environment=env-{number}" for number in range(4)]
UNDECLARED = "environment=env-undeclared"


@dataclass(frozen=True)
class Scenario:
    """A workspace in mode `sync`, and the organisation that it meets."""

    provider: str
    workspace: str
    state: State

    def furnish(self, emulator: Emulator) -> None:
        """Make the organisation as it was before the first apply."""
        emulator.replace(self.state)
        emulator.settings.faults = []
        emulator.requests.clear()


def facts(state: State) -> dict[str, list[Any]]:
    """What a state means, without ids and times: objects by their natural keys, doubles twice."""
    names = {item["id"]: item["display_name"] for item in state["integrations"]}
    types = {item["id"]: item["display_name"] for item in state["notification-types"]}

    def meant(item: dict[str, Any]) -> dict[str, Any]:
        kept = {key: item[key] for key in sorted(item.keys() - {"id", "metadata", "created_at", "updated_at"})}
        if "notification_type" in item:
            kept["notification_type"] = types[item["notification_type"]["id"]]
            kept["integrations"] = sorted(names.get(link["id"], link["id"]) for link in item["integrations"])
        return kept

    collections = ("integrations", "subscriptions", "resource-preferences", "resource-subscriptions")
    return {
        name: sorted((meant(item) for item in state[name]), key=repr) for name in (*collections, "event-subscriptions")
    }


def strangers(state: State) -> dict[str, Any]:
    """What no plan of these scenarios may touch, with ids and times: what is protected, required or not declared."""
    found = {
        item["id"]: item
        for name in ("integrations", "resource-preferences", "resource-subscriptions", "event-subscriptions")
        for item in state[name]
        if item.get("resource") == UNDECLARED
        or "Precious" in (item.get("display_name"), item.get("name"))
        or item.get("target", {}).get("kind") == "RoleEmail"
    }
    required = {item["id"] for item in state["notification-types"] if item["subscription_priority"] == "REQUIRED"}
    found |= {item["id"]: item for item in state["subscriptions"] if item["notification_type"]["id"] in required}
    return found


def scenarios(emulator: Emulator) -> list[Scenario]:
    """Both; `emulator` is left with a new organisation, and its settings with small pages."""
    emulator.reset()
    emulator.settings.page_size = 100
    emulator.settings.konnect_page_size = 3
    built = [_confluent(emulator), _konnect(emulator)]
    emulator.reset()
    return built


def _confluent(emulator: Emulator) -> Scenario:
    emulator.reset()
    admins = emulator.objects("integrations")[0]["id"]
    types = {item["display_name"]: item for item in emulator.objects("notification-types")}
    optional = [name for name, item in types.items() if item["subscription_priority"] == "OPTIONAL"]
    live = [_integration(f"Update {n}", f"i-update{n}") for n in range(4)]
    live += [_integration(f"Delete {n}", f"i-delete{n}") for n in range(4)]
    emulator.seed("integrations", *live, _integration("Precious", "i-precious"))
    to_delete, to_update, to_create = optional[:2], optional[2:6], optional[6:10]
    assert len(to_create) == 4
    for number, name in enumerate(to_delete + to_update):
        target = f"i-delete{number % 4}"
        emulator.seed("subscriptions", _subscription(types[name]["id"], target))
    for number, resource in enumerate(RESOURCES):
        place = {"resource": resource, "resource_type": "ENVIRONMENT"}
        if number < 2:
            emulator.seed("resource-preferences", {**place, "current_state": "ENABLED"})
        for name in optional[:4]:
            emulator.seed("resource-subscriptions", {**place, **_subscription(types[name]["id"], "i-delete0")})
    undeclared = {"resource": UNDECLARED, "resource_type": "ENVIRONMENT"}
    emulator.seed("resource-preferences", {**undeclared, "current_state": "DISABLED"})
    emulator.seed("resource-subscriptions", {**undeclared, **_subscription(types[optional[0]]["id"], admins)})
    lines = ["version: 1", "provider: confluent", "policy:", "  mode: sync", "  max_deletes: 999"]
    lines += ["  protected: ['integrations/Precious']", "integrations:"]
    lines += [
        f"  {what}-{n}: {{display_name: {what.title()} {n}, description: ours,"
        f" target: {{kind: Slack, webhook_url: '${{NEW_URL}}/{what}{n}'}}}}"
        for what in ("create", "update")
        for n in range(4)
    ]
    lines += ["subscriptions:"]
    lines += [
        f"  - {{notification_type: {name}, integrations: [create-{n % 4}, update-{n % 4}]}}"
        for n, name in enumerate(to_update + to_create)
    ]
    lines += ["resources:"]
    for number, resource in enumerate(RESOURCES):
        lines += [f"  - resource: {resource}", "    muted: true", "    subscriptions:"]
        lines += [
            f"      - {{notification_type: {name}, integrations: [create-{number}]}}"
            for name in (optional[0], optional[1], optional[4])
        ]
    return Scenario("confluent", "\n".join(lines) + "\n", emulator.state())


def _konnect(emulator: Emulator) -> Scenario:
    emulator.reset()
    events = [item["event_id"] for item in emulator.objects("events") if not item["event_id"].startswith("billing")][:4]
    declared = []
    for event in events:
        for number in range(3):
            declared += [f"  - {{event: {event}, name: Create {number}, channels: {{EMAIL: true}}}}"]
            declared += [f"  - {{event: {event}, name: Update {number}, channels: {{EMAIL: true, IN_APP: false}}}}"]
            emulator.seed("event-subscriptions", {"event_id": event, "name": f"Update {number}", "enabled": False})
            emulator.seed("event-subscriptions", {"event_id": event, "name": f"Delete {number}"})
        emulator.seed("event-subscriptions", {"event_id": event, "name": "Precious", "entities": ["one"]})
    lines = ["version: 1", "provider: konnect", "policy:", "  mode: sync", "  max_deletes: 999"]
    lines += ["  protected: ['*#Precious']", "subscriptions:", *declared]
    return Scenario("konnect", "\n".join(lines) + "\n", emulator.state())


def _integration(name: str, identifier: str) -> dict[str, Any]:
    return {"id": identifier, "display_name": name, "target": {"kind": "Slack", "webhook_url": OLD_URL}}


def _subscription(type_id: str, integration: str) -> dict[str, Any]:
    return {
        "notification_type": {"id": type_id},
        "integrations": [{"id": integration}],
        "current_state": "ENABLED",
    }
