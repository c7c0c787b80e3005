"""Plan and apply over the fake service."""

from __future__ import annotations

import asyncio
from typing import Any

from notifconf.executor.run import apply
from notifconf.executor.schedule import Control
from notifconf.model.policy import Policy
from notifconf.model.state import Workspace
from notifconf.plan.planner import propose
from tests.executor.service import Prover
from tests.plan.world import NOW, Declared


async def at_once(_seconds):
    """Wait for nothing."""


def applied(declared, service, *, policy=None, seen=None, **control):
    """Plan and apply over the fake service; the plan may have `seen` another one. `control` holds fields of that."""
    workspace = Workspace("world", Declared(tuple(declared)), policy or Policy())
    provider: Any = Prover()
    live = (seen or service).live()
    proposal = propose(workspace, live, NOW, provider)
    return asyncio.run(apply(proposal, provider, service, Control(**{"parallelism": 4, "sleep": at_once, **control})))


def results(outcome):
    return {item.change.address: str(item.result) for item in outcome.changes}
