"""What an organisation has besides notifications: environments, Kafka clusters, connectors, Flink compute pools.

A test writes these objects in a flat form (`insert`), and a read answers each in the form of its own API. A cluster and
a compute pool belong to an environment, a connector to a cluster: that is the `owner` of their rows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notifconf.emulator.confluent.objects import Collection, new_object, reference, resource_name

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON
    from notifconf.emulator.store import Row, Store

ENVIRONMENTS = Collection("environments", "Environment", "environment", "env-", "org/v2")
CLUSTERS = Collection("clusters", "Cluster", "cloud-cluster", "lkc-", "cmk/v2")
CONNECTORS = Collection("connectors", "Connector", "connector", "lcc-", "connect/v1")
POOLS = Collection("compute-pools", "ComputePool", "compute-pool", "lfcp-", "fcpm/v2")
COLLECTIONS = {collection.path: collection for collection in (ENVIRONMENTS, CLUSTERS, CONNECTORS, POOLS)}

NEW_ORGANISATION = Path(__file__).with_name("inventory.json")
CLOUD, REGION = "AWS", "us-east-2"
# What a test of secrets looks for: no value of a connector's configuration may be shown or logged.
CANARY = "emulated-secret"


def found(store: Store) -> None:
    """Fills an empty store."""
    for path, bodies in json.loads(NEW_ORGANISATION.read_text(encoding="utf-8")).items():
        for body in bodies:
            insert(store, path, body)


def grow(store: Store, *, environments: int, clusters: int, connectors: int, pools: int = 0) -> None:
    """Adds so many environments, with so many clusters and compute pools each, and so many connectors a cluster."""
    with store.transaction():
        for number in range(environments):
            environment = insert(store, ENVIRONMENTS.path, {"display_name": f"Environment {number}"})
            for pool in range(pools):
                insert(store, POOLS.path, {"display_name": f"pool-{pool}", "environment": environment})
            for cluster in range(clusters):
                members = {"display_name": f"cluster-{cluster}", "environment": environment}
                own = {"environment": environment, "cluster": insert(store, CLUSTERS.path, members)}
                for connector in range(connectors):
                    insert(store, CONNECTORS.path, {"name": f"connector-{connector}", **own})


def insert(store: Store, path: str, body: Any, *, raw: bool = False) -> str:
    """Adds or replaces an object; answers its id.

    The short form has the members `id`, `display_name` (of a connector `name`, which no other of its cluster may have),
    `environment` and `cluster`; of a connector also `type` and `state`. Whatever else is in the body stands in the
    answer, over what is usual. With `raw` the body is stored as it is, without the two that say what it belongs to.
    """
    collection = COLLECTIONS[path]
    members = dict(body) if isinstance(body, dict) else {}
    owner = str(members.pop("environment", ""))
    if collection is CONNECTORS:
        owner += f"/{members.pop('cluster', '')}"
    own = members.get("id")
    if collection is CONNECTORS and isinstance(own, dict):
        own = own.get("id")
    with store.transaction():
        identifier = own if isinstance(own, str) else store.new_id(path, collection.prefix)
        stored: Any = members if isinstance(body, dict) else body
        if not raw:
            stored = SHAPES[path](identifier, owner, members)
        store.put(path, identifier, stored, owner="" if collection is ENVIRONMENTS else owner)
    return identifier


def remove(store: Store, path: str, identifier: str) -> bool:
    """Removes an object and what belongs to it; says whether it was there."""
    with store.transaction():
        row = store.get(path, identifier)
        if row is None:
            return False
        owned = []
        if path == ENVIRONMENTS.path:
            owned = [
                (part, found.id) for part in (CLUSTERS.path, POOLS.path) for found in store.page(part, owner=row.id)
            ]
        elif path == CLUSTERS.path:
            connectors = store.page(CONNECTORS.path, owner=cluster_of_connectors(row.owner, row.id))
            owned = [(CONNECTORS.path, found.id) for found in connectors]
        for part in owned:
            remove(store, *part)
        return store.delete(path, identifier)


def dumped(path: str, row: Row) -> Any:
    """A stored object, with what `insert` took out of its body."""
    body = json.loads(row.body)
    if isinstance(body, dict) and path != ENVIRONMENTS.path:
        environment, _, cluster = row.owner.partition("/")
        body["environment"] = environment
        if path == CONNECTORS.path:
            body["cluster"] = cluster
    return body


def cluster_of_connectors(environment: str, cluster: str) -> str:
    """What a connector belongs to (see `store.Row`)."""
    return f"{environment}/{cluster}"


def name_of_connector(row: Row) -> str:
    """The name that stands for a connector in paths and answers."""
    info = row.json().get("info")
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) else row.id


def _environment(identifier: str, _: str, members: JSON) -> JSON:
    return new_object(ENVIRONMENTS, identifier, {"display_name": identifier, **members, "id": identifier})


def _cluster(identifier: str, environment: str, members: JSON) -> JSON:
    host = f"{identifier}.{REGION}.aws.confluent.cloud"
    spec = {
        "display_name": identifier,
        "availability": "SINGLE_ZONE",
        "cloud": CLOUD,
        "region": REGION,
        "config": {"kind": "Basic"},
        "kafka_bootstrap_endpoint": f"SASL_SSL://{host}:9092",
        "http_endpoint": f"https://{host}",
        "environment": reference(ENVIRONMENTS, environment),
    }
    path = f"environment={environment}/cloud-cluster={identifier}"
    return _of_environment(CLUSTERS, identifier, path, members, {"spec": spec, "status": {"phase": "PROVISIONED"}})


def _pool(identifier: str, environment: str, members: JSON) -> JSON:
    spec = {
        "display_name": identifier,
        "cloud": CLOUD,
        "region": REGION,
        "max_cfu": 10,
        "environment": reference(ENVIRONMENTS, environment),
    }
    path = f"environment={environment}/flink-region=aws.{REGION}/compute-pool={identifier}"
    status = {"phase": "PROVISIONED", "current_cfu": 0}
    return _of_environment(POOLS, identifier, path, members, {"spec": spec, "status": status})


def _of_environment(collection: Collection, identifier: str, path: str, members: JSON, usual: JSON) -> JSON:
    own = dict(members)
    named = {"spec": {"display_name": own.pop("display_name")}} if "display_name" in own else {}
    usual["metadata"] = {"resource_name": resource_name(path)}
    return new_object(collection, identifier, _merge(_merge(usual, own), named) | {"id": identifier})


def _connector(identifier: str, owner: str, members: JSON) -> JSON:
    own = {name: value for name, value in members.items() if name not in {"id", "name", "type", "state"}}
    info = own.get("info")
    name = members.get("name") or (info.get("name") if isinstance(info, dict) else None) or identifier
    cluster = owner.partition("/")[2]
    config = {
        "cloud.environment": "prod",
        "cloud.provider": "aws",
        "connector.class": "PostgresSink",
        "kafka.endpoint": f"SASL_SSL://{cluster}.{REGION}.aws.confluent.cloud:9092",
        "kafka.region": REGION,
        "kafka.api.key": f"{CANARY}-key-{identifier}",
        "kafka.api.secret": f"{CANARY}-api-{identifier}",
        "connection.password": f"{CANARY}-password-{identifier}",
        "connection.url": f"postgresql://admin:{CANARY}-url-{identifier}@db.example:5432/orders",
    }
    usual = {
        "id": {"id": identifier, "id_type": "ID"},
        "info": {"name": name, "config": config},
        "status": {
            "name": name,
            "type": "sink",
            "connector": {"state": "RUNNING", "worker_id": identifier, "trace": ""},
            "tasks": [],
        },
    }
    named: JSON = {"info": {"name": name, "config": {"name": name}}, "status": {"name": name}}
    if "type" in members:
        named["status"]["type"] = members["type"]
    if "state" in members:
        named["status"]["connector"] = {"state": members["state"]}
    return _merge(_merge(usual, own), named)


def _merge(usual: JSON, own: JSON) -> JSON:
    """The members of both; those of `own` hold, inside of objects too."""
    merged = dict(usual)
    for name, value in own.items():
        before = merged.get(name)
        merged[name] = _merge(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


SHAPES = {ENVIRONMENTS.path: _environment, CLUSTERS.path: _cluster, CONNECTORS.path: _connector, POOLS.path: _pool}
