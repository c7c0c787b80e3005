from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import tracemalloc
import zlib
from typing import Any

import httpx
import pytest

from notifconf import __version__
from notifconf.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    QuotaError,
    RateLimitedError,
    ServerError,
    ServiceError,
    TransportError,
    UsageError,
)
from notifconf.http.client import MAX_ATTEMPTS, Client, ClientOptions
from notifconf.http.endpoint import Authorization
from notifconf.http.rate_limiter import MAX_WAIT_SECONDS
from notifconf.http.redaction import Redactor
from notifconf.http.request import MAX_BODY_BYTES
from notifconf.http.transport import Transport
from notifconf.model.resource import Secret
from tests.http.raw_service import serving
from tests.http.service import ENDPOINT, OK, Service, Time, Trial


def answer(status: int = 200, body: Any = OK, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def described(body: Any) -> str:
    return str(body["message"]) if isinstance(body, dict) and "message" in body else ""


def test_a_request_is_sent_as_the_service_wants_it() -> None:
    trial = Trial(answer(201, OK, x_request_id="r-1"), authorization=Authorization.basic("key", "pass word"))
    got = trial.request("POST", "/things", params={"a": "b c"}, json={"name": "ü"})
    (request,) = trial.service.requests
    assert str(request.url) == "https://api.example.test/base/things?a=b%20c"
    assert request.headers["user-agent"] == f"notifconf/{__version__}"
    assert request.headers["authorization"] == "Basic a2V5OnBhc3Mgd29yZA=="
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"name": "ü"}
    assert (got.status, got.body, got.request_id) == (201, OK, "r-1")


def test_a_request_without_a_body_names_no_content_type() -> None:
    trial = Trial(answer())
    trial.request("GET")
    assert "content-type" not in trial.service.requests[0].headers


def test_a_lone_surrogate_can_be_sent() -> None:
    trial = Trial(answer())
    trial.request("POST", json={"name": "\ud800"})
    assert trial.service.requests[0].content == b'{"name":"\\ud800"}'


def test_a_client_that_is_not_open_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        asyncio.run(Client("https://api.example.test").request("GET", "/things"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (402, QuotaError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, InvalidRequestError),
        (409, ConflictError),
        (422, InvalidRequestError),
        (429, RateLimitedError),
        (500, ServerError),
        (502, ServerError),
        (599, ServerError),
    ],
)
def test_the_status_decides_the_class(status: int, error: type[ApiError]) -> None:
    trial = Trial(*(answer(status, {"message": "not found"}, x_request_id="r-9") for _ in range(MAX_ATTEMPTS)))
    with pytest.raises(error) as caught:
        trial.request(describe=described)
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.request_id) == (status, "r-9")
    assert caught.value.operation == "GET /things"
    assert str(caught.value).startswith(f"GET /things was answered {status}")
    assert ": not found (request id r-9)" in str(caught.value)


def test_a_status_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="999, which means neither success nor an error"):
        Trial(answer(999, {})).request()


@pytest.mark.parametrize("status", [301, 302, 304, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    trial = Trial(answer(status, {}, location="https://elsewhere.test/login"), authorization=Authorization.bearer("t"))
    with pytest.raises(ProtocolError, match="endpoint redirects"):
        trial.request()
    assert len(trial.service.requests) == 1


REPEATED = [
    pytest.param(answer(429), id="429"),
    pytest.param(answer(502), id="502"),
    pytest.param(answer(503), id="503"),
    pytest.param(answer(504), id="504"),
    pytest.param(httpx.ConnectError("refused"), id="refused"),
    pytest.param(httpx.ConnectTimeout("slow"), id="connect-timeout"),
    pytest.param(httpx.ProxyError("no proxy"), id="proxy"),
    pytest.param(httpx.ReadError("reset"), id="reset"),
    pytest.param(httpx.ReadTimeout("slow"), id="hang"),
    pytest.param(httpx.RemoteProtocolError("disconnected"), id="disconnected"),
    pytest.param(TimeoutError(), id="deadline"),
]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", REPEATED)
def test_what_may_pass_is_repeated(failure: httpx.Response | Exception, method: str) -> None:
    trial = Trial(failure, answer())
    assert trial.request(method).status == 200
    assert trial.sent == [method, method]
    assert sum(trial.time.slept) > 0


@pytest.mark.parametrize("failure", REPEATED)
def test_five_attempts_at_most(failure: httpx.Response | Exception) -> None:
    trial = Trial(*[failure] * (MAX_ATTEMPTS + 1))
    with pytest.raises(ServiceError):
        trial.request()
    assert len(trial.sent) == 5
    assert [exchange.attempt for exchange in trial.exchanges] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 500, 501])
