"""`notifconf validate`: what can be known without the network."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from notifconf.cli.exitcode import ExitCode
from notifconf.cli.help import command
from notifconf.cli.options import access_options, console_options, paths_argument
from notifconf.cli.session import current_time

if TYPE_CHECKING:
    from notifconf.cli.console import Console
    from notifconf.config import Access


@command()
@paths_argument
@click.option("--resolve", is_flag=True, help="Check ${…} references too: this needs their environment.")
@access_options
@console_options("text", "json")
def validate(paths: tuple[str, ...], *, resolve: bool, access: Access, console: Console) -> ExitCode:
    """Check a workspace without network or environment.

    \b
    Example:
      notifconf validate examples/confluent
    """
    from notifconf.config import load

    workspace = load(
        paths, environment=os.environ if resolve else None, now=current_time(), stdin=sys.stdin.buffer, access=access
    )
    console.diagnostics(workspace.diagnostics)
    if console.format == "json":
        from notifconf.report.json import diagnostics_json

        console.result(diagnostics_json(workspace.provider, workspace.diagnostics))
    else:
        from notifconf.report.style import line

        console.lines([line("The workspace is valid.")])
    return ExitCode.DONE
