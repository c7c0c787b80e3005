from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from notifconf.errors import ApiError, ForbiddenError, NotFoundError, ProtocolError, ServiceError
from notifconf.providers.confluent.api import describe_error
from tests.providers.confluent.declared import integration, workspace
from tests.providers.confluent.organisation import Organisation, page, refusal

WANTED = workspace(integration())
VENDOR = "https://api.confluent.cloud/notifications/v1/integrations?page_size=250&page_token="


def channel(number: int) -> dict[str, Any]:
    return {"id": f"i-{number}", "display_name": f"Channel {number}", "target": {"kind": "Slack"}}


def read(*pages: Any) -> tuple[list[str], list[httpx.Request]]:
    organisation = Organisation(integrations=list(pages))
    live = organisation.ask(lambda connection: connection.read(WANTED))
    return [item.id for item in live.resources], organisation.requests


def refused(*pages: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        read(*pages)
    return str(caught.value)


def test_pages_are_followed_by_their_token_to_our_own_endpoint() -> None:
    ids, requests = read(
        page(channel(1), channel(2), next=VENDOR + "a%2Bb%3D%3D", total_size=3),
        page(channel(3), next=None, total_size=3),
    )
    assert ids == ["i-1", "i-2", "i-3"]
    assert {request.url.host for request in requests} == {"api.example.test"}
    assert [dict(request.url.params) for request in requests] == [
        {"page_size": "250"},
        {"page_size": "250", "page_token": "a+b=="},
    ]


@pytest.mark.parametrize("metadata", [{}, {"next": None}, {"next": ""}, {"next": "", "total_size": 0}, {"first": "x"}])
def test_the_last_page(metadata: dict[str, Any]) -> None:
    assert read(page(channel(1), **metadata))[0] == ["i-1"]


def test_a_list_without_metadata_is_one_page() -> None:
    assert read({"data": [channel(1)]})[0] == ["i-1"]
    assert read({"data": [channel(1)], "metadata": None})[0] == ["i-1"]


def test_an_empty_page_in_between_ends_nothing() -> None:
    assert read(page(next=VENDOR + "a"), page(channel(1), next=VENDOR + "b"), page())[0] == ["i-1"]


@pytest.mark.parametrize("total", [0, 1, None, "5", 2.5, True, -1])
def test_a_total_that_says_nothing_is_no_reason(total: Any) -> None:
    assert read(page(channel(1), total_size=total))[0] == ["i-1"]


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([page(channel(1), next=VENDOR + "a"), page(channel(2), next=VENDOR + "a")], "circle"),
        ([page(channel(1), next=VENDOR + "a"), page(channel(1))], "twice"),
        ([page(channel(1), channel(1))], "twice"),
        ([page(channel(1), total_size=2)], "2 objects, and only 1"),
        ([page(total_size=1)], "1 objects, and only 0"),
        ([page(channel(1), next="https://api.confluent.cloud/notifications/v1/integrations")], "not which"),
        ([page(channel(1), next=VENDOR)], "not which"),
        ([page(channel(1), next=VENDOR + "a&page_token=b")], "not which"),
        ([page(channel(1), next=5)], "not which"),
        ([page(channel(1), next=["?page_token=a"])], "not which"),
        ([page(channel(1), next="https://[oops?page_token=a")], "not which"),
        ([page(channel(1), next=VENDOR + "a"), refusal(404)], "breaks off"),
        ([{"metadata": {}}], "no list"),
        ([{"metadata": {}, "data": None}], "no list"),
        ([{"metadata": {}, "data": {"0": channel(1)}}], "no list"),
        ([{"metadata": [], "data": []}], "metadata"),
        ([{"metadata": "x", "data": []}], "metadata"),
        ([page("i-1")], "without an id"),
        ([page(None)], "without an id"),
        ([page({"display_name": "x"})], "without an id"),
        ([page({"id": 5})], "without an id"),
        ([httpx.Response(200, content=b"")], "empty"),
        ([httpx.Response(200, content=b"<html></html>")], "not JSON"),
        ([httpx.Response(200, json=[channel(1)])], "no object"),
    ],
)
def test_a_list_that_can_not_be_trusted_is_an_error(pages: list[Any], text: str) -> None:
    assert text in refused(*pages)


@pytest.mark.parametrize(
    "document",
    [{}, {"metadata": 5, "data": []}, page(channel(1), channel(1)), page(next="x"), page(next=VENDOR + "a")],
)
def test_the_error_of_a_list_names_the_request(document: Any) -> None:
    pages = [httpx.Response(200, json=document, headers={"x-request-id": f"r-{number}"}) for number in (1, 2)]
    assert re.search(r"\(request id r-[12]\)$", refused(*pages))


def test_a_list_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifconf.http.paging.MAX_PAGES", 5)
    assert "no end" in refused(*(page(next=f"{VENDOR}{number}") for number in range(5)))


