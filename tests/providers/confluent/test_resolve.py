from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.resource import LiveResource, Resource, Secret
from notifconf.model.state import Live
from notifconf.plan.rules import Resolution
from notifconf.providers.confluent import PROVIDER
from notifconf.providers.confluent.catalogue import Catalogue, NotificationType
from notifconf.providers.confluent.workspace import Match
from tests.providers.confluent.declared import (
    CATALOGUE,
    DEAR,
    FAILED,
    NOW,
    SAML,
    URL,
    addition,
    at,
    integration,
    live,
    resource,
    subscription,
    workspace,
)

HOUR = timedelta(hours=1)


def resolved(*entries: Any, lives: Live | None = None) -> Resolution:
    return PROVIDER.resolve(workspace(*entries), live() if lives is None else lives, NOW)


def addresses(resolution: Resolution) -> list[str]:
    return sorted(item.address for item in resolution.resources)


def told(resolution: Resolution) -> list[tuple[str, int]]:
    return [(item.code, item.position.line if item.position else 0) for item in resolution.diagnostics]


def only(resolution: Resolution) -> Resource:
    assert resolution.diagnostics == ()
    (found,) = resolution.resources
    return found


WARNINGS = {"shadows-match", "disabled-subscription", "excludes-nothing"}


def said(resolution: Resolution) -> Diagnostic:
    (found,) = resolution.diagnostics
    assert found.severity == ("warning" if found.code in WARNINGS else "error")
    return found


TARGET = {"kind": "Slack", "webhook_url": Secret(URL)}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {},
            {
                "identities": (("name", "alerts"),),
                "attributes": {"display_name": "alerts", "target": TARGET},
                "name": "alerts",
            },
        ),
        (
            {"display_name": "Platform alerts", "description": ""},
            {
                "identities": (("name", "Platform alerts"),),
                "attributes": {"display_name": "Platform alerts", "description": "", "target": TARGET},
                "name": "Platform alerts",
            },
        ),
        (
            {"pin": "i-9"},
            {
                "identities": (("name", "alerts"),),
                "attributes": {"display_name": "alerts", "target": TARGET},
                "pin": "i-9",
                "name": "alerts",
            },
        ),
        (
            {"target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}},
            {
                "identities": (("target", "RoleEmail", "OrganizationAdmin"),),
                "attributes": {},
                "writable": False,
                "name": "alerts",
            },
        ),
        (
            {"target": {"kind": "UserEmail", "user": "u-1"}, "display_name": "Alice", "pin": "i-2"},
            {
                "identities": (("target", "UserEmail", "u-1"),),
                "attributes": {},
                "writable": False,
                "pin": "i-2",
                "name": "alerts",
            },
        ),
        (
            {"target": {"kind": "InApp", "user": "u-1"}},
            {"identities": (("target", "InApp", "u-1"),), "attributes": {}, "writable": False, "name": "alerts"},
        ),
    ],
)
def test_integrations(members: dict[str, Any], expected: dict[str, Any]) -> None:
    found = only(resolved(integration("alerts", line=3, **members)))
    assert found == Resource("integration", "integrations/alerts", position=at(3), **expected)


@pytest.mark.parametrize("name", ["Kafka cluster shrink failure", "kafka CLUSTER shrink FAILURE", "nt-shrink"])
def test_a_type_by_name_or_id(name: str) -> None:
    found = only(resolved(subscription(name, "b", "a", "b", line=7, state="DISABLED")))
    assert found == Resource(
        "subscription",
        "subscriptions/Kafka cluster shrink failure",
        (("type", "nt-shrink"),),
        {
            "notification_type": "nt-shrink",
            "integrations": ("integrations/a", "integrations/b"),
            "current_state": "DISABLED",
        },
        at(7),
        name="Kafka cluster shrink failure",
    )


def test_an_unknown_type_names_the_nearest() -> None:
    found = said(resolved(subscription("Kafka cluster shrink failures", line=4)))
    assert (found.code, found.position) == ("unknown-notification-type", at(4, 5))
    assert '"Kafka cluster shrink failure"' in found.message
    assert found.address == "subscriptions/Kafka cluster shrink failures"


def test_an_unknown_type_from_outside_is_not_shown() -> None:
    found = said(resolved(subscription("Kafka cluster shrink failures", expression="${TYPE}")))
    assert "${TYPE}" in found.message
    assert "shrink" not in found.message


TWINS = Catalogue.of([*CATALOGUE.types, NotificationType("nt-a", "Twin"), NotificationType("nt-b", "twin")])


