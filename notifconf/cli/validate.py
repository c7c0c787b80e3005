"""`notifconf validate`: what can be known without the network."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import click

from notifconf.cli.console import Console
from notifconf.cli.exitcode import ExitCode
from notifconf.cli.options import access_options, command, console_options, paths_argument
from notifconf.cli.secrecy import learn
from notifconf.cli.session import current_time
from notifconf.config import Access, load
from notifconf.errors import WorkspaceError
from notifconf.model import Diagnostic, Workspace
from notifconf.report.formats import diagnostics_json
from notifconf.report.style import line

NEVER_ERRORS = frozenset({"mute-not-begun"})
"""Warnings that `--strict` leaves alone: time alone ends them."""


@command()
@paths_argument
@click.option("--resolve", is_flag=True, help="Check ${…} references too: this needs their environment.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@access_options
@console_options("text", "json")
def validate(paths: tuple[str, ...], *, resolve: bool, strict: bool, access: Access, console: Console) -> ExitCode:
    """Check a workspace without network or environment.

    \b
    Example:
      notifconf validate examples/confluent
    """
    workspace = _loaded(paths, os.environ if resolve else None, access, strict=strict)
    console.diagnostics(workspace.diagnostics)
    if console.format == "json":
        console.result(diagnostics_json(workspace.provider, workspace.diagnostics))
    else:
        console.lines([line("The workspace is valid.")])
    return ExitCode.DONE


def _loaded(paths: Sequence[str], environment: Mapping[str, str] | None, access: Access, *, strict: bool) -> Workspace:
    """Load a workspace. Raises `WorkspaceError` with everything that is wrong; `strict` makes warnings errors."""
    try:
        workspace = load(paths, environment=environment, now=current_time(), stdin=sys.stdin.buffer, access=access)
    except WorkspaceError as error:
        raise WorkspaceError(_judged(error.diagnostics, strict=strict)) from None
    learn(workspace.secrets)
    judged = _judged(workspace.diagnostics, strict=strict)
    if any(item.severity == "error" for item in judged):
        raise WorkspaceError(judged)
    return workspace


def _judged(diagnostics: Iterable[Diagnostic], *, strict: bool) -> list[Diagnostic]:
    return [
        replace(item, severity="error") if strict and item.code not in NEVER_ERRORS else item for item in diagnostics
    ]
