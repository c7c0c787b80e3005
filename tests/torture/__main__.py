"""The long form: `python -m tests.torture` tries everything at every request, and prints figures as Markdown.

Plans of both providers are applied by processes that are killed, and over a network that fails, at each of their
requests in each way, and by two processes at once. It ends with 1 where anything went wrong.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from time import monotonic

from notifconf.providers import BUILT_IN
from tests.hostile.trials import figures as hostile_figures
from tests.torture.interleavings import WORKSPACES, Meetings, texts_of_owners
from tests.torture.judge import Figures, Judge
from tests.torture.processes import Site, kill, site
from tests.torture.scenario import Scenario, scenarios
from tests.torture.simulation import Ending, Simulation
from tests.torture.trials import FAULTS, fail, hide, total
from tests.torture.trials import kill as simulated_kill

Job = Callable[[], Figures]

INTERLEAVINGS = 500


def judge_of(simulation: Simulation, provider: str) -> Judge:
    """Know how the organisation of a provider's scenario shall be."""
    found = {scenario.provider: scenario for scenario in scenarios(simulation.emulator)}
    return Judge(simulation, found[provider])


def simulated_kills(provider: str, *, after: bool) -> Figures:
    """Kill a process, with requests in flight, at every request."""
    with Simulation() as simulation:
        judge = judge_of(simulation, provider)
        return total(simulated_kill(judge, at, after=after) for at in range(1, judge.requests + 1))


def real_kills(provider: str, *, after: bool) -> Figures:
    """Kill a real process by SIGKILL at every request of it."""
    with Simulation() as simulation, tempfile.TemporaryDirectory() as folder, site(Path(folder)) as place:
        judge = judge_of(simulation, provider)
        place.emulator.settings.konnect_page_size = simulation.emulator.settings.konnect_page_size
        return total(_real_kill(judge, place, at, after=after) for at in range(1, judge.requests + 1))


def _real_kill(judge: Judge, place: Site, at: int, *, after: bool) -> Figures:
    scenario: Scenario = judge.scenario
    scenario.furnish(place.emulator)
    killed = place.ambushed(scenario, at, kill, after=after)
    ending = Ending(runs=2)
    again = place.apply(scenario)
    found = judge.judged(place.emulator.state())
    found.most_runs = ending.runs
    # Two processes' requests do not come in the same order: the last of them may have been one fewer.
    if again.code != 0 or killed.code not in {-9, 0}:
        found.failures.append(f"{scenario.provider}: SIGKILL at {at}: {killed.code}, then {again.code}: {again.err}")
    if found.duplicates or found.losses or found.strangers_touched:
        found.failures.append(f"{scenario.provider}: SIGKILL at {at}: {found}")
    found.survived = int(not found.failures)
    return found


def faults(provider: str, kind: str) -> Figures:
    """Let every request fail in one way."""
    with Simulation() as simulation:
        judge = judge_of(simulation, provider)
        return total(fail(judge, kind, at) for at in range(1, judge.requests + 1))


def hidden(provider: str) -> Figures:
    """Lose the answer to a create that lists don't show for longer than anybody looks for it."""
    with Simulation() as simulation:
        collection = "subscriptions" if provider == "konnect" else "integrations"
        return hide(judge_of(simulation, provider), collection)


def meetings(provider: str, seeds: range) -> tuple[int, list[str]]:
    """Let two applies meet in an order that each seed decides; return how many had to settle twins, and what failed."""
    place = Meetings(WORKSPACES[provider])
    met = [place.meet(seed) for seed in seeds]
    place.close()
    return sum(meeting.is_settled for meeting in met), [text for meeting in met for text in meeting.problems]


def shares(seeds: range) -> list[str]:
    """Let the applies of two owners meet in an order that each seed decides; return what was lost."""
    place = Meetings(*texts_of_owners())
    met = [place.share(seed) for seed in seeds]
    place.close()
    return [text for meeting in met for text in meeting.problems]


def jobs() -> Iterator[tuple[str, Job]]:
    """All trials, each under the heading of a row."""
    for provider, after in product(BUILT_IN, (False, True)):
        when = "after" if after else "before"
        yield f"SIGKILL {when} request k took effect, real processes", partial(real_kills, provider, after=after)
        yield (
            f"killed {when} request k, 4 requests in flight, simulated",
            partial(simulated_kills, provider, after=after),
        )
    for provider, kind in product(BUILT_IN, FAULTS):
        yield f"`{kind}` at request k", partial(faults, provider, kind)
    for provider in BUILT_IN:
        yield "`lag` and `reset-after`: a create hidden from every look", partial(hidden, provider)


def main() -> int:
    """Run all trials on both cores, and print what came of them."""
    begun = monotonic()
    rows: dict[str, Figures] = {}
    with ProcessPoolExecutor(2) as pool:
        meeting = [pool.submit(meetings, provider, range(INTERLEAVINGS)) for provider in BUILT_IN]
        sharing = pool.submit(shares, range(INTERLEAVINGS))
        running = [(name, pool.submit(job)) for name, job in jobs()]
        for number, (name, result) in enumerate(running, 1):
            rows.setdefault(name, Figures()).__iadd__(result.result())
            print(f"{number} of {len(running)}: {name}", file=sys.stderr)
        settled, twins = zip(*(item.result() for item in meeting), strict=True)
        lost = sharing.result()
    everything = total(rows.values())
    print(
        "| what happened | tried | as declared in the end | doubles | losses | others touched | false claims | runs |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, found in [*rows.items(), ("**all**", everything)]:
        cells = (
            found.tried,
            found.survived,
            found.duplicates,
            found.losses,
            found.strangers_touched,
            found.false_claims,
            found.most_runs,
        )
        print(f"| {name} | {' | '.join(map(str, cells))} |")
    print(f"\nCreates whose fate stayed unknown, and were not sent again: {everything.unknown}.")
    print(
        f"Two applies at once, in {INTERLEAVINGS} orders for each provider: {sum(settled)} made twins and settled them;"
        f" twins left, or a further run that was not clean: {sum(map(len, twins))}."
    )
    print(
        f"Two owners at once, in {INTERLEAVINGS} orders: channels lost after each has run once more, or a further"
        f" run that was not clean: {len(lost)}."
    )
    with tempfile.TemporaryDirectory() as folder:
        tried, bad = hostile_figures(Path(folder))
    print(f"Bad inputs tried: {tried}; crashes, leaks, or more than the time and memory that is allowed: {len(bad)}.")
    print(f"It took {monotonic() - begun:.0f} seconds.")
    failures = [*everything.failures, *bad, *(text for texts in (*twins, lost) for text in texts)]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
