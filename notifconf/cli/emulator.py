"""`notifconf emulator`: both vendors' APIs on a local port."""

from __future__ import annotations

import click

from notifconf.cli.console import Console
from notifconf.cli.options import command
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.emulator.faults import Fault, parse_fault
from notifconf.emulator.settings import Settings
from notifconf.errors import UsageError
from notifconf.report.style import line


def _faults(_context: click.Context, parameter: click.Parameter, specs: tuple[str, ...]) -> list[Fault]:
    if not specs:
        return []
    try:
        return [parse_fault(spec) for spec in specs]
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


@command(formats=["text"])
@option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one.")
@option("--data", metavar="FILE", default=":memory:", help="Keep the state in this file; else in memory.")
@option("--latency", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Before each answer.")
@option("--rate-limit", type=click.IntRange(min=1), metavar="N", help="Requests a second; past it, 429.")
@option(
    "--fault",
    "faults",
    multiple=True,
    callback=_faults,
    metavar="KIND[:OPTION=VALUE]...",
    help="What goes wrong, such as 503:method=POST:nth=2 or reset-after:p=0.1 (repeatable).",
)
def emulator(
    *, port: int, data: str, latency: float, rate_limit: int | None, faults: list[Fault], console: Console
) -> ExitCode:
    """Serve both vendors' notification APIs on a local port.

    For trying out and for tests, on 127.0.0.1. Confluent's API is under /notifications/v1 (its inventory under /org/v2,
    /cmk/v2, /connect/v1 and /fcpm/v2), Konnect's under /v1/notifications. Any credentials are taken.

    A fault matches requests by method=GLOB and path=GLOB, and strikes at each of them, or at nth=N, every=N or with
    the probability p=P, at most times=N times. A kind that doesn't exist is answered with all that do.

    \b
    Example:
      notifconf emulator --port 8080 --data emulator.sqlite
    """
    from notifconf.emulator import server, store  # not at the top: `--help` needs no web server

    def ready(bound: int) -> None:
        console.lines([line(f"The emulator listens on http://127.0.0.1:{bound} (for --endpoint; Ctrl-C ends it).")])

    try:
        server.serve(port, data, Settings(latency=latency, rate_limit=rate_limit, faults=faults), ready)
    except store.DatabaseUnusableError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"can't listen on port {port}: {error.strerror}. --port 0 takes one that is free") from error
    return ExitCode.DONE
