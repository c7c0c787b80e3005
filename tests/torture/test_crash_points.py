"""Whenever a process is killed, and whatever a request meets: apply, run again until it ends, ends well.

This is the short form: `python -m tests.torture` tries every request in every way, and with real processes.
"""

from __future__ import annotations

import pytest

from notifconf.model.plan import Action
from tests.torture.judge import Figures, Judge
from tests.torture.trials import FAULTS, fail, hide, kill, resume, total

SAMPLES = 3


def check(figures: Figures) -> None:
    assert figures.failures == []
    assert figures.tried == figures.survived > 0


def test_the_plan_makes_changes_and_deletes_every_kind(judge: Judge) -> None:
    judge.scenario.furnish(judge.simulation.emulator)
    changes = judge.simulation.plan(judge.scenario.workspace).changes
    assert len(changes) >= 30
    done = {(change.kind, change.action) for change in changes}
    # The API can't list preferences, so nothing ever deletes one.
    kinds = {kind for kind, _ in done}
    assert {(kind, action) for kind in kinds for action in Action} - done <= {("resource-preference", Action.DELETE)}
    assert kinds == (
        {"event-subscription"}
        if judge.scenario.provider == "konnect"
        else {"integration", "subscription", "resource-preference", "resource-subscription"}
    )


def test_every_write_may_be_the_last_of_a_process(judge: Judge) -> None:
    """Before a write is after the one before it, and a process that is gone leaves nothing else behind."""
    judge.scenario.furnish(judge.simulation.emulator)
    states = judge.simulation.states(judge.scenario.workspace)
    assert len(states) >= 31
    check(total(resume(judge, state, number) for number, state in enumerate(states)))


@pytest.mark.parametrize("after", [False, True])
def test_a_process_may_be_killed_with_requests_in_flight(judge: Judge, after: bool) -> None:
    points = range(20, judge.requests, 11)
    check(total(kill(judge, at, after=after) for at in points))


@pytest.mark.parametrize("kind", FAULTS)
def test_every_request_may_go_wrong(judge: Judge, kind: str) -> None:
    """Each kind of fault at some requests, other kinds at other ones: together they are at most of them."""
    begin = 1 + FAULTS.index(kind)
    step = judge.requests // SAMPLES
    check(total(fail(judge, kind, 1 + (begin * 7 + sample * step) % judge.requests) for sample in range(SAMPLES)))


def test_a_list_that_lags_too_long_makes_a_create_unknown_and_never_double(judge: Judge) -> None:
    konnect = judge.scenario.provider == "konnect"
    found = hide(judge, "subscriptions" if konnect else "integrations")
    check(found)
    assert found.unknown == 1


def test_the_judge_can_tell(judge: Judge) -> None:
    """What the other tests rely on: a double, a loss and a touched stranger are seen."""
    emulator = judge.simulation.emulator
    judge.scenario.furnish(emulator)
    outcome = judge.simulation.until_done(judge.scenario.workspace).outcomes[0]
    collection = "event-subscriptions" if judge.scenario.provider == "konnect" else "integrations"
    created = next(item for item in outcome.changes if item.change.action is Action.CREATE)
    (twin,) = [item for item in emulator.objects(collection) if item["id"] == created.id]
    emulator.seed(collection, {**twin, "id": "twin"})
    assert judge.judged(emulator.state()).duplicates == 1
    for identifier in ("twin", twin["id"]):
        emulator.remove(collection, identifier)
    assert judge.judged(emulator.state()).losses >= 1
    stranger = next(item for item in emulator.objects(collection) if "Precious" in item.values())
    emulator.remove(collection, stranger["id"])
    assert judge.judged(emulator.state()).strangers_touched == 1
