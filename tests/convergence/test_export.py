"""What `export` writes plans to nothing, in mode sync too, whatever the organisation is like."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from notifconf.answers import export
from notifconf.config import load
from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.transport import EmulatorTransport
from notifconf.http.client import Client
from notifconf.model.plan import Plan
from notifconf.model.policy import Mode
from notifconf.model.state import Live, Options, Workspace
from notifconf.model.views import Exported
from notifconf.plan.planner import apply_options, make_plan
from notifconf.providers import BUILT_IN, load_provider
from notifconf.report.workspace import workspace_text
from tests.convergence.organisations import ORGANISATIONS, SECRET, SURVEYED, State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SYNC = Options(mode=Mode.SYNC)
KEPT = {"required", "read-only", "protected", "in-use", "unlisted-type"}


class Export(NamedTuple):
    exported: Exported
    protected: tuple[str, ...]
    text: str
    live: Live


class Organisation:
    """An organisation in this process; every question is asked through a new connection."""

    def __init__(self) -> None:
        self.app = create_app(":memory:")
        self.runner = asyncio.Runner()

    @property
    def emulator(self) -> Emulator:
        found: Emulator = self.app.state.emulator
        return found

    def becomes(self, state: State, **behaviour: Any) -> None:
        self.emulator.replace(state)
        self.emulator.settings.update(behaviour)

    def export(self, name: str) -> Export:
        provider = load_provider(name)

        async def survey() -> Live:
            async with Client(provider.endpoint, transport=EmulatorTransport(self.app)) as client:
                return await provider.connect(client).survey(SURVEYED[name])

        live = self.runner.run(survey())
        exported = export(name, live, SURVEYED[name], now=NOW)
        return Export(exported, exported.protected, workspace_text(exported), live)

    def plan(self, workspace: Workspace) -> Plan:
        provider = load_provider(workspace.provider)

        async def read() -> Live:
            async with Client(provider.endpoint, transport=EmulatorTransport(self.app)) as client:
                return await provider.connect(client).read(workspace)

        return make_plan(workspace, self.runner.run(read()), NOW, provider)

    def close(self) -> None:
        self.emulator.close()
        self.runner.close()


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    found = Organisation()
    yield found
    found.close()


def loaded(export: Export) -> Workspace:
    environment = {variable.name: variable.secret.reveal() for variable in export.exported.variables}
    workspace = load(["-"], environment=environment, now=NOW, stdin=io.BytesIO(export.text.encode()))
    return apply_options(workspace, SYNC)


@pytest.mark.parametrize("provider", BUILT_IN)
@given(data=st.data(), legacy=st.booleans())
def test_export_then_a_plan_is_empty(
    organisation: Organisation, provider: str, data: st.DataObject, legacy: bool
) -> None:
    organisation.becomes(data.draw(ORGANISATIONS[provider]), legacy=legacy)
    export = organisation.export(provider)
    event(f"{len(export.exported.left_out)} left out")
    plan = organisation.plan(loaded(export))
    assert [(change.action, change.address) for change in plan.changes] == []
    assert [str(item) for item in plan.errors] == []
    assert plan.refusals == ()
    assert {item.kept for item in plan.unmanaged} <= KEPT
    said = "\n".join(export.exported.left_out)
    assert [item for item in plan.unmanaged if f"({item.id})" not in said] == []
    assert SECRET not in export.text
    assert SECRET not in said
    event(f"{sum(len(section.entries) for section in export.exported.sections)} entries")
    shuffled = replace(export.live, resources=export.live.resources[::-1])
    assert load_provider(provider).export(shuffled, SURVEYED[provider]).sections == export.exported.sections
