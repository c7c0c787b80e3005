"""The emulator on a local port, for the tests of what a connection and a service owe each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.server import running


class Served(NamedTuple):
    emulator: Emulator
    url: str


@pytest.fixture(scope="session")
def server() -> Iterator[Served]:
    app = create_app(":memory:")
    with running(app) as url:
        yield Served(app.state.emulator, url)


@pytest.fixture
def served(server: Served) -> Served:
    """A new organisation, and nothing asked of it yet."""
    server.emulator.reset()
    server.emulator.requests.clear()
    return server


@pytest.fixture
def faulty(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """One whose faults are this test's own."""
    monkeypatch.setattr(served.emulator.settings, "faults", [])
    return served
