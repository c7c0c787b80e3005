from __future__ import annotations

from typing import Any

import httpx
import pytest

from notifconf.errors import ApiError, ForbiddenError, InvalidRequestError, NotFoundError, ProtocolError, ServerError
from notifconf.providers.konnect.api import describe_error
from tests.providers.konnect.declared import INVOICE, TOKEN, Hub, document, entry, page, user_configuration, workspace

LIST = f"configurations/{TOKEN.id}/subscriptions"
VENDOR = f"https://global.api.konghq.com/v1/notifications/{LIST}?page%5Bafter%5D="
EVENTS = {"data": [user_configuration(TOKEN), user_configuration(INVOICE)]}
ATTRIBUTES: dict[str, Any] = {
    "event": TOKEN.id,
    "name": "All",
    "regions": ["*"],
    "entities": ["*"],
    "channels": {"EMAIL": True},
    "enabled": True,
}


def hub(*pages: Any) -> Hub:
    return Hub({"configurations": EVENTS, LIST: list(pages)})


def read(*pages: Any) -> list[str]:
    return [item.id for item in hub(*pages).ask(lambda connection: connection.read(workspace(entry()))).resources]


def refused(*pages: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        read(*pages)
    return str(caught.value)


@pytest.mark.parametrize("legacy", [False, True], ids=["newer", "older"])
@pytest.mark.parametrize("address", [VENDOR, f"/v1/notifications/{LIST}?page[size]=10&page[after]=", "?page[after]="])
@pytest.mark.parametrize("end", [None, ""])
def test_pages_are_followed_by_their_cursor_to_our_own_endpoint(legacy: bool, address: str, end: str | None) -> None:
    service = hub(
        page(document(1), document(2), next=address + "a%2Bb%3D%3D", legacy=legacy),
        page(document(3), next=end, legacy=legacy),
    )
    live = service.ask(lambda connection: connection.read(workspace(entry())))
    assert [item.id for item in live.resources] == ["id-1", "id-2", "id-3"]
    assert {request.url.host for request in service.requests} == {"hub.test"}
    assert [dict(request.url.params) for request in service.requests] == [{}, {}, {"page[after]": "a+b=="}]


@pytest.mark.parametrize("legacy", [False, True], ids=["newer", "older"])
@pytest.mark.parametrize("cursor", ["ewogICJpZCI6", "a/b+c=="])
def test_a_cursor_may_stand_alone_in_place_of_an_address(legacy: bool, cursor: str) -> None:
    service = hub(page(document(1), next=cursor, legacy=legacy), page(document(2), legacy=legacy))
    live = service.ask(lambda connection: connection.read(workspace(entry())))
    assert [item.id for item in live.resources] == ["id-1", "id-2"]
    assert dict(service.requests[-1].url.params) == {"page[after]": cursor}


@pytest.mark.parametrize(
    "meta", [{}, {"page": {}}, {"page": {"next": None}}, {"page": None}, {"next": ""}, {"page": {"next": ""}}, None]
)
def test_the_last_page(meta: Any) -> None:
    assert read({"data": [document(1)], "meta": meta}) == ["id-1"]


def test_a_list_without_meta_is_one_page() -> None:
    assert read({"data": [document(1)]}) == ["id-1"]


def test_an_empty_page_in_between_ends_nothing() -> None:
    assert read(page(next=VENDOR + "a"), page(document(1), next=VENDOR + "b"), page()) == ["id-1"]


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([{}], "has no list of objects"),
        ([{"data": None}], "has no list of objects"),
        ([{"data": {}}], "has no list of objects"),
        ([{"data": [], "meta": []}], "has pages of a wrong type"),
        ([{"data": [], "meta": "x"}], "has pages of a wrong type"),
        ([{"data": [], "meta": {"page": "x"}}], "has pages of a wrong type"),
        ([page(next=7)], "names a next page, but not which"),
        ([page(next="/v1/notifications")], "names a next page, but not which"),
        ([page(next="?page[after]=")], "names a next page, but not which"),
        ([page(next="?page[after]=a&page[after]=b")], "names a next page, but not which"),
        ([page(next="http://[")], "names a next page, but not which"),
        ([page(next=VENDOR + "a"), page(next=VENDOR + "a")], "leads in a circle"),
        ([page(next=VENDOR + "a"), page(next=VENDOR + "b"), page(next=VENDOR + "a")], "leads in a circle"),
        ([page(document(1), document(1))], 'holds "id-1" twice'),
        ([page(document(1), next=VENDOR + "a"), page(document(1))], 'holds "id-1" twice'),
        ([page(next=VENDOR + "a"), httpx.Response(404, json={"status": 404})], "breaks off with 404"),
        ([page({"name": "x"})], 'a subscription without its "id"'),
        ([page("x")], 'a subscription without its "id"'),
        ([page(document(1, enabled="x"))], '"enabled"'),
    ],
)
def test_a_list_that_can_not_be_trusted_is_an_error_at_its_place(pages: list[Any], text: str) -> None:
    message = refused(*pages)
    assert message.startswith("notifconf.yaml:1:12: ")
    assert text in message


