"""Headless Chromium, driven through a pipe with its DevTools protocol."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 300
"""Seconds to wait for the browser's next word: the first one takes a while on a busy machine."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


class Browser:
    """One page in one browser; `events` holds what it told of itself."""

    def __init__(self, to: int, back: int) -> None:
        self._to = to
        self._back = back
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def open(self, page: Path, *, width: int = 1100, dark: bool = False, scripts: bool = True) -> None:
        """Load a file, as a screen of this width with this preference shows it."""
        target = self.does("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.does("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.does(f"{domain}.enable")
        self.does(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.does("Emulation.setEmulatedMedia", features=[scheme])
        self.does("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.does("Page.navigate", url=page.as_uri())
        while not self.named("Page.loadEventFired"):
            self.events.append(self._receive())

    def evaluate(self, expression: str) -> Any:
        answer = self.does("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def named(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]

    def does(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None and not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert select.select([self._back], [], [], PATIENCE)[0], "the browser says nothing"
            part = os.read(self._back, 1 << 16)
            assert part, "the browser has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


@contextmanager
def browsing(program: str, profile: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    reads, to = os.pipe()
    back, writes = os.pipe()
    process = os.posix_spawn(
        program,
        [program, *FLAGS, f"--user-data-dir={profile}"],
        os.environ,
        file_actions=[
            # Chromium reads from descriptor 3 and writes to 4; these two may have been either.
            (os.POSIX_SPAWN_DUP2, reads, 103),
            (os.POSIX_SPAWN_DUP2, writes, 104),
            (os.POSIX_SPAWN_DUP2, 103, 3),
            (os.POSIX_SPAWN_DUP2, 104, 4),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    os.close(reads)
    os.close(writes)
    try:
        yield Browser(to, back)
    finally:
        os.close(to)
        os.close(back)
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
