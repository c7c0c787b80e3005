"""How the service says no: `{"errors": [{id, status, code, title, detail, source}]}`."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error's body. `pointer` (into the body) or `parameter` (of the query) names its source."""

    status: int
    code: str
    title: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None

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
    code = "invalid_parameter" if parameter is not None else "invalid_request"
    return Problem(400, code, "Bad Request", detail, pointer=pointer, parameter=parameter)


def forbidden(detail: str) -> Problem:
    """403: these credentials may not do this, or nobody may."""
    return Problem(403, "user_unauthorized", "User Access Unauthorized", detail)


def not_found(detail: str) -> Problem:
    """404."""
    return Problem(404, "not_found", "Not Found", detail)


def conflict(detail: str) -> Problem:
    """409: what is already there forbids it."""
    return Problem(409, "resource_conflict", "Conflict", detail)


def error_response(*problems: Problem, headers: dict[str, str] | None = None) -> Response:
    """The answer that names these problems."""
    body = json.dumps({"errors": [problem.as_json() for problem in problems]})
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


def too_many_requests(retry_after: int) -> Response:
    """429, with the seconds until the next window."""
    problem = Problem(
        429, "rate_limit_exceeded", "Too Many Requests", f"The rate limit is reached; wait {retry_after} s"
    )
    return error_response(problem, headers={"Retry-After": str(retry_after)})
