"""`notifconf export`: the live state as a workspace."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from notifconf import answers, api
from notifconf.cli.console import Console, mask
from notifconf.cli.options import Service, command, resources_option, service_options
from notifconf.cli.parameters import OUTPUT, check_owners, option
from notifconf.cli.process import ExitCode
from notifconf.cli.session import current_time, find_default_provider, survey
from notifconf.config import schema_text
from notifconf.errors import UsageError
from notifconf.files import write_new
from notifconf.model.views import Exported
from notifconf.report.style import Line, Span, line
from notifconf.report.workspace import SCHEMA, SECRETS, variable_lines, workspace_files

SUFFIXES = (".yaml", ".yml")


DESTINATION_OPTION = option(
    "--output",
    "destination",
    group=OUTPUT,
    metavar="FILE|FOLDER/",
    help="Write one file, or into a folder one for each section.",
)


@command(DESTINATION_OPTION, service_options, own_output=True)
@resources_option
@option("--discover", is_flag=True, help="Look all resources up, and write those with a mute or a subscription.")
@option("--owner", metavar="OWNER", callback=check_owners, help="What this owner has marked, and nothing else.")
def export(
    *,
    resources: tuple[str, ...],
    discover: bool,
    owner: str | None,
    destination: str | None,
    service: Service,
    console: Console,
) -> ExitCode:
    """Write the live state as a workspace.

    A plan of it shows no change. Secrets become references to variables, which are listed at its top. The service can't
    list what it knows of resources: those are looked up that --resource names, or with --discover all that there are.
    What owners have marked is left out, but --owner writes the workspace of one of them. Nothing is ever overwritten.

    \b
    Example:
      notifconf export --resource environment=env-abc123 --endpoint emulator:
    """
    if destination is not None:
        _refuse_overwriting(destination)
    provider = find_default_provider(service)
    live = survey(service, console, provider, resources, discover=discover)
    exported = answers.export(provider.name, live, resources, owner=owner, now=current_time())
    if destination is None:
        console.result(api.render(exported, "yaml"))
    else:
        _write(_files(destination, exported), destination)
    if not console.quiet:
        console.aside(_describe_next_steps(exported, destination))
    return ExitCode.DONE


def _files(destination: str, exported: Exported) -> Mapping[Path, str]:
    """Return the files to write, and their JSON Schema beside them where there is none yet."""
    if _is_folder(destination):
        folder = Path(destination)
        texts = workspace_files(exported)
    else:
        folder = Path(destination).parent
        texts = {Path(destination).name: api.render(exported, "yaml")}
    files = {folder / name: text for name, text in texts.items()}
    schema = folder / SCHEMA
    return files if schema.exists() else {**files, schema: schema_text(SCHEMA)}


def _is_folder(destination: str) -> bool:
    return destination.endswith("/") or Path(destination).is_dir()


def _refuse_overwriting(destination: str) -> None:
    """Raise `UsageError` for a file that is there, and a folder with a workspace: that would become a part of it."""
    path = Path(destination)
    found = [path] if path.exists() or path.is_symlink() else []
    if _is_folder(destination):
        found = sorted(file for file in path.glob("[!.]*") if file.suffix in SUFFIXES)
    if found:
        raise UsageError(f"{found[0]} is there already, and stays as it is: name another file, or an empty folder")


def _write(files: Mapping[Path, str], destination: str) -> None:
    try:
        write_new({path: mask(text) for path, text in files.items()})
    except OSError as error:
        raise UsageError(f"can't write {error.filename2 or error.filename or destination}: {error.strerror}") from error


def _describe_next_steps(exported: Exported, destination: str | None) -> Iterator[Line]:
    for sentence in exported.left_out:
        yield line(Span("warning:", "warning"), f" {sentence}")
    if exported.variables:
        yield line(SECRETS)
        for text in variable_lines(exported.variables):
            yield line(f"  {text}")
    if destination is not None:
        yield line(
            Span(f"Wrote {destination}.", "strong"), f" `notifconf plan {shlex.quote(destination)}` shows no change."
        )
