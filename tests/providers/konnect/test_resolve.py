from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from notifconf.model.plan import Plan
from notifconf.model.policy import Mode
from notifconf.model.state import Live
from notifconf.plan.planner import make_plan
from notifconf.providers.konnect import PROVIDER
from notifconf.providers.konnect.catalogue import Catalogue, Event, catalogue_of
from notifconf.providers.konnect.workspace import DeclaredSubscription, Match
from tests.providers.konnect.declared import (
    BARE,
    BOTH,
    CATALOGUE,
    INVOICE,
    NOW,
    PLANE,
    TOKEN,
    at,
    entry,
    live,
    lives,
    workspace,
)

EU: dict[str, Any] = {"regions": ("EU",)}
EU_LIVE: dict[str, Any] = {"regions": ["EU"]}


def plan(*entries: DeclaredSubscription, found: Live | None = None, **policy: Any) -> Plan:
    return make_plan(workspace(*entries, **policy), live() if found is None else found, NOW, PROVIDER)


def did(made: Plan) -> list[str]:
    signs = {"create": "+", "update": "~", "delete": "-"}
    return [f"{signs[change.action]} {change.address.removeprefix('event-subscriptions/')}" for change in made.changes]


def errors(made: Plan) -> list[str]:
    return [item.code for item in made.diagnostics if item.severity == "error"]


@pytest.mark.parametrize("name", [TOKEN.id, "Token expiring", "token EXPIRING"])
def test_an_event_by_id_or_title(name: str) -> None:
    made = plan(entry(name, "Ops"))
    (change,) = made.changes
    assert change.address == f"event-subscriptions/{TOKEN.id}#Ops"
    assert (change.after or {})["event"] == TOKEN.id


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("Token expirin", '(did you mean "Token expiring"'),
        ("billing.invoice.redy", '(did you mean "billing.invoice.ready"'),
        ("nothing like it at all", 'there is no event "nothing like it at all"'),
    ],
)
def test_an_unknown_event_names_the_nearest(event: str, text: str) -> None:
    (only,) = plan(entry(event)).diagnostics
    assert (only.code, only.severity, str(only.position)) == (
        "unknown-event",
        "error",
        "notifconf.yaml:1:12",
    )
    assert text in only.message


def test_an_unknown_event_from_outside_is_not_shown() -> None:
    (only,) = plan(entry("Token expirin", expression="${EVENT}")).diagnostics
    assert only.message.startswith('there is no event "${EVENT}": ')


def test_a_title_of_several_events_wants_an_id() -> None:
    twins = Catalogue.of([Event("a", "Twin"), Event("b", "twin")])
    (only,) = plan(entry("TWIN"), found=live(catalogue=twins)).diagnostics
    assert only.message == '2 events are called "TWIN": use the id, "a" or "b"'


def test_many_unknown_events_do_not_make_a_plan_slow() -> None:
    made = plan(*(entry(f"Token expirin {n}", line=n + 1) for n in range(1000)))
    assert len(made.diagnostics) == 1000
    assert sum("did you mean" in item.message for item in made.diagnostics) == 100


def test_one_subscription_by_id_and_by_title() -> None:
    made = plan(entry(TOKEN, "Ops"), entry("Token expiring", "Ops", line=2))
    (only,) = [item for item in made.diagnostics if item.severity == "error"]
    assert (only.code, str(only.position)) == ("duplicate-subscription", "notifconf.yaml:2:5")
    assert "notifconf.yaml:1:5" in only.message


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ({}, {"EMAIL": False, "IN_APP": True}),
        ({"EMAIL": True}, {"EMAIL": True, "IN_APP": True}),
        ({"IN_APP": False}, {"EMAIL": False, "IN_APP": False}),
    ],
)
def test_a_new_one_leaves_other_channels_as_the_default_has_them(channels: Any, expected: Any) -> None:
    (change,) = plan(entry(channels=channels)).changes
    assert (change.after or {})["channels"] == expected


