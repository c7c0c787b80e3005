"""All that programs can do with notifconf. The command line uses the same functions.

A workspace is loaded, a connection is opened, the live state is read, a plan is made of the two, and applied:

    workspace = load(["notifconf.yaml"])
    async with connect(workspace.provider) as connection:
        proposal = make_plan(workspace, await read_live(workspace, connection))
        outcome = await apply(proposal, connection)

Only what has `await` uses the network.
"""

from __future__ import annotations

import json
import os
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import jsonschema_rs

from notifconf import config
from notifconf.endpoints import find_endpoint
from notifconf.errors import StaleError, UsageError, WorkspaceError
from notifconf.executor import run
from notifconf.executor.saved import (
    AlteredError,
    SavedPlan,
    WrittenSecret,
    decode_plan_file,
    encode_plan_file,
    find_stale,
    is_plan_file,
    iterate_written_secrets,
    parse_plan_file,
    propose_saved,
    sign,
)
from notifconf.executor.schedule import Control
from notifconf.executor.secrets import encode_attributes, find_lists
from notifconf.files import open_to_read, usage_errors, write_atomically
from notifconf.model.coverage import Explanation
from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import Change, Outcome, Plan
from notifconf.model.resource import Secret, Value
from notifconf.model.state import Live, Options, Workspace
from notifconf.model.views import Exported, Filters
from notifconf.plan import planner
from notifconf.plan.codec import Document
from notifconf.plan.coverage import Sides, find_effect
from notifconf.plan.planner import Proposal, Secrets
from notifconf.providers import load_provider
from notifconf.providers.base import Connection, Provider
from notifconf.report import Report
from notifconf.report.coverage import (
    CoverageReport,
    coverage_json,
    coverage_markdown,
    coverage_text,
    explanation_json,
    explanation_lines,
    explanation_markdown,
)
from notifconf.report.formats import RENDERERS
from notifconf.report.html import coverage_html
from notifconf.report.style import plain_text
from notifconf.report.workspace import workspace_text


def load(
    paths: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    now: datetime | None = None,
    stdin: BinaryIO | None = None,
    allow_env: Sequence[str] | None = None,
    allow_files: Sequence[str] | None = None,
) -> Workspace:
    """Load the workspace at `paths`: files, folders and `-`. The default is `notifconf.yaml` in the current folder.

    `${NAME}` is looked up in `environment` (default: the environment of the process). `now` is timezone-aware
    (default: the present), since mutes end. `allow_env` (globs of variables) and `allow_files` (folders) limit what
    the workspace may read: None means no limit, an empty list means nothing. Raises `UsageError` if a path can't be
    read, and `WorkspaceError`, with all diagnostics, if the workspace has errors.
    """
    _refuse_texts(paths=paths, allow_env=allow_env, allow_files=allow_files)
    return config.load(
        paths,
        environment=os.environ if environment is None else environment,
        now=now or datetime.now(UTC),
        stdin=stdin or sys.stdin.buffer,
        access=config.Access(
            None if allow_env is None else tuple(allow_env), None if allow_files is None else tuple(allow_files)
        ),
    )


def _refuse_texts(**lists: Sequence[str] | None) -> None:
    """Raise `UsageError` for a text in the place of a list: its characters would be the items."""
    for name, value in lists.items():
        if isinstance(value, str):
            raise UsageError(f"{name} is a list, also with one item: write [{value!r}]")


async def read_live(workspace: Workspace, connection: Connection) -> Live:
    """Read the part of the live state that a plan of this workspace needs. Raises `ServiceError`."""
    return await connection.read(workspace)


async def survey(
    connection: Connection,
    resources: Sequence[str] = (),
    workspace: Workspace | None = None,
    *,
    discover: bool = False,
) -> Live:
    """Read all that the service lists. It can only look resources up: those of the workspace, and `resources`.

    With `discover` it looks up all resources of the inventory. `coverage` and `export` need this. Raises
    `ServiceError`.
    """
    if discover:
        return await connection.survey(resources, workspace, discover=True)
    return await connection.survey(resources, workspace)


async def take_inventory(
    connection: Connection, filters: Filters | None = None, *, muted: bool = False, workspace: Workspace | None = None
) -> Live:
    """Read the resources that the service lists, and if wanted which are muted, also by a path as `workspace` has it.

    Raises `ServiceError`.
    """
    return await connection.take_inventory(filters or Filters(), muted=muted, workspace=workspace)


