"""Plan and apply over the fake service."""

from __future__ import annotations

import asyncio
from typing import Any

from notifconf.executor.run import apply_plan
from notifconf.model import Options, Policy, Workspace
from notifconf.plan import make_plan
from tests.executor.service import Prover
from tests.plan.world import NOW, Declared


async def at_once(_seconds):
    """Wait for nothing."""


def applied(
    declared, service, *, policy=None, stop=None, halt=None, progress=None, parallelism=4, seen=None, sleep=at_once
):
    """Plan and apply over the fake service; the plan may have `seen` another one."""
    workspace = Workspace("world", Declared(tuple(declared)), policy or Policy())
    provider: Any = Prover()
    live = (seen or service).live()
    plan = make_plan(workspace, live, NOW, provider)

    async def run():
        return await apply_plan(
            plan,
            workspace,
            live,
            provider,
            service,
            now=NOW,
            options=Options(),
            parallelism=parallelism,
            stop=stop,
            halt=halt,
            progress=progress,
            sleep=sleep,
        )

    return asyncio.run(run())


def results(outcome):
    return {item.change.address: str(item.result) for item in outcome.changes}
