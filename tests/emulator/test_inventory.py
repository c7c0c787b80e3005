"""Environments, clusters, connectors and compute pools: the lists, and how a test changes them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from notifconf.emulator.confluent.inventory import CANARY
from notifconf.emulator.faults import parse_fault

HOST = "https://api.confluent.cloud"
ENVIRONMENTS = f"{HOST}/org/v2/environments"
CLUSTERS = f"{HOST}/cmk/v2/clusters"
POOLS = f"{HOST}/fcpm/v2/compute-pools"
PRODUCTION, STAGING, ORDERS = "env-p7x2kq", "env-s4m9dz", "lkc-8n3qvr"
NAMES = ["my sink", "a/b", "a=b", "100%", "größe", "日本", 'quo"te', " "]


def connectors(environment: str = PRODUCTION, cluster: str = ORDERS) -> str:
    return f"{HOST}/connect/v1/environments/{environment}/clusters/{cluster}/connectors"


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ids(answer: httpx.Response) -> list[str]:
    return [found["id"] for found in data(answer)]


def test_a_new_organisation_has_an_inventory(confluent):
    environments = {found["display_name"]: found["id"] for found in data(confluent.get(ENVIRONMENTS))}
    assert list(environments) == ["Production", "Staging"]
    clusters = [
        found for own in environments.values() for found in data(confluent.get(f"{CLUSTERS}?environment={own}"))
    ]
    assert [found["spec"]["display_name"] for found in clusters] == ["orders", "payments", "orders"]
    found = [
        name
        for cluster in clusters
        for name in confluent.get(connectors(cluster["spec"]["environment"]["id"], cluster["id"])).json()
    ]
    assert found == ["pg-sink", "s3-archive", "fraud-alerts", "Ledger export", "pg-sink"]
    assert len(data(confluent.get(f"{POOLS}?environment={PRODUCTION}"))) == 1


def test_objects_are_as_the_vendor_describes_them(confluent):
    crn = "crn://confluent.cloud/organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a"
    environment = data(confluent.get(ENVIRONMENTS))[0]
    assert environment["metadata"]["resource_name"] == f"{crn}/environment={PRODUCTION}"
    cluster = data(confluent.get(f"{CLUSTERS}?environment={PRODUCTION}"))[0]
    assert cluster["metadata"]["resource_name"] == f"{crn}/environment={PRODUCTION}/cloud-cluster={ORDERS}"
    assert (cluster["api_version"], cluster["status"]["phase"]) == ("cmk/v2", "PROVISIONED")
    (pool,) = data(confluent.get(f"{POOLS}?environment={PRODUCTION}"))
    place = f"environment={PRODUCTION}/flink-region=aws.us-east-2/compute-pool={pool['id']}"
    assert pool["metadata"]["resource_name"] == f"{crn}/{place}"
    assert pool["spec"]["environment"]["id"] == PRODUCTION


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("expand=id,info,status", {"id", "info", "status"}),
        ("expand=id&expand=status", {"id", "status"}),
        ("expand=info", {"info"}),
    ],
)
def test_connectors_are_expanded(confluent, query, parts):
    found = confluent.get(f"{connectors()}?{query}").json()
    assert list(found) == ["pg-sink", "s3-archive"]
    assert all(body.keys() == parts for body in found.values())


def test_a_connector_holds_secrets_of_others(confluent):
    found = confluent.get(f"{connectors()}?expand=id,info,status").json()["pg-sink"]
    assert found["id"]["id"] == "lcc-p1gsnk"
    assert found["status"]["connector"]["state"] == "RUNNING"
    secrets = [value for value in found["info"]["config"].values() if CANARY in value]
    assert len(set(secrets)) == 4


@pytest.mark.parametrize("query", ["", "?expand=", "?expand=colour"])
def test_without_expansion_there_are_names(confluent, query):
    assert confluent.get(connectors() + query).json() == ["pg-sink", "s3-archive"]


@pytest.mark.parametrize("url", [CLUSTERS, POOLS])
def test_the_environment_is_required(confluent, url):
    for query in ("", "?environment="):
        answer = confluent.get(url + query)
        assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, {"parameter": "environment"})


def test_what_does_not_exist(confluent):
    for url in (CLUSTERS, POOLS):
        assert data(confluent.get(f"{url}?environment=env-none")) == []
    for place in ((PRODUCTION, "lkc-none"), (STAGING, ORDERS), ("env-none", ORDERS)):
        assert confluent.get(connectors(*place)).status_code == 404


@pytest.mark.parametrize("url", [ENVIRONMENTS, CLUSTERS, POOLS, connectors()])
def test_they_are_read_with_credentials_and_never_written(confluent, url):
    assert confluent.get(url, headers={"Authorization": "Basic"}).status_code == 401
    assert confluent.send("POST", url, {}).status_code == 405


@pytest.mark.parametrize("url", [ENVIRONMENTS, f"{CLUSTERS}?environment=env-big", f"{POOLS}?environment=env-big"])
def test_pages(confluent, url):
    own = {"environment": "env-big"}
    confluent.emulator.replace(
        {
            "environments": [{"id": "env-big"}, *({"id": f"env-{n}"} for n in range(204))],
            "clusters": [{"id": f"lkc-{n}", **own} for n in range(205)],
            "compute-pools": [{"id": f"lfcp-{n}", **own} for n in range(205)],
        }
    )
    mark = "&" if "?" in url else "?"
    assert len(ids(confluent.get(url))) == 10
    for size, pages in ((100, 3), (41, 5)):
        answers = confluent.all_pages(f"{url}{mark}page_size={size}")
        assert len(answers) == pages
        assert len({found for answer in answers for found in ids(answer)}) == 205
        following = httpx.URL(answers[0].json()["metadata"]["next"])
        assert (following.host, following.path) == ("api.confluent.cloud", httpx.URL(url).path)
        assert len(following.params["page_token"]) <= 255
    for refused in ("0", "101", "250", "ten"):
        assert confluent.get(f"{url}{mark}page_size={refused}").status_code == 400
    metadata = confluent.get(url).json()["metadata"]
    assert metadata.keys() == {"next"} if "compute-pools" in url else metadata["total_size"] == 205


def test_a_token_holds_for_its_environment_alone(confluent):
    confluent.emulator.grow_inventory(environments=2, clusters=3, connectors=0)
    first, second = [found["id"] for found in confluent.emulator.objects("environments")[-2:]]
    answer = confluent.get(f"{CLUSTERS}?environment={first}&page_size=2").json()
    token = httpx.URL(answer["metadata"]["next"]).params["page_token"]
    assert confluent.get(f"{CLUSTERS}?environment={first}&page_token={token}").status_code == 200
    assert confluent.get(f"{CLUSTERS}?environment={second}&page_token={token}").status_code == 400


@pytest.mark.parametrize(
    ("pattern", "statuses"),
    [
        (f"environment={PRODUCTION}", [200, 403, 403, 200]),
        (f"environment={PRODUCTION}*", [200, 403, 403, 403]),
        (f"*{ORDERS}", [200, 200, 200, 403]),
        (f"environment={STAGING}*", [200, 200, 200, 200]),
    ],
)
def test_some_of_it_may_be_forbidden(confluent, pattern, statuses):
    confluent.emulator.settings.forbidden_resources = [pattern]
    urls = [ENVIRONMENTS, f"{CLUSTERS}?environment={PRODUCTION}", f"{POOLS}?environment={PRODUCTION}", connectors()]
    answers = [confluent.get(url) for url in urls]
    assert [answer.status_code for answer in answers] == statuses
    codes = {answer.json()["errors"][0]["code"] for answer in answers if answer.status_code == 403}
    assert codes <= {"user_unauthorized"}


@pytest.mark.parametrize(
    ("fault", "url", "status"),
    [
        ("403:path=*environment=env-s4m9dz*", f"{CLUSTERS}?environment={STAGING}", 403),
        ("403:path=*environment=env-s4m9dz*", f"{CLUSTERS}?environment={PRODUCTION}", 200),
        ("403:path=*/lkc-8n3qvr/*", connectors(), 403),
        ("503:path=/org/*", ENVIRONMENTS, 503),
    ],
)
def test_faults_strike_a_part_of_it(confluent, fault, url, status):
    confluent.emulator.settings.faults = [parse_fault(fault)]
    assert confluent.get(url).status_code == status


@pytest.mark.parametrize(("fault", "expected"), [("repeat-page", [[0, 1]] * 2), ("loop-token", [[0, 1]] * 2)])
@pytest.mark.parametrize("collection", ["clusters", "compute-pools"])
def test_lists_go_wrong_as_all_lists(confluent, fault, expected, collection):
    url = CLUSTERS if collection == "clusters" else POOLS
    own = {"environment": PRODUCTION}
    confluent.emulator.replace({collection: [{"id": f"x-{n}", **own} for n in range(4)]})
    confluent.emulator.settings.faults = [parse_fault(fault)]
    first = confluent.get(f"{url}?environment={PRODUCTION}&page_size=2")
    second = confluent.get(first.json()["metadata"]["next"])
    assert [ids(answer) for answer in (first, second)] == [[f"x-{n}" for n in page] for page in expected]


def test_a_body_of_another_shape(confluent):
    confluent.emulator.settings.faults = [parse_fault("wrong-type")]
    assert confluent.get(f"{connectors()}?expand=id").json() == [None]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_free_text(confluent, name):
    emulator = confluent.emulator
    (environment,) = emulator.seed("environments", {"display_name": name})
    (cluster,) = emulator.seed("clusters", {"display_name": name, "environment": environment})
    (pool,) = emulator.seed("compute-pools", {"display_name": name, "environment": environment})
    members = {"name": name, "environment": environment, "cluster": cluster, "type": "source", "state": "FAILED"}
    (connector,) = emulator.seed("connectors", members)
    assert data(confluent.get(ENVIRONMENTS))[-1]["display_name"] == name
    assert data(confluent.get(f"{CLUSTERS}?environment={environment}"))[0]["spec"]["display_name"] == name
    assert [ids(confluent.get(f"{POOLS}?environment={environment}"))] == [[pool]]
    ((key, found),) = confluent.get(f"{connectors(environment, cluster)}?expand=id,info,status").json().items()
    assert (key, found["id"]["id"], found["info"]["name"], found["info"]["config"]["name"]) == (
        name,
        connector,
        name,
        name,
    )
    assert (found["status"]["type"], found["status"]["connector"]["state"]) == ("source", "FAILED")


@pytest.mark.parametrize("name", NAMES)
def test_everything_can_be_renamed(confluent, name):
    emulator = confluent.emulator
    for collection in ("environments", "clusters", "compute-pools"):
        before = emulator.objects(collection)
        changed = emulator.change(collection, before[0]["id"], {"display_name": name, "id": "other"})
        assert changed.get("spec", changed)["display_name"] == name
        assert [found["id"] for found in emulator.objects(collection)] == [found["id"] for found in before]
    emulator.change("connectors", "lcc-p1gsnk", {"name": name})
    assert confluent.get(connectors()).json() == [name, "s3-archive"]
    assert emulator.change("connectors", "lcc-none", {"name": name}) is None


def test_what_is_removed_takes_along_what_is_inside(confluent):
    emulator = confluent.emulator
    assert emulator.remove("clusters", ORDERS) is True
    assert len(emulator.objects("connectors")) == 3
    assert confluent.get(connectors()).status_code == 404
    assert emulator.remove("environments", PRODUCTION) is True
    assert [len(emulator.objects(name)) for name in ("environments", "clusters", "connectors", "compute-pools")] == [
        1,
        1,
        1,
        0,
    ]
    assert emulator.remove("environments", PRODUCTION) is False


def test_an_inventory_can_be_put_back(confluent):
    emulator = confluent.emulator
    emulator.seed("connectors", {"name": "a/b", "environment": PRODUCTION, "cluster": ORDERS, "type": "source"})
    emulator.change("clusters", ORDERS, {"display_name": "x"})
    for raw in (False, True):
        before, answer = emulator.state(), confluent.get(f"{connectors()}?expand=id,info,status").json()
        emulator.replace(before, raw=raw)
        assert emulator.state() == before
        assert confluent.get(f"{connectors()}?expand=id,info,status").json() == answer
