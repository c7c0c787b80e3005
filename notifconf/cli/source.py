"""The lines of a workspace's files, for showing a diagnostic where it points."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from notifconf.config.yaml import MOST_BYTES
from notifconf.errors import UsageError
from notifconf.files import open_to_read
from notifconf.report.excerpt import excerpt_lines

if TYPE_CHECKING:
    from notifconf.model import Diagnostic
    from notifconf.report.style import Line

SECRET_KEYS = frozenset({"url", "webhook_url", "role_name", "user"})
"""Members of a target: of one whose kind is not known, any may be a secret."""

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line in YAML 1.1, as its parser counts them."""


def excerpts(width: int) -> Callable[[Diagnostic], Iterator[Line]]:
    """Return what gives the source line of a diagnostic with a caret under it; each file is read once."""
    files: dict[str, list[str]] = {}
    safe_keys = _safe_keys()

    def excerpt(diagnostic: Diagnostic) -> Iterator[Line]:
        if diagnostic.position is None:
            return
        file = diagnostic.position.file
        if file not in files:
            files[file] = _lines(file)
        yield from excerpt_lines(diagnostic, files[file], safe_keys, width)

    return excerpt


def _lines(file: str) -> list[str]:
    """Return a file's lines, each tab as one blank; none where it can't be read any more, as standard input can't."""
    try:
        with open_to_read(file) as opened:
            text = opened.read(MOST_BYTES).decode("utf-8-sig")
    except (OSError, UsageError, UnicodeDecodeError):
        return []
    return LINE_BREAK.split(text.replace("\t", " "))


def _safe_keys() -> frozenset[str]:
    """Return every member of the language whose value is no secret."""
    from notifconf.config import schema_text

    names: set[str] = set()

    def collect(node: object) -> None:
        if isinstance(node, dict):
            properties = node.get("properties")
            if isinstance(properties, dict):
                names.update(properties)
            for member in node.values():
                collect(member)
        elif isinstance(node, list):
            for member in node:
                collect(member)

    collect(json.loads(schema_text("notifconf-v1.schema.json")))
    return frozenset(names - SECRET_KEYS)
