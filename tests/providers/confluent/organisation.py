"""An organisation that answers what it is told to, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import httpx

from notifconf.http.client import Client, ClientOptions
from notifconf.providers.confluent.connection import ConfluentConnection
from tests.providers.confluent.declared import NOW

ROOT = "/notifications/v1/"
Result = TypeVar("Result")


def page(*items: Any, **metadata: Any) -> dict[str, Any]:
    return {"api_version": "notifications/v1", "kind": "List", "metadata": metadata, "data": list(items)}


def refusal(status: int, detail: str = "no", **members: Any) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"detail": detail, **members}]}, headers={"x-request-id": "r-1"})


class Organisation:
    """Answers by path; a list of answers is used up one by one. It keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {name.replace("_", "-"): answer for name, answer in answers.items()}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(request.url.path.removeprefix(ROOT).split(":")[0], refusal(404))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    @property
    def asked(self) -> list[str]:
        """The requests, in the order of the alphabet: they are made side by side."""
        return sorted(
            f"{request.method} {request.url.path.removeprefix(ROOT)}"
            + (f"?{request.url.params['resource']}" if "resource" in request.url.params else "")
            for request in self.requests
        )

    def ask(
        self,
        question: Callable[[ConfluentConnection], Awaitable[Result]],
        now: datetime = NOW,
        parallelism: int = 10,
    ) -> Result:
        async def nothing(_: float) -> None:
            await asyncio.sleep(0)

        async def run() -> Result:
            async with Client(
                "https://api.example.test",
                transport=httpx.MockTransport(self),
                options=ClientOptions(parallelism=parallelism, sleep=nothing),
            ) as client:
                return await question(ConfluentConnection(client, lambda: now))

        return asyncio.run(run())