def make_plan(
    workspace: Workspace,
    live: Live,
    *,
    options: Options | None = None,
    now: datetime | None = None,
    endpoint: str | None = None,
) -> Proposal:
    """Plan what makes the live state as declared. The plan is the `plan` of the result.

    `options` are those of the command line. `endpoint` is where the live state was read: with it the plan has a
    digest, and can be saved. Nothing is raised for a workspace that can't be applied: the plan has `errors` or
    `refusals` then, beside what can be known.
    """
    provider = load_provider(workspace.provider)
    options = options or Options()
    proposal = planner.propose(workspace, live, now or datetime.now(UTC), provider, options)
    canonical = find_endpoint(provider, endpoint, {})
    return sign(proposal, workspace, provider, canonical, options) if canonical else proposal


def find_routing(
    proposal: Proposal, everything: Live | None = None, changes: Sequence[Change] | None = None
) -> tuple[Sides, ...]:
    """Return what each type reaches before and after a plan, or after those `changes` of it that were made.

    `everything` is what `survey` reads; without it, what was read for the plan says what it can.
    """
    rules = load_provider(proposal.plan.provider)
    live = proposal.live if everything is None else everything.join(proposal.live)
    made = proposal.plan.changes if changes is None else changes
    return find_effect(made, planner.conceal_live(live, proposal.workspace), rules).types


async def apply(proposal: Proposal, connection: Connection, control: Control | None = None) -> Outcome:
    """Carry out a plan, then read again what it touched.

    What fails is in the outcome, and is never raised. Raises `ValueError` for a plan with errors or refusals.
    """
    if proposal.plan.errors or proposal.plan.refusals:
        raise ValueError("a plan with errors or refusals can't be applied (Options(force=True) acknowledges refusals)")
    return await run.apply(proposal, load_provider(proposal.plan.provider), connection, control or Control())


MAX_HEAD_BYTES = 200
"""This much of a file says whether it is JSON, as a plan file is. Only then all of it is read."""


def save_plan(proposal: Proposal, path: str | Path, *, paths: Sequence[str] = ()) -> None:
    """Write a plan file that only its owner can read, whole or not at all. It holds no secret.

    `paths` say where the workspace is. Raises `ValueError` if the plan was made without an endpoint, and `UsageError`
    if the file can't be written.
    """
    if proposal.basis is None:
        raise ValueError("a plan can only be saved if make_plan was given the endpoint")
    text = encode_plan_file(proposal, proposal.basis, paths)
    with usage_errors(f"can't write the plan file {path}"):
        write_atomically(Path(path), text, mode=0o600)


def load_plan(path: str | Path) -> SavedPlan:
    """Read a plan file. Raises `UsageError` if it can't be read, was altered, or is no plan file."""
    saved = find_saved_plan(path)
    if saved is None:
        raise UsageError(f"{path} is no plan file: `notifconf plan --out PLANFILE` writes one")
    return saved


def find_saved_plan(path: str | Path) -> SavedPlan | None:
    """Read a plan file, as `load_plan` does, but return None for a file that is no plan file."""
    with usage_errors(f"can't read {path}"), open_to_read(path) as file:
        head = file.read(MAX_HEAD_BYTES)
        if not head.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
            return None
        text = (head + file.read()).decode("utf-8-sig", errors="replace")
    if not is_plan_file(text):
        return None
    document = parse_plan_file(text)
    place = _find_invalid_place(document)
    if place is not None:
        raise AlteredError(place)
    return decode_plan_file(document)


def _find_invalid_place(document: Document) -> str | None:
    """Return a JSON pointer to what the JSON Schema of a plan file refuses, or None."""
    schema = json.loads(config.schema_text("plan-v1.schema.json"))
    schema["required"].append("saved")
    # The service may send a name that is not valid Unicode. The schema can't judge that, and does not need to.
    judged = json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    try:
        for failure in jsonschema_rs.validator_for(schema).iter_errors(judged):
            return "".join(f"/{step}" for step in failure.instance_path)
    except ValueError:
        return ""  # nested too deeply to be judged
    return None


async def _reread(saved: SavedPlan, connection: Connection, provider: Provider) -> Live:
    """Read again what a saved plan touches. Raises `UsageError` where that is another organization's."""
    changes = saved.plan.changes
    touched = [
        (change.kind, encode_attributes(change.after or change.before or {}, change.address, {}, {}))
        for change in changes
    ]
    # What a list refers to must still be there, and what is taken out of it must still belong to nobody else. The same
    # objects tell which organization this is.
    if any(map(find_lists, changes)) or (saved.organization is not None and changes):
        touched += [(kind.name, {}) for kind in provider.kinds if kind.is_target]
    live = await connection.reread(Live(), touched) if touched else Live()
    if None not in (live.organization, saved.organization) and live.organization != saved.organization:
        raise UsageError(
            f"the plan was made for the organization {saved.organization}, and these credentials are of"
            f" {live.organization}: use those of the other one, or make the plan anew"
        )
    return live


