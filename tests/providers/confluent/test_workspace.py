"""What a document declares, as data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifconf.config.interpolate import interpolate
from notifconf.config.schema import check as schema_check
from notifconf.config.yaml import parse
from notifconf.model.resource import Secret
from notifconf.providers.confluent.check import check
from notifconf.providers.confluent.decode import TYPE_OF_SEGMENT, declare
from notifconf.providers.confluent.urls import mask_expression
from notifconf.providers.confluent.workspace import (
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Match,
    Mute,
    Reference,
)

HEAD = "version: 1\nprovider: confluent\n"


def declared(text, environment=None) -> ConfluentDeclarations:
    document, diagnostics = parse("f", (HEAD + text).encode())
    assert document is not None
    assert [*diagnostics, *interpolate(document, environment), *schema_check(document)] == []
    declarations, found = declare(document)
    assert all(it.severity == "warning" for it in found), found
    return declarations


def at(line, column):
    return ("f", line, column)


def test_integrations():
    declarations = declared(
        """integrations:
  slack:
    display_name: Platform
    description: ""
    id: i-1
    target: {kind: Slack, webhook_url: "${URL}"}
  teams: {target: {kind: MsTeams, webhook_url: "https://h/t"}}
  hook: {target: {kind: Webhook, url: "https://h/${TOKEN:-x}"}}
  admins: {target: {kind: RoleEmail, role_name: OrganizationAdmin}}
  alice: {target: {kind: UserEmail, user: u-1}}
  bob: {target: {kind: InApp, user: u-2}}
""",
        {"URL": "https://h/s", "TOKEN": "t"},
    )
    assert declarations.integrations == (
        DeclaredIntegration(
            key="slack",
            display_name="Platform",
            description="",
            pin="i-1",
            target={"kind": "Slack", "webhook_url": Secret("https://h/s")},
            position=at(4, 3),
        ),
        DeclaredIntegration("teams", "teams", {"kind": "MsTeams", "webhook_url": Secret("https://h/t")}, at(9, 3)),
        DeclaredIntegration("hook", "hook", {"kind": "Webhook", "url": Secret("https://h/t")}, at(10, 3)),
        DeclaredIntegration("admins", "admins", {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}, at(11, 3)),
        DeclaredIntegration("alice", "alice", {"kind": "UserEmail", "user": "u-1"}, at(12, 3)),
        DeclaredIntegration("bob", "bob", {"kind": "InApp", "user": "u-2"}, at(13, 3)),
    )
    assert [entry.writable for entry in declarations.integrations] == [True, True, True, False, False, False]
    assert [entry.address for entry in declarations.integrations][:2] == ["integrations/slack", "integrations/teams"]
    secrets = [value for entry in declarations.integrations for value in entry.target.values() if type(value) is Secret]
    assert [secret.expression for secret in secrets] == ["${URL}", None, "…${TOKEN:-…}"]
    assert "https" not in repr(declarations)


def test_subscriptions():
    declarations = declared(
        """integrations:
  a: {target: {kind: InApp, user: u}}
  b: {target: {kind: InApp, user: v}}
subscriptions:
  - notification_type: Some type
    integrations: [a, "${B}"]
    current_state: DISABLED
  - match: {severity: INFO, category: [SERVICE, ACCOUNT], subscription_priority: OPTIONAL, name: "Kafka*"}
    integrations: [a]
  - {match: {name: x}, integrations: [a]}
""",
        {"B": "b"},
    )
    named, matching, by_name = declarations.subscriptions
    assert named == DeclaredSubscription(
        notification_type=Reference("Some type", at(7, 24)),
        integrations=(Reference("a", at(8, 20)), Reference("b", at(8, 23), "${B}")),
        current_state="DISABLED",
        position=at(7, 5),
    )
    assert matching == DeclaredSubscription(
        match=Match(("INFO",), ("SERVICE", "ACCOUNT"), ("OPTIONAL",), "Kafka*"),
        integrations=(Reference("a", at(11, 20)),),
        position=at(10, 5),
    )
    assert matching.current_state == "ENABLED"
    assert by_name.match == Match(name="x")
    assert named.integrations is not None
    assert str(named.integrations[1]) == '"${B}"'


def test_resources():
    declarations = declared(
        """integrations: {a: {target: {kind: InApp, user: u}}}
