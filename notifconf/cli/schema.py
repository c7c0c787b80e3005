"""`notifconf schema`: the JSON Schemas, for editors and pipelines."""

from __future__ import annotations

import click

from notifconf.cli.console import Console
from notifconf.cli.options import command
from notifconf.cli.process import ExitCode
from notifconf.config import schema_text

SCHEMA_FILES = {"config": "notifconf-v1.schema.json", "plan": "plan-v1.schema.json"}


@command()
@click.argument("name", type=click.Choice(tuple(SCHEMA_FILES)), default="config", metavar="[config|plan]")
def schema(name: str, *, console: Console) -> ExitCode:
    """Print the JSON Schema of the workspace, or of a plan.

    \b
    Example:
      notifconf schema config > notifconf-v1.schema.json
    """
    console.result(schema_text(SCHEMA_FILES[name]))
    return ExitCode.DONE
