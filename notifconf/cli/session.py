"""From settings to a workspace and a connection."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from notifconf.api import canonical_endpoint, find_endpoint
from notifconf.cli.console import Console
from notifconf.cli.request_log import request_log
from notifconf.cli.secrecy import learn
from notifconf.config import Access, load
from notifconf.config.files import DEFAULT, STANDARD_INPUT
from notifconf.errors import NotifconfError, UsageError, WorkspaceError
from notifconf.executor.saved import signed
from notifconf.model import Live, Options, Workspace
from notifconf.model.plan import Plan
from notifconf.plan.codec import Basis
from notifconf.plan.planner import effective
from notifconf.providers import load_provider
from notifconf.providers.base import Connection, Provider


@dataclass(frozen=True, slots=True)
class Service:
    """How the service is reached, and what a workspace may read; `timeout` is in seconds, of one request."""

    provider: str | None
    endpoint: str | None
    parallelism: int
    timeout: float
    log_file: Path | None
    access: Access | None = None


def current_time() -> datetime:
    """Return the one `now` of a command."""
    return datetime.now(UTC)


def load_workspace(paths: Sequence[str], service: Service, now: datetime) -> Workspace:
    """Load the workspace at `paths`, resolved against the environment."""
    workspace = load(paths, environment=os.environ, now=now, stdin=sys.stdin.buffer, access=service.access)
    learn(workspace.secrets)
    _check_provider(workspace, service.provider)
    return workspace


def known_workspace(
    paths: Sequence[str], provider: str | None = None, access: Access | None = None
) -> Workspace | None:
    """Return the workspace at `paths`, else the one at the default path that is for `provider`, else None.

    It is for commands that only look: where the environment lacks a variable, all references stay as written.
    """
    if not paths and not Path(DEFAULT).exists():
        return None
    now = current_time()
    try:
        workspace = load(paths, environment=os.environ, now=now, stdin=sys.stdin.buffer, access=access)
    except WorkspaceError as error:
        codes = {item.code for item in error.diagnostics if item.severity == "error"}
        if codes != {"missing-variable"} or STANDARD_INPUT in paths:
            raise
        workspace = load(paths, environment=None, now=now, access=access)
    learn(workspace.secrets)
    if paths:
        _check_provider(workspace, provider)
    return workspace if provider in (None, workspace.provider) else None


def _check_provider(workspace: Workspace, provider: str | None) -> None:
    if provider not in (None, workspace.provider):
        raise UsageError(f"the workspace is for {workspace.provider}, --provider says {provider}")


def chosen_endpoint(provider: Provider, service: Service) -> str | None:
    """Return the endpoint that an option or the environment names, in the form that plan files compare, or None."""
    return find_endpoint(provider, service.endpoint, os.environ)


@asynccontextmanager
async def connected(provider: Provider, service: Service, endpoint: str | None = None) -> AsyncIterator[Connection]:
    """Open a connection to `endpoint`, else to where an option, the environment or the provider says."""
    from notifconf import connect

    with request_log(service.log_file) as observer:
        async with connect(
            provider.name,
            endpoint=endpoint or service.endpoint,
            parallelism=service.parallelism,
            timeout=service.timeout,
            observer=observer,
            on_wait=_tell_wait,
        ) as connection:
            yield connection


def _tell_wait(seconds: float) -> None:
    """Say on standard error that the service's rate limit makes the command wait, and until when."""
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("quiet"):
        return
    until = (current_time() + timedelta(seconds=seconds)).astimezone()
    with suppress(OSError):
        sys.stderr.write(f"Waiting for the service until {until:%H:%M:%S} ({seconds:.0f} seconds): its rate limit.\n")
        sys.stderr.flush()


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

    now = current_time()
    try:
        declared = load_workspace(paths, service, now)
    except WorkspaceError as error:
        raise await _with_live_errors(error, options, service, console) from None
    workspace = effective(declared, options)
    provider = load_provider(workspace.provider)
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

    workspace = invalid.workspace
    if workspace is None or service.provider not in (None, workspace.provider):
        return invalid
    provider = load_provider(workspace.provider)
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
