"""Each way in which a request can go wrong, at each request of an apply."""

from __future__ import annotations

from collections.abc import Iterable

from notifconf.emulator.faults.spec import KINDS
from tests.torture.judge import Figures, Judge
from tests.torture.scenario import State
from tests.torture.simulation import Death

FEWEST_CREATES = 12
"""How many a scenario makes at least."""

REFUSALS = {f"{status}{after}" for status in (400, 401, 402, 403, 404, 409, 422) for after in ("", "-after")}
FAULTS = tuple(sorted(KINDS.keys() - REFUSALS - {"429-after"}))
"""All that production does. A service that refuses means it, and so does one that says that it was asked too much."""


def kill(judge: Judge, at: int, *, after: bool) -> Figures:
    """Kill the process at a request, and let others go on."""
    judge.scenario.furnish(judge.simulation.emulator)
    ending = judge.simulation.until_done(judge.scenario.workspace, Death(at, after=after))
    return judge.figures(f"{judge.scenario.provider}: killed {'after' if after else 'before'} request {at}", ending)


def resume(judge: Judge, state: State, number: int) -> Figures:
    """Let another process go on from what one left behind that was killed."""
    judge.scenario.furnish(judge.simulation.emulator)
    judge.simulation.emulator.replace(state)
    ending = judge.simulation.until_done(judge.scenario.workspace)
    return judge.figures(f"{judge.scenario.provider}: killed after write {number}", ending)


def fail(judge: Judge, kind: str, at: int) -> Figures:
    """Let a request fail, and apply until there is nothing to do."""
    simulation, scenario = judge.simulation, judge.scenario
    scenario.furnish(simulation.emulator)
    simulation.switch_on(f"{kind}:nth={at}" if kind != "lag" else _lag(at))
    ending = simulation.until_done(scenario.workspace)
    twins = [item for item in ending.last.errors if item.code.startswith("ambiguous-")] if ending.last else []
    if kind == "meddle" and twins:
        remove_twin(judge)
        ending = simulation.until_done(scenario.workspace)
    if kind == "meddle":
        ending.claimed_too_much = False  # somebody came after it
    return judge.figures(f"{scenario.provider}: {kind} at request {at}", ending)


def _lag(at: int) -> str:
    """Hide what one create makes from the next lists; behind the last of them, what all creates make."""
    return "lag:method=POST:lists=3" + (f":path=*s:nth={at}" if at <= FEWEST_CREATES else "")


def hide(judge: Judge, collection: str) -> Figures:
    """Lose the answer to a create that lists don't show until the first apply has given up looking for it."""
    simulation, scenario = judge.simulation, judge.scenario
    scenario.furnish(simulation.emulator)
    create = f"method=POST:path=*/{collection}:nth=1"
    simulation.switch_on(f"lag:{create}:lists=6", f"reset-after:{create}")
    return judge.figures(f"{scenario.provider}: a hidden create", simulation.until_done(scenario.workspace))


def remove_twin(judge: Judge) -> None:
    """Do what the error asks for: decide which of two objects is meant, here the older."""
    emulator = judge.simulation.emulator
    for collection in ("integrations", "event-subscriptions"):
        seen = set()
        for item in emulator.objects(collection):
            key = (item.get("event_id"), item.get("name", item.get("display_name")))
            if key in seen:
                emulator.remove(collection, item["id"])
            seen.add(key)


def total(figures: Iterable[Figures]) -> Figures:
    """Add up."""
    result = Figures()
    for item in figures:
        result += item
    return result