def test_a_new_one_of_which_nobody_would_be_told_is_an_error() -> None:
    made = plan(entry(BARE))
    assert errors(made) == ["invalid-value"]
    assert [change.blocked for change in made.changes] == ["invalid-value"]
    assert errors(plan(entry(BARE, channels={"EMAIL": False}))) == []
    assert errors(plan(entry(BARE), found=live(lives(BARE, channels=[])))) == []


@pytest.mark.parametrize(
    ("members", "before", "diff"),
    [
        ({}, {}, {}),
        ({"channels": {"EMAIL": True}}, {}, {}),
        ({}, {"channels": {"EMAIL": False, "IN_APP": False, "SLACK": True}}, {}),
        ({"channels": {"EMAIL": True}}, {"channels": {"IN_APP": False}}, {"/channels/EMAIL": True}),
        ({"channels": {"EMAIL": False}}, {}, {"/channels/EMAIL": False}),
        ({"regions": ("EU", "US")}, {"regions": ["US", "EU", "US"]}, {}),
        ({"regions": ("EU",)}, {}, {"/regions": ("EU",)}),
        ({}, {"entities": ["a"]}, {"/entities": ("*",)}),
        ({"enabled": False}, {}, {"/enabled": False}),
        ({}, {"enabled": False}, {"/enabled": True}),
    ],
)
@pytest.mark.parametrize("name", ["All", None], ids=["named", "nameless"])
def test_only_what_is_declared_differs(members: Any, before: Any, diff: dict[str, Any], name: str | None) -> None:
    declared = entry(pin="id-1", **members)
    made = plan(declared, found=live(lives(name=name, **before)))
    found = {item.path: item.after for change in made.changes for item in change.differences}
    # A name that does not live is no difference, but is written with what is one.
    assert found == (diff | {"/name": "All"} if diff and name is None else diff)
    assert errors(made) == []


def test_an_update_is_whole() -> None:
    found = live(lives(channels={"EMAIL": True, "IN_APP": True, "SLACK": False}, **EU_LIVE))
    (change,) = plan(entry(channels={"EMAIL": False}), found=found).changes
    assert change.after == {
        "event": TOKEN.id,
        "name": "All",
        "regions": ("*",),
        "entities": ("*",),
        "channels": {"EMAIL": False, "IN_APP": True, "SLACK": False},
        "enabled": True,
    }


def test_a_name_is_the_identity_whatever_else_there_is() -> None:
    found = live(lives(number=1, name="All"), lives(number=2, name="Other"), lives(number=3, name=None))
    made = plan(entry(name="All"), found=found)
    assert (did(made), len(made.unmanaged)) == ([], 2)
    assert did(plan(entry(name="New"), entry(name="Newer"), found=live(lives(name="All")))) == [
        f"+ {TOKEN.id}#New",
        f"+ {TOKEN.id}#Newer",
    ]


def test_a_name_counts_in_its_event_alone() -> None:
    assert did(plan(entry(TOKEN), found=live(lives(PLANE)))) == [f"+ {TOKEN.id}#All"]


def test_one_without_a_name_is_adopted_by_where_it_applies() -> None:
    found = live(lives(number=1, name=None, **EU_LIVE), lives(number=2, name=None))
    made = plan(entry(name="Europe", **EU), found=found)
    assert (did(made), [item.id for item in made.unmanaged]) == ([], ["id-2"])
    assert made.unmanaged[0].address == f"event-subscriptions/{TOKEN.id}#id-2"


def test_of_several_that_apply_where_it_does_one_adopts_it_and_the_others_are_new() -> None:
    entries = [entry(name="B", channels={"EMAIL": False}, line=2), entry(name="A")]
    found = live(lives(name=None))
    for order in itertools.permutations(entries):
        made = plan(*order, found=found)
        assert (did(made), errors(made)) == ([f"+ {TOKEN.id}#B"], [])


