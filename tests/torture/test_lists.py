"""A list that can't be trusted ends in an error: it never reads as "not there", and nothing is deleted for it."""

from __future__ import annotations

import pytest

from notifconf.errors import ServiceError
from tests.torture.judge import Judge

LISTS = {
    "confluent": ("notification-types", "integrations", "subscriptions", "resource-subscriptions*"),
    "konnect": ("configurations", "configurations/*/subscriptions"),
}
EVERYWHERE = ("400", "401", "403", "500", "empty", "truncated", "html", "wrong-type")
LATER = (*EVERYWHERE, "404", "repeat-page", "loop-token")


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_list_that_fails(judge: Judge, kind: str) -> None:
    for path in LISTS[judge.scenario.provider]:
        refused(judge, f"{kind}:method=GET:path=*/{path}:nth=1")


@pytest.mark.parametrize("kind", LATER)
def test_a_later_page_that_fails(judge: Judge, kind: str) -> None:
    """Confluent's pages hold 250 objects, so that another list is needed: see the contract tests."""
    if judge.scenario.provider == "confluent":
        target = {"kind": "Slack", "webhook_url": "https://hooks.example.test/x"}
        many = [{"display_name": f"Many {number}", "target": target} for number in range(300)]
        refused(judge, f"{kind}:method=GET:path=*integrations*page_token*:nth=1", *many)
    else:
        refused(judge, f"{kind}:method=GET:path=*subscriptions*page[[]after*:nth=1")


def refused(judge: Judge, spec: str, *integrations: object) -> None:
    emulator = judge.simulation.emulator
    judge.scenario.furnish(emulator)
    emulator.seed("integrations", *integrations)
    before = emulator.state()
    judge.simulation.switch_on(spec)
    with pytest.raises(ServiceError):
        judge.simulation.apply(judge.scenario.workspace)
    assert emulator.settings.faults[0].fired == 1
    assert emulator.state() == before
    assert {entry.method for entry in emulator.requests.entries} == {"GET"}
