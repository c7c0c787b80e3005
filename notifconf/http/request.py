"""Requests, and what their answers say: an answer that can't be what the service means is never read as nothing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias, cast
from urllib.parse import quote, urlencode

import httpx

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
    TransportError,
)
from notifconf.http.failure import HopelessError, describe_safely, trace
from notifconf.http.redaction import Redactor

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Of a body, packed or not."""

CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
ANY_HEADER_WBITS = zlib.MAX_WBITS + 32
NO_HEADER_WBITS = -zlib.MAX_WBITS
"""Some services send deflate without its header."""


async def read_body(response: httpx.Response, request: Request, request_id: str | None = None) -> bytes:
    """Read a body and return it unpacked. Raises `ProtocolError` for one that is too large or can't be unpacked.

    httpx would unpack it too, but without a bound: a few hundred bytes can hold gigabytes.
    """
    pieces = []
    size = 0
    async for piece in cast("httpx.AsyncByteStream", response.stream):
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise _make_size_error(request, request_id)
        pieces.append(piece)
    content = b"".join(pieces)
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in {"", "identity"} or not content:
        return content
    unpacked = _unpack(content) if coding in CODINGS else None
    if unpacked is None:
        raise _make_body_error(request, "a body that can't be unpacked", request_id)
    if len(unpacked) > MAX_BODY_BYTES:
        raise _make_size_error(request, request_id)
    return unpacked


def _unpack(content: bytes) -> bytes | None:
    """Return what `content` holds, at most a byte more than may be; None where it is not packed, or not whole."""
    for header in (ANY_HEADER_WBITS, NO_HEADER_WBITS):
        unpacking = zlib.decompressobj(header)
        try:
            unpacked = unpacking.decompress(content, MAX_BODY_BYTES + 1)
        except zlib.error:
            continue
        return unpacked if unpacking.eof or len(unpacked) > MAX_BODY_BYTES else None
    return None


def _make_size_error(request: Request, request_id: str | None) -> ProtocolError:
    return _make_body_error(request, f"more than {MAX_BODY_BYTES >> 20} MiB", request_id)


def _make_body_error(request: Request, what: str, request_id: str | None) -> ProtocolError:
    message = f"{request.operation} was answered with {what}{trace(request_id)}"
    return ProtocolError(message, operation=request.operation, sent=request.writes)


STATUS_ERRORS: Mapping[int, type[ApiError]] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: AuthenticationError,
        HTTPStatus.PAYMENT_REQUIRED: QuotaError,
        HTTPStatus.FORBIDDEN: ForbiddenError,
        HTTPStatus.NOT_FOUND: NotFoundError,
        HTTPStatus.CONFLICT: ConflictError,
        HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
    }
)
"""Status -> class; other 4xx are `InvalidRequestError`, 5xx `ServerError`."""

REPEATABLE_STATUS = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
Query: TypeAlias = Mapping[str, str | Sequence[str]]
"""The parameters of a request; one with several values is repeated."""

MAX_ID_LENGTH = 100
MAX_BODY_VALUES = 1_000_000
"""JSON values in one body, names of members included."""

VALUE_BYTES = 130
"""How much memory a JSON value takes at most, apart from the characters of a long text."""

STRUCTURE = (b",", b":", b"[", b"{")
"""Each value and each name of a JSON text, but for the outermost value, comes after one of these."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; `body` is a JSON object, or None where none was wanted.

    `size` is the length of the unpacked body in bytes, `values` at least the number of JSON values in it, `memory` at
    least the number of bytes that these take.
    """

    status: int
    body: Any = field(repr=False)
    request_id: str | None = None
    size: int = 0
    values: int = 0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of `endpoint`; `path` begins with a slash, its segments are quoted. See `Client.request`.

    `may_be_missing` says that 404 is an answer like any other: then nobody reads what it says.
    """

    endpoint: str
    method: str
    path: str
    params: Query | None
    content: bytes | None = field(repr=False)
    repeatable: bool
    wants_body: bool
    describe: Callable[[Any], str]
    may_be_missing: bool = False

    @property
    def operation(self) -> str:
        """How errors call it: "METHOD /path"; a query may be long, and is left out."""
        return f"{self.method} {self.path}"

    @property
    def target(self) -> str:
        """The path and the query. Raises `UnicodeError` for what neither can hold."""
        return f"{self.path}?{urlencode(self.params, doseq=True, quote_via=quote)}" if self.params else self.path

    @property
    def key(self) -> Hashable:
        """What tells the request of one thing from those of others."""
        return self.path, tuple((name, str(value)) for name, value in (self.params or {}).items())

    @property
    def writes(self) -> bool:
        """Say whether carrying it out changes anything."""
        return self.method != "GET"

    def may_repeat(self, error: BaseException) -> bool:
        """Say whether a failure may pass, and repeating can't do twice what shall be done once."""
        match error:
            case RateLimitedError():
                return True
            case ServerError():
                return self.repeatable and error.status in REPEATABLE_STATUS
            case HopelessError():
                return False
            case TransportError():
                return self.repeatable or not error.sent
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: headers by their names in lower case, the body, and what the service calls this exchange."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    request_id: str | None = None


def request_id_of(headers: Mapping[str, str], redactor: Redactor) -> str | None:
    """Return what the service calls an exchange, or None where it does not say."""
    return describe_safely(headers.get("x-request-id", ""), redactor, longest=MAX_ID_LENGTH) or None


