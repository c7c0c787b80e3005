"""`notifconf show`: who is told of what, now."""

from __future__ import annotations

import click

from notifconf.cli.console import Console
from notifconf.cli.exitcode import ExitCode
from notifconf.cli.listing import filter_options, give, provider_for, surveyed
from notifconf.cli.options import command, console_options, paths_argument, service_options
from notifconf.cli.session import Service, known_workspace
from notifconf.model import Filters


@command()
@paths_argument
@click.option("--resource", "resources", multiple=True, metavar="PATH", help="Look this resource up too.")
@filter_options
@service_options
@console_options("text", "json")
def show(
    paths: tuple[str, ...],
    *,
    resources: tuple[str, ...],
    filters: Filters,
    service: Service,
    console: Console,
) -> ExitCode:
    """Show the live state as tables.

    Subscriptions, integrations, and the mutes and subscriptions of resources. The service can't list what it knows of
    resources: those are looked up that --resource names, and those of a workspace (a PATH, or notifconf.yaml).

    \b
    Example:
      notifconf show --severity critical,warn --endpoint emulator:
    """
    workspace = known_workspace(paths, service.provider, service.access)
    provider = provider_for(workspace, service)
    live = surveyed(provider, service, console, resources, workspace)
    give(provider.show(live, filters), provider, console)
    return ExitCode.DONE
