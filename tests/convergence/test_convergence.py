"""The law that everything else serves: apply, then a plan is empty, and what nobody declared is as it was.

Random workspaces meet random organisations, from YAML to the service's own rules, for every provider.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from notifconf.config import load
from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.transport import EmulatorTransport
from notifconf.executor.run import apply as carry_out
from notifconf.executor.schedule import Control
from notifconf.http.client import Client
from notifconf.model.plan import Outcome, Plan, Result
from notifconf.model.state import Workspace
from notifconf.plan.planner import propose
from notifconf.providers import BUILT_IN, load_provider
from notifconf.report.json import plan_json
from tests.convergence.worlds import WORLDS, World, furnish, modes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


UNDECIDABLE = {"ambiguous-event-subscription", "too-many-regional-configurations", "owned-by-another"}
"""What a random organisation may make of a workspace that is right in itself."""


class Organisation:
    """An organisation in this process, and one that plans and applies."""

    def __init__(self) -> None:
        self.app = create_app(":memory:")
        self.runner = asyncio.Runner()

    @property
    def emulator(self) -> Emulator:
        found: Emulator = self.app.state.emulator
        return found

    def plan(self, workspace: Workspace) -> Plan:
        return self.runner.run(self._plan(workspace, apply=False))[0]

    def apply(self, workspace: Workspace) -> tuple[Plan, Outcome | None]:
        return self.runner.run(self._plan(workspace, apply=True))

    async def _plan(self, workspace: Workspace, *, apply: bool) -> tuple[Plan, Outcome | None]:
        provider = load_provider(workspace.provider)
        async with Client(provider.endpoint, transport=EmulatorTransport(self.app)) as client:
            connection = provider.connect(client)
            live = await connection.read(workspace)
            proposal = propose(workspace, live, NOW, provider)
            plan = proposal.plan
            if not apply or plan.errors or plan.refusals:
                return plan, None
            return plan, await carry_out(proposal, provider, connection, Control(parallelism=4))

    def objects(self) -> dict[tuple[str, str], Any]:
        """All that lives, without the times of writing."""
        return {
            (collection, str(item.get("id", item.get("event_id")))): {
                name: value for name, value in item.items() if name not in {"metadata", "updated_at"}
            }
            for collection, items in self.emulator.state().items()
            for item in items
        }

    def close(self) -> None:
        self.emulator.close()
        self.runner.close()


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    found = Organisation()
    yield found
    found.close()


def workspace_of(provider: str, world: World, mode: str) -> Workspace:
    document = {"version": 1, "provider": provider, **world.document}
    document["policy"] = {**world.document.get("policy", {}), "mode": mode, "max_deletes": 1000}
    return load(["-"], environment={}, now=NOW, stdin=io.BytesIO(json.dumps(document).encode()))


@pytest.mark.parametrize("provider", BUILT_IN)
@given(data=st.data(), mode=modes)
def test_apply_then_a_plan_is_empty(organisation: Organisation, provider: str, data: st.DataObject, mode: str) -> None:
    world = data.draw(WORLDS[provider])
    furnish(organisation.emulator, world)
    workspace = workspace_of(provider, world, mode)
    before = organisation.objects()
    plan, outcome = organisation.apply(workspace)
    if outcome is None:
        event("not applied")
        assert {item.code for item in plan.errors} <= UNDECIDABLE
        assert organisation.objects() == before
        return
    event(f"{len(plan.changes)} changes")
    assert [item for item in outcome.changes if item.result not in {Result.APPLIED, Result.KEPT}] == []
    assert outcome.complete
    kept = [item.change.address for item in outcome.changes if item.result is Result.KEPT]
    again = organisation.plan(workspace)
    assert [change.address for change in again.changes] == kept
    assert again.errors == ()
    _untouched(plan, before, organisation.objects())


def _untouched(plan: Plan, before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any]) -> None:
    """Check that only what the plan says was changed, and that what was made is all that is new."""
    touched = {change.id for change in plan.changes if change.id is not None}
    assert {key: item for key, item in before.items() if key[1] not in touched} == {
        key: item for key, item in after.items() if key in before and key[1] not in touched
    }
    created = sum(change.id is None for change in plan.changes)
    assert len(after.keys() - before.keys()) == created


@pytest.mark.parametrize("provider", BUILT_IN)
@given(data=st.data(), mode=modes, random=st.randoms(use_true_random=False))
def test_order_does_not_matter(
    organisation: Organisation, provider: str, data: st.DataObject, mode: str, random: Random
) -> None:
    world = data.draw(WORLDS[provider])
    furnish(organisation.emulator, world)
    plan = organisation.plan(workspace_of(provider, world, mode))
    organisation.emulator.replace(_shuffled(organisation.emulator.state(), random))
    shuffled = world._replace(document=_shuffled(world.document, random))
    assert _placeless(organisation.plan(workspace_of(provider, shuffled, mode))) == _placeless(plan)


def _shuffled(document: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return the document with its keys and its lists in another order."""
    keys = random.sample(list(document), len(document))
    return {
        key: random.sample(document[key], len(document[key])) if isinstance(document[key], list) else document[key]
        for key in keys
    }


def _placeless(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON has it, without the places in the workspace and what is sorted by them."""
    document: dict[str, Any] = json.loads(re.sub(r"-:\d+:\d+", "", plan_json(plan)))
    said = [(item["code"], item["address"], item["message"]) for item in document["diagnostics"]]
    return document | {"diagnostics": sorted(said, key=repr)}