@pytest.mark.parametrize(
    "events", [{}, {"data": 7}, {"data": [{}]}, {"data": [user_configuration(TOKEN), user_configuration(TOKEN)]}]
)
def test_events_that_can_not_be_trusted_are_an_error(events: Any) -> None:
    with pytest.raises(ProtocolError):
        Hub({"configurations": events}).ask(lambda connection: connection.read(workspace(entry())))


def test_a_list_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifconf.http.paging.MAX_PAGES", 3)
    assert "has no end" in refused(*(page(document(n), next=f"{VENDOR}{n}") for n in range(4)))


@pytest.mark.parametrize(
    ("endpoint", "root"),
    [
        ("https://hub.test", "/v1/notifications"),
        ("https://hub.test/", "/v1/notifications"),
        ("https://hub.test/v1", "/v1/notifications"),
        ("https://hub.test/konnect/v1/", "/konnect/v1/notifications"),
    ],
)
def test_an_endpoint_of_a_host_alone_means_version_1(endpoint: str, root: str) -> None:
    service = Hub({"/konnect/v1/notifications/configurations": EVENTS, "configurations": EVENTS})
    service.ask(lambda connection: connection._api.events(), endpoint=endpoint)
    assert [request.url.path for request in service.requests] == [f"{root}/configurations"]


PROBLEM = {
    "status": 400,
    "title": "Bad Request",
    "type": "https://httpstatuses.com/400",
    "instance": "kong:trace:8347343766220159418",
    "detail": "Invalid parameters",
}


def parameter(field: Any, reason: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "reason": reason, "source": "body", **more}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (PROBLEM, "Invalid parameters (kong:trace:8347343766220159418)"),
        (PROBLEM | {"title": "Quota"}, "Quota: Invalid parameters (kong:trace:8347343766220159418)"),
        (PROBLEM | {"detail": "Bad request"}, "(kong:trace:8347343766220159418)"),
        (
            PROBLEM
            | {
                "invalid_parameters": [
                    parameter("name", "is a required field", rule="required"),
                    parameter("regions.0", "must be one of EU, US", rule="enum", choices=["EU", "US"]),
                ]
            },
            "(kong:trace:8347343766220159418): name: is a required field; regions.0: must be one of EU, US",
        ),
        ({"invalid_parameters": [parameter("name", "is too long")]}, "name: is too long"),
        ({"invalid_parameters": [parameter("name", 7), "x", None, parameter(None, "y"), {}]}, ""),
        ({"invalid_parameters": [parameter(f"f{n}", "no") for n in range(12)]}, "f9: no; and 2 more"),
        ({"invalid_parameters": "x", "detail": "no"}, "no"),
        ({"status": [], "title": "no", "instance": 7}, "no"),
        ({"status": 799, "title": "no", "detail": "no"}, "no"),
        ({"message": "Unauthorized"}, ""),
        ([], ""),
        (None, ""),
        ("no", ""),
    ],
)
def test_what_an_error_says(body: Any, text: str) -> None:
    assert describe_error(body).endswith(text) if text else describe_error(body) == ""


@pytest.mark.parametrize(
    ("status", "error"), [(400, InvalidRequestError), (403, ForbiddenError), (404, NotFoundError), (500, ServerError)]
)
def test_an_error_names_the_place_the_fields_and_the_trace(status: int, error: type[ApiError]) -> None:
    body = PROBLEM | {"status": status, "invalid_parameters": [parameter("eventId", "is unknown")]}
    with pytest.raises(error) as caught:
        read(httpx.Response(status, json=body, headers={"content-type": "application/problem+json"}))
    message = str(caught.value)
    assert message.startswith(f"notifconf.yaml:1:12: GET /notifications/{LIST} was answered {status}")
    assert "(kong:trace:8347343766220159418): eventId: is unknown" in message
    assert caught.value.status == status


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": ""}])
def test_a_create_without_an_id_is_of_unknown_fate(body: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        Hub({LIST: body}).ask(lambda connection: connection.create("event-subscription", ATTRIBUTES))
    assert caught.value.sent


def test_ids_can_not_leave_their_place_in_a_path() -> None:
    service = Hub({})
    with pytest.raises(NotFoundError):
        service.ask(
            lambda connection: connection.delete("event-subscription", "../x?y#z", ATTRIBUTES | {"event": "a/b"})
        )
    assert service.requests[0].url.raw_path == (b"/v1/notifications/configurations/a%2Fb/subscriptions/..%2Fx%3Fy%23z")
