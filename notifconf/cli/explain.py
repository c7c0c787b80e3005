"""`notifconf explain`: who is told of a type, through what, and who is not, and why?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click

from notifconf import answers, api
from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, discover_option, gather, paths_argument, service_options
from notifconf.cli.parameters import OWN, option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import (
    check_discover,
    check_resources,
    current_time,
    find_provider,
    find_workspace,
    load_workspace,
    open_connection,
    survey,
)
from notifconf.cli.show import write_listings
from notifconf.errors import UsageError
from notifconf.model.coverage import Explanation
from notifconf.model.diagnostic import quoted
from notifconf.model.state import Options, Workspace
from notifconf.model.views import Filters, Listing
from notifconf.plan.planner import apply_options
from notifconf.providers.base import Provider
from notifconf.report.coverage import explanation_json, explanation_lines, explanation_markdown, table_markdown
from notifconf.report.table import listing_table


class ExplainOptions(NamedTuple):
    """The options of `explain` alone."""

    resource: str | None
    everything: bool
    discover: bool | None


@command(
    click.argument("name", metavar="[TYPE]", required=False),
    paths_argument,
    service_options,
    formats=("text", "json", "markdown"),
    pages=True,
)
@gather(
    "own",
    ExplainOptions,
    discover_option(OWN, "Look for mutes in all resources, too. Instead of policy.discover."),
    option(
        "--resource",
        metavar="RESOURCE",
        help="Of this resource: its own subscriptions and mutes count too. A path, or names as in a workspace, such as "
        "environment=Production/cluster=orders/connector=pg-sink.",
    ),
    option("--all", "everything", is_flag=True, help="Show channels that nothing subscribes to it, too."),
)
def explain(
    name: str | None, paths: tuple[str, ...], *, service: Service, console: Console, own: ExplainOptions
) -> ExitCode:
    """Show who is told of a type, who is not, and why.

    TYPE is a name or an id, of an event too; without it, the types are listed. Live, and as planned where there
    is a workspace (a PATH, or notifconf.yaml): each channel with its subscription, and the file and line that declares
    it. What is muted is known of --resource, of what the workspace names, and with --discover of all resources.

    \b
    Example:
      notifconf explain 'Connector in FAILED state' --endpoint emulator:
    """
    if name is None:
        return _list_types(service, console)
    now = current_time()
    has_workspace = bool(paths) or find_workspace((), service.provider, service.access) is not None
    workspace = load_workspace(paths, service, now) if has_workspace else None
    provider = find_provider(workspace, service)
    check_resources(provider, [own.resource] if own.resource is not None else [])
    check_discover(provider, discover=own.discover)
    try:
        with console.waiting(f"Reading {provider.title}"):
            explanation = asyncio.run(_explain(name, own, workspace, provider=provider, service=service, now=now))
    except UsageError as error:
        if name and not paths and Path(name).exists():
            error.add_note(f"{quoted(name)} is a file or folder: the type comes first, `notifconf explain TYPE {name}`")
        raise
    explanation = console.masked(explanation)
    console.diagnostics(explanation.diagnostics)
    _write(explanation, console, everything=own.everything)
    console.sum_up(explanation.diagnostics)
    return ExitCode.ERROR if explanation.diagnostics else ExitCode.DONE


def _list_types(service: Service, console: Console) -> ExitCode:
    provider = find_provider(find_workspace((), service.provider, service.access), service)
    listing: Listing = provider.types(survey(service, console, provider), Filters())
    if console.format == "markdown":
        console.result("\n".join(table_markdown(listing_table(console.masked(listing)))))
    else:
        write_listings(console, provider.name, [listing])
    return ExitCode.DONE


async def _explain(
    name: str,
    own: ExplainOptions,
    workspace: Workspace | None,
    *,
    provider: Provider,
    service: Service,
    now: datetime,
) -> Explanation:
    if workspace is not None:
        workspace = apply_options(workspace, Options(discover=own.discover))
    async with open_connection(provider, service, reads_once=True) as connection:
        location = await answers.locate(connection, own.resource) if own.resource is not None else None
        places: Sequence[str] = (*location.paths, *location.above) if location is not None else ()
        discover = workspace.policy.discover if workspace is not None else bool(own.discover)
        live = await api.survey(connection, places, workspace, discover=discover)
        provider.find_subject(live, name)
        proposal = None
        if workspace is not None:
            proposal = api.make_plan(workspace, await api.read_live(workspace, connection), now=now)
    return answers.explain(provider.name, live, name, location=location, proposal=proposal, now=now)


def _write(explanation: Explanation, console: Console, *, everything: bool) -> None:
    if console.format == "json":
        console.result(explanation_json(explanation))
    elif console.format == "markdown":
        console.result(explanation_markdown(explanation, everything=everything))
    else:
        console.lines(explanation_lines(explanation, everything=everything, width=console.width))
