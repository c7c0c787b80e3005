"""One service over HTTP: keep-alive, a bound on requests in flight, retries, pacing; no secret in any error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx

from notifconf import __version__
from notifconf.errors import ForbiddenError, NotFoundError, ServerError, ServiceError
from notifconf.http.endpoint import Authorization, check_endpoint
from notifconf.http.environment import find_proxy, load_authorities, make_proxy
from notifconf.http.exchange import Exchange, record_exchange
from notifconf.http.failure import describe_safely, transport_error
from notifconf.http.rate_limiter import RateLimiter, read_pause
from notifconf.http.redaction import Redactor
from notifconf.http.request import Answer, Query, Request, Response, encode, read_answer, read_body, request_id_of
from notifconf.http.transport import NEW_CONNECTION, Transport
from notifconf.model.resource import Secret

MAX_ATTEMPTS = 5
MIN_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 20.0
CONNECT_SHARE = 0.9
"""Of a request's timeout, for the connection."""


def describe_nothing(_body: Any) -> str:
    """Return no description of an error: its status says enough."""
    return ""


class ClientOptions(NamedTuple):
    """How a client works.

    At most `parallelism` requests are in flight. `timeout` is in seconds, for one attempt of a request. `observer` is
    called after every attempt, `on_wait` before every long wait for the rate limit, with its seconds. `hints` say what
    an error status means at this service. With `reads_once` the answer of a GET is kept, and given to all who ask for
    the same afterwards: for what only reads. `sleep` and `clock` are for tests.
    """

    parallelism: int = 10
    timeout: float = 30.0
    observer: Callable[[Exchange], None] | None = None
    on_wait: Callable[[float], None] | None = None
    hints: Mapping[int, str] = MappingProxyType({})
    reads_once: bool = False
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic


DEFAULT_OPTIONS = ClientOptions()


@dataclass(slots=True)
class Lists:
    """The lists that are read now, and at most how much memory they take, with those that ended meanwhile."""

    in_flight: int = 0
    memory: int = 0


