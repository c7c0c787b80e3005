"""`notifconf inbox`: the notifications that Konnect has delivered to the owner of the token."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import click

from notifconf.cli.console import Console
from notifconf.cli.options import Service, console_options, service_options
from notifconf.cli.parameters import FILTER, GroupedCommand, option
from notifconf.cli.process import OUTCOME_KEY, ExitCode, stop_on_signals
from notifconf.cli.session import open_connection
from notifconf.errors import NotFoundError, UsageError
from notifconf.providers import list_providers, load_provider
from notifconf.providers.inbox import Inbox, Job, JobResult, Notification, Selection, Status
from notifconf.report.json import dump_json
from notifconf.report.style import Span, count, line
from notifconf.report.table import Table, table_lines

Command: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Target:
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


def selection_options(command: Command) -> Command:
    """Take filters of the inbox; the command gets a `Selection`."""

    @functools.wraps(command)
    def wrapper(
        *args: Any,
        title: str | None,
        description: str | None,
        namespace: str | None,
        region: str | None,
        status: str | None,
        **kwargs: Any,
    ) -> Any:
        found = Selection(title, description, namespace, region and region.upper(), Status(status) if status else None)
        return command(*args, selection=found, **kwargs)

    statuses = click.Choice(["UNREAD", "READ", "ARCHIVED"], case_sensitive=False)
    options = (
        option("--title", group=FILTER, metavar="TEXT", help="Whose title contains this."),
        option("--description", group=FILTER, metavar="TEXT", help="Whose description contains this."),
        option("--namespace", group=FILTER, metavar="NAME", help="Of this namespace, such as plan-and-usage."),
        option("--region", group=FILTER, metavar="REGION", help="Of this region, such as EU."),
        option("--status", group=FILTER, type=statuses, help="With this status."),
    )
    return functools.reduce(lambda decorated, decorate: decorate(decorated), reversed(options), wrapper)


def target_options(command: Command) -> Command:
    """Take ids, or `--all` and filters; the command gets a `Target`."""

    @functools.wraps(command)
    def wrapper(*args: Any, ids: tuple[str, ...], everything: bool, selection: Selection, **kwargs: Any) -> Any:
        return command(*args, target=Target(ids, everything, selection), **kwargs)

    everything = option("--all", "everything", is_flag=True, help="All that the filters find.")
    return click.argument("ids", nargs=-1, metavar="[ID]...")(everything(selection_options(wrapper)))


SHOWN_FAILURES = 10
"""How many failures a command tells one by one."""


@click.group()
def inbox() -> None:
    """List, mark and delete the notifications in Konnect's inbox.

    \b
    Examples:
      notifconf inbox list --status UNREAD
      notifconf inbox read --all --namespace plan-and-usage
    """


@inbox.command("list", cls=GroupedCommand)
@option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many; else all.")
@selection_options
@service_options
@console_options("text", "json")
def list_notifications(*, limit: int | None, selection: Selection, service: Service, console: Console) -> ExitCode:
    """List notifications.

    \b
    Examples:
      notifconf inbox list --status UNREAD --limit 20
      notifconf inbox list --title invoice --format json
    """

    async def read() -> list[Notification]:
        async with _opened(service) as opened:
            return await opened.select(selection, limit)

    with console.waiting("Reading the inbox"):
        found = asyncio.run(read())
    if console.machine:
        console.result(dump_json({"notifications": [dict(item.document) for item in found]}))
    else:
        console.table(_table(found))
    return ExitCode.DONE


@inbox.command(cls=GroupedCommand)
@target_options
@service_options
@console_options("text", "json")
def read(*, target: Target, service: Service, console: Console) -> ExitCode:
    """Mark notifications as read.

    With --all, archived ones stay archived unless --status ARCHIVED finds them.

    \b
    Examples:
      notifconf inbox read 93f8380e-7798-4566-99e3-2edf2b57d289
      notifconf inbox read --all
    """
    return _mark("READ", target, service, console)


@inbox.command(cls=GroupedCommand)
@target_options
@service_options
@console_options("text", "json")
def unread(*, target: Target, service: Service, console: Console) -> ExitCode:
    """Mark notifications as unread.

    With --all, archived ones stay archived unless --status ARCHIVED finds them.

    \b
    Examples:
      notifconf inbox unread 93f8380e-7798-4566-99e3-2edf2b57d289
      notifconf inbox unread --all --title certificate
    """
    return _mark("UNREAD", target, service, console)


@inbox.command(cls=GroupedCommand)
@target_options
@service_options
@console_options("text", "json")
def archive(*, target: Target, service: Service, console: Console) -> ExitCode:
    """Archive notifications.

    \b
    Examples:
      notifconf inbox archive 93f8380e-7798-4566-99e3-2edf2b57d289
      notifconf inbox archive --all --status READ
    """
    return _mark("ARCHIVED", target, service, console)


@inbox.command(cls=GroupedCommand)
@option("-y", "--yes", is_flag=True, help="Don't ask.")
@target_options
@service_options
@console_options("text", "json")
def delete(*, yes: bool, target: Target, service: Service, console: Console) -> ExitCode:
    """Delete notifications for good; it asks first.

    \b
    Examples:
      notifconf inbox delete 93f8380e-7798-4566-99e3-2edf2b57d289
      notifconf inbox delete --all --status ARCHIVED --yes
    """
    target.check()
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody can confirm this, since standard input is no terminal: use --yes")

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            found = await opened.select(target.selection) if target.everything else []
            ids = target.ids or tuple(item.id for item in found)
            if ids and not yes and not _confirmed(ids, found, console):
                return ExitCode.ERROR
            return await _carry_out(opened, opened.prepare_deletes(ids), "deleted", target, console)

    return asyncio.run(run())


def _mark(name: str, target: Target, service: Service, console: Console) -> ExitCode:
    target.check()
    status = Status(name)

    def concerned(item: Notification) -> bool:
        # What was put away stays away, unless it is asked for.
        return item.status != status and (item.status != Status.ARCHIVED or target.selection.status is Status.ARCHIVED)

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            found = await opened.select(target.selection) if target.everything else []
            ids = target.ids or tuple(item.id for item in found if concerned(item))
            return await _carry_out(opened, opened.prepare_marks(ids, status), f"now {status}", target, console)

    return asyncio.run(run())


async def _carry_out(opened: Inbox, jobs: Sequence[Job], participle: str, target: Target, console: Console) -> ExitCode:
    """Send the requests, and say what came of them."""

    with stop_on_signals() as interruption, console.progress("Working", len(jobs)) as progress:
        results = await opened.run_jobs(jobs, interruption.stop, progress)
    # What --all found and somebody else has deleted since is gone, as was wanted.
    failed = [item for item in results if item.error and not (target.everything and _is_gone(item, participle))]
    done = [found for item in results if item not in failed for found in item.ids]
    code = _code(done, failed, interrupted=len(results) < len(jobs))
    meta = click.get_current_context().meta
    meta[OUTCOME_KEY] = code or ExitCode.INCOMPLETE  # in case that it can't be told
    _report_results(done, failed, participle, console)
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


def _is_gone(item: JobResult, participle: str) -> bool:
    return participle == "deleted" and isinstance(item.error, NotFoundError)


def _report_results(done: Sequence[str], failed: Sequence[JobResult], participle: str, console: Console) -> None:
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
    if len(failed) > SHOWN_FAILURES:
        yield line(Span("error:", "error"), f" and {len(failed) - SHOWN_FAILURES} more")


def _confirmed(ids: Sequence[str], found: Sequence[Notification], console: Console) -> bool:
    if found:
        console.aside(table_lines(_table(found)))
    question = f"Delete {count(len(ids), 'notification')} for good?"
    console.aside([line(f"{question} Type `yes` to delete. Anything else cancels.")])
    if console.ask("Delete: ") == "yes":
        return True
    console.aside([line("Not confirmed: nothing was changed.")])
    return False


def _table(found: Sequence[Notification]) -> Table:
    columns = ("id", "created_at", "status", "region", "namespace", "entity", "title")
    rows = tuple(tuple(Span(str(getattr(item, column))) for column in columns) for item in found)
    return Table("Inbox", columns, rows)


@asynccontextmanager
async def _opened(service: Service) -> AsyncIterator[Inbox]:
    names = [service.provider] if service.provider else list_providers()
    provider = next(filter(lambda found: found.has_inbox, map(load_provider, names)), None)
    if provider is None:
        raise UsageError(f"{load_provider(names[0]).title} has no inbox")
    async with open_connection(provider, service) as connection:
        yield provider.open_inbox(connection)
