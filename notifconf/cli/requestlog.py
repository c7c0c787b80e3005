"""`--log-file`: one JSON line per request, and what is known of an internal bug."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.cli.secrecy import mask
from notifconf.errors import UsageError

if TYPE_CHECKING:
    from notifconf.http import Exchange


@contextmanager
def request_log(path: Path | None) -> Iterator[Callable[[Exchange], None] | None]:
    """Give an observer that appends each request to the file at `path`, or None where there is none.

    That a line can't be written ends nothing, least of all an apply: it is said at the end, on standard error.
    """
    if path is None:
        yield None
        return
    failure: UsageError | None = None
    with _opened(path) as file:

        def observe(exchange: Exchange) -> None:
            nonlocal failure
            try:
                _append(file, path, {"event": "request", **asdict(exchange)})
            except UsageError as error:
                failure = error

        try:
            yield observe
        finally:
            if failure is not None:
                sys.stderr.write(f"warning: {failure}: requests are missing in it\n")


def log_crash(path: Path, error: BaseException) -> None:
    """Append where an internal bug is: lines of code and types, but no message and no variable, which may be secret.

    Raises `UsageError` where that can't be written.
    """
    with _opened(path) as file:
        _append(file, path, {"event": "crash", "traceback": "".join(_traceback(error))})


def _traceback(error: BaseException | None) -> Iterator[str]:
    import traceback

    while error is not None:
        yield from (f"{type(error).__qualname__} raised at\n", *traceback.format_tb(error.__traceback__))
        error = error.__cause__ or error.__context__


def _opened(path: Path) -> FileIO:
    try:
        return FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a")
    except OSError as error:
        raise _unwritable(path, error) from error


def _append(file: FileIO, path: Path, record: dict[str, object]) -> None:
    line = mask(json.dumps({"time": datetime.now(UTC).isoformat(), **record})) + "\n"
    try:
        file.write(line.encode("ascii"))
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"can't write the log file {path}: {error.strerror}")
