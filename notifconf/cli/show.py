"""`notifconf show`: the live state: who gets which notifications."""

from __future__ import annotations

from collections.abc import Sequence

from notifconf import answers
from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, filter_options, paths_argument, service_options
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import current_time, find_provider, find_workspace, survey
from notifconf.model.listing import Filters, Listing
from notifconf.report.table import listing_table, listings_json


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
    resources: those are looked up that --resource names, and those of a workspace (a PATH, or notifconf.yaml). Of
    declared mutes it shows until when they hold, and why.

    \b
    Example:
      notifconf show --severity critical,warn --endpoint emulator:
    """
    workspace = find_workspace(paths, service.provider, service.access)
    provider = find_provider(workspace, service)
    live = survey(service, console, provider, resources, workspace)
    listings = answers.show(provider.name, live, filters, workspace=workspace, now=current_time())
    write_listings(console, provider.name, listings)
    return ExitCode.DONE


def write_listings(console: Console, provider: str, listings: Sequence[Listing]) -> None:
    """Write listings as the result: as tables, or as one JSON document."""
    if console.machine:
        console.result(listings_json(provider, listings))
        return
    for index, listing in enumerate(listings):
        if index:
            console.lines([()])
        console.table(listing_table(listing, verbose=console.verbose))
