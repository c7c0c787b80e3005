"""`notifconf drift`: a plan for cron jobs, which has nothing to say while all is as declared."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from notifconf import answers
from notifconf.cli.console import Console, mask
from notifconf.cli.options import PLAN_OPTIONS, Service, command, gather, paths_argument, service_options
from notifconf.cli.parameters import OutputFile, option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import PlanContext, current_time, plan_once
from notifconf.config.sources import DEFAULT
from notifconf.files import open_to_read, write_atomically
from notifconf.model.plan import Action, Plan
from notifconf.model.policy import Mode
from notifconf.model.state import Options
from notifconf.plan.planner import apply_options
from notifconf.report import NOT_APPLICABLE
from notifconf.report.formats import RENDERERS
from notifconf.report.metrics import Run, metrics, push
from notifconf.report.style import Span, line


def _check_gateway(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no address of a Pushgateway. Metrics are no secret, so plain http is accepted."""
    if value is None:
        return None
    try:
        address = urlsplit(value)
    except ValueError:
        address = urlsplit("")
    if address.username is not None or address.password is not None:
        raise click.BadParameter("the URL must not hold credentials", param=parameter)
    is_whole = not (address.query or address.fragment) and value.isascii() and not re.search(r"\s", value)
    if address.scheme not in {"http", "https"} or not address.hostname or not is_whole:
        wanted = "write the URL of a Pushgateway, such as http://localhost:9091, without a query"
        raise click.BadParameter(wanted, param=parameter)
    return value


METRICS_FILE_MODE = 0o644
"""The mode of a metrics file: another user's collector reads it."""


metrics_option = option(
    "--metrics-file",
    type=OutputFile(),
    metavar="FILE",
    help="Write Prometheus metrics to this file, for the node exporter's textfile collector.",
)


class DriftOptions(NamedTuple):
    """The options of `drift` alone."""

    metrics_file: Path | None
    push_metrics: str | None
    undeclared: bool


@command(
    paths_argument,
    gather("options", Options, *PLAN_OPTIONS),
    service_options,
    formats=RENDERERS,
    verdict=NOT_APPLICABLE,
)
@gather(
    "own",
    DriftOptions,
    metrics_option,
    option(
        "--push-metrics",
        metavar="URL",
        callback=_check_gateway,
        help="Send Prometheus metrics to this Pushgateway.",
    ),
    option("--undeclared", is_flag=True, help="Exit with 2 for live objects that nothing declares, too."),
)
def drift(
    paths: tuple[str, ...], *, options: Options, service: Service, console: Console, own: DriftOptions
) -> ExitCode:
    """Say where the live state differs from the workspace.

    And nothing where it does not, as cron jobs want it. Exits with 0 when in sync, 2 when not, 1 on an error, 5 when a
    safety rule refuses the changes, or a type reaches fewer channels than policy.coverage wants, as it lives. With
    --undeclared, live objects that sync would delete, or that --discover found, are a difference too.

    \b
    Example:
      notifconf drift examples/confluent --endpoint emulator:
    """
    began = time.monotonic()
    made: PlanContext | None = None
    code = ExitCode.ERROR
    try:
        reads_for = Mode.SYNC if own.undeclared else None
        made = asyncio.run(plan_once(paths, options, service, console, reads_for=reads_for))
        shown = _judge_live(made)
        code = ExitCode.for_plan(shown, detailed=True)
        if own.undeclared:
            shown, code = _add_undeclared(made, shown, code, options, console)
    finally:
        run = _run(made, options, code, mask(make_workspace_name(paths)), time.monotonic() - began)
        recorded = own.metrics_file is None or _write_run(own.metrics_file, run, console)
        if own.push_metrics is not None:
            _push_metrics(own.push_metrics, run, service.timeout, console)
    if not recorded:
        code = ExitCode.ERROR
    console.show(shown, code, silent=code is ExitCode.DONE)
    return code


def _judge_live(made: PlanContext) -> Plan:
    """Return the plan with what lives judged in place of what it would be: a type that nobody hears now is an error.

    A repair that the plan would make does not excuse that, nor does --force. Whom the plan would silence is not judged.
    """
    breaches = answers.find_live_breaches(made.workspace, made.proposal.live)
    kept = (
        item
        for item in made.plan.diagnostics
        if item.code != "silences" and (item.code != "coverage" or item.address is not None)
    )
    return replace(made.plan, diagnostics=(*kept, *breaches))


def _add_undeclared(
    made: PlanContext, plan: Plan, code: ExitCode, options: Options, console: Console
) -> tuple[Plan, ExitCode]:
    """Return the plan with what nobody declared and somebody may want to know, and the exit code for both.

    What the plan deletes is among its changes.
    """
    deleted = {(change.kind, change.id) for change in plan.changes if change.action is Action.DELETE}
    undeclared = answers.find_undeclared(made.workspace, made.proposal.live, options=options, now=current_time())
    found = tuple(item for item in undeclared if (item.kind, item.id) not in deleted)
    console.verbose = True
    plan = replace(plan, unmanaged=found, counts_undeclared=bool(found))
    return plan, ExitCode.CHANGES if found and code is ExitCode.DONE else code


def _run(made: PlanContext | None, options: Options, code: int, workspace: str, duration: float) -> Run:
    """Return what is known of a run. A plan with errors does not say how much drifts."""
    run = Run(workspace, int(code), current_time().timestamp(), duration)
    if made is None or made.plan.errors:
        return run
    kinds = tuple(kind.name for kind in made.provider.kinds)
    discovers = apply_options(made.workspace, options).policy.discover
    return run._replace(plan=made.plan, kinds=kinds, expiry_codes=made.provider.expiry_codes, discovers=discovers)


def _write_run(path: Path, run: Run, console: Console) -> bool:
    return write_metrics(path, lambda: metrics(run, before=_read_previous_metrics(path)), console)


def write_metrics(path: Path, text: Callable[[], str], console: Console) -> bool:
    """Write the metrics of a run, one that failed too. Where that can't be done say so, and return false."""
    try:
        write_atomically(path, mask(text()), mode=METRICS_FILE_MODE)
    except OSError as error:
        console.aside([line(Span("error:", "error"), f" can't write the metrics to {path}: {error.strerror}")])
        return False
    return True


def _push_metrics(url: str, run: Run, timeout: float, console: Console) -> None:
    """Send the metrics of a run. If that fails, it is a warning: the exit code tells of the drift."""
    try:
        push(run, url, timeout)
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a name that can't be one of a host
        console.aside([line(Span("warning:", "warning"), f" can't push the metrics to {url}: {error}")])


def _read_previous_metrics(path: Path) -> str:
    """Return the metrics of the run before; nothing where there are none."""
    if not path.is_file():
        return ""
    with open_to_read(path, claimed=True) as file:
        return file.read().decode("utf-8", errors="replace")


def make_workspace_name(paths: Sequence[str]) -> str:
    """Name a workspace by where it is, which no two of one machine have in common."""
    return " ".join(path if path == "-" else _make_absolute(path) for path in paths or (DEFAULT,))


def _make_absolute(path: str) -> str:
    try:
        return str(Path(path).absolute())
    except OSError:  # the current folder was removed
        return path
