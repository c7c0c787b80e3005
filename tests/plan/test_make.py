from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from notifconf.model.diagnostic import Position, error, warning
from notifconf.model.plan import Action, Reference
from notifconf.model.policy import Mode, Percentage, Policy
from notifconf.plan.codec import decode_plan, encode_plan
from tests.plan.world import (
    addition,
    channel,
    codes,
    did,
    kept,
    live_channel,
    live_route,
    planned,
    reader,
    route,
)

SYNC = Policy(mode=Mode.SYNC, max_deletes=Percentage(100))


@pytest.mark.parametrize(
    ("declared", "live", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([channel("a")], [], ["+ channels/a"], id="create"),
        pytest.param([channel("a")], [live_channel("c1", "a")], [], id="as declared"),
        pytest.param([channel("a")], [live_channel("c1", "a", "old")], ["~ channels/a"], id="another secret"),
        pytest.param([channel("a")], [live_channel("c1", "a", more="left alone")], [], id="undeclared attribute"),
        pytest.param([channel("a", note="n")], [live_channel("c1", "a")], ["~ channels/a"], id="absent attribute"),
        pytest.param([channel("a", pin="c1")], [live_channel("c1", "b")], ["~ channels/a"], id="pin renames"),
        pytest.param(
            [channel("a"), route("t", "a")], [], ["+ channels/a", "+ routes/t"], id="what is referred to comes first"
        ),
        pytest.param(
            [channel("a"), route("t", "a")], [live_channel("c1", "a")], ["+ routes/t"], id="refers to a live one"
        ),
        pytest.param(
            [channel("a"), channel("b"), route("t", "b", "a")],
            [live_channel("c1", "a"), live_channel("c2", "b"), live_route("r1", "t", "c2", "c1")],
            [],
            id="order of references means nothing",
        ),
        pytest.param(
            [channel("a"), route("t", "a", "a")],
            [live_channel("c1", "a"), live_route("r1", "t", "c1")],
            [],
            id="a reference twice is one",
        ),
        pytest.param(
            [channel("a"), addition("t", "a")],
            [live_channel("c1", "a"), live_route("r1", "t", "c1", "c2", state="OFF")],
            [],
            id="what is added is there, and the rest stays",
        ),
        pytest.param(
            [reader("admins"), route("t", "admins")],
            [live_channel("c1", "admins", kept="read-only"), live_route("r1", "t", "c1")],
            [],
            id="read-only is found and never written",
        ),
        pytest.param([route("t", create=False)], [], [], id="absence is what is declared"),
        pytest.param(
            [route("t", create=False)], [live_route("r1", "t", state="OFF")], ["~ routes/t"], id="unless live"
        ),
    ],
)
def test_changes(declared, live, expected):
    plan = planned(declared, live)
    assert did(plan) == expected
    assert codes(plan) == []


def test_what_needs_nothing_is_counted_not_listed():
    plan = planned(
        [channel("a"), reader("admins")], [live_channel("c1", "a"), live_channel("c2", "admins", kept="read-only")]
    )
    assert plan.changes == ()
    assert sorted(plan.unchanged) == ["channels/a", "channels/admins"]


def test_an_update_names_the_fields_and_writes_the_attributes_that_differ():
    plan = planned(
        [channel("a"), channel("b", url="new"), route("t", "a", "b", state="OFF")],
        [live_channel("c1", "a"), live_channel("c2", "b", "old"), live_route("r1", "t", "c1", state="ON")],
    )
    target, subscription = plan.changes
    assert target.changed == ("target",)
    assert [(item.path, str(item.before), str(item.after)) for item in target.differences] == [
        ("/target/url", "(sensitive)", "(sensitive, changed)")
    ]
    assert subscription.changed == ("channels", "state")
    assert [item.path for item in subscription.differences] == ["/channels", "/state"]
    assert subscription.differences[0].before == (Reference("c1", "a"),)
    assert subscription.differences[0].after == (Reference("c1", "a"), Reference("c2", "b"))


def test_no_secret_is_in_a_plan():
    plan = planned(
        [channel("a", url="canary-new"), channel("b", url="canary-new")], [live_channel("c1", "a", "canary-old")]
    )
    assert len(plan.changes) == 2
    assert "canary" not in repr(plan)


