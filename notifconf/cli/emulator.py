"""`notifconf emulator`: both vendors' APIs on a local port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from notifconf.cli.exitcode import ExitCode
from notifconf.cli.options import console_options
from notifconf.errors import UsageError

if TYPE_CHECKING:
    from notifconf.cli.console import Console


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one.")
@click.option("--data", metavar="FILE", default=":memory:", help="Keep the state in this file; else in memory.")
@click.option("--latency", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Before each answer.")
@click.option("--rate-limit", type=click.IntRange(min=1), metavar="N", help="Requests a second; past it, 429.")
@console_options("text")
def emulator(*, port: int, data: str, latency: float, rate_limit: int | None, console: Console) -> ExitCode:
    """Serve both vendors' notification APIs on 127.0.0.1, for trying out and for tests.

    Confluent's API is under /notifications/v1, Konnect's under /v1/notifications. Any credentials are taken.

    \b
    Example:
      notifconf emulator --port 8080 --data emulator.sqlite
    """
    from notifconf.emulator.server import serve
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import DatabaseUnusableError
    from notifconf.report.style import line

    def ready(bound: int) -> None:
        console.lines([line(f"The emulator listens on http://127.0.0.1:{bound} (Ctrl-C ends it).")])

    try:
        serve(port, data, Settings(latency=latency, rate_limit=rate_limit), ready)
    except OSError as error:
        raise UsageError(f"can't listen on port {port}: {error.strerror}") from error
    except DatabaseUnusableError as error:
        raise UsageError(str(error)) from error
    return ExitCode.DONE
