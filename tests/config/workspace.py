"""Workspaces as text, and what loading them says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from notifconf.config import load
from notifconf.errors import WorkspaceError
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.state import Workspace

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

HEAD = "version: 1\nprovider: confluent\n"
"""Lines 1 and 2 of every workspace here."""

CHANNELS = """\
integrations:
  a: {target: {kind: Slack, webhook_url: "https://hooks.example.com/${A:-a}"}}
  b: {target: {kind: Webhook, url: "https://hooks.example.com/${B:-b}"}}
subscriptions:
  - {notification_type: All of it, integrations: [a, b]}
"""
"""Lines 3 to 7 where a test needs integrations that are used."""


def loaded(text: str | bytes, environment: Mapping[str, str] | None = None, now: datetime = NOW) -> Workspace:
    """Load a workspace from standard input."""
    data = text if isinstance(text, bytes) else text.encode()
    return load(["-"], environment=environment, now=now, stdin=BytesIO(data))


def diagnosed(
    text: str | bytes, environment: Mapping[str, str] | None = None, now: datetime = NOW
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a workspace, errors and warnings; URLs stand in clear here, and nobody is warned."""
    try:
        found = loaded(text, environment, now).diagnostics
    except WorkspaceError as failure:
        found = failure.diagnostics
    return tuple(item for item in found if item.code != "literal-secret")


def marked(text: str) -> tuple[str, str]:
    """Take the mark § out of a text; return it with the LINE:COLUMN where the mark stood (of the end without one)."""
    before = text.partition("§")[0]
    return text.replace("§", ""), f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def places(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    """Return each diagnostic as `LINE:COLUMN severity[code]`."""
    return [
        f"{f'{it.position.line}:{it.position.column}' if it.position else '-'} {it.severity}[{it.code}]"
        for it in diagnostics
    ]


def written(folder: Path, **files: str) -> Path:
    """Write files, each by its name without `.yaml`."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
