"""From settings to a workspace and a connection."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from notifconf.cli.secrecy import learn, learned
from notifconf.connection import find_endpoint
from notifconf.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from notifconf.config import Access
    from notifconf.model import Workspace
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
    from notifconf.config import load

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
    from notifconf.config import load
    from notifconf.config.sources import DEFAULT, STANDARD_INPUT

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
    from notifconf.cli.requestlog import request_log

    with request_log(service.log_file) as observer:
        async with connect(
            provider.name,
            endpoint=endpoint or service.endpoint,
            parallelism=service.parallelism,
            timeout=service.timeout,
            observer=observer,
            on_wait=_tell_wait,
            secrets=learned(),
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
