"""What each event reaches: by its subscriptions, else by its default."""

from __future__ import annotations

import pytest

from notifconf.model.policy import Minimum, Mode, Policy
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.plan.planner import make_plan
from notifconf.providers.konnect import PROVIDER
from notifconf.providers.konnect.workspace import DeclaredSubscription
from tests.providers.konnect.declared import (
    BARE,
    BOTH,
    CATALOGUE,
    INVOICE,
    NOW,
    PLANE,
    TOKEN,
    Hub,
    document,
    entry,
    live,
    lives,
    page,
    user_configuration,
    workspace,
)

OFF = {"EMAIL": False, "IN_APP": False}
MAIL = {"EMAIL": True, "IN_APP": False}
INBOX = {"EMAIL": False, "IN_APP": True}


@pytest.mark.parametrize(
    ("subscriptions", "channels"),
    [
        ([], ["EMAIL (default)", "IN_APP (default)"]),
        ([lives(PLANE)], ["EMAIL", "IN_APP"]),
        ([lives(PLANE, channels=MAIL)], ["EMAIL"]),
        ([lives(PLANE, channels=OFF)], []),
        ([lives(PLANE, enabled=False)], []),
        ([lives(PLANE, regions=["EU"])], ["EMAIL (partly)", "IN_APP (partly)"]),
        ([lives(PLANE, entities=["e-1"], channels=MAIL)], ["EMAIL (partly)"]),
        ([lives(PLANE, regions=["EU", "*"], channels=MAIL)], ["EMAIL"]),
        (
            [lives(PLANE, 1, regions=["EU"], channels=MAIL), lives(PLANE, 2, channels=INBOX)],
            ["EMAIL (partly)", "IN_APP"],
        ),
        ([lives(PLANE, 1, regions=["EU"], channels=MAIL), lives(PLANE, 2, channels=MAIL)], ["EMAIL"]),
        ([lives(PLANE, 1, enabled=False), lives(PLANE, 2, channels=MAIL)], ["EMAIL"]),
        ([lives(TOKEN)], ["EMAIL (default)", "IN_APP (default)"]),
    ],
)
def test_what_an_event_reaches(subscriptions: list[LiveResource], channels: list[str]) -> None:
    (reach,) = (reach for reach in PROVIDER.coverage(live(*subscriptions)) if reach.id == PLANE.id)
    assert [str(channel) for channel in reach.channels] == channels
    assert reach.anyhow == ()


@pytest.mark.parametrize(
    ("subscriptions", "channels"),
    [([], ["IN_APP (default)"]), ([lives(INVOICE)], ["IN_APP"]), ([lives(INVOICE, channels=MAIL)], [])],
)
def test_mandatory_mail_is_not_counted(subscriptions: list[LiveResource], channels: list[str]) -> None:
    (reach,) = (reach for reach in PROVIDER.coverage(live(*subscriptions)) if reach.id == INVOICE.id)
    assert [str(channel) for channel in reach.channels] == channels
    assert [str(channel) for channel in reach.anyhow] == ["EMAIL (always)"]


def test_events_stand_by_namespace() -> None:
    found = [*PROVIDER.coverage(live(lives(INVOICE)))]
    assert [(reach.group, reach.id) for reach in found] == [
        (event.namespace, event.id) for event in (INVOICE, TOKEN, BARE, PLANE)
    ]
    assert [*PROVIDER.coverage(Live())] == []


@pytest.mark.parametrize(
    ("declared", "there", "mode", "codes"),
    [
        ([entry(PLANE, channels=BOTH)], [], Mode.UPSERT_ONLY, []),
        ([entry(PLANE, channels=MAIL)], [], Mode.UPSERT_ONLY, ["error", "warning"]),
        ([entry(PLANE, channels=MAIL)], [lives(PLANE)], Mode.UPSERT_ONLY, ["error"]),
        ([entry(PLANE, enabled=False)], [lives(PLANE)], Mode.UPSERT_ONLY, ["error"]),
        ([entry(TOKEN)], [lives(PLANE, channels=MAIL)], Mode.UPSERT_ONLY, ["warning"]),
        ([entry(TOKEN)], [lives(PLANE, channels=MAIL)], Mode.SYNC, []),
    ],
    ids=["enough", "replaces-the-default", "a-channel-goes", "disabled", "not-touched", "the-default-comes-back"],
)
def test_the_policy(
    declared: list[DeclaredSubscription], there: list[LiveResource], mode: Mode, codes: list[str]
) -> None:
    wanted = workspace(*declared, mode=mode, max_deletes=9, coverage={PLANE.namespace: Minimum(2)})
    plan = make_plan(wanted, live(*there), NOW, PROVIDER)
    judged = (item for item in plan.diagnostics if item.code in {"coverage", "replaces-default"})
    assert sorted(item.severity for item in judged) == codes


def test_the_default_that_comes_back_is_no_loss() -> None:
    plan = make_plan(workspace(mode=Mode.SYNC), live(lives(TOKEN)), NOW, PROVIDER)
    assert [text.message for text in plan.silences if "its last channel" in text.message] == []
    plan = make_plan(workspace(mode=Mode.SYNC), live(lives(BARE)), NOW, PROVIDER)
    assert [text.message for text in plan.silences] == [
        f'"{BARE.id}" (dev-portal) loses its last channels, EMAIL, IN_APP: nobody is told any more'
    ]


@pytest.mark.parametrize(
    ("policy", "managed", "asked"),
    [
        (Policy(), True, ["organization.token.expiring/subscriptions"]),
        (
            Policy(coverage={"gateway-manager": Minimum(1)}),
            True,
            ["gateway-manager.x/subscriptions", "organization.token.expiring/subscriptions"],
        ),
        (
            Policy(coverage={"gateway-manager": Minimum(1)}),
            False,
            ["gateway-manager.x/subscriptions", "organization.token.expiring/subscriptions"],
        ),
    ],
)
def test_what_is_judged_is_read(policy: Policy, managed: bool, asked: list[str]) -> None:
    events = [
        user_configuration(TOKEN),
        user_configuration(PLANE, event_id="gateway-manager.x", event_subscription_count=1),
        user_configuration(PLANE, event_id="gateway-manager.none", event_subscription_count=0),
        user_configuration(BARE, event_subscription_count=1),
    ]
    hub = Hub(
        {
            "configurations": {"data": events},
            "configurations/organization.token.expiring/*": page(),
            "configurations/gateway-manager.x/*": page(document()),
        }
    )
    wanted = workspace(entry(TOKEN), managed=managed, coverage=policy.coverage)
    hub.ask(lambda connection: connection.read(wanted))
    assert hub.asked == ["GET configurations", *(f"GET configurations/{path}" for path in asked)]


def test_the_catalogue_is_of_the_documents_namespaces() -> None:
    assert {event.namespace for event in CATALOGUE.events} <= set(PROVIDER.coverage_terms.groups)