def test_a_list_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        read(refusal(404))


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_list_that_fails_is_an_error(status: int) -> None:
    with pytest.raises(ApiError, match=r"/notifications/v1/integrations was answered .* \(request id r-1\)"):
        read(refusal(status))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, ""),
        ({}, ""),
        ([], ""),
        ("text", ""),
        ({"errors": []}, ""),
        ({"errors": "text"}, ""),
        ({"errors": [None, 5, {}, {"detail": 5}]}, ""),
        ({"errors": [{"title": "Bad Request", "detail": "too long"}]}, "too long"),
        ({"errors": [{"title": "Bad Request"}]}, "Bad Request"),
        ({"errors": [{"code": "quota_exceeded", "detail": ""}]}, "quota_exceeded"),
        ({"errors": [{"detail": "a", "source": {"pointer": "/target/url"}}]}, "a (at /target/url)"),
        ({"errors": [{"detail": "a", "source": {"parameter": "page_size"}}, {"detail": "b"}]}, "a (at page_size); b"),
        ({"errors": [{"detail": "a", "source": {"pointer": 5}}]}, "a"),
        ({"errors": [{"detail": "a"}, {"detail": "a"}]}, "a"),
        ({"errors": [{"detail": str(number)} for number in range(7)]}, "0; 1; 2; 3; 4 and 2 more"),
        ({"error_code": 40002, "message": "older"}, "older"),
        ({"errors": [{"error_code": 40002, "message": "older"}]}, "older"),
    ],
)
def test_what_an_error_says(body: Any, text: str) -> None:
    assert describe_error(body) == text


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": 5}, {"id": ""}])
def test_a_create_without_an_id_is_of_unknown_fate(body: Any) -> None:
    organisation = Organisation(integrations=httpx.Response(201, json=body))
    with pytest.raises(ProtocolError) as caught:
        organisation.ask(lambda connection: connection.create("integration", {"display_name": "x"}))
    assert caught.value.sent
    assert caught.value.operation == "POST /notifications/v1/integrations"


MISSING = httpx.Response(403, json={"errors": [{"code": "forbidden_access", "detail": "Forbidden Access"}]})
NO_RIGHTS = httpx.Response(403, json={"errors": [{"code": "user_unauthorized", "detail": "Forbidden Access"}]})


def test_a_delete_that_is_answered_forbidden_access_finds_nothing() -> None:
    """It is how the service says that an object is missing, or not visible."""
    organisation = Organisation(**{"integrations/i-1": MISSING})
    with pytest.raises(NotFoundError, match="Forbidden Access"):
        organisation.ask(lambda connection: connection.delete("integration", "i-1", {}))


def test_a_read_that_is_answered_forbidden_access_finds_nothing() -> None:
    organisation = Organisation(**{"integrations/i-1": MISSING})
    assert organisation.ask(lambda connection: connection.get("integration", "i-1", {})) is None


@pytest.mark.parametrize("answer", [NO_RIGHTS, httpx.Response(403), httpx.Response(403, json=[])])
def test_every_other_403_is_about_rights(answer: httpx.Response) -> None:
    organisation = Organisation(**{"integrations/i-1": answer})
    for ask in (
        lambda connection: connection.delete("integration", "i-1", {}),
        lambda connection: connection.get("integration", "i-1", {}),
    ):
        with pytest.raises(ForbiddenError):
            organisation.ask(ask)


def test_an_update_that_is_answered_forbidden_access_is_an_error() -> None:
    organisation = Organisation(**{"integrations/i-1": MISSING})
    with pytest.raises(ForbiddenError):
        organisation.ask(
            lambda connection: connection.update("integration", "i-1", {"description": ""}, ["description"])
        )


@pytest.mark.parametrize("failure", [httpx.ReadError("reset"), refusal(503)])
def test_a_create_of_unknown_fate_is_not_sent_again(failure: Any) -> None:
    organisation = Organisation(integrations=failure)
    with pytest.raises(ServiceError) as caught:
        organisation.ask(lambda connection: connection.create("integration", {"display_name": "x"}))
    assert caught.value.sent
    assert len(organisation.requests) == 1


@pytest.mark.parametrize(
    ("hostile", "path"),
    [
        ("../notification-types/nt-1", b"..%2Fnotification-types%2Fnt-1"),
        ("a/b?c#d", b"a%2Fb%3Fc%23d"),
        ("%2e%2e", b"%252e%252e"),
    ],
)
def test_ids_can_not_leave_their_place_in_a_path(hostile: str, path: bytes) -> None:
    organisation = Organisation()
    with pytest.raises(NotFoundError):
        organisation.ask(lambda connection: connection.delete("subscription", hostile, {}))
    (request,) = organisation.requests
    assert request.url.raw_path == b"/notifications/v1/subscriptions/" + path


def test_a_query_is_percent_encoded() -> None:
    organisation = Organisation()
    attributes = {"resource": "environment=e/connector=a b+c%", "resource_type": "CONNECTOR", "notification_type": "n"}
    organisation.ask(lambda connection: connection.find("resource-subscription", attributes))
    (request,) = organisation.requests
    assert b"resource=environment%3De%2Fconnector%3Da%20b%2Bc%25&" in request.url.raw_path


def test_a_secret_that_was_read_is_masked_in_errors() -> None:
    url = "https://hooks.example.test/services/T0/B0/a-secret-token-of-it"
    item = {"id": "i-1", "target": {"kind": "New", "options": {"url": url}}}
    organisation = Organisation(integrations=[page(item), refusal(403, f"not {url}")])

    async def ask(connection: Any) -> None:
        await connection.read(WANTED)
        await connection.update("integration", "i-1", {"display_name": "x"}, ["display_name"])

    organisation.answers["integrations/i-1"] = refusal(403, f"not {url}")
    with pytest.raises(ForbiddenError) as caught:
        organisation.ask(ask)
    assert "not (sensitive)" in str(caught.value)
