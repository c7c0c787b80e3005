"""`--log-file`: one JSON line per request, and what is known of an internal bug."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from notifconf.cli.console import mask
from notifconf.cli.process import write_error
from notifconf.errors import UsageError
from notifconf.files import open_log
from notifconf.http.exchange import Exchange


@contextmanager
def request_log(path: Path | None) -> Iterator[Callable[[Exchange], None] | None]:
    """Give an observer that appends each request to the file at `path`, or None where there is none.

    That a line can't be written ends nothing, least of all an apply: it is said at the end, on standard error.
    """
    if path is None:
        yield None
        return
    failure: UsageError | None = None
    with _opened(path) as append:

        def observe(exchange: Exchange) -> None:
            nonlocal failure
            try:
                append({"event": "request", **exchange._asdict()})
            except UsageError as error:
                failure = error

        try:
            yield observe
        finally:
            if failure is not None:
                write_error(f"warning: {failure}: requests are missing in it\n")


def report_crash(error: Exception, log_file: Path | None) -> None:
    """Say that notifconf has a bug. The exception's own text may hold anything, so it is shown nowhere."""
    where = "--log-file FILE, where a command has it, keeps the details of the next one"
    if log_file is not None:
        try:
            log_crash(log_file, error)
            where = f"the details are in {log_file}"
        except UsageError as failure:
            where = str(failure)
    write_error(f"error: this is a bug in notifconf ({type(error).__name__}); {where}. Please report it.\n")


def log_crash(path: Path, error: BaseException) -> None:
    """Append where an internal bug is: lines of code and types, but no message and no variable, which may be secret.

    Raises `UsageError` where that can't be written.
    """
    with _opened(path) as append:
        append({"event": "crash", "traceback": "".join(_traceback(error))})


def _traceback(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield from (f"{type(error).__qualname__} raised at\n", *traceback.format_tb(error.__traceback__))
        error = error.__cause__ or error.__context__


@contextmanager
def _opened(path: Path) -> Iterator[Callable[[dict[str, object]], None]]:
    """Give what appends a record. Raises `UsageError` where the file can't be opened, as does what it gives."""
    with open_log(path, "log") as append_line:

        def append(record: dict[str, object]) -> None:
            line = mask(json.dumps({"time": datetime.now(UTC).isoformat(), **record})) + "\n"
            append_line(line.encode("ascii"))

        yield append
