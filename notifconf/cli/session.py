"""From settings to a workspace and a connection."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from notifconf import __version__, api
from notifconf.cli.console import Console, known_secrets, remember_secrets
from notifconf.cli.options import Service
from notifconf.cli.request_log import request_log
from notifconf.config import Access, load
from notifconf.config.sources import DEFAULT
from notifconf.endpoints import Requests, connect, find_endpoint
from notifconf.errors import NotifconfError, ServiceError, UsageError, WorkspaceError
from notifconf.model.plan import Plan
from notifconf.model.policy import Mode
from notifconf.model.state import Live, Options, Workspace
from notifconf.plan.coverage import hidden_resources, not_visible
from notifconf.plan.planner import Proposal, apply_options
from notifconf.providers import BUILT_IN, find_credential_variables, list_providers, load_provider
from notifconf.providers.base import Connection, Provider
from notifconf.report import Context


def current_time() -> datetime:
    """Return the one `now` of a command."""
    return datetime.now(UTC)


def load_workspace(paths: Sequence[str], service: Service, now: datetime) -> Workspace:
    """Load the workspace at `paths`, resolved against the environment."""
    workspace = load(paths, environment=os.environ, now=now, stdin=sys.stdin.buffer, access=service.access)
    remember_secrets(workspace.secrets)
    _check_provider(workspace, service.provider)
    return workspace


VALUE_CODES = frozenset({"missing-variable", "forbidden-source"})
"""The errors of references: a workspace that has no others still says what it declares."""


def find_workspace(paths: Sequence[str], provider: str | None = None, access: Access | None = None) -> Workspace | None:
    """Return the workspace at `paths`, else the one at the default path that is for `provider`, else None.

    It is for commands that only look: a reference that has no value here, or may not be read, stays as written.
    """
    workspace = _find_workspace(paths, access, VALUE_CODES)
    if paths and workspace is not None:
        _check_provider(workspace, provider)
    return workspace if workspace is not None and provider in (None, workspace.provider) else None


def _find_workspace(paths: Sequence[str], access: Access | None, ignored: AbstractSet[str] | None) -> Workspace | None:
    """Return the workspace, or what could be read of it if all its errors are among `ignored`; None means all."""
    if not paths and not Path(DEFAULT).exists():
        return None
    try:
        workspace = load(paths, environment=os.environ, now=current_time(), stdin=sys.stdin.buffer, access=access)
    except WorkspaceError as error:
        codes = {item.code for item in error.diagnostics if item.severity == "error"}
        if error.workspace is None or (ignored is not None and not codes <= ignored):
            raise
        workspace = error.workspace
    remember_secrets(workspace.secrets)
    return workspace


def _check_provider(workspace: Workspace, provider: str | None) -> None:
    if provider not in (None, workspace.provider):
        raise UsageError(f"the workspace is for {workspace.provider}, --provider says {provider}")


def find_provider(workspace: Workspace | None, service: Service) -> Provider:
    """Return the provider that an option or a workspace names, else the only one whose credentials are set.

    Where that is none, or several, it is the first one.
    """
    return load_provider(service.provider or (workspace.provider if workspace else _guess_provider()))


def _guess_provider() -> str:
    found = [name for name in list_providers() if _has_credentials(name)]
    return found[0] if len(found) == 1 else BUILT_IN[0]


def _has_credentials(provider: str) -> bool:
    with suppress(UsageError):  # a provider of another package that can't be loaded
        return any(map(os.environ.get, find_credential_variables(provider)))
    return False


def find_default_provider(service: Service) -> Provider:
    """Return the provider of a command that needs nothing else of a workspace: that of the one at the default path.

    Whatever else is wrong in that workspace does not matter.
    """
    workspace = None if service.provider else _find_workspace((), service.access, None)
    return find_provider(workspace, service)


def survey(
    service: Service,
    console: Console,
    provider: Provider,
    resources: Sequence[str] = (),
    workspace: Workspace | None = None,
    *,
    discover: bool = False,
) -> Live:
    """Read all that the service lists, and the state of `resources` and of the workspace's resources, or of all.

    Warns of resources that the credentials can't see, since what is shown of them is not complete.
    """

    async def read() -> Live:
        async with open_connection(provider, service) as connection:
            return await api.survey(connection, resources, workspace, discover=discover)

    check_resources(provider, resources)
    check_discover(provider, discover=discover)
    with console.waiting(f"Reading {provider.title}"):
        live = asyncio.run(read())
    if discover or (workspace is not None and workspace.policy.discover):
        console.diagnostics(hidden_resources(live.not_visible))
    else:
        console.diagnostics(not_visible([resource]) for resource in sorted(live.not_visible))
    return live


def check_discover(provider: Provider, *, discover: bool | None) -> None:
    """Raise `UsageError` where --discover makes no sense."""
    if discover and not provider.has_inventory:
        raise UsageError(f"--discover: {provider.title} has no inventory of resources")


def check_resources(provider: Provider, resources: Sequence[str]) -> None:
    """Raise `UsageError` where --resource makes no sense."""
    if resources and not provider.has_inventory:
        raise UsageError(f"{provider.title} has no resources: leave --resource out")


def choose_endpoint(provider: Provider, service: Service) -> str | None:
    """Return the endpoint that an option or the environment names, in the form that plan files compare, or None."""
    return find_endpoint(provider, service.endpoint, os.environ)


@asynccontextmanager
async def open_connection(
    provider: Provider, service: Service, endpoint: str | None = None, *, reads_once: bool = False
) -> AsyncIterator[Connection]:
    """Open a connection to `endpoint`, else to where an option, the environment or the provider says.

    A command that only reads, but in several parts, `reads_once`.
    """
    with request_log(service.log_file) as observer:
        async with connect(
            provider.name,
            endpoint=endpoint or service.endpoint,
            requests=Requests(service.parallelism, service.timeout, observer, _report_wait, reads_once),
            secrets=known_secrets(),
        ) as connection:
            yield connection


def _report_wait(seconds: float) -> None:
    """Say on standard error that the service's rate limit makes the command wait, and until when."""
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("quiet"):
        return
    until = (current_time() + timedelta(seconds=seconds)).astimezone()
    with suppress(OSError):
        sys.stderr.write(f"Waiting for the service until {until:%H:%M:%S} ({seconds:.0f} seconds): its rate limit.\n")
        sys.stderr.flush()


