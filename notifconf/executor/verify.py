"""Looking again after an apply: is anything left to do?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from notifconf.executor.outcome import ChangeOutcome, Result
from notifconf.plan import Action, Plan

if TYPE_CHECKING:
    from notifconf.executor.step import Step
    from notifconf.model import Live

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further look: lists lag behind what was just done."""


async def remaining_plan(
    plan: Plan,
    outcomes: Sequence[ChangeOutcome],
    step: Step,
    live: Live,
    left: Callable[[Live], Plan],
    *,
    stop: asyncio.Event | None,
) -> Plan:
    """Read again what was touched, and return what is still to do.

    Where that holds something which was done, it is looked at again for a while, unless `stop` is set. Raises
    `ServiceError`.
    """
    touched = [
        (item.change.kind, step.attributes(item.change)) for item in outcomes if item.result is not Result.SKIPPED
    ]
    if not touched:
        return plan
    applied = [item.change for item in outcomes if item.result is Result.APPLIED]
    done = {change.address for change in applied}
    # What lived before goes by its id: once its namesakes are deleted, it has another address.
    lived = {(change.kind, change.id) for change in applied if change.id is not None}
    live = await step.connection.reread(live, touched)
    for pause in PAUSES:
        remaining = left(live)
        late = [change for change in remaining.changes if change.address in done or (change.kind, change.id) in lived]
        if not late or (stop is not None and stop.is_set()):
            return remaining
        await step.sleep(pause)
        live = await step.connection.reread(live, [(change.kind, step.attributes(change)) for change in late])
    return left(live)


def hidden(remaining: Plan, outcomes: Sequence[ChangeOutcome]) -> Iterator[str]:
    """Yield what was created and does not show: to create it again would make a second one."""
    created = {
        item.change.address
        for item in outcomes
        if item.result is Result.APPLIED and item.change.action is Action.CREATE
    }
    return (
        change.address for change in remaining.changes if change.action is Action.CREATE and change.address in created
    )
