"""The project's own emulator in a process of its own, and how it is told what to be."""

from __future__ import annotations

import compileall
import json
import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import notifconf

CREDENTIALS = {"CONFLUENT_CLOUD_API_KEY": "key", "CONFLUENT_CLOUD_API_SECRET": "secret"}
NOTIFCONF = str(Path(sysconfig.get_path("scripts")) / "notifconf")


class Emulator:
    """A running emulator; the control paths under `/_emulator` cost neither latency nor a request of its log."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def seed(self, state: Mapping[str, Any]) -> None:
        """Let each named collection hold these objects and no other."""
        self._call("PUT", "state", state)

    def grow(self, **numbers: int) -> None:
        """Add so many environments to the inventory, with so many clusters each, and so many connectors in each."""
        self._call("POST", "inventory", numbers)

    def sizes(self) -> dict[str, int]:
        """Return how many objects each collection holds."""
        return {name: len(objects) for name, objects in self._call("GET", "state").items()}

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked since the last time, and forget it."""
        found: list[dict[str, Any]] = self._call("GET", "requests")["requests"]
        self._call("DELETE", "requests")
        return found

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            f"{self.endpoint}/_emulator/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def emulator(*, latency: float = 0.0, rate_limit: int | None = None) -> Iterator[Emulator]:
    """Run `notifconf emulator`; `latency` in seconds, `rate_limit` in requests a second."""
    port = _free_port()
    options = ["--port", str(port), "--latency", str(latency)]
    options += ["--rate-limit", str(rate_limit)] if rate_limit else []
    with subprocess.Popen([NOTIFCONF, "emulator", *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield Emulator(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def compile_packages() -> None:
    """Compile notifconf and its dependencies, as pip does when it installs them; uv does not."""
    for folder in (sysconfig.get_path("purelib"), str(Path(notifconf.__file__).parent)):
        compileall.compile_dir(folder, quiet=2)


def environment() -> dict[str, str]:
    """Return the environment of a client; webhook URLs of generated workspaces come from it."""
    urls = {f"TEAM_{index}_URL": f"https://hooks.slack.com/services/T0/B0/{index:024}" for index in range(100)}
    return {**os.environ, **CREDENTIALS, **urls}


def client(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this package in a process of its own, and return what it prints as JSON."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