def test_what_stays_is_not_repeated(status: int) -> None:
    trial = Trial(answer(status))
    with pytest.raises(ApiError):
        trial.request()
    assert trial.time.slept == []


@pytest.mark.parametrize(
    "failure",
    [answer(429), httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")],
    ids=["429", "refused", "connect-timeout", "pool-timeout"],
)
def test_a_post_that_was_not_carried_out_is_repeated(failure: httpx.Response | Exception) -> None:
    trial = Trial(failure, answer(201))
    assert trial.request("POST", json={}).status == 201
    assert trial.sent == ["POST", "POST"]


@pytest.mark.parametrize(
    "failure",
    [
        answer(500),
        answer(502),
        answer(503),
        answer(504),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("disconnected"),
        TimeoutError(),
        httpx.Response(201, content=b""),
        httpx.Response(201, content=b'{"id": "x'),
    ],
    ids=["500", "502", "503", "504", "reset", "write", "hang", "disconnected", "deadline", "empty", "truncated"],
)
def test_a_post_of_unknown_fate_is_left_to_the_caller(failure: httpx.Response | Exception) -> None:
    trial = Trial(failure)
    with pytest.raises(ServiceError) as caught:
        trial.request("POST", json={})
    assert caught.value.sent
    assert trial.sent == ["POST"]


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [(503, "30", 30.0), (503, None, 0.0), (503, "0", 0.0), (503, "soon", 0.0), (500, "30", 0.0), (504, "30", 0.0)],
)
def test_a_503_says_for_how_long_it_refuses(status: int, header: str | None, seconds: float) -> None:
    headers = {} if header is None else {"retry-after": header}
    with pytest.raises(ServiceError) as caught:
        Trial(httpx.Response(status, headers=headers)).request("POST", json={})
    assert (caught.value.sent, caught.value.retry_after) == (True, seconds)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 429])
def test_a_post_that_was_refused_was_not_carried_out(status: int) -> None:
    with pytest.raises(ApiError) as caught:
        Trial(*[answer(status)] * MAX_ATTEMPTS).request("POST", json={})
    assert not caught.value.sent


def test_a_read_is_never_sent_in_that_sense() -> None:
    with pytest.raises(ServiceError) as caught:
        Trial(*[httpx.ReadError("reset")] * MAX_ATTEMPTS).request("GET")
    assert not caught.value.sent


def test_an_action_that_does_no_harm_a_second_time_is_sent_again() -> None:
    trial = Trial(answer(504), httpx.Response(204))

    async def act() -> None:
        async with trial.make_client() as client:
            await client.send_action("/things:test", {"a": 1})

    asyncio.run(act())
    assert trial.sent == ["POST", "POST"]
    assert [request.content for request in trial.service.requests] == [b'{"a":1}'] * 2


def test_an_untrusted_certificate_is_not_tried_again() -> None:
    refused = httpx.ConnectError("certificate verify failed")
    refused.__cause__ = ssl.SSLCertVerificationError(1, "self-signed certificate")
    trial = Trial(refused)
    with pytest.raises(TransportError, match="SSL_CERT_FILE") as caught:
        trial.request("POST", json={})
    assert not caught.value.sent
    assert trial.time.slept == []