class Client:
    """A service at `endpoint`: an async context manager, which opens and closes its connections.

    TLS is always verified; `SSL_CERT_FILE` and the usual proxy variables are honoured. `transport` replaces the network
    (the embedded emulator).
    """

    def __init__(
        self,
        endpoint: str,
        authorization: Authorization | None = None,
        *,
        options: ClientOptions = DEFAULT_OPTIONS,
        transport: httpx.AsyncBaseTransport | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        """Check the endpoint; nothing is opened yet. Raises `UsageError`."""
        self.endpoint = check_endpoint(endpoint)
        self.parallelism = options.parallelism
        self.timeout = options.timeout
        self.redactor = redactor if redactor is not None else Redactor()
        if authorization:
            self.redactor.add(authorization.secrets)
        self._authorization = authorization
        self._options = options
        self._given = transport
        self._rate_limiter = RateLimiter(options.sleep, options.clock, options.on_wait)
        self._places = asyncio.Semaphore(options.parallelism)
        # httpx must tell a slow connect from a slow answer: a request that was never sent can be sent again.
        self._timeouts = httpx.Timeout(None, connect=CONNECT_SHARE * options.timeout).as_dict()
        self._transport: httpx.AsyncBaseTransport | None = None
        self.lists = Lists()
        self.describe: Callable[[Any], str] = describe_nothing
        """Makes a text of the parsed body of an error, as the service writes them."""
        self._kept: dict[Hashable, Response] = {}

    async def __aenter__(self) -> Self:
        self._transport = self._given or self._open_transport()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        transport, self._transport = self._transport, None
        if transport:
            await transport.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Query | None = None,
        json: object = None,
        may_be_missing: bool = False,
    ) -> Answer:
        """Send a request, at most five times, and return its answer, which holds a JSON object (not so for DELETE).

        A POST is sent again only if the service certainly did not carry it out. If that is unknown, the error has
        `sent`. The body of a 404 is not looked at where the object `may_be_missing`. Raises a `ServiceError`.
        """
        content = None if json is None else encode(json)
        return await self._send(
            Request(
                self.endpoint,
                method,
                path,
                params,
                content=content,
                repeatable=method != "POST",
                wants_body=method != "DELETE",
                describe=self.describe,
                may_be_missing=may_be_missing,
            )
        )

    async def send_action(self, path: str, json: object, *, method: str = "POST", params: Query | None = None) -> None:
        """Send what does no harm a second time (a test message, a status), at most five times; its answer is not read.

        Raises a `ServiceError`.
        """
        await self._send(
            Request(
                self.endpoint,
                method,
                path,
                params=params,
                content=encode(json),
                repeatable=True,
                wants_body=False,
                describe=self.describe,
            )
        )

    async def _send(self, request: Request) -> Answer:
        try:
            return await self._attempt(request, 1)
        except ServiceError as error:
            if not request.may_repeat(error):
                raise
            failure = error
        return await self._repeat(request, failure)

    async def _repeat(self, request: Request, failure: ServiceError) -> Answer:
        """Go on after a first attempt that failed. Most runs don't: the library for it is imported only here."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

        made = 0

        async def attempt() -> Answer:
            nonlocal made
            made += 1
            if made == 1:
                raise failure
            return await self._attempt(request, made)

        repeating = AsyncRetrying(
            sleep=self._options.sleep,
            stop=stop_after_attempt(MAX_ATTEMPTS),
            wait=wait_random_exponential(min=MIN_BACKOFF_SECONDS, max=MAX_BACKOFF_SECONDS),
            retry=retry_if_exception(request.may_repeat),
            reraise=True,
        )
        return await repeating(attempt)

    async def _attempt(self, request: Request, number: int) -> Answer:
        response = self._find_kept(request) or await self._exchange_in_turn(request, number)
        try:
            answer = read_answer(request, response, self.redactor, self._options.hints)
        except ServerError as error:
            error.retry_after = read_pause(response.status, response.headers)
            raise
        except (ForbiddenError, NotFoundError):
            self._keep(request, response)
            raise
        self._keep(request, response)
        return answer

    def forget(self) -> None:
        """Keep no answer of what was read until now."""
        self._kept.clear()

    def _find_kept(self, request: Request) -> Response | None:
        return self._kept.get(request.key) if self._options.reads_once and not request.writes else None

    def _keep(self, request: Request, response: Response) -> None:
        if self._options.reads_once and not request.writes:
            self._kept[request.key] = response

    async def _exchange_in_turn(self, request: Request, number: int) -> Response:
        """Send a request when the rate limit and the requests in flight allow it, and tell the observer of it."""
        async with self._places:
            request_number = await self._rate_limiter.acquire()
            start = self._options.clock()
            response: Response | None = None
            try:
                response = await self._exchange(request)
                return response
            finally:
                self._rate_limiter.update(
                    request_number, *() if response is None else (response.status, response.headers)
                )
                self._observe(request, number, response, self._options.clock() - start)

    async def _exchange(self, request: Request) -> Response:
        if self._transport is None:
            raise RuntimeError("the client is not open: use it as an async context manager")
        failure: ServiceError
        try:
            # The sum of all that an exchange takes is bounded here: httpx counts anew with every piece that arrives.
            async with asyncio.timeout(self.timeout):
                response = await self._transport.handle_async_request(self._make_httpx_request(request))
                headers = {
                    name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw
                }
                request_id = request_id_of(headers, self.redactor)
                try:
                    content = await read_body(response, request, request_id)
                finally:
                    await response.aclose()
            return Response(response.status_code, headers, content, request_id)
        except (httpx.TransportError, httpx.InvalidURL, TimeoutError, UnicodeError) as error:
            reason = describe_safely(str(error), self.redactor) or type(error).__name__
            failure = transport_error(request.operation, error, reason, endpoint=self.endpoint, writes=request.writes)
        # Outside of the handlers: httpx's errors hold the request, and no error of ours may lead to it.
        raise failure

    def _observe(self, request: Request, number: int, response: Response | None, seconds: float) -> None:
        status, request_id = (response.status, response.request_id) if response else (None, None)
        exchange = Exchange(request.method, request.path, number, status, seconds, request_id)
        record_exchange(exchange)
        if self._options.observer:
            self._options.observer(exchange)

    def _make_httpx_request(self, request: Request) -> httpx.Request:
        """Return a request as httpx has it.

        It goes straight to a transport: all that httpx's client would do about it (redirects, cookies, another look at
        its URL) is not wanted here, and takes as long as the rest.
        """
        headers = [
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip, deflate"),
            ("User-Agent", f"notifconf/{__version__}"),
        ]
        if self._authorization:
            headers.append(("Authorization", self._authorization.header.reveal()))
        if request.content is not None:
            headers.append(("Content-Type", "application/json"))
        return httpx.Request(
            request.method,
            self.endpoint + request.target,
            headers=headers,
            content=request.content,
            extensions={"timeout": self._timeouts, NEW_CONNECTION: not request.repeatable},
        )

    def _open_transport(self) -> httpx.AsyncBaseTransport:
        """Return the way to the service. Raises `UsageError` for what the environment says wrong about it."""
        parts = urlsplit(self.endpoint)
        if parts.scheme != "https":
            return Transport()
        tls = load_authorities()
        found = find_proxy(parts.scheme, parts.hostname or "", parts.port)
        if found is None:
            return Transport(tls)
        variable, address = found
        proxy = make_proxy(variable, address, tls)
        self.redactor.add([Secret(text) for text in proxy.secrets])
        return Transport(tls, proxy)
