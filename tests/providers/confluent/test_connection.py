from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from notifconf.errors import (
    ApiError,
    ForbiddenError,
    NotFoundError,
    ProtocolError,
    ServerError,
    UsageError,
)
from notifconf.http.client import Client, ClientOptions
from notifconf.model.diagnostic import error
from notifconf.model.policy import Mode
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.plan.planner import make_plan
from notifconf.providers.confluent import PROVIDER
from notifconf.providers.confluent.catalogue import Catalogue
from notifconf.providers.confluent.connection import ConfluentConnection
from notifconf.providers.confluent.workspace import Match
from tests.providers.confluent.declared import CATALOGUE, NOW, at, integration, resource, subscription, workspace
from tests.providers.confluent.organisation import Organisation, page, refusal

ENVIRONMENT = "environment=env-1"
CLUSTER = "environment=env-1/cloud-cluster=lkc-1"
TYPE = {"id": "nt-shrink", "display_name": "Kafka cluster shrink failure"}
CHANNEL = {"id": "i-1", "display_name": "Alerts", "target": {"kind": "Webhook", "url": "https://example.test/secret"}}
SUBSCRIPTION = {"id": "s-1", "notification_type": {"id": "nt-shrink"}, "integrations": [{"id": "i-1"}]}


def organisation(**answers: Any) -> Organisation:
    usual = {
        "notification_types": page(TYPE),
        "integrations": page(CHANNEL),
        "subscriptions": page(SUBSCRIPTION),
        "resource_subscriptions": page({**SUBSCRIPTION, "id": "rs-1"}),
        "resource_preferences": {"id": "rp-1", "current_state": "DISABLED"},
    }
    return Organisation(**(usual | answers))


def read(service: Organisation, wanted: Workspace) -> Live:
    return service.ask(lambda connection: connection.read(wanted))


LISTS = ["GET integrations", "GET notification-types", "GET subscriptions"]


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (workspace(), []),
        (workspace(integration()), ["GET integrations"]),
        (workspace(managed={"integration"}), ["GET integrations"]),
        (workspace(integration(), mode=Mode.SYNC), ["GET integrations", "GET subscriptions"]),
        (workspace(mode=Mode.SYNC), []),
        (workspace(subscription("nt-1")), LISTS),
        (workspace(subscription(Match())), LISTS),
        (workspace(managed={"subscription"}), LISTS),
        (workspace(resource(muted=True)), [f"GET resource-preferences:lookup?{ENVIRONMENT}"]),
        (workspace(resource(muted=False)), [f"GET resource-preferences:lookup?{ENVIRONMENT}"]),
        (
            workspace(resource(subscriptions=())),
            ["GET integrations", "GET notification-types", f"GET resource-subscriptions:lookup?{ENVIRONMENT}"],
        ),
        (
            workspace(
                integration(),
                subscription("nt-1"),
                resource(muted=True, subscriptions=(subscription("nt-1"),)),
                resource(CLUSTER, kind="CLUSTER", subscriptions=()),
                resource("kafka=lkc-2", kind="CLUSTER", muted=True),
                resource("kafka=lkc-3", kind="CLUSTER"),
            ),
            sorted(
                [
                    *LISTS,
                    f"GET resource-preferences:lookup?{ENVIRONMENT}",
                    "GET resource-preferences:lookup?kafka=lkc-2",
                    f"GET resource-subscriptions:lookup?{ENVIRONMENT}",
                    f"GET resource-subscriptions:lookup?{CLUSTER}",
                ]
            ),
        ),
    ],
)
def test_a_plan_reads_what_it_needs_and_nothing_else(wanted: Workspace, asked: list[str]) -> None:
    service = organisation()
    read(service, wanted)
    assert service.asked == asked


