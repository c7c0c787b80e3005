"""Which resources entries mean, and what becomes of what nobody declared: pure, over a small inventory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifconf.errors import UsageError
from notifconf.model.policy import Mode, Policy, is_called
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.plan.planner import make_plan
from notifconf.providers.confluent import PROVIDER, codec
from notifconf.providers.confluent.expand import expand
from notifconf.providers.confluent.inventory import Inventory, InventoryItem, decode_connector, make_test, select
from notifconf.providers.confluent.live import find_location, find_path
from notifconf.providers.confluent.workspace import DeclaredResource, Match, Mute, Reference, Selector
from tests.providers.confluent.declared import CATALOGUE, NOW, addition, at, resource, subscription, workspace

PROD, TWIN, DEV = "environment=env-1", "environment=env-2", "environment=env-3"


def environment(number: int, name: str) -> InventoryItem:
    return InventoryItem("ENVIRONMENT", f"env-{number}", name, f"environment=env-{number}")


def cluster(place: InventoryItem, number: int, name: str) -> InventoryItem:
    own = f"lkc-{number}"
    path = f"{place.path}/cloud-cluster={own}"
    return InventoryItem("CLUSTER", own, name, path, place, other_path=f"cloud-cluster={own}")


def connector(place: InventoryItem, number: int, name: str) -> InventoryItem:
    found = decode_connector({"id": f"lcc-{number}", "name": name, "state": "RUNNING"}, place)
    assert found is not None
    return found


ENVIRONMENTS = [environment(1, "Production"), environment(2, "production"), environment(3, "Dev")]
CLUSTERS = [
    cluster(ENVIRONMENTS[0], 1, "orders"),
    cluster(ENVIRONMENTS[0], 2, "env-3"),
    cluster(ENVIRONMENTS[2], 3, "orders"),
]
CONNECTORS = [
    connector(CLUSTERS[0], 1, "pg-sink"),
    connector(CLUSTERS[0], 2, "a/b=c%20 ü"),
    connector(CLUSTERS[1], 3, "S3-Sink"),
    connector(CLUSTERS[2], 4, "pg-sink"),
]
POOL = InventoryItem(
    "FLINK_COMPUTE_POOL", "lfcp-1", "flink", f"{PROD}/flink-region=aws.x/compute-pool=lfcp-1", ENVIRONMENTS[0]
)
ITEMS = [*ENVIRONMENTS, *CLUSTERS, *CONNECTORS, POOL]
INVENTORY = Inventory.of(ITEMS, "organization=o-1")
SINK = f"{PROD}/cloud-cluster=lkc-1/connector=pg-sink"


def refer(name: str) -> tuple[Reference, ...]:
    return (Reference(name, at(1, 5)),)


def glob(**levels: Any) -> Selector:
    members: dict[str, Any] = {
        name: refer(value) if isinstance(value, str) else value for name, value in levels.items()
    }
    return Selector(**members)


def exact(**levels: str) -> Selector:
    of_type = {"connector": "CONNECTOR", "compute_pool": "FLINK_COMPUTE_POOL", "cluster": "CLUSTER"}
    own = next((name for name in of_type if name in levels), "environment")
    members: dict[str, Any] = {
        "name" if name in {"connector", "compute_pool"} else name: refer(value) for name, value in levels.items()
    }
    return Selector((of_type.get(own, "ENVIRONMENT"),), **members, is_exact=True)


def entry(selector: Selector | str, line: int = 1, **members: Any) -> DeclaredResource:
    if isinstance(selector, str):
        return resource(selector, kind="CONNECTOR", line=line, **members)
    return resource("", kind="", line=line, **members)._replace(selector=selector)


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        (glob(), {item.id for item in ITEMS}),
        (glob(types=("CONNECTOR",), environment="PROD*"), {"lcc-1", "lcc-2", "lcc-3"}),
        (glob(types=("CONNECTOR",), environment="Prod*", name="*-sink"), {"lcc-1", "lcc-3"}),
        (glob(types=("CONNECTOR", "CLUSTER"), cluster="orders"), {"lkc-1", "lkc-3", "lcc-1", "lcc-2", "lcc-4"}),
        (glob(environment="env-3"), {"env-3", "lkc-3", "lcc-4"}),
        (glob(name="env-3"), {"env-3", "lkc-2"}),
        (glob(name="lfcp-*"), {"lfcp-1"}),
        (glob(types=("CONNECTOR",), excepts=("pg-*",)), {"lcc-2", "lcc-3"}),
        (glob(types=("CONNECTOR",), excepts=("lcc-1", f"{DEV}/*")), {"lcc-2", "lcc-3"}),
        (glob(types=("CONNECTOR",), excepts=(f"{PROD}/*",)), {"lcc-4"}),
        (glob(types=("ENVIRONMENT", "CLUSTER"), excepts=("Dev",)), {"env-1", "env-2", "lkc-1", "lkc-2", "lkc-3"}),
        (glob(environment="nowhere*"), set()),
        (exact(environment="Production"), {"env-1"}),
        (exact(environment="PRODUCTION"), {"env-1", "env-2"}),
        (exact(environment="env-2"), {"env-2"}),
        (exact(cluster="env-3"), {"lkc-2"}),
        (exact(environment="Dev", cluster="Orders"), {"lkc-3"}),
        (exact(environment="production", cluster="orders"), set()),
        (exact(connector="a/b=c%20 ü"), {"lcc-2"}),
        (exact(cluster="lkc-3", connector="PG-sink"), {"lcc-4"}),
        (exact(connector="pg-sink"), {"lcc-1", "lcc-4"}),
        (exact(connector="lcc-3"), {"lcc-3"}),
        (exact(compute_pool="flink"), {"lfcp-1"}),
    ],
)  # fmt: skip
def test_what_is_selected(selector: Selector, ids: set[str]) -> None:
    assert {item.id for item in select(selector, INVENTORY)} == ids


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (SINK, "lcc-1"),
        ("cloud-connector=lcc-1", "lcc-1"),
        ("cloud-cluster=lkc-1/connector=pg-sink", "lcc-1"),
        (f"{PROD}/kafka=lkc-1/connector=pg-sink", "lcc-1"),
        ("cloud-connector=lcc-2", "lcc-2"),
        (f"{PROD}/cloud-cluster=lkc-1/connector=a/b=c%20 ü", "lcc-2"),
        ("kafka=lkc-2", "lkc-2"),
        (f"{PROD}/cloud-cluster=lkc-2", "lkc-2"),
        (PROD, "env-1"),
        (f"{PROD}/cloud-cluster=lkc-1/connector=nothing", None),
        ("connector=pg-sink", None),
        ("organization=o-1", None),
    ],
)
def test_every_spelling_of_a_path_is_known(path: str, own: str | None) -> None:
    found = INVENTORY.find(path)
    assert (found.id if found else None) == own


def test_what_can_not_be_a_segment_goes_by_its_id() -> None:
    paths = {name: connector(CLUSTERS[0], 9, name).path for name in ("a b=c%é", "a/b", "a\nb", "x" * 600, " ")}
    by_name = f"{PROD}/cloud-cluster=lkc-1/connector="
    assert [name for name, path in paths.items() if path == by_name + name] == ["a b=c%é", " "]
    assert {path for path in paths.values() if not path.startswith(by_name)} == {"cloud-connector=lcc-9"}
    assert find_location("cloud-connector=lcc-2", INVENTORY).paths == ("cloud-connector=lcc-2",)
    assert find_location(f"{by_name}a/b=c%20 ü", INVENTORY).paths == ("cloud-connector=lcc-2",)
    assert find_location("cloud-connector=lcc-1", INVENTORY).paths == (SINK, "cloud-connector=lcc-1")
    assert CONNECTORS[1].label == "cloud-connector=lcc-2 (Production / orders / a/b=c%20 ü)"
    assert decode_connector({"id": "lcc-1", "name": "x", "state": "DELETED"}, CLUSTERS[0]) is None


def codes(*entries: DeclaredResource) -> list[str]:
    return [f"{item.severity}:{item.code}" for item in expand(entries, INVENTORY).diagnostics]


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        (exact(environment="Devv"), ('no environment "Devv"', '"Dev"')),
        (exact(environment="Dev", cluster="order"), ('no cluster "order" in the environment "Dev"', '"orders"')),
        (exact(environment="Dev", cluster="orders", connector="x"), ('no connector "x" in the cluster "orders"',)),
        (exact(connector="s3-snk"), ('no connector "s3-snk"', '"S3-Sink"')),
        (exact(connector="pg-sink"), ("2 connectors", "lcc-1 (Production / orders / pg-sink)", "lcc-4 (Dev / orders")),
    ],
)
def test_what_is_not_one_resource_is_an_error(selector: Selector, parts: tuple[str, ...]) -> None:
    (found,) = expand([entry(selector, muted=True)], INVENTORY).diagnostics
    assert found.code == ("ambiguous-resource" if parts[0].startswith("2") else "unknown-resource")
    assert all(part in found.message for part in parts), found.message


@pytest.mark.parametrize(
    ("resource", "paths"),
    [
        ("environment=Dev/cluster=orders/connector=a/b=c%20 ü", None),
        ("environment=Production/cluster=orders/connector=a/b=c%20 ü", ("cloud-connector=lcc-2",)),
        ("cloud-connector=lcc-2", ("cloud-connector=lcc-2",)),
        ("cluster=lkc-1/connector=pg-sink", (SINK, "cloud-connector=lcc-1")),
        ("compute_pool=flink", (POOL.path,)),
    ],
)
def test_a_location_by_names_has_paths_alone(resource: str, paths: tuple[str, ...] | None) -> None:
    if paths is None:
        with pytest.raises(UsageError, match="no connector"):
            find_location(find_path(resource, INVENTORY), INVENTORY)
    else:
        assert find_location(find_path(resource, INVENTORY), INVENTORY).paths == paths


@pytest.mark.parametrize("name", ["connector=pg-sink", "environment=PRODUCTION", "cluster=orders"])
def test_what_an_ambiguous_name_advises_to_write_is_understood(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_path(name, INVENTORY)
    assert INVENTORY.find(find_path(str(caught.value).rpartition(" ")[2], INVENTORY)) is not None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("pg-snik", 'did you mean "pg-sink"'),
        ("Dev", "glob on its path"),
        ("PG-sink", None),
        ("lcc-1", None),
        (f"{PROD}/cloud-cluster=lkc-1/connector=a/b=c%20 ü", None),
        ("nothing*", None),
    ],
)
def test_an_exact_name_that_excepts_nothing_is_a_warning(name: str, part: str | None) -> None:
    found = expand([entry(glob(types=("CONNECTOR",), excepts=(name,)), muted=True)], INVENTORY).diagnostics
    assert [item.code for item in found] == (["excludes-nothing"] if part else [])
    assert part is None or part in found[0].message


def test_an_entry_that_names_wins_and_matches_share_the_rest() -> None:
    first = entry(glob(types=("CONNECTOR",), name="pg-*"), 1, muted=True)
    second = entry(glob(types=("CONNECTOR",), cluster="lkc-3"), 2, subscriptions=(subscription("nt-failed"),))
    named = entry(exact(connector="lcc-1"), 3, muted=False)
    expanded = expand([first, second, named], INVENTORY)
    assert expanded.diagnostics == ()
    found = {item.resource: item.statement for item in expanded.resources}
    other = f"{DEV}/cloud-cluster=lkc-3/connector=pg-sink"
    assert {path: said.mute and said.mute.muted for path, said in found.items()} == {SINK: False, other: True}
    assert [len(found[path].matched) for path in (SINK, other)] == [0, 1]


OVERLAP = "error:overlapping-match"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(glob(name="pg-*"), 1, muted=True), entry(glob(name="*-sink"), 2, muted=False)], [OVERLAP]),
        ([entry(glob(name="nothing*"), muted=True)], ["warning:empty-match"]),
        ([entry(SINK, muted=True), entry("cloud-connector=lcc-1", 2, muted=True)], ["error:duplicate-resource"]),
        ([entry(SINK, muted=True), entry(exact(connector="lcc-1"), 2, muted=True)], ["error:duplicate-resource"]),
        ([entry(exact(connector="lcc-1"), 1), entry(exact(connector="lcc-1"), 2, muted=True)], []),
        ([entry(exact(environment="${X}")._replace(resolved=False), muted=True)], []),
    ],
)  # fmt: skip
def test_entries_against_each_other(entries: list[DeclaredResource], expected: list[str]) -> None:
    assert codes(*entries) == expected


def test_what_a_match_of_resources_shadows_within_itself_is_said() -> None:
    inside = (
        subscription(Match(severity=("CRITICAL",)), "a", "b", line=2),
        subscription("nt-failed", "b", line=3),
    )
    entries = [entry(glob(types=("CONNECTOR",), name="pg-*"), 1, subscriptions=inside)]
    assert shadows(*entries) == [3]
    # Where the resource's own entry decides, that one shadows the entry that would decide in the match.
    own = (subscription("nt-failed", "c", line=9),)
    entries += [entry(exact(connector=name), 8, subscriptions=own) for name in ("lcc-1", "lcc-4")]
    (message,) = {item.message for item in plan_of(*entries).diagnostics if item.code == "shadows-match"}
    assert '"b"' in message
    assert '"a"' not in message


def shadows(*entries: DeclaredResource) -> list[int]:
    found = (item for item in plan_of(*entries).diagnostics if item.code == "shadows-match")
    return sorted({item.position.line for item in found if item.position})


@given(st.permutations(ITEMS), st.permutations(range(4)))
@settings(max_examples=25, deadline=None)
def test_no_order_makes_a_difference(items: list[InventoryItem], order: list[int]) -> None:
    entries = [
        entry(glob(types=("CONNECTOR",)), 1, subscriptions=(subscription("nt-failed", line=1),)),
        entry(glob(types=("CONNECTOR",), name="pg-*"), 2, subscriptions=(subscription("nt-failed", line=2),)),
        entry(exact(connector="S3-Sink"), 3, subscriptions=(subscription("nt-shrink", line=3),)),
        entry(exact(connector="pg-snk"), 4, muted=True),
    ]
    base = plan_of(*entries)
    other = plan_of(*sorted((entries[index] for index in order), key=lambda item: item.position), items=items)
    assert other == base
    assert {item.code for item in base.diagnostics} == {"overlapping-match", "unknown-resource", "shadows-match"} - {
        "shadows-match"
    }


def plan_of(
    *entries: DeclaredResource,
    live: tuple[LiveResource, ...] = (),
    items: list[InventoryItem] | None = None,
    hidden: tuple[str, ...] = (),
    has_resources: bool = True,
    policy: Policy = Policy(discover=True),  # noqa: B008 -- frozen
) -> Any:
    declared: Any = workspace(*entries).declarations
    wanted = Workspace("confluent", declared._replace(has_resources=has_resources), policy)
    inventory = Inventory.of(ITEMS if items is None else items, "organization=o-1")
    names = {path: item.title(path) for path, item in inventory.by_path.items()}
    return make_plan(wanted, Live(live, CATALOGUE, names, frozenset(hidden), inventory), NOW, PROVIDER)


def mute(path: str, own: str = "rp-1", kind: str = "CONNECTOR") -> LiveResource:
    times = {"created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-02T03:04:05Z"}
    return codec.decode_preference({"id": own, "current_state": "DISABLED", "metadata": times}, path, kind)


def watch(path: str, own: str = "rs-1") -> LiveResource:
    body = {"id": own, "notification_type": {"id": "nt-failed"}, "integrations": [], "current_state": "ENABLED"}
    return codec.decode_resource_subscription(body, path, "CONNECTOR", CATALOGUE)


SYNC = Policy(mode=Mode.SYNC, discover=True)


def test_an_undeclared_mute_is_listed_with_its_names_and_a_warning() -> None:
    plan = plan_of(live=(mute(PROD, kind="ENVIRONMENT"), watch(SINK)))
    assert [(item.kind, item.id, item.kept, item.place) for item in plan.unmanaged] == [
        ("resource-preference", "rp-1", "not-declared", "Production"),
        ("resource-subscription", "rs-1", "not-declared", "Production / orders"),
    ]
    (found,) = plan.undeclared_mutes
    assert "environment=env-1 (Production)" in found.message
    assert "2026-11-02T03:04:05Z" in found.message
    assert plan.changes == ()


@pytest.mark.parametrize(
    ("entries", "has_resources", "deleted"),
    [
        ([], True, {"rp-1", "rs-1"}),
        ([], False, set()),
        ([entry(exact(connector="lcc-1"), muted=True)], True, set()),
        ([entry(exact(connector="lcc-1"), subscriptions=())], True, {"rs-1"}),
        ([entry(exact(connector="lcc-1"))], True, set()),
        ([entry("cloud-connector=lcc-1", muted=False, subscriptions=())], True, set()),
    ],
)  # fmt: skip
def test_sync_deletes_what_nobody_declared_and_leaves_what_an_entry_leaves_out(
    entries: list[DeclaredResource], has_resources: bool, deleted: set[str]
) -> None:
    plan = plan_of(*entries, live=(mute(SINK), watch(SINK)), has_resources=has_resources, policy=SYNC)
    assert {change.id for change in plan.changes if change.action == "delete"} == deleted
    spelled = any(item.resource for item in entries)
    assert any(item.code == "ambiguous-resource" for item in plan.diagnostics) == spelled


def test_what_is_left_alone_counts_for_no_limit() -> None:
    live = (mute(SINK), mute(PROD, "rp-2", "ENVIRONMENT"), mute(DEV, "rp-3", "ENVIRONMENT"))
    left_out = entry(exact(connector="lcc-1"), subscriptions=())
    assert [item.code for item in plan_of(left_out, live=live, policy=SYNC).refusals] == ["max-deletes"]
    forced = plan_of(left_out, live=live, policy=replace(SYNC, max_deletes=2))
    assert (len(forced.changes), forced.refusals) == (2, ())


def test_one_warning_for_all_hidden_resources_that_nothing_declares() -> None:
    hidden = (SINK, *(f"environment=env-{number}" for number in range(7)))
    plan = plan_of(entry(exact(connector="lcc-1"), muted=True), hidden=hidden)
    found = [item for item in plan.diagnostics if item.code == "not-visible"]
    assert len(found) == 2
    assert "7 resources" in found[-1].message
    assert "and 2 more" in found[-1].message


def test_one_warning_for_all_hidden_resources_of_a_match() -> None:
    hidden = tuple(item.path for item in CONNECTORS)
    plan = plan_of(entry(glob(types=("CONNECTOR",)), muted=True), hidden=hidden)
    (found,) = [item for item in plan.diagnostics if item.code == "not-visible"]
    assert (found.position, found.message.count("connector=")) == (at(1), 4)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_path_is_sent_as_written_beside_an_entry_by_name(order: tuple[int, int]) -> None:
    by_name = entry(exact(cluster="lkc-1"), order[0], subscriptions=(addition("nt-shrink"),))
    by_path = resource("cloud-cluster=lkc-1", kind="CLUSTER", line=order[1], muted=True)
    expanded = expand(sorted([by_name, by_path], key=lambda item: item.position), INVENTORY)
    assert [item.resource for item in expanded.resources] == ["cloud-cluster=lkc-1"]


def test_a_mute_below_a_muted_environment_is_redundant_by_name_too() -> None:
    plan = plan_of(entry(exact(environment="env-1"), 1, muted=True), entry(glob(types=("CONNECTOR",)), 2, muted=True))
    assert [(item.code, item.position) for item in plan.diagnostics] == [("redundant-mute", at(2))]


def test_without_an_inventory_entries_that_need_one_say_nothing() -> None:
    entries = [entry(exact(connector="lcc-1"), muted=True), entry(SINK, 2, muted=True)]
    assert [item.resource for item in expand(entries, None).resources] == [SINK]
    assert entries[0].mute == Mute(True, at(1))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("quota [BETA]", {"Quota [beta]", "quota b"}),
        ("quota [.b]*", {"quota b"}),
        ("quota *", {"Quota [beta]", "quota b"}),
        ("quota [b]", {"quota b"}),
        ("qu?ta b", {"quota b"}),
        ("quota", set()),
    ],
)
def test_a_name_with_the_characters_of_a_glob_is_found_by_itself(pattern: str, found: set[str]) -> None:
    names, test = ("Quota [beta]", "quota b"), make_test((pattern,))
    assert {name for name in names if is_called((name,), (pattern,))} == found
    assert {name for name in names if test is not None and test(name.casefold())} == found
