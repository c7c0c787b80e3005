"""The way to a plan that `plan`, `apply` and `drift` share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notifconf.cli.session import chosen_endpoint, connected, current_time, load_workspace
from notifconf.connection import canonical_endpoint
from notifconf.errors import NotifconfError, WorkspaceError

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
    declared: Workspace
    workspace: Workspace
    """The declared one, with the options that take the place of its policy."""
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
    try:
        declared = load_workspace(paths, service, now)
    except WorkspaceError as error:
        raise await _with_live_errors(error, options, service, console) from None
    workspace = effective(declared, options)
    provider = provider_named(workspace.provider)
    async with connected(provider, service) as connection:
        with console.waiting(f"Reading {provider.title}"):
            live = await read_live(workspace, connection)
        plan = make_plan(workspace, live, options=options, now=now)
        endpoint = chosen_endpoint(provider, service) or canonical_endpoint(provider.endpoint)
        plan, basis = signed(plan, declared, live, provider, endpoint=endpoint, options=options)
        yield Planned(plan, declared, workspace, live, provider, now, basis), connection


async def replanned(made: Planned, connection: Connection, options: Options, console: Console) -> Planned:
    """Read the live state of a plan's workspace again, and plan anew, with the time that it is by now."""
    from notifconf import make_plan, read_live
    from notifconf.executor.saved import signed

    with console.waiting(f"Reading {made.provider.title} again"):
        live = await read_live(made.workspace, connection)
    now = current_time()
    plan = make_plan(made.workspace, live, options=options, now=now)
    plan, basis = signed(plan, made.declared, live, made.provider, endpoint=made.basis.endpoint, options=options)
    return replace(made, plan=plan, live=live, now=now, basis=basis)


async def _with_live_errors(
    invalid: WorkspaceError, options: Options, service: Service, console: Console
) -> WorkspaceError:
    """Return the errors of a workspace together with those that only the live state shows, so that one run tells all.

    Where the service can't be asked, the errors of the workspace stand alone.
    """
    from notifconf import make_plan, read_live
    from notifconf.providers import provider_named

    workspace = invalid.workspace
    if workspace is None or service.provider not in (None, workspace.provider):
        return invalid
    provider = provider_named(workspace.provider)
    try:
        async with connected(provider, service) as connection:
            with console.waiting(f"Reading {provider.title}"):
                live = await read_live(workspace, connection)
    except NotifconfError:
        return invalid
    return WorkspaceError(make_plan(workspace, live, options=options, now=current_time()).diagnostics)


async def plan_once(paths: Sequence[str], options: Options, service: Service, console: Console) -> Planned:
    """Plan, and close the connection."""
    async with planned(paths, options, service, console) as (made, _):
        return made
