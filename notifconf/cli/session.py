"""From settings to a workspace and a connection."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.errors import UsageError

if TYPE_CHECKING:
    from notifconf.cli.options import Service
    from notifconf.model import Workspace
    from notifconf.providers.base import Connection, Provider

EMULATOR_SCHEME = "emulator:"
EMULATOR_DATABASE = Path(".notifconf") / "emulator.sqlite"


def current_time() -> datetime:
    """Return the one `now` of a command."""
    return datetime.now(UTC)


def load_workspace(paths: Sequence[str], service: Service, now: datetime) -> Workspace:
    """Load the workspace at `paths`, resolved against the environment."""
    from notifconf.config import load

    workspace = load(paths, environment=os.environ, now=now, stdin=sys.stdin.buffer)
    if service.provider not in (None, workspace.provider):
        raise UsageError(f"the workspace is for {workspace.provider}, --provider says {service.provider}")
    return workspace


@asynccontextmanager
async def connected(provider: Provider, service: Service) -> AsyncIterator[Connection]:
    """Open a connection to where the settings say: an option, the environment, or the service's own address."""
    from notifconf.cli.requestlog import request_log
    from notifconf.http import Client, checked_endpoint

    endpoint = service.endpoint or os.environ.get(provider.endpoint_variable) or provider.endpoint
    transport = None
    if endpoint.startswith(EMULATOR_SCHEME):
        from notifconf.emulator.transport import open_transport
        from notifconf.http import Authorization

        transport = open_transport(_database(endpoint.removeprefix(EMULATOR_SCHEME)))
        base, authorization = provider.endpoint, Authorization.bearer("emulator")
    else:
        base, authorization = checked_endpoint(endpoint), provider.authorization(os.environ)
    with request_log(service.log_file) as observer:
        async with Client(
            base,
            authorization,
            parallelism=service.parallelism,
            timeout=service.timeout,
            transport=transport,
            observer=observer,
        ) as client:
            yield provider.connect(client)


def _database(name: str) -> str:
    """Return the emulator's database: `emulator:` keeps it in the current folder, `emulator:FILE` in a file."""
    if name:
        return name
    EMULATOR_DATABASE.parent.mkdir(exist_ok=True)
    return str(EMULATOR_DATABASE)
