"""`policy.coverage`, and what a plan says of types that lose their last channel."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.model.coverage import Channel, Reach
from notifconf.model.policy import Minimum, Mode, Policy
from notifconf.model.resource import MuteTerms
from notifconf.model.state import Live
from notifconf.plan.codec import decode_plan, encode_plan
from notifconf.plan.coverage import Effect, Sides, find_effect, find_losses, find_shortfalls, pair_sides
from tests.plan.test_laws import desired, lives
from tests.plan.world import NOW, World, channel, codes, live_channel, live_route, planned, reader, route

LIVE = [live_channel("c-a", "a"), live_channel("c-b", "b"), live_channel("c-e", "everyone")]
DECLARED = [channel("a"), channel("b"), channel("everyone")]
ON = live_route("r1", "critical one", "c-a")
ONE = {"CRITICAL": Minimum(1)}
TWO = {"CRITICAL": Minimum(2)}


def judged(declared, live, minimum, mode=Mode.UPSERT_ONLY, **options):
    policy = Policy(mode=mode, max_deletes=99, coverage=minimum)
    return planned([*DECLARED, *declared], [*LIVE, *live], policy=policy, **options)


def said(plan):
    return [f"{item.severity}: {item.message}" for item in plan.diagnostics if item.code == "coverage"]


@pytest.mark.parametrize(
    ("declared", "live", "minimum", "expected"),
    [
        pytest.param([route("critical one", "a")], [], ONE, [], id="a create with enough"),
        pytest.param([route("critical one", "a")], [], TWO, ["error:coverage"], id="a step in the right direction"),
        pytest.param([route("critical one", "a", state="OFF")], [], ONE, ["error:coverage"], id="a create that is off"),
        pytest.param([route("critical one", "a", state="OFF")], [ON], ONE, ["error:coverage"], id="switched off"),
        pytest.param(
            [route("critical one", "a", state="OFF")], [ON], {"INFO": Minimum(1)}, [], id="of another severity"
        ),
        pytest.param(
            [route("critical one", "a", state="OFF")], [ON], {"CRITICAL": Minimum(0)}, [], id="a minimum of none"
        ),
        pytest.param([route("critical one", "a", state="OFF")], [ON], {}, [], id="no policy"),
        pytest.param(
            [route("critical one", "b")],
            [live_route("r1", "critical one", "c-a", "c-b")],
            ONE,
            ["warning:removes-channel"],
            id="one of two goes and one is enough",
        ),
        pytest.param(
            [route("critical one", "b")],
            [live_route("r1", "critical one", "c-a", "c-b")],
            TWO,
            ["error:coverage", "warning:removes-channel"],
            id="one of two goes and two are wanted",
        ),
        pytest.param(
            [route("critical one", "everyone")], [], ONE, ["error:coverage"], id="what is sent anyhow does not count"
        ),
        pytest.param([route("critical x", "a", state="OFF")], [], ONE, [], id="the billing plan leaves it out"),
        pytest.param([], [live_route("r1", "critical one", "gone")], ONE, ["warning:coverage"], id="a channel is gone"),
        pytest.param(
            [route("critical one", "a", state="OFF")],
            [live_route("r1", "critical one", "c-a", state="OFF")],
            ONE,
            ["warning:coverage"],
            id="short before, and no change at all",
        ),
        pytest.param(
            [route("info", "a")],
            [live_route("r1", "critical one", "c-a", state="OFF")],
            ONE,
            ["warning:coverage"],
            id="short before, and not touched",
        ),
        pytest.param(
            [channel("new"), route("critical one", "new", "a")], [], TWO, [], id="a channel that the plan creates"
        ),
    ],
)
def test_which_plans_are_refused(declared, live, minimum, expected):
    plan = judged(declared, live, minimum)
    assert codes(plan) == expected
    assert bool(plan.refusals) is ("error:coverage" in expected)
    assert not plan.errors


def test_a_delete_is_refused_and_force_acknowledges_it():
    refused = judged([], [ON], ONE, Mode.SYNC)
    assert said(refused) == [
        'error: "critical one" (CRITICAL) would reach no channel: policy.coverage wants at least 1'
    ]
    assert [item.address for item in refused.refusals] == ["routes/critical one"]
    forced = judged([], [ON], ONE, Mode.SYNC, force=True)
    assert (forced.refusals, len(forced.changes), codes(forced)) == ((), 1, ["warning:coverage"])


def test_a_refusal_says_what_is_left_and_where():
    plan = judged([route("critical one", "a", "everyone")], [], {"CRITICAL": Minimum(3)})
    (refusal,) = plan.refusals
    assert refusal.message == (
        '"critical one" (CRITICAL) would reach 1 channel (Hook "a"): policy.coverage wants at least 3'
    )
    assert (str(refusal.position), refusal.address) == ("w.yaml:9:3", "routes/critical one")
    plan = judged([route("critical one", "everyone")], [], ONE)
    assert 'would reach no channel that counts, only Hook "everyone":' in said(plan)[0]


@pytest.mark.parametrize(
    ("minimum", "short"),
    [
        (Minimum(1, ("Critical one",)), False),
        (Minimum(1, ("critical*",)), False),
        (Minimum(1, ("critical two", "one")), True),
        (Minimum(1, count_required_mail=True), False),
        (Minimum(2, count_required_mail=True), True),
    ],
)
def test_exceptions_and_mail_that_counts(minimum, short):
    plan = judged([route("critical one", "everyone")], [], {"CRITICAL": minimum})
    assert bool(plan.refusals) is short


@pytest.mark.parametrize(("options", "severity"), [({}, "error"), ({"force": True}, "warning")])
def test_a_plan_that_silences_is_refused_where_the_policy_says_so(options, severity):
    declared, live = [*DECLARED, route("critical one", "a", state="OFF")], [*LIVE, ON]
    assert planned(declared, live, silences="allow").refusals == ()
    for policy, chosen in ((Policy(silences="refuse"), {"silences": "allow"}), (Policy(), {"silences": "refuse"})):
        plan = planned(declared, live, policy=policy, **chosen, **options)
        found = [(item.severity, item.address) for item in plan.diagnostics if item.code == "silences"]
        assert found == [(severity, "routes/critical one")]
        assert len(plan.refusals) == (severity == "error")


def test_a_mute_that_starts_by_its_time_was_reviewed_when_it_was_declared():
    off = route("critical one", "a", state="OFF")._replace(mute=MuteTerms(begins=NOW))
    plan = planned([*DECLARED, off], [*LIVE, ON], policy=Policy(silences="refuse"))
    assert (len(plan.silences), plan.refusals) == (1, ())


def test_the_plan_as_it_is_narrowed_counts():
    declared = [route("critical one", "a", state="OFF"), route("info", "a")]
    assert codes(judged(declared, [ON], ONE, targets=("routes/info",))) == []
    assert codes(judged(declared, [ON], ONE, excludes=("routes/critical*",))) == []
    assert codes(judged(declared, [ON], ONE, targets=("routes/critical*",))) == ["error:coverage"]
    off = live_route("r1", "critical one", "c-a", state="OFF")
    mended = [route("critical one", "a"), route("info", "a")]
    assert codes(judged(mended, [off], ONE)) == []
    assert codes(judged(mended, [off], ONE, excludes=("routes/critical*",))) == ["warning:coverage"]


def test_a_blocked_change_is_not_made():
    plan = judged([route("critical one", "a", state="OFF", blocked="not-possible")], [ON], ONE)
    assert (said(plan), plan.changes[0].blocked) == ([], "not-possible")


@pytest.mark.parametrize(
    ("declared", "live", "mode", "expected"),
    [
        ([], [ON], Mode.UPSERT_ONLY, []),
        ([], [ON], Mode.SYNC, ['"critical one" (CRITICAL) loses its last channel, Hook "a": nobody is told any more']),
        (
            [route("critical one", "a", state="OFF")],
            [live_route("r1", "critical one", "c-a", "c-b")],
            Mode.UPSERT_ONLY,
            ['"critical one" (CRITICAL) loses its last channels, Hook "a", Hook "b": nobody is told any more'],
        ),
        (
            [route("critical one", "everyone")],
            [ON],
            Mode.UPSERT_ONLY,
            ['"critical one" (CRITICAL) loses its last channel, Hook "a": all that is left is Hook "everyone"'],
        ),
        (
            [route("critical one", "b")],
            [live_route("r1", "critical one", "c-a", "c-b")],
            Mode.UPSERT_ONLY,
            ['routes/critical one no longer reaches "a"'],
        ),
        (
            [route("critical one", "b")],
            [ON],
            Mode.UPSERT_ONLY,
            ['routes/critical one no longer reaches "a"'],
        ),
        ([], [live_route("r1", "critical one", "c-a", state="OFF")], Mode.SYNC, []),
        ([route("critical one", "a", state="OFF")], [], Mode.UPSERT_ONLY, ["is switched off"]),
    ],
)
def test_what_loses_its_last_channel(declared, live, mode, expected):
    plan = judged(declared, live, {}, mode)
    assert [item.message for item in plan.silences] == expected
    assert {item.address for item in plan.silences} <= {"routes/critical one"}


def test_a_saved_plan_still_says_what_it_silences():
    plan = judged([], [ON], {}, Mode.SYNC)
    assert decode_plan(encode_plan(plan)).silences == plan.silences != ()


def test_what_can_only_be_referred_to_counts():
    declared = [reader("mail"), route("critical one", "mail")]
    plan = judged(declared, [live_channel("c-m", "mail", kept="read-only")], ONE)
    assert codes(plan) == []


def test_both_sides_come_together():
    one, two = Reach("1", "one", "X", in_plan=False), Reach("2", "two", "Y")
    assert [(item.before.id, item.after.id) for item in pair_sides([one], [two])] == [("2", "2"), ("1", "1")]
    assert [item.after.in_plan for item in pair_sides([one], [two])] == [True, False]


def test_the_changes_of_a_type_come_by_address_whoever_makes_them():
    keys = frozenset({("route", "r1"), ("route", "r2"), ("route", "r3")})
    first, second = (replace(planned([route(key)]).changes[0], id=None) for key in ("a", "b"))
    reach = Reach("1", "one", "X", subscriptions=keys)
    effect = Effect((), Live(), {("route", "r1"): second, ("route", "r3"): first})
    assert effect.touching(Sides(reach, replace(reach, subscriptions=frozenset()))) == (first, second)


def test_a_mute_of_everything_is_refused_unless_it_starts_by_its_from():
    told = Reach("1", "one", "CRITICAL", (Channel("Hook", "c1", "a"),))
    muted = replace(told, channels=(), silenced=told.channels, mutes=frozenset({("mute", "m")}))
    plain = replace(planned([route("all")]).changes[0], position=None)
    for mute, force, severity in (
        (None, False, "error"),
        (None, True, "warning"),
        (MuteTerms(ends=NOW), False, "error"),
        (MuteTerms(NOW), False, "warning"),
    ):
        effect = Effect((Sides(told, muted),), Live(), {("mute", "m"): replace(plain, mute=mute)})
        (found,) = find_shortfalls(effect, Policy(coverage=ONE), force=force)
        assert (found.severity, found.address) == (severity, "routes/all")
        assert 'would reach no channel, because a mute silences Hook "a": policy.coverage' in found.message
        assert list(find_losses(effect)) == []


minimums = st.dictionaries(st.sampled_from(("T", "U", "V", "W", "Z")), st.integers(0, 3))


@given(desired(), lives(), minimums)
def test_a_plan_is_refused_exactly_where_it_leaves_too_few(declared, live, minimum):
    """In `sync` what is declared is what will be, so that can be counted without the planner."""
    wanted = {group: Minimum(number) for group, number in minimum.items()}
    plan = planned(declared, live, policy=Policy(mode=Mode.SYNC, max_deletes=99, coverage=wanted))
    touched = {change.address: change for change in plan.changes if change.kind == "route"}
    will_be = defaultdict(int)
    for item in declared:
        if item.kind == "route" and item.attributes["state"] == "ON":
            will_be[item.address] = len(set(item.attributes["channels"]))
    short = {
        address for address in touched if will_be[address] < minimum.get(address.removeprefix("routes/").upper(), 0)
    }
    assert {item.address for item in plan.refusals} == short


@given(desired(), lives(), st.sampled_from(Mode))
def test_what_is_added_and_removed_leads_from_one_side_to_the_other(declared, live, mode):
    plan = planned(declared, live, policy=Policy(mode=mode, max_deletes=99))
    result = find_effect(plan.changes, Live(tuple(live)), World())
    for item in result.types:
        before, after = ({channel.target for channel in reach.channels} for reach in item)
        added, removed = ({channel.target for channel in channels} for channels in (item.added, item.removed))
        assert (before | added) - removed == after
        assert not added & before
        assert removed <= before