def _look_up_secrets(
    items: Iterable[WrittenSecret], environment: Mapping[str, str], access: config.Access | None
) -> dict[tuple[str, str], Value]:
    """Return the values of secrets, by address and path. Raises `WorkspaceError` with all that have none."""
    found: dict[tuple[str, str], Value] = {}
    problems: list[Diagnostic] = []
    for item in items:
        place = item.change.position or Position("-", 1, 1)
        try:
            value = config.referred_value(item.expression or "", place, environment, access)
        except WorkspaceError as error:
            problems += error.diagnostics
        else:
            found[item.change.address, item.path] = Secret(value)
    if problems:
        raise WorkspaceError(problems)
    return found


async def check_plan(
    saved: SavedPlan,
    connection: Connection,
    *,
    paths: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    access: config.Access | None = None,
    now: datetime | None = None,
) -> Proposal:
    """Read again what a saved plan touches, and return what `apply` needs to carry it out.

    Secrets are looked up in `environment`. The plan file has no expression for a secret that the workspace holds in
    clear: it is looked up in the workspace where it was. With `paths`, all are looked up in the workspace there. Raises
    `StaleError` if anything that the plan touches, or a secret, is not as it was when the plan was made, `UsageError`
    for credentials of another organization, `WorkspaceError` for secrets without a value, and `ServiceError`.
    """
    _refuse_texts(paths=paths)
    provider = load_provider(saved.plan.provider)
    environment = os.environ if environment is None else environment
    now = now or datetime.now(UTC)
    live = await _reread(saved, connection, provider)
    written = [*iterate_written_secrets(saved)]
    named = [] if paths else [item for item in written if item.expression is not None]
    secrets: Secrets = {}
    if len(named) < len(written):  # all that is wrong with the workspace shows in one go, so it is read first
        try:
            workspace = config.load(
                paths or saved.paths, environment=environment, now=now, stdin=sys.stdin.buffer, access=access
            )
        except UsageError as error:
            if not paths:
                error.add_note(
                    "The plan file holds no more of an expression than the name of a variable or a file. So the"
                    " workspace is read for the values of secrets: it must be where it was, or --workspace names it."
                )
            raise
        if workspace.provider == provider.name:
            options = Options(take_over=tuple(saved.basis.options.get("take_over", ())))
            secrets = planner.find_saved_secrets(saved.plan, workspace, live, now, provider, options=options)
    secrets = {**secrets, **_look_up_secrets(named, environment, access)}
    reasons = [*find_stale(saved, live, secrets, provider, now)]
    if reasons:
        raise StaleError(reasons)
    return propose_saved(saved, live, secrets, provider.kinds)


def render(
    value: Proposal | Plan | Outcome | CoverageReport | Explanation | Exported,
    format: str = "text",  # noqa: A002
) -> str:
    """Return a value as text, without colours.

    A plan or an outcome has the formats text, json, markdown, html and github (the log of a job), coverage has text,
    json, markdown and html, an explanation text, json and markdown, an exported workspace yaml. The HTML of a proposal
    also shows who is told of what. Raises `ValueError` for another format.
    """
    if isinstance(value, CoverageReport):
        pictured = {"markdown": coverage_markdown, "html": coverage_html}
        return _choose(format, {"text": coverage_text, "json": coverage_json, **pictured})(value)
    if isinstance(value, Explanation):
        renderers = {"text": _explanation_text, "json": explanation_json, "markdown": explanation_markdown}
        return _choose(format, renderers)(value)
    if isinstance(value, Exported):
        return _choose(format, {"yaml": _workspace_text})(value)
    if isinstance(value, Outcome):
        report = Report(value.plan, value)
    elif isinstance(value, Proposal):
        report = Report(value.plan, routing=find_routing(value))
    elif isinstance(value, Plan):
        report = Report(value)
    else:
        raise TypeError(f"{type(value).__name__} can't be rendered")
    result = _choose(format, RENDERERS)(report).result
    return result if isinstance(result, str) else plain_text(result)


def _explanation_text(explanation: Explanation) -> str:
    return plain_text(explanation_lines(explanation))


def _workspace_text(exported: Exported) -> str:
    return workspace_text(exported)


T = TypeVar("T")


def _choose(name: str, renderers: Mapping[str, T]) -> T:
    if name not in renderers:
        raise ValueError(f"there is no format {name!r} for this: choose one of {', '.join(renderers)}")
    return renderers[name]
