"""The way to a plan that `plan`, `apply` and `drift` share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notifconf.cli.session import connected, current_time, load_workspace

if TYPE_CHECKING:
    from datetime import datetime

    from notifconf.cli.console import Console
    from notifconf.cli.session import Service
    from notifconf.model import Live, Options, Workspace
    from notifconf.plan import Plan
    from notifconf.providers.base import Connection, Provider


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it was made from."""

    plan: Plan
    workspace: Workspace
    live: Live
    provider: Provider
    now: datetime


@asynccontextmanager
async def planned(
    paths: Sequence[str], options: Options, service: Service, console: Console
) -> AsyncIterator[tuple[Planned, Connection]]:
    """Load a workspace, read the live state and plan; the connection stays open for what comes next."""
    from notifconf import make_plan, read_live
    from notifconf.plan.make import effective
    from notifconf.providers import provider_named

    now = current_time()
    workspace = effective(load_workspace(paths, service, now), options)
    provider = provider_named(workspace.provider)
    async with connected(provider, service) as connection:
        with console.waiting(f"Reading {provider.title}"):
            live = await read_live(workspace, connection)
        plan = make_plan(workspace, live, options=options, now=now)
        yield Planned(plan, workspace, live, provider, now), connection


async def replanned(made: Planned, connection: Connection, options: Options, console: Console) -> Planned:
    """Read the live state of a plan's workspace again, and plan anew, with the time that it is by now."""
    from notifconf import make_plan, read_live

    with console.waiting(f"Reading {made.provider.title} again"):
        live = await read_live(made.workspace, connection)
    now = current_time()
    plan = make_plan(made.workspace, live, options=options, now=now)
    return Planned(plan, made.workspace, live, made.provider, now)


async def plan_once(paths: Sequence[str], options: Options, service: Service, console: Console) -> Planned:
    """Plan, and close the connection."""
    async with planned(paths, options, service, console) as (made, _):
        return made
