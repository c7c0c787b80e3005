"""Plan, carry out, and look again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from notifconf.errors import ServiceError
from notifconf.executor.execute import Progress, execute
from notifconf.executor.halt import unless_halted
from notifconf.executor.material import Secrets, secrets_of
from notifconf.executor.outcome import Outcome
from notifconf.executor.recovery import Baseline
from notifconf.executor.stale import left_of
from notifconf.executor.step import Step
from notifconf.executor.verify import Verification, hidden
from notifconf.plan import Plan, make_plan
from notifconf.plan.make import effective

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifconf.executor.saved import SavedPlan
    from notifconf.model import Live, Options, Workspace
    from notifconf.providers.base import Connection, Provider


async def apply_plan(
    plan: Plan,
    workspace: Workspace,
    live: Live,
    provider: Provider,
    connection: Connection,
    *,
    now: datetime,
    options: Options,
    parallelism: int,
    stop: asyncio.Event | None = None,
    halt: asyncio.Event | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Outcome:
    """Carry `plan` out, then read what was touched again and plan once more: an outcome says what is left.

    The plan must have neither errors nor refusals. Once `stop` is set nothing further is begun, once `halt` is set
    nothing is waited for any more; `progress` hears of each change as it ends. `sleep` is for tests.
    """
    workspace = effective(workspace, options)
    secrets = secrets_of(provider.resolve(workspace, live, now).resources)
    baseline = Baseline.of(plan, live)
    step = Step(connection, provider, secrets, baseline, verify=workspace.policy.verify_integrations, sleep=sleep)

    # A target that was deleted names nothing any more.
    later = replace(options, targets=(), targets_if_exist=(*options.targets, *options.targets_if_exist))

    def left(after: Live) -> Plan:
        return make_plan(workspace, after, now, provider, later)

    return await _apply(plan, step, live, left, parallelism=parallelism, stop=stop, halt=halt, progress=progress)


async def apply_saved(
    saved: SavedPlan,
    live: Live,
    secrets: Secrets,
    provider: Provider,
    connection: Connection,
    *,
    parallelism: int,
    stop: asyncio.Event | None = None,
    halt: asyncio.Event | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Outcome:
    """Carry a saved plan out as it is, then look whether what it touched is as it says.

    It must not be stale: `live` is what was read of its objects just now, `secrets` what its expressions stand for.
    """
    baseline = Baseline.of(saved.plan, live)
    step = Step(connection, provider, secrets, baseline, verify=saved.basis.verify, sleep=sleep)

    def left(after: Live) -> Plan:
        return left_of(saved.plan, after, secrets, step.ids)

    return await _apply(saved.plan, step, live, left, parallelism=parallelism, stop=stop, halt=halt, progress=progress)


async def _apply(
    plan: Plan,
    step: Step,
    live: Live,
    left: Callable[[Live], Plan],
    *,
    parallelism: int,
    stop: asyncio.Event | None,
    halt: asyncio.Event | None,
    progress: Progress | None,
) -> Outcome:
    execution = await execute(plan, step, parallelism=parallelism, stop=stop, halt=halt, progress=progress)
    verification = Verification(plan, list(execution.changes), step, live, left, stop)
    remaining: Plan | None = None
    troubles: list[str] = []
    try:
        remaining = await unless_halted(verification.run(), halt)
    except ServiceError as error:
        troubles.append(str(error))
    if remaining is None:
        troubles = troubles or ["interrupted"]
    troubles.extend(verification.troubles)
    if remaining is not None and remaining.errors:
        troubles.extend(item.message for item in remaining.errors)
    elif remaining is not None and (late := ", ".join(hidden(remaining, verification.outcomes))):
        troubles.append(f"the service does not list yet what it has created: {late}; wait before apply is run again")
    return Outcome(
        plan,
        tuple(verification.outcomes),
        (*execution.diagnostics, *verification.diagnostics),
        remaining,
        "; ".join(troubles) or None,
        interrupted=stop is not None and stop.is_set(),
    )
