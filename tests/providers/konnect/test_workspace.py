"""What a workspace may say, from its YAML to declarations."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from notifconf.config import load
from notifconf.errors import WorkspaceError
from notifconf.model.diagnostic import Position
from notifconf.providers.konnect.workspace import DeclaredSubscription, KonnectDeclarations
from tests.providers.konnect.declared import NOW

HEAD = "version: 1\nprovider: konnect\n"


def declared(text: str, environment: Mapping[str, str] | None = None) -> KonnectDeclarations:
    workspace = load(["-"], environment=environment, now=NOW, stdin=io.BytesIO((HEAD + text).encode()))
    assert workspace.diagnostics == ()
    assert isinstance(workspace.declarations, KonnectDeclarations)
    return workspace.declarations


def wrong(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(WorkspaceError) as caught:
        declared(text, environment)
    return [str(item) for item in caught.value.diagnostics]


def test_an_entry_with_all_it_can_say() -> None:
    found = declared(
        """\
subscriptions:
  - event: billing.invoice.unpaid-reminder
    name: Billing, worldwide
    regions: [US, EU]
    entities: [b, a]
    channels: {EMAIL: true, IN_APP: false}
    enabled: false
    id: 93f8380e-7798-4566-99e3-2edf2b57d289
"""
    )
    assert found.subscriptions == (
        DeclaredSubscription(
            event="billing.invoice.unpaid-reminder",
            name="Billing, worldwide",
            position=Position("-", 4, 5),
            event_at=Position("-", 4, 12),
            regions=("EU", "US"),
            entities=("a", "b"),
            channels={"EMAIL": True, "IN_APP": False},
            enabled=False,
            pin="93f8380e-7798-4566-99e3-2edf2b57d289",
        ),
    )
    assert found.managed == {"event-subscription"}


def test_what_is_not_said_has_its_default() -> None:
    (entry,) = declared("subscriptions: [{event: E, name: N}]").subscriptions
    assert (entry.regions, entry.entities, entry.enabled, entry.pin) == (("*",), ("*",), True, None)
    assert entry.channels == {}


@pytest.mark.parametrize(
    ("text", "managed"), [("", set()), ("subscriptions: []", {"event-subscription"}), ("policy: {mode: sync}", set())]
)
def test_a_section_that_is_present_is_managed(text: str, managed: set[str]) -> None:
    assert declared(text).managed == managed


def test_values_from_outside() -> None:
    text = 'subscriptions: [{event: "${EVENT}", name: "${NAME:-All}", regions: ["${REGION}"], entities: ["${ID}"]}]'
    (entry,) = declared(text, {"EVENT": "e", "REGION": "EU", "ID": "dp-1"}).subscriptions
    assert (entry.event, entry.name, entry.regions, entry.entities) == ("e", "All", ("EU",), ("dp-1",))
    assert entry.shown_event == '"${EVENT}"'
    assert len(declared(text).subscriptions) == 1
    origin = "(the value comes from the environment variable REGION)"
    assert wrong(text, {"EVENT": "e", "REGION": "MARS", "ID": "x"}) == [
        f'-:3:69: error[invalid-value]: an item of "regions" must be one of US, EU, AU, ME, IN, * {origin}'
    ]


@pytest.mark.parametrize(
    ("entry", "code", "text"),
    [
        ("{name: N}", "invalid-value", 'needs "event" or "match"'),
        ("{event: E}", "invalid-value", '"name" is missing'),
        ('{event: E, name: ""}', "invalid-value", '"name" must not be empty'),
        ("{event: E, name: 7}", "invalid-value", '"name" must be text'),
        ("{event: E, name: N, regions: [MARS]}", "invalid-value", "must be one of US, EU, AU, ME, IN, *"),
        ("{event: E, name: N, regions: []}", "invalid-value", '"regions" must not be empty'),
        ("{event: E, name: N, regions: EU}", "invalid-value", '"regions" must be a list'),
        ("{event: E, name: N, regions: [EU, EU]}", "invalid-value", "stands in the list already"),
        ("{event: E, name: N, entities: []}", "invalid-value", '"entities" must not be empty'),
        ("{event: E, name: N, channels: {SMS: true}}", "unknown-key", 'unknown key "SMS"'),
        ("{event: E, name: N, channels: {EMAI: true}}", "unknown-key", 'did you mean "EMAIL"'),
        ("{event: E, name: N, channels: {EMAIL: yes}}", "invalid-value", "without quotes, are the only booleans"),
        ("{event: E, name: N, enabled: 1}", "invalid-value", '"enabled" must be true or false'),
        ("{event: E, name: N, region: [EU]}", "unknown-key", 'did you mean "regions"'),
        ("{event: E, name: N, notification_type: E}", "unknown-key", '"notification_type"'),
    ],
)
def test_what_can_be_known_to_be_wrong(entry: str, code: str, text: str) -> None:
    (only,) = wrong(f"subscriptions:\n  - {entry}")
    assert f"error[{code}]" in only
    assert text in only


@pytest.mark.parametrize(
    "entries",
    [
        "[{event: E, name: N}, {event: E, name: N, regions: [EU]}]",
        "[{event: Invoice ready, name: N}, {event: invoice READY, name: N}]",
        "[{event: E, name: N, id: x}, {event: E, name: M, id: x}]",
        "[{event: E, name: N}, {event: E, name: N, id: y}, {event: E, name: N}]",
    ],
)
def test_two_entries_for_one_subscription(entries: str) -> None:
    (only,) = wrong(f"subscriptions: {entries}")
    assert "error[duplicate-subscription]: this is the same subscription as the one at -:3:17" in only


@pytest.mark.parametrize("pins", [["x", "y"], ["x", None], [None, "y"]])
def test_entries_with_one_name_are_told_apart_by_pins(pins: list[str | None]) -> None:
    entries = [f"{{event: E, name: N{f', id: {pin}' if pin else ''}}}" for pin in pins]
    assert [entry.pin for entry in declared(f"subscriptions: [{', '.join(entries)}]").subscriptions] == pins


def test_names_of_one_event_differ_by_case() -> None:
    assert len(declared("subscriptions: [{event: E, name: N}, {event: E, name: n}]").subscriptions) == 2


def test_an_entry_that_is_refused_hides_no_other() -> None:
    found = wrong("subscriptions: [{event: E, name: 7}, {event: E, name: N}, {event: E, name: N}]")
    assert [text.split(": ")[1] for text in found] == ["error[invalid-value]", "error[duplicate-subscription]"]


@pytest.mark.parametrize("name", ["n [notifconf: x]", "n" * 240])
def test_a_name_leaves_room_for_the_mark(name: str) -> None:
    (found,) = wrong(f"policy: {{owner: me}}\nsubscriptions:\n  - {{event: E, name: '{name}'}}")
    assert found.startswith("-:5:22: error[invalid-value]")
