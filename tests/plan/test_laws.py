"""Laws of the planner, for any declared and any live state."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.executor.run import apply
from notifconf.executor.schedule import Control
from notifconf.model.plan import Action
from notifconf.model.policy import Mode, Policy
from notifconf.model.state import Workspace
from notifconf.plan.codec import decode_plan, encode_plan
from notifconf.plan.planner import make_plan, propose
from tests.executor.service import Prover, Service
from tests.plan.world import NOW, Declared, channel, did, live_channel, live_route, planned, route

KEYS = ("a", "b", "c", "d")
TOPICS = ("t", "u", "v")
keys = st.sampled_from(KEYS)
states = st.sampled_from(("ON", "OFF"))
modes = st.sampled_from(Mode)


@st.composite
def desired(draw):
    channels = draw(st.dictionaries(keys, st.sampled_from(("u1", "u2")), min_size=1))
    topics = draw(st.lists(st.sampled_from(TOPICS), unique=True))
    routes = [
        route(topic, *draw(st.lists(st.sampled_from(sorted(channels)), min_size=1)), state=draw(states))
        for topic in topics
    ]
    return [*(channel(key, url) for key, url in channels.items()), *routes]


@st.composite
def lives(draw):
    names, urls = st.sampled_from((*KEYS, "x", "y")), st.sampled_from(("u1", "u2", "u3"))
    channels = draw(st.dictionaries(names, urls, min_size=1))
    ids = {name: f"c-{name}" for name in channels}
    routes = [
        live_route(
            f"r-{topic}",
            topic,
            *set(draw(st.lists(st.sampled_from(sorted(ids.values())), min_size=1))),
            state=draw(states),
            kept=draw(st.sampled_from((None, "required"))),
        )
        for topic in draw(st.lists(st.sampled_from((*TOPICS, "w", "z")), unique=True))
    ]
    return [*(live_channel(ids[name], name, url) for name, url in channels.items()), *routes]


def policy(mode):
    return Policy(mode=mode, max_deletes=99)


@given(desired(), lives(), modes)
def test_after_an_apply_nothing_is_left(declared, live, mode):
    service: Any = Service(*live)
    prover: Any = Prover()
    workspace = Workspace("world", Declared(tuple(declared)), policy(mode))
    state = service.live()
    proposal = propose(workspace, state, NOW, prover)
    outcome = asyncio.run(apply(proposal, prover, service, Control(parallelism=3)))
    assert outcome.complete
    assert did(make_plan(workspace, service.live(), NOW, prover)) == []
    touched = {change.id for change in proposal.plan.changes}
    assert all(service.objects[item.id] is item for item in live if item.id not in touched)


@given(desired(), lives(), modes, st.randoms(use_true_random=False))
def test_the_order_of_inputs_means_nothing(declared, live, mode, random):
    before = planned(declared, live, policy=policy(mode))
    random.shuffle(declared)
    random.shuffle(live)
    assert repr(planned(declared, live, policy=policy(mode))) == repr(before)


few = st.sampled_from(("n", "o"))


@given(
    st.dictionaries(keys, st.tuples(few, st.sampled_from((None, None, "c-1", "c-2"))), min_size=1),
    st.dictionaries(st.sampled_from(("c-1", "c-2", "c-3")), few),
    modes,
    st.randoms(use_true_random=False),
)
def test_the_order_of_inputs_means_nothing_where_several_claim_one_object(named, called, mode, random):
    declared = [channel(key, name=name, pin=pin) for key, (name, pin) in named.items()]
    declared.append(route("t", *sorted(named)))
    live = [live_channel(object_id, name) for object_id, name in called.items()]
    before = planned(declared, live, policy=policy(mode))
    random.shuffle(declared)
    random.shuffle(live)
    assert repr(planned(declared, live, policy=policy(mode))) == repr(before)


@given(desired(), lives(), modes)
def test_nothing_but_sync_deletes_and_nothing_deletes_what_is_kept(declared, live, mode):
    plan = planned(declared, live, policy=policy(mode))
    deleted = {change.id for change in plan.changes if change.action is Action.DELETE}
    assert not deleted or mode is Mode.SYNC
    assert deleted.isdisjoint(item.id for item in live if item.kept)
    repointed = {change.id for change in plan.changes if change.action is Action.UPDATE}
    still_used = {
        target for item in live if item.kept and item.id not in repointed for target in item.attributes["channels"]
    }
    assert deleted.isdisjoint(still_used)


@given(desired(), lives(), modes)
def test_what_a_change_depends_on_comes_before_it(declared, live, mode):
    seen: set[str] = set()
    for change in planned(declared, live, policy=policy(mode)).changes:
        assert seen.issuperset(change.depends_on)
        seen.add(change.address)


@given(desired(), lives(), modes)
def test_what_an_update_writes_is_what_it_shows(declared, live, mode):
    for change in planned(declared, live, policy=policy(mode)).changes:
        if change.action is Action.UPDATE:
            assert {item.path.split("/")[1] for item in change.differences} == set(change.changed)


@given(desired(), lives(), modes, st.sets(st.sampled_from([f"channels/{key}" for key in KEYS])))
def test_a_targeted_plan_is_a_part_of_the_whole_that_can_be_done(declared, live, mode, targets):
    whole = {change.address: change for change in planned(declared, live, policy=policy(mode)).changes}
    part = planned(declared, live, policy=policy(mode), targets=tuple(targets)).changes
    assert targets or len(part) == len(whole)
    for change in part:
        assert whole[change.address] == change
        assert set(change.depends_on) <= {item.address for item in part}


@pytest.mark.parametrize("mode", Mode)
def test_the_inputs_are_not_touched(mode):
    declared, live = [channel("a", "new"), route("t", "a")], [live_channel("c1", "a"), live_route("r1", "t", "c1")]
    before = repr((declared, live, [dict(item.attributes) for item in live]))
    planned(declared, live, policy=policy(mode))
    assert repr((declared, live, [dict(item.attributes) for item in live])) == before


@given(desired(), lives(), modes)
def test_a_plan_is_read_back_as_it_was_saved(declared, live, mode):
    plan = planned(declared, live, policy=Policy(mode=mode, protected=("*a",)))
    assert decode_plan(json.loads(json.dumps(encode_plan(plan)))) == plan