def test_a_name_of_several_types_wants_an_id() -> None:
    found = said(resolved(subscription("Twin", line=4), lives=live(catalogue=TWINS)))
    assert (found.code, found.position) == ("unknown-notification-type", at(4, 5))
    assert '"nt-a" or "nt-b"' in found.message


def test_types_of_one_name_are_told_apart_by_id() -> None:
    catalogue = Catalogue.of([NotificationType("nt-a", "Twin"), NotificationType("nt-b", "Twin")])
    both = resolved(subscription("nt-a"), subscription("nt-b"), lives=live(catalogue=catalogue))
    assert addresses(both) == ["subscriptions/Twin#nt-a", "subscriptions/Twin#nt-b"]
    assert addresses(resolved(subscription("nt-b"), lives=live(catalogue=catalogue))) == ["subscriptions/Twin"]


def test_one_type_by_name_and_by_id() -> None:
    resolution = resolved(subscription("nt-shrink", line=2), subscription("Kafka cluster shrink failure", line=5))
    found = said(resolution)
    assert (found.code, found.position) == ("duplicate-subscription", at(5, 5))
    assert "notifconf.yaml:2:5" in found.message
    assert len(resolution.resources) == 1


SERVICE = Match(category=("SERVICE",))


@pytest.mark.parametrize(
    ("match", "ids"),
    [
        (Match(), {"nt-shrink", "nt-expand", "nt-failed", "nt-saml"}),
        (Match(severity=("CRITICAL",)), {"nt-expand", "nt-failed"}),
        (Match(severity=("CRITICAL", "WARN"), category=("SERVICE",)), {"nt-shrink", "nt-expand", "nt-failed"}),
        (Match(subscription_priority=("REQUIRED", "RECOMMENDED")), {"nt-saml", "nt-failed"}),
        (Match(name="Kafka*"), {"nt-shrink", "nt-expand"}),
        (Match(name="kafka * FAILURE"), {"nt-shrink", "nt-expand"}),
        (Match(name="*[FAILED]*", severity=("CRITICAL",)), {"nt-expand", "nt-failed"}),
    ],
)
def test_a_match_finds_types_of_the_plan(match: Match, ids: set[str]) -> None:
    resolution = resolved(subscription(match, line=6))
    assert {item.attributes["notification_type"] for item in resolution.resources} == ids
    assert {item.position for item in resolution.resources} == {at(6)}
    assert resolution.diagnostics == ()


@pytest.mark.parametrize(
    ("match", "text"),
    [
        (Match(severity=("critical",)), "no notification type satisfies"),
        (Match(severity=("WARN",), category=("BILLING_LICENSING",)), "no notification type satisfies"),
        (Match(severity=("INFO",)), "billing plan includes"),
    ],
)
def test_a_match_of_nothing_is_an_error(match: Match, text: str) -> None:
    resolution = resolved(subscription(match, line=6))
    assert told(resolution) == [("empty-match", 6)]
    assert text in resolution.diagnostics[0].message
    assert resolution.resources == ()


@pytest.mark.parametrize("match_first", [True, False])
def test_who_is_named_wins_over_a_match(match_first: bool) -> None:
    entries = [subscription(Match(severity=("CRITICAL",)), "b"), subscription("nt-failed", "a")]
    resolution = resolved(*(entries if match_first else entries[::-1]))
    assert [item.code for item in resolution.diagnostics] == ["shadows-match"]
    assert {item.attributes["notification_type"]: item.attributes["integrations"] for item in resolution.resources} == {
        "nt-failed": ("integrations/a",),
        "nt-expand": ("integrations/b",),
    }


def test_a_match_whose_types_are_all_named_is_not_empty() -> None:
    resolution = resolved(subscription(Match(severity=("CRITICAL",), name="Kafka*")), subscription("nt-expand"))
    assert resolution.diagnostics == ()
    assert len(resolution.resources) == 1


def test_two_matches_on_one_type() -> None:
    resolution = resolved(
        subscription(Match(severity=("CRITICAL",)), line=2), subscription(SERVICE, line=9), subscription("nt-failed")
    )
    assert told(resolution) == [("overlapping-match", 9)]
    message = resolution.diagnostics[0].message
    assert "notifconf.yaml:2:1" in message
    assert '"Kafka cluster expansion failure"' in message
    assert "FAILED" not in message


def test_two_matches_on_a_type_that_is_named_are_none() -> None:
    resolution = resolved(
        subscription(Match(name="Connector*"), line=2), subscription(Match(name="*FAILED*")), subscription("nt-failed")
    )
    assert resolution.diagnostics == ()


