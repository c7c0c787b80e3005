"""What commands are made of: options with a heading and an environment variable, and the types of their values.

Every option has an environment variable. One that several commands share is NOTIFCONF_OPTION, such as
NOTIFCONF_ENDPOINT. Each also has one for a single command, NOTIFCONF_COMMAND_OPTION, such as NOTIFCONF_PLAN_OUT, which
goes first. The command line wins over both. A repeatable option takes one value from each line of its variable.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from notifconf.cli.process import VARIABLE_PREFIX
from notifconf.config import parse_max_deletes
from notifconf.config.sources import STANDARD_INPUT
from notifconf.errors import NotifconfError
from notifconf.model.policy import OWNER, Percentage
from notifconf.providers import BUILT_IN, list_providers, load_provider

OWN, FILTER, PLAN, WORKSPACE = "Options", "Filters", "Plan options", "Workspace options"
SERVICE, OUTPUT = "Service options", "Output options"
GROUPS = (OWN, FILTER, PLAN, WORKSPACE, SERVICE, OUTPUT)
"""The headings of a help text, in their order."""

SHARED_GROUPS = frozenset({PLAN, WORKSPACE, SERVICE, OUTPUT})
"""The headings of options that several commands share."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that the help text lists under a heading, and that has an environment variable."""

    def __init__(
        self,
        *names: Any,
        group: str,
        shared: bool | None = None,
        split: Callable[[str], Sequence[str]] = str.splitlines,
        **attributes: Any,
    ) -> None:
        """Create an option under the heading `group`, one of GROUPS. The other arguments are those of click.

        `shared` says whether the option has one variable for all commands (default: the heading says so). `split` parts
        the variable of a repeatable option into its values.
        """
        super().__init__(*names, **attributes)
        self.group = group
        self._is_shared = group in SHARED_GROUPS if shared is None else shared
        self._split = split

    def find_variables(self, ctx: click.Context) -> list[str]:
        """Return the environment variables of this option in a command: the first one that is set is used."""
        prefixes = [ctx.auto_envvar_prefix, VARIABLE_PREFIX if self._is_shared else None]
        names = [name[2:].replace("-", "_").upper() for name in self.opts if name.startswith("--")]
        return [f"{prefix}_{name}" for prefix in prefixes if prefix for name in names]

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the value of the first variable that is set. An empty one counts as not set."""
        return next(filter(None, map(os.environ.get, self.find_variables(ctx))), None)

    def find_source(self, ctx: click.Context) -> str | None:
        """Return the environment variable that the value comes from, None if it stands on the command line."""
        if ctx.get_parameter_source(self.name) is not ParameterSource.ENVIRONMENT:
            return None
        return next(filter(os.environ.get, self.find_variables(ctx)), None)

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """Return the value, or the values of a repeatable option, that the environment holds."""
        value = self.resolve_envvar_value(ctx)
        if value is None or not self.multiple:
            return super().value_from_envvar(ctx)
        return tuple(part.strip() for part in self._split(value) if part.strip())


MIN_VALUE_LENGTH = 3
"""Shorter values of options stand in errors by chance."""


def explain_sources(text: str) -> Iterator[str]:
    """Yield which environment variables hold the options that an error is about: it names them, or repeats a value."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    for parameter in context.command.params:
        variable = parameter.find_source(context) if isinstance(parameter, GroupedOption) else None
        if variable is None:
            continue
        option = parameter.opts[-1]
        value = str(context.params[str(parameter.name)])
        name = option.removeprefix("--")
        names = [option, f"the {name.replace('-', ' ')}"]
        # What the policy can say too goes by its key there, which may be an ordinary word: not so max_deletes.
        names += [name.replace("-", "_")] if "-" in name else []
        # Not as a part of a name: `text` in text.yaml.
        word = rf"(?<![\w./-]){re.escape(value)}(?![\w/-]|\.\w)"
        is_repeated = len(value) > MIN_VALUE_LENGTH and re.search(word, text)
        if is_repeated or any(spelling in text for spelling in names):
            yield f"The value of {option} is that of the environment variable {variable}."


