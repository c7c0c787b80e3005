from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from notifconf.errors import ForbiddenError, ProtocolError
from notifconf.http.client import Client, ClientOptions
from notifconf.model.policy import Mode
from notifconf.model.state import Live, Workspace
from notifconf.providers.konnect.connection import KonnectConnection
from tests.providers.konnect.declared import (
    BARE,
    CATALOGUE,
    INVOICE,
    PLANE,
    TOKEN,
    Hub,
    document,
    entry,
    page,
    user_configuration,
    workspace,
)

KIND = "event-subscription"
EVENTS = {
    "data": [
        user_configuration(INVOICE),
        user_configuration(TOKEN),
        user_configuration(PLANE, event_subscription_count=2),
        user_configuration(BARE),
    ]
}
ATTRIBUTES: dict[str, Any] = {
    "event": TOKEN.id,
    "name": "All",
    "regions": ["*"],
    "entities": ["*"],
    "channels": {"EMAIL": True, "IN_APP": True},
    "enabled": True,
}


def path(event: str) -> str:
    return f"configurations/{event}/subscriptions"


def hub(**answers: Any) -> Hub:
    lists = {path(event.id): page(document(n, f"S{n}")) for n, event in enumerate(CATALOGUE.events)}
    return Hub({"configurations": EVENTS} | lists | {path(TOKEN.id): answers.get("tokens", lists[path(TOKEN.id)])})


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (workspace(managed=False), []),
        (workspace(managed=False, mode=Mode.SYNC), []),
        (workspace(), ["configurations"]),
        (workspace(entry(TOKEN)), ["configurations", path(TOKEN.id)]),
        (workspace(entry(TOKEN), entry("Token expiring", "B")), ["configurations", path(TOKEN.id)]),
        (workspace(entry(TOKEN), entry("no such")), ["configurations", path(TOKEN.id)]),
        # The count of the one that is declared is 0, and may lag; nobody knows that of the bare one.
        (
            workspace(entry(TOKEN), mode=Mode.SYNC),
            ["configurations", path(BARE.id), path(PLANE.id), path(TOKEN.id)],
        ),
        (workspace(mode=Mode.SYNC), ["configurations", path(BARE.id), path(PLANE.id)]),
    ],
)
def test_a_plan_reads_what_it_needs_and_nothing_else(wanted: Workspace, asked: list[str]) -> None:
    service = hub()
    live = service.ask(lambda connection: connection.read(wanted))
    assert service.asked == [f"GET {item}" for item in asked]
    assert len(live.resources) == max(0, len(asked) - 1)


def test_a_survey_reads_all() -> None:
    service = hub()
    live = service.ask(lambda connection: connection.survey([]))
    assert service.asked == ["GET configurations", *(f"GET {path(event.id)}" for event in CATALOGUE.events)]
    assert [item.name.partition("#")[0] for item in live.resources] == [event.id for event in CATALOGUE.events]
    assert live.catalogue is not None


def test_only_the_events_of_what_was_touched_are_read_again() -> None:
    service = hub(tokens=[page(document(8), document(9)), page(document(9, "New"))])
    live = service.ask(lambda connection: connection.read(workspace(entry(TOKEN), entry(PLANE))))
    service.requests.clear()
    touched: list[tuple[str, Any]] = [(KIND, ATTRIBUTES), (KIND, ATTRIBUTES | {"name": "B"})]
    after = service.ask(lambda connection: connection.reread(live, touched))
    assert service.asked == [f"GET {path(TOKEN.id)}"]
    assert [item.name for item in after.resources] == [f"{PLANE.id}#S2", f"{TOKEN.id}#New"]
    assert after.catalogue is live.catalogue


def test_reading_again_what_nobody_knew() -> None:
    after = hub().ask(lambda connection: connection.reread(Live(), [(KIND, ATTRIBUTES)]))
    assert [item.name for item in after.resources] == [f"{TOKEN.id}#S3"]


def test_an_undeclared_event_that_may_not_be_read_names_no_place() -> None:
    forbidden = httpx.Response(403, json={"detail": "not yours"})
    service = Hub({"configurations": EVENTS, path(PLANE.id): forbidden, path(BARE.id): page()})
    with pytest.raises(ForbiddenError) as caught:
        service.ask(lambda connection: connection.read(workspace(mode=Mode.SYNC)))
    assert str(caught.value).startswith("GET /notifications/configurations/")


def sent(service: Hub) -> Any:
    return json.loads(service.requests[-1].content)


