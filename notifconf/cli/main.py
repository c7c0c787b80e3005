"""The entry point: finds the command, and turns every way to end into an exit code."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from notifconf import __version__
from notifconf.cli.exitcode import WRITING, ExitCode, of_failure
from notifconf.cli.interrupt import handle_signals, interrupted_message, terminable
from notifconf.cli.options import COMPLETION, LOG_FILE
from notifconf.cli.request_log import report_crash
from notifconf.cli.streams import abandon, prepare, say

COMMANDS = (
    "init",
    "validate",
    "plan",
    "apply",
    "drift",
    "export",
    "show",
    "types",
    "coverage",
    "inbox",
    "schema",
    "emulator",
    "completion",
)
"""In the order in which help lists them; each is a module of this package, imported when it is asked for."""


class _Commands(click.Group):
    """The commands, each imported only when it is used: start-up time is a feature."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"notifconf.cli.{cmd_name}"), cmd_name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="notifconf %(version)s")
def cli() -> None:
    """Notification settings of Confluent Cloud and Kong Konnect as code.

    \b
    Example:
      notifconf plan notifconf.yaml
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    handle_signals()
    prepare()
    if COMPLETION in os.environ:
        from notifconf.cli.completion import answer

        sys.exit(answer(cli, os.environ[COMPLETION]))
    code = run(arguments)
    # At its end the interpreter would look through all that was imported for garbage: a tenth of a command's time.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    meta: dict[str, Any] = {}
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        with terminable(), cli.make_context("notifconf", given) as context:
            meta = context.meta
            return int(context.command.invoke(context) or ExitCode.DONE)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        say(_usage_error(error))
        return ExitCode.ERROR
    except (KeyboardInterrupt, click.Abort):
        say(interrupted_message(writing=WRITING in meta))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        abandon(sys.stdout)
        return of_failure(meta)
    except OSError as error:
        if error.filename is not None:
            return _report_crash(error, meta)
        # Only what writes has no file's name, and only click writes without looking: help, and the version.
        abandon(sys.stdout)
        say(f"error: can't write to standard output: {error.strerror}\n")
        return of_failure(meta)
    except Exception as error:  # noqa: BLE001 -- the last resort: a bug of ours ends in a sentence, not in a traceback
        return _report_crash(error, meta)


def _report_crash(error: Exception, meta: Mapping[str, Any]) -> ExitCode:
    report_crash(error, meta.get(LOG_FILE))
    return of_failure(meta)


def _usage_error(error: click.ClickException) -> str:
    """Return an error of the command line as click shows it; a value of the environment with its variable's name."""
    shown = io.StringIO()
    error.show(shown)
    variable = _variable_of(error)
    return shown.getvalue() + (f"The value is that of the environment variable {variable}.\n" if variable else "")


def _variable_of(error: click.ClickException) -> str | None:
    """Return the environment variable that a wrong value comes from, None for one of the command line."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if parameter is None or context is None or not parameter.name:
        return None
    if context.get_parameter_source(parameter.name) is not ParameterSource.ENVIRONMENT:
        return None
    names = [parameter.envvar] if isinstance(parameter.envvar, str) else list(parameter.envvar or ())
    prefix = context.auto_envvar_prefix
    names += [f"{prefix}_{parameter.name.upper()}"] if prefix else []
    return next((name for name in names if os.environ.get(name)), None)
