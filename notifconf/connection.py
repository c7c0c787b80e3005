"""The way to a service: an endpoint, credentials from the environment, and one open connection."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.errors import UsageError
from notifconf.model.diagnostic import quoted
from notifconf.providers import provider_named

if TYPE_CHECKING:
    from notifconf.emulator.transport import EmulatorTransport
    from notifconf.http import Exchange
    from notifconf.model import Secret
    from notifconf.providers.base import Connection, Provider

EMULATOR_SCHEME = "emulator:"
_MEANS_EMULATOR = re.compile(r"\s*emulator(?![\w.-])", re.IGNORECASE)
_IS_EMULATOR = re.compile(r"emulator:(?!//)")
"""Right as it is: not `emulator://`, which would be read as a file of that name."""

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
    find_endpoint(chosen, endpoint, environment)
    base = endpoint or environment.get(chosen.endpoint_variable) or chosen.endpoint
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


def find_endpoint(provider: Provider, endpoint: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the endpoint that is given, else the one of the environment, in one form; None where neither names one.

    Raises `UsageError` for one that can't be used, with the name of the variable that it comes from.
    """
    if endpoint:
        return canonical_endpoint(endpoint)
    variable = provider.endpoint_variable
    value = environment.get(variable)
    if not value:
        return None
    try:
        return canonical_endpoint(value)
    except UsageError as error:
        raise UsageError(f"{variable} can't be used: {error}") from None


def _status_hints(provider: Provider) -> dict[int, str]:
    """Return what an error status usually means at a service."""
    return {
        401: f"{provider.title} refuses the credentials: check {provider.credentials}",
        404: f"is the endpoint right? That of {provider.title} is {provider.endpoint}",
        **provider.status_hints,
    }


def canonical_endpoint(endpoint: str) -> str:
    """Return an endpoint in one form. Raises `UsageError` for one that credentials may not be sent to."""
    if _MEANS_EMULATOR.match(endpoint) and not _IS_EMULATOR.match(endpoint):
        raise UsageError(
            f"the endpoint {quoted(endpoint)} is not how the embedded emulator is written: that is emulator: with a"
            " colon at its end, or emulator:FILE"
        )
    if endpoint.startswith(EMULATOR_SCHEME):
        database = endpoint.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE)
        return EMULATOR_SCHEME + (database if database == ":memory:" else _real(database))
    from notifconf.http import check_endpoint

    return check_endpoint(endpoint)


def _real(database: str) -> str:
    try:
        return os.path.realpath(database)
    except OSError as error:
        raise UsageError(f"the emulator can't keep its state in {database}: {error.strerror}") from error


def _embedded(database: str) -> EmulatorTransport:
    """Open the emulator in this process, over a file (made with its folder where there is none) or `:memory:`."""
    from notifconf.emulator.store import DatabaseUnusableError
    from notifconf.emulator.transport import open_transport

    try:
        return open_transport(database)
    except DatabaseUnusableError as error:
        raise UsageError(f"the emulator can't keep its state in {database}: {error}") from error
