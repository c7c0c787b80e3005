"""`notifconf inbox`: the notifications that a service has delivered to the owner of the credentials."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import click

from notifconf.cli.console import Console
from notifconf.cli.deliveries import SINCE, deliveries, find_provider_with_inbox
from notifconf.cli.options import Service, command, gather, service_options
from notifconf.cli.parameters import FILTER, option
from notifconf.cli.process import OUTCOME_KEY, ExitCode, stop_on_signals
from notifconf.cli.session import open_connection
from notifconf.errors import NotFoundError, UsageError
from notifconf.providers.inbox import Inbox, Job, JobResult, Notification, Selection, Status
from notifconf.report.json import dump_json
from notifconf.report.style import Span, count, line
from notifconf.report.table import Table, table_lines


class Target(NamedTuple):
    """Which notifications a command is about: some ids, or with `everything` what `selection` finds."""

    ids: tuple[str, ...]
    everything: bool
    selection: Selection

    def check(self) -> None:
        """Raise `UsageError` for a target that is none, or two."""
        if self.everything == bool(self.ids):
            raise UsageError("name the notifications by their ids, or use --all with filters: one of the two")
        if self.ids and self.selection != Selection():
            raise UsageError("filters select from --all: notifications that are named by id need none")
        if not {"", ".", ".."}.isdisjoint(self.ids):
            raise UsageError("an id is what `notifconf inbox list` shows in its column ID")


STATUSES = click.Choice([*map(str, Status)], case_sensitive=False)


def _read_status(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Status | None:
    return Status(value) if value else None


_filter = functools.partial(option, group=FILTER)
_filters = functools.partial(_filter, multiple=True)

selection_options = gather(
    "selection",
    Selection,
    _filter("--title", metavar="TEXT", help="Whose title contains this."),
    _filter("--description", metavar="TEXT", help="Whose description contains this."),
    _filter("--namespace", metavar="NAME", help="Of this namespace, such as plan-and-usage."),
    _filter("--region", type=str.upper, metavar="REGION", help="Of this region, such as EU."),
    _filter("--status", type=STATUSES, callback=_read_status, help="With this status."),
    _filters("--severity", type=str.upper, metavar="SEVERITY", help="Of this severity, such as CRITICAL. Repeatable."),
    _filters("--resource", metavar="NAME", help="About the resource with this full name (crn://…). Repeatable."),
    _filters(
        "--resource-type", type=str.upper, metavar="TYPE", help="About one of this type, such as CONNECTOR. Repeatable."
    ),
    _filter("--since", type=SINCE, help="Of this time."),
)
"""Filters of the inbox: the command gets a `Selection`, as `selection`."""

target_options = gather(
    "target",
    Target,
    click.argument("ids", nargs=-1, metavar="[ID]..."),
    option("--all", "everything", is_flag=True, help="All that the filters find."),
    selection_options,
)
"""Ids, or `--all` and filters: the command gets a `Target`, as `target`."""


SHOWN_FAILURES = 10
"""How many failures a command tells one by one."""


@command(selection_options, service_options, name="list")
@option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many; else all.")
def list_notifications(*, limit: int | None, selection: Selection, service: Service, console: Console) -> ExitCode:
    """List notifications.

    \b
    Examples:
      notifconf inbox list --status UNREAD --limit 20
      notifconf inbox list --title invoice --format json
    """

    async def read() -> tuple[list[Notification], tuple[str, ...]]:
        async with _opened(service) as opened:
            _check_filters(opened, selection)
            return await opened.select(selection, limit), opened.columns

    with console.waiting("Reading the inbox"):
        found, columns = asyncio.run(read())
    if console.machine:
        console.result(dump_json({"notifications": [dict(item.document) for item in found]}))
    else:
        console.table(_table(found, columns))
    return ExitCode.DONE


@command(click.argument("notification", metavar="ID"), service_options)
def show(*, notification: str, service: Service, console: Console) -> ExitCode:
    """Show all that the service says of one notification.

    \b
    Example:
      notifconf inbox show 93f8380e-7798-4566-99e3-2edf2b57d289
    """

    async def read() -> Mapping[str, Any]:
        async with _opened(service) as opened:
            return await opened.read_one(notification)

    # As JSON in both formats: the service decides what is in it.
    console.result(dump_json({"notification": dict(asyncio.run(read()))}))
    return ExitCode.DONE


@command(service_options)
def summary(*, service: Service, console: Console) -> ExitCode:
    """Say how many notifications are unread, by severity.

    \b
    Example:
      notifconf inbox summary
    """

    async def read() -> Mapping[str, Any]:
        async with _opened(service) as opened:
            return await opened.summarise()

    found = asyncio.run(read())
    if console.machine:
        console.result(dump_json(dict(found)))
        return ExitCode.DONE
    console.lines([line(f"{found['unread_count']} unread.")])
    for item in found["severities"]:
        console.lines([line(f"  {item.get('severity')}: {item.get('unread_count', 'unknown')}")])
    return ExitCode.DONE


@command(selection_options, service_options, name="mark-all")
@option("--unread", "is_unread", is_flag=True, help="Mark them as unread.")
def mark_all(*, is_unread: bool, selection: Selection, service: Service, console: Console) -> ExitCode:
    """Mark all that the filters find as read, with one request.

    \b
    Examples:
      notifconf inbox mark-all --severity INFO
      notifconf inbox mark-all --unread --since 24h
    """
    status = Status.UNREAD if is_unread else Status.READ

    def report(done: Sequence[str], failed: Sequence[JobResult]) -> None:
        if failed:
            _report_results(done, failed, console)
        elif console.machine:
            console.result(dump_json({"marked": str(status)}))
        else:
            console.lines([line(f"All that the filters find are now {status}.")])

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            _check_filters(opened, selection)
            return await _carry_out(opened, [opened.prepare_mark_all(selection, status)], report, console)

    return asyncio.run(run())


@command(target_options, service_options)
def read(*, target: Target, service: Service, console: Console) -> ExitCode:
    """Mark notifications as read.

    With --all, archived ones stay archived unless --status ARCHIVED finds them.

    \b
    Examples:
      notifconf inbox read 93f8380e-7798-4566-99e3-2edf2b57d289
      notifconf inbox read --all
    """
    return _mark("READ", target, service, console)


@command(target_options, service_options)
def unread(*, target: Target, service: Service, console: Console) -> ExitCode:
    """Mark notifications as unread.

    With --all, archived ones stay archived unless --status ARCHIVED finds them.

    \b
    Examples:
      notifconf inbox unread 93f8380e-7798-4566-99e3-2edf2b57d289
      notifconf inbox unread --all --title certificate
    """
    return _mark("UNREAD", target, service, console)


@command(target_options, service_options)
def archive(*, target: Target, service: Service, console: Console) -> ExitCode:
    """Archive notifications.

    \b
    Examples:
      notifconf inbox archive --all --status READ --provider konnect
    """
    return _mark("ARCHIVED", target, service, console)


@command(target_options, service_options)
@option("-y", "--yes", is_flag=True, help="Don't ask.")
def delete(*, yes: bool, target: Target, service: Service, console: Console) -> ExitCode:
    """Delete notifications for good; it asks first. Not every service can do that.

    \b
    Examples:
      notifconf inbox delete --all --status ARCHIVED --yes --provider konnect
    """
    target.check()

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            opened.prepare_deletes(())  # before anything is read or asked: not every service can
            if not yes and not sys.stdin.isatty():
                raise UsageError(
                    "nothing was changed: nobody can confirm this, since standard input is no terminal: use --yes"
                )
            _check_filters(opened, target.selection)
            found = await opened.select(target.selection) if target.everything else []
            ids = target.ids or tuple(item.id for item in found)
            if ids and not yes and not _confirmed(ids, found, opened.columns, console):
                return ExitCode.ERROR
            report = functools.partial(_report_results, console=console, participle="deleted")
            # What --all found and somebody else has deleted since is gone, as was wanted.
            return await _carry_out(opened, opened.prepare_deletes(ids), report, console, may_be_gone=target.everything)

    return asyncio.run(run())


def _mark(name: str, target: Target, service: Service, console: Console) -> ExitCode:
    target.check()
    status = Status(name)

    def concerned(item: Notification) -> bool:
        # What was put away stays away, unless it is asked for.
        return item.status != status and (item.status != Status.ARCHIVED or target.selection.status is Status.ARCHIVED)

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            _check_filters(opened, target.selection)
            found = await opened.select(target.selection) if target.everything else []
            ids = target.ids or tuple(item.id for item in found if concerned(item))
            report = functools.partial(_report_results, console=console, participle=f"now {status}")
            return await _carry_out(opened, opened.prepare_marks(ids, status), report, console)

    return asyncio.run(run())


async def _carry_out(
    opened: Inbox,
    jobs: Sequence[Job],
    report: Callable[[Sequence[str], Sequence[JobResult]], None],
    console: Console,
    *,
    may_be_gone: bool = False,
) -> ExitCode:
    """Send the requests, and say what came of them: `report` gets the ids of what is done, and the failures."""

    with stop_on_signals() as interruption, console.progress("Working", len(jobs)) as progress:
        results = await opened.run_jobs(jobs, interruption.stop, progress)
    failed = [item for item in results if item.error and not (may_be_gone and isinstance(item.error, NotFoundError))]
    done = [found for item in results if item not in failed for found in item.ids]
    code = _code(done, failed, interrupted=len(results) < len(jobs))
    meta = click.get_current_context().meta
    meta[OUTCOME_KEY] = code or ExitCode.INCOMPLETE  # in case that it can't be told
    report(done, failed)
    meta[OUTCOME_KEY] = code
    if code is ExitCode.INTERRUPTED:
        console.note("Interrupted: what was in flight was finished. Run it again to continue.")
    return code


def _code(done: Sequence[str], failed: Sequence[JobResult], *, interrupted: bool) -> ExitCode:
    if interrupted:
        return ExitCode.INTERRUPTED
    if not failed:
        return ExitCode.DONE
    return ExitCode.INCOMPLETE if done or any(item.error and item.error.sent for item in failed) else ExitCode.ERROR


def _report_results(done: Sequence[str], failed: Sequence[JobResult], console: Console, participle: str = "") -> None:
    if console.machine:
        failures = [{"ids": list(item.ids), "error": str(item.error)} for item in failed]
        console.result(dump_json({"done": list(done), "failed": failures}))
    elif done or not failed:
        verb = "is" if len(done) == 1 else "are"
        console.lines([line(f"{count(len(done), 'notification')} {verb} {participle}.")])
    console.aside(_failures(failed))


def _failures(failed: Sequence[JobResult]) -> Iterator[Any]:
    for item in failed[:SHOWN_FAILURES]:
        yield line(Span("error:", "error"), f" {item.error}")
    if any(isinstance(item.error, NotFoundError) for item in failed):
        yield line("`notifconf inbox list` shows what there is.")
    if len(failed) > SHOWN_FAILURES:
        yield line(Span("error:", "error"), f" and {len(failed) - SHOWN_FAILURES} more")


def _confirmed(ids: Sequence[str], found: Sequence[Notification], columns: tuple[str, ...], console: Console) -> bool:
    if found:
        console.aside(table_lines(_table(found, columns), console.width))
    question = f"Delete {count(len(ids), 'notification')} for good?"
    console.aside([line(f"{question} Type `yes` to delete. Anything else cancels.")])
    if console.ask("Delete: ") == "yes":
        return True
    console.aside([line("Not confirmed: nothing was changed.")])
    return False


def _table(found: Sequence[Notification], columns: tuple[str, ...]) -> Table:
    rows = tuple(tuple(Span(str(getattr(item, column))) for column in columns) for item in found)
    return Table("Inbox", columns, rows)


@asynccontextmanager
async def _opened(service: Service) -> AsyncIterator[Inbox]:
    provider = find_provider_with_inbox(service)
    async with open_connection(provider, service) as connection:
        yield provider.open_inbox(connection)


def _check_filters(opened: Inbox, selection: Selection) -> None:
    """Raise `UsageError` for a filter that the service does not have."""
    for name, value in selection._asdict().items():
        if value not in (None, ()) and name not in opened.filters:
            raise UsageError(f"--{name.replace('_', '-')}: {opened.title} can't filter by that")


@click.group()
def inbox() -> None:
    """List and mark notifications of an inbox; compare deliveries.

    What the service has delivered to the owner of the credentials. Konnect's are archived and deleted, too; those of
    Confluent Cloud, which are in Early Access, say where they were delivered to.

    \b
    Examples:
      notifconf inbox list --status UNREAD
      notifconf inbox read --all --title invoice
    """


for subcommand in (list_notifications, show, read, unread, archive, delete, mark_all, summary, deliveries):
    inbox.add_command(subcommand)
