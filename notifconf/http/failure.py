"""Failed requests as exceptions: the status decides the class, and no text holds what was sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType

import httpx

from notifconf.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TransportError,
)
from notifconf.model.text import visible

ERRORS: Mapping[int, type[ApiError]] = MappingProxyType(
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

LONGEST_TEXT = 500


class HopelessError(TransportError):
    """No answer, and another attempt would end the same."""


def api_error(operation: str, status: int, description: str, *, request_id: str | None, writes: bool) -> ApiError:
    """Return the exception for an error answer; `description` is safe to show, `writes` says what the request does."""
    server = httpx.codes.is_server_error(status)
    error_class = ServerError if server else ERRORS.get(status, InvalidRequestError)
    return error_class(
        f"{operation} was answered {status}{_reason(status)}"
        f"{': ' if description else ''}{description}{trace(request_id)}",
        status=status,
        operation=operation,
        request_id=request_id,
        sent=server and writes,
    )


def transport_error(operation: str, error: Exception, reason: str, *, endpoint: str, writes: bool) -> TransportError:
    """Return the exception for a request without an answer; `reason` is what `error` says, safe to show."""
    match error:
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | UnicodeError():
            return HopelessError(f"{operation}: its address can't be written as a URL", operation=operation)
        case httpx.LocalProtocolError():
            return HopelessError(f"{operation}: this can't be sent over HTTP", operation=operation, sent=writes)
        case httpx.TransportError() if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
            return HopelessError(
                f"{operation}: the certificate of {endpoint} is not trusted ({reason});"
                " SSL_CERT_FILE may name a file of other authorities",
                operation=operation,
            )
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
            return TransportError(
                f"{operation}: {endpoint} can't be reached ({reason}):"
                " check the endpoint, the network, and HTTPS_PROXY where a proxy is needed",
                operation=operation,
            )
        case TimeoutError() | httpx.TimeoutException():
            return TransportError(f"{operation}: no answer in time", operation=operation, sent=writes)
        case _:
            return TransportError(
                f"{operation}: the connection broke before the answer was complete ({reason})",
                operation=operation,
                sent=writes,
            )


def trace(request_id: str | None) -> str:
    """Return the request id as an error message ends with it: the service's support asks for it."""
    return f" (request id {request_id})" if request_id else ""


def printable(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return `text` on one line, safe for a terminal, cut where it is huge."""
    line = " ".join(text[: 2 * longest].split())
    cut = line if len(line) <= longest else line[: longest - 1] + "…"
    return visible(cut)


def _reason(status: int) -> str:
    phrase = httpx.codes.get_reason_phrase(status)
    return f" {phrase}" if phrase else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
