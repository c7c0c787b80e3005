"""A process that plans in memory, then sorts the same live objects, and prints as JSON the CPU seconds of both."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.workspaces import TYPE, resource
from notifconf import make_plan
from notifconf.model.diagnostic import Position
from notifconf.model.resource import LiveResource, Secret, Value
from notifconf.model.state import Live, Workspace
from notifconf.providers.confluent import codec
from notifconf.providers.confluent.catalogue import Catalogue
from notifconf.providers.confluent.workspace import (
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Mute,
    Reference,
)

TEAMS = 20
CATALOGUE = Catalogue.of(
    [
        codec.decode_type(
            {
                "id": "nt-1",
                "display_name": TYPE,
                "category": "SERVICE",
                "severity": "CRITICAL",
                "subscription_priority": "RECOMMENDED",
                "is_included_in_plan": True,
            }
        )
    ]
)


def declared(objects: int) -> Workspace:
    """Declare integrations, and resources with a mute and a subscription each."""
    resources = []
    for index in range(objects // 2):
        at = Position("notifconf.yaml", 3 * index + 1, 5)
        subscription = DeclaredSubscription((Reference(team(index), at),), at, Reference(TYPE, at))
        resources.append(DeclaredResource(resource(index), "CONNECTOR", at, Mute(index % 3 == 0, at), (subscription,)))
    teams = tuple(
        DeclaredIntegration(team(index), f"Team {index}", target(index), Position("notifconf.yaml", index + 1, 3))
        for index in range(TEAMS)
    )
    managed = frozenset({"integration", "resource-preference", "resource-subscription"})
    return Workspace("confluent", ConfluentDeclarations(teams, (), tuple(resources), managed))


def live(objects: int, changed: int) -> Live:
    """Return what lives: the same, but for `changed` objects, half of them mutes and half subscriptions."""
    return Live((*_integrations(), *_of_resources(objects // 2, changed // 2)), CATALOGUE)


def _integrations() -> Iterator[LiveResource]:
    for index in range(TEAMS):
        body: dict[str, Any] = {"id": f"i-{index}", "display_name": f"Team {index}"}
        body["target"] = {"kind": "Slack", "webhook_url": url(index)}
        yield codec.decode_integration(body)


def _of_resources(resources: int, changed: int) -> Iterator[LiveResource]:
    for index in range(resources):
        path, differs = resource(index), index % (resources // changed) == 0
        muted = (index % 3 == 0) != differs
        preference = {"id": f"rp-{index}", "current_state": "DISABLED" if muted else "ENABLED"}
        yield codec.decode_preference(preference, path, "CONNECTOR")
        subscription = {
            "id": f"rs-{index}",
            "notification_type": {"id": "nt-1"},
            "integrations": [{"id": f"i-{(index + differs) % TEAMS}"}],
            "current_state": "ENABLED",
        }
        yield codec.decode_resource_subscription(subscription, path, "CONNECTOR", CATALOGUE)


def team(index: int) -> str:
    return f"team-{index % TEAMS}"


def target(index: int) -> dict[str, Value]:
    return {"kind": "Slack", "webhook_url": Secret(url(index))}


def url(index: int) -> str:
    return f"https://hooks.slack.com/services/T0/B0/{index:024}"


def main(objects: int, changed: int) -> None:
    desired, found = declared(objects), live(objects, changed)
    begin = time.process_time()
    plan = make_plan(desired, found).plan
    seconds = time.process_time() - begin
    assert (len(plan.changes), len(plan.unchanged)) == (changed, objects + TEAMS - changed), plan.diagnostics[:3]
    shuffled = random.Random(0).sample(found.resources, len(found.resources))
    begin = time.process_time()
    sorted(shuffled, key=lambda item: (item.kind, item.name, item.id))
    print(json.dumps({"seconds": seconds, "sort_seconds": time.process_time() - begin}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