def test_what_http_can_not_carry_is_not_tried_again() -> None:
    trial = Trial(httpx.LocalProtocolError("Illegal header value"))
    with pytest.raises(TransportError, match="can't be sent over HTTP"):
        trial.request()
    assert trial.time.slept == []


def test_a_port_where_nobody_listens() -> None:
    time = Time()

    async def run() -> None:
        async with Client("http://127.0.0.1:1", options=ClientOptions(sleep=time.sleep, clock=time.clock)) as client:
            await client.request("POST", "/things", json={})

    with pytest.raises(TransportError, match=r"http://127\.0\.0\.1:1 can't be reached") as caught:
        asyncio.run(run())
    assert not caught.value.sent
    assert len(time.slept) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize(
    ("path", "params"), [("/things", {"a": "x" * 100_000}), ("/things", {"a": "\ud800"})], ids=["long", "surrogate"]
)
def test_what_no_url_can_hold_is_an_error(path: str, params: dict[str, str]) -> None:
    trial = Trial(answer())
    with pytest.raises(TransportError, match="can't be written as a URL"):
        trial.request("GET", path, params=params)
    assert trial.sent == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "empty body"),
        (b"  \n", "empty body"),
        (b'{"data": [{"id": "i-1"}', "not JSON"),
        (b"<html><body>Sign in</body></html>", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"data": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"null", "not JSON"),
        (b"[]", "no object"),
        (b'"text"', "no object"),
    ],
)
def test_a_body_that_is_not_what_it_should_be_is_never_nothing(content: bytes, text: str) -> None:
    trial = Trial(httpx.Response(200, content=content, headers={"x-request-id": "r-1"}))
    with pytest.raises(ProtocolError, match=text) as caught:
        trial.request()
    assert "r-1" in str(caught.value)
    assert "Sign in" not in str(caught.value)


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", gzip.compress(b'{"id": "x"}', mtime=0)),
        ("x-gzip", gzip.compress(b'{"id": "x"}', mtime=0)),
        ("GZIP", gzip.compress(b'{"id": "x"}', mtime=0)),
        ("deflate", zlib.compress(b'{"id": "x"}')),
        ("deflate", zlib.compress(b'{"id": "x"}', wbits=-15)),
        ("identity", b'{"id": "x"}'),
    ],
)
def test_a_body_is_unpacked(coding: str, content: bytes) -> None:
    answer = httpx.Response(200, stream=httpx.ByteStream(content), headers={"content-encoding": coding})
    assert Trial(answer).request().body == OK


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(b'{"id": "x"}', mtime=0)[:-4]),
        ("br", b'{"id": "x"}'),
        ("gzip, gzip", gzip.compress(gzip.compress(b'{"id": "x"}', mtime=0), mtime=0)),
    ],
)
def test_a_body_that_is_compressed_wrongly_is_an_error(coding: str, content: bytes) -> None:
    headers = {"content-encoding": coding, "x-request-id": "r-1"}
    trial = Trial(httpx.Response(200, stream=httpx.ByteStream(content), headers=headers))
    with pytest.raises(ProtocolError, match=r"unpacked \(request id r-1\)"):
        trial.request()


def test_a_body_that_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * (4 * MAX_BODY_BYTES))
    trial = Trial(httpx.Response(200, stream=httpx.ByteStream(bomb), headers={"content-encoding": "gzip"}))
    tracemalloc.start()
    with pytest.raises(ProtocolError, match="more than 32 MiB"):
        trial.request()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * MAX_BODY_BYTES


def test_a_body_without_end_is_an_error() -> None:
    trial = Trial(httpx.Response(200, content=b" " * (MAX_BODY_BYTES + 1)))
    with pytest.raises(ProtocolError, match="more than 32 MiB"):
        trial.request()


def test_a_delete_wants_no_body() -> None:
    assert Trial(httpx.Response(204)).request("DELETE").body is None