class FormatOption(GroupedOption):
    """The option `--format`; `--json` stands for `--format json`."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Accept both. The last one on the command line wins."""
        super().add_to_parser(parser, ctx)
        parser.add_option(obj=self, opts=["--json"], dest=self.name, action="store_const", const="json")


class GroupedCommand(click.Command):
    """A command whose help text has a heading for each group of options. `--help` is one of the output options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options below their headings."""
        records: dict[str, list[tuple[str, str]]] = {heading: [] for heading in GROUPS}
        for parameter in self.get_params(ctx):
            heading = OUTPUT if "--help" in parameter.opts else getattr(parameter, "group", OWN)
            record = parameter.get_help_record(ctx)
            # Newer versions of click also return a record of each argument, without a text. The usage line has these.
            if record is not None and record[1]:
                records[heading].append(record)
        for heading, rows in records.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Offer `--json` beside the options that click knows."""
        found = super().shell_complete(ctx, incomplete)
        has_json = any(isinstance(item, FormatOption) for item in self.params)
        offers = has_json and incomplete[:1] == "-" and "--json".startswith(incomplete)
        return [*found, CompletionItem("--json", help="As --format json.")] if offers else found


def find_variables(parameter: click.Parameter, ctx: click.Context) -> list[str]:
    """Return the environment variables of a parameter: none of an argument."""
    return parameter.find_variables(ctx) if isinstance(parameter, GroupedOption) else []


def option(*names: str, group: str = OWN, **attributes: Any) -> Callable[[Decorated], Decorated]:
    """Do what `click.option` does, for an option under a heading. The other arguments are those of `GroupedOption`."""
    return click.option(*names, **{"cls": GroupedOption, "group": group, **attributes})


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
        """Offer the addresses of the workspace that the line names so far, else of the one at the default path."""
        del param
        # As long as the option has no value, click leaves the arguments that stand before it unparsed.
        paths = ctx.params.get("paths") or tuple(ctx.args)
        return [CompletionItem(address) for address in find_addresses(paths) if address.startswith(incomplete)]


def find_addresses(paths: Sequence[str]) -> list[str]:
    """Return the addresses that a workspace declares, without asking the service. An unreadable workspace has none."""
    if STANDARD_INPUT in paths:
        return []
    from notifconf.cli.session import find_workspace  # not at the top: `validate` needs no connection

    try:
        workspace = find_workspace(paths)
    except NotifconfError:
        return []
    if workspace is None:
        return []
    return sorted(set(load_provider(workspace.provider).addresses(workspace.declarations)))


class OutputFile(click.Path):
    """The type of all options that name a file to write. A command claims these files before it reads anything."""

    def __init__(self) -> None:
        """Accept every path. The command itself reports a file that it can't write."""
        super().__init__(dir_okay=False, readable=False, path_type=Path)


def check_owners(_context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Refuse what can't be the name of an owner. `value` is one name, several, or None."""
    for owner in (value,) if isinstance(value, str) else value or ():
        if not OWNER.fullmatch(owner):
            raise click.BadParameter("an owner is 1 to 32 characters of a-z, 0-9 and -", param=parameter)
    return value


def check_endpoint(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty endpoint, and a file: the value of the option was forgotten."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty: is a variable not set?", param=parameter)
    is_url = value is None or "://" in value or value.startswith("emulator:")
    if not is_url and os.path.exists(value or ""):  # noqa: PTH110 -- false, and no error, for what can be no path
        raise click.BadParameter(f"{value} is a file or a folder, and no URL", param=parameter)
    return value


def check_seconds(_context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuse what is no number of seconds."""
    if not math.isfinite(value):
        raise click.BadParameter("that is no number of seconds", param=parameter)
    return value


def read_max_deletes(_context: click.Context, parameter: click.Parameter, value: str | None) -> int | Percentage | None:
    """Return a number of deletes, or a percentage."""
    if value is None:
        return None
    try:
        return parse_max_deletes(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error
