"""What the engine relies on, of every provider's connection: a third one needs a scenario and nothing else here."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.errors import ApiError, AuthenticationError, NotFoundError, ServiceError
from notifconf.executor.secrets import reveal
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.providers import BUILT_IN
from notifconf.providers.base import Plain
from tests.contract.conftest import Served
from tests.contract.scenario import SCENARIOS, Scenario

EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


def plain(item: LiveResource | None) -> dict[str, Plain]:
    assert item is not None
    return {name: reveal(value) for name, value in item.attributes.items()}


def create(scenario: Scenario, served: Served, timeout: float = 30.0) -> str:
    return scenario.ask(
        served, lambda connection: connection.create(scenario.kind, scenario.attributes), timeout=timeout
    )


def find(scenario: Scenario, served: Served) -> LiveResource | None:
    found = scenario.ask(served, lambda connection: connection.find(scenario.kind, scenario.attributes))
    assert len(found) <= 1
    return next(iter(found), None)


def test_every_provider_has_a_scenario() -> None:
    assert [scenario.name for scenario in SCENARIOS] == list(BUILT_IN)


@EACH
def test_what_is_made_lives_changes_and_dies(scenario: Scenario, served: Served) -> None:
    assert find(scenario, served) is None
    created = create(scenario, served)
    found = scenario.live(served, created)
    assert plain(found) == scenario.attributes
    assert found == find(scenario, served)
    assert found == scenario.ask(served, lambda connection: connection.get(scenario.kind, created, scenario.attributes))
    assert found is not None
    assert found.created_at is not None
    changed: Mapping[str, Plain] = {**scenario.attributes, **scenario.change}
    scenario.ask(served, lambda connection: connection.update(scenario.kind, created, changed, list(scenario.change)))
    assert plain(scenario.live(served, created)) == changed
    scenario.ask(served, lambda connection: connection.delete(scenario.kind, created, changed))
    assert scenario.live(served, created) is None
    assert scenario.ask(served, lambda connection: connection.find(scenario.kind, changed)) == []
    assert scenario.ask(served, lambda connection: connection.get(scenario.kind, created, changed)) is None


@EACH
def test_what_is_gone_is_not_found(scenario: Scenario, served: Served) -> None:
    created = create(scenario, served)
    scenario.ask(served, lambda connection: connection.delete(scenario.kind, created, scenario.attributes))
    with pytest.raises(NotFoundError):
        scenario.ask(served, lambda connection: connection.delete(scenario.kind, created, scenario.attributes))
    with pytest.raises(NotFoundError):
        scenario.ask(
            served,
            lambda connection: connection.update(
                scenario.kind, created, {**scenario.attributes, **scenario.change}, list(scenario.change)
            ),
        )


@EACH
def test_natural_keys_are_those_of_the_live_object(scenario: Scenario, served: Served) -> None:
    found = scenario.live(served, create(scenario, served))
    assert found is not None
    assert set(found.identities) <= set(scenario.provider.identities(scenario.kind, scenario.attributes)) != set()


@EACH
def test_reading_what_was_touched_is_as_good_as_reading_all(scenario: Scenario, served: Served) -> None:
    before = scenario.read(served)
    create(scenario, served)
    touched = [(scenario.kind, scenario.attributes)]
    after = scenario.ask(served, lambda connection: connection.reread(before, touched))
    assert (after.resources, after.names) == ((now := scenario.read(served)).resources, now.names)
    assert len(after.resources) == len(before.resources) + 1


@EACH
def test_a_survey_finds_what_a_plan_reads(scenario: Scenario, served: Served) -> None:
    create(scenario, served)
    surveyed: Live = scenario.ask(served, lambda connection: connection.survey([]))
    found = {(item.kind, item.id) for item in surveyed.resources}
    assert found >= {(item.kind, item.id) for item in scenario.read(served).resources}


@EACH
def test_no_credentials_open_nothing(scenario: Scenario, served: Served) -> None:
    with pytest.raises(AuthenticationError, match="request id") as caught:
        scenario.ask(served, lambda connection: connection.read(scenario.workspace), authorization=None)
    assert caught.value.request_id


@EACH
@pytest.mark.parametrize("kind", ["reset-after", "cut", "hang-after", "503-after", "empty", "html", "truncated"])
def test_a_create_of_unknown_fate_is_sent_once_and_can_be_found(scenario: Scenario, kind: str, faulty: Served) -> None:
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:method=POST:nth=1")]
    with pytest.raises(ServiceError) as caught:
        create(scenario, faulty, timeout=2.0 if kind == "hang-after" else 30.0)
    assert caught.value.sent
    assert [entry.method for entry in faulty.emulator.requests.entries] == ["POST"]
    assert plain(find(scenario, faulty)) == scenario.attributes


@EACH
def test_a_create_that_may_not_have_come_about_is_not_found(scenario: Scenario, faulty: Served) -> None:
    faulty.emulator.settings.faults = [parse_fault("reset-before:method=POST:nth=1")]
    with pytest.raises(ServiceError) as caught:
        create(scenario, faulty)
    assert (caught.value.sent, find(scenario, faulty)) == (True, None)


@EACH
@pytest.mark.parametrize("kind", ["429", "429-retry-after"])
def test_a_create_that_certainly_did_not_come_about_is_sent_again(
    scenario: Scenario, kind: str, faulty: Served
) -> None:
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:method=POST:nth=1")]
    assert create(scenario, faulty)
    assert plain(find(scenario, faulty)) == scenario.attributes


@EACH
@pytest.mark.parametrize("kind", ["400", "403", "422"])
def test_a_create_that_is_refused_did_not_come_about(scenario: Scenario, kind: str, faulty: Served) -> None:
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:method=POST")]
    with pytest.raises(ApiError) as caught:
        create(scenario, faulty)
    assert not caught.value.sent


@EACH
@pytest.mark.parametrize("kind", ["reset-after", "cut", "503-after"])
def test_an_update_is_sent_until_it_is_known_to_be_done(scenario: Scenario, kind: str, faulty: Served) -> None:
    created = create(scenario, faulty)
    changed = {**scenario.attributes, **scenario.change}
    faulty.emulator.settings.faults = [parse_fault(f"{kind}:method=PATCH:nth=1")]
    scenario.ask(faulty, lambda connection: connection.update(scenario.kind, created, changed, list(scenario.change)))
    assert plain(scenario.live(faulty, created)) == changed
