"""`notifconf inbox`: the notifications that Konnect has delivered to the owner of the token."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import click

from notifconf.cli.exitcode import OUTCOME, ExitCode
from notifconf.cli.help import GroupedCommand
from notifconf.cli.options import console_options, service_options
from notifconf.cli.selection import Target, selection_options, target_options
from notifconf.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from notifconf.cli.console import Console
    from notifconf.cli.session import Service
    from notifconf.providers.konnect.connection import KonnectConnection
    from notifconf.providers.konnect.inbox import Done, Inbox, Job, Notification, Selection
    from notifconf.report.table import Table

PROVIDER = "konnect"
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
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many; else all.")
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

    import asyncio

    async def read() -> list[Notification]:
        async with _opened(service) as opened:
            return await opened.select(selection, limit)

    with console.waiting("Reading the inbox"):
        found = asyncio.run(read())
    if console.machine:
        from notifconf.report.json import dumps

        console.result(dumps({"notifications": [dict(item.document) for item in found]}))
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
@click.option("--yes", is_flag=True, help="Don't ask.")
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
    import asyncio

    target.check()
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody can confirm this, since standard input is no terminal: use --yes")

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            found = await opened.select(target.selection) if target.everything else []
            ids = target.ids or tuple(item.id for item in found)
            if ids and not yes and not _confirmed(ids, found, console):
                return ExitCode.ERROR
            return await _carry_out(opened, opened.deleting(ids), "deleted", target, console)

    return asyncio.run(run())


def _mark(name: str, target: Target, service: Service, console: Console) -> ExitCode:
    import asyncio

    from notifconf.providers.konnect.inbox import Status

    target.check()
    status = Status(name)

    def concerned(item: Notification) -> bool:
        # What was put away stays away, unless it is asked for.
        return item.status != status and (item.status != Status.ARCHIVED or target.selection.status is Status.ARCHIVED)

    async def run() -> ExitCode:
        async with _opened(service) as opened:
            found = await opened.select(target.selection) if target.everything else []
            ids = target.ids or tuple(item.id for item in found if concerned(item))
            return await _carry_out(opened, opened.marking(ids, status), f"now {status}", target, console)

    return asyncio.run(run())


async def _carry_out(opened: Inbox, jobs: Sequence[Job], participle: str, target: Target, console: Console) -> ExitCode:
    """Send the requests, and say what came of them."""
    from notifconf.cli.interrupt import interruptible

    with interruptible() as interruption, console.progress("Working", len(jobs)) as progress:
        results = await opened.carry_out(jobs, interruption.stop, progress)
    # What --all found and somebody else has deleted since is gone, as was wanted.
    failed = [item for item in results if item.error and not (target.everything and _is_gone(item, participle))]
    done = [found for item in results if item not in failed for found in item.ids]
    code = _code(done, failed, interrupted=len(results) < len(jobs))
    meta = click.get_current_context().meta
    meta[OUTCOME] = code or ExitCode.INCOMPLETE  # in case that it can't be told
    _tell(done, failed, participle, console)
    meta[OUTCOME] = code
    if code is ExitCode.INTERRUPTED:
        console.note("Interrupted: what was in flight was finished. Run it again to continue.")
    return code


def _code(done: Sequence[str], failed: Sequence[Done], *, interrupted: bool) -> ExitCode:
    if interrupted:
        return ExitCode.INTERRUPTED
    if not failed:
        return ExitCode.DONE
    return ExitCode.INCOMPLETE if done or any(item.error and item.error.sent for item in failed) else ExitCode.ERROR


def _is_gone(item: Done, participle: str) -> bool:
    return participle == "deleted" and isinstance(item.error, NotFoundError)


def _tell(done: Sequence[str], failed: Sequence[Done], participle: str, console: Console) -> None:
    if console.machine:
        from notifconf.report.json import dumps

        failures = [{"ids": list(item.ids), "error": str(item.error)} for item in failed]
        console.result(dumps({"done": list(done), "failed": failures}))
    elif done or not failed:
        from notifconf.report.style import count, line

        verb = "is" if len(done) == 1 else "are"
        console.lines([line(f"{count(len(done), 'notification')} {verb} {participle}.")])
    console.aside(_failures(failed))


def _failures(failed: Sequence[Done]) -> Iterator[Any]:
    from notifconf.report.style import Span, line

    for item in failed[:SHOWN_FAILURES]:
        yield line(Span("error:", "error"), f" {item.error}")
    if len(failed) > SHOWN_FAILURES:
        yield line(Span("error:", "error"), f" and {len(failed) - SHOWN_FAILURES} more")


def _confirmed(ids: Sequence[str], found: Sequence[Notification], console: Console) -> bool:
    from notifconf.report.style import count, line
    from notifconf.report.table import table_lines

    if found:
        console.aside(table_lines(_table(found)))
    console.aside([line(f"Delete {count(len(ids), 'notification')} for good? Only yes is taken for yes.")])
    if console.ask("Delete: ") == "yes":
        return True
    console.aside([line("Not confirmed: nothing was changed.")])
    return False


def _table(found: Sequence[Notification]) -> Table:
    from notifconf.report.style import Span
    from notifconf.report.table import Table

    columns = ("id", "created_at", "status", "region", "namespace", "entity", "title")
    rows = tuple(tuple(Span(str(getattr(item, column))) for column in columns) for item in found)
    return Table("Inbox", columns, rows)


@asynccontextmanager
async def _opened(service: Service) -> AsyncIterator[Inbox]:
    from notifconf.cli.session import connected
    from notifconf.providers import provider_named

    if service.provider not in (None, PROVIDER):
        raise UsageError(f"only Kong Konnect has an inbox: --provider {service.provider} has none")
    async with connected(provider_named(PROVIDER), service) as connection:
        yield cast("KonnectConnection", connection).inbox
