"""`policy.protected` and `policy.frozen`."""

from __future__ import annotations

import pytest

from notifconf.model.diagnostic import Position
from notifconf.model.policy import Mode, Percentage, Policy
from tests.plan.world import channel, codes, did, kept, live_channel, live_route, planned, reader, route

SYNC = Mode.SYNC
LIVE = [live_channel("c1", "a"), live_channel("c2", "b"), live_route("r1", "t", "c1", "c2")]
BOTH = [channel("a"), channel("b")]


def guarded(declared, live, *, protected=(), frozen=(), mode=Mode.UPSERT_ONLY, places=None, **options):
    policy = Policy(mode=mode, max_deletes=99, protected=protected, frozen=frozen, places=places or {})
    return planned(declared, live, policy=policy, **options)


def blocked(plan):
    return {change.address: change.blocked for change in plan.changes}


def test_the_url_of_a_protected_channel_can_be_rotated():
    plan = guarded([channel("a", "new")], [live_channel("c1", "a", "old")], protected=("channels/a",))
    assert blocked(plan) == {"channels/a": None}
    assert codes(plan) == []


@pytest.mark.parametrize("pattern", ["channels/key", "channels/Ops", "channels/c1", "channels/c*", "*Ops"])
def test_a_channel_is_protected_by_its_address_its_live_name_and_its_id(pattern):
    declared = [channel("key", name="Ops", pin="c1"), route("t", "key", "b"), channel("b")]
    live = [live_channel("c1", "Ops"), live_channel("c2", "b"), live_route("r1", "t", "c1", "c2")]
    assert did(guarded(declared, live, protected=(pattern,))) == []
    plan = guarded([channel("key", name="Ops", pin="c1"), channel("b"), route("t", "b")], live, protected=(pattern,))
    assert blocked(plan) == {"routes/t": "protected"}
    assert "error:protected" in codes(plan)


def test_protection_outlives_the_entry_and_the_name():
    declared = [channel("a", name="New", pin="c1")]
    for pattern in ("channels/a", "channels/Old", "channels/New", "channels/c1"):
        assert codes(guarded(declared, [live_channel("c1", "Old")], protected=(pattern,))) == []
    for pattern in ("channels/Old", "channels/c1"):
        plan = guarded([], [live_channel("c1", "Old")], protected=(pattern,), mode=SYNC)
        assert kept(plan) == {"channels/Old": "protected"}


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (route("t", "b"), "leaves it out"),
        (route("t", "a", "b", state="OFF"), "turn it off"),
        (route("t", "b", state="OFF"), "leaves it out"),
    ],
)
def test_what_reaches_a_protected_channel_goes_on_reaching_it(after, sentence):
    place = Position("policy.yaml", 3, 15)
    plan = guarded([*BOTH, after], LIVE, protected=("channels/c1",), places={("protected", "channels/c1"): place})
    assert blocked(plan) == {"routes/t": "protected"}
    (found,) = plan.errors
    assert (found.code, found.position, found.address) == ("protected", after.position, "routes/t")
    assert all(words in found.message for words in (sentence, '"a"', "policy.yaml:3:15", '--exclude "routes/t"'))


def test_a_protected_channel_may_be_added_to_and_other_ones_taken_out():
    live = [live_channel("c1", "a"), live_channel("c2", "b"), live_route("r1", "t", "c1", "c2", state="OFF")]
    plan = guarded([*BOTH, route("t", "a")], live, protected=("channels/a",))
    assert blocked(plan) == {"routes/t": None}


def test_what_is_off_already_is_not_turned_off():
    live = [live_channel("c1", "a"), live_route("r1", "t", "c1", state="OFF")]
    plan = guarded([channel("a"), channel("b"), route("t", "a", "b", state="OFF")], live, protected=("*",))
    assert blocked(plan) == {"channels/b": None, "routes/t": None}


def test_a_protected_reader_stays_too():
    live = [live_channel("c1", "admins", kept="read-only"), live_channel("c2", "b"), live_route("r1", "t", "c1", "c2")]
    plan = guarded([reader("admins"), channel("b"), route("t", "b")], live, protected=("channels/admins",))
    assert blocked(plan) == {"routes/t": "protected"}


def test_an_undeclared_route_of_a_protected_channel_is_kept():
    live = [*LIVE, live_route("r2", "u", "c2"), live_channel("c3", "x"), live_route("r3", "v", "c3", "c1")]
    plan = guarded([], live, protected=("channels/a",), mode=SYNC)
    assert kept(plan) == {
        "channels/a": "protected",
        "channels/b": "in-use",
        "channels/x": "in-use",
        "routes/t": "protected",
        "routes/v": "protected",
    }
    assert did(plan) == ["- routes/u"]


def test_a_protected_channel_counts_where_channels_are_not_managed():
    plan = guarded([], LIVE, protected=("channels/c1",), mode=SYNC, managed=["route"])
    assert kept(plan) == {"routes/t": "protected"}


def test_a_protected_route_may_change_but_not_be_turned_off_or_deleted():
    assert blocked(guarded([*BOTH, route("t", "a")], LIVE, protected=("routes/t",))) == {"routes/t": None}
    plan = guarded([*BOTH, route("t", "a", state="OFF")], LIVE, protected=("routes/t",))
    assert blocked(plan) == {"routes/t": "protected"}
    assert kept(guarded(BOTH, LIVE, protected=("routes/t",), mode=SYNC)) == {"routes/t": "protected"}