@pytest.mark.parametrize("may_be_missing", [False, True])
@pytest.mark.parametrize("content", [b"<html>Not Found</html>", b"Not Found"])
def test_a_404_that_the_api_did_not_write_is_not_a_404(content: bytes, may_be_missing: bool) -> None:
    with pytest.raises(ProtocolError, match="not by the API"):
        Trial(httpx.Response(404, content=content)).request(may_be_missing=may_be_missing)


def test_nobody_reads_what_a_404_says_of_what_may_be_missing() -> None:
    with pytest.raises(NotFoundError) as caught:
        Trial(httpx.Response(404, json={"errors": []})).request(may_be_missing=True, describe=pytest.fail)
    assert (caught.value.status, caught.value.operation) == (404, "GET /things")


@pytest.mark.parametrize("content", [b"", b'{"errors": []}'])
def test_a_404_of_the_api_is_one(content: bytes) -> None:
    with pytest.raises(NotFoundError):
        Trial(httpx.Response(404, content=content)).request()


@pytest.mark.parametrize(("method", "is_gone"), [("PATCH", True), ("DELETE", True), ("POST", False), ("GET", False)])
def test_a_404_means_that_something_was_deleted_only_where_something_was_changed(method: str, is_gone: bool) -> None:
    with pytest.raises(NotFoundError) as caught:
        Trial(answer(404, {})).request(method)
    assert ("deleted in the meantime" in str(caught.value)) is is_gone


@pytest.mark.parametrize("content", [b"<html>oops</html>", b"", b"[1]", b"{"])
def test_an_error_without_a_readable_body_is_told_by_its_status(content: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Trial(httpx.Response(400, content=content)).request(describe=described)
    assert str(caught.value) == "GET /things was answered 400 Bad Request"


def test_what_the_service_says_is_made_safe_for_a_terminal() -> None:
    said = "evil \x1b[2Jtext\r\nsecond line \u202e" + "x" * 10_000
    with pytest.raises(InvalidRequestError) as caught:
        Trial(answer(400, {"message": said}, x_request_id="r\x1b-1")).request(describe=described)
    text = str(caught.value)
    assert "\x1b" not in text
    assert "\n" not in text
    assert "\u202e" not in text
    assert "evil \\x1b[2Jtext second line" in text
    assert len(text) < 700


SECRET = 'https://hooks.example.test/services/T0/B0/"s3cr3t-t0k3n-of-a-channel"?a=ü'


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        json.dumps(SECRET),
        "https%3A%2F%2Fhooks.example.test%2fservices%2fT0%2fB0%2f%22s3cr3t-t0k3n-of-a-channel%22%3Fa%3D%C3%BC",
        "POST /services/T0/B0/%22s3cr3t-t0k3n-of-a-channel%22?a=%C3%BC answered 410",
        'no such token: "s3cr3t-t0k3n-of-a-channel"',
    ],
)
def test_a_secret_that_the_service_echoes_is_masked(echo: str) -> None:
    with pytest.raises(ApiError) as caught:
        Trial(answer(422, {"message": f"bad target {echo}"}), redactor=Redactor([Secret(SECRET)])).request(
            "POST", json={"target": {"url": SECRET}}, describe=described
        )
    start, _, said = str(caught.value).partition(": ")
    assert start == "POST /things was answered 422 Unprocessable Entity"
    assert said.startswith("bad target (sensitive)" if echo == SECRET else "(withheld")
    assert "s3cr3t" not in str(caught.value)


def test_no_error_leads_to_credentials_or_a_body() -> None:
    trial = Trial(
        httpx.ReadError("Illegal header value b'Bearer t0ps3cret'"), authorization=Authorization.bearer("t0ps3cret")
    )
    with pytest.raises(TransportError) as caught:
        trial.request("POST", json={"url": "https://canary.example.test"})
    error: BaseException | None = caught.value
    assert "t0ps3cret" not in str(error)
    while error is not None:
        assert not hasattr(error, "request")
        error = error.__cause__ or error.__context__


def test_nothing_shows_a_secret_by_its_repr() -> None:
    client = Client("https://api.example.test", Authorization.basic("user-1", "t0ps3cret"))
    assert "t0ps3cret" not in repr(vars(client))


