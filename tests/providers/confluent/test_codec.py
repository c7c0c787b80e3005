from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.errors import ProtocolError
from notifconf.http.redaction import Redactor
from notifconf.model.mask import WITHHELD
from notifconf.model.resource import LiveResource, Secret
from notifconf.providers.confluent import codec
from notifconf.providers.confluent.catalogue import Catalogue, NotificationType

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://hooks.example.test/services/T0/B0/XXXXXXXXXXXX"
CATALOGUE = Catalogue.of(
    [
        NotificationType("nt-1", "Kafka cluster shrink failure", severity="WARN"),
        NotificationType("nt-2", "SAML certificate is expiring soon", priority="REQUIRED"),
    ]
)
RESOURCE = ("environment=env-1", "ENVIRONMENT")


DECODERS: list[Callable[[Any], NotificationType | LiveResource]] = [
    codec.decode_type,
    codec.decode_integration,
    lambda item: codec.decode_subscription(item, CATALOGUE),
    lambda item: codec.decode_preference(item, *RESOURCE),
    lambda item: codec.decode_resource_subscription(item, *RESOURCE, CATALOGUE),
]


def integration(**members: Any) -> dict[str, Any]:
    target = {"kind": "Slack", "webhook_url": URL}
    return {"id": "i-1", "display_name": "Alerts", "description": "#alerts", "target": target} | members


def subscription(**members: Any) -> dict[str, Any]:
    return {
        "id": "s-1",
        "notification_type": {"id": "nt-1"},
        "integrations": [{"id": "i-1"}],
        "current_state": "ENABLED",
    } | members


def decoded_subscription(**members: Any) -> LiveResource:
    return codec.decode_subscription(subscription(**members), CATALOGUE)


