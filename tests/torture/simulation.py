"""Applies inside this process: nobody waits, and a process that is killed is an exception that nothing catches."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Self

import httpx
from starlette.applications import Starlette

from notifconf.config import load
from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.faults import parse_fault
from notifconf.emulator.transport import EmulatorTransport
from notifconf.errors import ServiceError
from notifconf.executor.run import apply as carry_out
from notifconf.executor.schedule import Control, run_unless_halted
from notifconf.http.client import Client, ClientOptions
from notifconf.model.plan import Outcome, Plan
from notifconf.model.state import Workspace
from notifconf.plan.planner import propose
from notifconf.providers import load_provider
from tests.torture.scenario import ENVIRONMENT, State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOST_RUNS = 8


class Killed(Exception):  # noqa: N818 -- no error: the process is gone
    """Somebody killed the process."""


class Death:
    """Kills a process at its request number `at`, from 1, before or after that took effect."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at = at
        self.after = after
        self.seen = 0
        self.came = asyncio.Event()

    async def pass_by(self, number: int, *, after: bool) -> None:
        """Strike where this is the moment: whoever is dead asks nothing, and hears nothing any more."""
        if number == self.at and after is self.after:
            self.came.set()
        if self.came.is_set():
            await asyncio.Event().wait()


class MortalTransport(EmulatorTransport):
    """The network of a process that may be killed."""

    def __init__(self, app: Starlette, death: Death) -> None:
        super().__init__(app)
        self._death = death

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._death.seen += 1
        number = self._death.seen
        await self._death.pass_by(number, after=False)
        answer = await super().handle_async_request(request)
        await self._death.pass_by(number, after=True)
        return answer


class RecordingTransport(EmulatorTransport):
    """The network of a process that somebody watches: `states` are those that the organisation was in, in turn."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(app)
        self._emulator: Emulator = app.state.emulator
        self.states = [self._emulator.state()]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.method != "GET" and (state := self._emulator.state()) != self.states[-1]:
            self.states.append(state)
        return answer


class Time:
    """Nobody waits: sleeping moves the clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Ending:
    """What a pipeline saw that ran apply again and again; `last` is the plan that was empty, or had errors."""

    runs: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    last: Plan | None = None
    claimed_too_much: bool = False


@cache
def workspace_of(text: str) -> Workspace:
    return load(["-"], environment=ENVIRONMENT, now=NOW, stdin=io.BytesIO(text.encode()))


async def run_apply(
    text: str, transport: httpx.AsyncBaseTransport, *, apply: bool = True, parallelism: int = 4
) -> tuple[Plan, Outcome | None]:
    """Plan and apply a workspace; the outcome is None where there was nothing to do, or the plan has errors."""
    workspace, time = workspace_of(text), Time()
    provider = load_provider(workspace.provider)
    async with Client(
        provider.endpoint, transport=transport, options=ClientOptions(sleep=time.sleep, clock=time.clock)
    ) as client:
        connection = provider.connect(client)
        live = await connection.read(workspace)
        proposal = propose(workspace, live, NOW, provider)
        plan = proposal.plan
        if not apply or plan.errors or plan.refusals or not plan.changes:
            return plan, None
        control = Control(parallelism=parallelism, sleep=time.sleep)
        return plan, await carry_out(proposal, provider, connection, control)


class Simulation:
    """One organisation, and processes that plan and apply a workspace."""

    def __init__(self) -> None:
        self.app = create_app(":memory:")
        self.runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()
        self.emulator.close()

    @property
    def emulator(self) -> Emulator:
        found: Emulator = self.app.state.emulator
        return found

    def switch_on(self, *specs: str) -> None:
        """Switch these faults on, and no others."""
        self.emulator.settings.faults = [parse_fault(spec) for spec in specs]

    def plan(self, text: str) -> Plan:
        return self.runner.run(run_apply(text, EmulatorTransport(self.app), apply=False))[0]

    def apply(self, text: str, death: Death | None = None) -> tuple[Plan, Outcome | None]:
        """Plan and apply. Raises `Killed`, and `ServiceError` where not even a plan came about."""
        if death is None:
            return self.runner.run(run_apply(text, EmulatorTransport(self.app)))
        work = run_apply(text, MortalTransport(self.app, death))
        result = self.runner.run(run_unless_halted(work, death.came))
        if result is None:
            raise Killed
        return result

    def states(self, text: str) -> list[State]:
        """Apply, one change at a time, and return each state that a process could leave behind when it is killed."""
        transport = RecordingTransport(self.app)
        self.runner.run(run_apply(text, transport, parallelism=1))
        return transport.states

    def until_done(self, text: str, death: Death | None = None) -> Ending:
        """Apply until there is nothing to do, as whoever runs a pipeline would; the first process may die."""
        ending = Ending()
        while ending.last is None and ending.runs < MOST_RUNS:
            ending.runs += 1
            try:
                plan, outcome = self.apply(text, death)
            except (Killed, ServiceError):
                death = None
                continue
            if outcome is None:
                ending.last = plan
                ending.claimed_too_much |= bool(plan.errors and ending.outcomes and ending.outcomes[-1].complete)
            else:
                # An apply that said that all is done left nothing for this one.
                ending.claimed_too_much |= bool(ending.outcomes and ending.outcomes[-1].complete)
                ending.outcomes.append(outcome)
        return ending
