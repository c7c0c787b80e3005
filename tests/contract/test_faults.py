"""A read in which something goes wrong ends in an error or in the truth, never in a part of it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.errors import ServiceError
from tests.contract.conftest import Served
from tests.contract.scenario import SCENARIOS, Scenario

PASSING = ["reset-before", "reset-after", "cut", "hang", "429", "429-retry-after", "502", "503", "504"]
LASTING = ["400", "401", "402", "403", "500", "empty", "truncated", "html", "wrong-type"]
PAGE = ["repeat-page", "loop-token", "404", "empty", "truncated", "html", "wrong-type"]

EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
CASES = {
    f"{scenario.name}-{collection}": (scenario, collection)
    for scenario in SCENARIOS
    for collection in scenario.collections
}
ABSENT = {name for name, (scenario, collection) in CASES.items() if collection in scenario.absent}


def cases(names: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("scenario", "collection"), [pytest.param(*CASES[name], id=name) for name in sorted(names)]
    )


@cases(CASES)
@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_waited_for(kind: str, scenario: Scenario, collection: str, faulty: Served) -> None:
    scenario.furnish(faulty.emulator, 2)
    truth = scenario.read(faulty)
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:path=*{collection}*:nth=1")]
    assert scenario.read(faulty, timeout=2.0 if kind == "hang" else 30.0) == truth
    assert faulty.emulator.settings.faults[0].fired == 1


@cases(CASES)
@pytest.mark.parametrize("kind", LASTING)
def test_what_does_not_pass_is_an_error(kind: str, scenario: Scenario, collection: str, faulty: Served) -> None:
    scenario.furnish(faulty.emulator, 2)
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:path=*{collection}*")]
    with pytest.raises(ServiceError):
        scenario.read(faulty)


@EACH
@pytest.mark.parametrize("kind", PAGE)
def test_a_later_page_that_is_wrong_is_an_error(kind: str, scenario: Scenario, faulty: Served) -> None:
    scenario.furnish(faulty.emulator, scenario.many)
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:path={scenario.cursor}")]
    with pytest.raises(ServiceError):
        scenario.read(faulty)
    assert faulty.emulator.settings.faults[0].fired


@cases(ABSENT)
def test_what_is_not_there_is_not_there(scenario: Scenario, collection: str, faulty: Served) -> None:
    scenario.furnish(faulty.emulator, 2)
    faulty.emulator.settings.faults = [parse_fault(f"404:path=*{collection}*")]
    assert collection.removesuffix("s") not in {item.kind for item in scenario.read(faulty).resources}


@cases(CASES.keys() - ABSENT)
def test_a_list_that_is_not_there_is_an_error(scenario: Scenario, collection: str, faulty: Served) -> None:
    scenario.furnish(faulty.emulator, 2)
    faulty.emulator.settings.faults = [parse_fault(f"404:path=*{collection}*")]
    with pytest.raises(ServiceError):
        scenario.read(faulty)
