"""Requests without an answer, as exceptions. No text holds what was sent."""

from __future__ import annotations

import ssl
from http import HTTPStatus

import httpx

from notifconf.errors import TransportError
from notifconf.http.environment import ProxyFailedError, ProxyRefusedError, describe_trust
from notifconf.http.redaction import Redactor
from notifconf.model.diagnostic import visible

PASSING_PROXY_STATUS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""With these a proxy refuses for the moment. With any other 4xx it would refuse again."""

MAX_TEXT_LENGTH = 500


class HopelessError(TransportError):
    """No answer, and another attempt would end the same."""


def transport_error(operation: str, error: Exception, reason: str, *, endpoint: str, writes: bool) -> TransportError:
    """Return the exception for a request without an answer; `reason` is what `error` says, safe to show."""
    match error:
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | UnicodeError():
            return HopelessError(f"{operation}: its address can't be written as a URL", operation=operation)
        case httpx.LocalProtocolError():
            return HopelessError(f"{operation}: this can't be sent over HTTP", operation=operation, sent=writes)
        case ProxyFailedError():
            return _proxy_error(operation, error, reason, endpoint)
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
            return _connect_error(operation, error, reason, endpoint)
        case TimeoutError() | httpx.TimeoutException():
            return TransportError(
                f"{operation}: no answer in time from {endpoint}: is it up, and does --timeout give it enough?",
                operation=operation,
                sent=writes,
            )
        case _:
            return TransportError(
                f"{operation}: the connection broke before the answer was complete ({reason})",
                operation=operation,
                sent=writes,
            )


def _proxy_error(operation: str, error: ProxyFailedError, reason: str, endpoint: str) -> TransportError:
    """Return the exception for a request that a proxy did not let through; it was not sent."""
    proxy = f"the proxy that {error.variable} names"
    if _has_cause(error, ssl.SSLCertVerificationError):
        text = f"{operation}: the certificate of {proxy} is not trusted ({reason}): {describe_trust()}"
        return HopelessError(text, operation=operation)
    if not isinstance(error, ProxyRefusedError):
        return TransportError(f"{operation}: {proxy} can't be reached ({reason})", operation=operation)
    status = "" if reason.startswith(str(error.status)) else f"{error.status} "
    text = f"{operation}: {proxy} does not let requests to {endpoint} through: it answered {status}{reason}"
    if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        text += f"; {error.variable} can hold credentials: http://USER:PASSWORD@HOST:PORT"
    passing = httpx.codes.is_server_error(error.status) or error.status in PASSING_PROXY_STATUS
    return (TransportError if passing else HopelessError)(text, operation=operation)


def _connect_error(operation: str, error: Exception, reason: str, endpoint: str) -> TransportError:
    """Return the exception for a request that was not sent, because there is no connection."""
    if _has_cause(error, ssl.SSLCertVerificationError):
        text = f"{operation}: the certificate of {endpoint} is not trusted ({reason}): {describe_trust()}"
        return HopelessError(text, operation=operation)
    if _has_cause(error, ssl.SSLError) and not _has_cause(error, ssl.SSLEOFError):
        return HopelessError(f"{operation}: {endpoint} and TLS don't agree ({reason})", operation=operation)
    return TransportError(
        f"{operation}: {endpoint} can't be reached ({reason}):"
        " check the endpoint, the network, and HTTPS_PROXY where a proxy is needed",
        operation=operation,
    )


def trace(request_id: str | None) -> str:
    """Return the request id as an error message ends with it: the service's support asks for it."""
    return f" (request id {request_id})" if request_id else ""


def describe_safely(text: str, redactor: Redactor, *, longest: int = MAX_TEXT_LENGTH) -> str:
    """Return a text from outside on one line, safe for a terminal, cut where it is huge; without secrets."""
    line = " ".join(redactor(text[: 2 * longest]).split())
    cut = line if len(line) <= longest else line[: longest - 1] + "…"
    return visible(cut)


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, kind):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
