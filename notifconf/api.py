"""What programs can do with notifconf, and what its command line does with the same functions.

A workspace is loaded, a service is connected to, its live state is read, a plan is made of the two, and applied.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from notifconf import config
from notifconf.connection import connect
from notifconf.errors import UsageError
from notifconf.garbage import no_collection
from notifconf.model import Options
from notifconf.plan import make as planner
from notifconf.providers import provider_named

if TYPE_CHECKING:
    from notifconf.executor import ChangeOutcome, Outcome
    from notifconf.model import Live, Workspace
    from notifconf.plan import Plan
    from notifconf.providers.base import Connection

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
    rules = provider_named(workspace.provider)
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
    from notifconf.executor.run import apply_plan

    if plan.errors or plan.refusals:
        raise ValueError("a plan with errors or refusals can't be applied")
    return await apply_plan(
        plan,
        workspace,
        live,
        provider_named(workspace.provider),
        connection,
        now=now or datetime.now(UTC),
        options=options or Options(),
        parallelism=parallelism,
        stop=stop,
        halt=halt,
        progress=progress,
    )