def test_what_is_read() -> None:
    wanted = workspace(
        integration(), subscription("nt-shrink"), resource(muted=True, subscriptions=(subscription("nt-shrink"),))
    )
    live = read(organisation(), wanted)
    assert [(item.kind, item.id, item.name) for item in live.resources] == [
        ("integration", "i-1", "Alerts"),
        ("subscription", "s-1", "Kafka cluster shrink failure"),
        ("resource-preference", "rp-1", ENVIRONMENT),
        ("resource-subscription", "rs-1", f"{ENVIRONMENT}#Kafka cluster shrink failure"),
    ]
    assert live.names == {"nt-shrink": "Kafka cluster shrink failure", "i-1": "Alerts"}
    assert isinstance(live.catalogue, Catalogue)
    assert [item.id for item in live.catalogue.types] == ["nt-shrink"]


def test_lookups_name_the_resource_and_its_type() -> None:
    service = organisation()
    read(service, workspace(resource(CLUSTER, kind="CLUSTER", muted=True, subscriptions=())))
    lookups = {request.url.path.rpartition("/")[2]: dict(request.url.params) for request in service.requests}
    assert lookups["resource-preferences:lookup"] == {"resource": CLUSTER, "resource_type": "CLUSTER"}
    assert lookups["resource-subscriptions:lookup"] == {
        "resource": CLUSTER,
        "resource_type": "CLUSTER",
        "page_size": "250",
    }


def test_a_lookup_of_nothing_is_nothing() -> None:
    service = organisation(resource_preferences=refusal(404), resource_subscriptions=refusal(404))
    live = read(service, workspace(resource(muted=True, subscriptions=())))
    assert {item.kind for item in live.resources} == {"integration"}


def test_deleted_objects_are_absent() -> None:
    gone = {"metadata": {"deleted_at": "2026-01-01T00:00:00Z"}}
    service = organisation(
        notification_types=page(TYPE | gone),
        integrations=page(CHANNEL | gone),
        subscriptions=page(SUBSCRIPTION | gone),
        resource_subscriptions=page(SUBSCRIPTION | gone),
        resource_preferences={"id": "rp-1"} | gone,
    )
    live = read(service, workspace(subscription("nt-1"), resource(muted=True, subscriptions=())))
    assert (live.resources, live.names) == ((), {})


@pytest.mark.parametrize("kind", ["resource_preferences", "resource_subscriptions"])
@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_lookup_that_fails_names_the_resource_and_its_place(kind: str, status: int) -> None:
    wanted = workspace(resource(muted=True, subscriptions=(), line=7))
    with pytest.raises(ApiError) as caught:
        read(organisation(**{kind: refusal(status)}), wanted)
    assert str(caught.value).startswith(f'notifconf.yaml:7:1: "{ENVIRONMENT}": GET /notifications/v1/resource-')
    assert (caught.value.status, caught.value.request_id) == (status, "r-1")
    assert isinstance(caught.value, ForbiddenError) == (status == 403)
    assert isinstance(caught.value, ServerError) == (status == 500)
    assert caught.value.operation.endswith(":lookup")


def test_a_lookup_that_can_not_be_trusted_names_the_resource_and_its_place() -> None:
    service = organisation(resource_preferences=httpx.Response(404, content=b"<html>"))
    with pytest.raises(ProtocolError, match=f'notifconf.yaml:7:1: "{ENVIRONMENT}": .*not by the API'):
        read(service, workspace(resource(muted=True, line=7)))


def test_a_lookup_answering_for_another_resource_is_an_error() -> None:
    service = organisation(resource_preferences={"id": "rp-1", "resource": "environment=env-2"})
    with pytest.raises(ProtocolError, match="environment=env-2"):
        read(service, workspace(resource(muted=True)))


def test_the_first_failure_ends_the_read() -> None:
    """No more lookups than workers, although thousands are declared."""
    wanted = workspace(*(resource(f"environment=env-{number}", muted=True) for number in range(2000)))
    service = organisation(resource_preferences=refusal(403))
    with pytest.raises(ForbiddenError):
        service.ask(lambda connection: connection.read(wanted), parallelism=4)
    assert len(service.requests) <= 4


