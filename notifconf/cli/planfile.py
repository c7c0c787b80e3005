"""Plan files on the command line: `plan --out FILE` writes one, `apply FILE` carries it out."""

from __future__ import annotations

import json
import os
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from notifconf.cli.secrecy import learn
from notifconf.cli.session import Planned, Service, chosen_endpoint, connected, current_time, load_workspace
from notifconf.config import referred_value, schema_text
from notifconf.errors import NotifconfError, UsageError
from notifconf.executor.saved import (
    AlteredError,
    SavedPlan,
    is_plan_file,
    moved,
    out_of_date,
    parse_plan_file,
    read_saved,
    saved_text,
    written_secrets,
)
from notifconf.executor.secrets import Fingerprints, Secrets, secrets_of, sendable
from notifconf.files import open_to_read, write_atomically
from notifconf.model import Live, Position, Secret, Value
from notifconf.plan.codec import Document
from notifconf.providers import load_provider
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


def write_plan_file(path: Path, made: Planned, paths: Sequence[str]) -> None:
    """Write a plan file that only its owner can read, whole or not at all. Raises `UsageError` where it can't be."""
    secrets = secrets_of(made.provider.resolve(made.workspace, made.live, made.now).resources)
    text = saved_text(made.plan, made.basis, made.live, secrets, paths=paths)
    try:
        write_atomically(path, text, mode=0o600)
    except OSError as error:
        raise UsageError(f"can't write the plan file {path}: {error.strerror}") from error


def saved_plan(paths: Sequence[str]) -> SavedPlan | None:
    """Return the plan file that the only path names, or None for a workspace. Raises `UsageError` for a bad one."""
    if len(paths) != 1 or not Path(paths[0]).is_file():
        return None
    try:
        with open_to_read(paths[0]) as file:
            head = file.read(MARGIN)
            if not head.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
                return None
            text = (head + file.read()).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise UsageError(f"can't read {paths[0]}: {error.strerror}") from error
    if not is_plan_file(text):
        return None
    document = parse_plan_file(text)
    place = _refused_place(document)
    if place is not None:
        raise AlteredError(place)
    return read_saved(document)


def _refused_place(document: Document) -> str | None:
    """Return a JSON pointer to what the JSON Schema of a plan file refuses, or None."""
    import jsonschema_rs

    schema = json.loads(schema_text("plan-v1.schema.json"))
    schema["required"].append("saved")
    # A name that a service sent may hold what is no Unicode. The schema can't judge that, and needn't.
    judged = json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    try:
        for failure in jsonschema_rs.validator_for(schema).iter_errors(judged):
            return "".join(f"/{step}" for step in failure.instance_path)
    except ValueError:
        return ""  # nested too deeply to be judged
    return None


def check_reviewed(saved: SavedPlan, digest: str | None, paths: Sequence[str], service: Service) -> None:
    """Check that a plan file is the plan of this digest, and was made of the workspace at `paths`; each is optional.

    Raises `UsageError` for another plan, and `StaleError` for another workspace.
    """
    if digest is not None and digest.strip().lower() != saved.plan.digest:
        raise UsageError(
            f"the plan file is not the plan that was reviewed: its digest is {saved.plan.digest}, and"
            f" --plan-digest says {digest}. Review this plan, or make it anew"
        )
    if paths and load_workspace(paths, service, current_time()).digest != saved.basis.workspace:
        raise StaleError([f"the workspace {' '.join(paths)} is not as it was when the plan was made"])


@asynccontextmanager
async def prepared(
    saved: SavedPlan, service: Service, paths: Sequence[str] = ()
) -> AsyncIterator[tuple[Prepared, Connection]]:
    """Read again what the plan touches. Raises `StaleError` where any of it, or a secret, is not as it was.

    Secrets that have no expression are looked up in the workspace at `paths`, else where it was when it was planned.
    """
    provider = load_provider(saved.plan.provider)
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
        secrets = _secrets(saved, service, provider, live, paths)
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
    if (
        chosen is None
        and saved.basis.endpoint != provider.endpoint
        and not saved.basis.endpoint.startswith("emulator:")
    ):
        raise UsageError(
            f"the plan was made for {saved.basis.endpoint}: name that with --endpoint, so that it is no accident"
        )
    if chosen not in (None, saved.basis.endpoint):
        raise UsageError(f"the plan was made for {saved.basis.endpoint}, not for {chosen}")
    return saved.basis.endpoint


def _secrets(saved: SavedPlan, service: Service, provider: Provider, live: Live, paths: Sequence[str]) -> Secrets:
    """Find the values of the plan's secrets: by their expressions, and where these hold more, in the workspace."""
    found: dict[tuple[str, str], Value] = {}
    elsewhere = False
    for item in written_secrets(saved):
        if item.expression is None:
            elsewhere = True
            continue
        place = item.change.position or Position("-", 1, 1)
        value = Secret(referred_value(item.expression, place, os.environ, service.access))
        learn([value])
        found[item.change.address, item.path] = value
    if elsewhere:
        now = current_time()
        workspace = load_workspace(paths or saved.paths, service, now)
        found = {**secrets_of(provider.resolve(workspace, live, now).resources), **found}
    return found