@pytest.mark.parametrize(
    ("members", "attributes"),
    [
        ({}, {}),
        ({"description": None}, {"description": ""}),
        ({"description": ""}, {"description": ""}),
        ({"description": 5}, {"description": ""}),
        ({"display_name": None}, {"display_name": None}),
        ({"display_name": 7}, {"display_name": None}),
        ({"kind": "Integration", "metadata": {"self": "x"}, "new_member": [1]}, {}),
        (
            {"target": {"kind": "Slack", "webhook_url": URL, "channel": "#x"}},
            {"target": {"kind": "Slack", "webhook_url": Secret(URL)}},
        ),
        ({"target": {"kind": "MsTeams", "webhook_url": None}}, {"target": {"kind": "MsTeams"}}),
        ({"target": {"kind": "Webhook", "url": URL}}, {"target": {"kind": "Webhook", "url": Secret(URL)}}),
        (
            {"target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}},
            {"target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}},
        ),
        (
            {"target": {"kind": "UserEmail", "user": {"id": "u-1", "related": "https://x.test", "environment": "e"}}},
            {"target": {"kind": "UserEmail", "user": "u-1"}},
        ),
        (
            {"target": {"kind": "SlackTarget", "webhook_url": URL}},
            {"target": {"kind": "Slack", "webhook_url": Secret(URL)}},
        ),
        (
            {"target": {"kind": "MsTeamsTarget", "webhook_url": URL}},
            {"target": {"kind": "MsTeams", "webhook_url": Secret(URL)}},
        ),
        ({"target": {"kind": "WebhookTarget", "url": URL}}, {"target": {"kind": "Webhook", "url": Secret(URL)}}),
        ({"target": {"kind": "InApp", "user": "u-1"}}, {"target": {"kind": "InApp", "user": "u-1"}}),
        ({"target": {"kind": "InApp", "user": {"id": 4}}}, {"target": {"kind": "InApp"}}),
        (
            {"target": {"kind": "PagerDuty", "key": "abcd", "urgent": True, "more": {"b": 1, "a": ["x"]}}},
            {
                "target": {
                    "kind": "PagerDuty",
                    "key": Secret("abcd"),
                    "urgent": Secret("true"),
                    "more": Secret('{"a": ["x"], "b": 1}'),
                }
            },
        ),
        ({"target": {"kind": 5, "url": "abcd"}}, {"target": {"url": Secret("abcd")}}),
        ({"target": None}, {"target": None}),
        ({"target": "Slack"}, {"target": None}),
        ({"target": []}, {"target": None}),
    ],
)
def test_an_integration(members: dict[str, Any], attributes: dict[str, Any]) -> None:
    usual = {
        "display_name": "Alerts",
        "description": "#alerts",
        "target": {"kind": "Slack", "webhook_url": Secret(URL)},
    }
    expected = {name: value for name, value in (usual | attributes).items() if value is not None}
    live = codec.decode_integration(integration(**members))
    assert live.attributes == expected
    assert live.id == "i-1"
    assert live.name == expected.get("display_name", "i-1")


@pytest.mark.parametrize(
    ("target", "identities", "kept"),
    [
        ({"kind": "Slack", "webhook_url": URL}, (("name", "Alerts"),), None),
        ({"kind": "MsTeams"}, (("name", "Alerts"),), None),
        ({"kind": "Webhook", "url": URL}, (("name", "Alerts"),), None),
        ({"kind": "RoleEmail", "role_name": "R"}, (("target", "RoleEmail", "R"),), "read-only"),
        ({"kind": "UserEmail", "user": {"id": "u-1"}}, (("target", "UserEmail", "u-1"),), "read-only"),
        ({"kind": "InApp", "user": {"id": "u-1"}}, (("target", "InApp", "u-1"),), "read-only"),
        ({"kind": "RoleEmail"}, (), "read-only"),
        ({"kind": "PagerDuty", "key": "k"}, (), "read-only"),
        ({}, (("name", "Alerts"),), "read-only"),
    ],
)
def test_what_an_integration_is_known_by(target: Any, identities: Any, kept: str | None) -> None:
    live = codec.decode_integration(integration(target=target))
    assert live.identities == identities
    assert live.kept == kept


def test_nothing_in_an_integration_shows_its_secrets() -> None:
    live = codec.decode_integration(integration(target={"kind": "New", "url": URL, "deep": {"url": URL}}))
    assert URL not in f"{live!r} {live.attributes!r} {live.attributes}"


@pytest.mark.parametrize(
    ("target", "secrets"),
    [
        ({"kind": "Slack", "webhook_url": URL}, [URL]),
        ({"kind": "New", "a": [{"b": "deep-1"}, "deep-2", None, True, 12345]}, ["12345", "deep-1", "deep-2"]),
        ({"kind": "RoleEmail", "role_name": "OrganizationAdmin"}, []),
        ({"kind": "UserEmail", "user": {"id": "u-1"}}, []),
        ("text", []),
    ],
)
def test_what_nobody_may_see_of_an_integration(target: Any, secrets: list[str]) -> None:
    assert sorted(secret.reveal() for secret in codec.secrets(integration(target=target))) == secrets


@pytest.mark.parametrize(
    ("members", "attributes"),
    [
        ({}, {}),
        (
            {
                "notification_type": {"id": "nt-1", "related": "r", "kind": "k", "environment": "e"},
                "integrations": [{"id": "i-2", "api_version": "v"}, {"id": "i-1"}, {"id": "i-2"}],
            },
            {"integrations": ("i-1", "i-2")},
        ),
        ({"integrations": []}, {"integrations": ()}),
        ({"integrations": None}, {"integrations": ()}),
        ({"current_state": "SNOOZED"}, {"current_state": "SNOOZED"}),
        ({"current_state": None}, {"current_state": None}),
        ({"current_state": 3}, {"current_state": None}),
    ],
)
def test_a_subscription(members: dict[str, Any], attributes: dict[str, Any]) -> None:
    usual = {"notification_type": "nt-1", "integrations": ("i-1",), "current_state": "ENABLED"}
    live = decoded_subscription(**members)
    assert live.attributes == {name: value for name, value in (usual | attributes).items() if value is not None}
    assert live.identities == (("type", "nt-1"),)
    assert (live.name, live.kept) == ("Kafka cluster shrink failure", None)


def test_an_absent_state_is_not_known() -> None:
    item = subscription()
    del item["current_state"]
    assert "current_state" not in codec.decode_subscription(item, CATALOGUE).attributes


@pytest.mark.parametrize(
    ("type_id", "name", "kept"),
    [("nt-2", "SAML certificate is expiring soon", "required"), ("nt-9", "nt-9", "unlisted-type")],
)
def test_a_subscription_by_its_type(type_id: str, name: str, kept: str | None) -> None:
    live = decoded_subscription(notification_type={"id": type_id})
    assert (live.name, live.kept) == (name, kept)


WRONG_REFERENCES: list[Any] = [None, "nt-1", 5, [], {}, {"id": None}, {"id": ""}, {"id": 5}, {"id": ["x"]}]


@pytest.mark.parametrize("wrong", WRONG_REFERENCES)
def test_a_wrong_notification_type_is_never_guessed(wrong: Any) -> None:
    with pytest.raises(ProtocolError, match='"s-1"'):
        decoded_subscription(notification_type=wrong)


@pytest.mark.parametrize("wrong", ["i-1", 5, {}, {"id": "i-1"}, ["i-1"], [None], [{}], [{"id": 5}], [{"id": "i-1"}, 5]])
def test_wrong_integrations_are_never_guessed(wrong: Any) -> None:
    with pytest.raises(ProtocolError, match='"s-1"'):
        decoded_subscription(integrations=wrong)


def test_missing_integrations_are_never_guessed() -> None:
    item = subscription()
    del item["integrations"]
    with pytest.raises(ProtocolError, match="list of integrations"):
        codec.decode_subscription(item, CATALOGUE)


@pytest.mark.parametrize("wrong", [None, "", 5, [], ".", ".."])
def test_an_object_without_an_id_is_an_error(wrong: Any) -> None:
    for decode in DECODERS:
        with pytest.raises(ProtocolError, match="without an id"):
            decode(subscription(id=wrong))


@pytest.mark.parametrize(
    ("members", "attributes"),
    [
        ({"current_state": "DISABLED"}, {"current_state": "DISABLED"}),
        ({"resource": RESOURCE[0], "resource_type": "SOMETHING", "current_state": "X"}, {"current_state": "X"}),
        ({}, {}),
    ],
)
def test_a_preference(members: dict[str, Any], attributes: dict[str, Any]) -> None:
    live = codec.decode_preference({"id": "rp-1"} | members, *RESOURCE)
    assert live.attributes == {"resource": RESOURCE[0], "resource_type": RESOURCE[1]} | attributes
    assert (live.name, live.identities, live.kept) == (RESOURCE[0], (("resource", RESOURCE[0]),), None)


def test_a_resource_subscription() -> None:
    live = codec.decode_resource_subscription(subscription(), *RESOURCE, CATALOGUE)
    assert live.attributes == {
        "resource": RESOURCE[0],
        "resource_type": RESOURCE[1],
        "notification_type": "nt-1",
        "integrations": ("i-1",),
        "current_state": "ENABLED",
    }
    assert live.name == "environment=env-1#Kafka cluster shrink failure"
    assert live.identities == (("resource-type", RESOURCE[0], "nt-1"),)


def test_an_answer_about_another_resource_is_an_error() -> None:
    other = "environment=env-2"
    with pytest.raises(ProtocolError, match=other):
        codec.decode_preference({"id": "rp-1", "resource": other}, *RESOURCE)
    with pytest.raises(ProtocolError, match=other):
        codec.decode_resource_subscription(subscription(resource=other), *RESOURCE, CATALOGUE)


@pytest.mark.parametrize(
    ("metadata", "alive"),
    [
        (None, True),
        ({}, True),
        ("text", True),
        ({"deleted_at": None}, True),
        ({"deleted_at": ""}, True),
        ({"deleted_at": "soon"}, True),
        ({"deleted_at": 5}, True),
        ({"deleted_at": "0001-01-01T00:00:00Z"}, True),
        ({"deleted_at": "2026-11-22T12:00:00.001Z"}, True),
        ({"deleted_at": "2026-11-22T12:00:00Z"}, False),
        ({"deleted_at": "2026-11-22T13:30:00+02:00"}, False),
        ({"deleted_at": "2026-11-22T11:59:59.123456789Z"}, False),
        ({"deleted_at": "2020-01-01T00:00:00"}, False),
    ],
)
def test_what_is_deleted_counts_as_absent(metadata: Any, alive: bool) -> None:
    assert codec.is_alive({"id": "x", "metadata": metadata}, NOW) is alive


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, NotificationType("nt-1", "nt-1")),
        (
            {
                "display_name": "Name",
                "description": "Text",
                "category": "NEW",
                "severity": "WORSE",
                "subscription_priority": "FORCED",
                "is_included_in_plan": False,
            },
            NotificationType("nt-1", "Name", "Text", "NEW", "WORSE", "FORCED", in_plan=False),
        ),
        ({"is_included_in_plan": None, "severity": 5, "display_name": ""}, NotificationType("nt-1", "nt-1")),
        ({"is_included_in_plan": "no"}, NotificationType("nt-1", "nt-1")),
    ],
)
def test_a_notification_type(members: dict[str, Any], expected: NotificationType) -> None:
    assert codec.decode_type({"id": "nt-1"} | members) == expected