def test_the_observer_hears_of_every_attempt_without_the_query() -> None:
    trial = Trial(httpx.ConnectError("refused"), answer(200, OK, x_request_id="r-2"))
    trial.request("GET", "/things", params={"resource": "r"})
    first, second = trial.exchanges
    assert (first.method, first.path, first.attempt, first.status, first.request_id) == (
        "GET",
        "/things",
        1,
        None,
        None,
    )
    assert (second.attempt, second.status, second.request_id) == (2, 200, "r-2")
    assert second.seconds == 0


@pytest.mark.parametrize(
    ("headers", "shortest"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "7", "x_ratelimit_reset": "3"}, 7.0),
        ({"x_ratelimit_reset": "9"}, 9.0),
        ({"retry_after": "86400"}, MAX_WAIT_SECONDS),
        (
            {"retry_after": "Wed, 21 Oct 2026 07:28:11 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"},
            11.0,
        ),
    ],
)
def test_a_429_says_how_long_to_wait(headers: dict[str, str], shortest: float) -> None:
    trial = Trial(answer(429, {}, **headers), answer())
    trial.request()
    assert sum(trial.time.slept) == pytest.approx(shortest + 0.5, abs=0.6)


@pytest.mark.parametrize("headers", [{}, {"retry_after": "soon"}, {"x_ratelimit_reset": "-4"}, {"retry_after": "nan"}])
def test_a_429_that_does_not_say_is_backed_off_from(headers: dict[str, str]) -> None:
    trial = Trial(answer(429, {}, **headers), answer())
    trial.request()
    assert 0 < sum(trial.time.slept) < 2


def test_the_next_request_waits_where_none_remain() -> None:
    trial = Trial(answer(200, OK, x_ratelimit_remaining="0", x_ratelimit_reset="12"), answer())
    trial.requests([("GET", "/a", {}), ("GET", "/b", {})])
    assert trial.time.slept == [12.0]


def test_the_next_request_does_not_wait_where_some_remain() -> None:
    trial = Trial(answer(200, OK, x_ratelimit_remaining="1", x_ratelimit_reset="12"), answer())
    trial.requests([("GET", "/a", {}), ("GET", "/b", {})])
    assert trial.time.slept == []


def test_back_off_grows_and_is_jittered() -> None:
    waits = []
    for _ in range(40):
        trial = Trial(*[answer(503)] * 4, answer())
        trial.request()
        waits.append(trial.time.slept)
    assert all(0.1 <= wait <= 2.0**index for slept in waits for index, wait in enumerate(slept))
    assert len({round(slept[3], 6) for slept in waits}) > 30


@pytest.mark.parametrize("parallelism", [1, 3, 10])
def test_parallelism_bounds_requests_in_flight(parallelism: int) -> None:
    flying = highest = 0

    async def handle(_: httpx.Request) -> httpx.Response:
        nonlocal flying, highest
        flying += 1
        highest = max(highest, flying)
        for _turn in range(3):
            await asyncio.sleep(0)
        flying -= 1
        return answer()

    async def run() -> None:
        async with Client(
            "https://api.example.test",
            transport=httpx.MockTransport(handle),
            options=ClientOptions(parallelism=parallelism),
        ) as client:
            await asyncio.gather(*(client.request("GET", f"/{index}") for index in range(40)))

    asyncio.run(run())
    assert highest == parallelism


def test_who_backs_off_takes_no_place() -> None:
    """One place, and a request that waits to be repeated: another goes on meanwhile."""
    order: list[str] = []
    time = Time()

    def handle(request: httpx.Request) -> httpx.Response:
        order.append(request.url.path)
        return answer(503) if order == ["/slow"] else answer()

    async def run() -> None:
        client = Client(
            "https://api.example.test",
            transport=httpx.MockTransport(handle),
            options=ClientOptions(parallelism=1, sleep=time.sleep, clock=time.clock),
        )
        async with client:
            await asyncio.gather(client.request("GET", "/slow"), client.request("GET", "/quick"))

    asyncio.run(run())
    assert order == ["/slow", "/quick", "/slow"]


