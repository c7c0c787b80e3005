"""How the inventory is read, over a real socket: the least requests, and nothing left out in silence."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest

from notifconf.config import load
from notifconf.emulator.confluent.inventory import CANARY
from notifconf.emulator.faults import parse_fault
from notifconf.errors import ApiError, ForbiddenError, NotFoundError, ProtocolError, ServiceError
from notifconf.http.client import Client, ClientOptions
from notifconf.http.endpoint import Authorization
from notifconf.http.request import Answer
from notifconf.model.state import Live
from notifconf.model.views import Filters
from notifconf.providers.confluent.api import Api
from notifconf.providers.confluent.connection import ConfluentConnection
from notifconf.providers.confluent.inventory import inventory_of
from tests.contract.conftest import Served
from tests.providers.confluent.declared import NOW

PRODUCTION, STAGING, ORDERS = "env-p7x2kq", "env-s4m9dz", "lkc-8n3qvr"
SINK = f"environment={PRODUCTION}/cloud-cluster={ORDERS}/connector=pg-sink"
Result = TypeVar("Result")


def ask(served: Served, question: Callable[[ConfluentConnection], Awaitable[Result]]) -> Result:
    async def nothing(_: float) -> None:
        await asyncio.sleep(0)

    async def run() -> Result:
        options = ClientOptions(sleep=nothing)
        async with Client(served.url, Authorization.bearer("token"), options=options) as client:
            return await question(ConfluentConnection(client))

    return asyncio.run(run())


def read(served: Served, resources: str, policy: str = "") -> Live:
    text = f"version: 1\nprovider: confluent\nresources: [{resources}]\n{policy}"
    served.emulator.requests.clear()

    stdin = io.BytesIO(text.encode())
    workspace = load(["-"], environment={}, now=NOW, stdin=stdin)
    return ask(served, lambda connection: connection.read(workspace))


def asked(served: Served) -> Counter[str]:
    """What was asked, by the part of the inventory, and the lookups."""
    names = {"environments": "env", "clusters": "lkc", "compute-pools": "pool", "connectors": "lcc"}
    last = (entry.path.rpartition("/")[2] for entry in served.emulator.requests.entries)
    return Counter(names.get(name, name.partition(":")[0]) for name in last)


MUTED = "muted: false"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (f"resource: {SINK}", {}),
        ("resource: {environment: Production}", {"env": 1}),
        ("match: {type: ENVIRONMENT, environment: prod*}", {"env": 1}),
        ("resource: {environment: Production, cluster: orders}", {"env": 1, "lkc": 1}),
        ("resource: {cluster: payments}", {"env": 1, "lkc": 2}),
        ("resource: {environment: Staging, cluster: orders, connector: pg-sink}", {"env": 1, "lkc": 1, "lcc": 1}),
        ("resource: {environment: Production, connector: fraud-alerts}", {"env": 1, "lkc": 1, "lcc": 2}),
        ("resource: {compute_pool: flink-prod}", {"env": 1, "pool": 2}),
        ("match: {type: CONNECTOR, environment: prod*, cluster: pay*, name: '*'}", {"env": 1, "lkc": 1, "lcc": 1}),
        ("match: {type: CONNECTOR, environment: nothing*}", {"env": 1}),
        (f"match: {{type: CONNECTOR, except: ['environment={PRODUCTION}/*']}}", {"env": 1, "lkc": 1, "lcc": 1}),
        ("match: {name: pg-sink}", {"env": 1, "lkc": 2, "pool": 2, "lcc": 3}),
    ],
)  # fmt: skip
def test_only_what_can_match_is_read(served: Served, entry: str, expected: dict[str, int]) -> None:
    read(served, f"{{{entry}, {MUTED}}}")
    found = asked(served)
    del found["resource-preferences"]
    assert found == Counter(expected)


def test_two_rules_read_each_part_once(served: Served) -> None:
    rule = "{match: {type: CONNECTOR, environment: prod*, name: '%s'}, muted: false}"
    live = read(served, f"{rule % 'pg-*'}, {rule % 's3-*'}")
    assert asked(served) == Counter(env=1, lkc=1, lcc=2, **{"resource-preferences": 2})
    assert [item.type for item in inventory_of(live).items].count("CONNECTOR") == 4


def test_discovery_looks_everything_up_and_the_organization_too(served: Served) -> None:
    organization = "organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a"
    muted = {"resource": organization, "resource_type": "ORGANIZATION", "current_state": "DISABLED"}
    enabled = {"resource": f"environment={STAGING}", "resource_type": "ENVIRONMENT", "current_state": "ENABLED"}
    own, _ = served.emulator.seed("resource-preferences", muted, enabled)
    live = read(served, "", "policy: {discover: true}")
    found = asked(served)
    # 2 environments, 3 clusters, 5 connectors, 1 compute pool; the organization has no subscriptions of its own.
    assert (found["resource-preferences"], found["resource-subscriptions"]) == (12, 11)
    assert [item.id for item in live.resources if item.kind == "resource-preference"] == [own]


def test_lists_of_many_pages(served: Served) -> None:
    served.emulator.grow_inventory(environments=1, clusters=101, connectors=0)
    served.emulator.requests.clear()
    live = ask(served, lambda connection: connection.take_inventory(Filters(type=("CLUSTER",)), muted=False))
    assert [item.type for item in inventory_of(live).items].count("CLUSTER") == 104
    assert asked(served) == Counter(env=1, lkc=4)


NAMES = ["my sink", "a=b", "100%", "größe 日本", 'quo"te', "a&b+c?", "a#b"]


def test_names_stand_literally_in_paths_end_to_end(served: Served) -> None:
    paths = [f"environment={PRODUCTION}/cloud-cluster={ORDERS}/connector={name}" for name in NAMES]
    for name, path in zip(NAMES, paths, strict=True):
        served.emulator.seed("connectors", {"name": name, "environment": PRODUCTION, "cluster": ORDERS})
        body = {"resource": path, "resource_type": "CONNECTOR", "current_state": "DISABLED"}
        served.emulator.seed("resource-preferences", body)
    live = read(served, "{match: {type: CONNECTOR, cluster: lkc-8n3qvr}, muted: false}")
    assert sorted(item.name for item in live.resources) == sorted(paths)


def test_a_name_that_can_not_be_a_segment_goes_by_its_id(served: Served) -> None:
    own = {"id": "lcc-slash", "name": "a/b", "environment": PRODUCTION, "cluster": ORDERS}
    served.emulator.seed("connectors", own)
    body = {"resource": "cloud-connector=lcc-slash", "resource_type": "CONNECTOR", "current_state": "DISABLED"}
    served.emulator.seed("resource-preferences", body)
    assert [item.name for item in read(served, "{resource: {connector: a/b}, muted: false}").resources] == [
        "cloud-connector=lcc-slash"
    ]


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        (f"environment={STAGING}", f'the clusters of "environment={STAGING} (Staging)"'),
        (f"*{ORDERS}", f'the connectors of "environment={PRODUCTION}/cloud-cluster={ORDERS} (Production / orders)"'),
    ],
)
def test_a_part_that_is_forbidden_is_an_error_that_names_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, pattern: str, part: str
) -> None:
    monkeypatch.setattr(served.emulator.settings, "forbidden_resources", [pattern])
    with pytest.raises(ForbiddenError, match=r"except: \[") as caught:
        read(served, "{match: {type: CONNECTOR}, muted: false}")
    assert part in str(caught.value)
    excepted = part.partition('"')[2].partition(" ")[0]
    for way_out in (f"except: ['{excepted}/*']", "environment: prod*, cluster: payments"):
        read(served, f"{{match: {{type: CONNECTOR, {way_out}}}, muted: false}}")


@pytest.mark.parametrize(
    "deleted",
    [
        ("environments", STAGING, "/cmk/v2/clusters"),
        ("environments", STAGING, "/fcpm/v2/compute-pools"),
        ("clusters", ORDERS, f"/connect/v1/environments/{PRODUCTION}/clusters/{ORDERS}/connectors"),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [NotFoundError("gone", status=404), ForbiddenError("gone", status=403, code="forbidden_access")],
    ids=["404", "403"],
)
def test_what_is_deleted_between_two_lists_is_none(
    served: Served, monkeypatch: pytest.MonkeyPatch, deleted: tuple[str, str, str], answer: ApiError
) -> None:
    """It is none because the list that had it is read again, and has it no more."""
    collection, own, path = deleted
    get = Api._get

    async def delete_first(api: Api, asked: str, params: Mapping[str, str]) -> Answer:
        if asked == path and params.get("environment", own) == own:
            served.emulator.remove(collection, own)
            raise answer
        return await get(api, asked, params)

    monkeypatch.setattr(Api, "_get", delete_first)
    live = ask(served, lambda connection: connection.take_inventory(Filters(), muted=False))
    found = {item.id for item in inventory_of(live).items}
    assert own not in found
    assert "lkc-5w1ymt" in found
    assert asked(served)["env"] == 2


def test_environments_that_are_forbidden_are_an_error(faulty: Served) -> None:
    faulty.emulator.settings.faults = [parse_fault("403:path=/org/*")]
    with pytest.raises(ForbiddenError, match="the environments can't be read"):
        read(faulty, "{resource: {environment: Production}, muted: false}")


@pytest.mark.parametrize("kind", ["loop-token", "repeat-page", "wrong-type", "truncated", "html", "503", "404"])
@pytest.mark.parametrize("path", ["/org/*", "/cmk/*", "/connect/*"])
def test_a_list_that_can_not_be_trusted_is_an_error(faulty: Served, kind: str, path: str) -> None:
    if path == "/connect/*" and kind in {"loop-token", "repeat-page"}:
        return  # it has no pages
    if kind == "repeat-page":
        own = {"environment": PRODUCTION}
        collection = "environments" if path == "/org/*" else "clusters"
        faulty.emulator.seed(collection, *({"id": f"x-{number}", **own} for number in range(101)))
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:path={path}")]
    with pytest.raises(ServiceError):
        read(faulty, "{match: {type: CONNECTOR}, muted: false}")


@pytest.mark.parametrize("body", [{}, {"id": 5}, {"id": "a/b"}, {"id": ""}])
def test_what_has_no_id_that_can_stand_in_a_path_is_an_error(served: Served, body: dict[str, Any]) -> None:
    served.emulator.seed("environments", {"display_name": "x", **body}, raw=True)
    with pytest.raises(ProtocolError):
        read(served, "{match: {type: ENVIRONMENT}, muted: false}")


def test_a_deleted_connector_is_none(served: Served) -> None:
    served.emulator.change("connectors", "lcc-p1gsnk", {"state": "DELETED"})
    assert asked(served) == Counter()
    live = ask(served, lambda connection: connection.take_inventory(Filters(name=("pg-sink",)), muted=False))
    assert [item.id for item in inventory_of(live).items if item.name == "pg-sink"] == ["lcc-st4g1n"]


def test_configurations_of_connectors_never_arrive(served: Served) -> None:
    live = ask(served, lambda connection: connection.take_inventory(Filters(), muted=False))
    assert CANARY not in repr(live)
    (query,) = {entry.query for entry in served.emulator.requests.entries if "/connect/" in entry.path}
    assert "info" not in query
