from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from notifconf.emulator.app import create_app
from notifconf.emulator.transport import EmulatorTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifconf.emulator.emulator import Emulator

CONFLUENT = "https://api.confluent.cloud/notifications/v1/"
KONNECT = "https://global.api.konghq.com/v1/notifications/"
TOKEN = "organization.access-token.expiring"
SUBSCRIPTION = {
    "name": "Worldwide",
    "regions": ["US", "EU"],
    "entities": ["*"],
    "channels": [{"type": "EMAIL", "enabled": True}, {"type": "IN_APP", "enabled": True}],
    "enabled": True,
}


class Api:
    """A client of one emulator, without an event loop in sight."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient, base: str, emulator: Emulator) -> None:
        self.runner = runner
        self.client = client
        self.base = base
        self.emulator = emulator

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        url = path if path.startswith("https://") else self.base + path
        return self.runner.run(self.client.request(method, url, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any) -> httpx.Response:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> httpx.Response:
        return self.send("DELETE", path)

    def together(self, *requests: tuple[str, str, Any]) -> list[httpx.Response]:
        """All at once."""

        async def gather() -> list[httpx.Response]:
            return await asyncio.gather(
                *(self.client.request(method, self.base + path, json=body) for method, path, body in requests)
            )

        return self.runner.run(gather())

    def all_pages(self, path: str) -> list[httpx.Response]:
        """The pages of a list, as its tokens lead."""
        pages = [self.get(path)]
        while url := pages[-1].json()["metadata"].get("next"):
            pages.append(self.get(url))
        return pages


class Konnect(Api):
    """With what tests of Konnect do again and again."""

    def make(self, event: str = TOKEN, **members: Any) -> Any:
        """A subscription of an event."""
        answer = self.post(self.path(event), {**SUBSCRIPTION, **members})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def path(self, event: str = TOKEN, identifier: str | None = None) -> str:
        return f"configurations/{event}/subscriptions" + (f"/{identifier}" if identifier else "")

    def problem(self, answer: httpx.Response, status: int) -> Any:
        """The answer has to be a problem of that status."""
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["instance"].startswith("kong:trace:")
        assert problem["instance"].removeprefix("kong:trace:").isdigit()
        assert problem["title"]
        assert problem["detail"]
        return problem

    def wrong(self, answer: httpx.Response) -> dict[str, str]:
        """The fields that the answer complains about, each with its rule."""
        return {entry["field"]: entry["rule"] for entry in self.problem(answer, 400)["invalid_parameters"]}

    def follow(self, where: str, name: str = "next") -> tuple[list[list[str]], Any]:
        """The ids on each page of a list, and the last `meta`, of either shape."""
        pages = []
        while True:
            body = self.get(where).json()
            meta = body["meta"].get("page", body["meta"])
            pages.append([found["id"] for found in body["data"]])
            if not meta[name]:
                return pages, meta
            assert meta[name].startswith("/v1/notifications/")
            where = meta[name].removeprefix("/v1/notifications/")


@pytest.fixture
def app() -> Iterator[Any]:
    app = create_app(":memory:")
    yield app
    app.state.emulator.close()


@pytest.fixture
def emulator(app: Any) -> Emulator:
    found: Emulator = app.state.emulator
    return found


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def client(app: Any, runner: asyncio.Runner) -> Iterator[httpx.AsyncClient]:
    client = httpx.AsyncClient(transport=EmulatorTransport(app))
    yield client
    runner.run(client.aclose())


@pytest.fixture
def confluent(client: httpx.AsyncClient, runner: asyncio.Runner, emulator: Emulator) -> Api:
    return Api(runner, client, CONFLUENT, emulator)


@pytest.fixture
def konnect(client: httpx.AsyncClient, runner: asyncio.Runner, emulator: Emulator) -> Konnect:
    return Konnect(runner, client, KONNECT, emulator)


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
