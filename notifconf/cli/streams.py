"""The standard streams, where they are not what a program expects: closed, on a full disk, without a reader."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO


def prepare() -> None:
    """Make all of them usable: what is closed (`>&-`) is empty or goes nowhere, and no file is opened in its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 -- until the process ends
            setattr(sys, name, stream)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets its escape, not an error.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def say(text: str) -> None:
    """Write to standard error. Where that can't be done (a full disk, a closed terminal), nobody can be told of it."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def abandon(stream: IO[str]) -> None:
    """Write no more to a standard stream: its reader went away (`| head`), or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
