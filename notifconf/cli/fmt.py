"""`notifconf fmt`: a workspace in canonical order and style."""

from __future__ import annotations

import sys
from pathlib import Path

from notifconf.cli.console import Console
from notifconf.cli.options import command, paths_argument
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.config.format import format_text
from notifconf.config.sources import STANDARD_INPUT, Source, read_sources
from notifconf.config.yaml import parse
from notifconf.errors import UsageError, WorkspaceError
from notifconf.files import write_atomically
from notifconf.report.json import dump_json
from notifconf.report.style import Span, count, line

FORMATTED = "All files are formatted."
UNFORMATTED = "the canonical style would lose a comment or change a value. Write each comment on a line of its own"


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
    for name in (name for name, text in formatted.items() if text is None):
        console.aside([line(Span("warning:", "warning"), f" {name} stays as it is: {UNFORMATTED}")])
    changed = {name: text for name, text in formatted.items() if text is not None and text != texts[name]}
    if not check:
        for name in changed.keys() - {STANDARD_INPUT}:
            _write(name, changed[name])
    if console.machine:
        files = [{"file": name, "changed": name in changed, "text": formatted[name] or texts[name]} for name in texts]
        console.result(dump_json({"files": files}))
    elif check:
        sums = f"{count(len(changed), 'file')} would change: run `notifconf fmt`."
        console.lines([*(line(f"{name} would change.") for name in changed), line(sums if changed else FORMATTED)])
    elif STANDARD_INPUT in texts:
        console.result(formatted[STANDARD_INPUT] or texts[STANDARD_INPUT])
    else:
        is_done = not changed and None not in formatted.values()
        console.lines([*(line(f"Wrote {name}.") for name in changed), *([line(FORMATTED)] if is_done else [])])
    return ExitCode.ERROR if check and changed else ExitCode.DONE


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