def test_order_does_not_matter() -> None:
    channels = [CHANNEL | {"id": f"i-{number}"} for number in range(5)]
    wanted = workspace(integration())
    assert read(organisation(integrations=page(*channels)), wanted) == read(
        organisation(integrations=page(*reversed(channels))), wanted
    )


def looked_up(kind: str, resource: str, object_id: str = "old") -> LiveResource:
    return LiveResource(kind, object_id, resource, (), {"resource": resource})


BEFORE = Live(
    (
        LiveResource("integration", "i-1", "One", (), {}),
        LiveResource("integration", "i-old", "Old", (), {}),
        LiveResource("subscription", "s-old", "Old", (), {}),
        looked_up("resource-preference", ENVIRONMENT, "rp-old"),
        looked_up("resource-preference", CLUSTER, "rp-other"),
        looked_up("resource-subscription", ENVIRONMENT, "rs-old"),
        looked_up("resource-subscription", CLUSTER, "rs-other"),
    ),
    CATALOGUE,
    {"i-1": "One", "i-old": "Old"},
)
PLACE: dict[str, Any] = {"resource": ENVIRONMENT, "resource_type": "ENVIRONMENT"}


@pytest.mark.parametrize(
    ("touched", "asked", "ids"),
    [
        ([], [], ["i-1", "i-old", "s-old", "rp-old", "rp-other", "rs-old", "rs-other"]),
        (
            [("integration", {})],
            ["GET integrations"],
            ["i-1", "s-old", "rp-old", "rp-other", "rs-old", "rs-other"],
        ),
        (
            [("subscription", {}), ("subscription", {})],
            ["GET subscriptions"],
            ["i-1", "i-old", "s-1", "rp-old", "rp-other", "rs-old", "rs-other"],
        ),
        (
            [("resource-preference", PLACE)],
            [f"GET resource-preferences:lookup?{ENVIRONMENT}"],
            ["i-1", "i-old", "s-old", "rp-1", "rp-other", "rs-old", "rs-other"],
        ),
        (
            [
                ("resource-subscription", PLACE | {"notification_type": "nt-1"}),
                ("resource-subscription", PLACE | {"notification_type": "nt-2"}),
            ],
            [f"GET resource-subscriptions:lookup?{ENVIRONMENT}"],
            ["i-1", "i-old", "s-old", "rp-old", "rp-other", "rs-1", "rs-other"],
        ),
    ],
)
def test_only_what_was_touched_is_read_again(touched: Any, asked: list[str], ids: list[str]) -> None:
    service = organisation()
    after = service.ask(lambda connection: connection.reread(BEFORE, touched))
    assert service.asked == asked
    assert [item.id for item in after.resources] == ids
    assert after.catalogue is CATALOGUE


@pytest.mark.parametrize("touched", ["subscription", "resource-subscription"])
def test_an_integration_that_a_list_knows_first_is_read_once(touched: str) -> None:
    service = organisation(integrations=page())
    before = replace(BEFORE, resources=tuple(item for item in BEFORE.resources if item.id != "i-1"))
    after = service.ask(lambda connection: connection.reread(before, [(touched, PLACE)]))
    assert (service.asked.count("GET integrations"), len(service.asked)) == (1, 2)
    assert not [item for item in after.resources if item.kind == "integration"]


def test_what_is_gone_is_gone_when_read_again() -> None:
    service = organisation(resource_preferences=refusal(404), integrations=page())
    after = service.ask(
        lambda connection: connection.reread(BEFORE, [("resource-preference", PLACE), ("integration", {})])
    )
    assert [item.id for item in after.resources] == ["s-old", "rp-other", "rs-old", "rs-other"]
    assert "i-old" not in after.names


