"""Real processes that apply over real sockets, and what happens to them at a request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.server import running
from tests.torture.scenario import ENVIRONMENT, Scenario

LONGEST = 300.0
"""Seconds until a process counts as hanging."""
Deed = Callable[[], None]


class Ambush:
    """An ASGI middleware that does something at a request, before or after that takes effect."""

    def __init__(self) -> None:
        self.disarm()

    def disarm(self) -> None:
        """Do nothing, and count anew."""
        self.seen = 0
        self._at = 0
        self._after = False
        self._deed: Deed | None = None

    def arm(self, at: int, deed: Deed, *, after: bool) -> None:
        """Do `deed` at request number `at`, from 1."""
        self.disarm()
        self._at, self._after, self._deed = at, after, deed

    def around(self, app: ASGIApp) -> ASGIApp:
        """Lie in wait in front of an application."""

        async def ambushed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            self.seen += 1
            due = self._deed is not None and self.seen == self._at
            if due and not self._after:
                self._strike()
            await app(scope, receive, send if not (due and self._after) else self._struck(send))

        return ambushed

    def _struck(self, send: Send) -> Send:
        """The answer exists: it has taken effect, and is sent to whoever is still there."""

        async def after(message: object) -> None:
            self._strike()
            await send(message)  # type: ignore[arg-type]  # what the application sends

        return after

    def _strike(self) -> None:
        deed, self._deed = self._deed, None
        if deed is not None:
            deed()


@dataclass
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Site:
    """A folder with a workspace, and a service that it is applied to."""

    folder: Path
    url: str
    emulator: Emulator
    ambush: Ambush = field(default_factory=Ambush)

    def begin(self, scenario: Scenario, *options: str) -> subprocess.Popen[str]:
        """Start to apply."""
        path = self.folder / f"{scenario.provider}.yaml"
        path.write_text(scenario.workspace, encoding="utf-8")
        command = [sys.executable, "-m", "notifconf", "apply", str(path), "--auto-approve", "--parallelism", "4"]
        endpoint = self.url + ("/v1" if scenario.provider == "konnect" else "")
        return subprocess.Popen(
            [*command, "--endpoint", endpoint, *options],
            env=os.environ | ENVIRONMENT | {"CONFLUENT_CLOUD_ACCESS_TOKEN": "token", "KONNECT_TOKEN": "token"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def apply(self, scenario: Scenario, *options: str) -> Ended:
        """Apply, and wait for the end."""
        return ended(self.begin(scenario, *options))

    def ambushed(
        self,
        scenario: Scenario,
        at: int,
        deed: Callable[[subprocess.Popen[str]], None],
        *,
        after: bool,
        options: tuple[str, ...] = (),
    ) -> Ended:
        """Apply, and do something to the process at a request of it."""
        started: list[subprocess.Popen[str]] = []
        self.ambush.arm(at, lambda: deed(started[0]), after=after)
        started.append(self.begin(scenario, *options))
        try:
            return ended(started[0])
        finally:
            self.ambush.disarm()


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=LONGEST)
    return Ended(process.returncode, out, err)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process, and see it dead: nothing that it had not sent by now will come."""
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Serve an organisation on a local port."""
    app = create_app(":memory:")
    ambush = Ambush()
    app.add_middleware(ambush.around)
    with running(app) as url:
        yield Site(folder, url, app.state.emulator, ambush)
