"""Plan files on the command line: `plan --out FILE` writes one, `apply FILE` carries it out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.cli.session import chosen_endpoint, connected, current_time, load_workspace
from notifconf.connection import canonical_endpoint
from notifconf.errors import NotifconfError, UsageError
from notifconf.files import open_to_read, write_atomically
from notifconf.model import Live, Position, Secret

if TYPE_CHECKING:
    from notifconf.cli.planning import Planned
    from notifconf.cli.session import Service
    from notifconf.executor.material import Secrets
    from notifconf.executor.saved import SavedPlan
    from notifconf.providers.base import Connection, Provider

MARGIN = 200
"""How many bytes of a file say whether it is JSON, as a plan file is, before all of it is read."""


class StaleError(NotifconfError):
    """What a saved plan would change has changed since; the text lists how."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """List what moved."""
        lines = "".join(f"\n  {reason}" for reason in reasons)
        super().__init__(f"the saved plan is stale, and nothing was changed; make the plan anew:{lines}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a saved plan needs to be carried out: nothing of it is stale."""

    provider: Provider
    live: Live
    secrets: Secrets


def write_plan_file(path: Path, made: Planned, service: Service, paths: Sequence[str]) -> None:
    """Write a plan file that only its owner can read, whole or not at all. Raises `UsageError` where it can't be."""
    from notifconf.executor.material import secrets_of
    from notifconf.executor.saved import saved_text
    from notifconf.executor.stale import lookalikes

    endpoint = chosen_endpoint(made.provider, service) or canonical_endpoint(made.provider.endpoint)
    secrets = secrets_of(made.provider.resolve(made.workspace, made.live, made.now).resources)
    text = saved_text(
        made.plan,
        made.workspace,
        made.live,
        secrets,
        lookalikes=lookalikes(made.plan, made.live, made.provider),
        endpoint=endpoint,
        paths=paths,
    )
    try:
        write_atomically(path, text, mode=0o600)
    except OSError as error:
        raise UsageError(f"can't write the plan file {path}: {error.strerror}") from error


def saved_plan(paths: Sequence[str]) -> SavedPlan | None:
    """Return the plan file that the only path names, or None for a workspace. Raises `UsageError` for a bad one."""
    if len(paths) != 1 or not Path(paths[0]).is_file():
        return None
    from notifconf.executor.saved import is_plan_file, read_saved

    try:
        with open_to_read(paths[0]) as file:
            head = file.read(MARGIN)
            if not head.lstrip().startswith(b"{"):
                return None
            text = (head + file.read()).decode("utf-8", errors="replace")
            return read_saved(text) if is_plan_file(text) else None
    except OSError as error:
        raise UsageError(f"can't read {paths[0]}: {error.strerror}") from error


@asynccontextmanager
async def prepared(saved: SavedPlan, service: Service) -> AsyncIterator[tuple[Prepared, Connection]]:
    """Read again what the plan touches. Raises `StaleError` where any of it, or a secret, is not as it was."""
    from notifconf.executor.fingerprint import Fingerprints
    from notifconf.executor.material import sendable
    from notifconf.executor.stale import moved, out_of_date
    from notifconf.providers import provider_named

    provider = provider_named(saved.plan.provider)
    if service.provider not in (None, provider.name):
        raise UsageError(f"the plan is for {provider.name}, --provider says {service.provider}")
    fingerprints = Fingerprints(saved.salt)
    endpoint = _endpoint(saved, provider, service)
    async with connected(provider, service, endpoint) as connection:
        touched = [
            (change.kind, sendable(change.after or change.before or {}, change.address, {}, {}))
            for change in saved.plan.changes
        ]
        live = await connection.reread(Live(), touched) if touched else Live()
        secrets = _secrets(saved, service, provider, live)
        reasons = [
            *out_of_date(saved, secrets, fingerprints, current_time()),
            *moved(saved, live, provider, fingerprints),
        ]
        if reasons:
            raise StaleError(reasons)
        yield Prepared(provider, live, secrets), connection


def _endpoint(saved: SavedPlan, provider: Provider, service: Service) -> str:
    """Return the plan's endpoint. Raises `UsageError` where another is named, or credentials would go to a stranger."""
    chosen = chosen_endpoint(provider, service)
    if chosen is None and saved.endpoint != provider.endpoint and not saved.endpoint.startswith("emulator:"):
        raise UsageError(
            f"the plan was made for {saved.endpoint}: name that with --endpoint, so that it is no accident"
        )
    if chosen not in (None, saved.endpoint):
        raise UsageError(f"the plan was made for {saved.endpoint}, not for {chosen}")
    return saved.endpoint


def _secrets(saved: SavedPlan, service: Service, provider: Provider, live: Live) -> Secrets:
    """Find the values of the plan's secrets: by their expressions, and where these hold more, in the workspace."""
    from notifconf.config import referred_value
    from notifconf.executor.material import secrets_of
    from notifconf.executor.saved import written_secrets

    found = {}
    elsewhere = False
    for change, secret in written_secrets(saved):
        if secret.expression is None:
            elsewhere = True
            continue
        place = change.position or Position("-", 1, 1)
        found[secret.address, secret.path] = Secret(referred_value(secret.expression, place, os.environ))
    if elsewhere:
        now = current_time()
        workspace = load_workspace(saved.paths, service, now)
        found = {**secrets_of(provider.resolve(workspace, live, now).resources), **found}
    return found
