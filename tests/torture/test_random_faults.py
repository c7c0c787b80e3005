"""Random workspaces meet random organisations behind a random network, and the end is what it would have been."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from notifconf.providers import BUILT_IN
from tests.convergence.worlds import WORLDS, World, furnish, modes
from tests.torture.scenario import facts
from tests.torture.simulation import Ending, Simulation
from tests.torture.trials import FAULTS

SOMEBODY_ELSE = {"meddle", "vanish"}
"""What changes the organisation, so that another end is right too: the state machine has those."""

faults = st.lists(
    st.builds(
        "{}:p={}:seed={}".format,
        st.sampled_from([kind for kind in FAULTS if kind not in SOMEBODY_ELSE]),
        st.sampled_from([0.05, 0.2, 0.5]),
        st.integers(0, 99),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with Simulation() as found:
        yield found


def settled(simulation: Simulation, text: str) -> Ending:
    """Apply in peace. What only the service knows to be in use is planned and kept for ever."""
    simulation.switch_on()
    ending = simulation.until_done(text)
    assert ending.last is not None or ending.outcomes[-1].complete
    return ending


@pytest.mark.parametrize("provider", BUILT_IN)
@given(data=st.data(), mode=modes, specs=faults)
def test_faults_change_nothing_in_the_end(
    simulation: Simulation, provider: str, data: st.DataObject, mode: str, specs: list[str]
) -> None:
    world: World = data.draw(WORLDS[provider])
    policy = {"mode": mode, "max_deletes": 1000}
    text = json.dumps({"version": 1, "provider": provider, **world.document, "policy": policy})
    simulation.switch_on()
    furnish(simulation.emulator, world)
    settled(simulation, text)
    ideal = facts(simulation.emulator.state())

    furnish(simulation.emulator, world)
    for _ in range(3):
        simulation.switch_on(*specs)
        ending = simulation.until_done(text)
        # Time passes before somebody tries again: lists that lag catch up.
        simulation.switch_on()
        for _ in range(3):
            simulation.plan(text)
    event(f"{sum(len(outcome.changes) for outcome in ending.outcomes)} changes in the last runs")
    settled(simulation, text)
    assert facts(simulation.emulator.state()) == ideal
