"""`notifconf show`: the live state: who gets which notifications."""

from __future__ import annotations

from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, filter_options, paths_argument, service_options
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import find_provider, find_workspace, survey
from notifconf.model import Filters


@command(paths_argument, filter_options, service_options, pages=True)
@option("--resource", "resources", multiple=True, metavar="PATH", help="Look this resource up too.")
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
    workspace = find_workspace(paths, service.provider, service.access)
    provider = find_provider(workspace, service)
    live = survey(service, console, provider, resources, workspace)
    console.listings(provider.name, provider.show(live, filters))
    return ExitCode.DONE
