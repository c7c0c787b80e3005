"""The parameters that commands share. Each group of options reaches its command as one object."""

from __future__ import annotations

import functools
import inspect
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


class Service(NamedTuple):
    """How to reach the service, and what a workspace may read. `timeout` is in seconds, of one request."""

    provider: str | None
    endpoint: str | None
    parallelism: int
    timeout: float
    log_file: Path | None
    access: Access | None = None


Command: TypeAlias = Callable[..., Any]
Parameter: TypeAlias = Callable[[Command], Command]
"""What gives a command one or more parameters."""

FORMATS = ("text", "json")
JSON_HELP = " --json is short for --format json."


def command(
    *parameters: Parameter,
    formats: Iterable[str] = FORMATS,
    own_output: bool = False,
    verdict: str = "",
    pages: bool = False,
    name: str | None = None,
) -> Callable[[Command], click.Command]:
    """Make a command that takes these parameters, and a `console` that prints its result in one of these formats.

    The console also prints why the command fails; `verdict` is what the last line says of a plan that has errors. A
    command that `pages` sends its result to PAGER. One with its `own_output` has one format, and declares `--output`
    itself.
    """
    has_json = "json" in formats
    result = (
        option(
            "--format",
            cls=FormatOption if has_json else GroupedOption,
            group=OUTPUT,
            shared=len(tuple(formats)) != 1,
            type=click.Choice(formats),
            default="text",
            help="Format of the result." + JSON_HELP * has_json,
        ),
        option("--output", group=OUTPUT, type=OutputFile(), help="Write the result to this file."),
    )
    others = (
        option("--no-color", group=OUTPUT, is_flag=True, help="No colour on a terminal (as NO_COLOR)."),
        option("-v", "--verbose", group=OUTPUT, is_flag=True, help="Say more."),
        option("-q", "--quiet", group=OUTPUT, is_flag=True, help="Say nothing but results and errors."),
    )

    def decorate(function: Command) -> click.Command:
        decorated = _open_console(_pager_option(function) if pages else function, verdict)
        decorated = _apply_all(decorated, (*parameters, *(() if own_output else result), *others))
        return click.command(name, cls=GroupedCommand)(decorated)

    return decorate


def _open_console(command: Command, verdict: str) -> Command:
    """Give a command a `Console`, which also prints why it fails."""

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

    return wrapper


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


def _apply_all(command: Command, parameters: Sequence[Callable[[Command], Command]]) -> Command:
    """Decorate a command with parameters, which keep their order in its help text."""
    for decorate in reversed(parameters):
        command = decorate(command)
    return command


def gather(into: str, make: Callable[..., Any], *options: Parameter) -> Parameter:
    """Take options whose values reach the command as one object, `into`.

    That is what `make` returns for them: its parameters are the names of the options.
    """
    names = inspect.signature(make).parameters

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            values = {name: kwargs.pop(name) for name in names if name in kwargs}
            return command(*args, **{into: make(**values)}, **kwargs)

        return _apply_all(wrapper, options)

    return decorate


def paths_argument(command: Command) -> Command:
    """Take the files and folders of a workspace; `-` is standard input."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(allow_dash=True))(command)


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


access_options = gather(
    "access",
    Access,
    option(
        "--allow-env",
        "variables",
        group=WORKSPACE,
        multiple=True,
        metavar="GLOB",
        split=str.split,
        callback=_read_allowed,
        help="What ${NAME} may read; '' for nothing. Never credentials.",
    ),
    option(
        "--allow-files",
        "folders",
        group=WORKSPACE,
        multiple=True,
        metavar="DIR",
        callback=_read_allowed,
        help="Where ${file:PATH} may read; '' for nowhere.",
    ),
)
"""The options that limit what a workspace may read: the command gets an `Access`, as `access`."""


def _remember_log_file(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """Keep where a bug is to be logged, too."""
    context.meta[LOG_FILE_KEY] = value
    return value


service_options = gather(
    "service",
    Service,
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
        callback=_remember_log_file,
        help="Append one JSON line per request; no secret is in it.",
    ),
)
"""The options that say how to reach the service, and those of access: the command gets a `Service`, as `service`."""


def resources_option(command: Command) -> Command:
    """Take `--resource`, as often as it is given. The command gets `resources`."""
    text = "Look this resource up too: a path, or names such as environment=Production/cluster=orders."
    return option("--resource", "resources", multiple=True, metavar="RESOURCE", help=text)(command)


def discover_option(group: str, text: str) -> Callable[[Decorated], Decorated]:
    """Take `--discover` and `--no-discover`; the command gets None where neither is given."""
    return option("--discover/--no-discover", "discover", group=group, shared=True, default=None, help=text)


_plan_option = functools.partial(option, group=PLAN)
_address_option = functools.partial(_plan_option, multiple=True, type=Address(), metavar="ADDRESS")


def _read_mode(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Mode | None:
    return Mode(value) if value else None


PLAN_OPTIONS = (
    _address_option("--target", "targets", help="Only this (or a glob), and what it needs."),
    _address_option("--target-if-exists", "targets_if_exist", help="As --target; one that names nothing is no error."),
    _address_option("--exclude", "excludes", help="Not this (or a glob), nor what needs it."),
    _plan_option("--mode", type=click.Choice([*map(str, Mode)]), callback=_read_mode, help="Instead of policy.mode."),
    _plan_option("--max-deletes", metavar="N|N%", callback=read_max_deletes, help="Instead of policy.max_deletes."),
    _plan_option(
        "--take-over",
        multiple=True,
        metavar="OWNER",
        callback=check_owners,
        help="Make the integrations of this owner those of policy.owner.",
    ),
    _plan_option("--force", is_flag=True, help="Acknowledge what a safety rule refuses."),
    discover_option(PLAN, "Look at resources that nothing declares, too. Instead of policy.discover."),
)
"""The options of each plan, also of that which `drift` makes."""

plan_options = gather(
    "options",
    Options,
    *PLAN_OPTIONS,
    _plan_option(
        "--silences",
        type=click.Choice(["allow", "refuse"]),
        help="Refuse a plan that silences anybody. The stricter of it and policy.silences holds.",
    ),
)
"""The options of a plan that may be applied: the command gets `Options`, as `options`."""


def split_values(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of a repeated option, of which each may be several with commas between."""
    parts = tuple(part.strip() for value in values for part in value.split(","))
    if "" in parts:
        raise click.BadParameter("a value is missing before or after a comma", param=parameter)
    return parts


_filter = functools.partial(option, group=FILTER, shared=True, multiple=True, metavar="VALUE,…", callback=split_values)

FILTERS = (
    _filter("--severity", help="Of this severity, such as CRITICAL."),
    _filter("--category", help="Of this category, such as SERVICE."),
    _filter("--channel", help="Told there: a name (or a glob), or a kind such as Slack."),
    _filter("--type", help="A type's name (or a glob), or its id."),
    _filter("--status", help="Of subscriptions: ENABLED or DISABLED."),
)
"""Filters. Each has values that are separated by commas or given one by one."""

NAMESPACE = _filter("--namespace", shared=False, help="Of this namespace, such as plan-and-usage (Konnect).")
"""A filter of `types` alone."""