def test_several_without_a_name_are_never_guessed_at() -> None:
    found = live(lives(number=1, name=None), lives(number=2, name=None))
    made = plan(entry(), found=found, mode=Mode.SYNC)
    (only,) = made.diagnostics
    assert (only.code, did(made)) == ("ambiguous-event-subscription", [])
    assert '"id-1" or "id-2"' in only.message
    assert did(plan(entry(pin="id-1"), entry(name="B", pin="id-2"), found=found)) == []


def test_several_of_one_name_are_never_guessed_at() -> None:
    found = live(lives(number=1), lives(number=2))
    assert errors(plan(entry(), found=found)) == ["ambiguous-event-subscription"]
    made = plan(entry(pin="id-2"), found=found)
    assert (errors(made), [item.id for item in made.unmanaged]) == ([], ["id-1"])


def test_a_pin_beside_a_namesake() -> None:
    pinned, other = entry(name="Ops", pin="id-1"), entry(name="Ops", line=2, **EU)
    found = live(lives(name="Ops"), lives(number=2, name="Ops", **EU_LIVE))
    assert did(plan(pinned, other, found=found)) == did(plan(other, pinned, found=found)) == []
    assert did(plan(pinned, other, found=live(lives(name="Old")))) == [
        f"+ {TOKEN.id}#Ops",
        f"~ {TOKEN.id}#Ops#id-1",
    ]


def test_addresses_of_namesakes_are_unique() -> None:
    entries = [entry(name="N", pin="p"), entry(name="N", line=2), entry(name="N#p", line=3)]
    found = live(*(lives(number=number, name=name) for number, name in enumerate(("N", "N", "N#p"))))
    made = plan(*entries, entry(name="N", pin="id-0", line=4), found=found)
    addresses = [*made.unchanged, *(item.address for item in made.diagnostics)]
    assert len(addresses) == len(set(addresses)) == 4


def test_a_pin_renames() -> None:
    made = plan(entry(name="New", pin="id-1"), found=live(lives(name="Old")))
    (change,) = made.changes
    assert (change.id, change.address) == ("id-1", f"event-subscriptions/{TOKEN.id}#New")
    assert [(item.path, item.before, item.after) for item in change.differences] == [("/name", "Old", "New")]


def test_a_pin_takes_one_without_a_name_from_where_it_would_be_found() -> None:
    found = live(lives(number=1, name=None))
    made = plan(entry(name="A", regions=("US",), pin="id-1"), entry(name="B", line=2), found=found)
    assert (did(made), errors(made)) == ([f"~ {TOKEN.id}#A", f"+ {TOKEN.id}#B"], [])


@pytest.mark.parametrize("found", [live(), live(lives(number=2))])
def test_a_pin_that_is_not_there(found: Live) -> None:
    assert errors(plan(entry(name="X", pin="id-1"), found=found)) == ["missing-event-subscription"]


def test_a_pin_of_another_event() -> None:
    made = plan(entry(TOKEN, pin="id-1"), found=live(lives(PLANE)))
    (only,) = made.diagnostics
    assert (only.code, str(only.position)) == ("missing-event-subscription", "notifconf.yaml:1:5")
    assert PLANE.id in only.message


@pytest.mark.parametrize(
    ("members", "text"),
    [({"enabled": False}, "disabled"), ({"channels": {"EMAIL": False}}, "taken off EMAIL")],
)
@pytest.mark.parametrize("found", [live(), live(lives(INVOICE))], ids=["create", "update"])
def test_billing_is_mandatory(members: Any, text: str, found: Live) -> None:
    made = plan(entry(INVOICE, **members), found=found)
    (only,) = [item for item in made.diagnostics if item.severity == "error"]
    assert (only.code, text in only.message) == ("required-type", True)
    assert [change.blocked for change in made.changes] == ["required-type"]


@pytest.mark.parametrize("members", [{}, {"channels": {"IN_APP": False}}, {"regions": ("EU",)}])
def test_all_else_of_billing_may_change(members: Any) -> None:
    assert errors(plan(entry(INVOICE, **members), found=live(lives(INVOICE, channels=BOTH)))) == []


