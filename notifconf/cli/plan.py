"""`notifconf plan`: what apply would do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from notifconf.cli import exitcode
from notifconf.cli.help import command
from notifconf.cli.options import OutputFile, console_options, paths_argument, plan_options, service_options
from notifconf.cli.planning import plan_once
from notifconf.report.formats import RENDERERS

if TYPE_CHECKING:
    from notifconf.cli.console import Console
    from notifconf.cli.session import Service
    from notifconf.model import Options


@command()
@paths_argument
@click.option(
    "--out",
    type=OutputFile(),
    metavar="PLANFILE",
    help="Save the plan, for `apply PLANFILE` to carry out as it was reviewed.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
@plan_options
@service_options
@console_options(*RENDERERS)
def plan(
    paths: tuple[str, ...],
    *,
    out: Path | None,
    detailed_exitcode: bool,
    options: Options,
    service: Service,
    console: Console,
) -> exitcode.ExitCode:
    """Print what apply would do, and change nothing.

    \b
    Example:
      notifconf plan examples/confluent --endpoint emulator:
    """
    import asyncio

    made = asyncio.run(plan_once(paths, options, service, console))
    if out is not None:
        from notifconf.cli.planfile import write_plan_file

        write_plan_file(out, made, paths)
    code = exitcode.of_plan(made.plan, detailed=detailed_exitcode)
    console.show(made.plan, code)
    return code