@pytest.mark.parametrize(
    ("declared", "live", "expected", "blocked"),
    [
        pytest.param([channel("a", pin="c9")], [], "error:missing-channel", [], id="pin of nothing"),
        pytest.param(
            [channel("a", pin="c1")],
            [live_channel("c1", kept="read-only")],
            "error:missing-channel",
            [],
            id="pin of a read-only one",
        ),
        pytest.param([reader("admins")], [], "error:missing-channel", [], id="read-only one that is not there"),
        pytest.param(
            [channel("a")],
            [live_channel("c1", "a"), live_channel("c2", "a")],
            "error:ambiguous-channel",
            [],
            id="several bear the name",
        ),
        pytest.param(
            [channel("a", pin="c1"), channel("b", pin="c1")],
            [live_channel("c1", "a")],
            "error:duplicate-channel",
            [],
            id="two keys, one live object",
        ),
        pytest.param(
            [channel("a", pin="c9"), route("t", "a")],
            [],
            "error:missing-channel",
            ["+ routes/t"],
            id="what refers to it is blocked",
        ),
    ],
)
def test_what_can_not_be_matched_is_an_error(declared, live, expected, blocked):
    plan = planned(declared, live)
    assert codes(plan) == [expected]
    assert did(plan) == blocked
    assert all(change.blocked == expected.removeprefix("error:") for change in plan.changes if change.kind == "route")
    assert plan.diagnostics[0].position is not None


def test_a_pin_chooses_between_twins():
    twins = [live_channel("c1", "a"), live_channel("c2", "a", "other")]
    plan = planned([channel("a", pin="c2")], twins)
    assert [(change.id, change.changed) for change in plan.changes] == [("c2", ("target",))]
    assert kept(plan) == {"channels/a#c1": "not-declared"}


def test_references_to_objects_of_one_name_are_told_apart():
    live = [
        live_channel("c1", "a"),
        live_channel("c2", "a"),
        live_channel("c3", "b"),
        live_route("r1", "t", "c1", "c2"),
    ]
    plan = planned([channel("a", pin="c2"), channel("b"), route("t", "a", "b")], live)
    difference: Any = plan.changes[0].differences[0]
    assert [str(item) for item in difference.before] == ["a#c1", "a#c2"]
    assert [str(item) for item in difference.after] == ["a#c2", "b"]
    assert any('"a#c1"' in silence.message for silence in plan.silences)


@pytest.mark.parametrize(
    ("mode", "expected", "unmanaged"),
    [
        (Mode.CREATE_ONLY, ["+ channels/new"], {"channels/old": "not-declared"}),
        (Mode.UPSERT_ONLY, ["+ channels/new", "~ channels/a"], {"channels/old": "not-declared"}),
        (Mode.SYNC, ["+ channels/new", "~ channels/a", "- channels/old"], {}),
    ],
)
@pytest.mark.parametrize("by_option", [False, True])
def test_modes(mode, expected, unmanaged, by_option):
    policy = Policy(max_deletes=5) if by_option else Policy(mode=mode, max_deletes=5)
    plan = planned(
        [channel("a"), channel("new")],
        [live_channel("c1", "a", "differs"), live_channel("c2", "old")],
        policy=policy,
        mode=mode if by_option else None,
    )
    assert sorted(did(plan)) == sorted(expected)
    assert kept(plan) == unmanaged
    assert plan.mode == mode


@pytest.mark.parametrize(
    ("live", "policy", "expected"),
    [
        pytest.param(live_channel("c1", "x", kept="read-only"), SYNC, "read-only", id="read-only"),
        pytest.param(live_route("r1", "x", kept="required"), SYNC, "required", id="required"),
        pytest.param(
            live_channel("c1", "x"), Policy(mode=Mode.SYNC, protected=("channels/x",)), "protected", id="protected"
        ),
        pytest.param(
            live_route("r1", "x"),
            Policy(mode=Mode.SYNC, protected=("routes/*",)),
            "protected",
            id="protected by a glob",
        ),
        pytest.param(live_channel("c1", "x"), Policy(), "not-declared", id="outside sync"),
    ],
)
def test_what_is_kept_says_why(live, policy, expected):
    plan = planned([], [live], policy=policy)
    assert did(plan) == []
    assert list(kept(plan).values()) == [expected]
    assert codes(plan) == []


def test_a_section_that_is_absent_is_neither_counted_nor_deleted():
    plan = planned([], [live_channel("c1"), live_route("r1", "t", "c1")], policy=SYNC, managed={"route"})
    assert did(plan) == ["- routes/t"]
    assert kept(plan) == {}