BODY = {
    "name": "All",
    "regions": ["*"],
    "entities": ["*"],
    "channels": [{"type": "EMAIL", "enabled": True}, {"type": "IN_APP", "enabled": True}],
    "enabled": True,
}


def test_what_is_sent() -> None:
    item = f"{path(TOKEN.id)}/id-1"
    service = Hub({path(TOKEN.id): document(1), item: document(1)})
    assert service.ask(lambda connection: connection.create(KIND, ATTRIBUTES)) == "id-1"
    assert sent(service) == BODY
    service.ask(lambda connection: connection.update(KIND, "id-1", ATTRIBUTES | {"enabled": False}, ["enabled"]))
    assert sent(service) == BODY | {"enabled": False}
    service.ask(lambda connection: connection.delete(KIND, "id-1", ATTRIBUTES))
    assert service.asked == [f"DELETE {item}", f"PATCH {item}", f"POST {path(TOKEN.id)}"]


def test_an_answer_without_an_id_is_no_subscription() -> None:
    nameless = {name: value for name, value in document(1).items() if name != "id"}
    service = Hub({"configurations": EVENTS, f"{path(TOKEN.id)}/id-1": nameless})
    with pytest.raises(ProtocolError):
        service.ask(lambda connection: connection.get(KIND, "id-1", ATTRIBUTES))


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([], None),
        ([document(1, "Other")], None),
        ([document(1, "Other"), document(2, "All", regions=["EU"])], "id-2"),
        ([document(1, None)], "id-1"),
        ([document(1, None), document(2, "All")], "id-2"),
        ([document(1, None, regions=["EU"])], None),
    ],
)
def test_a_subscription_is_found_by_its_natural_key(items: list[Any], found: str | None) -> None:
    item = hub(tokens=page(*items)).ask(lambda connection: connection.find(KIND, ATTRIBUTES))
    assert [one.id for one in item] == ([found] if found else [])


@pytest.mark.parametrize("name", ["All", None])
def test_all_twins_are_found(name: str | None) -> None:
    service = hub(tokens=page(document(1, name), document(2, name)))
    found = service.ask(lambda connection: connection.find(KIND, ATTRIBUTES))
    assert [(item.id, item.attributes["name"]) for item in found] == [("id-1", "All"), ("id-2", "All")]


def test_what_was_there_before_is_not_what_was_just_made() -> None:
    before, mine = document(1, None), document(2, None)
    service = hub(tokens=[page(before), page(before), page(before, mine)])

    async def look(connection: KonnectConnection) -> list[list[str]]:
        await connection.read(workspace(entry(TOKEN)))
        found = [await connection.find(KIND, ATTRIBUTES) for _ in range(2)]
        return [[item.id for item in items] for items in found]

    assert service.ask(look) == [[], ["id-2"]]


def test_what_an_older_service_keeps_no_name_of_goes_by_the_one_that_was_sent() -> None:
    first, second = document(1, None), document(2, None)
    item = f"{path(TOKEN.id)}/id-2"
    service = hub(tokens=[first, page(first), page(first, second)])
    service.answers[item] = second

    async def look(connection: KonnectConnection) -> list[str]:
        await connection.create(KIND, ATTRIBUTES)
        assert await connection.find(KIND, ATTRIBUTES | {"name": "B"}) == []
        await connection.update(KIND, "id-2", ATTRIBUTES | {"name": "B"}, ["name"])
        live = await connection.reread(Live(), [(KIND, ATTRIBUTES)])
        return [str(found.attributes["name"]) for found in live.resources]

    assert service.ask(look) == ["All", "B"]


def test_there_is_nothing_to_verify() -> None:
    service = hub()
    service.ask(lambda connection: connection.verify(KIND, ATTRIBUTES))
    assert service.requests == []


def test_lists_are_read_side_by_side_but_never_more_than_may() -> None:
    busy = peak = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal busy, peak
        if request.url.path.endswith("/configurations"):
            data = [{"event_id": f"e{n}"} for n in range(30)]
            return httpx.Response(200, json={"data": data})
        busy += 1
        peak = max(peak, busy)
        for _ in range(5):
            await asyncio.sleep(0)
        busy -= 1
        return httpx.Response(200, json=page())

    async def run() -> None:
        async with Client(
            "https://hub.test/v1", transport=httpx.MockTransport(answer), options=ClientOptions(parallelism=4)
        ) as client:
            await KonnectConnection(client).survey([])

    asyncio.run(run())
    assert peak == 4
