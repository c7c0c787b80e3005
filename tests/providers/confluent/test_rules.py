from __future__ import annotations

from typing import Any

import pytest

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import Action, Change, Reference
from notifconf.model.resource import LiveResource, Resource, Secret
from notifconf.providers.confluent import PROVIDER
from tests.providers.confluent.declared import URL, at, live

SLACK = {"kind": "Slack", "webhook_url": Secret(URL)}


def desired(**members: Any) -> Resource:
    options = {"address": "integrations/new", "attributes": {"display_name": "New", "target": SLACK}} | members
    return Resource("integration", identities=(), position=at(3), **options)


def found(object_id: str = "i-1", target: Any = SLACK, kind: str = "integration") -> LiveResource:
    return LiveResource(kind, object_id, "Old", (), {"display_name": "Old"} | ({"target": target} if target else {}))


def reviewed(pair: tuple[Resource, LiveResource | None], *undeclared: LiveResource) -> list[Diagnostic]:
    return list(PROVIDER.review([pair], undeclared, live()))


def test_an_integration_that_looks_renamed() -> None:
    (told,) = reviewed((desired(), None), found("i-2"), found("i-1"))
    assert (told.severity, told.code, told.position, told.address) == (
        "warning",
        "possible-rename",
        at(3),
        "integrations/new",
    )
    assert "id: i-1" in told.message
    assert URL not in told.message


@pytest.mark.parametrize(
    ("pair", "other"),
    [
        ((desired(), found("i-9")), found()),
        ((desired(), None), found(target={"kind": "Slack", "webhook_url": Secret(URL + "x")})),
        ((desired(), None), found(target={"kind": "MsTeams", "webhook_url": Secret(URL)})),
        ((desired(), None), found(target=None)),
        ((desired(attributes={}), None), found(target={"kind": "RoleEmail"})),
        ((desired(), None), found(kind="subscription")),
    ],
    ids=["exists", "another-url", "another-kind", "no-target", "read-only", "no-integration"],
)
def test_what_does_not(pair: tuple[Resource, LiveResource | None], other: LiveResource) -> None:
    assert reviewed(pair, other) == []


@pytest.mark.parametrize(
    ("kind", "changed", "wants"),
    [
        ("integration", ["target"], True),
        ("integration", ["display_name", "target"], True),
        ("integration", ["display_name"], False),
        ("subscription", ["target"], False),
    ],
)
def test_what_is_verified(kind: str, changed: list[str], wants: bool) -> None:
    assert PROVIDER.verifies(kind, changed) is wants


TYPE = Reference("nt-1", "Kafka cluster shrink failure")


def change(kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE
    return Change(action, kind, "address", None, before, after)


def subscribed(state: str | None, **members: Any) -> dict[str, Any]:
    return {"notification_type": TYPE} | ({"current_state": state} if state else {}) | members


MUTED = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
HEARD = MUTED | {"current_state": "ENABLED"}
CLUSTER = {"resource": "kafka=lkc-1", "resource_type": "CLUSTER"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (change("resource-preference", None, MUTED), '"environment=env-1" and everything in it is muted'),
        (change("resource-preference", HEARD, MUTED), '"environment=env-1" and everything in it is muted'),
        (change("resource-preference", HEARD, MUTED | CLUSTER), '"kafka=lkc-1" is muted'),
        (change("resource-preference", MUTED, HEARD), None),
        (change("subscription", subscribed("ENABLED"), subscribed("DISABLED")), 'shrink failure" is disabled'),
        (change("subscription", subscribed(None), subscribed("DISABLED")), "disabled"),
        (change("subscription", subscribed("ENABLED"), None), "deleted"),
        (change("subscription", subscribed("DISABLED"), None), None),
        (change("subscription", subscribed("DISABLED"), subscribed("ENABLED")), None),
        (change("subscription", None, subscribed("DISABLED")), None),
        (change("subscription", subscribed("ENABLED"), subscribed("ENABLED")), None),
        (
            change("resource-subscription", subscribed("ENABLED", **CLUSTER), None),
            'shrink failure" of "kafka=lkc-1" is deleted',
        ),
        (change("integration", {"display_name": "x"}, None), None),
    ],
)
def test_what_a_change_silences(changed: Change, sentence: str | None) -> None:
    told = [silence.message for silence in PROVIDER.silences([changed], live())]
    assert [sentence in text for text in told if sentence] == ([True] if sentence else [])
    assert len(told) == (sentence is not None)