resources:
  - {resource: environment=e, muted: true}
  - resource: cloud-cluster=l
    muted: {until: 2026-12-01T07:00:00+01:00, reason: "CHG-1"}
    subscriptions:
      - {notification_type: T, integrations: [a]}
  - {resource: schema-registry=s, resource_type: CLUSTER, muted: false, subscriptions: []}
  - resource: environment=f
"""
    )
    assert declarations.resources == (
        DeclaredResource("environment=e", "ENVIRONMENT", at(5, 16), Mute(muted=True, position=at(5, 38))),
        DeclaredResource(
            "cloud-cluster=l",
            "CLUSTER",
            at(6, 15),
            Mute(
                muted=True,
                position=at(7, 12),
                until=datetime(2026, 12, 1, 6, tzinfo=UTC),
                ends_at=at(7, 20),
                reason="CHG-1",
            ),
            (
                DeclaredSubscription(
                    integrations=(Reference("a", at(9, 47)),),
                    notification_type=Reference("T", at(9, 29)),
                    position=at(9, 9),
                ),
            ),
        ),
        DeclaredResource(
            "schema-registry=s", "CLUSTER", at(10, 16), Mute(muted=False, position=at(10, 66)), subscriptions=()
        ),
        DeclaredResource("environment=f", "ENVIRONMENT", at(11, 15)),
    )


@pytest.mark.parametrize(("segment", "resource_type"), TYPE_OF_SEGMENT.items())
def test_the_last_segment_says_the_type(segment, resource_type):
    (resource,) = declared(f"resources: [{{resource: environment=e/{segment}=x, muted: true}}]").resources
    assert resource.resource_type == resource_type


@pytest.mark.parametrize(
    ("text", "managed"),
    [
        ("", set()),
        ("integrations: {}", {"integration"}),
        ("subscriptions: []", {"subscription"}),
        ("resources: []", set()),
        ("resources: [{resource: environment=e}]", set()),
        ("resources: [{resource: environment=e, muted: false}]", {"resource-preference"}),
        ("resources: [{resource: environment=e, subscriptions: []}]", {"resource-subscription"}),
        (
            "integrations: {}\nsubscriptions: []\nresources: [{resource: kafka=l, subscriptions: [], muted: true}]",
            {"integration", "subscription", "resource-preference", "resource-subscription"},
        ),
        ("policy: {mode: sync}", set()),
    ],
)
def test_a_kind_is_managed_where_its_section_is_present(text, managed):
    assert declared(text).managed == managed


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (None, None),
        ("${URL}", "${URL}"),
        ("${file:/run/secrets/url}", "${file:/run/secrets/url}"),
        ("${A}${B}", "${A}${B}"),
        ("https://h/${TOKEN}", "…${TOKEN}"),
        ("${HOST}/s3cr3t", "${HOST}…"),
        ("${URL:-https://s3cr3t}", "${URL:-…}"),
        ("${URL:?s3cr3t}", "${URL:?…}"),
        ("a${A}b${B}c", "…${A}…${B}…"),
        ("$${s3cr3t}${A}", "…${A}"),
        ("s3cr3t${A", "…${A}"),
    ],
)
def test_expressions_are_kept_without_what_may_be_secret(expression, shown):
    assert mask_expression(expression) == shown


def test_mutes_are_judged_at_a_time():
    declarations = declared("resources: [{resource: environment=e, muted: {until: 2026-12-01T00:00:00Z}}]")
    (resource,) = declarations.resources
    assert resource.mute is not None
    assert resource.mute.active(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert not resource.mute.active(datetime(2026, 12, 1, tzinfo=UTC))
    assert check(declarations, datetime(2026, 11, 29, tzinfo=UTC)) == []
    assert [it.code for it in check(declarations, datetime(2026, 11, 30, tzinfo=UTC))] == ["mute-expires-soon"]
    assert [it.code for it in check(declarations, datetime(2026, 12, 1, tzinfo=UTC))] == ["expired-mute"]


def test_a_target_whose_kind_is_open_has_only_secrets():
    (entry,) = declared("integrations: {a: {target: {kind: '${KIND}', role_name: r, user: u}}}").integrations
    assert [type(value) for value in entry.target.values()] == [str, Secret, Secret]