def test_many_overlaps_are_one_diagnostic() -> None:
    catalogue = Catalogue.of([NotificationType(f"nt-{index}", f"Type {index}") for index in range(9)])
    resolution = resolved(subscription(Match()), subscription(Match()), lives=live(catalogue=catalogue))
    assert said(resolution).message.endswith("and 6 more")
    assert len(resolution.resources) == 9


def test_a_type_outside_of_the_plan() -> None:
    resolution = resolved(subscription("nt-dear", line=3))
    found = said(resolution)
    assert (found.code, found.position, found.address) == ("not-in-plan", at(3), "subscriptions/Not for this plan")
    assert resolution.resources[0].blocked == "not-in-plan"


def test_a_type_outside_of_the_plan_that_is_subscribed_may_stay() -> None:
    there = LiveResource("subscription", "s-1", DEAR.display_name, (("type", "nt-dear"),), {})
    assert only(resolved(subscription("nt-dear"), lives=live(there))).blocked is None


@pytest.mark.parametrize("what", ["nt-saml", Match(category=("SECURITY",))])
def test_a_required_type_can_not_be_disabled(what: str | Match) -> None:
    resolution = resolved(subscription(what, line=3, state="DISABLED"))
    found = said(resolution)
    assert (found.code, found.position) == ("required-type", at(3))
    assert found.address == f"subscriptions/{SAML.display_name}"
    assert resolution.resources[0].blocked == "required-type"


def test_a_required_type_can_be_subscribed_elsewhere() -> None:
    assert only(resolved(subscription("nt-saml"))).blocked is None


PATH = "environment=env-1/cloud-cluster=lkc-1"


def test_subscriptions_of_a_resource() -> None:
    entry = resource(
        PATH,
        kind="CLUSTER",
        line=8,
        subscriptions=(subscription("nt-shrink", line=9), subscription("nt-dear", line=10)),
    )
    resolution = resolved(entry)
    first, second = resolution.resources
    assert first == Resource(
        "resource-subscription",
        f"resource-subscriptions/{PATH}#Kafka cluster shrink failure",
        (("resource-type", PATH, "nt-shrink"),),
        {
            "resource": PATH,
            "resource_type": "CLUSTER",
            "notification_type": "nt-shrink",
            "integrations": ("integrations/alerts",),
            "current_state": "ENABLED",
        },
        at(9),
    )
    assert second.blocked == "not-in-plan"
    assert told(resolution) == [("not-in-plan", 10)]


def test_resources_do_not_know_of_each_other() -> None:
    entries = [
        resource(path, subscriptions=(subscription("nt-shrink"), subscription(Match(severity=("CRITICAL",)))))
        for path in ("environment=env-1", "environment=env-2")
    ]
    resolution = resolved(*entries, subscription("nt-shrink"))
    assert resolution.diagnostics == ()
    assert len(set(addresses(resolution))) == 7


def test_no_subscriptions_are_nothing() -> None:
    assert resolved(resource(subscriptions=())).resources == ()


