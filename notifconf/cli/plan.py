"""`notifconf plan`: what apply would do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from notifconf import api
from notifconf.cli.console import Console
from notifconf.cli.options import (
    OutputFile,
    Service,
    command,
    paths_argument,
    plan_options,
    service_options,
    silences_option,
)
from notifconf.cli.process import ExitCode
from notifconf.cli.session import plan_once
from notifconf.model import Options
from notifconf.report.formats import RENDERERS


@command(paths_argument, plan_options, silences_option, service_options, formats=RENDERERS)
@click.option(
    "--out",
    type=OutputFile(),
    metavar="PLANFILE",
    help="Save the plan, for `apply PLANFILE` to carry out as it was reviewed.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
def plan(
    paths: tuple[str, ...],
    *,
    out: Path | None,
    detailed_exitcode: bool,
    options: Options,
    service: Service,
    console: Console,
) -> ExitCode:
    """Print what apply would do, and change nothing.

    \b
    Example:
      notifconf plan examples/confluent --endpoint emulator:
    """
    made = asyncio.run(plan_once(paths, options, service, console))
    if out is not None:
        api.save_plan(made.proposal, out, paths=paths)
    code = ExitCode.for_plan(made.plan, detailed=detailed_exitcode)
    console.show(made.plan, code, routing=api.find_routing(made.proposal) if console.format == "html" else ())
    return code
