"""How the service says no: `application/problem+json`, with `invalid_parameters` for 400."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Collection

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
}
Parameter = dict[str, Any]


class ProblemError(Exception):
    """Ends the handling of a request with this status."""

    def __init__(self, status: int, detail: str, *parameters: Parameter) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.parameters = parameters


def parameter(field: str, rule: str, reason: str, *, source: str = "body", **more: object) -> Parameter:
    """One entry of `invalid_parameters`. The description's five shapes differ in what `more` must hold."""
    return {"field": field, "rule": rule, "source": source, "reason": reason, **more}


def choice(field: str, choices: Collection[str]) -> Parameter:
    """The entry for a value that is none of those it can be."""
    values = sorted(choices)
    return parameter(field, "enum", f"must be one of {', '.join(values)}", choices=values)


def invalid(*parameters: Parameter) -> ProblemError:
    """400."""
    unique = {json.dumps(entry): entry for entry in parameters}
    return ProblemError(400, "Invalid parameters", *unique.values())


def problem_response(
    status: int, detail: str, *parameters: Parameter, headers: dict[str, str] | None = None
) -> Response:
    """The answer of that status."""
    body: dict[str, Any] = {
        "status": status,
        "title": TITLES.get(status, "Error"),
        "type": f"https://httpstatuses.com/{status}",
        "instance": f"kong:trace:{secrets.randbelow(10**19)}",
        "detail": detail,
    }
    if parameters:
        body["invalid_parameters"] = list(parameters)
    return Response(json.dumps(body), status, headers, "application/problem+json")


def unauthorized() -> Response:
    """401, to a request without a bearer token."""
    return problem_response(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})


def foreign_host(detail: str) -> Response:
    """403 of the emulator itself, to a request that may come from a web page."""
    return problem_response(403, detail)


def too_many_requests(retry_after: int) -> Response:
    """429, with the seconds until the next window."""
    return problem_response(429, "API rate limit exceeded", headers={"Retry-After": str(retry_after)})
