"""Organisations to be tortured: one for each worker and provider, furnished anew for each trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from notifconf.providers import BUILT_IN
from tests.torture.judge import Judge
from tests.torture.scenario import scenarios
from tests.torture.simulation import Simulation


@pytest.fixture(scope="session")
def judges() -> Iterator[Callable[[str], Judge]]:
    with ExitStack() as stack:
        made = {}

        def judge(provider: str) -> Judge:
            if provider not in made:
                simulation = stack.enter_context(Simulation())
                found = {scenario.provider: scenario for scenario in scenarios(simulation.emulator)}
                made[provider] = Judge(simulation, found[provider])
            return made[provider]

        yield judge


@pytest.fixture(params=BUILT_IN)
def judge(request: pytest.FixtureRequest, judges: Callable[[str], Judge]) -> Judge:
    return judges(request.param)
