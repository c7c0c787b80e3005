"""`--help`: a command's options under headings, its own first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

OWN, FILTER, PLAN, WORKSPACE = "Options", "Filters", "Plan options", "Workspace options"
SERVICE, OUTPUT = "Service options", "Output options"
GROUPS = (OWN, FILTER, PLAN, WORKSPACE, SERVICE, OUTPUT)
"""The headings, in the order in which help has them."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that help lists under a heading."""

    def __init__(self, *names: Any, group: str, **attributes: Any) -> None:
        """Stand under the heading `group`, one of GROUPS; the rest is click's."""
        super().__init__(*names, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help has a heading for each group of options. `--help` itself stands with the output's."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, heading by heading."""
        records: dict[str, list[tuple[str, str]]] = {heading: [] for heading in GROUPS}
        for parameter in self.get_params(ctx):
            heading = OUTPUT if "--help" in parameter.opts else getattr(parameter, "group", OWN)
            record = parameter.get_help_record(ctx)
            # Newer versions of click have a record of each argument too, without a text: the usage line has them.
            if record is not None and record[1]:
                records[heading].append(record)
        for heading, rows in records.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


command = partial(click.command, cls=GroupedCommand)
"""`click.command`, for every command of notifconf."""


def option(*names: str, group: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    """Do what `click.option` does, for an option that several commands share, under a heading."""
    return click.option(*names, cls=GroupedOption, group=group, **attributes)