def test_an_answer_that_trickles_is_cut_off() -> None:
    async def trickle() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.005)

    trial = Trial(httpx.Response(200, stream=_Stream(trickle())), timeout=0.05)
    trial.service.answers += [TimeoutError()] * 4
    with pytest.raises(TransportError, match="no answer in time"):
        trial.request()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, pieces: Any) -> None:
        self.pieces = pieces

    def __aiter__(self) -> Any:
        return self.pieces

    async def aclose(self) -> None:
        await self.pieces.aclose()


def test_an_unreadable_certificate_file_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        asyncio.run(_open("https://api.example.test"))


def test_an_unusable_proxy_is_a_usage_error_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:t0ps3cret@proxy.example.test")
    with pytest.raises(UsageError, match="HTTPS_PROXY") as caught:
        asyncio.run(_open("https://api.example.test"))
    assert "t0ps3cret" not in str(caught.value)


def test_what_a_proxy_echoes_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 t0ps3cret is wrong\r\nContent-Length: 0\r\n\r\n")

    async def run() -> None:
        async with serving(refuse) as port:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:t0ps3cret@127.0.0.1:{port}")
            async with Client("https://api.example.test", options=ClientOptions(sleep=Time().sleep)) as client:
                await client.request("GET", "/things")

    with pytest.raises(TransportError, match="407") as caught:
        asyncio.run(run())
    assert "t0ps3cret" not in str(caught.value)


async def _open(endpoint: str) -> None:
    async with Client(endpoint):
        pass


@pytest.mark.parametrize(
    ("endpoint", "variables", "direct"),
    [
        ("https://api.example.test", {}, True),
        ("https://api.example.test", {"HTTPS_PROXY": "http://127.0.0.1:9"}, False),
        ("https://api.example.test", {"https_proxy": "127.0.0.1:9"}, False),
        ("https://api.example.test", {"ALL_PROXY": "http://127.0.0.1:9"}, False),
        ("https://api.example.test", {"HTTP_PROXY": "http://127.0.0.1:9"}, True),
        ("https://api.example.test", {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "example.test"}, True),
        ("https://api.example.test", {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "other.test"}, False),
        ("https://api.example.test:8", {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "api.example.test:8"}, True),
        ("https://api.example.test", {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "api.example.test:443"}, True),
        ("https://api.example.test", {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "api.example.test:8"}, False),
        ("https://localhost:8080", {"ALL_PROXY": "http://127.0.0.1:9"}, True),
        ("http://127.0.0.1:8080", {"ALL_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}, True),
    ],
)
def test_which_way_goes_through_a_proxy(
    endpoint: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, direct: bool
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    async def is_direct() -> bool:
        async with Client(endpoint) as client:
            assert isinstance(client._transport, Transport)
            return client._transport._proxy is None

    assert asyncio.run(is_direct()) is direct


def test_what_only_reads_can_be_answered_from_what_was_read() -> None:
    answers = [
        answer(body={"n": 1}),
        answer(404, {}),
        answer(body={"n": 2}),
        answer(body={"n": 3}),
        answer(body={"n": 4}),
    ]
    service = Service(*answers)

    async def run() -> list[object]:
        options = ClientOptions(reads_once=True)
        async with Client(ENDPOINT, transport=httpx.MockTransport(service), options=options) as client:
            found: list[object] = [(await client.request("GET", "/a")).body for _ in range(2)]
            for _ in range(2):
                with pytest.raises(NotFoundError):
                    await client.request("GET", "/b")
            found.append((await client.request("GET", "/a", params={"page": "2"})).body)
            found += [(await client.request("PATCH", "/a", json={})).body for _ in range(2)]
        return found

    assert asyncio.run(run()) == [{"n": 1}, {"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]
    assert [request.method for request in service.requests] == ["GET", "GET", "GET", "PATCH", "PATCH"]
