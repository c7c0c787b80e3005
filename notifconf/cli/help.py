"""`notifconf help`: the help text of a command, as `--help` shows it."""

from __future__ import annotations

import click

from notifconf.cli.console import Console
from notifconf.cli.options import command
from notifconf.cli.process import ExitCode


@command(click.argument("words", nargs=-1, metavar="[COMMAND]..."), formats=["text"], pages=True)
def help(words: tuple[str, ...], *, console: Console) -> ExitCode:  # noqa: A001 -- named after the command
    """Show the help text of a command.

    \b
    Example:
      notifconf help plan
    """
    context = click.get_current_context().find_root()
    for word in words:
        group = context.command
        if not isinstance(group, click.Group):
            context.fail(f"{context.command_path} has no commands of its own.")
        name, found, _ = group.resolve_command(context, [word])
        if found is not None:
            context = found.context_class(found, parent=context, info_name=name)
    console.result(context.get_help() + "\n")
    return ExitCode.DONE