def test_a_survey_reads_everything_that_is_listed() -> None:
    service = organisation()
    live = service.ask(lambda connection: connection.survey([ENVIRONMENT, CLUSTER, ENVIRONMENT, "organization=o-1"]))
    assert service.asked == sorted(
        [
            *LISTS,
            "GET /org/v2/environments",
            "GET /org/v2/environments",
            f"GET resource-preferences:lookup?{ENVIRONMENT}",
            f"GET resource-preferences:lookup?{CLUSTER}",
            "GET resource-preferences:lookup?organization=o-1",
            f"GET resource-subscriptions:lookup?{ENVIRONMENT}",
            f"GET resource-subscriptions:lookup?{CLUSTER}",
        ]
    )
    assert len(live.resources) == 7


def test_a_path_needs_no_inventory_even_if_it_reads_like_names() -> None:
    service = organisation()
    live = service.ask(lambda connection: connection.survey(["environment=prod"]))
    assert "GET resource-preferences:lookup?environment=prod" in service.asked
    assert live.inventory is None
    with pytest.raises(NotFoundError):
        service.ask(lambda connection: connection.survey(["cluster=orders"]))


@pytest.mark.parametrize("wrong", ["", "env-1", "topic=orders"])
def test_a_survey_of_something_that_is_no_resource(wrong: str) -> None:
    with pytest.raises(UsageError, match="TYPE=ID"):
        organisation().ask(lambda connection: connection.survey([wrong]))


WRITABLE: dict[str, Any] = {
    "display_name": "Alerts",
    "target": {"kind": "Slack", "webhook_url": "https://example.test/x"},
}


@pytest.mark.parametrize(
    ("kind", "attributes", "found"),
    [
        ("integration", WRITABLE, "i-1"),
        ("integration", WRITABLE | {"display_name": "alerts"}, None),
        ("subscription", {"notification_type": "nt-shrink"}, "s-1"),
        ("subscription", {"notification_type": "nt-2"}, None),
        ("resource-preference", PLACE, "rp-1"),
        ("resource-subscription", PLACE | {"notification_type": "nt-shrink"}, "rs-1"),
        ("resource-subscription", PLACE | {"notification_type": "nt-2"}, None),
    ],
)
def test_objects_are_found_by_their_natural_key(kind: str, attributes: Any, found: str | None) -> None:
    live = organisation().ask(lambda connection: connection.find(kind, attributes))
    assert [item.id for item in live] == ([found] if found else [])


def test_a_read_only_integration_of_that_name_is_another() -> None:
    mail = {"id": "i-2", "display_name": "Alerts", "target": {"kind": "RoleEmail", "role_name": "R"}}
    service = organisation(integrations=page(mail))
    assert service.ask(lambda connection: connection.find("integration", WRITABLE)) == []


@pytest.mark.parametrize(
    ("kind", "attributes", "answers"),
    [
        ("integration", WRITABLE, {"integrations": page(CHANNEL, CHANNEL | {"id": "i-2"})}),
        (
            "subscription",
            {"notification_type": "nt-shrink"},
            {"subscriptions": page(SUBSCRIPTION, SUBSCRIPTION | {"id": "s-2"})},
        ),
    ],
)
def test_all_twins_are_found(kind: str, attributes: Any, answers: dict[str, Any]) -> None:
    found = organisation(**answers).ask(lambda connection: connection.find(kind, attributes))
    assert len(found) == 2


def test_lookups_run_side_by_side_but_never_more_than_may() -> None:
    flying = highest = 0

    async def handle(_: httpx.Request) -> httpx.Response:
        nonlocal flying, highest
        flying += 1
        highest = max(highest, flying)
        for _turn in range(3):
            await asyncio.sleep(0)
        flying -= 1
        return refusal(404)

    wanted = workspace(*(resource(f"environment=env-{number}", muted=True) for number in range(50)))

    async def run() -> Live:
        async with Client(
            "https://api.example.test", transport=httpx.MockTransport(handle), options=ClientOptions(parallelism=7)
        ) as client:
            return await ConfluentConnection(client).read(wanted)

    assert asyncio.run(run()).resources == ()
    assert highest == 7


