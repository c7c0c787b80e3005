"""The files of a workspace."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from notifconf.config.yaml import MAX_FILE_BYTES
from notifconf.errors import UsageError
from notifconf.files import open_to_read, refuse_claimed
from notifconf.model.diagnostic import Diagnostic, Position, list_some, quoted, warning

DEFAULT = "notifconf.yaml"
STANDARD_INPUT = "-"
SUFFIXES = frozenset({".yaml", ".yml"})
SECTIONS = frozenset({"provider", "integrations", "subscriptions", "resources"})
"""A JSON file that has one of these looks like a workspace."""
MAX_SKIPPED_SHOWN = 5
PLAN_KEY = "format_version"
"""What a plan as JSON begins with, and no workspace has."""


class Source(NamedTuple):
    """One file: `name` is as the user named it, `data` what it holds, at most one byte more than is allowed."""

    name: str
    data: bytes


def read_sources(paths: Sequence[str], stdin: BinaryIO | None = None) -> list[Source]:
    """Read the files that `paths` name, sorted by name, each one once.

    A path is a file, a folder (its `*.yaml` and `*.yml`, hidden ones aside) or `-`, which is `stdin`. No path means
    the default one. Raises UsageError for what is not there or can't be read.
    """
    sources: dict[str, Source] = {}
    for name in _list_names(paths):
        identity = name if name == STANDARD_INPUT else _identify(name)
        if identity not in sources:
            sources[identity] = Source(name, _read(name, stdin))
    return sorted(sources.values())


def _identify(name: str) -> str:
    try:
        return os.path.realpath(name)
    except OSError as failure:
        raise UsageError(f"{name} can't be found, since the current folder can't: {failure.strerror}") from failure


def skipped_files(paths: Sequence[str]) -> Iterator[Diagnostic]:
    """Warn of what lies in the folders of `paths`, looks like a part of the workspace, and is not read."""
    for folder in dict.fromkeys(path for path in paths if path != STANDARD_INPUT and _is_folder(path)):
        for entry in _find_skipped(folder):
            advice = "pass it as a path of its own" if entry.is_dir() else "name it *.yaml, or pass it as a path"
            message = f"{quoted(entry.name)} is not read, although it looks like a part of the workspace: {advice}"
            yield warning("skipped-file", message, Position(str(entry), 1, 1))


def _find_skipped(folder: str) -> list[Path]:
    entries = sorted(Path(folder).iterdir())
    return [entry for entry in entries if not entry.name.startswith(".") and _looks_like_workspace(entry)]


def _looks_like_workspace(entry: Path) -> bool:
    suffix = entry.suffix.lower()
    try:
        if entry.is_dir():
            return any(file.suffix.lower() in SUFFIXES for file in entry.iterdir())
        if suffix == ".json" and entry.stat().st_size <= MAX_FILE_BYTES and entry.is_file():
            document = json.loads(entry.read_bytes())
            return isinstance(document, dict) and not SECTIONS.isdisjoint(document) and PLAN_KEY not in document
    except (OSError, ValueError, RecursionError):
        return False
    return suffix in SUFFIXES and entry.suffix not in SUFFIXES and entry.exists()


def _list_names(paths: Sequence[str]) -> Iterable[str]:
    if not paths and not Path(DEFAULT).exists():
        raise UsageError(
            f"there is no {DEFAULT} here: `notifconf init` writes one, or name a workspace: a file or a folder"
        )
    for path in paths or (DEFAULT,):
        yield from _list_files(path) if path != STANDARD_INPUT and _is_folder(path) else [path]


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        # Reading the path reports the reason.
        return False


def _list_files(folder: str) -> list[str]:
    try:
        files = [
            str(file)
            for file in Path(folder).iterdir()
            if file.suffix in SUFFIXES and not file.name.startswith(".") and not file.is_dir()
        ]
    except OSError as failure:
        raise UsageError(f"the folder {folder} can't be read: {failure.strerror}") from failure
    if not files:
        skipped = list_some([quoted(str(entry)) for entry in _find_skipped(folder)], MAX_SKIPPED_SHOWN)
        way_out = f"name what is in it: {skipped}" if skipped else f"`notifconf init {folder}` writes one"
        raise UsageError(f"the folder {folder} holds no *.yaml or *.yml file: {way_out}")
    return sorted(files)


def _read(name: str, stdin: BinaryIO | None) -> bytes:
    if name == STANDARD_INPUT:
        stream = stdin or sys.stdin.buffer
        with suppress(OSError):  # a stream in memory has no descriptor
            refuse_claimed(stream.fileno(), "standard input")
        return stream.read(MAX_FILE_BYTES + 1)
    try:
        with open_to_read(name) as file:
            return file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        if Path(name).is_symlink():
            raise UsageError(f"{name} is a link to {Path(name).readlink()}, which does not exist") from None
        way_out = (
            ", and where you are" if Path(name).suffix else f", or write a workspace there: `notifconf init {name}`"
        )
        raise UsageError(f"there is no file or folder {name}: check the name{way_out}") from None
    except OSError as failure:
        raise UsageError(f"{name} can't be read: {failure.strerror}") from failure
