"""What each notification type reaches, and whom a mute keeps from being told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from notifconf.model.coverage import Reach
from notifconf.model.plan import Action, Change
from notifconf.model.policy import Minimum, Policy
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.providers.confluent import PROVIDER, codec
from notifconf.providers.confluent.catalogue import Catalogue
from tests.providers.confluent.declared import CATALOGUE, EXPAND, FAILED, SAML, URL, live, resource, workspace
from tests.providers.confluent.organisation import Organisation, page

SLACK = {"id": "i-slack", "display_name": "Alerts", "target": {"kind": "Slack", "webhook_url": URL}}
PAGER = {"id": "i-pager", "display_name": "Pager", "target": {"kind": "Webhook", "url": URL}}
ADMINS = {"id": "i-admins", "display_name": "Admins", "target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}}
OWNERS = {"id": "i-owners", "display_name": "Owners", "target": {"kind": "RoleEmail", "role_name": "Owner"}}
ALICE = {"id": "i-alice", "display_name": "Alice", "target": {"kind": "InApp", "user": {"id": "u-1"}}}
ODD = {"id": "i-odd", "display_name": "Odd"}
INTEGRATIONS = tuple(codec.decode_integration(item) for item in (SLACK, PAGER, ADMINS, OWNERS, ALICE, ODD))


def subscription(type_id: str, *integrations: str, state: str | None = "ENABLED", number: int = 1) -> LiveResource:
    body = {
        "id": f"s-{number}",
        "notification_type": {"id": type_id},
        "integrations": [{"id": item} for item in integrations],
        "current_state": state,
    }
    return codec.decode_subscription(body, CATALOGUE)


def reached(*subscriptions: LiveResource, integrations: tuple[LiveResource, ...] = INTEGRATIONS) -> Mapping[str, Reach]:
    return {reach.id: reach for reach in PROVIDER.coverage(Live((*integrations, *subscriptions), CATALOGUE))}


@pytest.mark.parametrize(
    ("subscriptions", "channels"),
    [
        ([], []),
        ([subscription(EXPAND.id, "i-slack")], ['Slack "Alerts"']),
        ([subscription(EXPAND.id, "i-slack", "i-pager")], ['Slack "Alerts"', 'Webhook "Pager"']),
        ([subscription(EXPAND.id, "i-admins", "i-alice")], ['RoleEmail "Admins"', 'InApp "Alice"']),
        ([subscription(EXPAND.id, "i-odd")], ['"Odd"']),
        ([subscription(EXPAND.id, "i-slack", "i-gone")], ['Slack "Alerts"']),
        ([subscription(EXPAND.id)], []),
        ([subscription(EXPAND.id, "i-slack", state="DISABLED")], []),
        ([subscription(EXPAND.id, "i-slack", state="PAUSED")], []),
        ([subscription(EXPAND.id, "i-slack", state=None)], []),
        ([subscription(FAILED.id, "i-slack")], []),
        ([subscription(EXPAND.id, "i-slack"), subscription(EXPAND.id, "i-slack", number=2)], ['Slack "Alerts"']),
    ],
)
def test_what_a_type_reaches(subscriptions: list[LiveResource], channels: list[str]) -> None:
    reach = reached(*subscriptions)[EXPAND.id]
    assert [str(channel) for channel in reach.channels] == channels
    assert reach.anyhow == ()


@pytest.mark.parametrize(
    ("integrations", "channels"),
    [
        (["i-admins"], []),
        (["i-admins", "i-slack"], ['Slack "Alerts"']),
        (["i-owners", "i-alice"], ['InApp "Alice"', 'RoleEmail "Owners"']),
        ([], []),
    ],
)
def test_mail_that_required_types_send_anyhow_is_not_counted(integrations: list[str], channels: list[str]) -> None:
    reach = reached(subscription(SAML.id, *integrations))[SAML.id]
    assert [str(channel) for channel in reach.channels] == channels
    assert [str(channel) for channel in reach.anyhow] == ['RoleEmail "Admins" (always)']


def test_it_is_sent_without_an_integration_too() -> None:
    (anyhow,) = reached(integrations=())[SAML.id].anyhow
    assert str(anyhow) == 'RoleEmail "OrganizationAdmin" (always)'


def test_the_worst_come_first() -> None:
    found = [*reached(subscription("nt-unknown", "i-slack")).values()]
    assert [(reach.group, reach.name) for reach in found] == [
        ("CRITICAL", "Connector in FAILED state"),
        ("CRITICAL", "Kafka cluster expansion failure"),
        ("WARN", "Kafka cluster shrink failure"),
        ("WARN", "SAML certificate is expiring soon"),
        ("INFO", "Not for this plan"),
        ("", "nt-unknown"),
    ]
    assert [reach.name for reach in found if not reach.in_plan] == ["Not for this plan"]
    assert [*PROVIDER.coverage(Live())] == []


ENVIRONMENT = "environment=env-1"
CONNECTOR = f"{ENVIRONMENT}/cloud-cluster=lkc-1/connector=c"


def mute(resource: str = ENVIRONMENT, kind: str = "ENVIRONMENT", *, before: str | None = None, after: str) -> Change:
    members = {"resource": resource, "resource_type": kind}
    action = Action.UPDATE if before else Action.CREATE
    was = {**members, "current_state": before} if before else None
    return Change(action, "resource-preference", "address", None, was, {**members, "current_state": after})


def watch(type_id: str = FAILED.id, resource: str = CONNECTOR, **members: Any) -> LiveResource:
    body = {
        "id": "rs-1",
        "notification_type": {"id": type_id},
        "integrations": [{"id": "i-slack"}, {"id": "i-gone"}],
        "current_state": "ENABLED",
    }
    return codec.decode_resource_subscription(body | members, resource, "CONNECTOR", CATALOGUE)


def unheard(change: Change, *watches: LiveResource) -> list[str]:
    found = PROVIDER.silences([change], live(*INTEGRATIONS, *watches))
    return [silence.message for silence in found if "the mute of" in silence.message]


def test_a_mute_over_what_somebody_watches() -> None:
    (text,) = unheard(mute(after="DISABLED"), watch())
    what = f'"Connector in FAILED state" (CRITICAL) of "{CONNECTOR}"'
    assert text == f'the mute of "{ENVIRONMENT}" silences {what}, which goes to Slack "Alerts"'
    (text,) = unheard(mute(after="DISABLED"), watch(integrations=[]))
    assert text.endswith(f'of "{CONNECTOR}"')


@pytest.mark.parametrize(
    ("change", "watched", "is_told"),
    [
        (mute(before="ENABLED", after="DISABLED"), watch(), True),
        (mute(before="DISABLED", after="DISABLED"), watch(), False),
        (mute(before="DISABLED", after="ENABLED"), watch(), False),
        (mute(CONNECTOR, "CONNECTOR", after="DISABLED"), watch(), True),
        (mute(f"{ENVIRONMENT}/cloud-cluster=lkc-1", "CLUSTER", after="DISABLED"), watch(), False),
        (mute("environment=env-10", after="DISABLED"), watch(), False),
        (mute(after="DISABLED"), watch(resource="environment=env-10/cloud-cluster=lkc-1/connector=c"), False),
        (mute(after="DISABLED"), watch(resource=ENVIRONMENT), True),
        (mute(after="DISABLED"), watch(current_state="DISABLED"), False),
        (mute(after="DISABLED"), watch("nt-shrink"), False),
        (mute(after="DISABLED"), watch("nt-unknown"), False),
    ],
    ids=[
        "update",
        "muted-before",
        "unmutes",
        "itself",
        "no-cascade",
        "another-environment",
        "watched-elsewhere",
        "the-environment-itself",
        "watch-is-off",
        "no-critical-type",
        "unknown-type",
    ],
)
def test_which_mutes_keep_whom_from_being_told(change: Change, watched: LiveResource, is_told: bool) -> None:
    assert bool(unheard(change, watched)) is is_told


def test_required_notifications_are_delivered_even_where_muted() -> None:
    byok = codec.decode_type(
        {"id": "nt-b", "display_name": "BYOK", "severity": "CRITICAL", "subscription_priority": "REQUIRED"}
    )
    state = live(*INTEGRATIONS, watch("nt-b"), catalogue=Catalogue.of([byok]))
    assert len([*PROVIDER.silences([mute(after="DISABLED")], state)]) == 1


def test_what_the_policy_judges_is_read() -> None:
    """One list each, even where the workspace declares nothing of the kind."""
    service = Organisation(notification_types=page(), integrations=page(), subscriptions=page())
    wanted = workspace(resource(muted=True))
    service.ask(lambda connection: connection.read(wanted))
    lookup = "GET resource-preferences:lookup?environment=env-1"
    assert service.asked == [lookup]
    service.requests.clear()
    judging = replace(wanted, policy=Policy(coverage={"CRITICAL": Minimum(1)}))
    service.ask(lambda connection: connection.read(judging))
    assert service.asked == ["GET integrations", "GET notification-types", lookup, "GET subscriptions"]
