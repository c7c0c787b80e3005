"""The options that commands share, and what they mean."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from notifconf.cli.console import Console
from notifconf.cli.exitcode import of_failure
from notifconf.cli.session import Service, known_workspace
from notifconf.config import Access, parse_max_deletes
from notifconf.config.files import STANDARD_INPUT
from notifconf.errors import NotifconfError
from notifconf.files import claim_outputs
from notifconf.model import Mode, Options, Percentage
from notifconf.providers import BUILT_IN, list_providers, load_provider


class ProviderName(click.ParamType[str]):
    """The name of a provider, built in or installed: a `click.Choice` that is made when it is needed."""

    name = "provider"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. A built-in one is known without a search for installed ones, which takes long."""
        return value if value in BUILT_IN else click.Choice(list_providers()).convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """List all names."""
        return click.Choice(list_providers()).get_metavar(param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Offer all names."""
        return click.Choice(list_providers()).shell_complete(ctx, param, incomplete)


class Address(click.ParamType[str]):
    """An exact address, or a glob of addresses."""

    name = "address"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Offer what is declared in the workspace that the line names so far, else in the one at the default path."""
        from click.shell_completion import CompletionItem

        del param
        # Until the option has its value, click leaves arguments that it has seen unparsed.
        paths = ctx.params.get("paths") or tuple(ctx.args)
        return [CompletionItem(address) for address in declared_addresses(paths) if address.startswith(incomplete)]


def declared_addresses(paths: Sequence[str]) -> list[str]:
    """Return the addresses that a workspace declares, none for one that can't be read; the service is not asked."""
    if STANDARD_INPUT in paths:
        return []
    try:
        workspace = known_workspace(paths)
    except NotifconfError:
        return []
    if workspace is None:
        return []
    return sorted(set(load_provider(workspace.provider).addresses(workspace.declarations)))


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


Command: TypeAlias = Callable[..., Any]

FORMATS = ("text", "json")

COMPLETION = "_NOTIFCONF_COMPLETE"
"""The variable in which a shell's completion script asks what may come next."""

LOG_FILE = "notifconf.log_file"
"""Under this name Click's context knows the log file, for when everything else has failed."""


class OutputFile(click.Path):
    """The type of every option that names a file which is written: such files are claimed before anything is read."""

    def __init__(self) -> None:
        """Let the command itself say whether it can write the file; nobody has to be able to read it."""
        super().__init__(dir_okay=False, readable=False, path_type=Path)


def _outputs() -> dict[str, Path]:
    """Return the files that the current command is told to write, by option."""
    context = click.get_current_context()
    return {
        parameter.opts[0]: context.params[parameter.name]
        for parameter in context.command.params
        if isinstance(parameter.type, OutputFile) and parameter.name and context.params.get(parameter.name) is not None
    }


def paths_argument(command: Command) -> Command:
    """Take the files and folders of a workspace, `-` for standard input."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(allow_dash=True))(command)


def console_options(*formats: str, own_output: bool = False) -> Callable[[Command], Command]:
    """Take how to print; the command gets a `Console`, and failures are printed the same way.

    A command whose `own_output` is of one format, and may be a folder, takes that option itself.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapper(
            *args: Any,
            format: str = FORMATS[0],  # noqa: A002 -- named after its option
            output: Path | None = None,
            no_color: bool,
            verbose: bool,
            quiet: bool,
            **kwargs: Any,
        ) -> Any:
            color = not no_color and not os.environ.get("NO_COLOR")
            console = Console(format, output, color, verbose, quiet)
            try:
                with claim_outputs(_outputs()):
                    console.check()
                    return command(*args, console=console, **kwargs)
            except NotifconfError as error:
                code = of_failure(click.get_current_context().meta)
                console.failure(error, code)
                return code

        result = (
            option(
                "--format",
                group=OUTPUT,
                type=click.Choice(formats or FORMATS),
                default="text",
                help="Format of the result.",
            ),
            option(
                "--output",
                group=OUTPUT,
                type=OutputFile(),
                help="Write the result to this file.",
            ),
        )
        options = (
            option("--no-color", group=OUTPUT, is_flag=True, help="No colour on a terminal (as NO_COLOR)."),
            option("-v", "--verbose", group=OUTPUT, is_flag=True, help="Say more."),
            option("-q", "--quiet", group=OUTPUT, is_flag=True, help="Say nothing but results and errors."),
        )
        return _decorated(wrapper, options if own_output else (*result, *options))

    return decorate


def access_options(command: Command) -> Command:
    """Take what a workspace may read; the command gets an `Access`."""

    @functools.wraps(command)
    def wrapper(
        *args: Any, allow_env: tuple[str, ...] | None, allow_files: tuple[str, ...] | None, **kwargs: Any
    ) -> Any:
        return command(*args, access=Access(allow_env, allow_files), **kwargs)

    options = (
        option(
            "--allow-env",
            group=WORKSPACE,
            multiple=True,
            metavar="GLOB",
            callback=_allowed,
            help="What ${NAME} may read; '' for nothing. Never credentials.",
        ),
        option(
            "--allow-files",
            group=WORKSPACE,
            multiple=True,
            metavar="DIR",
            callback=_allowed,
            help="Where ${file:PATH} may read; '' for nowhere.",
        ),
    )
    return _decorated(wrapper, options)


def service_options(command: Command) -> Command:
    """Take how to reach the service; the command gets a `Service`."""

    @functools.wraps(command)
    def wrapper(
        *args: Any,
        provider: str | None,
        endpoint: str | None,
        parallelism: int,
        timeout: float,
        log_file: Path | None,
        access: Access,
        **kwargs: Any,
    ) -> Any:
        click.get_current_context().meta[LOG_FILE] = log_file
        return command(*args, service=Service(provider, endpoint, parallelism, timeout, log_file, access), **kwargs)

    options = (
        access_options,
        option("--provider", group=SERVICE, type=ProviderName(), help="The service, where no workspace says which."),
        option(
            "--endpoint",
            group=SERVICE,
            metavar="URL",
            callback=_endpoint,
            help="Base URL of the API; emulator: is the embedded emulator.",
        ),
        option(
            "--parallelism",
            group=SERVICE,
            type=click.IntRange(min=1, max=1000),
            default=10,
            show_default=True,
            metavar="N",
            help="How many requests may be in flight.",
        ),
        option(
            "--timeout",
            group=SERVICE,
            type=click.FloatRange(min=0, min_open=True),
            callback=_seconds,
            default=30.0,
            show_default=True,
            metavar="SECONDS",
            help="Of one request.",
        ),
        option(
            "--log-file",
            group=SERVICE,
            type=OutputFile(),
            help="Append one JSON line per request; no secret is in it.",
        ),
    )
    return _decorated(wrapper, options)


def plan_options(command: Command) -> Command:
    """Take what narrows or loosens a plan; the command gets `Options`."""

    @functools.wraps(command)
    def wrapper(
        *args: Any,
        targets: tuple[str, ...],
        targets_if_exist: tuple[str, ...],
        excludes: tuple[str, ...],
        mode: str | None,
        max_deletes: int | Percentage | None,
        force: bool,
        **kwargs: Any,
    ) -> Any:
        chosen = Mode(mode) if mode else None
        return command(
            *args, options=Options(chosen, max_deletes, targets, excludes, force, targets_if_exist), **kwargs
        )

    options = (
        option(
            "--target",
            "targets",
            group=PLAN,
            multiple=True,
            type=Address(),
            metavar="ADDRESS",
            help="Only this (or a glob), and what it needs.",
        ),
        option(
            "--target-if-exists",
            "targets_if_exist",
            group=PLAN,
            multiple=True,
            type=Address(),
            metavar="ADDRESS",
            help="As --target; one that names nothing is no error.",
        ),
        option(
            "--exclude",
            "excludes",
            group=PLAN,
            multiple=True,
            type=Address(),
            metavar="ADDRESS",
            help="Not this (or a glob), nor what needs it.",
        ),
        option(
            "--mode",
            group=PLAN,
            type=click.Choice(["create-only", "upsert-only", "sync"]),
            help="Instead of policy.mode.",
        ),
        option(
            "--max-deletes",
            group=PLAN,
            metavar="N|N%",
            callback=_max_deletes,
            help="Instead of policy.max_deletes.",
        ),
        option("--force", group=PLAN, is_flag=True, help="Acknowledge what a safety rule refuses."),
    )
    return _decorated(wrapper, options)


def _endpoint(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty: is a variable not set?", param=parameter)
    return value


def _allowed(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what the command line allows, else what the variable does; None where neither is given.

    Click takes an empty variable for one that is not set. Here it means that nothing may be read.
    """
    name = str(parameter.name)
    if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        given = os.environ.get(f"NOTIFCONF_{name.upper()}")
        if given is None:
            return None
        values = tuple(given.split() if name == "allow_env" else given.splitlines())
    return tuple(value.strip() for value in values if value.strip())


def _seconds(_context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter("that is no number of seconds", param=parameter)
    return value


def _max_deletes(_context: click.Context, parameter: click.Parameter, value: str | None) -> int | Percentage | None:
    if value is None:
        return None
    try:
        return parse_max_deletes(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


def _decorated(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for taken in reversed(options):
        command = taken(command)
    return command
