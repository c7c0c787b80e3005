"""Several writers at once: two applies of one workspace, request by request in any order, and a console.

Whatever they do, no declared object is lost; and where two were created at the same time, one gives way, or it is said.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from notifconf.emulator.transport import EmulatorTransport
from notifconf.errors import ServiceError
from notifconf.model.plan import Outcome, Plan
from tests.torture.interleavings import EVENT, NAMED, URL, WORKSPACES
from tests.torture.simulation import Simulation, run_apply


class Gate(EmulatorTransport):
    """A network that lets a request through when it is told to."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._passes = asyncio.Semaphore(0)
        self.waiting = 0
        self.open = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.open:
            self.waiting += 1
            await self._passes.acquire()
            self.waiting -= 1
        return await super().handle_async_request(request)

    def admit(self) -> None:
        self._passes.release()

    def open_for_good(self) -> None:
        self.open = True
        for _ in range(self.waiting):
            self.admit()


class Writer:
    """A process that plans and applies."""

    def __init__(self, app: Any, text: str) -> None:
        self.gate = Gate(app)
        self.task = asyncio.ensure_future(run_apply(text, self.gate, parallelism=2))

    async def advance(self) -> None:
        """Let one request through, and wait until the next one has come, or the end."""
        self.gate.admit()
        for _ in range(200):
            await asyncio.sleep(0)

    async def finish(self) -> tuple[Plan, Outcome | None] | ServiceError:
        self.gate.open_for_good()
        try:
            return await self.task
        except ServiceError as error:
            return error


class Writers(RuleBasedStateMachine):
    """The state machine; `provider` is set by a subclass."""

    provider = ""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation()
        self.text = WORKSPACES[self.provider]
        self.writers: list[Writer] = []

    @initialize()
    def begin(self) -> None:
        self.simulation.runner.run(self._start())

    async def _start(self) -> None:
        self.writers = [Writer(self.simulation.app, self.text) for _ in range(2)]
        await asyncio.sleep(0)

    @rule(writer=st.integers(0, 1), requests=st.integers(1, 4))
    def advance(self, writer: int, requests: int) -> None:
        for _ in range(requests):
            self.simulation.runner.run(self.writers[writer].advance())

    @rule(number=st.integers(0, 9))
    def somebody_deletes(self, number: int) -> None:
        collection, _ = NAMED[self.provider]
        objects = self._declared()
        if objects:
            self.simulation.emulator.remove(collection, objects[number % len(objects)]["id"])

    @rule(number=st.integers(0, 9))
    def somebody_changes(self, number: int) -> None:
        collection, _ = NAMED[self.provider]
        objects = self._declared()
        if objects:
            item = objects[number % len(objects)]
            change = {"description": "theirs"} if self.provider == "confluent" else {"enabled": False}
            self.simulation.emulator.seed(collection, {**item, **change})

    @rule()
    def somebody_makes_another(self) -> None:
        collection, name = NAMED[self.provider]
        known = {"event_id": EVENT} if self.provider == "konnect" else {"target": {"kind": "Slack", "webhook_url": URL}}
        self.simulation.emulator.seed(collection, {name: "Undeclared", **known})

    @precondition(lambda self: self.writers and all(writer.task.done() for writer in self.writers))
    @rule()
    def run_again(self) -> None:
        self.simulation.runner.run(self._start())

    @invariant()
    def nothing_undeclared_is_ever_deleted(self) -> None:
        made = [item for item in self._objects() if self._name(item) == "Undeclared"]
        self.most = max(getattr(self, "most", 0), len(made))
        assert len(made) == self.most

    def _objects(self) -> list[dict[str, Any]]:
        return self.simulation.emulator.objects(NAMED[self.provider][0])

    def _name(self, item: dict[str, Any]) -> str:
        return str(item.get(NAMED[self.provider][1]))

    def _declared(self) -> list[dict[str, Any]]:
        return [item for item in self._objects() if self._name(item) in {"One", "Two"}]

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self.simulation.__exit__()

    def _end(self) -> None:
        run = self.simulation.runner.run
        for writer in self.writers:
            ended = run(writer.finish())
            if isinstance(ended, tuple) and ended[1] is not None and ended[1].complete:
                # What is said to be verified may be undone by others at once, but it was never made twice by this one.
                assert len({item.id for item in ended[1].changes}) == len(ended[1].changes)
        ending = self.simulation.until_done(self.text)
        assert ending.last is not None
        for problem in ending.last.errors:
            assert problem.code.startswith("ambiguous-")
            bearers = [item for item in self._declared() if item["id"] in problem.message]
            assert len({self._name(item) for item in bearers}) == 1
            assert len(bearers) > 1
            for item in bearers[1:]:
                self.simulation.emulator.remove(NAMED[self.provider][0], item["id"])
        ending = self.simulation.until_done(self.text)
        assert ending.last is not None
        assert (ending.last.changes, ending.last.errors) == ((), ())
        assert sorted(map(self._name, self._declared())) == ["One", "Two"]


class ConfluentWriters(Writers):
    provider = "confluent"


class KonnectWriters(Writers):
    provider = "konnect"


BOUNDS = settings(max_examples=10, stateful_step_count=12, deadline=None)

TestConfluentWriters = ConfluentWriters.TestCase
TestKonnectWriters = KonnectWriters.TestCase
TestConfluentWriters.settings = TestKonnectWriters.settings = BOUNDS


@pytest.mark.parametrize("provider", list(WORKSPACES))
def test_twins_of_simultaneous_creates_are_settled(provider: str) -> None:
    """Both have read before either has written: neither can know of the other, and one of them gives way."""
    machine = type("Machine", (Writers,), {"provider": provider})()
    try:
        machine.begin()
        for _ in range(200):
            for writer in (0, 1):
                machine.advance(writer, 1)
        outcomes = [machine.simulation.runner.run(writer.finish())[1] for writer in machine.writers]
        assert sorted(map(machine._name, machine._declared())) == ["One", "Two"]
        assert {item.code for outcome in outcomes for item in outcome.diagnostics} == {"twin-deleted"}
        # Nobody's sleep takes time here: the one that waits may have given up waiting.
        assert any(outcome.complete for outcome in outcomes)
        again = machine.simulation.plan(machine.text)
        assert (again.changes, again.errors) == ((), ())
    finally:
        machine._end()
        machine.simulation.__exit__()
