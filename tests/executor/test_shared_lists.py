"""A list is read again right before it is written, and so is whose what it loses is: others write it too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from notifconf.executor.run import apply
from notifconf.executor.schedule import Control
from notifconf.model.plan import Outcome, Result
from notifconf.model.policy import Mode, Policy
from notifconf.model.state import Workspace
from notifconf.plan.planner import propose
from tests.executor.service import Prover, Service
from tests.plan.world import NOW, Declared, addition, channel, live_channel, live_route, owned, route

LIVE = [live_channel("c1", "a"), live_channel("c2", "b"), owned("c3", "c", "other"), live_route("r1", "t", "c2")]
ME = Policy(owner="me")


def carry_out(
    declared: list[Any], service: Service, policy: Policy, meanwhile: Any = None, parallelism: int = 1
) -> Outcome:
    """Plan, let something happen, and apply; nothing sleeps."""

    async def nothing(_: float) -> None:
        await asyncio.sleep(0)

    prover: Any = Prover()
    proposal = propose(Workspace("world", Declared(tuple(declared)), policy), service.live(), NOW, prover)
    if callable(meanwhile):
        meanwhile(service)
    elif meanwhile is not None:
        tell(service, *meanwhile)
    connection: Any = service
    return asyncio.run(apply(proposal, prover, connection, Control(parallelism=parallelism, sleep=nothing)))


def tell(service: Service, *channels: str) -> None:
    """Write the list of the one route, as somebody else does."""
    there = service.objects["r1"]
    service.objects["r1"] = replace(there, attributes={**there.attributes, "channels": tuple(sorted(channels))})


def told(service: Service) -> tuple[str, ...]:
    found: tuple[str, ...] = service.objects["r1"].attributes["channels"]
    return tuple(found)


@pytest.mark.parametrize(
    ("policy", "entry"), [(ME, route("t", "a")), (ME, addition("t", "a")), (Policy(), addition("t", "a"))]
)
def test_what_joined_in_the_meantime_stays(policy: Policy, entry: Any) -> None:
    service = Service(*LIVE)
    outcome = carry_out([channel("a"), entry], service, policy, meanwhile=["c2", "c3", "c9"])
    assert told(service) == ("c1", "c2", "c3", "c9")
    assert outcome.complete


def test_what_left_in_the_meantime_does_not_come_back() -> None:
    service = Service(*LIVE)
    assert carry_out([channel("a"), route("t", "a")], service, ME, meanwhile=["c3"]).complete
    assert told(service) == ("c1", "c3")


def test_one_who_owns_all_does_not_take_out_what_the_plan_does_not_show() -> None:
    service = Service(*LIVE)
    outcome = carry_out([channel("a"), route("t", "a")], service, Policy(), meanwhile=["c2", "c3"])
    (failed,) = outcome.changes
    assert (failed.result, failed.changed_since) == (Result.FAILED, True)
    assert "c3" in str(failed.error)
    assert outcome.must_be_repeated
    assert not outcome.changed_something
    assert told(service) == ("c2", "c3")


def test_what_somebody_else_came_to_is_not_deleted() -> None:
    service = Service(owned("c1", "a", "me"), LIVE[2], live_route("r1", "t", "c1"))
    policy = Policy(owner="me", mode=Mode.SYNC, max_deletes=9)
    outcome = carry_out([channel("a")], service, policy, meanwhile=["c1", "c3"])
    assert [item.changed_since for item in outcome.changes] == [True]
    assert told(service) == ("c1", "c3")


def mark(object_id: str, owner: str) -> Any:
    """Return what marks a channel, as the apply of another workspace does."""

    def act(service: Service) -> None:
        service.objects[object_id] = owned(object_id, service.objects[object_id].name, owner)

    return act


SYNC = Policy(mode=Mode.SYNC, max_deletes=99)


@pytest.mark.parametrize(
    ("policy", "declared"),
    [
        (Policy(), [channel("a"), route("t", "a")]),
        (SYNC, []),
        (replace(ME, takes_over=("old",)), [channel("a"), channel("b"), route("t", "a")]),
    ],
    ids=["an update", "a delete", "what is declared"],
)
def test_what_another_owner_has_marked_in_the_meantime_is_not_taken_out(policy: Policy, declared: list[Any]) -> None:
    service = Service(*LIVE)
    outcome = carry_out(declared, service, policy, meanwhile=mark("c2", "data"))
    assert told(service) == ("c2",)
    (failed,) = (item for item in outcome.changes if item.change.kind == "route")
    assert (failed.result, failed.changed_since) == (Result.FAILED, True)
    assert '"b" (c2), which belongs to data' in str(failed.error)


@pytest.mark.parametrize(
    ("live", "policy", "meanwhile"),
    [
        (owned("c2", "b", "me"), replace(SYNC, owner="me"), owned("c2", "b", "data")),
        (owned("c2", "b", "me"), replace(SYNC, owner="me"), live_channel("c2", "b")),
        (live_channel("c2", "b"), SYNC, owned("c2", "b", "data")),
        (owned("c2", "b", "me"), replace(SYNC, owner="me", takes_over=("old",)), owned("c2", "b", "old")),
        (live_channel("c2", "b"), replace(SYNC, takes_over=("old",)), owned("c2", "b", "old")),
    ],
    ids=["handed over", "given up", "adopted", "marked by whom it takes over", "the same without an owner"],
)
def test_what_is_no_longer_of_this_workspace_is_not_deleted(live: Any, policy: Policy, meanwhile: Any) -> None:
    service = Service(live)
    outcome = carry_out([], service, policy, meanwhile=lambda service: service.objects.update(c2=meanwhile))
    assert service.objects == {"c2": meanwhile}
    assert [(item.result, item.changed_since) for item in outcome.changes] == [(Result.FAILED, True)]


@pytest.mark.parametrize("policy", [Policy(), ME])
def test_what_another_owner_has_marked_in_the_meantime_is_not_changed(policy: Policy) -> None:
    service = Service(live_channel("c2", "b", "old-url"))
    outcome = carry_out([channel("b", "new-url")], service, policy, meanwhile=mark("c2", "data"))
    assert service.written() == []
    assert [(item.result, item.changed_since) for item in outcome.changes] == [(Result.FAILED, True)]


def test_what_would_go_and_was_not_shown_fails() -> None:
    service = Service(*LIVE, owned("c4", "d", "me"))
    outcome = carry_out([channel("a"), addition("t", "a")], service, ME, meanwhile=["c2", "c4"])
    assert told(service) == ("c2", "c4")
    assert [item.changed_since for item in outcome.changes if item.change.kind == "route"] == [True]


def test_one_more_request_for_each_list_that_is_changed() -> None:
    service = Service(*LIVE)
    carry_out([channel("a"), route("t", "a")], service, Policy())
    assert service.calls == ["get t", "get c2", "update t", "reread t"]
    service.calls.clear()
    carry_out([channel("a"), route("t", "a", state="OFF")], service, Policy())
    assert service.calls == ["update t", "reread t"]


def test_what_nobody_can_mark_is_not_read_again() -> None:
    service = Service(live_channel("c1", "a"), live_channel("c2", "b", kept="read-only"), live_route("r1", "t", "c2"))
    carry_out([channel("a"), route("t", "a")], service, Policy())
    assert service.calls == ["get t", "update t", "reread t"]


@pytest.mark.parametrize("losses", [1, 9])
def test_a_channel_that_another_run_wrote_over_is_put_back_once(losses: int) -> None:
    class Overwritten(Service):
        remaining = losses

        async def reread(self, live: Any, touched: Any) -> Any:
            if self.remaining and "c1" in told(self):
                self.remaining -= 1
                tell(self, "c2", "c3")
            return await super().reread(live, touched)

    service = Overwritten(*LIVE)
    outcome = carry_out([channel("a"), addition("t", "a")], service, Policy())
    assert outcome.complete is (losses == 1)
    assert service.calls.count("update t") == 2
    assert told(service) == (("c1", "c2", "c3") if losses == 1 else ("c2", "c3"))


def test_what_another_owner_marked_in_the_meantime_keeps_its_mark() -> None:
    class Adopted(Service):
        async def get(self, kind: str, object_id: str, attributes: Any) -> Any:
            if kind == "channel":
                self.objects[object_id] = owned(object_id, "a", "other")
            return await super().get(kind, object_id, attributes)

    service = Adopted(*LIVE)
    outcome = carry_out([channel("a"), addition("t", "a")], service, ME)
    assert [(item.result, item.changed_since) for item in outcome.changes] == [
        (Result.FAILED, True),
        (Result.SKIPPED, False),
    ]
    assert service.objects["c1"].owner == "other"
    assert told(service) == ("c2",)


class Slow(Service):
    """A service that takes its time to write a channel."""

    async def update(self, kind: str, *rest: Any) -> None:
        for _ in range(20 if kind == "channel" else 0):
            await asyncio.sleep(0)
        await super().update(kind, *rest)


@pytest.mark.parametrize("parallelism", [1, 9])
def test_what_is_taken_over_leaves_lists_whether_it_is_marked_anew_by_then_or_not(parallelism: int) -> None:
    service = Slow(owned("c1", "a", "old"), LIVE[1], live_route("r1", "t", "c1", "c2"))
    policy = replace(SYNC, owner="me", takes_over=("old",))
    assert carry_out([channel("a")], service, policy, parallelism=parallelism).complete
    assert told(service) == ("c2",)
