"""The command line, run as users run it, against a real HTTP server: the emulator on a local port."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from notifconf.cli.main import run
from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.server import running
from notifconf.emulator.settings import Settings


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def changes(self) -> list[str]:
        """The changes of a JSON plan in short."""
        signs = {"create": "+", "update": "~", "delete": "-"}
        return [f"{signs[change['action']]} {change['address']}" for change in self.json["changes"]]

    def codes(self) -> list[str]:
        return sorted(f"{item['severity']}:{item['code']}" for item in self.json["diagnostics"])


@dataclass
class User:
    """Somebody in a folder, with an environment, and an organisation at the other end of a socket."""

    folder: Path
    emulator: Emulator
    url: str
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    environment: dict[str, str] = field(default_factory=dict)

    def writes(self, text: str, name: str = "notifconf.yaml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def sets(self, **environment: str) -> None:
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)

    def runs(self, *arguments: str | os.PathLike[str]) -> Ended:
        """Run `notifconf` with these arguments, in this process."""
        self.capture.readouterr()
        code = run([os.fspath(argument) for argument in arguments])
        said = self.capture.readouterr()
        return Ended(code, said.out, said.err)

    def plans(self, *arguments: str) -> Ended:
        """Plan the workspace of the folder, as JSON."""
        return self.runs("plan", "--format", "json", *arguments)

    def applies(self, *arguments: str) -> Ended:
        return self.runs("apply", "--auto-approve", "--format", "json", *arguments)

    def requests(self, *methods: str) -> list[str]:
        """What the service was asked since the last look, as `METHOD path`."""
        seen = [
            f"{entry.method} {entry.path.removeprefix('/notifications/v1/')}"
            for entry in self.emulator.requests.entries
        ]
        self.emulator.requests.clear()
        return [entry for entry in seen if not methods or entry.split()[0] in methods]


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Emulator, str]]:
    app = create_app(":memory:")
    with running(app) as url:
        yield app.state.emulator, url


@pytest.fixture
def service(server: tuple[Emulator, str]) -> tuple[Emulator, str]:
    """A new organisation, and nothing asked of it yet."""
    emulator, _ = server
    emulator.reset()
    emulator.settings.update(Settings().as_dict())
    emulator.requests.clear()
    return server


@pytest.fixture
def user(
    service: tuple[Emulator, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> User:
    emulator, url = service
    monkeypatch.chdir(tmp_path)
    for name in ("CONFLUENT_CLOUD_ACCESS_TOKEN", "KONNECT_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONFLUENT_CLOUD_ENDPOINT", url)
    monkeypatch.setenv("CONFLUENT_CLOUD_API_KEY", "canary-key")
    monkeypatch.setenv("CONFLUENT_CLOUD_API_SECRET", "canary-secret")
    return User(tmp_path, emulator, url, capsys, monkeypatch)
