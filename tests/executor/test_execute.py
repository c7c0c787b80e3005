from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from notifconf.errors import ConflictError
from notifconf.executor.run import apply
from notifconf.executor.schedule import Control
from notifconf.model.policy import Mode, Policy
from notifconf.model.state import Workspace
from notifconf.plan.planner import propose
from notifconf.report.style import plain_text
from notifconf.report.text import outcome_lines
from tests.executor.service import Prover, Service, lost, refused
from tests.executor.trial import applied, at_once, results
from tests.plan.world import NOW, Declared, channel, live_channel, live_route, route

SYNC = Policy(mode=Mode.SYNC, max_deletes=99)


def test_everything_is_done_in_order_and_seen_to_be_done():
    service = Service(live_channel("c1", "old"), live_route("r1", "t", "c1"), live_route("r2", "gone", "c1"))
    outcome = applied([channel("a"), route("t", "a"), route("u", "a")], service, policy=SYNC)
    assert set(results(outcome).values()) == {"applied"}
    assert outcome.complete
    assert outcome.remaining is not None
    assert outcome.remaining.changes == ()
    assert service.written()[0] == "create a"
    assert service.written()[-1] == "delete old"
    created = outcome.changes[0].id
    assert service.objects["r1"].attributes["channels"] == (created,)


def test_secrets_and_ids_reach_the_service():
    service = Service()
    applied([channel("a", url="hunter2"), route("t", "a")], service)
    made = next(item for item in service.objects.values() if item.kind == "channel")
    assert made.attributes["target"]["url"].reveal() == "hunter2"


def test_an_update_sends_what_changed():
    service = Service(live_channel("c1", "a", "old"), live_route("r1", "t", "c1", state="OFF"))
    applied([channel("a", url="old"), route("t", "a", state="ON")], service)
    assert service.changed == ("state",)


def test_a_failure_skips_its_dependents_only():
    service = Service()
    service.faults["create", "a"] = [refused()]
    outcome = applied([channel("a"), channel("b"), route("t", "a"), route("u", "b")], service)
    assert results(outcome) == {
        "channels/a": "failed",
        "channels/b": "applied",
        "routes/t": "skipped",
        "routes/u": "applied",
    }
    assert outcome.changes[2].error == "channels/a failed"
    assert not outcome.complete
    assert outcome.changed_something
    assert [change.address for change in outcome.left] == ["channels/a", "routes/t"]


def test_outcomes_are_kept_by_object():
    """A plan has each address once; an outcome does not depend on that."""
    service: Any = Service(live_channel("c1", "x"), live_channel("c2", "y"), live_route("r1", "t", "c1"))
    provider: Any = Prover()
    workspace, live = Workspace("world", Declared(), SYNC), service.live()
    proposal = propose(workspace, live, NOW, provider)
    plan = proposal.plan
    same = replace(plan, changes=tuple(replace(it, address=it.address.replace("/y", "/x")) for it in plan.changes))
    service.faults["delete", "x"] = [refused()]
    applying = apply(replace(proposal, plan=same), provider, service, Control(parallelism=2, sleep=at_once))
    assert {(item.change.id, str(item.result)) for item in asyncio.run(applying).changes} == {
        ("r1", "applied"),
        ("c1", "failed"),
        ("c2", "applied"),
    }


def test_skipping_reaches_dependents_of_dependents():
    service = Service(live_channel("c1", "old"), live_route("r1", "t", "c1"))
    service.faults["create", "a"] = [refused()]
    outcome = applied([channel("a"), route("t", "a")], service, policy=SYNC)
    assert results(outcome) == {"channels/a": "failed", "routes/t": "skipped", "channels/old": "skipped"}
    assert not outcome.changed_something


def test_a_target_is_verified_before_it_is_written():
    service = Service(live_channel("c1", "b", "old"), live_channel("c2", "c"))
    applied([channel("a"), channel("b", url="new"), channel("c", note="n")], service)
    assert service.calls.index("verify a") < service.calls.index("create a")
    assert service.calls.index("verify b") < service.calls.index("update b")
    assert "verify c" not in service.calls