def test_bodies() -> None:
    attributes: dict[str, Any] = {
        "notification_type": "nt-1",
        "integrations": ["i-2", "i-1"],
        "current_state": "ENABLED",
        "resource": "r",
    }
    assert codec.encode(attributes, attributes.keys()) == {
        "notification_type": {"id": "nt-1"},
        "integrations": [{"id": "i-2"}, {"id": "i-1"}],
        "current_state": "ENABLED",
        "resource": "r",
    }
    assert codec.encode(attributes, ["integrations"]) == {"integrations": [{"id": "i-2"}, {"id": "i-1"}]}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    base=st.sampled_from([integration(), subscription(), {"id": "rp-1"}]),
    members=st.dictionaries(
        st.sampled_from(
            [
                "id",
                "display_name",
                "description",
                "target",
                "notification_type",
                "integrations",
                "metadata",
                "current_state",
                "resource",
                "severity",
                "is_included_in_plan",
            ]
        ),
        JSON_VALUES,
    ),
)
def test_hostile_objects_are_decoded_or_refused(base: dict[str, Any], members: dict[str, Any]) -> None:
    item = base | members
    codec.is_alive(item, NOW)
    list(codec.secrets(item))
    for decode in DECODERS:
        try:
            decoded = decode(item)
        except ProtocolError:
            continue
        assert isinstance(decoded.id, str)
        if isinstance(decoded, LiveResource):
            hash(decoded.identities)
            assert isinstance(decoded.name, str)