def encode(body: object) -> bytes:
    """Return a body as JSON in ASCII: it can hold any string, so encoding never fails in the middle of one."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")


def read_answer(request: Request, response: Response, redactor: Redactor, hints: Mapping[int, str]) -> Answer:
    """Return what an answer says. Raises `ApiError` for an error status, `ProtocolError` for what can't be trusted."""
    if httpx.codes.is_success(response.status):
        body = _read_object(request, response, redactor) if request.wants_body else None
        size, values = len(response.content), _count_values(response.content)
        memory = values * VALUE_BYTES + size * _character_bytes(response.content)
        return Answer(response.status, body, response.request_id, size, values, memory)
    if httpx.codes.is_redirect(response.status):
        raise _make_error(
            request,
            response,
            f"was answered {response.status}: the endpoint redirects; {request.endpoint} may be the console's address",
        )
    if not httpx.codes.is_error(response.status):
        text = f"was answered {response.status}, which means neither success nor an error"
        raise _make_error(request, response, text)
    body = _read_error_body(request, response)
    if response.status == HTTPStatus.NOT_FOUND and request.may_be_missing:
        # A plan may look thousands of resources up, and it takes a while to search a text for secrets.
        raise _make_missing(request, response)
    description = describe_safely(request.describe(body), redactor)
    is_server_error = httpx.codes.is_server_error(response.status)
    error_class = ServerError if is_server_error else STATUS_ERRORS.get(response.status, InvalidRequestError)
    phrase = httpx.codes.get_reason_phrase(response.status)
    status = f"{response.status} {phrase}".rstrip()
    text = ": ".join(filter(None, [f"{request.operation} was answered {status}", description]))
    hint = _explain_status(request, response.status, hints)
    raise error_class(
        "; ".join(filter(None, [text + trace(response.request_id), hint])),
        status=response.status,
        operation=request.operation,
        request_id=response.request_id,
        sent=is_server_error and request.writes,
        code=_read_error_code(body),
    )


def _make_missing(request: Request, response: Response) -> NotFoundError:
    status, operation = response.status, request.operation
    text = f"{operation} was answered 404 Not Found"
    return NotFoundError(text, status=status, operation=operation, request_id=response.request_id)


def _explain_status(request: Request, status: int, hints: Mapping[int, str]) -> str:
    """Return what an error status usually means and what to do, as the service's provider says, else in general."""
    match status:
        case HTTPStatus.NOT_FOUND if request.method in {"PATCH", "PUT", "DELETE"}:
            return "it does not exist, or was deleted in the meantime"
        case _ if status in hints:
            return hints[status]
        case HTTPStatus.UNAUTHORIZED:
            return "the service does not accept these credentials"
        case HTTPStatus.PAYMENT_REQUIRED:
            return "a quota is used up: delete what is no longer needed, or ask the service for a higher quota"
        case HTTPStatus.FORBIDDEN:
            return "the credentials are valid, but do not allow this"
        case HTTPStatus.NOT_FOUND:
            return f"is the endpoint {request.endpoint} right?"
        case _:
            return ""


def _read_object(request: Request, response: Response, redactor: Redactor) -> dict[str, Any]:
    if _count_values(response.content) > MAX_BODY_VALUES:
        raise _make_error(request, response, f"was answered with more than {MAX_BODY_VALUES:,} values")
    body = _parse(response.content)
    if isinstance(body, dict):
        return body
    if not response.content.strip():
        raise _make_error(request, response, "was answered with an empty body")
    if body is None:
        kind = describe_safely(response.headers.get("content-type", "of no type"), redactor, longest=MAX_ID_LENGTH)
        doubt = f": is the endpoint {request.endpoint} right?" if "html" in kind.lower() else ""
        raise _make_error(
            request, response, f"was answered with something that is not JSON, or not all of it ({kind}){doubt}"
        )
    raise _make_error(request, response, "was answered with JSON that is no object")


def _read_error_body(request: Request, response: Response) -> Any:
    """Return the body of an error, None where it has none; a page of a proxy is None too.

    A 404 that the API didn't write must never read as "there is none": a wrong endpoint answers it to everything.
    """
    body = _parse(response.content)
    if response.status == HTTPStatus.NOT_FOUND and response.content.strip() and body is None:
        raise _make_error(
            request, response, f"was answered 404, but not by the API: is the endpoint {request.endpoint} right?"
        )
    return body


def _read_error_code(body: Any) -> str | None:
    """Return the service's own word for an error, where all that the body lists say the same: `errors[].code`."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return None
    codes = [entry.get("code") if isinstance(entry, dict) else None for entry in errors]
    return codes[0] if codes and isinstance(codes[0], str) and codes.count(codes[0]) == len(codes) else None


def _count_values(content: bytes) -> int:
    """Return how many JSON values a body holds at most; a comma in a string is counted too."""
    return 1 + sum(map(content.count, STRUCTURE))


def _character_bytes(content: bytes) -> int:
    """Return how many bytes a character takes at most: one emoji makes every character of its text take four."""
    return 1 if content.isascii() and b"\\u" not in content else 4


def _parse(content: bytes) -> Any:
    """Return the value of a JSON text, None if it is not JSON or holds too many values."""
    if _count_values(content) > MAX_BODY_VALUES:
        return None
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _make_error(request: Request, response: Response, text: str) -> ProtocolError:
    return ProtocolError(
        f"{request.operation} {text}{trace(response.request_id)}",
        operation=request.operation,
        sent=request.writes and httpx.codes.is_success(response.status),
    )