@pytest.mark.parametrize("name", ["key", "live name", "new name", "c1"])
def test_a_declared_object_is_frozen_by_each_of_its_names(name):
    declared = [channel("key", name="new name", pin="c1")]
    plan = guarded(declared, [live_channel("c1", "live name")], frozen=(f"channels/{name}",))
    assert blocked(plan) == {"channels/key": "frozen"}


def test_a_route_may_not_be_turned_off_that_is_protected_by_its_id():
    plan = guarded([*BOTH, route("t", "a", "b", state="OFF")], LIVE, protected=("routes/r1",))
    assert blocked(plan) == {"routes/t": "protected"}


def test_force_does_not_unblock():
    plan = guarded([*BOTH, route("t", "b")], LIVE, protected=("channels/a",), force=True)
    assert blocked(plan) == {"routes/t": "protected"}
    assert codes(guarded([*BOTH, route("t", "b")], LIVE, protected=("channels/a",), excludes=("routes/t",))) == []


def test_nothing_of_a_frozen_object_changes():
    place = Position("policy.yaml", 2, 3)
    plan = guarded(
        [channel("a", "new"), channel("b"), route("t", "a", "b", state="OFF")],
        LIVE,
        frozen=("channels/a", "routes/t"),
        places={("frozen", "channels/a"): place},
    )
    assert blocked(plan) == {"channels/a": "frozen", "routes/t": "frozen"}
    assert [item.code for item in plan.errors] == ["frozen", "frozen"]
    message = next(item.message for item in plan.errors if item.address == "channels/a")
    assert "policy.yaml:2:3" in message
    assert "/target/url" in message


def test_a_frozen_object_is_kept_and_what_is_as_it_lives_is_fine():
    plan = guarded([], LIVE, frozen=("channels/c1", "routes/*"), mode=SYNC)
    assert kept(plan) == {"channels/a": "frozen", "channels/b": "in-use", "routes/t": "frozen"}
    assert codes(guarded([*BOTH, route("t", "a", "b")], LIVE, frozen=("*",))) == []


def test_a_frozen_address_can_be_created_and_a_frozen_channel_be_taken_out():
    assert did(guarded([channel("a")], [], frozen=("*",))) == ["+ channels/a"]
    assert blocked(guarded([*BOTH, route("t", "a")], LIVE, frozen=("channels/b",))) == {"routes/t": None}


def test_what_is_protected_and_frozen_tells_both():
    plan = guarded([*BOTH, route("t", "b")], LIVE, protected=("channels/a",), frozen=("routes/t",))
    assert blocked(plan) == {"routes/t": "protected"}
    assert sorted(item.code for item in plan.errors) == ["frozen", "protected"]
    both = guarded([], [live_channel("c1", "a")], protected=("channels/a",), frozen=("channels/a",), mode=SYNC)
    assert kept(both) == {"channels/a": "protected"}


@pytest.mark.parametrize(("kept_by_service", "reason"), [("required", "required"), ("read-only", "read-only")])
def test_reasons_of_the_service_come_first(kept_by_service, reason):
    live = [live_channel("c1", "a", kept=kept_by_service)]
    assert kept(guarded([], live, protected=("*",), frozen=("*",), mode=SYNC)) == {"channels/a": reason}


def test_what_is_blocked_already_says_why():
    live = [live_channel("c1", "a"), live_channel("c2", "b"), live_route("r1", "t", "c1")]
    plan = guarded(
        [channel("a"), channel("b"), route("t", "b", blocked="not-in-plan")], live, protected=("channels/a",)
    )
    assert blocked(plan) == {"routes/t": "not-in-plan"}
    assert codes(plan) == ["error:protected", "warning:removes-channel"]


@pytest.mark.parametrize("guard", ["protected", "frozen"])
@pytest.mark.parametrize(
    ("pattern", "warned"),
    [
        ("channels/a", False),
        ("channels/c1", False),
        ("channels/Created", False),
        ("channels/other", True),
        ("chanels/a", True),
        ("channels/other*", False),
        ("routes/t", False),
        ("routes/u", True),
    ],
)
def test_an_exact_pattern_of_nothing_is_a_warning(guard, pattern, warned):
    declared = [channel("a"), channel("new", name="Created"), route("t", "a")]
    place = Position("w.yaml", 5, 9)
    live = [live_channel("c1", "a")]
    plan = guarded(declared, live, **{guard: (pattern,)}, places={(guard, pattern): place})
    assert codes(plan) == (["warning:protects-nothing"] if warned else [])
    assert [item.position for item in plan.diagnostics] == ([place] if warned else [])


def test_what_was_not_read_may_be_there():
    assert codes(guarded([], [], protected=("channels/a/b",), managed=["route"])) == []
    assert codes(guarded([], [], protected=("channels/a",), managed=["route"])) == []
    assert codes(guarded([], [], protected=("channels/a",), managed=["channel"])) == ["warning:protects-nothing"]


def test_read_only_objects_do_not_count_in_the_percentage():
    """Six of ten are read-only: two deletes are half of the four that are managed."""
    live = [live_channel(f"c{index}", kept="read-only" if index >= 4 else None) for index in range(10)]
    declared = [channel("c2"), channel("c3")]
    policy = Policy(mode=SYNC, max_deletes=Percentage(30))
    plan = planned(declared, live, policy=policy)
    assert [item.code for item in plan.refusals] == ["max-deletes"]
    assert "2 of 4 channels" in plan.refusals[0].message
    assert planned(declared, live, policy=Policy(mode=SYNC, max_deletes=Percentage(50))).refusals == ()
