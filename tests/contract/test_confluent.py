"""Every method of the connection against the emulator, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest

from notifconf.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    QuotaError,
)
from notifconf.http.client import Client, ClientOptions
from notifconf.http.endpoint import Authorization
from notifconf.http.exchange import Exchange
from notifconf.model.resource import LiveResource, Secret
from notifconf.model.state import Live
from notifconf.providers.base import Connection, Plain
from notifconf.providers.confluent import PROVIDER
from notifconf.providers.confluent.catalogue import Catalogue
from tests.contract.conftest import Served
from tests.providers.confluent.declared import integration, resource, subscription, workspace

Result = TypeVar("Result")

URL = "https://hooks.example.test/services/T0/B0/t0ps3cret-of-the-channel"
SLACK: dict[str, Any] = {"kind": "Slack", "webhook_url": URL}
CHANNEL: dict[str, Any] = {"display_name": "Alerts", "description": "#alerts", "target": SLACK}
SHRINK = "Kafka cluster shrink failure"
SAML = "SAML certificate is expiring soon"
ENVIRONMENT: dict[str, Any] = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
EVERYTHING = workspace(integration(), subscription(SHRINK), resource(muted=True, subscriptions=(subscription(SHRINK),)))


class Organisation:
    """A connection for each question, so that nothing is remembered."""

    def __init__(self, served: Served, authorization: Authorization | None) -> None:
        self.served = served
        self.authorization = authorization
        self.exchanges: list[Exchange] = []

    def ask(self, question: Callable[[Connection], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with Client(
                self.served.url, self.authorization, options=ClientOptions(observer=self.exchanges.append)
            ) as client:
                return await question(PROVIDER.connect(client))

        return asyncio.run(run())

    def read(self) -> Live:
        return self.ask(lambda connection: connection.read(EVERYTHING))

    def create(self, kind: str, attributes: Mapping[str, Plain]) -> str:
        return self.ask(lambda connection: connection.create(kind, attributes))

    def update(self, kind: str, object_id: str, attributes: Mapping[str, Plain], *changed: str) -> None:
        self.ask(lambda connection: connection.update(kind, object_id, attributes, changed))

    def delete(self, kind: str, object_id: str) -> None:
        self.ask(lambda connection: connection.delete(kind, object_id, {}))

    def find(self, kind: str, attributes: Mapping[str, Plain]) -> LiveResource | None:
        return next(iter(self.ask(lambda connection: connection.find(kind, attributes))), None)

    def live(self, kind: str, object_id: str) -> LiveResource | None:
        return next((item for item in self.read().resources if (item.kind, item.id) == (kind, object_id)), None)

    def type_id(self, name: str) -> str:
        catalogue = self.read().catalogue
        assert isinstance(catalogue, Catalogue)
        (found,) = catalogue.named(name)
        return found.id

    def subscribed(self, name: str = SHRINK, **members: Any) -> dict[str, Any]:
        channel = self.create("integration", CHANNEL | {"display_name": f"Channel for {name}"[:64]})
        return {
            "notification_type": self.type_id(name),
            "integrations": [channel],
            "current_state": "ENABLED",
        } | members


@pytest.fixture
def organisation(served: Served) -> Organisation:
    return Organisation(served, Authorization.basic("key", "secret"))


def test_a_new_organisation(organisation: Organisation) -> None:
    live = organisation.read()
    assert isinstance(live.catalogue, Catalogue)
    assert len(live.catalogue.types) == 20
    kinds = [(item.kind, item.kept) for item in live.resources]
    assert kinds.count(("integration", "read-only")) == 1
    assert kinds.count(("subscription", "required")) == 6
    assert kinds.count(("subscription", None)) == 1
    assert len(kinds) == 8
    assert set(live.names) == {item.id for item in live.catalogue.types} | {
        item.id for item in live.resources if item.kind == "integration"
    }


def test_a_bearer_token_opens_it_too(served: Served) -> None:
    assert Organisation(served, Authorization.bearer("token")).read().resources


def test_no_credentials_open_nothing(served: Served) -> None:
    with pytest.raises(AuthenticationError, match="request id"):
        Organisation(served, None).read()


def test_an_integration_lives_and_dies(organisation: Organisation) -> None:
    created = organisation.create("integration", CHANNEL)
    found = organisation.live("integration", created)
    assert found is not None
    assert found.attributes == {
        "display_name": "Alerts",
        "description": "#alerts",
        "target": {"kind": "Slack", "webhook_url": Secret(URL)},
    }
    assert organisation.find("integration", CHANNEL) == found
    moved: dict[str, Any] = {
        "display_name": "Pager",
        "description": "",
        "target": {"kind": "Webhook", "url": "https://pager.example.test"},
    }
    organisation.update("integration", created, moved, "display_name", "description", "target")
    found = organisation.live("integration", created)
    assert found is not None
    assert found.attributes == moved | {"target": {"kind": "Webhook", "url": Secret("https://pager.example.test")}}
    organisation.delete("integration", created)
    assert organisation.live("integration", created) is None
    with pytest.raises(NotFoundError):
        organisation.delete("integration", created)
    with pytest.raises(NotFoundError):
        organisation.update("integration", created, moved, "display_name")


def test_a_patch_holds_only_what_changed(organisation: Organisation) -> None:
    created = organisation.create("integration", CHANNEL)
    organisation.update("integration", created, CHANNEL | {"display_name": "Other", "description": "x"}, "display_name")
    found = organisation.live("integration", created)
    assert found is not None
    assert (found.name, found.attributes["description"]) == ("Other", "#alerts")


def test_a_subscription_lives_and_dies(organisation: Organisation) -> None:
    attributes = organisation.subscribed()
    other = organisation.create("integration", CHANNEL)
    created = organisation.create("subscription", attributes)
    found = organisation.live("subscription", created)
    assert found is not None
    assert (found.name, found.kept) == (SHRINK, None)
    assert found.attributes == attributes | {"integrations": tuple(attributes["integrations"])}
    with pytest.raises(ConflictError):
        organisation.create("subscription", attributes)
    assert (sought := organisation.find("subscription", attributes)) is not None
    assert sought.id == created
    organisation.update(
        "subscription",
        created,
        attributes | {"integrations": [other], "current_state": "DISABLED"},
        "integrations",
        "current_state",
    )
    found = organisation.live("subscription", created)
    assert found is not None
    assert (found.attributes["integrations"], found.attributes["current_state"]) == ((other,), "DISABLED")
    organisation.delete("subscription", created)
    assert organisation.find("subscription", attributes) is None


def test_a_required_subscription_stays(organisation: Organisation) -> None:
    (required,) = (item for item in organisation.read().resources if item.name == SAML)
    assert required.kept == "required"
    with pytest.raises(InvalidRequestError, match="REQUIRED"):
        organisation.delete("subscription", required.id)
    with pytest.raises(InvalidRequestError, match=r"\(at /current_state\)"):
        organisation.update("subscription", required.id, {"current_state": "DISABLED"}, "current_state")


def test_a_preference_lives_and_dies(organisation: Organisation) -> None:
    muted = ENVIRONMENT | {"current_state": "DISABLED"}
    assert organisation.find("resource-preference", muted) is None
    created = organisation.create("resource-preference", muted)
    found = organisation.live("resource-preference", created)
    assert found is not None
    assert found.attributes == muted
    assert organisation.find("resource-preference", muted) == found
    organisation.update("resource-preference", created, muted | {"current_state": "ENABLED"}, "current_state")
    found = organisation.live("resource-preference", created)
    assert found is not None
    assert found.attributes["current_state"] == "ENABLED"
    organisation.delete("resource-preference", created)
    assert organisation.live("resource-preference", created) is None


def test_a_resource_subscription_lives_and_dies(organisation: Organisation) -> None:
    attributes = organisation.subscribed(**ENVIRONMENT)
    created = organisation.create("resource-subscription", attributes)
    found = organisation.live("resource-subscription", created)
    assert found is not None
    assert found.name == f"environment=env-1#{SHRINK}"
    with pytest.raises(ConflictError):
        organisation.create("resource-subscription", attributes)
    assert (sought := organisation.find("resource-subscription", attributes)) is not None
    assert sought.id == created
    organisation.update("resource-subscription", created, attributes | {"current_state": "DISABLED"}, "current_state")
    found = organisation.live("resource-subscription", created)
    assert found is not None
    assert found.attributes["current_state"] == "DISABLED"
    organisation.delete("resource-subscription", created)
    assert organisation.find("resource-subscription", attributes) is None


def test_an_integration_in_use_conflicts(organisation: Organisation) -> None:
    attributes = organisation.subscribed()
    organisation.create("subscription", attributes)
    (used,) = attributes["integrations"]
    with pytest.raises(ConflictError, match="is used by"):
        organisation.delete("integration", str(used))


def test_the_quota(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisation.served.emulator.settings, "quota", 0)
    with pytest.raises(QuotaError) as caught:
        organisation.create("integration", CHANNEL)
    assert not caught.value.sent


def test_more_objects_than_a_page_holds(organisation: Organisation) -> None:
    names = [f"Channel {number:03}" for number in range(601)]
    organisation.served.emulator.seed(
        "integrations", *({"display_name": name, "target": {"kind": "Slack", "webhook_url": URL}} for name in names)
    )
    live = organisation.ask(lambda connection: connection.read(workspace(integration())))
    assert sorted(item.name for item in live.resources if item.name.startswith("Channel")) == names
    assert [exchange.path for exchange in organisation.exchanges] == ["/notifications/v1/integrations"] * 3


def test_requests_of_a_plan(organisation: Organisation) -> None:
    organisation.read()
    assert sorted(exchange.path.removeprefix("/notifications/v1/") for exchange in organisation.exchanges) == [
        "integrations",
        "notification-types",
        "resource-preferences:lookup",
        "resource-subscriptions:lookup",
        "subscriptions",
    ]
    assert all(exchange.status in (200, 404) and exchange.request_id for exchange in organisation.exchanges)


def test_what_was_touched_is_read_again(organisation: Organisation) -> None:
    before = organisation.read()
    attributes = organisation.subscribed()
    created = organisation.create("subscription", attributes)
    organisation.create("resource-preference", ENVIRONMENT | {"current_state": "DISABLED"})
    organisation.exchanges.clear()
    touched: list[tuple[str, Mapping[str, Plain]]] = [("integration", CHANNEL), ("subscription", attributes)]
    after = organisation.ask(lambda connection: connection.reread(before, touched))
    assert sorted(exchange.path.rpartition("/")[2] for exchange in organisation.exchanges) == [
        "integrations",
        "subscriptions",
    ]
    new = {(item.kind, item.id) for item in after.resources} - {(item.kind, item.id) for item in before.resources}
    assert new == {("integration", after_id) for after_id in attributes["integrations"]} | {("subscription", created)}
    assert {item.name for item in after.resources if item.id == created} == {SHRINK}


def test_a_survey(organisation: Organisation) -> None:
    organisation.create("resource-preference", ENVIRONMENT | {"current_state": "DISABLED"})
    live = organisation.ask(lambda connection: connection.survey(["environment=env-1", "environment=env-2"]))
    assert [item.name for item in live.resources if item.kind == "resource-preference"] == ["environment=env-1"]
    assert len(live.resources) == 9


def test_a_target_is_verified(organisation: Organisation) -> None:
    organisation.ask(lambda connection: connection.verify("integration", CHANNEL))
    assert [exchange.path for exchange in organisation.exchanges] == ["/notifications/v1/integrations:test"]


def test_a_target_that_does_not_answer_is_not(organisation: Organisation) -> None:
    dead = CHANNEL | {"target": {"kind": "Webhook", "url": "http://127.0.0.1:9/t0ps3cret-of-the-channel"}}
    with pytest.raises(ApiError) as caught:
        organisation.ask(lambda connection: connection.verify("integration", dead))
    assert "t0ps3cret" not in str(caught.value)


def test_only_integrations_have_something_to_verify(organisation: Organisation) -> None:
    organisation.ask(lambda connection: connection.verify("subscription", {"notification_type": "nt-1"}))
    assert organisation.exchanges == []


def test_a_forbidden_resource(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisation.served.emulator.settings, "forbidden_resources", ["environment=env-1"])
    with pytest.raises(ForbiddenError, match=r'notifconf\.yaml:1:1: "environment=env-1": .*403.*request id'):
        organisation.read()


def test_credentials_that_may_only_read(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisation.served.emulator.settings, "read_only", True)
    assert organisation.read().resources
    with pytest.raises(ForbiddenError):
        organisation.create("integration", CHANNEL)