@pytest.mark.parametrize(
    ("muted", "state", "create", "until"),
    [
        (True, "DISABLED", True, None),
        (False, "ENABLED", False, None),
        (NOW + HOUR, "DISABLED", True, NOW + HOUR),
        (NOW, "ENABLED", False, None),
        (NOW - HOUR, "ENABLED", False, None),
    ],
)
def test_mutes(muted: Any, state: str, create: bool, until: Any) -> None:
    resolution = resolved(resource(muted=muted, line=5))
    assert only(resolution)._replace(mute=None) == Resource(
        "resource-preference",
        "resource-preferences/environment=env-1",
        (("resource", "environment=env-1"),),
        {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": state},
        at(5),
        name="environment=env-1",
        create=create,
    )
    assert resolution.until == until


def test_a_resolution_holds_until_the_first_mute_ends() -> None:
    ends: list[Any] = [NOW + 3 * HOUR, NOW + 2 * HOUR, NOW - HOUR, True]
    entries = [resource(f"environment=env-{index}", muted=end) for index, end in enumerate(ends)]
    assert resolved(*entries).until == NOW + 2 * HOUR


def test_no_catalogue_is_an_empty_one() -> None:
    assert told(PROVIDER.resolve(workspace(subscription("nt-shrink")), Live(), NOW)) == [
        ("unknown-notification-type", 1)
    ]


def test_many_unknown_names_do_not_make_a_plan_slow() -> None:
    catalogue = Catalogue.of([NotificationType(f"nt-{index}", f"Notification type {index}") for index in range(500)])
    entries = [subscription(f"Notification typo {index}") for index in range(2000)]
    resolution = resolved(*entries, lives=live(catalogue=catalogue))
    assert sum("did you mean" in item.message for item in resolution.diagnostics) == 100


def lists(resolution: Resolution) -> dict[str, tuple[str, ...]]:
    """The integrations of each subscription, by its type."""
    return {
        str(item.attributes["notification_type"]): tuple(
            target.removeprefix("integrations/") for target in cast("tuple[str, ...]", item.attributes["integrations"])
        )
        for item in resolution.resources
    }


CRITICAL = Match(severity=("CRITICAL",))


def test_what_is_added_joins_what_decides() -> None:
    entries = [
        subscription(CRITICAL, "oncall", line=1),
        subscription("nt-failed", "platform", "oncall", line=2),
        addition(Match(name="connector*"), "data", line=3),
        addition("nt-expand", "web", line=4),
        addition(CRITICAL, "web", "audit", line=5),
        addition("nt-shrink", "web", line=6),
    ]
    resolution = resolved(*entries)
    assert resolution.diagnostics == ()
    assert lists(resolution) == {
        "nt-failed": ("audit", "data", "oncall", "platform", "web"),
        "nt-expand": ("audit", "oncall", "web"),
        "nt-shrink": ("web",),
    }
    assert {item.name: item.adds for item in resolution.resources} == {
        "Connector in FAILED state": False,
        "Kafka cluster expansion failure": False,
        "Kafka cluster shrink failure": True,
    }


def test_a_name_that_tells_less_than_a_match_is_a_warning_unless_it_is_added() -> None:
    entries = [subscription(CRITICAL, "oncall", "web", line=2), subscription("nt-failed", "platform", line=7)]
    found = said(resolved(*entries))
    assert (found.code, found.position) == ("shadows-match", at(7))
    assert '"oncall", "web"' in found.message
    assert "notifconf.yaml:2:1" in found.message
    assert '"oncall"' not in said(resolved(*entries, addition("nt-failed", "oncall"))).message


def test_a_match_leaves_out_what_it_excepts() -> None:
    excluded = ("*EXPANSION*", "nt-shrink", "connector in failed state")
    match = Match(excluded=excluded, category=("SERVICE", "SECURITY"))
    found = resolved(subscription(match))
    assert (lists(found), found.diagnostics) == ({"nt-saml": ("alerts",)}, ())
    misspelt = said(resolved(subscription(Match(excluded=("nt-shrink", "Connector in FAILLED state")), line=4)))
    assert (misspelt.code, misspelt.position) == ("excludes-nothing", at(4))
    assert 'did you mean "Connector in FAILED state"' in misspelt.message


def test_a_state_that_nobody_declares_is_left_alone() -> None:
    there = LiveResource(
        "subscription", "s-1", FAILED.display_name, (("type", "nt-failed"),), {"current_state": "DISABLED"}
    )
    resolution = resolved(addition("nt-failed", "web", line=4), lives=live(there))
    assert "current_state" not in resolution.resources[0].attributes
    found = said(resolution)
    assert (found.code, found.position) == ("disabled-subscription", at(4))
    assert only(resolved(addition("nt-failed", "web"))).attributes["current_state"] == "ENABLED"


def test_what_is_added_to_a_declared_disabled_one_is_not_told_either() -> None:
    base = subscription("nt-failed", "a", state="DISABLED")
    assert told(resolved(base, addition("nt-failed", "web", line=4))) == [("disabled-subscription", 4)]


def test_repeated_resources_are_one() -> None:
    entries = [
        resource(muted=False, subscriptions=(subscription("nt-failed", "a"),), line=1),
        resource(subscriptions=(addition("nt-failed", "b"),), line=2),
        resource(subscriptions=(addition(CRITICAL, "c"),), line=3),
    ]
    resolution = resolved(*entries)
    subscriptions = [item for item in resolution.resources if item.kind == "resource-subscription"]
    assert {str(item.attributes["notification_type"]): item.attributes["integrations"] for item in subscriptions} == {
        "nt-failed": ("integrations/a", "integrations/b", "integrations/c"),
        "nt-expand": ("integrations/c",),
    }
    assert sum(item.kind == "resource-preference" for item in resolution.resources) == 1


def test_a_match_in_a_resource_finds_only_types_of_its_type() -> None:
    catalogue = Catalogue.of(CATALOGUE.types, {"CONNECTOR": frozenset({"nt-failed"}), "CLUSTER": frozenset()})
    connector = resource("connector=x", kind="CONNECTOR", subscriptions=(subscription(CRITICAL),))
    assert lists(resolved(connector, lives=live(catalogue=catalogue))) == {"nt-failed": ("alerts",)}
    cluster = resource("kafka=x", kind="CLUSTER", subscriptions=(subscription(CRITICAL, line=3),))
    assert told(resolved(cluster, lives=live(catalogue=catalogue))) == [("empty-match", 3)]
