"""Every way in which an answer can come over a socket: it is read whole, or it is an error; nothing is sent twice.

Each case is played as a GET (which may be repeated) and as a create (which must not), and a second request follows.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Any

import pytest

from notifconf.errors import ApiError, NotifconfError, ProtocolError, ServiceError, TransportError
from notifconf.http.client import Client, ClientOptions
from notifconf.http.request import MAX_BODY_BYTES
from notifconf.http.transport import MAX_INTERIM_ANSWERS
from tests.http.raw_service import HANG_UP, RESET, Pieces, RawService, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BODY = b'{"id":"x"}'


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join((status, *lines, b"", b""))


def sized(body: bytes = BODY, *lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return head(b"Content-Length: %d" % len(body), *lines, status=status) + body


def chunked(*chunks: bytes) -> bytes:
    return head(b"Transfer-Encoding: chunked") + b"".join(chunks)


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


def bytewise(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


LAST = b"0\r\n\r\n"

WHOLE: dict[str, Pieces] = {
    "length": sized(),
    "length, byte by byte": bytewise(sized()),
    "length with leading zeros": head(b"Content-Length: 0010") + BODY,
    "length with blanks": head(b"Content-Length:   10  ") + BODY,
    "two equal lengths": head(b"Content-Length: 10", b"Content-Length: 10") + BODY,
    "two equal lengths in one header": head(b"Content-Length: 10, 10") + BODY,
    "header names in odd case": head(b"cOnTeNt-LeNgTh: 10") + BODY,
    "a header without a value": sized(BODY, b"X-Empty:"),
    "a header in Latin-1": sized(BODY, "X-Latin: ü".encode("latin-1")),
    "a header in UTF-8": sized(BODY, "X-Name: ü€".encode()),
    "many headers": sized(BODY, *(b"X-%d: %d" % (number, number) for number in range(500))),
    "a repeated header": sized(BODY, b"X-Same: 1", b"X-Same: 2"),
    "no reason": sized(status=b"HTTP/1.1 200 "),
    "no blank after the status": sized(status=b"HTTP/1.1 200"),
    "another reason": sized(status=b"HTTP/1.1 200 Fine by me"),
    "201": sized(status=b"HTTP/1.1 201 Created"),
    "206": sized(status=b"HTTP/1.1 206 Partial Content"),
    "line feeds alone": b"HTTP/1.1 200 OK\nContent-Length: 10\n\n" + BODY,
    "chunked, one": chunked(chunk(BODY), LAST),
    "chunked, byte by byte": bytewise(chunked(chunk(BODY), LAST)),
    "chunked, tiny": chunked(*(chunk(part) for part in bytewise(BODY)), LAST),
    "chunked, extension": chunked(chunk(BODY, b";name=value"), LAST),
    "chunked, capital size": chunked(b"A\r\n" + BODY + b"\r\n", LAST),
    "chunked, size with zeros": chunked(b"00a\r\n" + BODY + b"\r\n", LAST),
    "chunked, trailer": chunked(chunk(BODY), b"0\r\nX-Trailer: z\r\n\r\n"),
    "chunked, keep-alive": head(b"Transfer-Encoding: chunked", b"Connection: keep-alive") + chunk(BODY) + LAST,
    "chunked, coding in capitals": head(b"Transfer-Encoding: Chunked") + chunk(BODY) + LAST,
    "100 first": [head(status=b"HTTP/1.1 100 Continue"), sized()],
    "102 first": [head(status=b"HTTP/1.1 102 Processing"), sized()],
    "103 first": head(b"Link: </x>", status=b"HTTP/1.1 103 Early Hints") + sized(),
    "many 1xx first": head(status=b"HTTP/1.1 100 Continue") * 50 + sized(),
    "1.0 with a length": sized(status=b"HTTP/1.0 200 OK"),
    "1.0 until the end": [head(status=b"HTTP/1.0 200 OK"), BODY, HANG_UP],
    "1.0 with keep-alive": sized(BODY, b"Connection: keep-alive", status=b"HTTP/1.0 200 OK"),
    "1.1 until the end": [head(), BODY[:4], BODY[4:], HANG_UP],
    "close, with a length": sized(BODY, b"Connection: close"),
    "close, and it does": [sized(BODY, b"Connection: close"), HANG_UP],
    "keep-alive, and it hangs up": [sized(BODY, b"Connection: keep-alive"), HANG_UP],
    "gzip": sized(gzip.compress(BODY), b"Content-Encoding: gzip"),
    "gzip, chunked": head(b"Transfer-Encoding: chunked", b"Content-Encoding: gzip") + chunk(gzip.compress(BODY)) + LAST,
    "deflate": sized(zlib.compress(BODY), b"Content-Encoding: deflate"),
    "identity": sized(BODY, b"Content-Encoding: identity"),
    "another type": sized(BODY, b"Content-Type: text/plain"),
    "byte order mark": sized(b"\xef\xbb\xbf" + BODY),
    "blanks around": sized(b"  \r\n" + BODY + b"\n"),
    "bytes after the end": sized() + b"junk",
    "a second answer after the end": sized() + sized(b'{"id":"evil"}'),
    "half an answer after the end": sized() + b"HTTP/1.1 200 OK\r\nX-Evil: ",
    "a late answer": [sized(), sized(b'{"id":"evil"}')],
    "a late 408": [sized(), head(b"Content-Length: 0", status=b"HTTP/1.1 408 Request Timeout")],
    "bytes after the last chunk": chunked(chunk(BODY), LAST) + b"junk",
}

BROKEN: dict[str, Pieces] = {
    "nothing": HANG_UP,
    "reset": RESET,
    "half a status line": [b"HTTP/1.", HANG_UP],
    "half the headers": [b"HTTP/1.1 200 OK\r\nContent-", HANG_UP],
    "reset in the headers": [b"HTTP/1.1 200 OK\r\nContent-", RESET],
    "no blank line": [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", HANG_UP],
    "half the body": [head(b"Content-Length: 10") + BODY[:5], HANG_UP],
    "reset in the body": [head(b"Content-Length: 10") + BODY[:5], RESET],
    "all but one byte": [head(b"Content-Length: 10") + BODY[:-1], HANG_UP],
    "half a chunk": [chunked(b"a\r\n", BODY[:5]), HANG_UP],
    "no end of chunk": [chunked(b"a\r\n", BODY), HANG_UP],
    "no last chunk": [chunked(chunk(BODY)), HANG_UP],
    "half the last chunk": [chunked(chunk(BODY), b"0\r\n"), HANG_UP],
    "reset before the last chunk": [chunked(chunk(BODY)), RESET],
    "chunk without a size": [chunked(b"\r\n", BODY), HANG_UP],
    "chunk of another size": [chunked(b"5\r\n", BODY, b"\r\n", LAST), HANG_UP],
    "chunk size not hexadecimal": [chunked(b"xyz\r\n", BODY), HANG_UP],
    "chunk size negative": [chunked(b"-a\r\n", BODY, b"\r\n"), HANG_UP],
    "chunk size with 0x": [chunked(b"0xa\r\n", BODY, b"\r\n"), HANG_UP],
    "chunk size enormous": [chunked(b"f" * 40 + b"\r\n", BODY), HANG_UP],
    "two lengths": [head(b"Content-Length: 10", b"Content-Length: 11") + BODY, HANG_UP],
    "two lengths in one header": [head(b"Content-Length: 10, 11") + BODY, HANG_UP],
    "length negative": [head(b"Content-Length: -10") + BODY, HANG_UP],
    "length no number": [head(b"Content-Length: ten") + BODY, HANG_UP],
    "length with a sign": [head(b"Content-Length: +10") + BODY, HANG_UP],
    "length too large": [head(b"Content-Length: 99999") + BODY, HANG_UP],
    "two framings": head(b"Content-Length: 10", b"Transfer-Encoding: chunked") + chunk(BODY) + LAST,
    "unknown transfer coding": [head(b"Transfer-Encoding: gzip, chunked") + chunk(BODY) + LAST, HANG_UP],
    "switching protocols": head(b"Upgrade: h2c", b"Connection: upgrade", status=b"HTTP/1.1 101 Switching Protocols"),
    "1xx without end": head(status=b"HTTP/1.1 100 Continue") * (MAX_INTERIM_ANSWERS + 1) + sized(),
    "only 100": [head(status=b"HTTP/1.1 100 Continue"), HANG_UP],
    "status of two digits": [sized(status=b"HTTP/1.1 20 OK"), HANG_UP],
    "status of letters": [sized(status=b"HTTP/1.1 abc OK"), HANG_UP],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", HANG_UP],
    "HTTP/0.9": [BODY, HANG_UP],
    "HTTP/2 preface": [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HANG_UP],
    "TLS alert": [b"\x15\x03\x01\x00\x02\x02\x46", HANG_UP],
    "blank in a header's name": [sized(BODY, b"Bad Name: x"), HANG_UP],
    "header without a colon": [sized(BODY, b"no colon here"), HANG_UP],
    "zero byte in a header": [sized(BODY, b"X-Zero: a\0b"), HANG_UP],
    "headers without end": [head()[:-2] + b"X: " + b"x" * 70_000, b"x" * 70_000, HANG_UP],
    "shorter than its length says": [head(b"Content-Length: 10"), HANG_UP],
}

UNTRUSTED: dict[str, Pieces] = {
    "empty": sized(b""),
    "204": head(status=b"HTTP/1.1 204 No Content"),
    "205": head(b"Content-Length: 0", status=b"HTTP/1.1 205 Reset Content"),
    "304": head(status=b"HTTP/1.1 304 Not Modified"),
    "304 with a length": head(b"Content-Length: 10", status=b"HTTP/1.1 304 Not Modified"),
    "redirect": head(b"Location: https://elsewhere.test/", b"Content-Length: 0", status=b"HTTP/1.1 302 Found"),
    "redirect to itself": head(b"Location: /", b"Content-Length: 0", status=b"HTTP/1.1 307 Temporary Redirect"),
    "cut, until the end": [head(), BODY[:-1], HANG_UP],
    "cut by its length": head(b"Content-Length: 5") + BODY[:5],
    "gzip that is none": sized(BODY, b"Content-Encoding: gzip"),
    "gzip that is cut": sized(gzip.compress(BODY)[:-3], b"Content-Encoding: gzip"),
    "gzip twice": sized(gzip.compress(gzip.compress(BODY)), b"Content-Encoding: gzip, gzip"),
    "unknown coding": sized(BODY, b"Content-Encoding: br"),
    "gzip bomb": sized(gzip.compress(b" " * (2 * MAX_BODY_BYTES)), b"Content-Encoding: gzip"),
    "bomb of values": sized(gzip.compress(b'{"a":[' + b"[]," * 2_000_000 + b"1]}"), b"Content-Encoding: gzip"),
    "bomb of nesting": sized(b"[" * 500_000),
    "two JSON texts": sized(BODY + BODY),
    "an array": sized(b"[]"),
}


def ask(service: RawService, method: str, times: int = 1) -> list[Any]:
    """Send requests one after the other, and return for each what came: the body, or the error."""

    async def wait(_: float) -> None:
        await asyncio.sleep(0)

    async def run() -> list[Any]:
        found: list[Any] = []
        async with service.listening() as url, Client(url, options=ClientOptions(sleep=wait, timeout=20)) as client:
            for _ in range(times):
                try:
                    found.append((await client.request(method, "/things", json={} if method == "POST" else None)).body)
                except NotifconfError as error:
                    found.append(error)
                # What the service sends after its answer arrives in the meantime.
                for _turn in range(50):
                    await asyncio.sleep(0)
        return found

    return asyncio.run(run())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_answer_is_read_and_nothing_of_it_reaches_the_next_request(answer: Pieces, method: str) -> None:
    service = RawService(answer, OK)
    assert ask(service, method, times=2) == [{"id": "x"}, {}]
    assert len(service.sent) == 2


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_a_create_is_not_sent_again_after_a_broken_answer(answer: Pieces) -> None:
    service = RawService(answer, OK)
    failed, after = ask(service, "POST", times=2)
    assert isinstance(failed, TransportError)
    assert failed.sent
    assert after == {}
    assert len(service.sent) == 2
    assert [len(asked) for asked in service.requests] == [1, 1]


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_a_read_is_repeated_over_a_new_connection_after_a_broken_answer(answer: Pieces) -> None:
    service = RawService(answer, sized())
    assert ask(service, "GET") == [{"id": "x"}]
    assert [len(asked) for asked in service.requests] == [1, 1]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("answer", UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_an_answer_that_can_not_be_meant_is_an_error_and_not_asked_for_again(answer: Pieces, method: str) -> None:
    service = RawService(answer, OK)
    failed, after = ask(service, method, times=2)
    assert isinstance(failed, ProtocolError)
    assert after == {}
    assert len(service.sent) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 500])
def test_a_connection_is_used_again_after_an_error_status(status: int) -> None:
    service = RawService(sized(b"{}", status=b"HTTP/1.1 %d Error" % status), OK)
    failed, after = ask(service, "PATCH", times=2)
    assert isinstance(failed, ApiError)
    assert (failed.status, after) == (status, {})
    assert [len(asked) for asked in service.requests] == [2]


def test_one_byte_now_and_then_does_not_prolong_the_time_of_a_request() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 200 OK\r\nX: "[:1])
            await writer.drain()
            await asyncio.sleep(0.01)

    async def run() -> ServiceError:
        async with (
            serving(trickle) as port,
            Client(f"http://127.0.0.1:{port}", options=ClientOptions(timeout=0.1)) as client,
        ):
            with pytest.raises(ServiceError) as caught:
                await client.request("POST", "/things", json={})
        return caught.value

    assert asyncio.run(run()).sent
