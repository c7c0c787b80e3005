"""`notifconf inbox deliveries`: where notifications were really delivered to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from notifconf import answers, api
from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, paths_argument, service_options
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import (
    current_time,
    find_default_provider,
    find_provider,
    find_workspace,
    load_workspace,
    open_connection,
)
from notifconf.errors import UsageError
from notifconf.model.coverage import Delivery
from notifconf.model.diagnostic import format_time
from notifconf.model.state import Workspace
from notifconf.providers.base import Provider
from notifconf.report.json import dump_json
from notifconf.report.style import Span, line
from notifconf.report.table import Table

SINCE = click.Choice(["24h", "7d", "30d"])


@command(paths_argument, service_options)
@option("--since", type=SINCE, default="24h", show_default=True, help="Of this time.")
def deliveries(paths: tuple[str, ...], *, since: str, service: Service, console: Console) -> ExitCode:
    """Say where notifications were really delivered to.

    By type and resource, and where that differs from what the workspace (a PATH, or notifconf.yaml) declares: missing
    channels are declared and were not told, extra ones were told and are not declared. Exits with 5 where a type of
    policy.coverage was delivered to too few.

    \b
    Example:
      notifconf inbox deliveries --since 7d
    """
    has_workspace = bool(paths) or find_workspace((), service.provider, service.access) is not None
    workspace = load_workspace(paths, service, current_time()) if has_workspace else None
    with console.waiting("Reading the inbox"):
        found, user = asyncio.run(_compare_deliveries(workspace, since, service))
    if console.machine:
        console.result(dump_json({"deliveries": [_describe_delivery(item) for item in found], "user": user}))
    else:
        console.table(_delivery_table(found))
        for item in found:
            if item.inbox_only:
                console.lines([line(Span(f"{_describe(item)} told nobody but the inbox.", "silences"))])
        note = f"Read from the inbox of {user}: what that user is not told of is not in it."
        console.lines([line(Span(note, "dim"))])
    for item in found:
        if item.is_short:
            message = f" {_describe(item)} was delivered to fewer channels than policy.coverage wants"
            console.aside([line(Span("error[coverage]:", "error"), message)])
    return ExitCode.REFUSED if any(item.is_short for item in found) else ExitCode.DONE


async def _compare_deliveries(
    workspace: Workspace | None, since: str, service: Service
) -> tuple[Sequence[Delivery], str]:
    provider = find_provider_with_inbox(service, workspace)
    async with open_connection(provider, service) as connection:
        read = await provider.open_inbox(connection).read_deliveries(since)
        live = await api.survey(connection, (), workspace)
    return answers.compare_deliveries(provider.name, read, live, workspace=workspace), read.user


def _describe(item: Delivery) -> str:
    return f"{item.type} ({item.resource})" if item.resource else item.type


def _describe_delivery(item: Delivery) -> dict[str, Any]:
    return {
        "type": item.type,
        "resource": item.resource,
        "count": item.count,
        "last": format_time(item.last),
        "delivered_to": list(item.delivered_to),
        "declared": None if item.declared is None else list(item.declared),
        "missing": list(item.missing),
        "extra": list(item.extra),
    }


def _delivery_table(found: Sequence[Delivery]) -> Table:
    columns = ("type", "resource", "count", "last", "delivered_to", "missing", "extra")
    rows = tuple(
        (
            Span(item.type),
            Span(item.resource or "-"),
            Span(str(item.count)),
            Span(format_time(item.last)),
            Span(", ".join(item.delivered_to) or "nobody"),
            Span(", ".join(item.missing) or "-", "silences" if item.missing else ""),
            Span(", ".join(item.extra) or "-"),
        )
        for item in found
    )
    return Table("Deliveries", columns, rows)


def find_provider_with_inbox(service: Service, workspace: Workspace | None = None) -> Provider:
    """Return the provider that is asked for; raise `UsageError` for one without an inbox."""
    provider = find_provider(workspace, service) if workspace is not None else find_default_provider(service)
    if not provider.has_inbox:
        raise UsageError(f"{provider.title} has no inbox")
    return provider
