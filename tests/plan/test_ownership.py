"""Whose integrations are whose, and what a workspace may take out of a list."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifconf.errors import UsageError
from notifconf.executor.run import apply
from notifconf.executor.schedule import Control
from notifconf.model.diagnostic import Position
from notifconf.model.located import LocatedMapping
from notifconf.model.plan import Action, Change, Difference, Plan, Reference
from notifconf.model.policy import Mode, Percentage, Policy
from notifconf.model.state import Live, Workspace
from notifconf.plan.ownership import (
    add_mark,
    check_marked,
    check_owner,
    describe_marked,
    find_declared_owner,
    split_mark,
    warn_of_unmarked,
)
from notifconf.plan.planner import find_declared, make_plan, propose
from tests.executor.service import Prover, Service
from tests.plan.world import (
    NOW,
    Declared,
    World,
    addition,
    channel,
    codes,
    did,
    kept,
    live_channel,
    live_route,
    owned,
    planned,
    reader,
    route,
)
from tests.torture.interleavings import VirtualLoop

MINE = Policy(owner="me")
SYNC = Policy(owner="me", mode=Mode.SYNC, max_deletes=Percentage(100))
NOBODY = Policy()
NOBODY_SYNC = Policy(mode=Mode.SYNC, max_deletes=Percentage(100))


@given(st.text(max_size=20), st.from_regex("[a-z0-9-]{1,32}", fullmatch=True))
def test_a_mark_is_found_again(text: str, owner: str) -> None:
    assert split_mark(add_mark(text, owner)) == (text, owner)
    assert add_mark(text, None) == text


@pytest.mark.parametrize(
    "text",
    ["", "d", "d[notifconf: a]", "d [notifconf: A]", "[notifconf: a] d", "d [notifconf: ]", "[notifconf: a]\n",
     f"[notifconf: {'a' * 33}]"],
)  # fmt: skip
def test_what_is_no_mark(text: str) -> None:
    assert split_mark(text) == (text, None)


def test_a_declared_text_leaves_room_for_the_mark_and_has_none() -> None:
    room = 128 - len(" [notifconf: me]")
    assert check_marked("x" * room, "me", 128) is None
    assert str(room) in str(check_marked("x" * (room + 1), "me", 128))
    assert check_marked("x" * 128, None, 128) is None
    assert check_marked("x [notifconf: other]", None, 128) is not None


def lists(plan: Plan) -> dict[str, set[str]]:
    """What the routes that a plan changes tell afterwards, by name."""
    return {
        change.address.removeprefix("routes/"): {str(item) for item in cast("Any", change.after)["channels"]}
        for change in plan.changes
        if change.kind == "route" and change.after
    }


def test_what_is_declared_is_adopted_and_marked() -> None:
    live = [live_channel("c1", "a", note="for a"), live_channel("c2", "b")]
    plan = planned([channel("a"), channel("b", note="new"), channel("c")], live, policy=MINE)
    assert {change.address: (change.after or {})["note"] for change in plan.changes} == {
        "channels/a": "for a [notifconf: me]",
        "channels/b": "new [notifconf: me]",
        "channels/c": "[notifconf: me]",
    }
    assert did(planned([channel("a")], [owned("c1", "a", "me")], policy=MINE)) == []
    assert did(planned([channel("a")], [live_channel("c1", "a", note="for a")])) == []


@pytest.mark.parametrize("note", ["x" * 30, "(withheld: it repeats a secret)"])
def test_a_live_text_that_can_not_be_marked_is_an_error(note: str) -> None:
    plan = planned([channel("a"), route("t", "a")], [live_channel("c1", "a", note=note)], policy=MINE)
    assert codes(plan) == ["error:invalid-value"]
    assert plan.changes[0].blocked == "invalid-value"
    assert codes(planned([channel("a", note="short")], [live_channel("c1", "a", note=note)], policy=MINE)) == []


@pytest.mark.parametrize("policy", [MINE, NOBODY])
@pytest.mark.parametrize("pin", [None, "c1"])
def test_what_another_owner_has_marked_can_not_be_declared(policy: Policy, pin: str | None) -> None:
    plan = planned([channel("a", pin=pin), route("t", "a")], [owned("c1", "a", "other")], policy=policy)
    assert codes(plan) == ["error:owned-by-another"]
    assert "--take-over other" in plan.diagnostics[0].message
    assert [(change.address, change.blocked) for change in plan.changes] == [("routes/t", "owned-by-another")]
    assert kept(plan) == {}


def test_of_several_namesakes_the_own_one_is_meant_then_one_of_nobody() -> None:
    live = [owned("c1", "a", "other"), live_channel("c2", "a"), owned("c3", "a", "me")]
    assert did(planned([channel("a")], live, policy=MINE)) == []
    (change,) = planned([channel("a")], live[:2], policy=MINE).changes
    assert change.id == "c2"
    assert did(planned([channel("a")], live, policy=NOBODY)) == []
    assert codes(planned([channel("a")], [*live, owned("c4", "a", "me")], policy=MINE)) == ["error:ambiguous-channel"]
    foreign = [live[0], owned("c5", "a", "third")]
    for policy in (MINE, NOBODY):
        # A pin would not help, so it is not said to be ambiguous.
        assert codes(planned([channel("a")], foreign, policy=policy)) == ["error:owned-by-another"]


LIVE = [
    owned("c1", "mine", "me"),
    owned("c2", "old", "me"),
    owned("c3", "theirs", "other"),
    live_channel("c4", "nobody's"),
    live_channel("c5", "mail", kept="read-only"),
    live_route("r1", "t", "c2", "c3", "c4", "c5", "gone"),
]


@pytest.mark.parametrize(
    ("policy", "declared", "expected"),
    [
        pytest.param(MINE, route("t", "mine"), {"mine", "theirs", "nobody's", "mail", "gone"}, id="an owner decides"),
        pytest.param(MINE, addition("t", "mine"), {"mine", "theirs", "nobody's", "mail", "gone"}, id="an owner adds"),
        pytest.param(
            Policy(owner="third"), route("t", "own"), {"own", "old", "theirs", "nobody's", "mail", "gone"}, id="another"
        ),
        pytest.param(NOBODY, route("t", "own"), {"own", "old", "theirs"}, id="nobody decides"),
        pytest.param(NOBODY, addition("t", "own"), {"own", "old", "theirs", "nobody's", "mail", "gone"}, id="adds"),
    ],
)
def test_what_is_left_of_a_list(policy: Policy, declared: Any, expected: set[str]) -> None:
    own = channel("mine") if policy is MINE else channel("own")
    plan = planned([own, declared], LIVE, policy=policy)
    assert lists(plan) == {"t": expected}
    (change,) = [change for change in plan.changes if change.kind == "route"]
    assert change.shared is (policy.owner is not None or declared.adds)
    foreign = {str(item): item.owner for item in cast("Any", change.before)["channels"] if item.owner}
    assert foreign == ({"theirs": "other"} if policy is MINE else {"old": "me", "theirs": "other"})


def test_an_owner_can_tell_by_mail_and_never_takes_it_out() -> None:
    live = [live_channel("c5", "mail", kept="read-only"), owned("c1", "mine", "me"), live_route("r1", "t", "c1")]
    assert lists(planned([channel("mine"), reader("mail"), route("t", "mail")], live, policy=MINE)) == {"t": {"mail"}}
    without = planned(
        [channel("mine"), route("t", "mine")], [*live[:2], live_route("r1", "t", "c1", "c5")], policy=MINE
    )
    assert did(without) == []


def test_sync_of_an_owner_removes_what_is_its_own_alone() -> None:
    live = [
        *LIVE[:-1],
        live_route("r1", "only mine", "c1", "c2"),
        live_route("r2", "both", "c2", "c3"),
        live_route("r3", "theirs", "c3", "c5"),
        live_route("r4", "must", "c2", kept="required"),
        live_route("r5", "must, both", "c2", "c5", kept="required"),
    ]
    plan = planned([channel("mine")], live, policy=SYNC)
    assert did(plan) == ["~ routes/both", "~ routes/must, both", "- routes/only mine"]
    assert lists(plan) == {"both": {"theirs"}, "must, both": {"mail"}}
    assert kept(plan) == {
        "channels/mail": "read-only",
        "channels/nobody's": "other-owner",
        "channels/old": "in-use",
        "channels/theirs": "other-owner",
        "routes/both": "other-owner",
        "routes/must": "required",
        "routes/must, both": "required",
        "routes/theirs": "other-owner",
    }
    assert (
        did(planned([channel("mine")], [item for item in live if item.id != "r4"], policy=SYNC))[-1] == "- channels/old"
    )


def test_sync_without_an_owner_respects_marks() -> None:
    live = [
        *LIVE[:-1],
        live_route("r1", "nobody's", "c4", "c5"),
        live_route("r2", "both", "c3", "c4"),
        live_route("r3", "theirs", "c2", "c3"),
        live_route("r4", "must", "c3", "c5", kept="required"),
        live_route("r5", "empty"),
    ]
    plan = planned([], live, policy=NOBODY_SYNC)
    assert did(plan) == ["~ routes/both", "- routes/empty", "- routes/nobody's", "- channels/nobody's"]
    assert lists(plan) == {"both": {"theirs"}}
    others = {"channels/mine", "channels/old", "channels/theirs", "routes/both", "routes/theirs"}
    assert kept(plan) == {
        **dict.fromkeys(others, "other-owner"),
        "channels/mail": "read-only",
        "routes/must": "required",
    }


def test_a_percentage_counts_what_is_not_others() -> None:
    live = [*(owned(f"c{number}", f"x{number}", "me") for number in range(2)), *LIVE[2:4]]
    policy = Policy(owner="me", mode=Mode.SYNC, max_deletes=Percentage(60))
    assert codes(planned([], live, policy=policy)) == ["error:max-deletes"]


def test_what_is_protected_is_kept_in_lists_that_nobody_declares() -> None:
    live = [
        owned("c1", "mine", "me"),
        owned("c2", "old", "me"),
        owned("c3", "t", "x"),
        live_route("r1", "t", "c1", "c3"),
    ]
    policy = Policy(owner="me", mode=Mode.SYNC, protected=("channels/mine",))
    assert did(planned([channel("mine"), channel("old")], live, policy=policy)) == []


def test_taking_over_replaces_marks_and_deletes_nothing() -> None:
    live = [
        owned("c1", "a", "old"),
        owned("c2", "left", "old"),
        live_route("r1", "t", "c1", "c2"),
        live_route("r2", "u", "c2"),
    ]
    plan = planned([channel("a"), route("t", "a")], live, policy=SYNC, take_over=("old",))
    assert did(plan) == ["~ channels/a", "~ routes/t"]
    assert (plan.changes[0].after or {})["note"] == "[notifconf: me]"
    assert kept(plan) == {"channels/left": "other-owner", "routes/u": "other-owner"}
    assert "warning:owned-by-another" in codes(plan)
    (off, *_) = planned([channel("a")], live, take_over=("old",)).changes
    assert (off.after or {})["note"] == ""


def test_a_saved_plan_keeps_whose_references_are_whose() -> None:
    from notifconf.plan.codec import decode_plan, encode_plan

    plan = planned([channel("mine"), route("t", "mine")], LIVE, policy=MINE)
    read = decode_plan(encode_plan(plan))
    assert repr(read.changes) == repr(plan.changes)


OWNERS = ("a", "b")
TOPICS = ("t", "u", "v")


@st.composite
def workspaces(draw: st.DrawFn, owner: str) -> tuple[Any, ...]:
    keys = draw(st.lists(st.sampled_from([f"{owner}{number}" for number in range(3)]), min_size=1, unique=True))
    entries = []
    for topic in draw(st.lists(st.sampled_from(TOPICS), unique=True)):
        make = draw(st.sampled_from([route, addition]))
        entries.append(make(topic, *draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))))
    return (*(channel(key) for key in keys), *(with_state(entry) for entry in entries))


def with_state(entry: Any) -> Any:
    """A new route needs a state; the provider would leave that of a live one alone."""
    entry.attributes.setdefault("state", "ON")
    return entry


@st.composite
def organisations(draw: st.DrawFn) -> list[Any]:
    names = draw(st.lists(st.sampled_from(["a0", "a1", "a9", "b0", "b1", "b9", "x", "y"]), unique=True))
    marks = {name: draw(st.sampled_from([None, name[0]])) if name[0] in OWNERS else None for name in names}
    channels = [
        owned(f"c-{name}", name, marks[name]) if marks[name] else live_channel(f"c-{name}", name) for name in names
    ]
    mail = live_channel("c-mail", "mail", kept="read-only")
    ids = [item.id for item in (*channels, mail)]
    routes = [
        live_route(f"r-{topic}", topic, *draw(st.lists(st.sampled_from(ids), min_size=1, unique=True)))
        for topic in draw(st.lists(st.sampled_from((*TOPICS, "w")), unique=True))
    ]
    return [*channels, mail, *routes]


class Shared:
    """One workspace's way to a service that others use too: each request takes some time, as a seed decides.

    It asserts that no request takes another owner's channel out of a route that, read right before it, had it.
    """

    def __init__(self, service: Service, owner: str, random: Random) -> None:
        self.service, self.owner, self.random = service, owner, random
        self.read_last: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            await asyncio.sleep(self.random.random())
            if name in {"update", "delete"} and args[0] == "route":
                wanted = set(args[2]["channels"]) if name == "update" else set()
                gone = set(self.read_last[args[1]].attributes["channels"]) - wanted
                owners = {self.service.objects[item].owner for item in gone if item in self.service.objects}
                assert owners <= {self.owner, None}
            answer = await getattr(self.service, name)(*args)
            if name == "get" and answer is not None:
                self.read_last[args[1]] = answer
            await asyncio.sleep(self.random.random())
            return answer

        return call


async def run(service: Service, workspace: Workspace, random: Random) -> None:
    connection: Any = Shared(service, str(workspace.policy.owner), random)
    prover: Any = Prover()
    proposal = propose(workspace, service.live(), NOW, prover)
    assert not proposal.plan.errors
    await asyncio.sleep(random.choice([0, 3 * random.random()]))
    await apply(proposal, prover, connection, Control(parallelism=random.choice([1, 3])))


@settings(max_examples=40)
@given(
    workspaces("a"),
    workspaces("b"),
    organisations(),
    st.sampled_from([Mode.UPSERT_ONLY, Mode.SYNC]),
    st.integers(0, 99),
)
def test_two_owners_at_once_converge_to_the_union(
    first: Any, second: Any, live: list[Any], mode: Mode, seed: int
) -> None:
    service, random, prover = Service(*live), Random(seed), Prover()
    made = {
        owner: Workspace("world", Declared(tuple(declared)), Policy(owner=owner, mode=mode, max_deletes=99))
        for owner, declared in zip(OWNERS, (first, second), strict=True)
    }

    async def meet() -> None:
        await asyncio.gather(*(run(service, workspace, random) for workspace in made.values()))
        for owner in random.sample(OWNERS, 2):
            await run(service, made[owner], random)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(meet())
    rules: Any = prover
    assert [did(make_plan(workspace, service.live(), NOW, rules)) for workspace in made.values()] == [[], []]
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for item in (*first, *second):
        if item.kind == "route":
            wanted[item.attributes["topic"]].update(
                key.removeprefix("channels/") for key in item.attributes["channels"]
            )
    names = {item.id: item.name for item in service.objects.values()}
    told = {
        item.name: {names[target] for target in item.attributes["channels"]}
        for item in service.objects.values()
        if item.kind == "route"
    }
    for topic, keys in wanted.items():
        assert keys <= told[topic]
    before = {item.id: item for item in live}
    for item in live:
        if item.kind == "route":
            others = {before[target].name for target in item.attributes["channels"]} & {"x", "y", "mail"}
            assert others <= told.get(item.name, set())


def test_what_is_released_is_taken_out_of_an_undeclared_list():
    live = [owned("c1", "a", "me"), owned("c2", "b", "you"), live_route("r1", "critical t", "c1", "c2")]
    change, delete = planned([], live, policy=SYNC).changes
    topic = Reference("critical t", "critical t")
    both = (Reference("c1", "a"), Reference("c2", "b", "you"))
    rest = (Reference("c2", "b", "you", kept=True),)
    assert change == Change(
        Action.UPDATE,
        "route",
        "routes/critical t",
        "r1",
        before={"topic": topic, "channels": both, "state": "ON"},
        after={"topic": topic, "channels": rest, "state": "ON"},
        changed=("channels",),
        differences=(Difference("/channels", both, rest),),
        shared=True,
    )
    assert (delete.address, delete.depends_on) == ("channels/a", ("routes/critical t",))


def test_what_a_workspace_has_to_do_with_what_lives():
    live = Live((live_channel("c0", "a"), owned("c1", "a", "me"), live_channel("c2", "b"), live_channel("c3", "b")))
    declared = channel("key", name="a")
    workspace = Workspace("world", Declared((declared,), frozenset({"channel"})), MINE)
    found = find_declared(workspace, live, NOW, World())
    assert found.addresses == {
        ("channel", "c0"): "channels/a",
        ("channel", "c1"): "channels/key",
        ("channel", "c2"): "channels/b#c2",
        ("channel", "c3"): "channels/b#c3",
    }
    assert (found.now, found.workspace, found.resources) == (NOW, workspace, {"channels/key": declared})
    nothing = find_declared(None, live, NOW, World())
    assert nothing.addresses["channel", "c1"] == "channels/a#c1"
    assert (nothing.workspace, nothing.resources) == (None, {})


def test_the_owner_of_a_document_is_known_unless_the_environment_has_it():
    document, policy = LocatedMapping(Position("w.yaml", 1, 1)), LocatedMapping(Position("w.yaml", 2, 1))
    assert find_declared_owner(document) is None
    document["policy"] = policy
    assert find_declared_owner(document) is None
    policy["owner"] = "me"
    assert find_declared_owner(document) == "me"
    policy.unresolved = frozenset({"owner"})
    assert find_declared_owner(document) is None


def test_an_owner_is_known_by_a_mark():
    live = Live((owned("c1", "a", "me"), owned("c2", "b", "you"), owned("c3", "c", "me"), live_channel("c4", "d")))
    assert check_owner(live, "me") == check_owner(live, None) == {"me": 2, "you": 1}
    assert "me (2), you (1)" in describe_marked(check_owner(live, None))[0]
    assert (check_owner(Live(), None), describe_marked(check_owner(Live(), None))) == ({}, ())
    with pytest.raises(UsageError, match=r"owner \"me2\": the marks here are of me, you$"):
        check_owner(live, "me2")
    with pytest.raises(UsageError, match=r"owner \"me\": nothing has a mark$"):
        check_owner(Live(), "me")


def test_a_take_over_of_nothing_is_a_warning():
    live = Live((owned("c1", "a", "me"), owned("c2", "b", "you")))
    policy = Policy(owner="me", takes_over=("you", "yuo"))
    (found,) = warn_of_unmarked(policy, live, World.kinds)
    assert (found.severity, found.code, '"yuo"' in found.message) == ("warning", "takes-over-nothing", True)
    assert not list(warn_of_unmarked(Policy(owner="me"), live, World.kinds))
    assert not list(warn_of_unmarked(policy, Live(), World.kinds))
