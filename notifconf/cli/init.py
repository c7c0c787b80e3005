"""`notifconf init`: a workspace to start from."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from notifconf.cli.console import Console
from notifconf.cli.options import command
from notifconf.cli.parameters import ProviderName, option
from notifconf.cli.process import ExitCode
from notifconf.config import schema_text
from notifconf.config.sources import SUFFIXES
from notifconf.errors import UsageError
from notifconf.files import open_to_read, usage_errors, write_new
from notifconf.providers import BUILT_IN, load_provider
from notifconf.report.style import Line, Span, line

WORKSPACE = "notifconf.yaml"
SCHEMA = "notifconf-v1.schema.json"
"""Beside the workspace, where its first line says: editors need a file, and need no network then."""

PROVIDER_LINE = re.compile(r"^provider:", re.MULTILINE)
VARIABLE = re.compile(r"^[^#]*\$\{(\w+)\}", re.MULTILINE)


@command(formats=["text"])
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@option("--provider", shared=True, type=ProviderName(), default=BUILT_IN[0], show_default=True, help="The service.")
def init(folder: Path, *, provider: str, console: Console) -> ExitCode:
    """Write a commented starter workspace.

    It validates as it is, and nothing is ever overwritten. Its JSON Schema is written beside it, for editors.

    \b
    Example:
      notifconf init alerts
    """
    if folder.suffix in SUFFIXES:
        raise UsageError(f"{folder} is the name of a file: name the folder that {WORKSPACE} shall be written into")
    starter = load_provider(provider).read_starter()
    with usage_errors(f"can't write into {folder}"):
        _refuse_second_workspace(folder)
        schema = {} if (folder / SCHEMA).exists() else {folder / SCHEMA: schema_text(SCHEMA)}
        write_new({**schema, folder / WORKSPACE: starter})
    console.lines(_describe_next_steps(folder, provider, VARIABLE.findall(starter)))
    return ExitCode.DONE


def _describe_next_steps(folder: Path, provider: str, variables: list[str]) -> Iterator[Line]:
    elsewhere = folder != Path()
    types = f"notifconf types --provider {provider}" if elsewhere else "notifconf types"
    plan = f"notifconf plan {shlex.quote(str(folder))}" if elsewhere else "notifconf plan"
    width = max(len(types), len(plan))
    yield line(Span(f"Wrote {folder / WORKSPACE}", "strong"), f"; {SCHEMA} beside it is for your editor.")
    then = " Then:"
    service = load_provider(provider)
    yield line(f"To reach {service.title}, set {service.credentials}.{'' if variables else then}")
    if variables:
        yield line(f"The workspace refers to {', '.join(variables)}: set that too.{then}")
    yield line(f"  {types:{width}}", Span("  lists the notification types that you can subscribe to", "dim"))
    yield line(f"  {plan:{width}}", Span("  shows what apply would do", "dim"))
    yield line("With --endpoint emulator: both work on an emulated organization, without credentials.")
    if service.expiry_codes:
        yield line("A mute ends with the first apply after its `until`: where you declare one, apply every hour.")


def _refuse_second_workspace(folder: Path) -> None:
    """Raise `UsageError` where a workspace lives already: one file more in its folder would be merged into it."""
    candidates = [folder / WORKSPACE, *sorted(folder.glob("[!.]*.yaml")), *sorted(folder.glob("[!.]*.yml"))]
    for file in candidates:
        if _declares_provider(file) or (file.name == WORKSPACE and (file.exists() or file.is_symlink())):
            raise UsageError(f"{file} is there already, and stays as it is: for another workspace name another folder")


def _declares_provider(file: Path) -> bool:
    try:
        with open_to_read(file) as opened:
            return PROVIDER_LINE.search(opened.read().decode("utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False