def test_what_can_not_be_verified_is_not_written():
    service = Service()
    service.faults["verify", "a"] = [refused()]
    outcome = applied([channel("a"), route("t", "a")], service)
    assert results(outcome) == {"channels/a": "failed", "routes/t": "skipped"}
    assert service.written() == []


def test_verification_can_be_switched_off():
    service = Service()
    applied([channel("a")], service, policy=Policy(verify_integrations=False))
    assert "verify a" not in service.calls


def test_what_is_gone_needs_no_delete():
    service = Service(live_channel("c1", "old"))

    class Vanishing(Service):
        async def delete(self, kind, object_id, attributes):
            self.objects.pop(object_id)
            await super().delete(kind, object_id, attributes)

    service = Vanishing(live_channel("c1", "old"))
    outcome = applied([], service, policy=SYNC)
    assert results(outcome) == {"channels/old": "applied"}
    assert outcome.complete


def test_what_only_the_service_knows_to_be_in_use_is_kept():
    service = Service(live_channel("c1", "old"))
    service.faults["delete", "old"] = [ConflictError("in use", status=409)]
    outcome = applied([], service, policy=SYNC)
    assert results(outcome) == {"channels/old": "kept"}
    assert [item.code for item in outcome.diagnostics] == ["channel-in-use"]
    assert outcome.left == ()
    assert outcome.complete


def test_what_is_kept_goes_by_its_id_when_its_namesake_is_deleted():
    service = Service(live_channel("c1", "old"), live_channel("c2", "old"))
    service.faults["delete", "old"] = [ConflictError("in use", status=409)]
    outcome = applied([], service, policy=SYNC, parallelism=1)
    assert results(outcome) == {"channels/old#c1": "kept", "channels/old#c2": "applied"}
    assert outcome.remaining is not None
    assert [change.address for change in outcome.remaining.changes] == ["channels/old"]
    assert outcome.left == ()
    assert outcome.complete


def test_a_create_whose_fate_is_unknown_is_looked_up_not_repeated():
    service = Service(unique=False)
    service.faults["create", "a"] = [lost()]
    outcome = applied([channel("a")], service)
    assert results(outcome) == {"channels/a": "applied"}
    assert service.written() == ["create a"]
    assert len(service.objects) == 1


class Lossy(Service):
    """Loses the first `losses` creates of the object called `name`: they don't come about, and nobody is told."""

    def __init__(self, *live, name, losses, **options):
        super().__init__(*live, **options)
        self.name, self.losses = name, losses

    async def create(self, kind, attributes):
        if self.losses and attributes.get("topic", attributes.get("name")) == self.name:
            self.losses -= 1
            self.calls.append(f"create {self.name}")
            raise lost()
        return await super().create(kind, attributes)


def test_a_create_that_did_not_come_about_is_sent_again_where_the_service_refuses_doubles():
    service = Lossy(live_channel("c1", "a"), name="t", losses=2)
    outcome = applied([channel("a"), route("t", "a")], service)
    assert results(outcome) == {"routes/t": "applied"}
    assert service.calls[:5] == ["create t", "find t", "create t", "find t", "create t"]


def test_a_create_of_what_may_exist_twice_is_never_sent_again():
    service = Lossy(name="a", losses=1, unique=False)
    outcome = applied([channel("a"), route("t", "a")], service)
    assert results(outcome) == {"channels/a": "unknown", "routes/t": "skipped"}
    assert "wait a little before apply is run again" in outcome.changes[0].error
    assert outcome.changes[1].error == "channels/a may not exist"
    assert (outcome.changed_something, outcome.complete) == (True, False)
    assert service.written() == ["create a"]
    assert results(applied([channel("a"), route("t", "a")], service)) == {
        "channels/a": "applied",
        "routes/t": "applied",
    }


