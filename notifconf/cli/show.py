"""`notifconf show`, `types` and `resources`: what lives, as tables."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from notifconf import answers, api
from notifconf.cli.console import Console
from notifconf.cli.options import (
    FILTERS,
    NAMESPACE,
    Service,
    command,
    gather,
    paths_argument,
    resources_option,
    service_options,
    split_values,
)
from notifconf.cli.parameters import FILTER, option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import (
    current_time,
    find_default_provider,
    find_provider,
    find_workspace,
    open_connection,
    survey,
)
from notifconf.config.sources import DEFAULT
from notifconf.errors import UsageError
from notifconf.model.state import Live, Workspace
from notifconf.model.views import Cell, Filters, Listing
from notifconf.plan.coverage import hidden_resources
from notifconf.providers.base import Provider
from notifconf.report.style import Span
from notifconf.report.table import Table, listing_table, listings_json


@command(paths_argument, gather("filters", Filters, *FILTERS), service_options, pages=True)
@resources_option
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


@command(gather("filters", Filters, *FILTERS, NAMESPACE), service_options)
def types(*, filters: Filters, service: Service, console: Console) -> ExitCode:
    """List the notification types that you can subscribe to.

    The notification types of Confluent Cloud, or Konnect's events: all that a `match`, a `notification_type` or an
    `event` is written from.

    \b
    Example:
      notifconf types --category service --endpoint emulator:
    """
    provider = find_default_provider(service)
    live = survey(service, console, provider)
    write_listings(console, provider.name, [provider.types(live, filters)])
    return ExitCode.DONE


_resource_filter = partial(option, group=FILTER, multiple=True, metavar="GLOB")

RESOURCE_FILTERS = (
    # A name may have a comma, a type has none.
    _resource_filter(
        "--type", metavar="GLOB,…", callback=split_values, help="Of this type (or a glob), such as CONNECTOR."
    ),
    _resource_filter("--environment", help="In the environments of this name or id (or a glob)."),
    _resource_filter("--cluster", help="In the clusters of this name or id (or a glob)."),
    _resource_filter("--name", help="Of this name or id (or a glob)."),
)


@command(paths_argument, gather("filters", Filters, *RESOURCE_FILTERS), service_options)
@option("--muted", is_flag=True, help="Look the mutes up, and list only what is muted.")
def resources(paths: tuple[str, ...], *, muted: bool, filters: Filters, service: Service, console: Console) -> ExitCode:
    """List environments, clusters, connectors and compute pools.

    All that a `resource` or a `match` of `resources` is written from, and whether a workspace (a PATH, or
    notifconf.yaml) declares it. A mute of an environment covers all that is in it.

    \b
    Example:
      notifconf resources --environment 'prod*' --muted --endpoint emulator:
    """
    workspace = find_workspace(paths, service.provider, service.access)
    provider = find_provider(workspace, service)
    if not provider.has_inventory:
        raise UsageError(f"{provider.title} has no inventory of resources")
    with console.waiting(f"Reading {provider.title}"):
        live = asyncio.run(_take(provider, service, filters, workspace, muted=muted))
    console.diagnostics(hidden_resources(live.not_visible))
    listing = provider.resources(live, filters, workspace.declarations if workspace else None, muted=muted)
    if console.machine:
        write_listings(console, provider.name, [listing])
    else:
        table = _make_tree(listing, muted=muted, declared=workspace is not None, verbose=console.verbose)
        if workspace is None:
            console.note("With a workspace (its PATHs), this table says which resources are declared.")
        else:
            table = table._replace(title=f"{table.title}, and whether {' '.join(paths or (DEFAULT,))} declares them")
        console.table(table)
    return ExitCode.DONE


async def _take(
    provider: Provider, service: Service, filters: Filters, workspace: Workspace | None, *, muted: bool
) -> Live:
    async with open_connection(provider, service) as connection:
        return await api.take_inventory(connection, filters, muted=muted, workspace=workspace)


def _make_tree(listing: Listing, *, muted: bool, declared: bool, verbose: bool) -> Table:
    """Return resources as a tree: below each environment what is in it. A path stands without that of the one above.

    A parent that the filters leave out has a line without a path, so that nothing hangs in the air.
    """
    columns = ["name", *(["declared"] if declared else []), *(["muted"] if muted else []), "resource"]
    rows: list[tuple[Span, ...]] = []
    above: list[tuple[Cell, Cell]] = []
    """The name and the path of each parent of the row before, and of that row; what has only a name has no path."""
    for row in listing.rows:
        parents = [row[level] for level in ("environment", "cluster") if row[level] is not None]
        if row["resource_type"] == "ENVIRONMENT":
            parents = []
        while above and ([name for name, _ in above] != parents[: len(above)] or len(above) > len(parents)):
            above.pop()
        for name in parents[len(above) :]:
            rows.append((Span("  " * len(above) + str(name), "dim"), *(Span("") for _ in columns[1:])))
            above.append((name, None))
        path = str(row["resource"])
        parent = next((f"{known}/" for _, known in reversed(above) if known and path.startswith(f"{known}/")), "")
        cells = {
            "name": "  " * len(above) + str(row["name"]),
            "resource": path if verbose else path.removeprefix(parent),
        }
        rows.append(tuple(Span(cells.get(column) or _text_of(row[column])) for column in columns))
        above.append((row["name"], row["resource"]))
    return Table(listing.title, tuple(columns), tuple(rows), listing.empty)


def _text_of(value: Cell) -> str:
    return "-" if value is None else "yes" if value is True else "no" if value is False else str(value)