MUTED_AND_SUBSCRIBED: list[Any] = [
    integration("alerts", display_name="Alerts"),
    resource(muted=True, subscriptions=(subscription("nt-shrink"),), line=7),
    resource(CLUSTER, kind="CLUSTER", muted=True, line=9),
]


def not_visible(*codes: str | None) -> httpx.Response:
    return httpx.Response(403, json={"errors": [{"detail": "Forbidden Access", "code": code} for code in codes]})


def test_a_lookup_of_what_is_not_visible_counts_as_none_with_one_warning_each() -> None:
    hidden = not_visible("forbidden_access")
    wanted = workspace(*MUTED_AND_SUBSCRIBED)
    live = read(organisation(resource_preferences=hidden, resource_subscriptions=hidden), wanted)
    assert live.not_visible == {ENVIRONMENT, CLUSTER}
    assert {item.kind for item in live.resources} == {"integration"}
    plan = make_plan(wanted, live, NOW, PROVIDER)
    warned = [item for item in plan.diagnostics if item.code == "not-visible"]
    assert [(item.severity, item.position, item.address) for item in warned] == [
        ("warning", at(7), f"resource-preferences/{ENVIRONMENT}"),
        ("warning", at(9), f"resource-preferences/{CLUSTER}"),
    ]
    assert all(path in item.message for path, item in zip((ENVIRONMENT, CLUSTER), warned, strict=True))
    assert plan.errors == ()
    assert {change.kind: change.action for change in plan.changes if change.kind != "integration"} == {
        "resource-preference": "create",
        "resource-subscription": "create",
    }


@pytest.mark.parametrize(
    "answer",
    [
        not_visible("user_unauthorized"),
        not_visible("forbidden_access", "user_unauthorized"),
        not_visible(None),
        not_visible(),
        httpx.Response(403, json={"code": "forbidden_access"}),
        httpx.Response(403, json={"errors": "forbidden_access"}),
        httpx.Response(403, text="forbidden_access"),
        httpx.Response(400, json={"errors": [{"code": "forbidden_access"}]}),
    ],
)
def test_every_other_refusal_of_a_lookup_is_an_error(answer: httpx.Response) -> None:
    for kind in ("resource_preferences", "resource_subscriptions"):
        with pytest.raises(ApiError, match=ENVIRONMENT):
            read(organisation(**{kind: answer}), workspace(*MUTED_AND_SUBSCRIBED[:2]))


def test_a_list_that_is_forbidden_is_an_error_whatever_its_code() -> None:
    for name in ("integrations", "subscriptions", "notification_types"):
        with pytest.raises(ForbiddenError):
            read(organisation(**{name: not_visible("forbidden_access")}), workspace(subscription("nt-shrink")))


def test_what_is_read_again_may_have_become_visible() -> None:
    hidden = not_visible("forbidden_access")
    service = organisation(resource_preferences=[hidden, {"id": "rp-1", "current_state": "DISABLED"}, hidden])
    touched = [("resource-preference", {"resource": ENVIRONMENT, "resource_type": "ENVIRONMENT"})]

    async def twice(connection: ConfluentConnection) -> list[Live]:
        before = await connection.read(workspace(resource(muted=True)))
        after = await connection.reread(before, touched)
        return [before, after, await connection.reread(after, touched)]

    assert [live.not_visible for live in service.ask(twice)] == [{ENVIRONMENT}, frozenset(), {ENVIRONMENT}]


def test_an_invalid_workspace_is_read_without_lookups_of_what_can_be_no_path() -> None:
    entries = [
        resource(muted=True),
        resource("environment=env-2", kind="", muted=True),
        resource("nonsense", muted=True, subscriptions=()),
        resource("environment=${ENV}", muted=True),
    ]
    valid = workspace(*entries)
    service = organisation()
    read(service, replace(valid, diagnostics=(error("invalid-value", "no"),)))
    assert [item for item in service.asked if "lookup" in item] == [f"GET resource-preferences:lookup?{ENVIRONMENT}"]
