"""`notifconf help`: the help text of a command, as `--help` shows it."""

from __future__ import annotations

import click

from notifconf.cli.console import Console
from notifconf.cli.options import command
from notifconf.cli.process import ExitCode


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the commands that may come next: of the program, or of the command before the cursor."""
    found: click.Command | None = context.find_root().command
    for word in context.params.get("words") or ():
        found = found.get_command(context, word) if isinstance(found, click.Group) else None
    names = found.list_commands(context) if isinstance(found, click.Group) else []
    return [name for name in names if name.startswith(incomplete)]


@command(
    click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=_complete), formats=["text"], pages=True
)
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
