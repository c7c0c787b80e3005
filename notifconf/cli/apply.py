"""`notifconf apply`: plan, ask, carry out, and look again."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from notifconf.cli import exitcode
from notifconf.cli.options import console_options, paths_argument, plan_options, service_options
from notifconf.cli.plan import show_plan
from notifconf.cli.session import connected, current_time, load_workspace
from notifconf.errors import UsageError

if TYPE_CHECKING:
    from notifconf.apply import ChangeOutcome, Outcome
    from notifconf.cli.console import Console
    from notifconf.cli.options import Service
    from notifconf.model import Options
    from notifconf.plan import Plan


@click.command()
@paths_argument
@click.option("--auto-approve", is_flag=True, help="Don't ask.")
@plan_options
@service_options
@console_options("text", "json")
def apply(
    paths: tuple[str, ...], *, auto_approve: bool, options: Options, service: Service, console: Console
) -> exitcode.ExitCode:
    """Plan, ask, carry the plan out, and verify that nothing is left to do.

    \b
    Example:
      notifconf apply examples/confluent --endpoint emulator: --auto-approve
    """
    return asyncio.run(_apply(paths, options, service, console, auto_approve=auto_approve))


async def _apply(
    paths: tuple[str, ...], options: Options, service: Service, console: Console, *, auto_approve: bool
) -> exitcode.ExitCode:
    from notifconf.apply.run import apply_plan
    from notifconf.plan import make_plan
    from notifconf.plan.make import effective
    from notifconf.providers import provider_named

    now = current_time()
    workspace = effective(load_workspace(paths, service, now), options)
    provider = provider_named(workspace.provider)
    async with connected(provider, service) as connection:
        live = await connection.read(workspace)
        plan = make_plan(workspace, live, now, provider, options)
        if plan.errors or plan.refusals or not plan.changes:
            show_plan(plan, console)
            return exitcode.of_plan(plan, detailed=False)
        _announce(plan, console)
        if not auto_approve and not approved(console):
            return exitcode.ExitCode.ERROR
        with _interruptible() as stop:
            outcome = await apply_plan(
                plan,
                workspace,
                live,
                provider,
                connection,
                now=now,
                options=options,
                parallelism=service.parallelism,
                stop=stop,
                progress=None if console.machine else _progress(console),
            )
    _show_outcome(outcome, console)
    return exitcode.of_outcome(outcome)


def _announce(plan: Plan, console: Console) -> None:
    """Show the plan before it is carried out: as part of the result, or beside a machine's."""
    from notifconf.report.text import plan_lines

    console.diagnostics(plan.diagnostics)
    if not console.machine:
        console.lines(plan_lines(plan, verbose=console.verbose))
    elif not console.quiet:
        console.aside(plan_lines(plan, verbose=console.verbose))


def approved(console: Console) -> bool:
    """Ask for approval, in full as Terraform does. Raises `UsageError` where there is nobody to ask."""
    from notifconf.report.style import line

    if not sys.stdin.isatty():
        raise UsageError("nobody can approve this, since standard input is no terminal: use --auto-approve")
    console.aside([line(), line("Do these changes? Only yes is taken for yes.")])
    answer: str = click.prompt("Apply", default="", show_default=False, err=True)
    if answer.strip() == "yes":
        return True
    console.aside([line("Not approved: nothing was changed.")])
    return False


def _progress(console: Console) -> Callable[[ChangeOutcome], None]:
    from notifconf.report.text import outcome_line

    def show(item: ChangeOutcome) -> None:
        console.lines([outcome_line(item)])

    return show


@contextmanager
def _interruptible() -> Iterator[asyncio.Event]:
    """Turn SIGINT and SIGTERM into a stop that lets what is in flight finish."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _show_outcome(outcome: Outcome, console: Console) -> None:
    console.diagnostics(outcome.diagnostics)
    if console.format == "json":
        from notifconf.report.json import outcome_json

        console.result(outcome_json(outcome))
    else:
        from notifconf.report.text import outcome_lines

        console.lines(outcome_lines(outcome))
