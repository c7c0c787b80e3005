"""`notifconf plan`: what apply would do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from notifconf import api
from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, gather, paths_argument, plan_options, service_options
from notifconf.cli.parameters import OutputFile, option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import plan_once
from notifconf.model.state import Options
from notifconf.report import NOT_APPLICABLE
from notifconf.report.formats import RENDERERS


class PlanOptions(NamedTuple):
    """The options of `plan` alone."""

    out: Path | None
    summary: bool
    detailed_exitcode: bool


@command(paths_argument, plan_options, service_options, formats=RENDERERS, verdict=NOT_APPLICABLE, pages=True)
@gather(
    "own",
    PlanOptions,
    option(
        "--out",
        type=OutputFile(),
        metavar="PLANFILE",
        help="Save the plan, for `apply PLANFILE` to carry out as it was reviewed.",
    ),
    option("--summary", is_flag=True, help="Only the addresses of what would change."),
    option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes."),
)
def plan(paths: tuple[str, ...], *, options: Options, service: Service, console: Console, own: PlanOptions) -> ExitCode:
    """Print what apply would do, and change nothing.

    \b
    Example:
      notifconf plan examples/confluent --endpoint emulator:
    """
    console.summary = own.summary
    made = asyncio.run(plan_once(paths, options, service, console))
    if own.out is not None:
        api.save_plan(made.proposal, own.out, paths=paths)
    code = ExitCode.for_plan(made.plan, detailed=own.detailed_exitcode)
    console.show(made.plan, code)
    return code
