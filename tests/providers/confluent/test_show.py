from __future__ import annotations

from typing import Any

import pytest

from notifconf.errors import UsageError
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.model.views import Filters, Listing
from notifconf.providers.confluent import PROVIDER, codec
from notifconf.providers.confluent.catalogue import Catalogue, NotificationType
from notifconf.providers.confluent.urls import find_service, find_shown_host
from tests.providers.confluent.declared import CATALOGUE, URL

SHRINK, EXPAND, SAML = (
    "Kafka cluster shrink failure",
    "Kafka cluster expansion failure",
    "SAML certificate is expiring soon",
)


def channel(object_id: str, name: str, **target: Any) -> LiveResource:
    return codec.decode_integration({"id": object_id, "display_name": name, "target": target})


def body(object_id: str, type_id: str, *integrations: str, state: str = "ENABLED") -> dict[str, Any]:
    references = [{"id": item} for item in integrations]
    return {
        "id": object_id,
        "notification_type": {"id": type_id},
        "integrations": references,
        "current_state": state,
    }


PLACE = ("kafka=lkc-1", "CLUSTER")
LIVE = Live(
    (
        channel("i-1", "Alerts", kind="Slack", webhook_url=URL),
        channel("i-2", "Admins", kind="RoleEmail", role_name="OrganizationAdmin"),
        channel("i-3", "Odd", kind="Webhook", url="https://[oops"),
        channel("i-4", "New", kind="PagerDuty", key="t0ps3cret"),
        codec.decode_subscription(body("s-1", "nt-shrink", "i-2", "i-1"), CATALOGUE),
        codec.decode_subscription(body("s-2", "nt-expand", "i-1", state="DISABLED"), CATALOGUE),
        codec.decode_subscription(body("s-3", "nt-saml", "i-2"), CATALOGUE),
        codec.decode_subscription(body("s-4", "nt-gone", "i-gone"), CATALOGUE),
        codec.decode_preference({"id": "rp-1", "current_state": "DISABLED"}, *PLACE),
        codec.decode_resource_subscription(body("rs-1", "nt-shrink", "i-1"), *PLACE, CATALOGUE),
    ),
    CATALOGUE,
)


def listed(filters: Filters = Filters()) -> dict[str, Listing]:  # noqa: B008 -- frozen
    return {listing.name: listing for listing in PROVIDER.show(LIVE, filters)}


def ids(listing: Listing) -> list[Any]:
    return [row["id"] for row in listing.rows]


def test_everything() -> None:
    found = listed()
    assert ids(found["subscriptions"]) == ["s-2", "s-1", "s-3", "s-4"]
    assert found["subscriptions"].rows[1] == {
        "type": SHRINK,
        "severity": "WARN",
        "category": "SERVICE",
        "priority": "OPTIONAL",
        "state": "ENABLED",
        "channels": ("Admins", "Alerts"),
        "id": "s-1",
    }
    assert [tuple(row.values()) for row in found["integrations"].rows] == [
        ("Admins", "RoleEmail", None, 2, "OrganizationAdmin", "i-2"),
        ("Alerts", "Slack", None, 3, None, "i-1"),
        ("New", "PagerDuty", None, 0, None, "i-4"),
        ("Odd", "Webhook", None, 0, None, "i-3"),
    ]
    assert [tuple(row.values()) for row in found["resource_preferences"].rows] == [(*PLACE, "DISABLED", "rp-1")]
    assert [row["resource"] for row in found["resource_subscriptions"].rows] == ["kafka=lkc-1"]


def test_rows_have_the_columns_that_they_say() -> None:
    for listing in [*listed().values(), PROVIDER.types(LIVE, Filters())]:
        assert listing.rows
        for row in listing.rows:
            assert set(row) >= set(listing.columns)
            assert tuple(row) == tuple(listing.rows[0])


def test_no_secret_is_listed() -> None:
    text = repr(PROVIDER.show(LIVE, Filters()))
    assert "XXXX" not in text
    assert "services" not in text
    assert "t0ps3cret" not in text


@pytest.mark.parametrize(
    ("filters", "subscriptions", "integrations", "mutes", "of_resources"),
    [
        ({"severity": ("critical",)}, ["s-2"], ["i-1"], 0, 0),
        ({"severity": ("CRITICAL", "WARN"), "category": ("SERVICE",)}, ["s-2", "s-1"], ["i-2", "i-1"], 0, 1),
        ({"category": ("SECURITY",)}, ["s-3"], ["i-2"], 0, 0),
        ({"type": ("kafka*",)}, ["s-2", "s-1"], ["i-2", "i-1"], 0, 1),
        ({"type": ("nt-saml",)}, ["s-3"], ["i-2"], 0, 0),
        ({"channel": ("slack",)}, ["s-2", "s-1"], ["i-1"], 0, 1),
        ({"channel": ("pagerduty",)}, [], ["i-4"], 0, 0),
        ({"channel": ("adm*",)}, ["s-1", "s-3"], ["i-2"], 0, 0),
        ({"status": ("disabled",)}, ["s-2"], ["i-1"], 1, 0),
        ({"status": ("ENABLED",), "severity": ("CRITICAL",)}, [], [], 0, 0),
    ],
)
def test_filters(
    filters: Any, subscriptions: list[str], integrations: list[str], mutes: int, of_resources: int
) -> None:
    found = listed(Filters(**filters))
    assert ids(found["subscriptions"]) == subscriptions
    assert [item for item in ids(found["integrations"]) if item != "i-gone"] == integrations
    assert len(found["resource_preferences"].rows) == mutes
    assert len(found["resource_subscriptions"].rows) == of_resources