@pytest.mark.parametrize("looks", range(5))
def test_a_list_that_lags_hides_a_create_only_for_a_while(looks):
    service = Service(unique=False)
    service.faults["create", "a"] = [lost()]
    service.hidden = looks
    outcome = applied([channel("a")], service)
    assert results(outcome) == {"channels/a": "applied"}
    assert service.written() == ["create a"]


def test_a_list_that_lags_too_long_makes_no_double():
    service = Service(unique=False)
    service.faults["create", "a"] = [lost()]
    service.hidden = 99
    outcome = applied([channel("a")], service)
    assert results(outcome) == {"channels/a": "unknown"}
    assert service.written() == ["create a"]


@pytest.mark.parametrize(("hidden", "result"), [(1, "applied"), (4, "applied")])
def test_what_conflicts_is_looked_for_again(hidden, result):
    service = Service()
    service.faults["create", "a"] = [ConflictError("it exists", status=409)]
    service.objects["c9"] = live_channel("c9", "a")
    service.hidden = hidden
    plan_sees = Service()
    outcome = applied([channel("a")], service, seen=plan_sees)
    assert results(outcome) == {"channels/a": result}
    assert service.written() == ["create a"]


def test_a_proof_that_breaks_off_changes_nothing():
    class Silent(Service):
        async def verify(self, kind, attributes):
            del kind, attributes
            raise lost()

    outcome = applied([channel("a")], Silent())
    assert results(outcome) == {"channels/a": "failed"}
    assert not outcome.changed_something


def test_a_create_that_fails_for_good_is_not_looked_up():
    service = Service()
    service.faults["create", "a"] = [refused()]
    applied([channel("a")], service)
    assert "find a" not in service.calls


def test_a_fate_that_can_not_be_found_out_is_unknown():
    service = Lossy(live_channel("c1", "a"), name="t", losses=99)
    outcome = applied([channel("a"), route("t", "a")], service)
    assert results(outcome) == {"routes/t": "unknown"}
    assert outcome.changed_something
    assert service.written() == ["create t"] * 5


class Late(Service):
    """Its lists show what happened only after so many looks."""

    def __init__(self, *live, looks):
        super().__init__(*live)
        self.looks = looks
        self.stale = super().live()

    async def reread(self, live, touched):
        fresh = await super().reread(live, touched)
        self.looks -= 1
        return fresh if self.looks < 0 else self.stale


@pytest.mark.parametrize("looks", range(5))
def test_a_verification_waits_for_lists_that_lag(looks):
    service = Late(live_channel("c1", "old"), live_channel("c2", "b", "old"), looks=looks)
    outcome = applied([channel("a"), channel("b")], service, policy=SYNC)
    assert set(results(outcome).values()) == {"applied"}
    assert outcome.complete
    assert len([call for call in service.calls if call.startswith("reread")]) == looks + 1


def test_a_stop_ends_the_looks():
    stop = asyncio.Event()
    service = Late(looks=99)
    outcome = applied([channel("a")], service, stop=stop, progress=lambda _: stop.set())
    assert outcome.interrupted
    assert len([call for call in service.calls if call.startswith("reread")]) == 1


def test_a_verification_waits_for_a_list_that_shows_one_of_two_deletes():
    twins = live_channel("c1", "old"), live_channel("c2", "old")

    class HalfLate(Late):
        async def reread(self, live, touched):
            fresh = await super().reread(live, touched)
            return fresh if self.looks < 0 else replace(fresh, resources=twins[1:])

    outcome = applied([], HalfLate(*twins, looks=1), policy=SYNC)
    assert outcome.complete


def test_what_never_shows_is_not_to_be_made_again():
    service = Late(looks=99)
    outcome = applied([channel("a")], service)
    assert not outcome.complete
    assert "does not list yet what it has created: channels/a" in outcome.verification_error


def test_five_that_never_show_are_named():
    for count, named in ((5, "d, channels/e; wait"), (6, "d, channels/e and 1 more; wait")):
        outcome = applied([channel(key) for key in "abcdef"[:count]], Late(looks=99))
        assert f"created: channels/a, channels/b, channels/c, channels/{named}" in outcome.verification_error


