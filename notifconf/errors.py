"""Everything that notifconf raises on purpose.

    NotifconfError
    ├── UsageError            an option, an endpoint or a credential is missing or wrong
    │   └── OutputConflictError   an output is a file that is read, or another output
    ├── WorkspaceError        the workspace has errors: carries its diagnostics
    ├── StaleError            a saved plan: what it would change has changed since
    └── ServiceError          the service, or the way to it
        ├── ChangedSinceError an object is not what the plan shows any more: writing it would do more than that
        ├── TransportError    no answer: refused, reset, timed out; `sent` says whether the service may have acted
        ├── ProtocolError     an answer that can't be trusted: no JSON, wrong types, a page that loops
        └── ApiError          the service answered with an error status
            ├── InvalidRequestError   400, 422 and other 4xx
            ├── AuthenticationError   401
            ├── QuotaError            402
            ├── ForbiddenError        403
            ├── NotFoundError         404
            ├── ConflictError         409
            ├── RateLimitedError      429
            └── ServerError           5xx; `sent`: a gateway can't say whether the service acted

The status decides the class, never the wording. No message holds a secret: request bodies are never part of one, and
what the service echoes passes through redaction first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifconf.model.diagnostic import Diagnostic
    from notifconf.model.state import Workspace


class NotifconfError(Exception):
    """The root: its text is a sentence for the user."""


class UsageError(NotifconfError):
    """What the user asked for can't be done as asked: the text says what to do instead."""


class OutputConflictError(UsageError):
    """Writing a file would destroy what the command reads, or another of its outputs."""


MAX_ERRORS_SHOWN = 5
"""A `WorkspaceError` as text shows this many errors, then the number of the others."""


class WorkspaceError(NotifconfError):
    """The workspace has errors: its text shows the first ones, `diagnostics` holds all of them, and the warnings.

    `workspace` is the part that could be read, with the same diagnostics, if the live state could show more errors.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], workspace: Workspace | None = None) -> None:
        """Carry the diagnostics, sorted by place."""
        self.diagnostics = tuple(diagnostics)
        self.workspace = workspace
        lines = [
            f"{f'{item.position}: ' if item.position else ''}error[{item.code}]: {item.message}"
            for item in self.diagnostics
            if item.severity == "error"
        ]
        more = [f"and {len(lines) - MAX_ERRORS_SHOWN} more"] if len(lines) > MAX_ERRORS_SHOWN else []
        super().__init__("\n".join([*lines[:MAX_ERRORS_SHOWN], *more]))


class StaleError(NotifconfError):
    """What a saved plan would change has changed since; the text lists how."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """List the reasons, one a line."""
        lines = "".join(f"\n  {reason}" for reason in reasons)
        super().__init__(f"the saved plan is stale, and nothing was changed; make the plan anew:{lines}")


class ServiceError(NotifconfError):
    """A request failed.

    `operation` is the request as "METHOD /path"; `sent` is true where the service may have carried it out.
    `retry_after` is for how many seconds a 503 refuses by its `Retry-After`; 0 where it does not say.
    """

    def __init__(self, message: str, *, operation: str = "", sent: bool = False) -> None:
        """Describe the failure of one request."""
        self.operation = operation
        self.sent = sent
        self.retry_after = 0.0
        super().__init__(message)


class ChangedSinceError(ServiceError):
    """An object has changed since the plan was made, and to write it would take away what the plan does not show."""


class TransportError(ServiceError):
    """The request got no answer."""


class ProtocolError(ServiceError):
    """The answer can't be what the service means: reading on would risk a wrong plan."""


class ApiError(ServiceError):
    """The service answered with an error `status`.

    `request_id` is what its support asks for, and `code` the service's own word for the error, where it sent them.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        operation: str = "",
        request_id: str | None = None,
        sent: bool = False,
        code: str | None = None,
    ) -> None:
        """Describe an error answer."""
        self.status = status
        self.request_id = request_id
        self.code = code
        super().__init__(message, operation=operation, sent=sent)


class InvalidRequestError(ApiError):
    """The service refuses the request as it is."""


class AuthenticationError(ApiError):
    """The credentials are not valid."""


class QuotaError(ApiError):
    """The organisation's quota is used up."""


class ForbiddenError(ApiError):
    """The credentials don't allow this."""


class NotFoundError(ApiError):
    """There is no such object (any more)."""


class ConflictError(ApiError):
    """The object exists already, or is in use."""


class RateLimitedError(ApiError):
    """Still too many requests after all attempts."""


class ServerError(ApiError):
    """The service failed."""
