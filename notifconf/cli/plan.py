"""`notifconf plan`: what apply would do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from notifconf.cli import exitcode
from notifconf.cli.options import console_options, paths_argument, plan_options, service_options
from notifconf.cli.session import connected, current_time, load_workspace

if TYPE_CHECKING:
    from notifconf.cli.console import Console
    from notifconf.cli.options import Service
    from notifconf.model import Options
    from notifconf.plan import Plan


@click.command()
@paths_argument
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
@plan_options
@service_options
@console_options("text", "json")
def plan(
    paths: tuple[str, ...], *, detailed_exitcode: bool, options: Options, service: Service, console: Console
) -> exitcode.ExitCode:
    """Print what apply would do, and change nothing.

    \b
    Example:
      notifconf plan examples/confluent --endpoint emulator:
    """
    made = asyncio.run(_plan(paths, options, service))
    show_plan(made, console)
    return exitcode.of_plan(made, detailed=detailed_exitcode)


async def _plan(paths: tuple[str, ...], options: Options, service: Service) -> Plan:
    from notifconf.plan import make_plan
    from notifconf.plan.make import effective
    from notifconf.providers import provider_named

    now = current_time()
    workspace = effective(load_workspace(paths, service, now), options)
    provider = provider_named(workspace.provider)
    async with connected(provider, service) as connection:
        live = await connection.read(workspace)
    return make_plan(workspace, live, now, provider, options)


def show_plan(made: Plan, console: Console) -> None:
    """Print a plan as the result of a command, its diagnostics beside it."""
    console.diagnostics(made.diagnostics)
    if console.format == "json":
        from notifconf.report.json import plan_json

        console.result(plan_json(made))
    else:
        from notifconf.report.text import plan_lines

        console.lines(plan_lines(made, verbose=console.verbose))
