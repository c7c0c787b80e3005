"""`notifconf coverage`: who will be told?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from notifconf import answers, api
from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, discover_option, paths_argument, service_options
from notifconf.cli.parameters import OWN
from notifconf.cli.process import ExitCode
from notifconf.cli.session import (
    check_discover,
    current_time,
    find_provider,
    find_workspace,
    load_workspace,
    open_connection,
)
from notifconf.model.state import Options, Workspace
from notifconf.plan.planner import apply_options
from notifconf.providers.base import Provider
from notifconf.report.coverage import CoverageReport, coverage_json, coverage_markdown, coverage_table, remark_lines
from notifconf.report.html import coverage_html


@command(
    paths_argument,
    discover_option(OWN, "Look for mutes in all resources, too. Instead of policy.discover."),
    service_options,
    formats=("text", "json", "markdown", "html"),
)
def coverage(paths: tuple[str, ...], *, discover: bool | None, service: Service, console: Console) -> ExitCode:
    """Show which channels each notification type reaches.

    Live, and as planned where there is a workspace (a PATH, or notifconf.yaml): the channels that a plan adds are
    marked +, those that it takes away -. With --discover, which resources are muted. Exits with 5 where a type reaches
    fewer channels than policy.coverage wants, as it lives.

    \b
    Example:
      notifconf coverage examples/confluent --endpoint emulator:
    """
    now = current_time()
    workspace = _workspace(paths, service, now)
    provider = find_provider(workspace, service)
    check_discover(provider, discover=discover)
    with console.waiting(f"Reading {provider.title}"):
        report = asyncio.run(_report(workspace, provider, service, Options(discover=discover), now))
    report = console.masked(report)
    console.diagnostics((*report.diagnostics, *report.breaches))
    _write_report(report, console)
    console.sum_up(report.diagnostics)
    if report.diagnostics:
        return ExitCode.ERROR
    return ExitCode.REFUSED if report.breaches else ExitCode.DONE


def _workspace(paths: Sequence[str], service: Service, now: datetime) -> Workspace | None:
    """Return the workspace to plan, which needs its environment; None where there is none for the provider."""
    if not paths and find_workspace((), service.provider, service.access) is None:
        return None
    return load_workspace(paths, service, now)


async def _report(
    workspace: Workspace | None, provider: Provider, service: Service, options: Options, now: datetime
) -> CoverageReport:
    """Read everything, and plan with what a plan reads: it must not take more for its own."""
    async with open_connection(provider, service, reads_once=True) as connection:
        if workspace is None:
            return answers.coverage(provider.name, await api.survey(connection, discover=bool(options.discover)))
        wanted = apply_options(workspace, options)
        live = await api.survey(connection, discover=wanted.policy.discover)
        proposal = api.make_plan(workspace, await api.read_live(wanted, connection), options=options, now=now)
    return answers.coverage(provider.name, live, proposal=proposal)


def _write_report(report: CoverageReport, console: Console) -> None:
    if console.format == "json":
        console.result(coverage_json(report))
    elif console.format == "markdown":
        console.result(coverage_markdown(report))
    elif console.format == "html":
        console.result(coverage_html(report))
    else:
        console.table(coverage_table(report, verbose=console.verbose))
        console.lines(remark_lines(report))
