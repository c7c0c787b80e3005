"""`--log-file`: one JSON line per request, and what is known of an internal bug."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from notifconf.errors import UsageError

if TYPE_CHECKING:
    from notifconf.http import Exchange


@contextmanager
def request_log(path: Path | None) -> Iterator[Callable[[Exchange], None] | None]:
    """Give an observer that appends each request to the file at `path`, or None where there is none."""
    if path is None:
        yield None
        return
    with _opened(path) as file:

        def observe(exchange: Exchange) -> None:
            _append(file, {"event": "request", **asdict(exchange)})

        yield observe


def log_crash(path: Path, error: BaseException) -> None:
    """Append where an internal bug is: lines of code and types, but no message and no variable, which may be secret."""
    with _opened(path) as file:
        _append(file, {"event": "crash", "traceback": "".join(_traceback(error))})


def _traceback(error: BaseException | None) -> Iterator[str]:
    import traceback

    while error is not None:
        yield from (f"{type(error).__qualname__} raised at\n", *traceback.format_tb(error.__traceback__))
        error = error.__cause__ or error.__context__


def _opened(path: Path) -> IO[str]:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"can't write the log file {path}: {error.strerror}") from error


def _append(file: IO[str], record: dict[str, object]) -> None:
    file.write(json.dumps({"time": datetime.now(UTC).isoformat(), **record}) + "\n")
    file.flush()
