from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.errors import ProtocolError
from notifconf.providers.konnect.catalogue import Event
from notifconf.providers.konnect.codec import decode_event, decode_subscription, encode, identities
from tests.providers.konnect.declared import BOTH, CATALOGUE, INVOICE, PLANE, TOKEN, document, user_configuration


@pytest.mark.parametrize("event", CATALOGUE.events)
def test_an_event(event: Event) -> None:
    assert decode_event(user_configuration(event)) == event


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, Event("e", "e")),
        ({"event_title": None, "event_namespace": 7, "event_subscription_count": "2"}, Event("e", "e")),
        ({"event_subscription_count": True}, Event("e", "e")),
        ({"event_subscription_count": 3}, Event("e", "e", count=3)),
        ({"default_subscription": None}, Event("e", "e")),
        ({"default_subscription": [{"channel": "SLACK", "enabled": True}]}, Event("e", "e", defaults={"SLACK": True})),
    ],
)
def test_an_event_that_says_little(members: dict[str, Any], expected: Event) -> None:
    assert decode_event({"event_id": "e"} | members) == expected


@pytest.mark.parametrize("item", [None, [], "e", {}, {"event_id": ""}, {"event_id": 7}, {"event_id": ".."}])
def test_an_event_without_an_id(item: Any) -> None:
    with pytest.raises(ProtocolError, match="event_id"):
        decode_event(item)


def test_a_subscription() -> None:
    found = decode_subscription(document(1, "Europe", regions=["EU", "AU"], entities=["b", "a", "b"]), TOKEN)
    assert (found.kind, found.id, found.name) == ("event-subscription", "id-1", f"{TOKEN.id}#Europe")
    assert found.attributes == {
        "event": TOKEN.id,
        "name": "Europe",
        "regions": ("AU", "EU"),
        "entities": ("a", "b"),
        "channels": BOTH,
        "enabled": True,
    }
    assert found.identities == (("name", TOKEN.id, "Europe"),)
    assert found.kept is None


@pytest.mark.parametrize("name", [{}, {"name": None}, {"name": ""}])
def test_one_without_a_name_is_known_by_where_it_applies(name: dict[str, Any]) -> None:
    found = decode_subscription(document(1, None, regions=["US", "EU"]) | name, TOKEN)
    assert found.name == f"{TOKEN.id}#id-1"
    assert found.identities == (("place", TOKEN.id, ("EU", "US"), ("*",)),)
    assert "name" not in found.attributes


@pytest.mark.parametrize(("event", "kept"), [(INVOICE, "required"), (TOKEN, None), (PLANE, None)])
def test_billing_is_kept(event: Event, kept: str | None) -> None:
    assert decode_subscription(document(), event).kept == kept


def test_the_order_of_lists_means_nothing() -> None:
    one = document(regions=["EU", "US"], entities=["a", "b"])
    other = {**one, "regions": ["US", "EU", "US"], "entities": ["b", "a"], "channels": one["channels"][::-1]}
    assert decode_subscription(one, TOKEN) == decode_subscription(other, TOKEN)


def test_an_empty_list_may_be_null() -> None:
    found = decode_subscription(document(regions=None, entities=None, channels=None), TOKEN)
    assert [found.attributes[name] for name in ("regions", "entities", "channels")] == [(), (), {}]


WRONG: list[tuple[str, Any]] = [
    ("id", None),
    ("id", ""),
    ("id", "."),
    ("id", 7),
    ("name", 7),
    ("name", ["x"]),
    ("regions", "EU"),
    ("regions", [1]),
    ("regions", False),
    ("entities", {}),
    ("entities", [None]),
    ("channels", "EMAIL"),
    ("channels", ["EMAIL"]),
    ("channels", [{"type": "EMAIL"}]),
    ("channels", [{"type": "EMAIL", "enabled": "yes"}]),
    ("channels", [{"type": 7, "enabled": True}]),
    ("channels", [{"type": "EMAIL", "enabled": True}, {"type": "EMAIL", "enabled": False}]),
    ("enabled", None),
    ("enabled", "true"),
    ("enabled", 1),
]


@pytest.mark.parametrize(("member", "value"), WRONG)
def test_what_a_plan_stands_on_is_never_guessed(member: str, value: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_subscription(document(**{member: value}), TOKEN)


@pytest.mark.parametrize("member", ["id", "regions", "entities", "channels", "enabled"])
def test_what_a_plan_stands_on_must_be_there(member: str) -> None:
    with pytest.raises(ProtocolError):
        decode_subscription({name: value for name, value in document().items() if name != member}, TOKEN)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(document())), JSON))
def test_hostile_objects_are_decoded_or_refused(members: dict[str, Any]) -> None:
    try:
        found = decode_subscription(document() | members, TOKEN)
    except ProtocolError:
        return
    hash(found.identities)
    assert dict(found.attributes)["event"] == TOKEN.id


def test_a_body_is_whole() -> None:
    assert encode(
        {
            "event": TOKEN.id,
            "name": "Europe",
            "regions": ["EU"],
            "entities": ["*"],
            "channels": {"IN_APP": False, "EMAIL": True, "SLACK": True},
            "enabled": False,
        }
    ) == {
        "name": "Europe",
        "regions": ["EU"],
        "entities": ["*"],
        "channels": [
            {"type": "EMAIL", "enabled": True},
            {"type": "IN_APP", "enabled": False},
            {"type": "SLACK", "enabled": True},
        ],
        "enabled": False,
    }


def test_natural_keys_are_the_same_on_both_sides() -> None:
    for item in (document(), document(1, None, regions=["US", "EU"], entities=["b", "a"])):
        found = decode_subscription(item, TOKEN)
        sent: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in found.attributes.items()
        }
        assert identities(sent) == found.identities
