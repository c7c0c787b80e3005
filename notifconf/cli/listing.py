"""What `show` and `types` share: filters, the way to the live state, and how rows are printed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Any

import click

from notifconf.cli.console import Console
from notifconf.cli.options import FILTER, option
from notifconf.cli.session import Service, connected
from notifconf.model import Filters, Listing, Live, Workspace
from notifconf.plan.coverage import not_visible
from notifconf.providers import BUILT_IN, load_provider
from notifconf.providers.base import Provider
from notifconf.report.table import listing_table, listings_json

FILTERS = {
    "severity": "Of this severity, such as CRITICAL.",
    "category": "Of this category, such as SERVICE.",
    "channel": "Told there: a name (or a glob), or a kind such as Slack.",
    "type": "A type's name (or a glob), or its id.",
    "status": "Of subscriptions: ENABLED or DISABLED.",
}


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take filters, each with values that commas part or that stand one by one; the command gets `Filters`."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return command(*args, filters=Filters(**{name: kwargs.pop(name) for name in FILTERS}), **kwargs)

    decorated = wrapper
    for name, help_text in reversed(FILTERS.items()):
        taken = option(f"--{name}", group=FILTER, multiple=True, metavar="VALUE,…", callback=_parted, help=help_text)
        decorated = taken(decorated)
    return decorated


def _parted(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    parts = tuple(part.strip() for value in values for part in value.split(","))
    if "" in parts:
        raise click.BadParameter("nothing stands before or behind a comma", param=parameter)
    return parts


def provider_for(workspace: Workspace | None, service: Service) -> Provider:
    """Return the provider that an option or a workspace names, else the first."""
    return load_provider(service.provider or (workspace.provider if workspace else BUILT_IN[0]))


def surveyed(
    provider: Provider,
    service: Service,
    console: Console,
    resources: Sequence[str] = (),
    workspace: Workspace | None = None,
) -> Live:
    """Read all that the service lists, and what it only looks up: of `resources` and of those of the workspace.

    Warns of resources that the credentials can't see: what is shown of them is not all.
    """

    async def read() -> Live:
        async with connected(provider, service) as connection:
            return await connection.survey(resources, workspace)

    with console.waiting(f"Reading {provider.title}"):
        live = asyncio.run(read())
    console.diagnostics(not_visible(resource) for resource in sorted(live.not_visible))
    return live


def give(listings: Sequence[Listing], provider: Provider, console: Console) -> None:
    """Print listings: tables, or one JSON document."""
    if console.machine:
        console.result(listings_json(provider.name, listings))
        return
    for index, listing in enumerate(listings):
        if index:
            console.lines([()])
        console.table(listing_table(listing, verbose=console.verbose))