def test_deletes_come_last_and_walk_backwards():
    plan = planned(
        [channel("new"), route("stays", "new")],
        [
            live_channel("c1", "old"),
            live_route("r1", "stays", "c1"),
            live_route("r2", "goes", "c1"),
        ],
        policy=SYNC,
    )
    assert did(plan) == ["+ channels/new", "~ routes/stays", "- routes/goes", "- channels/old"]
    assert plan.changes[1].depends_on == ("channels/new",)
    assert plan.changes[3].depends_on == ("routes/goes", "routes/stays")
    assert codes(plan) == ["warning:removes-channel"]


def test_what_something_kept_still_uses_is_kept():
    plan = planned([], [live_channel("c1", "old"), live_route("r1", "must", "c1", kept="required")], policy=SYNC)
    assert did(plan) == []
    assert kept(plan) == {"channels/old": "in-use", "routes/must": "required"}
    assert codes(plan) == ["warning:channel-in-use"]
    assert '"must"' in plan.diagnostics[0].message


def test_what_an_unmanaged_section_uses_is_kept():
    plan = planned([], [live_channel("c1", "old"), live_route("r1", "t", "c1")], policy=SYNC, managed={"channel"})
    assert kept(plan) == {"channels/old": "in-use"}


def test_an_undeclared_object_whose_address_is_taken_gets_its_id_behind_it():
    plan = planned([channel("a", pin="c1")], [live_channel("c1", "b"), live_channel("c2", "a")], policy=SYNC)
    assert did(plan) == ["~ channels/a", "- channels/a#c2"]


@pytest.mark.parametrize(
    ("limit", "deletes", "refused"),
    [
        (Percentage(30), 3, False),
        (Percentage(30), 4, True),
        (Percentage(0), 1, False),
        (Percentage(0), 2, True),
        (Percentage(100), 10, False),
        (3, 3, False),
        (3, 4, True),
        (0, 1, True),
        (0, 0, False),
    ],
)
@pytest.mark.parametrize("by_option", [False, True])
def test_max_deletes(limit, deletes, refused, by_option):
    live = [live_route(f"r{index}", f"t{index}") for index in range(10)]
    declared = [route(f"t{index}") for index in range(deletes, 10)]
    policy = Policy(mode=Mode.SYNC) if by_option else Policy(mode=Mode.SYNC, max_deletes=limit)
    options = {"max_deletes": limit} if by_option else {}
    plan = planned(declared, live, policy=policy, **options)
    assert plan.count(Action.DELETE) == deletes
    assert [item.code for item in plan.refusals] == (["max-deletes"] if refused else [])
    assert plan.errors == ()
    forced = planned(declared, live, policy=policy, force=True, **options)
    assert forced.refusals == ()
    assert codes(forced) == (["warning:max-deletes"] if refused else [])


def test_a_percentage_is_of_each_kind_alone():
    live = [live_route(f"r{index}", f"t{index}") for index in range(10)] + [live_channel("c1"), live_channel("c2")]
    plan = planned([route(f"t{index}") for index in range(10)], live, policy=Policy(mode=Mode.SYNC))
    assert [item.code for item in plan.refusals] == ["max-deletes"]
    assert "2 of 2 channels" in plan.refusals[0].message


@pytest.mark.parametrize("declared", [[], [channel("x", pin="c0")]], ids=["undeclared", "declared"])
def test_what_is_protected_stays_so_when_another_one_takes_its_name(declared):
    policy = Policy(mode=Mode.SYNC, max_deletes=Percentage(100), protected=("channels/x", "channels/y#c3"))
    live = [live_channel(object_id, "x") for object_id in ("c0", "c1", "c2")]
    live += [live_channel(object_id, "y") for object_id in ("c3", "c4")]
    plan = planned(declared, live, policy=policy)
    assert did(plan) == ["- channels/y#c4"]
    assert set(kept(plan).values()) == {"protected"}


WORLD = [channel("a"), channel("b"), route("t", "a"), route("u", "b")]


