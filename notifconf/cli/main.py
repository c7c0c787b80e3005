"""The entry point: finds the command, and turns every way to end into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from notifconf import __version__
from notifconf.cli.exitcode import ExitCode
from notifconf.cli.options import LOG_FILE

COMMANDS = ("validate", "plan", "apply", "schema", "emulator")
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
    """Notification settings of Confluent Cloud and Kong Konnect as code: plan, review, apply.

    \b
    Example:
      notifconf plan notifconf.yaml
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets its escape, not an error.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    meta: dict[str, Path | None] = {}
    try:
        with cli.make_context("notifconf", list(sys.argv[1:] if arguments is None else arguments)) as context:
            meta = context.meta
            return int(context.command.invoke(context) or ExitCode.DONE)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.ERROR
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("Interrupted: nothing was changed.\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001 -- the last resort: a bug of ours ends in a sentence, not in a traceback
        return _crashed(error, meta.get(LOG_FILE))


def _crashed(error: Exception, log_file: Path | None) -> int:
    """Say that notifconf has a bug. The exception's own text may hold anything, so it goes into the log alone."""
    where = "--log-file FILE keeps the details of the next one"
    if log_file is not None:
        import traceback

        from notifconf.cli.requestlog import log_crash

        log_crash(log_file, "".join(traceback.format_exception(error)))
        where = f"the details are in {log_file}"
    sys.stderr.write(f"error: this is a bug in notifconf ({type(error).__name__}); {where}. Please report it.\n")
    return ExitCode.ERROR
