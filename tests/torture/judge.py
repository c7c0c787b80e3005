"""What production may not do to an organisation, whatever happened on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Self

from notifconf.model.plan import Result
from tests.torture.scenario import Scenario, State, facts, strangers
from tests.torture.simulation import Ending, Simulation


@dataclass
class Figures:
    """What was tried, and what came of it."""

    tried: int = 0
    survived: int = 0
    duplicates: int = 0
    losses: int = 0
    strangers_touched: int = 0
    false_claims: int = 0
    unknown: int = 0
    most_runs: int = 0
    failures: list[str] = field(default_factory=list)

    def __iadd__(self, other: Figures) -> Self:
        for member in fields(self):
            mine, theirs = getattr(self, member.name), getattr(other, member.name)
            setattr(self, member.name, max(mine, theirs) if member.name == "most_runs" else mine + theirs)
        return self


class Judge:
    """Knows how the organisation of a scenario shall be in the end: as an apply leaves it that nothing befell."""

    def __init__(self, simulation: Simulation, scenario: Scenario) -> None:
        self.simulation = simulation
        self.scenario = scenario
        scenario.furnish(simulation.emulator)
        simulation.until_done(scenario.workspace)
        self.requests = simulation.emulator.requests.count
        self.ideal = facts(simulation.emulator.state())

    def figures(self, what: str, ending: Ending) -> Figures:
        """Judge one trial."""
        found = self.judged(self.simulation.emulator.state())
        found.most_runs = ending.runs
        found.unknown = sum(outcome.count(Result.UNKNOWN) for outcome in ending.outcomes)
        found.false_claims = int(ending.claimed_too_much)
        if ending.last is None or ending.last.changes or ending.last.errors:
            found.failures.append(f"{what}: it did not end well: {ending.last and ending.last.errors}")
        if found.duplicates or found.losses or found.strangers_touched or found.false_claims:
            found.failures.append(f"{what}: {found}")
        found.survived = int(not found.failures)
        return found

    def judged(self, state: State) -> Figures:
        """Compare a state with what it shall be."""
        now = facts(state)
        found = Figures(tried=1)
        for name, wanted in self.ideal.items():
            there, due = (Counter(map(repr, objects)) for objects in (now[name], wanted))
            found.losses += (due - there).total()
            found.duplicates += (there - due).total()
        before, after = strangers(self.scenario.state), strangers(state)
        found.strangers_touched = sum(after.get(key) != value for key, value in before.items())
        return found

    def judged_ideal(self) -> Figures:
        """What `judged` finds where nothing is wrong."""
        return Figures(tried=1)
