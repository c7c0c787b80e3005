"""The way to a service: an endpoint, credentials from the environment, and one open connection."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.errors import UsageError
from notifconf.providers import provider_named

if TYPE_CHECKING:
    from notifconf.emulator.transport import EmulatorTransport
    from notifconf.http import Exchange
    from notifconf.model import Secret
    from notifconf.providers.base import Connection, Provider

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
    on_wait: Callable[[float], None] | None = None,
    secrets: Iterable[Secret] = (),
) -> AsyncIterator[Connection]:
    """Open a connection to a service, by the name that workspaces have for it.

    Credentials, and the endpoint where none is named, come from `environment`, which is the process's unless given.
    At most `parallelism` requests are in flight; `timeout` is in seconds, of one request; `observer` hears of each,
    `on_wait` of each long wait for the service's rate limit, in seconds. Texts of the service that repeat any of
    `secrets` are withheld, as with the credentials and the secrets of each workspace that is read.
    Raises `UsageError` for an endpoint that credentials may not be sent to, and where there are none.
    """
    from notifconf.http import Authorization, Client, Redactor

    environment = os.environ if environment is None else environment
    chosen = provider_named(provider)
    base = endpoint or _endpoint_of_environment(chosen.endpoint_variable, environment) or chosen.endpoint
    transport = None
    if base.startswith(EMULATOR_SCHEME):
        transport = _embedded(base.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE))
        base, authorization = chosen.endpoint, Authorization.bearer("emulator")
    else:
        authorization = chosen.authorization(environment)
    async with Client(
        base,
        authorization,
        parallelism=parallelism,
        timeout=timeout,
        transport=transport,
        redactor=Redactor(secrets, shared_host=chosen.shared_host),
        observer=observer,
        on_wait=on_wait,
        hints=_status_hints(chosen),
    ) as client:
        yield chosen.connect(client)


def _status_hints(provider: Provider) -> dict[int, str]:
    """Return what an error status usually means at a service."""
    return {
        401: f"{provider.title} refuses the credentials: check {provider.credentials}",
        404: f"is the endpoint right? That of {provider.title} is {provider.endpoint}",
        **provider.status_hints,
    }


def _endpoint_of_environment(variable: str, environment: Mapping[str, str]) -> str | None:
    """Return the endpoint that a variable names, if any. Raises `UsageError` that names the variable."""
    endpoint = environment.get(variable)
    if endpoint:
        try:
            canonical_endpoint(endpoint)
        except UsageError as error:
            raise UsageError(f"{variable}: {error}") from None
    return endpoint


def canonical_endpoint(endpoint: str) -> str:
    """Return an endpoint in one form. Raises `UsageError` for one that credentials may not be sent to."""
    if endpoint.startswith(EMULATOR_SCHEME):
        database = endpoint.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE)
        return EMULATOR_SCHEME + (database if database == ":memory:" else str(Path(database).resolve()))
    from notifconf.http import check_endpoint

    return check_endpoint(endpoint)


def _embedded(database: str) -> EmulatorTransport:
    """Open the emulator in this process, over a file (made with its folder where there is none) or `:memory:`."""
    from notifconf.emulator.store import DatabaseUnusableError
    from notifconf.emulator.transport import open_transport

    try:
        return open_transport(database)
    except DatabaseUnusableError as error:
        raise UsageError(f"the emulator can't keep its state in {database}: {error}") from error