class PlanContext(NamedTuple):
    """A plan, and what it was made from; `endpoint` is in its canonical form."""

    proposal: Proposal
    workspace: Workspace
    provider: Provider
    endpoint: str

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.proposal.plan


@asynccontextmanager
async def open_plan(
    paths: Sequence[str],
    options: Options,
    service: Service,
    console: Console,
    *,
    reads_for: Mode | None = None,
    reads_once: bool = False,
) -> AsyncIterator[tuple[PlanContext, Connection]]:
    """Load a workspace, read the live state and plan; the connection stays open for what comes next.

    What is read is what a plan of the mode `reads_for` needs, if that is given; `reads_once` is for `open_connection`.
    """
    now = current_time()
    try:
        workspace = load_workspace(paths, service, now)
    except WorkspaceError as error:
        raise await _add_live_errors(error, options, service, console) from None
    provider = load_provider(workspace.provider)
    check_discover(provider, discover=options.discover)
    async with open_connection(provider, service, reads_once=reads_once) as connection:
        with console.waiting(f"Reading {provider.title}"):
            wanted = apply_options(workspace, options._replace(mode=reads_for or options.mode))
            live = await api.read_live(wanted, connection)
        endpoint = choose_endpoint(provider, service) or provider.endpoint
        proposal = api.make_plan(workspace, live, options=options, now=now, endpoint=endpoint)
        console.context = describe(paths, provider, endpoint, proposal.plan, live)
        await prepare_picture(proposal, connection, console)
        yield PlanContext(proposal, workspace, provider, endpoint), connection


async def prepare_picture(proposal: Proposal, connection: Connection, console: Console) -> None:
    """Read what a picture of who is told needs beside a plan, where the format has one. A failure leaves gaps in it."""
    if console.format == "html":
        everything = None
        with suppress(ServiceError):
            everything = await api.survey(connection)
        console.find_routing = partial(api.find_routing, proposal, everything)


def describe(paths: Sequence[str], provider: Provider, endpoint: str, plan: Plan, live: Live) -> Context:
    """Return what a plan compares with what."""
    workspace = " ".join(paths or (DEFAULT,))
    return Context(workspace, provider.title, endpoint, plan.mode, __version__, current_time(), live.organization)


async def plan_again(made: PlanContext, connection: Connection, options: Options, console: Console) -> PlanContext:
    """Read the live state of a plan's workspace again, and plan anew, with the time that it is by now."""
    with console.waiting(f"Reading {made.provider.title} again"):
        live = await api.read_live(apply_options(made.workspace, options), connection)
    proposal = api.make_plan(made.workspace, live, options=options, now=current_time(), endpoint=made.endpoint)
    await prepare_picture(proposal, connection, console)
    return made._replace(proposal=proposal)


async def _add_live_errors(
    invalid: WorkspaceError, options: Options, service: Service, console: Console
) -> WorkspaceError:
    """Return the errors of a workspace together with those that only the live state shows, so that one run tells all.

    Where the service can't be asked, the errors of the workspace stand alone.
    """
    workspace = invalid.workspace
    if workspace is None or service.provider not in (None, workspace.provider):
        return invalid
    provider = load_provider(workspace.provider)
    try:
        async with open_connection(provider, service) as connection:
            with console.waiting(f"Reading {provider.title}"):
                live = await api.read_live(workspace, connection)
    except NotifconfError:
        return invalid
    plan = api.make_plan(workspace, live, options=options, now=current_time()).plan
    return WorkspaceError(plan.diagnostics, workspace)


async def plan_once(
    paths: Sequence[str], options: Options, service: Service, console: Console, *, reads_for: Mode | None = None
) -> PlanContext:
    """Plan as `open_plan` does, and close the connection."""
    # The picture in HTML reads more than the plan does, and much of the same.
    reads_once = console.format == "html"
    async with open_plan(paths, options, service, console, reads_for=reads_for, reads_once=reads_once) as (made, _):
        return made
