"""`notifconf test`: does each channel still take messages?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from notifconf import answers, api
from notifconf.cli.console import Console
from notifconf.cli.drift import make_workspace_name, metrics_option, write_metrics
from notifconf.cli.options import Service, command, paths_argument, service_options
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import current_time, find_provider, find_workspace, load_workspace, open_connection
from notifconf.errors import UsageError
from notifconf.model.coverage import Probe, ProbeResult
from notifconf.model.diagnostic import nearest, quoted
from notifconf.model.state import Live, Workspace
from notifconf.providers.base import Provider
from notifconf.report.json import dump_json
from notifconf.report.metrics import channel_metrics
from notifconf.report.style import Line, Span, count, line

STYLES = {"delivered": "create", "failed": "error", "not-testable": "dim"}


@command(paths_argument, service_options)
@option("--integration", "wanted", multiple=True, metavar="KEY", help="Only this one. Repeatable.")
@option("--live", "is_live", is_flag=True, help="Test the live integrations in place of the declared ones.")
@metrics_option
def test(
    paths: tuple[str, ...],
    *,
    wanted: tuple[str, ...],
    is_live: bool,
    metrics_file: Path | None,
    service: Service,
    console: Console,
) -> ExitCode:
    """Send a test message through each channel.

    A real message, so that people see it. Side by side, with one line as each ends. Exits with 1 if one failed. Mail
    can't be tested.

    \b
    Example:
      notifconf test examples/confluent --endpoint emulator:
    """
    workspace = find_workspace(paths, service.provider, service.access)
    provider = find_provider(workspace, service)
    if not is_live:
        workspace = load_workspace(paths, service, current_time())
        provider = find_provider(workspace, service)
    results = asyncio.run(_test(provider, None if is_live else workspace, wanted, service, console))
    if console.machine:
        console.result(dump_json({"tests": [_document(item) for item in results]}))
    else:
        console.lines([line(Span(_summarise(results), "strong"))])
    if metrics_file is not None:
        text = channel_metrics(make_workspace_name(paths), results, current_time().timestamp())
        if not write_metrics(metrics_file, lambda: text, console):
            return ExitCode.ERROR
    return ExitCode.ERROR if any(item.result == "failed" for item in results) else ExitCode.DONE


async def _test(
    provider: Provider, workspace: Workspace | None, wanted: Sequence[str], service: Service, console: Console
) -> list[ProbeResult]:
    """Send the messages; without a workspace through the live channels."""

    def tell(item: ProbeResult) -> None:
        if not console.machine:
            console.lines([_describe(item)])

    async with open_connection(provider, service) as connection:
        live = Live() if workspace is not None else await api.survey(connection)
        probes = answers.list_probes(provider.name, live, workspace)
        chosen = _choose(probes, wanted)
        return await answers.probe(connection, chosen, parallelism=service.parallelism, ended=tell)


def _choose(probes: Sequence[Probe], wanted: Sequence[str]) -> Sequence[Probe]:
    """Return the channels with these names, or addresses. Raises `UsageError` for a name that none has."""
    known = {name for probe in probes for name in probe.names}
    addresses = {probe.address: {probe.address, probe.address.partition("/")[2]} for probe in probes}
    for name in wanted:
        if name not in known.union(*addresses.values()):
            suggestion = nearest(name, known) or (f": there are {', '.join(sorted(known))}" if known else "")
            raise UsageError(f"--integration {quoted(name)}: there is no such integration{suggestion}")
    return [
        probe for probe in probes if not wanted or not addresses[probe.address].union(probe.names).isdisjoint(wanted)
    ]


def _describe(item: ProbeResult) -> Line:
    error = f": {item.error}" if item.error else ""
    return line(f"{item.probe.address} ({item.probe.channel}): ", Span(item.result, STYLES[item.result]), error)


def _summarise(results: Sequence[ProbeResult]) -> str:
    found = Counter(item.result for item in results)
    parts = [f"{found['delivered']} delivered", f"{found['failed']} failed", f"{found['not-testable']} not testable"]
    return f"Tested {count(len(results), 'channel')}: {', '.join(parts)}."


def _document(item: ProbeResult) -> dict[str, str | None]:
    return {
        "address": item.probe.address,
        "channel": item.probe.channel.kind,
        "result": item.result,
        "error": item.error,
    }
