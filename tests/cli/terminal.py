"""Pseudo-terminals: a real process on one, for what is asked and interrupted there, or this process's own streams."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves the cursor, or colours."""

COLOR = re.compile(r"\x1b\[[0-9;]*m")
PATIENCE = 300.0
"""Seconds until a test gives up on a process."""


@dataclass
class Terminal:
    """A process whose three streams are one pseudo-terminal; `drawn` is all that came from it so far."""

    process: subprocess.Popen[bytes]
    descriptor: int
    drawn: str = ""

    @property
    def text(self) -> str:
        """What was drawn, without escapes; a terminal's line ends are CR LF."""
        return ESCAPE.sub("", self.drawn).replace("\r\n", "\n")

    def waits_for(self, text: str) -> None:
        """Read until `text` is there."""
        while text not in self.text:
            assert self.reads(), f"{text!r} never came:\n{self.text}"

    def types(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def ends(self) -> int:
        """Read to the end and return the exit code."""
        while self.reads():
            pass
        return self.process.wait(PATIENCE)

    def reads(self) -> bool:
        """Read what comes next; return whether anything may come after it."""
        ready, _, _ = select.select([self.descriptor], [], [], PATIENCE)
        assert ready, f"nothing more came:\n{self.text}"
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        self.drawn += data.decode(errors="replace")
        return bool(data)


@contextmanager
def started(*arguments: str, columns: int = 80, environment: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """Start `notifconf` with these arguments on a terminal so many columns wide."""
    with on_terminal(sys.executable, "-m", "notifconf", *arguments, columns=columns, environment=environment) as run:
        yield run


@contextmanager
def on_terminal(*command: str, columns: int = 80, environment: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """Start any command so."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    hidden = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm-256color", **(environment or {})},
        start_new_session=True,
        # The terminal becomes the controlling one, so that Ctrl-C is a signal.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 -- nothing else runs in this child
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


@contextmanager
def streams_on_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int = 80, environment: Mapping[str, str] | None = None
) -> Iterator[list[str]]:
    """Make standard output and error of this process a terminal; in the end the list holds what was drawn."""
    ours, theirs = pty.openpty()
    pieces: list[bytes] = []
    drawn: list[str] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # how Linux says that nobody holds the other end any more
            while piece := os.read(ours, 65536):
                pieces.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    with monkeypatch.context() as patch, os.fdopen(theirs, "w", encoding="utf-8") as stream:
        patch.delenv("FORCE_COLOR", raising=False)
        # Whoever asks for the size of the terminal asks the process's own streams, which are pytest's.
        settings = {"TERM": "xterm-256color", "COLUMNS": str(columns), **(environment or {})}
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdout", stream)
        patch.setattr(sys, "stderr", stream)
        yield drawn
    reader.join()
    os.close(ours)
    drawn.append(b"".join(pieces).decode().replace("\r\n", "\n"))