def test_to_halt_drops_what_is_in_flight():
    class Hanging(Service):
        async def create(self, kind, attributes):
            if attributes["name"] == "b":
                stop.set()
                halt.set()
                await asyncio.Event().wait()
            return await super().create(kind, attributes)

    stop, halt = asyncio.Event(), asyncio.Event()
    service = Hanging()
    outcome = applied(
        [channel("a"), channel("b"), channel("c"), route("t", "b")], service, stop=stop, halt=halt, parallelism=1
    )
    assert results(outcome) == {
        "channels/a": "applied",
        "channels/b": "unknown",
        "channels/c": "skipped",
        "routes/t": "skipped",
    }
    assert (outcome.interrupted, outcome.verification_error) == (True, "interrupted")
    said = plain_text(outcome_lines(outcome))
    assert "Interrupted: what was in flight may have come about." in said
    assert "was finished" not in said


def test_a_stop_lets_what_is_in_flight_finish_and_begins_nothing():
    stop = asyncio.Event()
    service = Service()
    outcome = applied(
        [channel("a"), channel("b"), channel("c")], service, stop=stop, progress=lambda _: stop.set(), parallelism=1
    )
    assert results(outcome) == {"channels/a": "applied", "channels/b": "skipped", "channels/c": "skipped"}
    assert outcome.interrupted
    assert outcome.changes[1].error == "interrupted"


def test_what_is_interrupted_keeps_its_id_and_says_whether_it_may_have_come_about():
    class Hanging(Service):
        async def update(self, kind, object_id, attributes, changed):
            stop.set()
            halt.set()
            await asyncio.Event().wait()

    stop, halt = asyncio.Event(), asyncio.Event()
    service = Hanging(live_channel("c1", "a", "old"), live_channel("c2", "b", "old"))
    outcome = applied([channel("a"), channel("b")], service, stop=stop, halt=halt, parallelism=1)
    assert [(item.id, item.uncertain, item.error) for item in outcome.changes] == [
        ("c1", True, "interrupted while it was in flight: it may have come about"),
        ("c2", False, "interrupted"),
    ]


def test_what_fails_keeps_its_id():
    service = Service(live_channel("c1", "a", "old"))
    service.faults["update", "a"] = [refused()]
    (failed,) = applied([channel("a")], service).changes
    assert (failed.id, failed.uncertain, failed.error) == ("c1", False, "no")


def test_parallelism_bounds_what_is_begun():
    class Counting(Service):
        running = most = 0

        async def create(self, kind, attributes):
            self.running += 1
            self.most = max(self.most, self.running)
            for _ in range(3):
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            self.running -= 1
            return await super().create(kind, attributes)

    service = Counting()
    applied([channel(f"c{index}") for index in range(12)], service, parallelism=3)
    assert service.most == 3


def test_the_verification_reads_what_was_touched():
    service = Service(live_channel("c1", "a"))
    applied([channel("a"), channel("b")], service)
    assert service.calls[-1] == "reread b"


def test_a_plan_without_changes_asks_for_nothing():
    service = Service(live_channel("c1", "a"))
    outcome = applied([channel("a")], service)
    assert service.calls == []
    assert outcome.complete


def test_a_verification_that_fails_is_reported_not_raised():
    service = Service()
    service.faults["reread", "a"] = [refused()]
    outcome = applied([channel("a")], service)
    assert results(outcome) == {"channels/a": "applied"}
    assert outcome.verification_error == "no"
    assert not outcome.complete


def test_what_somebody_else_undid_is_left_to_do():
    class Undoing(Service):
        async def reread(self, live, touched):
            self.objects.clear()
            return await super().reread(live, touched)

    outcome = applied([channel("a")], Undoing())
    assert [change.address for change in outcome.left] == ["channels/a"]
    assert not outcome.complete