@pytest.mark.parametrize(
    ("options", "expected", "warnings"),
    [
        ({"targets": ("channels/a",)}, ["+ channels/a"], []),
        ({"targets": ("routes/t",)}, ["+ channels/a", "+ routes/t"], []),
        ({"targets": ("routes/*",)}, ["+ channels/a", "+ channels/b", "+ routes/t", "+ routes/u"], []),
        ({"excludes": ("routes/t",)}, ["+ channels/a", "+ channels/b", "+ routes/u"], []),
        ({"excludes": ("channels/a",)}, ["+ channels/b", "+ routes/u"], ["warning:excluded-dependency"]),
        ({"targets": ("routes/t",), "excludes": ("channels/a",)}, [], ["warning:excluded-dependency"]),
        ({"targets": ("routes/x",)}, [], ["error:unknown-address"]),
        ({"targets": ("routes/x", "routes/t")}, ["+ channels/a", "+ routes/t"], ["error:unknown-address"]),
        ({"targets_if_exist": ("routes/x",)}, [], []),
        ({"targets_if_exist": ("routes/x", "routes/t")}, ["+ channels/a", "+ routes/t"], []),
        ({"targets": ("channels/a",), "targets_if_exist": ("channels/b",)}, ["+ channels/a", "+ channels/b"], []),
        (
            {"excludes": ("routes/x",), "targets": ("routes/t",)},
            ["+ channels/a", "+ routes/t"],
            ["warning:unknown-address"],
        ),
        ({"excludes": ("*",)}, [], []),
    ],
)
def test_target_and_exclude(options, expected, warnings):
    plan = planned(WORLD, [], **options)
    assert did(plan) == expected
    assert codes(plan) == warnings


def test_a_target_leaves_errors_of_others_aside():
    declared = [channel("a"), channel("b", pin="gone"), route("t", "b")]
    assert codes(planned(declared, [])) == ["error:missing-channel"]
    assert codes(planned(declared, [], targets=("channels/a",))) == []
    assert codes(planned(declared, [], targets=("channels/b",))) == ["error:missing-channel"]
    assert codes(planned(declared, [], excludes=("channels/b", "routes/t"))) == []


def test_a_target_that_could_not_be_resolved_is_not_unknown():
    misspelt = error("unknown-topic", "no such topic", address="routes/tipo")
    assert codes(planned([], [], diagnostics=[misspelt], targets=("routes/tipo",))) == ["error:unknown-topic"]


def test_what_is_said_of_a_targeted_plan_is_about_the_targets():
    live = [live_channel("c1", "a"), live_channel("c2", "b"), live_channel("c3", "x"), live_channel("c4", "y")]
    declared = [channel("a"), channel("b")]
    whole = planned(declared, live)
    assert (whole.part, whole.unchanged, set(kept(whole))) == (
        "",
        ("channels/a", "channels/b"),
        {"channels/x", "channels/y"},
    )
    targets = planned(declared, live, targets=("channels/a",), targets_if_exist=("channels/x",))
    assert (targets.part, targets.unchanged, set(kept(targets))) == ("targets", ("channels/a",), {"channels/x"})
    rest = planned(declared, live, excludes=("channels/a", "channels/x"))
    assert (rest.part, rest.unchanged, set(kept(rest))) == ("rest", ("channels/b",), {"channels/y"})
    assert decode_plan(json.loads(json.dumps(encode_plan(targets)))) == targets


OLD_AND_NEW = [channel("a", name="New", pin="c1"), channel("b", name="New")]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ([live_channel("c1", "Old")], ["~ channels/a", "+ channels/b"]),
        ([live_channel("c1", "New")], ["+ channels/b"]),
        ([live_channel("c1", "Old"), live_channel("c2", "New")], ["~ channels/a"]),
        ([live_channel("c1", "New"), live_channel("c2", "New")], []),
    ],
    ids=["before", "after its first half", "the second half alone", "done"],
)
def test_a_pinned_object_belongs_to_its_pin(live, expected):
    for declared, lives in itertools.product(itertools.permutations(OLD_AND_NEW), itertools.permutations(live)):
        plan = planned(declared, lives)
        assert sorted(did(plan)) == sorted(expected)
        assert codes(plan) == []


def test_a_pin_renames_and_another_object_takes_the_old_name():
    declared = [channel("a", name="New", pin="c1"), channel("b", name="Old")]
    assert sorted(did(planned(declared, [live_channel("c1", "Old")]))) == ["+ channels/b", "~ channels/a"]
    assert did(planned(declared, [live_channel("c1", "New")])) == ["+ channels/b"]


def test_two_readers_of_one_live_object_are_a_duplicate():
    live = [live_channel("c1", "admins", kept="read-only")]
    twin = reader("again")._replace(identities=(("reader", "admins"),))
    assert codes(planned([reader("admins"), twin], live)) == ["error:duplicate-channel"]
    assert codes(planned([reader("admins")._replace(pin="c1"), twin], live)) == ["error:duplicate-channel"]


