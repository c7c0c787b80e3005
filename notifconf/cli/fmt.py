"""`notifconf fmt`: a workspace in canonical order and style."""

from __future__ import annotations

import sys
from pathlib import Path

from notifconf.cli.console import Console
from notifconf.cli.options import command, paths_argument
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.config.files import STANDARD_INPUT, Source, read_sources
from notifconf.config.format import format_text
from notifconf.config.yaml import parse
from notifconf.errors import UsageError, WorkspaceError
from notifconf.files import write_atomically
from notifconf.report.style import count, line

FORMATTED = "All files are formatted."


@command(paths_argument, option("--check", is_flag=True, help="Change nothing; exit with 1 if a file would change."))
def fmt(paths: tuple[str, ...], *, check: bool, console: Console) -> ExitCode:
    """Write a workspace in canonical order and style.

    The members of each entry stand in the order of the documentation; comments, blank lines and quotes stay. Each file
    is replaced whole. What `-` reads is printed.

    \b
    Example:
      notifconf fmt notifconf.yaml
    """
    sources = read_sources(paths, sys.stdin.buffer)
    texts = {source.name: source.data.decode("utf-8-sig", "replace") for source in sources}
    _refuse_errors(sources)
    formatted = {name: format_text(name, text) for name, text in texts.items()}
    changed = [name for name, text in formatted.items() if text != texts[name]]
    if check:
        for name in changed:
            console.lines([line(f"{name} would change.")])
        sums = f"{count(len(changed), 'file')} would change: run `notifconf fmt`."
        console.lines([line(sums if changed else FORMATTED)])
        return ExitCode.ERROR if changed else ExitCode.DONE
    for name in changed:
        if name != STANDARD_INPUT:
            _write(name, formatted[name])
            console.lines([line(f"Wrote {name}.")])
    if STANDARD_INPUT in formatted:
        console.result(formatted[STANDARD_INPUT])
    elif not changed:
        console.lines([line(FORMATTED)])
    return ExitCode.DONE


def _refuse_errors(sources: list[Source]) -> None:
    """Raise `WorkspaceError` with the errors of files that can't be read as YAML."""
    diagnostics = [found for source in sources for found in parse(source.name, source.data)[1]]
    if any(item.severity == "error" for item in diagnostics):
        raise WorkspaceError(diagnostics)


def _write(name: str, text: str) -> None:
    try:
        write_atomically(Path(name), text)
    except OSError as error:
        raise UsageError(f"can't write {name}: {error.strerror}") from error
