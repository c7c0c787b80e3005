"""`notifconf validate`: check a workspace without the network."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from notifconf.cli.console import Console, remember_secrets
from notifconf.cli.options import FORMATS, access_options, command, paths_argument
from notifconf.cli.parameters import option
from notifconf.cli.process import ExitCode, find_folder
from notifconf.config import Access, load
from notifconf.errors import WorkspaceError
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.state import Workspace
from notifconf.report.github import annotate
from notifconf.report.json import diagnostics_json
from notifconf.report.style import line

NEVER_ERRORS = frozenset({"mute-not-begun"})
"""Warnings that `--strict` does not turn into errors: they end by themselves as time passes."""


@command(paths_argument, access_options, formats=(*FORMATS, "github"), verdict="The workspace is not valid")
@option("--resolve", is_flag=True, help="Check ${…} references too: this needs their environment.")
@option("--strict", is_flag=True, help="Warnings are errors.")
def validate(paths: tuple[str, ...], *, resolve: bool, strict: bool, access: Access, console: Console) -> ExitCode:
    """Check a workspace without network or environment.

    As a step of a GitHub workflow, --format github makes annotations.

    \b
    Example:
      notifconf validate examples/confluent
    """
    workspace = _load(paths, os.environ if resolve else None, access, strict=strict)
    console.diagnostics(workspace.diagnostics)
    if console.format == "json":
        console.result(diagnostics_json(workspace.provider, workspace.diagnostics))
        return ExitCode.DONE
    if console.format == "github":
        console.result(annotate(workspace.diagnostics, find_folder()))
    console.lines([line("The workspace is valid.")])
    return ExitCode.DONE


def _load(paths: Sequence[str], environment: Mapping[str, str] | None, access: Access, *, strict: bool) -> Workspace:
    """Load a workspace. Raises `WorkspaceError` with everything that is wrong; `strict` makes warnings errors."""
    try:
        workspace = load(paths, environment=environment, now=datetime.now(UTC), stdin=sys.stdin.buffer, access=access)
    except WorkspaceError as error:
        raise WorkspaceError(_apply_strictness(error.diagnostics, strict=strict), error.workspace) from None
    remember_secrets(workspace.secrets)
    diagnostics = _apply_strictness(workspace.diagnostics, strict=strict)
    if any(item.severity == "error" for item in diagnostics):
        raise WorkspaceError(diagnostics, workspace)
    return workspace


def _apply_strictness(diagnostics: Iterable[Diagnostic], *, strict: bool) -> list[Diagnostic]:
    return [
        item._replace(severity="error") if strict and item.code not in NEVER_ERRORS else item for item in diagnostics
    ]