def test_sync_deletes_what_is_not_declared_but_no_billing() -> None:
    found = live(lives(INVOICE, 1), lives(TOKEN, 2, "Old"), lives(TOKEN, 3, None), lives(TOKEN, 4, "Kept"))
    made = plan(found=found, mode=Mode.SYNC, protected=("*#Kept",), max_deletes=9)
    assert did(made) == [f"- {TOKEN.id}#Old", f"- {TOKEN.id}#id-3"]
    assert {item.id: item.kept for item in made.unmanaged} == {"id-1": "required", "id-4": "protected"}


def test_nothing_declared_and_nothing_known_is_nothing() -> None:
    assert did(plan(found=Live())) == []
    assert errors(plan(entry(), found=Live())) == ["unknown-event"]


def test_order_does_not_matter() -> None:
    entries = [
        entry(TOKEN, "A", **EU),
        entry(TOKEN, "B", line=2),
        entry(PLANE, "A", line=3),
        entry("no such", "A", line=4),
        entry(TOKEN, "C", line=5, pin="id-3"),
    ]
    found = [lives(TOKEN, 1, None, **EU_LIVE), lives(TOKEN, 2, None), lives(TOKEN, 3, "X"), lives(PLANE, 4, "Y")]
    plans = {
        repr(plan(*some, found=live(*others)))
        for some in itertools.permutations(entries)
        for others in (found, found[::-1], found[2:] + found[:2])
    }
    assert len(plans) == 1


def test_the_catalogue_is_read_as_it_is() -> None:
    assert [event.id for event in CATALOGUE.events] == sorted(event.id for event in (INVOICE, TOKEN, PLANE, BARE))
    assert CATALOGUE.named("no such") == ()


def test_a_match_finds_events_and_a_name_wins() -> None:
    match = Match(namespace=("organization", "gateway-manager"))
    made = plan(
        entry("", "Ops", match=match, channels={"EMAIL": True}, line=2),
        entry(TOKEN, "Ops", channels={"EMAIL": False, "IN_APP": True}, line=5),
    )
    assert did(made) == [f"+ {PLANE.id}#Ops", f"+ {TOKEN.id}#Ops"]
    (warning,) = [item for item in made.diagnostics if item.code == "shadows-match"]
    assert (warning.severity, warning.position) == ("warning", at(5))
    assert "by EMAIL" in warning.message


@pytest.mark.parametrize(
    ("match", "found"),
    [
        (Match(name="data PLANE*"), [PLANE]),
        (Match(name="*.expiring"), [TOKEN]),
        (Match(excluded=("*billing*", "Data plane lost", BARE.id)), [TOKEN]),
        (Match(namespace=("organization",), excluded=("token*",)), []),
    ],
)
def test_what_a_match_finds(match: Match, found: list[Event]) -> None:
    made = plan(entry("", "Ops", match=match, line=3))
    assert did(made) == [f"+ {event.id}#Ops" for event in found]
    assert errors(made) == ([] if found else ["empty-match"])
    assert "excludes-nothing" not in {item.code for item in made.diagnostics}


def test_an_exact_name_that_excepts_nothing_is_a_warning() -> None:
    made = plan(entry("", "Ops", match=Match(excluded=("Data plane lots",)), line=3))
    (warning,) = [item for item in made.diagnostics if item.code == "excludes-nothing"]
    assert 'did you mean "Data plane lost"' in warning.message


def test_a_namespace_that_no_event_has_is_a_warning_beside_one_that_events_have() -> None:
    declared = entry("", "Ops", match=Match(namespace=("organisation", "gateway-manager")), line=3)
    made = plan(declared)
    assert did(made) == [f"+ {PLANE.id}#Ops"]
    (found,) = [item for item in made.diagnostics if item.code == "invalid-value"]
    assert (found.severity, found.position) == ("warning", declared.event_at)
    assert 'did you mean "organization"' in found.message


