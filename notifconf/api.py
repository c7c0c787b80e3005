"""What programs can do with notifconf, and what its command line does with the same functions.

A workspace is loaded, a service is connected to, its live state is read, a plan is made of the two, and applied.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from notifconf import config
from notifconf.emulator.transport import EmulatorTransport
from notifconf.errors import UsageError
from notifconf.executor.run import apply_plan
from notifconf.garbage import no_collection
from notifconf.http.endpoint import NO_CONSOLES, Authorization, check_endpoint
from notifconf.http.exchange import Exchange
from notifconf.model import Live, Options, Workspace, quoted
from notifconf.model.outcome import ChangeOutcome, Outcome
from notifconf.model.plan import Plan
from notifconf.plan import planner
from notifconf.providers import load_provider
from notifconf.providers.base import Connection, Provider

__all__ = ["apply", "connect", "load", "make_plan", "read_live"]


def load(
    paths: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    now: datetime | None = None,
    stdin: BinaryIO | None = None,
    allow_env: Sequence[str] | None = None,
    allow_files: Sequence[str] | None = None,
) -> Workspace:
    """Load the workspace at `paths`: files, folders and `-`; none means `notifconf.yaml` in the current folder.

    `${NAME}` is looked up in `environment`, which is the process's unless given. `now`, timezone-aware, is the present
    unless given: mutes end. `allow_env` (globs of variables) and `allow_files` (folders, relative to the current one)
    limit what the workspace may read: None means no limit, an empty list means nothing. Raises `UsageError` for paths
    that can't be read, and `WorkspaceError` with everything that is wrong.
    """
    for name, value in (("paths", paths), ("allow_env", allow_env), ("allow_files", allow_files)):
        if isinstance(value, str):
            raise UsageError(f"{name} is a list, also with one item: write [{value!r}]")
    return config.load(
        paths,
        environment=os.environ if environment is None else environment,
        now=now or datetime.now(UTC),
        stdin=stdin or sys.stdin.buffer,
        access=config.Access(
            None if allow_env is None else tuple(allow_env), None if allow_files is None else tuple(allow_files)
        ),
    )


async def read_live(workspace: Workspace, connection: Connection) -> Live:
    """Read of the live state what a plan of this workspace needs. Raises a `ServiceError`."""
    return await connection.read(workspace)


def make_plan(workspace: Workspace, live: Live, *, options: Options | None = None, now: datetime | None = None) -> Plan:
    """Plan what makes the live state as declared. It reads and writes nothing.

    `options` are those of the command line. Nothing is raised: a plan with `errors` or `refusals` shows them beside
    what can be known, and can't be applied.
    """
    rules = load_provider(workspace.provider)
    with no_collection():
        return planner.make_plan(workspace, live, now or datetime.now(UTC), rules, options or Options())


async def apply(
    plan: Plan,
    workspace: Workspace,
    live: Live,
    connection: Connection,
    *,
    options: Options | None = None,
    now: datetime | None = None,
    parallelism: int = 10,
    stop: asyncio.Event | None = None,
    halt: asyncio.Event | None = None,
    progress: Callable[[ChangeOutcome], None] | None = None,
) -> Outcome:
    """Carry out a plan that was made of this workspace and this live state, then read again what it touched.

    `options` and `now` are those that it was made with. Once `stop` is set nothing further is begun, once `halt` is
    set nothing is waited for any more; `progress` hears of each change as it ends. What fails is in the outcome,
    never raised. Raises `ValueError` for a plan with errors or refusals.
    """
    if plan.errors or plan.refusals:
        raise ValueError("a plan with errors or refusals can't be applied")
    return await apply_plan(
        plan,
        workspace,
        live,
        load_provider(workspace.provider),
        connection,
        now=now or datetime.now(UTC),
        options=options or Options(),
        parallelism=parallelism,
        stop=stop,
        halt=halt,
        progress=progress,
    )


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
) -> AsyncIterator[Connection]:
    """Open a connection to a service, by the name that workspaces have for it.

    Credentials, and the endpoint where none is named, come from `environment`, which is the process's unless given.
    At most `parallelism` requests are in flight; `timeout` is in seconds, of one request; `observer` hears of each,
    `on_wait` of each long wait for the service's rate limit, in seconds.
    Raises `UsageError` for an endpoint that credentials may not be sent to, and where there are none.
    """
    from notifconf.http.client import Client, ClientOptions

    environment = os.environ if environment is None else environment
    chosen = load_provider(provider)
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
        transport=transport,
        options=ClientOptions(
            parallelism=parallelism, timeout=timeout, observer=observer, on_wait=on_wait, hints=_status_hints(chosen)
        ),
    ) as client:
        yield chosen.connect(client)


def find_endpoint(provider: Provider, endpoint: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the endpoint that is given, else the one of the environment, in one form; None where neither names one.

    Raises `UsageError` for one that can't be used, with the name of the variable that it comes from.
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
    """Return an endpoint in one form. Raises `UsageError` for one that credentials may not be sent to.

    `consoles` are for `check_endpoint`.
    """
    if _MEANS_EMULATOR.match(endpoint) and not _IS_EMULATOR.match(endpoint):
        raise UsageError(
            f"the endpoint {quoted(endpoint)} is not how the embedded emulator is written: that is emulator: with a"
            " colon at its end, or emulator:FILE"
        )
    if endpoint.startswith(EMULATOR_SCHEME):
        database = endpoint.removeprefix(EMULATOR_SCHEME) or str(EMULATOR_DATABASE)
        return EMULATOR_SCHEME + (database if database == ":memory:" else _real(database))
    return check_endpoint(endpoint, consoles)


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