def test_a_target_that_is_nested_too_deeply_is_refused() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    item = integration(target={"kind": "New", "deep": deep})
    assert [secret.reveal() for secret in codec.secrets(item)] == ["x"]
    with pytest.raises(ProtocolError, match="nested too deeply"):
        codec.decode_integration(item)


@pytest.mark.parametrize(("type_id", "kept"), [("nt-1", None), ("nt-2", None), ("nt-9", "unlisted-type")])
def test_a_resource_subscription_by_its_type(type_id: str, kept: str | None) -> None:
    item = subscription(notification_type={"id": type_id})
    assert codec.decode_resource_subscription(item, *RESOURCE, CATALOGUE).kept == kept


@pytest.mark.parametrize("kind", ["SlackTarget", "MsTeamsTarget", "WebhookTarget"])
def test_a_long_kind_can_be_written_and_goes_by_its_name(kind: str) -> None:
    live = codec.decode_integration(integration(target={"kind": kind, "webhook_url": URL, "url": URL}))
    assert (live.kept, live.identities) == (None, (("name", "Alerts"),))
    assert {secret.reveal() for secret in codec.secrets({"target": {"kind": kind, "webhook_url": URL}})} == {URL}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00+01:00"])
def test_the_year_one_is_alive(moment: str) -> None:
    assert codec.is_alive({"metadata": {"deleted_at": moment}}, NOW)


@pytest.mark.parametrize(
    ("kind", "description", "owner"),
    [
        ("Slack", "d [notifconf: me]", "me"),
        ("Webhook", "[notifconf: me]", "me"),
        ("Slack", "d", None),
        ("RoleEmail", "d [notifconf: me]", None),
        ("Unheard", "d [notifconf: me]", None),
    ],
)
def test_the_owner_of_an_integration(kind: str, description: str, owner: str | None) -> None:
    item = {"id": "i-1", "display_name": "n", "description": description, "target": {"kind": kind}}
    assert codec.decode_integration(item).owner == owner


def test_a_description_that_is_withheld_keeps_its_mark() -> None:
    redactor = Redactor()
    redactor.add([Secret(URL)])
    item = {"id": "i-1", "description": f"{URL} [notifconf: me]"}
    codec.withhold([item], redactor)
    assert item["description"] == f"{WITHHELD} [notifconf: me]"
