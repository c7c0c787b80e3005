"""How the service says no: `{"errors": [{id, status, code, title, detail, source}]}`."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error's body. `pointer` (into the body) or `parameter` (of the query) names its source.

    `location` is the address of the object that is in the way.
    """

    status: int
    code: str
    title: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    location: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The entry as it is sent."""
        entry: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "status": str(self.status),
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
        }
        if self.pointer is not None:
            entry["source"] = {"pointer": self.pointer}
        elif self.parameter is not None:
            entry["source"] = {"parameter": self.parameter}
        return entry


class Refusal(Exception):  # noqa: N818 - an answer, not an error
    """Ends the handling of a request; the first problem decides the status."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


def invalid(detail: str, *, pointer: str | None = None, parameter: str | None = None) -> Problem:
    """400: something in the request is not as it has to be."""
    code = "invalid_request"
    if pointer is not None:
        code = "invalid_configuration"
    elif parameter is not None:
        code = "invalid_parameter"
    return Problem(400, code, "Bad Request", detail, pointer=pointer, parameter=parameter)


def forbidden(detail: str) -> Problem:
    """403: these credentials may not do this, or nobody may."""
    return Problem(403, "user_unauthorized", "User Access Unauthorized", detail)


def forbidden_access() -> Problem:
    """403, as the service answers it for an object that it does not have."""
    return Problem(403, "forbidden_access", "Forbidden", "Forbidden Access")


def not_found(detail: str) -> Problem:
    """404."""
    return Problem(404, "not_found", "Not Found", detail)


def already_exists(detail: str, location: str) -> Problem:
    """409: the object at that address is what the request wants to make."""
    return Problem(409, "resource_already_exists", "Resource Already exists", detail, location=location)


def in_use(detail: str) -> Problem:
    """409: something else needs the object. This is not in the vendor's documents."""
    return Problem(409, "resource_in_use", "Conflict", detail)


def error_response(*problems: Problem, headers: dict[str, str] | None = None) -> Response:
    """The answer that names these problems."""
    body = json.dumps({"errors": [problem.as_json() for problem in problems]})
    headers = dict(headers or {})
    if problems[0].location is not None:
        headers["Location"] = problems[0].location
    return Response(body, problems[0].status, headers, "application/json")


def unauthorized() -> Response:
    """401, to a request without credentials that could be any."""
    problem = Problem(
        401,
        "user_unauthenticated",
        "Authentication Required",
        "Valid authentication credentials must be provided",
    )
    challenge = 'Basic error="invalid_key", error_description="The API Key is invalid"'
    return error_response(problem, headers={"WWW-Authenticate": challenge})


def foreign_host(detail: str) -> Response:
    """403 of the emulator itself, to a request that may come from a web page."""
    return error_response(Problem(403, "foreign_host", "Forbidden", detail))


def too_many_requests(retry_after: int) -> Response:
    """429, with the seconds until the next window."""
    problem = Problem(
        429, "rate_limit_exceeded", "Too Many Requests", f"The rate limit is reached; wait {retry_after} s"
    )
    return error_response(problem, headers={"Retry-After": str(retry_after)})
