"""`notifconf schema`: the JSON Schemas, for editors and pipelines."""

from __future__ import annotations

import click

from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, service_options
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import find_default_provider, survey
from notifconf.config import add_names, schema_text
from notifconf.errors import UsageError
from notifconf.model.views import Filters

SCHEMA_FILES = {"config": "notifconf-v1.schema.json", "plan": "plan-v1.schema.json"}


@command(
    click.argument("name", type=click.Choice(tuple(SCHEMA_FILES)), default="config", metavar="[config|plan]"),
    option("--live", is_flag=True, help="With the names of the notification types, which editors then offer."),
    service_options,
)
def schema(name: str, *, live: bool, service: Service, console: Console) -> ExitCode:
    """Print the JSON Schema of the workspace, or of a plan.

    \b
    Examples:
      notifconf schema config > notifconf-v1.schema.json
      notifconf schema --live --endpoint emulator:
    """
    if live and name != "config":
        raise UsageError("--live is for `schema config`: no other schema holds names of notification types")
    text = schema_text(SCHEMA_FILES[name])
    console.result(_add_live_names(text, service, console) if live else text)
    return ExitCode.DONE


def _add_live_names(text: str, service: Service, console: Console) -> str:
    provider = find_default_provider(service)
    listing = provider.types(survey(service, console, provider), Filters())
    names = [str(row[listing.columns[0]]) for row in listing.rows]
    return add_names(text, provider.name, provider.type_member, names)
