"""`notifconf apply`: plan, ask, carry out, and look again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from notifconf import api
from notifconf.cli.console import Console, mask, remember_secrets
from notifconf.cli.options import OutputFile, Service, command, paths_argument, plan_options, service_options
from notifconf.cli.process import LOG_FILE_KEY, OUTCOME_KEY, ExitCode, discard_output, stop_on_signals
from notifconf.cli.request_log import report_crash
from notifconf.cli.session import (
    Planned,
    chosen_endpoint,
    connected,
    current_time,
    load_workspace,
    planned,
    replanned,
)
from notifconf.errors import StaleError, UsageError
from notifconf.executor.audit import audit_trail
from notifconf.executor.saved import SavedPlan
from notifconf.executor.schedule import Control
from notifconf.model import Options, Secret
from notifconf.model.outcome import ChangeOutcome, Outcome
from notifconf.model.plan import Plan
from notifconf.plan.planner import Proposal
from notifconf.providers import load_provider
from notifconf.providers.base import Connection
from notifconf.report.formats import RENDERERS
from notifconf.report.style import Span, line
from notifconf.report.text import outcome_line, plan_lines, silence_lines


@command(paths_argument, plan_options, service_options, formats=RENDERERS)
@click.option("--auto-approve", is_flag=True, help="Don't ask.")
@click.option(
    "--workspace",
    "workspace",
    multiple=True,
    type=click.Path(allow_dash=True),
    metavar="PATH",
    help="Of a plan file: refuse it (exit code 4) unless it was made of this workspace.",
)
@click.option(
    "--plan-digest",
    metavar="SHA256",
    help="Of a plan file: refuse it (exit code 1) unless this is its digest, as the reviewed plan shows it.",
)
@click.option(
    "--audit-file",
    type=OutputFile(),
    help="Append one JSON line per change: who did what, when, and what became of it.",
)
def apply(
    paths: tuple[str, ...],
    *,
    auto_approve: bool,
    workspace: tuple[str, ...],
    plan_digest: str | None,
    audit_file: Path | None,
    options: Options,
    service: Service,
    console: Console,
) -> ExitCode:
    """Plan, ask, carry out, and verify that nothing is left to do.

    Of a plan file that `plan --out` wrote, carry out exactly what was reviewed; it needs no approval.

    \b
    Example:
      notifconf apply examples/confluent --endpoint emulator: --auto-approve
    """
    saved = _find_saved_plan(paths)
    if saved is None:
        if workspace or plan_digest is not None:
            raise UsageError(
                "--workspace and --plan-digest are about a plan file, and the only path must be one:"
                " `notifconf plan --out PLANFILE` writes it"
            )
        return asyncio.run(_apply(paths, options, service, console, auto_approve=auto_approve, audit_file=audit_file))
    if options != Options():
        raise UsageError(
            "a saved plan is applied as it is: --target, --exclude, --mode, --max-deletes and --force are plan's"
        )
    try:
        _check_reviewed(saved, plan_digest, workspace, service)
        return asyncio.run(_apply_saved(saved, service, console, audit_file, workspace))
    except StaleError as error:
        console.failure(error, ExitCode.STALE)
        return ExitCode.STALE


def _find_saved_plan(paths: Sequence[str]) -> SavedPlan | None:
    """Return the plan file that the only path names, or None for a workspace."""
    return api.find_saved_plan(paths[0]) if len(paths) == 1 and Path(paths[0]).is_file() else None


def _check_reviewed(saved: SavedPlan, digest: str | None, paths: Sequence[str], service: Service) -> None:
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


def _check_endpoint(saved: SavedPlan, service: Service) -> None:
    """Raise `UsageError` if the plan is for another endpoint, or if its file alone names an unusual one.

    Otherwise, whoever can write the plan file could have the credentials sent to another host.
    """
    provider, planned_for = load_provider(saved.plan.provider), saved.basis.endpoint
    if service.provider not in (None, provider.name):
        raise UsageError(f"the plan is for {provider.name}, --provider says {service.provider}")
    chosen = chosen_endpoint(provider, service)
    if chosen is None and planned_for != provider.endpoint and not planned_for.startswith("emulator:"):
        raise UsageError(f"the plan was made for {planned_for}: name that with --endpoint, so that it is no accident")
    if chosen not in (None, planned_for):
        raise UsageError(f"the plan was made for {planned_for}, not for {chosen}")


async def _apply_saved(
    saved: SavedPlan, service: Service, console: Console, audit_file: Path | None, workspace: Sequence[str]
) -> ExitCode:
    """Carry out what was reviewed, unless it is stale; that it was reviewed is its approval."""
    _check_endpoint(saved, service)
    async with connected(load_provider(saved.plan.provider), service, saved.basis.endpoint) as connection:
        proposal = await api.check_plan(saved, connection, paths=workspace, access=service.access, now=current_time())
        remember_secrets(value for value in proposal.secrets.values() if isinstance(value, Secret))
        _announce(saved.plan, console)
        return await _carry_out(proposal, connection, service, console, audit_file)


async def _carry_out(
    proposal: Proposal, connection: Connection, service: Service, console: Console, audit_file: Path | None
) -> ExitCode:
    """Apply a plan, and tell of each change as it ends."""
    plan, endpoint = proposal.plan, proposal.basis.endpoint if proposal.basis else ""
    with (
        audit_trail(audit_file, plan.provider, endpoint, plan.digest, os.environ) as record,
        stop_on_signals(console) as interruption,
        progress(plan, console, record) as ended,
    ):
        control = Control(service.parallelism, interruption.stop, interruption.halt, ended)
        return ended.finish(await api.apply(proposal, connection, control))


async def _apply(
    paths: tuple[str, ...],
    options: Options,
    service: Service,
    console: Console,
    *,
    auto_approve: bool,
    audit_file: Path | None,
) -> ExitCode:
    async with planned(paths, options, service, console) as (first, connection):
        made = await _approval(first, connection, options, console, auto_approve=auto_approve)
        if isinstance(made, ExitCode):
            return made
        return await _carry_out(made.proposal, connection, service, console, audit_file)


async def _approval(
    made: Planned, connection: Connection, options: Options, console: Console, *, auto_approve: bool
) -> Planned | ExitCode:
    """Show the plan and ask, until what was approved is what there is to do; else return the code to end with.

    While somebody thinks about the answer, somebody else may change the live state: it is read again after a yes.
    """
    while True:
        if made.plan.errors or made.plan.refusals or not made.plan.changes:
            code = ExitCode.for_plan(made.plan, detailed=False)
            console.show(made.plan, code)
            return code
        _announce(made.plan, console, asking=not auto_approve)
        if auto_approve:
            return made
        if not approved(made.plan, console):
            return ExitCode.ERROR
        now = await replanned(made, connection, options, console)
        if is_same(made.plan, now.plan):
            return now
        console.aside([line(Span("The live state has changed since you were asked. This is the plan now:", "strong"))])
        made = now


def is_same(plan: Plan, other: Plan) -> bool:
    """Say whether two plans do the same and warn of the same; what only stands beside them may differ."""
    return (plan.changes, plan.silences, plan.diagnostics) == (other.changes, other.silences, other.diagnostics)


def _announce(plan: Plan, console: Console, *, asking: bool = False) -> None:
    """Show the plan before it is carried out: as part of the result, or beside a machine's."""
    console.diagnostics(plan.diagnostics)
    if not console.machine:
        console.lines(plan_lines(plan, verbose=console.verbose))
    elif asking or not console.quiet:
        console.aside(plan_lines(plan, verbose=console.verbose))


