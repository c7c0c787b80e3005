"""The entry point: it finds the command, and turns each way in which a command can end into an exit code."""

from __future__ import annotations

import gc
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from notifconf import __version__
from notifconf.cli.process import (
    COMPLETION_VARIABLE,
    LOG_FILE_KEY,
    OUTCOME_KEY,
    VARIABLE_PREFIX,
    WRITING_KEY,
    ExitCode,
    discard_output,
    handle_signals,
    interrupted_message,
    prepare_streams,
    write_error,
)

COMMANDS = (
    "init",
    "validate",
    "fmt",
    "plan",
    "apply",
    "drift",
    "export",
    "show",
    "types",
    "resources",
    "coverage",
    "explain",
    "test",
    "inbox",
    "report",
    "schema",
    "emulator",
    "completion",
    "help",
)
"""In the order of the help text. The module of a command is imported when the command is used."""

MODULES = {"types": "show", "resources": "show"}
"""The commands whose module has another name than the command."""


class _Commands(click.Group):
    """The commands. Each is imported only when it is used, so that no command waits for what another one needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"notifconf.cli.{MODULES.get(cmd_name, cmd_name)}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument. An error names the nearest command."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from notifconf.model.diagnostic import nearest, quoted  # not at the top: `--version` needs no data

            ctx.fail(f"There is no command {quoted(name)}{nearest(name, COMMANDS)}.")
        return super().resolve_command(ctx, args)


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": VARIABLE_PREFIX},
)
@click.version_option(__version__, "-V", "--version", message="notifconf %(version)s", allow_from_autoenv=False)
def cli() -> None:
    """Notification settings of Confluent Cloud and Kong Konnect as code.

    Every option has an environment variable: NOTIFCONF_ENDPOINT for one that commands share, NOTIFCONF_PLAN_OUT for one
    of a single command.

    \b
    Example:
      notifconf plan notifconf.yaml
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    handle_signals()
    prepare_streams()
    if COMPLETION_VARIABLE in os.environ:
        sys.exit(import_module("notifconf.cli.completion").answer(cli, os.environ[COMPLETION_VARIABLE]))
    code = run(arguments)
    # Without this, the interpreter searches all imported modules for garbage at its end: a tenth of a command's time.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    meta: dict[str, Any] = {}
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        with cli.make_context("notifconf", given) as context:
            meta = context.meta
            return int(context.command.invoke(context) or ExitCode.DONE)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        write_error(_usage_error(error))
        return ExitCode.ERROR
    except (KeyboardInterrupt, click.Abort):
        write_error(interrupted_message(writing=WRITING_KEY in meta))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        discard_output(sys.stdout)
        # Only `apply` needs a reader. Otherwise this was the text of a help, which nobody needs any more.
        return ExitCode.for_failure(meta) if {OUTCOME_KEY, WRITING_KEY} & meta.keys() else ExitCode.DONE
    except OSError as error:
        if error.filename is not None:
            return _report_crash(error, meta)
        # An error of writing has no file name, and only click writes without handling it: help, and the version.
        discard_output(sys.stdout)
        write_error(f"error: can't write to standard output: {error.strerror}\n")
        return ExitCode.for_failure(meta)
    except Exception as error:  # noqa: BLE001 -- the last resort: a bug in notifconf ends with a sentence, not with a traceback
        return _report_crash(error, meta)


def _report_crash(error: Exception, meta: Mapping[str, Any]) -> ExitCode:
    from notifconf.cli.request_log import report_crash  # not at the top: only a crash needs it

    report_crash(error, meta.get(LOG_FILE_KEY))
    return ExitCode.for_failure(meta)


MAX_COMMANDS_SHOWN = 3
"""How many commands an error names that have the option which this one has not."""


def _usage_error(error: click.ClickException) -> str:
    """Return an error of the command line as click shows it, with the variable that a wrong value comes from."""
    shown = io.StringIO()
    error.show(shown)
    text = re.sub(r"^Error: ", "error: ", shown.getvalue(), count=1, flags=re.MULTILINE)
    if isinstance(error, click.NoSuchOption) and error.ctx is not None and error.ctx.parent is None:
        text += "The options of a command stand after its name, as in `notifconf plan --json`.\n"
    elif isinstance(error, click.NoSuchOption) and error.ctx is not None:
        commands = _list_commands(error.ctx.find_root())
        names = [f"`{name}`" for name, command in commands if _has_option(command, error.option_name)]
        others = " and others" if len(names) > MAX_COMMANDS_SHOWN else ""
        text += f"It is an option of {', '.join(names[:MAX_COMMANDS_SHOWN])}{others}.\n" if names else ""
    variable = _find_variable(error)
    return text + (f"The value is that of the environment variable {variable}.\n" if variable else "")


def _list_commands(context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {part}", found) for part, found in command.commands.items())
        elif command is not None:
            yield name, command


def _has_option(command: click.Command, option: str) -> bool:
    return any(option in (*parameter.opts, *parameter.secondary_opts) for parameter in command.params)


def _find_variable(error: click.ClickException) -> str | None:
    """Return the environment variable that a wrong value comes from, None if it stands on the command line."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    find_source = getattr(parameter, "find_source", None)  # GroupedOption, which `--version` does not import
    return find_source(context) if find_source and context else None
