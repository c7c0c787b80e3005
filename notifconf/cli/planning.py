"""The way to a plan that `plan`, `apply` and `drift` share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notifconf.cli.session import chosen_endpoint, connected, current_time, load_workspace
from notifconf.connection import canonical_endpoint

if TYPE_CHECKING:
    from datetime import datetime

    from notifconf.cli.console import Console
    from notifconf.cli.session import Service
    from notifconf.model import Live, Options, Workspace
    from notifconf.plan import Plan
    from notifconf.plan.archive import Basis
    from notifconf.providers.base import Connection, Provider


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it was made from."""

    plan: Plan
    workspace: Workspace
    live: Live
    provider: Provider
    now: datetime
    basis: Basis
    """What the plan's digest counts beside its changes."""


@asynccontextmanager
async def planned(
    paths: Sequence[str], options: Options, service: Service, console: Console
) -> AsyncIterator[tuple[Planned, Connection]]:
    """Load a workspace, read the live state and plan; the connection stays open for what comes next."""
    from notifconf import make_plan, read_live
    from notifconf.executor.saved import signed
    from notifconf.plan.make import effective
    from notifconf.providers import provider_named

    now = current_time()
    declared = load_workspace(paths, service, now)
    workspace = effective(declared, options)
    provider = provider_named(workspace.provider)
    async with connected(provider, service) as connection:
        with console.waiting(f"Reading {provider.title}"):
            live = await read_live(workspace, connection)
        plan = make_plan(workspace, live, options=options, now=now)
        endpoint = chosen_endpoint(provider, service) or canonical_endpoint(provider.endpoint)
        plan, basis = signed(plan, declared, live, provider, endpoint=endpoint, options=options)
        yield Planned(plan, workspace, live, provider, now, basis), connection


async def plan_once(paths: Sequence[str], options: Options, service: Service, console: Console) -> Planned:
    """Plan, and close the connection."""
    async with planned(paths, options, service, console) as (made, _):
        return made
