from __future__ import annotations

import pytest

from notifconf.errors import UsageError
from notifconf.model.state import Live
from notifconf.model.views import Filters
from notifconf.providers.konnect import PROVIDER
from tests.providers.konnect.declared import CATALOGUE, INVOICE, PLANE, TOKEN, live, lives

LIVE = live(
    lives(TOKEN, 1, "Quiet", enabled=False),
    lives(INVOICE, 2, "Billing", channels={"EMAIL": True, "IN_APP": False}),
    lives(TOKEN, 3, None, regions=["US", "EU"], entities=["b", "a"]),
    lives(TOKEN, 4, "Mail", channels={"EMAIL": True}),
)


def test_subscriptions_by_event_and_name() -> None:
    (listing,) = PROVIDER.show(LIVE, Filters())
    assert listing.name == "event_subscriptions"
    assert [(row["event"], row["name"]) for row in listing.rows] == [
        (INVOICE.id, "Billing"),
        (TOKEN.id, "Mail"),
        (TOKEN.id, "Quiet"),
        (TOKEN.id, None),
    ]
    assert dict(listing.rows[3]) == {
        "event": TOKEN.id,
        "namespace": "organization",
        "name": None,
        "regions": ("EU", "US"),
        "entities": ("a", "b"),
        "channels": ("EMAIL", "IN_APP"),
        "enabled": True,
        "id": "id-3",
    }
    assert all(tuple(row) == (*listing.columns, "id") for row in listing.rows)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(category=("plan-and-usage",)), ["id-2"]),
        (Filters(category=("Organization", "dev-portal")), ["id-4", "id-1", "id-3"]),
        (Filters(type=(TOKEN.id,)), ["id-4", "id-1", "id-3"]),
        (Filters(type=("invoice*",)), ["id-2"]),
        (Filters(type=("BILLING.*",)), ["id-2"]),
        (Filters(type=("webhook failing",)), []),
        (Filters(channel=("IN_APP",)), ["id-1", "id-3"]),
        (Filters(channel=("in_app", "email")), ["id-2", "id-4", "id-1", "id-3"]),
        (Filters(status=("disabled",)), ["id-1"]),
        (Filters(status=("ENABLED",), channel=("IN_APP",)), ["id-3"]),
    ],
)
def test_what_is_filtered(filters: Filters, ids: list[str]) -> None:
    (listing,) = PROVIDER.show(LIVE, filters)
    assert [row["id"] for row in listing.rows] == ids


def test_a_channel_that_only_the_live_state_knows_can_be_asked_for() -> None:
    (listing,) = PROVIDER.show(live(lives(TOKEN, 1, "Pager", channels={"SMS": True})), Filters(channel=("sms",)))
    assert [row["id"] for row in listing.rows] == ["id-1"]


def test_events_with_their_defaults() -> None:
    listing = PROVIDER.types(LIVE, Filters())
    assert [row["event"] for row in listing.rows] == [event.id for event in CATALOGUE.events]
    assert dict(listing.rows[-1]) == {
        "event": TOKEN.id,
        "title": "Token expiring",
        "namespace": "organization",
        "defaults": ("IN_APP",),
        "subscriptions": 3,
        "description": "A token.",
    }
    assert all(tuple(row) == listing.columns for row in listing.rows)


@pytest.mark.parametrize(
    ("filters", "events"),
    [
        (Filters(category=("gateway-manager",)), [PLANE.id]),
        (Filters(type=("*lost",)), [PLANE.id]),
        (Filters(channel=("EMAIL",)), [INVOICE.id, PLANE.id, TOKEN.id]),
        (Filters(channel=("IN_APP",)), [PLANE.id, TOKEN.id]),
        (Filters(status=("ENABLED",)), [INVOICE.id, TOKEN.id]),
        (Filters(status=("DISABLED",)), [TOKEN.id]),
        (Filters(status=("DISABLED",), channel=("EMAIL",), type=("token*",)), [TOKEN.id]),
    ],
)
def test_which_events_are_filtered(filters: Filters, events: list[str]) -> None:
    assert [row["event"] for row in PROVIDER.types(LIVE, filters).rows] == events


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        (Filters(severity=("CRITICAL",)), "have no severity: `types --namespace` filters them"),
        (Filters(channel=("Slack",)), '--channel "Slack": Konnect has only EMAIL, IN_APP'),
        (Filters(status=("on",)), '--status "on": Konnect has only ENABLED, DISABLED'),
        (Filters(category=("billing",)), '--category "billing": Konnect has only plan-and-usage, org'),
        (Filters(type=("tokn expiring",)), 'there is no such event \\(did you mean "Token expiring"'),
    ],
)
def test_filters_that_konnect_has_nothing_for(filters: Filters, text: str) -> None:
    for ask in (PROVIDER.show, PROVIDER.types):
        with pytest.raises(UsageError, match=text):
            ask(LIVE, filters)


def test_nothing_is_nothing() -> None:
    (listing,) = PROVIDER.show(Live(), Filters())
    assert (listing.rows, PROVIDER.types(Live(), Filters()).rows) == ((), ())
    assert "default" in listing.empty