@pytest.mark.parametrize(
    ("filters", "type_ids"),
    [
        ({}, ["nt-failed", "nt-expand", "nt-shrink", "nt-saml", "nt-dear"]),
        ({"severity": ("CRITICAL",)}, ["nt-failed", "nt-expand"]),
        ({"type": ("nt-dear", "saml*")}, ["nt-saml", "nt-dear"]),
        ({"status": ("DISABLED",)}, ["nt-expand"]),
        ({"channel": ("RoleEmail",)}, ["nt-shrink", "nt-saml"]),
    ],
)
def test_types(filters: Any, type_ids: list[str]) -> None:
    assert ids(PROVIDER.types(LIVE, Filters(**filters))) == type_ids


def test_what_is_said_of_a_type() -> None:
    rows = {row["id"]: row for row in PROVIDER.types(LIVE, Filters()).rows}
    assert [rows[name]["subscribed"] for name in ("nt-shrink", "nt-expand", "nt-failed")] == [True, False, False]
    assert [rows[name]["in_plan"] for name in ("nt-shrink", "nt-dear")] == [True, False]


def test_severities_that_nobody_knows_come_last() -> None:
    catalogue = Catalogue.of(NotificationType(name, name, severity=name) for name in ("INFO", "ALARM", "CRITICAL", ""))
    assert ids(PROVIDER.types(Live(catalogue=catalogue), Filters())) == ["CRITICAL", "INFO", "", "ALARM"]


def test_nothing_lives() -> None:
    assert all(listing.rows == () for listing in PROVIDER.show(Live(), Filters()))
    assert PROVIDER.types(Live(), Filters()).rows == ()


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"severity": ("critcal",)}, "CRITICAL, WARN or INFO"),
        ({"category": ("SERVICE", "nonsense")}, '--category "nonsense": BILLING_LICENSING, SECURITY, SERVICE'),
        ({"status": ("on",)}, "ENABLED or DISABLED"),
        ({"channel": ("Alert",)}, 'did you mean "Alerts"?'),
        ({"channel": ("Alert",)}, "Slack, MsTeams, Webhook, RoleEmail, UserEmail, InApp or PagerDuty"),
        ({"type": ("Kafka cluster shrink falure",)}, f'did you mean "{SHRINK}"'),
        ({"type": ("nt-nonsense",)}, "notifconf types"),
    ],
)
def test_a_filter_that_nothing_can_pass(filters: Any, said: str) -> None:
    for ask in (PROVIDER.show, PROVIDER.types):
        with pytest.raises(UsageError) as raised:
            ask(LIVE, Filters(**filters))
        assert said in str(raised.value)


def test_what_only_the_live_state_knows_is_a_filter() -> None:
    odd = Catalogue.of([NotificationType("nt-odd", "Odd", severity="ALARM", category="NEW")])
    for filters in (Filters(severity=("alarm",)), Filters(category=("new",))):
        assert ids(PROVIDER.types(Live(catalogue=odd), filters)) == ["nt-odd"]
    assert ids(listed(Filters(channel=("i-2",)))["integrations"]) == ["i-2"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.slack.com/services/T/B/x", "hooks.slack.com"),
        ("https://HOOKS.slack.com/services/T/B/x", "hooks.slack.com"),
        ("https://acme.webhook.office.com/webhookb2/x", "acme.webhook.office.com"),
        ("https://webhook.office.com/x", None),
        ("https://prod-1.westeurope.logic.azure.com/x", "prod-1.westeurope.logic.azure.com"),
        ("https://a.powerplatform.com/x", None),
        ("https://tenant.hooks.slack.com/x", None),
        ("https://hooks.slack.com.example.test/x", None),
        ("https://nothooks.slack.com/x", None),
        ("https://secret-tunnel.example.test/x", None),
        ("https://[oops", None),
    ],
)
def test_only_a_host_that_many_customers_share_is_shown(url: str, host: str | None) -> None:
    assert find_shown_host(url) == host


def test_a_service_is_found_below_its_host_too() -> None:
    service = find_service("https://tenant.hooks.slack.com/x")
    assert service is not None
    assert service.kinds == ("Slack",)
    assert find_service("https://hooks.slack.com.example.test/x") is None
