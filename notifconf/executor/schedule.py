"""The schedule: runs the changes of a plan side by side, each after those that it depends on.

If a change fails, those that depend on it are skipped, and no others. Every change is in the outcome.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from notifconf.errors import ChangedSinceError, ServiceError
from notifconf.executor.change import ObjectInUseError, Writer
from notifconf.http.exchange import trace_requests
from notifconf.model.diagnostic import Diagnostic, warning
from notifconf.model.plan import Action, Change, ChangeOutcome, Plan, Result

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Control:
    """How an apply runs, and how to end it early.

    At most `parallelism` changes are in flight. Once `stop` is set no further change begins, and those in flight are
    finished. Once `halt` is set too, nothing is waited for: the changes in flight are `unknown` in the outcome.
    `progress` is called with each change as it ends. `sleep` is for tests.
    """

    parallelism: int = 10
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    progress: Callable[[ChangeOutcome], None] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def run_unless_halted(work: Coroutine[Any, Any, T], halt: asyncio.Event) -> T | None:
    """Return the result of `work`. Once `halt` is set, cancel it and return None."""
    if halt.is_set():
        work.close()
        return None
    working, halted = asyncio.ensure_future(work), asyncio.ensure_future(halt.wait())
    try:
        await asyncio.wait({working, halted}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        halted.cancel()
        working.cancel()
        await asyncio.gather(working, halted, return_exceptions=True)


Key = tuple[str, str]
"""An object that a change is made to: its kind, and its id or, where it is created, its address."""

REASONS = {Result.SKIPPED: "was skipped", Result.UNKNOWN: "may not exist", Result.KEPT: "is kept"}
"""Why a change is skipped, by the result of the one that it depends on. Any other result means that that one failed."""


@dataclass(slots=True)
class Execution:
    """The results of the changes, in the order of the plan, and warnings."""

    changes: tuple[ChangeOutcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


async def execute(plan: Plan, writer: Writer, control: Control) -> Execution:
    """Carry out every change of `plan`. Failures are in the result: nothing that a service can cause is raised."""
    run = _Run(plan, writer, control)
    await run_unless_halted(run.all(), control.halt)
    return run.finish()


@dataclass(slots=True)
class _Run:
    """The state of one execution: which changes wait for which, and the results of the others."""

    plan: Plan
    writer: Writer
    control: Control
    ready: deque[Change] = field(default_factory=deque)
    waiting: dict[Key, set[Key]] = field(default_factory=dict)
    dependents: dict[Key, list[Change]] = field(default_factory=dict)
    begun: set[Key] = field(default_factory=set)
    done: dict[Key, ChangeOutcome] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        objects: dict[str, list[Key]] = {}
        for change in self.plan.changes:
            objects.setdefault(change.address, []).append(_key(change))
        for change in self.plan.changes:
            awaited = {key for address in change.depends_on for key in objects.get(address, ())}
            if not awaited:
                self.ready.append(change)
                continue
            self.waiting[_key(change)] = awaited
            for key in awaited:
                self.dependents.setdefault(key, []).append(change)

    async def all(self) -> None:
        """Run workers side by side until no change can begin any more."""
        workers = max(1, min(self.control.parallelism, len(self.plan.changes)))
        await asyncio.gather(*(self.work() for _ in range(workers)))

    async def work(self) -> None:
        """Write changes as they become ready, until no more can."""
        while (change := await self._next()) is not None:
            outcome = await self._carry_out(change)
            async with self.changed:
                self._settle(outcome)
                self.changed.notify_all()

    async def _next(self) -> Change | None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.ready or not self.waiting or self.control.stop.is_set())
            if self.control.stop.is_set() or not self.ready:
                return None
            change = self.ready.popleft()
            self.begun.add(_key(change))
            return change

    async def _carry_out(self, change: Change) -> ChangeOutcome:
        with trace_requests() as trace:
            try:
                object_id = await self.writer.write(change)
            except ObjectInUseError as reason:
                message = f"{change.address} is kept: {reason}"
                self.diagnostics.append(warning(f"{change.kind}-in-use", message, change.position, change.address))
                return ChangeOutcome(change, Result.KEPT, change.id, str(reason), request_id=trace.request_id)
            except ServiceError as error:
                return _make_failure(change, error, trace.request_id)
            return ChangeOutcome(change, Result.APPLIED, object_id, request_id=trace.request_id)

    def _settle(self, outcome: ChangeOutcome) -> None:
        """Record an outcome. The changes that wait for it become ready if it was applied, else they are skipped."""
        settled = deque([outcome])
        while settled:
            current = settled.popleft()
            key = _key(current.change)
            self.done[key] = current
            if self.control.progress is not None:
                self.control.progress(current)
            for dependent in self.dependents.get(key, ()):
                waits = _key(dependent)
                if waits not in self.waiting:
                    continue
                if current.result is not Result.APPLIED:
                    del self.waiting[waits]
                    reason = f"{current.change.address} {REASONS.get(current.result, 'failed')}"
                    settled.append(ChangeOutcome(dependent, Result.SKIPPED, dependent.id, reason))
                    continue
                self.waiting[waits].discard(key)
                if not self.waiting[waits]:
                    del self.waiting[waits]
                    self.ready.append(dependent)

    def finish(self) -> Execution:
        """Return the outcome of every change. A change without one was interrupted."""
        return Execution(
            tuple(self.done.get(_key(change)) or self._interrupted(change) for change in self.plan.changes),
            tuple(self.diagnostics),
        )

    def _interrupted(self, change: Change) -> ChangeOutcome:
        if _key(change) in self.begun:
            error = "interrupted while it was in flight: it may have come about"
            return ChangeOutcome(change, Result.UNKNOWN, change.id, error, uncertain=True)
        return ChangeOutcome(change, Result.SKIPPED, change.id, "interrupted")


def _key(change: Change) -> Key:
    return change.kind, change.id or change.address


def _make_failure(change: Change, error: ServiceError, request_id: str | None) -> ChangeOutcome:
    """Return the outcome of a failed change. Of a create nobody can say for a while whether it was done: lists lag."""
    if not error.sent or change.action is not Action.CREATE:
        changed_since = isinstance(error, ChangedSinceError)
        return ChangeOutcome(change, Result.FAILED, change.id, str(error), error.sent, request_id, changed_since)
    message = f"{error}; it may exist all the same: wait a little before apply is run again"
    return ChangeOutcome(change, Result.UNKNOWN, None, message, uncertain=True, request_id=request_id)
