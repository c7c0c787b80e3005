"""The executor: carries a plan out as a graph, with bounded concurrency.

It is the one caller of a connection's write methods. A failure skips what depends on it and nothing else, and every
change is in the outcome.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifconf.apply.outcome import ChangeOutcome, Result
from notifconf.apply.step import Kept, Step
from notifconf.errors import ApiError, ServiceError
from notifconf.model import Diagnostic, warning

if TYPE_CHECKING:
    from notifconf.plan import Change, Plan

Progress = Callable[[ChangeOutcome], None]


@dataclass(slots=True)
class Execution:
    """What became of the changes, in the plan's order, and what is to be said about it."""

    changes: tuple[ChangeOutcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


async def execute(
    plan: Plan,
    step: Step,
    *,
    parallelism: int,
    stop: asyncio.Event | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Carry out every change of `plan`, at most `parallelism` at a time.

    Once `stop` is set no further change is begun; what is in flight is finished. `progress` is told of each change as
    it ends. Raises nothing that a service can cause: failures are in the outcome.
    """
    run = _Run(plan, step, stop or asyncio.Event(), progress)
    await asyncio.gather(*(run.work() for _ in range(max(1, min(parallelism, len(plan.changes))))))
    return run.finish()


@dataclass(slots=True)
class _Run:
    """The state of one execution: which changes wait for which, and what became of the others."""

    plan: Plan
    step: Step
    stop: asyncio.Event
    progress: Progress | None
    ready: deque[Change] = field(default_factory=deque)
    waiting: dict[str, set[str]] = field(default_factory=dict)
    dependents: dict[str, list[Change]] = field(default_factory=dict)
    done: dict[str, ChangeOutcome] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        for change in self.plan.changes:
            if not change.depends_on:
                self.ready.append(change)
                continue
            self.waiting[change.address] = set(change.depends_on)
            for address in change.depends_on:
                self.dependents.setdefault(address, []).append(change)

    async def work(self) -> None:
        """Take changes as they become ready, until none can."""
        while (change := await self._next()) is not None:
            outcome = await self._carry_out(change)
            async with self.changed:
                self._settle(outcome)
                self.changed.notify_all()

    async def _next(self) -> Change | None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.ready or not self.waiting or self.stop.is_set())
            if self.stop.is_set() or not self.ready:
                return None
            return self.ready.popleft()

    async def _carry_out(self, change: Change) -> ChangeOutcome:
        try:
            object_id = await self.step.carry_out(change)
        except Kept as reason:
            message = f"{change.address} is kept: {reason}"
            self.diagnostics.append(warning(f"{change.kind}-in-use", message, change.position, change.address))
            return ChangeOutcome(change, Result.KEPT, change.id, str(reason))
        except ServiceError as error:
            request_id = error.request_id if isinstance(error, ApiError) else None
            return ChangeOutcome(change, Result.FAILED, change.id, str(error), error.sent, request_id)
        return ChangeOutcome(change, Result.APPLIED, object_id)

    def _settle(self, outcome: ChangeOutcome) -> None:
        """Note an outcome, free what waited for it, or skip that where it did not come about."""
        settled = deque([outcome])
        while settled:
            current = settled.popleft()
            address = current.change.address
            self.done[address] = current
            if self.progress is not None:
                self.progress(current)
            for dependent in self.dependents.get(address, ()):
                if dependent.address not in self.waiting:
                    continue
                if current.result is not Result.APPLIED:
                    del self.waiting[dependent.address]
                    reason = f"{address} {'was skipped' if current.result is Result.SKIPPED else 'failed'}"
                    settled.append(ChangeOutcome(dependent, Result.SKIPPED, dependent.id, reason))
                    continue
                self.waiting[dependent.address].discard(address)
                if not self.waiting[dependent.address]:
                    del self.waiting[dependent.address]
                    self.ready.append(dependent)

    def finish(self) -> Execution:
        """Report every change; what was never begun was interrupted."""
        return Execution(
            tuple(
                self.done.get(change.address) or ChangeOutcome(change, Result.SKIPPED, change.id, "interrupted")
                for change in self.plan.changes
            ),
            tuple(self.diagnostics),
        )
