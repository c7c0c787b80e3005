"""The parameters that commands share. Each group of options reaches its command as one object."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import click
from click.core import ParameterSource

from notifconf.cli.console import Console
from notifconf.cli.parameters import (
    FILTER,
    OUTPUT,
    PLAN,
    SERVICE,
    WORKSPACE,
    Address,
    Decorated,
    FormatOption,
    GroupedCommand,
    GroupedOption,
    OutputFile,
    ProviderName,
    check_endpoint,
    check_owners,
    check_seconds,
    explain_sources,
    find_variables,
    option,
    read_max_deletes,
)
from notifconf.cli.process import LOG_FILE_KEY, ExitCode
from notifconf.config import Access
from notifconf.errors import NotifconfError
from notifconf.files import claim_outputs
from notifconf.model.policy import Mode
from notifconf.model.state import Options
from notifconf.model.views import Filters


class Service(NamedTuple):
    """How to reach the service, and what a workspace may read. `timeout` is in seconds, of one request."""

    provider: str | None
    endpoint: str | None
    parallelism: int
    timeout: float
    log_file: Path | None
    access: Access | None = None


Command: TypeAlias = Callable[..., Any]

FORMATS = ("text", "json")
JSON_HELP = " --json is short for --format json."


def command(
    *parameters: Callable[[Command], Command],
    formats: Iterable[str] = FORMATS,
    own_output: bool = False,
    verdict: str = "",
    pages: bool = False,
) -> Callable[[Command], click.Command]:
    """Make a command that takes these parameters, and a `console` that prints its result in one of these formats.

    `verdict` is what the last line says of a plan that has errors. A command that `pages` sends its result to PAGER.
    """

    def decorate(function: Command) -> click.Command:
        if pages:
            function = _pager_option(function)
        decorated = _apply_all(console_options(*formats, own_output=own_output, verdict=verdict)(function), parameters)
        return click.command(cls=GroupedCommand)(decorated)

    return decorate


def _pager_option(command: Command) -> Command:
    """Page the result of a command on a terminal, unless `--no-pager` is given."""

    @functools.wraps(command)
    def wrapper(*args: Any, console: Console, no_pager: bool, **kwargs: Any) -> Any:
        with nullcontext() if no_pager or console.output else console.paging():
            return command(*args, console=console, **kwargs)

    return option("--no-pager", group=OUTPUT, is_flag=True, help="Don't page, though PAGER is set.")(wrapper)


def _output_files() -> dict[str, Path]:
    """Return the files that the current command is to write, by option."""
    context = click.get_current_context()
    return {
        parameter.opts[0]: context.params[parameter.name]
        for parameter in context.command.params
        if isinstance(parameter.type, OutputFile) and parameter.name and context.params.get(parameter.name) is not None
    }


def paths_argument(command: Command) -> Command:
    """Take the files and folders of a workspace; `-` is standard input."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(allow_dash=True))(command)


