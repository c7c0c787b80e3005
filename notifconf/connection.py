"""The way to a service: an endpoint, credentials from the environment, and one open connection."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.errors import UsageError
from notifconf.providers import provider_named

if TYPE_CHECKING:
    from notifconf.emulator.transport import EmulatorTransport
    from notifconf.http import Exchange
    from notifconf.providers.base import Connection

EMULATOR_SCHEME = "emulator:"
EMULATOR_DATABASE = Path(".notifconf") / "emulator.sqlite"


@asynccontextmanager
async def connect(
    provider: str,
    *,
    endpoint: str | None = None,
    environment: Mapping[str, str] | None = None,
    parallelism: int = 10,
    timeout: float = 30.0,  # noqa: ASYNC109 -- of each request, not of this function
    observer: Callable[[Exchange], None] | None = None,
) -> AsyncIterator[Connection]:
    """Open a connection to a service, by the name that workspaces have for it.

    Credentials, and the endpoint where none is named, come from `environment`, which is the process's unless given.
    At most `parallelism` requests are in flight; `timeout` is in seconds, of one request; `observer` hears of each.
    Raises `UsageError` for an endpoint that credentials may not be sent to, and where there are none.
    """
    from notifconf.http import Authorization, Client

    environment = os.environ if environment is None else environment
    chosen = provider_named(provider)
    base = endpoint or environment.get(chosen.endpoint_variable) or chosen.endpoint
    transport = None
    if base.startswith(EMULATOR_SCHEME):
        transport = _embedded(base.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE))
        base, authorization = chosen.endpoint, Authorization.bearer("emulator")
    else:
        authorization = chosen.authorization(environment)
    async with Client(
        base, authorization, parallelism=parallelism, timeout=timeout, transport=transport, observer=observer
    ) as client:
        yield chosen.connect(client)


def canonical_endpoint(endpoint: str) -> str:
    """Return an endpoint in one form. Raises `UsageError` for one that credentials may not be sent to."""
    if endpoint.startswith(EMULATOR_SCHEME):
        database = endpoint.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE)
        return EMULATOR_SCHEME + (database if database == ":memory:" else str(Path(database).resolve()))
    from notifconf.http import checked_endpoint

    return checked_endpoint(endpoint)


def _embedded(database: str) -> EmulatorTransport:
    """Open the emulator in this process, over a file (made with its folder where there is none) or `:memory:`."""
    from notifconf.emulator.store import DatabaseUnusableError
    from notifconf.emulator.transport import open_transport

    try:
        return open_transport(database)
    except DatabaseUnusableError as error:
        raise UsageError(f"the emulator can't keep its state in {database}: {error}") from error
