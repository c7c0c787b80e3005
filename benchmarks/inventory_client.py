"""A process that plans a match of connectors in memory, and sorts what lives; it prints the CPU seconds of both.

Both take milliseconds, so other work on the machine disturbs them. The fastest of several runs counts.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.planning_client import CATALOGUE, _integrations, target
from benchmarks.workspaces import TYPE
from notifconf import make_plan
from notifconf.model.diagnostic import Position
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.providers.confluent import codec
from notifconf.providers.confluent.inventory import Inventory, InventoryItem
from notifconf.providers.confluent.workspace import (
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Reference,
    Selector,
)

AT = Position("notifconf.yaml", 1, 1)
CLUSTERS = 120
RUNS = 20


def take_inventory(connectors: int) -> Inventory:
    """Return connectors in clusters in environments."""
    environments = [
        InventoryItem("ENVIRONMENT", f"env-{index}", f"Environment {index}", f"environment=env-{index}")
        for index in range(CLUSTERS // 3)
    ]
    clusters = [_cluster(environments[index // 3], index) for index in range(CLUSTERS)]
    found = [_connector(clusters[index % CLUSTERS], index) for index in range(connectors)]
    return Inventory.of([*environments, *clusters, *found])


def _cluster(place: InventoryItem, index: int) -> InventoryItem:
    path = f"{place.path}/cloud-cluster=lkc-{index}"
    return InventoryItem(
        "CLUSTER", f"lkc-{index}", f"cluster {index}", path, place, other_path=f"cloud-cluster=lkc-{index}"
    )


def _connector(place: InventoryItem, index: int) -> InventoryItem:
    path, other = f"{place.path}/connector=connector-{index}", f"cloud-connector=lcc-{index}"
    name = f"connector-{index}"
    return InventoryItem("CONNECTOR", f"lcc-{index}", name, path, place.environment, place, other)


def declared() -> Workspace:
    """Declare one subscription of every connector."""
    subscription = DeclaredSubscription((Reference("team-0", AT),), AT, Reference(TYPE, AT))
    selector = Selector(("CONNECTOR",), environment=(Reference("Environment*", AT),))
    entry = DeclaredResource("", "CONNECTOR", AT, subscriptions=(subscription,), selector=selector)
    teams = (DeclaredIntegration("team-0", "Team 0", target(0), AT),)
    managed = frozenset({"integration", "resource-subscription"})
    return Workspace("confluent", ConfluentDeclarations(teams, (), (entry,), managed, has_resources=True))


def live(inventory: Inventory) -> Iterator[LiveResource]:
    """Yield what lives: all that is declared."""
    yield from _integrations()
    for item in inventory.by_type["CONNECTOR"]:
        body = {
            "id": f"rs-{item.id}",
            "notification_type": {"id": "nt-1"},
            "integrations": [{"id": "i-0"}],
            "current_state": "ENABLED",
        }
        yield codec.decode_resource_subscription(body, item.path, "CONNECTOR", CATALOGUE)


def main(connectors: int) -> None:
    inventory = take_inventory(connectors)
    names = {path: item.title(path) for path, item in inventory.by_path.items()}
    desired, found = declared(), Live(tuple(live(inventory)), CATALOGUE, names, inventory=inventory)
    plan = make_plan(desired, found).plan
    assert (len(plan.changes), len(plan.unchanged)) == (0, connectors + 1), plan.diagnostics[:3]
    shuffled = random.Random(0).sample(found.resources, len(found.resources))
    seconds = _measure(lambda: make_plan(desired, found))
    sort_seconds = _measure(lambda: sorted(shuffled, key=lambda item: (item.kind, item.name, item.id)))
    print(json.dumps({"seconds": seconds, "sort_seconds": sort_seconds}))


def _measure(work: Callable[[], object]) -> float:
    return min(_time(work) for _ in range(RUNS))


def _time(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    main(int(sys.argv[1]))