def console_options(*formats: str, own_output: bool = False, verdict: str = "") -> Callable[[Command], Command]:
    """Take the output options. The command gets a `Console`, which also prints why the command fails.

    A command with `own_output` has one format, and declares `--output` itself.
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
            console = Console(format, output, color, verbose, quiet, verdict)
            try:
                with claim_outputs(_output_files()):
                    console.check()
                    return command(*args, console=console, **kwargs)
            except NotifconfError as error:
                for note in explain_sources(str(error)):
                    error.add_note(note)
                code = ExitCode.for_failure(click.get_current_context().meta)
                console.failure(error, code)
                return code

        has_json = "json" in (formats or FORMATS)
        result = (
            option(
                "--format",
                cls=FormatOption if has_json else GroupedOption,
                group=OUTPUT,
                shared=len(formats) != 1,
                type=click.Choice(formats or FORMATS),
                default="text",
                help="Format of the result." + JSON_HELP * has_json,
            ),
            option("--output", group=OUTPUT, type=OutputFile(), help="Write the result to this file."),
        )
        options = (
            option("--no-color", group=OUTPUT, is_flag=True, help="No colour on a terminal (as NO_COLOR)."),
            option("-v", "--verbose", group=OUTPUT, is_flag=True, help="Say more."),
            option("-q", "--quiet", group=OUTPUT, is_flag=True, help="Say nothing but results and errors."),
        )
        return _apply_all(wrapper, options if own_output else (*result, *options))

    return decorate


def access_options(command: Command) -> Command:
    """Take the options that limit what a workspace may read. The command gets an `Access`."""

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
            split=str.split,
            callback=_read_allowed,
            help="What ${NAME} may read; '' for nothing. Never credentials.",
        ),
        option(
            "--allow-files",
            group=WORKSPACE,
            multiple=True,
            metavar="DIR",
            callback=_read_allowed,
            help="Where ${file:PATH} may read; '' for nowhere.",
        ),
    )
    return _apply_all(wrapper, options)


def service_options(command: Command) -> Command:
    """Take the options that say how to reach the service. The command gets a `Service`."""

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
        click.get_current_context().meta[LOG_FILE_KEY] = log_file
        return command(*args, service=Service(provider, endpoint, parallelism, timeout, log_file, access), **kwargs)

    options = (
        access_options,
        option("--provider", group=SERVICE, type=ProviderName(), help="The service, where no workspace says which."),
        option(
            "--endpoint",
            group=SERVICE,
            metavar="URL",
            callback=check_endpoint,
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
            callback=check_seconds,
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
    return _apply_all(wrapper, options)


def resources_option(command: Command) -> Command:
    """Take `--resource`, as often as it is given. The command gets `resources`."""
    text = "Look this resource up too: a path, or names such as environment=Production/cluster=orders."
    return option("--resource", "resources", multiple=True, metavar="RESOURCE", help=text)(command)


def discover_option(group: str, text: str) -> Callable[[Decorated], Decorated]:
    """Take `--discover` and `--no-discover`; the command gets None where neither is given."""
    return option("--discover/--no-discover", "discover", group=group, shared=True, default=None, help=text)


def plan_options(command: Command) -> Command:
    """Take the options of a plan. The command gets `Options`."""

    @functools.wraps(command)
    def wrapper(*args: Any, mode: str | None, **kwargs: Any) -> Any:
        names = [name for name in Options._fields if name in kwargs]
        options = Options(Mode(mode) if mode else None, **{name: kwargs.pop(name) for name in names})
        return command(*args, options=options, **kwargs)

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
            callback=read_max_deletes,
            help="Instead of policy.max_deletes.",
        ),
        option(
            "--take-over",
            group=PLAN,
            multiple=True,
            metavar="OWNER",
            callback=check_owners,
            help="Make the integrations of this owner those of policy.owner.",
        ),
        option("--force", group=PLAN, is_flag=True, help="Acknowledge what a safety rule refuses."),
        discover_option(PLAN, "Look at resources that nothing declares, too. Instead of policy.discover."),
    )
    return _apply_all(wrapper, options)


def silences_option(function: Decorated) -> Decorated:
    """Take `--silences`, as one of the options of a plan."""
    text = "Refuse a plan that silences anybody. The stricter of it and policy.silences holds."
    return option("--silences", group=PLAN, type=click.Choice(["allow", "refuse"]), help=text)(function)


def _read_allowed(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Return the globs or folders that are allowed, or None where no option and no variable is given: no limit.

    An empty variable means that nothing may be read. (Click itself treats it as a variable that is not set.)
    """
    is_given = context.get_parameter_source(str(parameter.name)) is not ParameterSource.DEFAULT
    if not is_given and os.environ.keys().isdisjoint(find_variables(parameter, context)):
        return None
    return tuple(value.strip() for value in values if value.strip())


FILTER_HELP = {
    "severity": "Of this severity, such as CRITICAL.",
    "category": "Of this category, such as SERVICE.",
    "channel": "Told there: a name (or a glob), or a kind such as Slack.",
    "type": "A type's name (or a glob), or its id.",
    "status": "Of subscriptions: ENABLED or DISABLED.",
}


VALUES = "VALUE,…"


def filter_options(command: Command) -> Command:
    """Take filters. Each has values that are separated by commas or given one by one. The command gets `Filters`."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return command(*args, filters=Filters(**{name: kwargs.pop(name) for name in FILTER_HELP}), **kwargs)

    options = [
        option(f"--{name}", group=FILTER, shared=True, multiple=True, metavar=VALUES, callback=split_values, help=text)
        for name, text in FILTER_HELP.items()
    ]
    return _apply_all(wrapper, options)


def namespace_option(command: Command) -> Command:
    """Take one more filter, `--namespace`; the command gets `Filters` with it."""

    @functools.wraps(command)
    def wrapper(*args: Any, filters: Filters, namespace: tuple[str, ...], **kwargs: Any) -> Any:
        return command(*args, filters=filters._replace(namespace=namespace), **kwargs)

    return option(
        "--namespace",
        group=FILTER,
        multiple=True,
        metavar=VALUES,
        callback=split_values,
        help="Of this namespace, such as plan-and-usage (Konnect).",
    )(wrapper)


def split_values(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of a repeated option, of which each may be several with commas between."""
    parts = tuple(part.strip() for value in values for part in value.split(","))
    if "" in parts:
        raise click.BadParameter("a value is missing before or after a comma", param=parameter)
    return parts


def _apply_all(command: Command, parameters: Sequence[Callable[[Command], Command]]) -> Command:
    """Decorate a command with parameters, which keep their order in its help text."""
    for decorate in reversed(parameters):
        command = decorate(command)
    return command
