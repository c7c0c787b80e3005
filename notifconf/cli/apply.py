"""`notifconf apply`: make a plan, ask for approval, carry the plan out, and verify the result."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click
from click.core import ParameterSource

from notifconf import api
from notifconf.cli.console import Console, mask, remember_secrets
from notifconf.cli.options import Service, command, gather, paths_argument, plan_options, service_options
from notifconf.cli.parameters import PLAN, OutputFile, option
from notifconf.cli.process import (
    LOG_FILE_KEY,
    OUTCOME_KEY,
    WRITING_KEY,
    ExitCode,
    discard_output,
    stop_on_signals,
    write_error,
)
from notifconf.cli.request_log import report_crash
from notifconf.cli.session import (
    PlanContext,
    choose_endpoint,
    current_time,
    describe,
    load_workspace,
    open_connection,
    open_plan,
    plan_again,
    prepare_picture,
)
from notifconf.errors import StaleError, UsageError
from notifconf.executor.audit import audit_trail
from notifconf.executor.saved import SavedPlan
from notifconf.executor.schedule import Control
from notifconf.model.plan import ChangeOutcome, Outcome, Plan, Result
from notifconf.model.resource import Secret
from notifconf.model.state import Options
from notifconf.plan.planner import Proposal
from notifconf.providers import load_provider
from notifconf.providers.base import Connection
from notifconf.report import NOT_APPLIED
from notifconf.report.formats import RENDERERS
from notifconf.report.style import Line, Span, line
from notifconf.report.text import conclusion, outcome_line, report_lines


class ApplyOptions(NamedTuple):
    """The options of `apply` alone. `workspace` and `plan_digest` say which plan file was reviewed."""

    auto_approve: bool
    workspace: tuple[str, ...]
    plan_digest: str | None
    audit_file: Path | None


@command(paths_argument, plan_options, service_options, formats=RENDERERS, verdict=NOT_APPLIED)
@gather(
    "own",
    ApplyOptions,
    option("-y", "--yes", "--auto-approve", "auto_approve", is_flag=True, help="Don't ask."),
    option(
        "--workspace",
        "workspace",
        multiple=True,
        type=click.Path(allow_dash=True),
        metavar="PATH",
        help="Of a plan file: refuse it (exit code 4) unless it was made of this workspace.",
    ),
    option(
        "--plan-digest",
        metavar="SHA256",
        help="Of a plan file: refuse it (exit code 1) unless this is its digest, as the reviewed plan shows it.",
    ),
    option(
        "--audit-file",
        type=OutputFile(),
        help="Append one JSON line per change: who did what, when, and what became of it.",
    ),
)
def apply(
    paths: tuple[str, ...], *, options: Options, service: Service, console: Console, own: ApplyOptions
) -> ExitCode:
    """Plan, ask, carry out, and verify that nothing is left to do.

    Of a plan file that `plan --out` wrote, carry out exactly what was reviewed; it needs no approval.

    \b
    Example:
      notifconf apply examples/confluent --endpoint emulator: --auto-approve
    """
    try:
        return _apply_paths(paths, own, options, service, console)
    except BrokenPipeError:
        meta = click.get_current_context().meta
        if WRITING_KEY not in meta:
            meta[OUTCOME_KEY] = ExitCode.ERROR
            write_error("Not applied: the reader of standard output has gone, so nobody would see what is done.\n")
        raise


def _apply_paths(
    paths: tuple[str, ...], own: ApplyOptions, options: Options, service: Service, console: Console
) -> ExitCode:
    """Carry out a saved plan if the only path is that of one, else what a plan of the workspace finds."""
    saved = _find_saved_plan(paths)
    if saved is None:
        if own.workspace or own.plan_digest is not None:
            raise UsageError(
                "--workspace and --plan-digest are about a plan file, and the only path must be one:"
                " `notifconf plan --out PLANFILE` writes it"
            )
        return asyncio.run(_apply(paths, own, options, service, console))
    _refuse_plan_options()
    try:
        _check_reviewed(saved, own, service)
        return asyncio.run(_apply_saved(saved, own, service, console))
    except StaleError as error:
        console.failure(error, ExitCode.STALE)
        return ExitCode.STALE


def _find_saved_plan(paths: Sequence[str]) -> SavedPlan | None:
    """Return the plan file that the only path names, or None for a workspace."""
    return api.find_saved_plan(paths[0]) if len(paths) == 1 and Path(paths[0]).is_file() else None


def _refuse_plan_options() -> None:
    """Raise `UsageError` for an option of a plan on the command line. A variable may be set for `plan` as well."""
    context = click.get_current_context()
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if getattr(parameter, "group", None) == PLAN and source is ParameterSource.COMMANDLINE:
            raise UsageError(f"a saved plan is applied as it is: {parameter.opts[0]} is an option of plan")


def _check_reviewed(saved: SavedPlan, own: ApplyOptions, service: Service) -> None:
    """Check that a plan file is the reviewed plan: its digest and its workspace, if the options name them.

    Raises `UsageError` for another plan, and `StaleError` for another workspace.
    """
    digest, paths = own.plan_digest, own.workspace
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
    chosen = choose_endpoint(provider, service)
    if chosen is None and planned_for != provider.endpoint and not planned_for.startswith("emulator:"):
        raise UsageError(f"the plan was made for {planned_for}: name that with --endpoint, so that it is no accident")
    if chosen not in (None, planned_for):
        raise UsageError(f"the plan was made for {planned_for}, not for {chosen}: name that one, or make the plan anew")


async def _apply_saved(saved: SavedPlan, own: ApplyOptions, service: Service, console: Console) -> ExitCode:
    """Carry out a plan file, unless it is stale. Its review is its approval."""
    _check_endpoint(saved, service)
    async with open_connection(load_provider(saved.plan.provider), service, saved.basis.endpoint) as connection:
        proposal = await api.check_plan(
            saved, connection, paths=own.workspace, access=service.access, now=current_time()
        )
        provider, paths = load_provider(saved.plan.provider), own.workspace or saved.paths
        console.context = describe(paths, provider, saved.basis.endpoint, saved.plan, proposal.live)
        await prepare_picture(proposal, connection, console)
        remember_secrets(value for value in proposal.secrets.values() if isinstance(value, Secret))
        _show_plan(saved.plan, console)
        return await _carry_out(proposal, connection, service, console, own.audit_file)


async def _carry_out(
    proposal: Proposal, connection: Connection, service: Service, console: Console, audit_file: Path | None
) -> ExitCode:
    """Apply a plan, and report each change as it ends."""
    plan, endpoint = proposal.plan, proposal.basis.endpoint if proposal.basis else ""
    with (
        audit_trail(audit_file, plan.provider, endpoint, plan.digest, os.environ) as record,
        stop_on_signals(console) as interruption,
        report_progress(plan, console, record) as ended,
    ):
        control = Control(service.parallelism, interruption.stop, interruption.halt, ended)
        return ended.finish(await api.apply(proposal, connection, control))


async def _apply(
    paths: tuple[str, ...], own: ApplyOptions, options: Options, service: Service, console: Console
) -> ExitCode:
    async with open_plan(paths, options, service, console) as (first, connection):
        made = await _get_approval(first, connection, options, console, auto_approve=own.auto_approve)
        if isinstance(made, ExitCode):
            return made
        return await _carry_out(made.proposal, connection, service, console, own.audit_file)


async def _get_approval(
    made: PlanContext, connection: Connection, options: Options, console: Console, *, auto_approve: bool
) -> PlanContext | ExitCode:
    """Show the plan and ask for approval. Return the approved plan, or the exit code if there is nothing to apply.

    The live state may change while the user thinks about the answer. After a yes it is read again. If the plan is not
    the same any more, the new plan is shown, and the question is asked again.
    """
    while True:
        if made.plan.errors or made.plan.refusals or not made.plan.changes:
            code = ExitCode.for_plan(made.plan, detailed=False)
            if code is ExitCode.DONE and console.quiet and not console.machine:
                console.lines([conclusion(console.report(made.plan))])
            else:
                console.show(made.plan, code)
            return code
        _show_plan(made.plan, console, asking=not auto_approve)
        if auto_approve:
            return made
        if not ask_for_approval(made.plan, console):
            return ExitCode.ERROR
        now = await plan_again(made, connection, options, console)
        if is_same(made.plan, now.plan):
            return now
        console.aside([line(Span("The live state has changed since you were asked. This is the plan now:", "strong"))])
        made = now


def is_same(plan: Plan, other: Plan) -> bool:
    """Say whether two plans make the same changes and give the same warnings. Unmanaged objects may differ."""
    return (plan.changes, plan.silences, plan.diagnostics) == (other.changes, other.silences, other.diagnostics)


def _show_plan(plan: Plan, console: Console, *, asking: bool = False) -> None:
    """Show the plan before it is applied: as a part of the result, or beside the result if a program reads that."""
    console.needs_reader = True
    console.warn_of(plan)
    if not console.machine:
        if asking or not console.quiet:
            console.lines(report_lines(console.report(plan)))
    elif asking or not console.quiet:
        console.aside(report_lines(console.report(plan)))


def ask_for_approval(plan: Plan, console: Console) -> bool:
    """Ask for approval. Raises `UsageError` if standard input is no terminal."""
    if not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed: nobody can approve this, since standard input is no terminal: use --auto-approve"
        )
    console.aside([line(), *_count_silences(plan), line("Type `yes` to make these changes. Anything else cancels.")])
    if console.ask("Apply: ") == "yes":
        return True
    console.aside([line("Not approved: nothing was changed.")])
    return False


def _count_silences(plan: Plan) -> Iterator[Line]:
    """Say once more how many are no longer told: the list may have scrolled away."""
    if plan.silences:
        yield line(Span(f"This silences {len(plan.silences)}: see the list above.", "silences"))
    if plan.undeclared_mutes:
        yield line(Span(f"Silent already, and not declared: {len(plan.undeclared_mutes)}.", "silences"))


Record = Callable[["ChangeOutcome"], None]


@contextmanager
def report_progress(plan: Plan, console: Console, record: Record) -> Iterator[Progress]:
    """Give the `Progress` of a plan. `record` writes the outcome of a change into the audit file."""
    with console.progress("Applying", len(plan.changes)) as advance:
        yield Progress(console, advance, record)


@dataclass(slots=True)
class Progress:
    """Reports each change as it ends. An error in reporting must not end an apply: it is shown at the end."""

    console: Console
    advance: Callable[[], None]
    record: Record
    reported: dict[str, ChangeOutcome] = field(default_factory=dict)
    failure: Exception | None = None
    is_reader_gone: bool = False

    def __call__(self, item: ChangeOutcome) -> None:
        """Report a change that has ended."""
        self._audit(item)
        if not self.console.machine and not (self.console.quiet and item.result is Result.APPLIED):
            self._attempt(lambda: self.console.lines([outcome_line(item)]))
        self._attempt(self.advance)

    def finish(self, outcome: Outcome) -> ExitCode:
        """Show the outcome, and return its exit code.

        If the result or an audit line could not be written, the code 0 becomes 3, never 1: the changes were made.
        """
        meta = click.get_current_context().meta
        for item in outcome.changes:
            # The verification may have changed the outcome of a reported change: it settles twins, and takes what
            # another run has made by now for what failed. Correct the line that told otherwise.
            reported = self.reported.get(item.change.address)
            if reported == item:
                continue
            self._audit(item)
            if reported is not None and not self.console.machine:
                self._correct(item)
        code = ExitCode.for_outcome(outcome)
        self._attempt(lambda: self.console.show(outcome.plan, code, outcome))
        if self.is_reader_gone:
            discard_output(sys.stdout)
        if self.failure is not None:
            code = code or ExitCode.INCOMPLETE
        meta[OUTCOME_KEY] = code
        self._explain(code, meta.get(LOG_FILE_KEY))
        return code

    def _correct(self, item: ChangeOutcome) -> None:
        self._attempt(lambda: self.console.lines([line("By now: ", *outcome_line(item))]))

    def _explain(self, code: ExitCode, log_file: Path | None) -> None:
        """Show the error that occurred in reporting."""
        if isinstance(self.failure, UsageError):
            self.console.failure(self.failure, code)
        elif self.failure is not None:
            report_crash(self.failure, log_file)

    def _audit(self, item: ChangeOutcome) -> None:
        self.reported[item.change.address] = item
        try:
            self.record(item._replace(error=item.error and mask(item.error)))
        except Exception as error:  # noqa: BLE001 -- nothing that goes wrong here may end an apply
            self.failure = error

    def _attempt(self, tell: Callable[[], None]) -> None:
        if self.is_reader_gone:
            return
        try:
            tell()
        except BrokenPipeError:
            self.is_reader_gone = True
        except Exception as error:  # noqa: BLE001 -- nothing that goes wrong here may end an apply
            self.failure = error
