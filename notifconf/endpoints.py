"""The way to a service: which endpoint, with which credentials, and the emulator in the place of both.

`emulator:` is the embedded emulator with its state in a file of the current folder, `emulator:FILE` in another file,
`emulator::memory:` in none. Credentials are only sent over HTTPS, or to this machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from notifconf.errors import UsageError
from notifconf.files import refuse_claimed
from notifconf.http.endpoint import NO_CONSOLES, Authorization, check_endpoint
from notifconf.http.redaction import Redactor
from notifconf.model.diagnostic import quoted
from notifconf.model.resource import Secret
from notifconf.providers import load_provider

if TYPE_CHECKING:
    from notifconf.emulator.transport import EmulatorTransport
    from notifconf.http.exchange import Exchange
    from notifconf.providers.base import Connection, Provider

EMULATOR_SCHEME = "emulator:"
_LIKE_EMULATOR = re.compile(r"\s*emulator(?![\w.-])", re.IGNORECASE)
_IS_EMULATOR = re.compile(r"emulator:(?!//)")
"""`emulator://` is refused: it would mean a file named `//`."""

EMULATOR_DATABASE = Path(".notifconf") / "emulator.sqlite"


class Requests(NamedTuple):
    """How requests are made: at most `parallelism` are in flight, and each takes at most `timeout` seconds.

    `observer` is called after each request, `on_wait` before each long wait for the service's rate limit, with the
    number of seconds. With `reads_once` nothing is read twice: what asks again gets the answer of the first time.
    """

    parallelism: int = 10
    timeout: float = 30.0
    observer: Callable[[Exchange], None] | None = None
    on_wait: Callable[[float], None] | None = None
    reads_once: bool = False


@asynccontextmanager
async def connect(
    provider: str,
    *,
    endpoint: str | None = None,
    environment: Mapping[str, str] | None = None,
    requests: Requests = Requests(),  # noqa: B008 -- immutable
    secrets: Iterable[Secret] = (),
) -> AsyncIterator[Connection]:
    """Open a connection to the service that a workspace calls `provider`.

    The credentials come from `environment` (default: the environment of the process), and so does the endpoint if it
    is not given. A text of the service that repeats any of `secrets`, a credential, or a secret of a workspace that is
    read, is withheld. Raises `UsageError` if there are no credentials, or if they may not be sent to the endpoint.
    """
    from notifconf.http.client import (  # not at the top: httpx takes longer to import than all of `validate`
        Client,
        ClientOptions,
    )

    environment = os.environ if environment is None else environment
    chosen = load_provider(provider)
    find_endpoint(chosen, endpoint, environment)
    base = endpoint or environment.get(chosen.endpoint_variable) or chosen.endpoint
    transport = None
    if base.startswith(EMULATOR_SCHEME):
        database = base.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE)
        refuse_claimed(database, database)
        transport = _open_emulator(database)
        base, authorization = chosen.endpoint, Authorization.bearer("emulator")
    else:
        authorization = chosen.authorization(environment)
    async with Client(
        base,
        authorization,
        options=ClientOptions(
            parallelism=requests.parallelism,
            timeout=requests.timeout,
            observer=requests.observer,
            on_wait=requests.on_wait,
            hints=_status_hints(chosen),
            reads_once=requests.reads_once,
        ),
        transport=transport,
        redactor=Redactor(secrets, shared_host=chosen.shared_host),
    ) as client:
        yield chosen.connect(client)


def find_endpoint(provider: Provider, endpoint: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the given endpoint, else the one in the environment, in its canonical form; None if there is neither.

    Raises `UsageError` if it can't be used, with the name of the variable that it comes from.
    """
    consoles = dict.fromkeys(provider.consoles, provider.endpoint)
    if endpoint:
        return canonical_endpoint(endpoint, consoles)
    variable = provider.endpoint_variable
    value = environment.get(variable)
    if not value:
        return None
    try:
        return canonical_endpoint(value, consoles)
    except UsageError as error:
        raise UsageError(f"{variable} can't be used: {error}") from None


def _status_hints(provider: Provider) -> dict[int, str]:
    """Return what an error status usually means at a service."""
    return {
        401: f"{provider.title} refuses the credentials: check {provider.credentials}",
        404: f"is the endpoint right? That of {provider.title} is {provider.endpoint}",
        **provider.status_hints,
    }


def canonical_endpoint(endpoint: str, consoles: Mapping[str, str] = NO_CONSOLES) -> str:
    """Return an endpoint in its canonical form. Raises `UsageError` if credentials may not be sent to it.

    `consoles` are for `check_endpoint`.
    """
    if _LIKE_EMULATOR.match(endpoint) and not _IS_EMULATOR.match(endpoint):
        raise UsageError(
            f"the endpoint {quoted(endpoint)} is not how the embedded emulator is written: that is emulator: with a"
            " colon at its end, or emulator:FILE"
        )
    if endpoint.startswith(EMULATOR_SCHEME):
        database = endpoint.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE)
        return EMULATOR_SCHEME + (database if database == ":memory:" else _resolve_path(database))
    return check_endpoint(endpoint, consoles)


def _resolve_path(database: str) -> str:
    try:
        return os.path.realpath(database)
    except OSError as error:
        raise UsageError(f"the emulator can't keep its state in {database}: {error.strerror}") from error


def _open_emulator(database: str) -> EmulatorTransport:
    """Open the emulator in this process. Its database is a file, which is created if it is missing, or `:memory:`."""
    from notifconf.emulator.transport import open_transport

    try:
        return open_transport(database)
    except OSError as error:
        raise UsageError(f"the emulator can't keep its state in {database}: {error}") from error
