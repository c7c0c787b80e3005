"""Plan, carry out, and look again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from notifconf.apply.execute import Progress, execute
from notifconf.apply.material import secrets_of
from notifconf.apply.outcome import Outcome, Result
from notifconf.apply.step import Step
from notifconf.errors import ServiceError
from notifconf.plan import Plan, make_plan
from notifconf.plan.make import effective

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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
    progress: Progress | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Outcome:
    """Carry `plan` out, then read what was touched again and plan once more: an outcome says what is left.

    The plan must have neither errors nor refusals. Once `stop` is set nothing further is begun; `progress` hears of each
    change as it ends. `sleep` is for tests.
    """
    workspace = effective(workspace, options)
    secrets = secrets_of(provider.resolve(workspace, live, now).resources)
    step = Step(connection, provider, secrets, verify=workspace.policy.verify_integrations, sleep=sleep)
    execution = await execute(plan, step, parallelism=parallelism, stop=stop, progress=progress)
    touched = {
        (item.change.kind, item.change.address) for item in execution.changes if item.result is not Result.SKIPPED
    }
    remaining: Plan | None = plan
    trouble: str | None = None
    if touched:
        try:
            after = await connection.reread(workspace, live, touched)
            remaining = make_plan(workspace, after, now, provider, options)
        except ServiceError as error:
            remaining, trouble = None, str(error)
    return Outcome(
        plan,
        execution.changes,
        execution.diagnostics,
        remaining,
        trouble,
        interrupted=stop is not None and stop.is_set(),
    )
