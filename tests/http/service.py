"""A service in the test's own hands, and a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from notifconf.http.client import Client, ClientOptions, describe_nothing
from notifconf.http.endpoint import Authorization
from notifconf.http.exchange import Exchange
from notifconf.http.redaction import Redactor
from notifconf.http.request import Answer

ENDPOINT = "https://api.example.test/base"
OK = {"id": "x"}


class Time:
    """Sleeping moves the clock, at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Service:
    """Answers requests one after the other with what it is given: a response, or an exception to raise."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Trial:
    """One request to a service, and all that was seen of it."""

    def __init__(
        self,
        *answers: httpx.Response | Exception,
        authorization: Authorization | None = None,
        redactor: Redactor | None = None,
        timeout: float = 30.0,
        endpoint: str = ENDPOINT,
    ) -> None:
        self.service = Service(*answers)
        self.time = Time()
        self.exchanges: list[Exchange] = []
        self.describe: Callable[[Any], str] = describe_nothing
        self.make_client: Callable[[], Client] = lambda: Client(
            endpoint,
            authorization,
            transport=httpx.MockTransport(self.service),
            redactor=redactor,
            options=ClientOptions(
                timeout=timeout, observer=self.exchanges.append, sleep=self.time.sleep, clock=self.time.clock
            ),
        )

    def request(
        self,
        method: str = "GET",
        path: str = "/things",
        describe: Callable[[Any], str] = describe_nothing,
        **options: Any,
    ) -> Answer:
        self.describe = describe
        return self.requests([(method, path, options)])[-1]

    def requests(self, wanted: Sequence[tuple[str, str, dict[str, Any]]]) -> list[Answer]:
        async def run() -> list[Answer]:
            async with self.make_client() as client:
                client.describe = self.describe
                return [await client.request(method, path, **options) for method, path, options in wanted]

        return asyncio.run(run())

    @property
    def sent(self) -> list[str]:
        return [request.method for request in self.service.requests]
