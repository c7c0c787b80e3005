"""The options that name notifications of the inbox: ids, or filters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from notifconf.cli.help import FILTER, option
from notifconf.errors import UsageError

if TYPE_CHECKING:
    from notifconf.providers.konnect.inbox import Selection

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
        if self.ids and self.selection.parameters:
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
        from notifconf.providers.konnect.inbox import Selection, Status

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

    everything = click.option("--all", "everything", is_flag=True, help="All that the filters find.")
    return click.argument("ids", nargs=-1, metavar="[ID]...")(everything(selection_options(wrapper)))