def approved(plan: Plan, console: Console) -> bool:
    """Ask for approval, in full as Terraform does. Raises `UsageError` where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise UsageError("nobody can approve this, since standard input is no terminal: use --auto-approve")
    console.aside([line(), *silence_lines(plan), line("Do these changes? Only yes is taken for yes.")])
    if console.ask("Apply: ") == "yes":
        return True
    console.aside([line("Not approved: nothing was changed.")])
    return False


Record = Callable[["ChangeOutcome"], None]


@contextmanager
def progress(plan: Plan, console: Console, record: Record) -> Iterator[Progress]:
    """Give what tells of each change of `plan` as it ends; `record` writes it into the audit file."""
    with console.progress("Applying", len(plan.changes)) as advance:
        yield Progress(console, advance, record)


@dataclass(slots=True)
class Progress:
    """Tells of each change as it ends. Whatever goes wrong in telling must not end an apply: it is told at the end."""

    console: Console
    advance: Callable[[], None]
    record: Record
    told: dict[str, ChangeOutcome] = field(default_factory=dict)
    failure: Exception | None = None
    is_reader_gone: bool = False

    def __call__(self, item: ChangeOutcome) -> None:
        """Tell of a change that has ended."""
        self._audit(item)
        if not self.console.machine:
            self._try(lambda: self.console.lines([outcome_line(item)]))
        self._try(self.advance)

    def finish(self, outcome: Outcome) -> ExitCode:
        """Show what became of the plan, and return the code that says it.

        A result or an audit line that is missing makes 0 a 3, since it was asked for; it never makes a code 1.
        """
        meta = click.get_current_context().meta
        for item in outcome.changes:
            # What was told may have become another outcome since: the verification settles twins.
            if self.told.get(item.change.address) != item:
                self._audit(item)
        code = ExitCode.for_outcome(outcome)
        self._try(lambda: self.console.show(outcome.plan, code, outcome))
        if self.is_reader_gone:
            discard_output(sys.stdout)
        if self.failure is not None:
            code = code or ExitCode.INCOMPLETE
        meta[OUTCOME_KEY] = code
        self._explain(code, meta.get(LOG_FILE_KEY))
        return code

    def _explain(self, code: ExitCode, log_file: Path | None) -> None:
        """Say what went wrong in telling."""
        if isinstance(self.failure, UsageError):
            self.console.failure(self.failure, code)
        elif self.failure is not None:
            report_crash(self.failure, log_file)

    def _audit(self, item: ChangeOutcome) -> None:
        self.told[item.change.address] = item
        try:
            self.record(replace(item, error=item.error and mask(item.error)))
        except Exception as error:  # noqa: BLE001 -- nothing that goes wrong here may end an apply
            self.failure = error

    def _try(self, tell: Callable[[], None]) -> None:
        if self.is_reader_gone:
            return
        try:
            tell()
        except BrokenPipeError:
            self.is_reader_gone = True
        except Exception as error:  # noqa: BLE001 -- nothing that goes wrong here may end an apply
            self.failure = error
