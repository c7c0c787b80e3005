"""`notifconf apply`: plan, ask, carry out, and look again."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from notifconf.cli import exitcode
from notifconf.cli.help import command
from notifconf.cli.interrupt import interruptible
from notifconf.cli.options import OutputFile, console_options, paths_argument, plan_options, service_options
from notifconf.cli.planfile import StaleError, check_reviewed, prepared, saved_plan
from notifconf.cli.planning import planned, replanned
from notifconf.cli.progress import progress
from notifconf.errors import UsageError
from notifconf.model import Options
from notifconf.report.formats import RENDERERS
from notifconf.report.style import Span, line

if TYPE_CHECKING:
    from notifconf.cli.console import Console
    from notifconf.cli.planning import Planned
    from notifconf.cli.session import Service
    from notifconf.executor.saved import SavedPlan
    from notifconf.plan import Plan
    from notifconf.providers.base import Connection


@command()
@paths_argument
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
@plan_options
@service_options
@console_options(*RENDERERS)
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
) -> exitcode.ExitCode:
    """Plan, ask, carry out, and verify that nothing is left to do.

    Of a plan file that `plan --out` wrote, carry out exactly what was reviewed; it needs no approval.

    \b
    Example:
      notifconf apply examples/confluent --endpoint emulator: --auto-approve
    """
    import asyncio

    saved = saved_plan(paths)
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
        check_reviewed(saved, plan_digest, workspace, service)
        return asyncio.run(_apply_saved(saved, service, console, audit_file, workspace))
    except StaleError as error:
        console.failure(error, exitcode.ExitCode.STALE)
        return exitcode.ExitCode.STALE


async def _apply_saved(
    saved: SavedPlan, service: Service, console: Console, audit_file: Path | None, workspace: Sequence[str]
) -> exitcode.ExitCode:
    """Carry out what was reviewed, unless it is stale; that it was reviewed is its approval."""
    from notifconf.executor.audit import audit_trail
    from notifconf.executor.run import apply_saved

    async with prepared(saved, service, workspace) as (ready, connection):
        _announce(saved.plan, console)
        with (
            audit_trail(audit_file, saved.plan.provider, saved.basis.endpoint, saved.plan.digest, os.environ) as record,
            interruptible(console) as interruption,
            progress(saved.plan, console, record) as ended,
        ):
            outcome = await apply_saved(
                saved,
                ready.live,
                ready.secrets,
                ready.provider,
                connection,
                parallelism=service.parallelism,
                stop=interruption.stop,
                halt=interruption.halt,
                progress=ended,
            )
            return ended.finish(outcome)


async def _apply(
    paths: tuple[str, ...],
    options: Options,
    service: Service,
    console: Console,
    *,
    auto_approve: bool,
    audit_file: Path | None,
) -> exitcode.ExitCode:
    from notifconf import api
    from notifconf.executor.audit import audit_trail

    async with planned(paths, options, service, console) as (first, connection):
        made = await _approval(first, connection, options, console, auto_approve=auto_approve)
        if isinstance(made, exitcode.ExitCode):
            return made
        with (
            audit_trail(audit_file, made.plan.provider, made.basis.endpoint, made.plan.digest, os.environ) as record,
            interruptible(console) as interruption,
            progress(made.plan, console, record) as ended,
        ):
            outcome = await api.apply(
                made.plan,
                made.workspace,
                made.live,
                connection,
                options=options,
                now=made.now,
                parallelism=service.parallelism,
                stop=interruption.stop,
                halt=interruption.halt,
                progress=ended,
            )
            return ended.finish(outcome)


async def _approval(
    made: Planned, connection: Connection, options: Options, console: Console, *, auto_approve: bool
) -> Planned | exitcode.ExitCode:
    """Show the plan and ask, until what was approved is what there is to do; else return the code to end with.

    While somebody thinks about the answer, somebody else may change the live state: it is read again after a yes.
    """
    while True:
        if made.plan.errors or made.plan.refusals or not made.plan.changes:
            code = exitcode.of_plan(made.plan, detailed=False)
            console.show(made.plan, code)
            return code
        _announce(made.plan, console, asking=not auto_approve)
        if auto_approve:
            return made
        if not approved(made.plan, console):
            return exitcode.ExitCode.ERROR
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
    from notifconf.report.text import plan_lines

    console.diagnostics(plan.diagnostics)
    if not console.machine:
        console.lines(plan_lines(plan, verbose=console.verbose))
    elif asking or not console.quiet:
        console.aside(plan_lines(plan, verbose=console.verbose))


def approved(plan: Plan, console: Console) -> bool:
    """Ask for approval, in full as Terraform does. Raises `UsageError` where there is nobody to ask."""
    from notifconf.report.text import silence_lines

    if not sys.stdin.isatty():
        raise UsageError("nobody can approve this, since standard input is no terminal: use --auto-approve")
    console.aside([line(), *silence_lines(plan), line("Do these changes? Only yes is taken for yes.")])
    if console.ask("Apply: ") == "yes":
        return True
    console.aside([line("Not approved: nothing was changed.")])
    return False