def test_two_matches_of_one_name_overlap() -> None:
    entries = [
        entry("", "Ops", match=Match(namespace=("organization",)), line=2),
        entry("", "Ops", match=Match(name="*"), channels=BOTH, line=4),
        entry("", "Other", match=Match(name="*"), channels=BOTH, line=6),
    ]
    (found,) = [item for item in plan(*entries).diagnostics if item.severity == "error"]
    assert (found.code, found.position) == ("overlapping-match", at(4))
    assert "notifconf.yaml:2:5" in found.message
    assert plan(*entries).changes == plan(*entries[::-1]).changes


MARKED = "All [notifconf: me]"


def test_an_owner_marks_the_names_of_what_it_declares() -> None:
    (new,) = plan(entry(), owner="me").changes
    assert (new.address, (new.after or {})["name"]) == (f"event-subscriptions/{TOKEN.id}#All", MARKED)
    (adopted,) = plan(entry(), found=live(lives()), owner="me").changes
    assert (adopted.id, adopted.changed, (adopted.after or {})["name"]) == ("id-1", ("name",), MARKED)
    assert did(plan(entry(), found=live(lives(name=MARKED)), owner="me")) == []
    assert did(plan(entry(), found=live(lives(name=None)), owner="me")) == []


def test_one_without_a_name_is_marked_where_the_service_keeps_names() -> None:
    found = live(lives(name=None))
    found = replace(found, catalogue=replace(catalogue_of(found), keeps_names=True))
    (marked,) = plan(entry(), found=found, owner="me").changes
    assert (marked.id, marked.changed, (marked.after or {})["name"]) == ("id-1", ("name",), MARKED)
    assert did(plan(entry(), found=found)) == []


def test_what_has_another_mark_is_another_subscription() -> None:
    theirs, own = lives(name="All [notifconf: other]"), lives(number=2, name=MARKED)
    assert did(plan(entry(), found=live(theirs), owner="me")) == [f"+ {TOKEN.id}#All"]
    assert did(plan(entry(), found=live(theirs, own, lives(number=3)), owner="me")) == []
    assert did(plan(entry(), found=live(theirs))) == [f"+ {TOKEN.id}#All"]
    assert errors(plan(entry(pin="id-1"), found=live(theirs), owner="me")) == ["owned-by-another"]


def test_taking_over_replaces_the_mark_or_takes_it_off() -> None:
    found = live(lives(name="All [notifconf: old]"), lives(PLANE, 2, name="Gone [notifconf: old]"))
    (change,) = plan(entry(), found=found, owner="me", takes_over=("old",), mode=Mode.SYNC).changes
    assert (change.id, (change.after or {})["name"]) == ("id-1", MARKED)
    (off,) = plan(entry(), found=found, takes_over=("old",)).changes
    assert (off.id, (off.after or {})["name"]) == ("id-1", "All")


def test_of_two_that_are_taken_over_neither_is_chosen() -> None:
    marked = [lives(number=number, name=f"All [notifconf: {owner}]") for number, owner in ((1, "old"), (2, "older"))]
    policy: dict[str, Any] = {"owner": "me", "takes_over": ("old", "older")}
    assert errors(plan(entry(), found=live(*marked), **policy)) == ["ambiguous-event-subscription"]
    assert errors(plan(entry(pin="id-2"), found=live(*marked), **policy)) == []
    assert errors(plan(entry(), found=live(*marked, lives(number=3, name=MARKED)), **policy)) == []
    assert errors(plan(entry(), found=live(*marked), owner="me", takes_over=("older",))) == []


@pytest.mark.parametrize(("owner", "deleted"), [("me", "id-2"), (None, "id-3")])
def test_sync_deletes_what_has_the_own_mark_alone(owner: str | None, deleted: str) -> None:
    found = live(
        lives(name="A [notifconf: other]"), lives(number=2, name="B [notifconf: me]"), lives(number=3, name="C")
    )
    made = plan(found=found, owner=owner, mode=Mode.SYNC)
    assert [change.id for change in made.changes] == [deleted]
    assert {item.kept for item in made.unmanaged} == {"other-owner"}