def test_addresses_are_unique_whatever_the_names_are():
    live = [live_channel("c1", "X"), live_channel("c2", "X"), live_channel("c3", "X#c1")]
    for mode in (Mode.UPSERT_ONLY, Mode.SYNC):
        plan = planned([], live, policy=Policy(mode=mode, max_deletes=99))
        named = {item.id: item.address for item in plan.unmanaged} | {item.id: item.address for item in plan.changes}
        assert named == {"c1": "channels/X#c1#c1", "c2": "channels/X#c2", "c3": "channels/X#c1#c3"}


def test_a_declared_address_is_left_to_what_is_declared():
    live = [live_channel("c1", "X"), live_channel("c2", "a"), live_channel("c3", "a#c2")]
    plan = planned([channel("a", name="Y"), channel("a#c2", name="Z")], live)
    assert {item.id: item.address for item in plan.unmanaged} == {
        "c1": "channels/X",
        "c2": "channels/a#c2#c2",
        "c3": "channels/a#c2#c3",
    }


def test_an_invalid_workspace_has_no_changes_and_all_errors():
    place = Position("w.yaml", 3, 1)
    invalid = [error("undeclared-channel", "no such channel", place), warning("unused-channel", "unused", place)]
    found = [
        error("unknown-topic", "no such topic", Position("w.yaml", 9, 1)),
        error("undeclared-channel", "in other words", place),
    ]
    plan = planned(
        [channel("a"), channel("b", pin="gone")],
        [live_channel("c9", "x")],
        policy=Policy(mode=Mode.SYNC),
        diagnostics=found,
        workspace_diagnostics=invalid,
    )
    assert (plan.changes, plan.unmanaged, plan.silences) == ((), (), ())
    assert (plan.provider, plan.mode) == ("world", Mode.SYNC)
    assert [(item.code, item.message) for item in plan.diagnostics if item.code != "missing-channel"] == [
        ("undeclared-channel", "no such channel"),
        ("unused-channel", "unused"),
        ("unknown-topic", "no such topic"),
    ]
    assert "error:missing-channel" in codes(plan)


def test_a_target_keeps_the_errors_of_what_it_refers_to():
    plan = planned([channel("b", pin="gone"), route("t", "b")], [], targets=("routes/t",))
    assert [change.blocked for change in plan.changes] == ["missing-channel"]
    assert codes(plan) == ["error:missing-channel"]


def test_a_target_keeps_the_errors_of_what_could_not_be_resolved():
    """What is misspelt may be the very object that looks undeclared, and would be deleted."""
    misspelt = error("unknown-topic", "no such topic", address="routes/tipo")
    live = [live_route("r1", "typo")]
    plan = planned([], live, policy=SYNC, diagnostics=[misspelt], targets=("routes/typo",))
    assert codes(plan) == ["error:unknown-topic"]


def test_errors_of_the_catalogue_do_not_hide_the_plan():
    plan = planned([channel("a")], [], diagnostics=[error("unknown-topic", "no such topic")])
    assert did(plan) == ["+ channels/a"]
    assert [item.code for item in plan.errors] == ["unknown-topic"]


def test_an_update_of_an_integration_comes_before_what_refers_to_it():
    plan = planned(
        [channel("a", url="new"), route("t", "a")], [live_channel("c1", "a", "old"), live_route("r1", "t", state="OFF")]
    )
    assert did(plan) == ["~ channels/a", "~ routes/t"]
    assert plan.changes[1].depends_on == ("channels/a",)


def test_same_inputs_same_plan_whatever_their_order():
    declared = [channel("a", note="x"), channel("b"), route("t", "a", "b")]
    live = [live_channel("c1", "a"), live_channel("c2", "old"), live_route("r1", "gone", "c2")]
    plans = {
        repr(planned(some, others, policy=SYNC))
        for some, others in itertools.product(itertools.permutations(declared), itertools.permutations(live))
    }
    assert len(plans) == 1


def test_what_is_only_added_to_takes_nothing_out() -> None:
    live = [live_channel("c1", "a"), live_channel("c2", "b"), live_route("r1", "t", "c2", "gone", state="OFF")]
    (change,) = planned([channel("a"), addition("t", "a")], live).changes
    assert change.changed == ("channels",)
    after: Any = change.after
    assert {reference.target for reference in after["channels"]} == {"c1", "c2", "gone"}
    assert after["state"] == "OFF"
