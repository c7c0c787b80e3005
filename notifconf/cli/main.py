"""The entry point: finds the command, and turns every way to end into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from notifconf import __version__
from notifconf.cli.exitcode import ExitCode
from notifconf.cli.interrupt import WRITING, terminable
from notifconf.cli.options import COMPLETION, LOG_FILE
from notifconf.cli.streams import abandon, prepare
from notifconf.errors import UsageError

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
        error.show()
        return ExitCode.ERROR
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write(f"Interrupted: {'run it again to continue' if WRITING in meta else 'nothing was changed'}.\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        abandon(sys.stdout)
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001 -- the last resort: a bug of ours ends in a sentence, not in a traceback
        return _crashed(error, meta.get(LOG_FILE))


def _crashed(error: Exception, log_file: Path | None) -> int:
    """Say that notifconf has a bug. The exception's own text may hold anything, so it is shown nowhere."""
    where = "--log-file FILE keeps the details of the next one"
    if log_file is not None:
        from notifconf.cli.requestlog import log_crash

        try:
            log_crash(log_file, error)
            where = f"the details are in {log_file}"
        except UsageError as failure:
            where = str(failure)
    sys.stderr.write(f"error: this is a bug in notifconf ({type(error).__name__}); {where}. Please report it.\n")
    return ExitCode.ERROR
