"""`notifconf report`: one page over the runs of many workspaces."""

from __future__ import annotations

from pathlib import Path

import click

from notifconf.cli.console import Console, mask
from notifconf.cli.options import command
from notifconf.cli.parameters import OutputFile, option
from notifconf.cli.process import ExitCode
from notifconf.files import open_to_read, usage_errors, write_atomically
from notifconf.report.overview import OVERVIEWS, Run, make_unreadable_run, overview_metrics, read_run
from notifconf.report.style import Span, line

METRICS_FILE_MODE = 0o644
"""Another user's collector reads the file."""


@command(
    click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path()),
    option("--metrics-file", type=OutputFile(), help="Write Prometheus metrics of all runs to this file."),
    formats=OVERVIEWS,
)
def report(files: tuple[str, ...], *, metrics_file: Path | None, console: Console) -> ExitCode:
    """Show the runs of many workspaces on one page.

    Each FILE is what `plan`, `drift` or `apply` printed with --format json. The exit code is 0 whatever the runs
    found: each of them had its own. It is 1 if a FILE does not say how its run ended; the page has it as an error.

    \b
    Example:
      notifconf report staging.json production.json --format markdown
    """
    runs = [_read(file) for file in files]
    if metrics_file is not None:
        with usage_errors(f"can't write the metrics to {metrics_file}"):
            write_atomically(metrics_file, mask(overview_metrics(runs)), mode=METRICS_FILE_MODE)
    console.result(OVERVIEWS[console.format](console.masked(runs)))
    unreadable = [run for run in runs if not run.is_readable]
    for run in unreadable:
        console.aside([line(Span("error:", "error"), f" {run.file}: {run.errors[0]['message']}")])
    return ExitCode.ERROR if unreadable else ExitCode.DONE


def _read(file: str) -> Run:
    try:
        with open_to_read(file) as opened:
            text = opened.read().decode("utf-8-sig", "replace")
    except OSError as error:
        return make_unreadable_run(file, f"it can't be read: {error.strerror}")
    try:
        return read_run(file, text)
    except ValueError as error:
        return make_unreadable_run(file, str(error))
