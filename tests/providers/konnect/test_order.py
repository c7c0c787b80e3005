"""The same bytes for every order of entries and live objects, also beside errors."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notifconf.model.policy import Mode
from notifconf.model.state import Live, Workspace
from notifconf.plan.codec import plan_document
from notifconf.plan.planner import make_plan
from notifconf.providers.konnect import PROVIDER
from notifconf.providers.konnect.catalogue import Catalogue, Event
from tests.providers.konnect.declared import CATALOGUE, INVOICE, NOW, PLANE, TOKEN, entry, lives, workspace

HASH = Event("billing.invoice#All", "Hash", namespace="organization", defaults={"EMAIL": True})
SHORT = Event("billing.invoice", "Short", namespace="organization", defaults={"EMAIL": True})
EVENTS = Catalogue.of([*CATALOGUE.events, HASH, SHORT])

declared = st.lists(
    st.tuples(
        st.sampled_from(
            (TOKEN.id, "Token expiring", "token EXPIRING", INVOICE.id, PLANE.id, HASH.id, SHORT.id, "gone")
        ),
        st.sampled_from(("All", "Ops", "All#Ops")),
        st.sampled_from((None, None, "id-1", "id-2")),
        st.sampled_from((("*",), ("EU",), ("EU", "US"))),
        st.booleans(),
    ),
    max_size=5,
)
lived = st.lists(
    st.tuples(
        st.sampled_from((TOKEN, PLANE, HASH, SHORT)),
        st.sampled_from((None, "All", "Ops", "All#Ops")),
        st.sampled_from((("*",), ("EU",))),
    ),
    max_size=5,
)


def shown(wanted: Workspace, live: Live) -> dict[str, Any]:
    return plan_document(make_plan(wanted, live, NOW, PROVIDER))


def entries_of(some: Any) -> list[Any]:
    return [
        entry(event, name, line=line, pin=pin, regions=regions, enabled=enabled)
        for line, (event, name, pin, regions, enabled) in enumerate(some, 1)
    ]


@given(declared, lived, st.sampled_from(Mode), st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_any_order(some, others, mode, random) -> None:
    entries = entries_of(some)
    live = [
        lives(event, number, name, regions=list(regions)) for number, (event, name, regions) in enumerate(others, 1)
    ]
    before = json.dumps(shown(workspace(*entries, mode=mode), Live(tuple(live), EVENTS)))
    random.shuffle(entries)
    random.shuffle(live)
    assert json.dumps(shown(workspace(*entries, mode=mode), Live(tuple(live), EVENTS))) == before
    addresses = [change["address"] for change in json.loads(before)["changes"]]
    assert len(set(addresses)) == len(addresses)


@given(declared, st.randoms(use_true_random=False))
def test_what_changes_does_not_depend_on_where_an_entry_stands(some, random) -> None:
    live = Live((lives(TOKEN, 1, "All"),), EVENTS)
    before = shown(workspace(*entries_of(some)), live)["changes"]
    random.shuffle(some)
    assert shown(workspace(*entries_of(some)), live)["changes"] == before


def test_two_events_and_names_that_make_one_address() -> None:
    wanted = workspace(entry(HASH, "Ops"), entry(SHORT, "All#Ops"))
    found = [change["address"] for change in shown(wanted, Live((), EVENTS))["changes"]]
    address = "event-subscriptions/billing.invoice#All#Ops"
    assert sorted(found) == [f"{address}#{SHORT.id}", f"{address}#{HASH.id}"]


def test_a_pin_renames_and_another_one_takes_the_old_name() -> None:
    wanted = workspace(entry(TOKEN, "New", pin="id-1"), entry(TOKEN, "All"))
    changes = shown(wanted, Live((lives(TOKEN, 1, "All"),), EVENTS))["changes"]
    assert {change["address"]: change["action"] for change in changes} == {
        f"event-subscriptions/{TOKEN.id}#New": "update",
        f"event-subscriptions/{TOKEN.id}#All": "create",
    }


def test_protected_and_frozen() -> None:
    live = Live((lives(TOKEN, 1, "All"),), EVENTS)
    off = entry(TOKEN, "All", enabled=False)
    narrower = entry(TOKEN, "All", regions=("EU",))
    silent = entry(TOKEN, "All", channels={"EMAIL": False, "IN_APP": False})
    address = f"event-subscriptions/{TOKEN.id}#All"

    def blocked(one: Any, **policy: Any) -> list[Any]:
        return [change["blocked"] for change in shown(workspace(one, **policy), live)["changes"]]

    assert blocked(off, protected=(address,)) == ["protected"]
    assert blocked(silent, protected=("event-subscriptions/id-1",)) == ["protected"]
    assert blocked(narrower, protected=(address,)) == [None]
    assert blocked(narrower, frozen=(address,)) == ["frozen"]
    for guard in ("protected", "frozen"):
        policy: dict[str, Any] = {guard: ("event-subscriptions/id-1",)}
        made = shown(workspace(mode=Mode.SYNC, **policy), live)
        assert [item["kept"] for item in made["unmanaged"]] == [guard]
