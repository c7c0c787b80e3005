"""`notifconf fmt`: a workspace in canonical order and style."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from notifconf.cli.console import Console
from notifconf.cli.options import command, paths_argument
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode
from notifconf.config.format import find_lost_comment, format_text
from notifconf.config.load import IGNORED
from notifconf.config.scalars import format_key
from notifconf.config.schema import list_top_level_keys
from notifconf.config.sources import STANDARD_INPUT, Source, read_sources
from notifconf.config.yaml import parse
from notifconf.errors import WorkspaceError
from notifconf.files import usage_errors, write_atomically
from notifconf.model.diagnostic import BYTE_ORDER_MARK, Diagnostic, error
from notifconf.report.json import dump_json
from notifconf.report.style import Span, count, line

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
    texts = {source.name: source.data.decode("utf-8", "replace") for source in sources}
    _refuse_errors(sources)
    formatted = {name: _format(name, text) for name, text in texts.items()}
    kept = [name for name, text in formatted.items() if text is None]
    for name in kept:
        console.aside([line(Span("warning:", "warning"), f" {_describe_kept(name, texts[name])}")])
    verdict = (
        f"{count(len(kept), 'file')} can't be formatted: a warning says why. All others are." if kept else FORMATTED
    )
    changed = {name: text for name, text in formatted.items() if text is not None and text != texts[name]}
    if not check:
        for name, text in changed.items():
            if name != STANDARD_INPUT:
                with usage_errors(f"can't write {name}"):
                    write_atomically(Path(name), text)
    if console.machine:
        # A file may hold a secret, which no log may show. Who pipes one in gets it back.
        printed = {name: {"text": formatted[name] or texts[name]} for name in {STANDARD_INPUT} & texts.keys()}
        files = [{"file": name, "changed": name in changed, **printed.get(name, {})} for name in texts]
        console.result(dump_json({"files": files}))
    elif check:
        advice = shlex.join(("notifconf", "fmt", *paths))
        sums = f"{count(len(changed), 'file')} would change: run `{advice}`."
        console.lines([*(line(f"{name} would change.") for name in changed), line(sums if changed else verdict)])
    elif STANDARD_INPUT in texts:
        console.result(formatted[STANDARD_INPUT] or texts[STANDARD_INPUT])
    else:
        outcome = [f"Wrote {name}." for name in changed]
        console.lines(map(line, [*outcome, verdict] if kept or not changed else outcome))
    return ExitCode.ERROR if check and changed else ExitCode.DONE


def _describe_kept(name: str, text: str) -> str:
    """Say why a file can't be formatted, and what to do."""
    number = find_lost_comment(text)
    if number is not None:
        reason = f"the style has no place for a comment inside braces, as in line {number}: move it above"
    else:
        reason = "the style would lose a comment or change a value: give each comment its own line, and use no tabs"
    return f"{name} stays as it is: {reason}"


def _format(name: str, text: str) -> str | None:
    """Return the canonical form with the line endings, and the byte order mark, that the file has."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    formatted = format_text(name, text.removeprefix(mark).replace("\r\n", "\n"))
    if formatted is None:
        return None
    is_of_windows = 2 * text.count("\r\n") > text.count("\n")
    return mark + (formatted.replace("\n", "\r\n") if is_of_windows else formatted)


def _refuse_errors(sources: list[Source]) -> None:
    """Raise `WorkspaceError` with the errors of files that can't be read as YAML, or that are of something else."""
    diagnostics: list[Diagnostic] = []
    for source in sources:
        document, found = parse(source.name, source.data)
        diagnostics += found
        known = list_top_level_keys()
        others = [key for key in document or () if key not in {*known, "version"} and not key.startswith(IGNORED)]
        if document is not None and others and known.isdisjoint(document):
            message = (
                f"this is no workspace: the key {format_key(others[0])} belongs to something else. Nothing was"
                " formatted: name the files of the workspace alone"
            )
            diagnostics.append(error("unknown-key", message, document.keys_at[others[0]]))
    if any(item.severity == "error" for item in diagnostics):
        raise WorkspaceError(diagnostics)
