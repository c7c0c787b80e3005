"""The ASGI application."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from notifconf.emulator.confluent import errors as confluent
from notifconf.emulator.confluent.inventory_routes import Inventory
from notifconf.emulator.confluent.routes import Service as Confluent
from notifconf.emulator.confluent.routes import refusal_response
from notifconf.emulator.confluent.user_notification_routes import UserNotifications
from notifconf.emulator.control import Control, ControlError, control_error_response
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.faults.middleware import Faults
from notifconf.emulator.front import Front
from notifconf.emulator.konnect.errors import ProblemError, problem_response
from notifconf.emulator.konnect.routes import Service as Konnect
from notifconf.emulator.konnect.routes import problem_error_response
from notifconf.emulator.routing import KONNECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from notifconf.emulator.settings import Settings


def create_app(database: str, settings: Settings | None = None) -> Starlette:
    """Both services over a database: the path of a SQLite file, which survives a restart, or `:memory:`.

    The application's `state.emulator` is what a test may seed and inspect (`Emulator`). Whoever runs the
    application without its lifespan closes that in the end. Raises store.DatabaseUnusableError.
    """
    emulator = Emulator(database, settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        emulator.close()

    app = Starlette(
        routes=[
            *Confluent(emulator.store, emulator.settings).routes(),
            *UserNotifications(emulator.store, emulator.settings).routes(),
            *Inventory(emulator.store, emulator.settings).routes(),
            *Konnect(emulator.store, emulator.settings).routes(),
            *Control(emulator).routes(),
        ],
        middleware=[Middleware(partial(layer, emulator=emulator)) for layer in (Front, Faults)],
        exception_handlers={
            confluent.Refusal: refusal_response,
            ProblemError: problem_error_response,
            ControlError: control_error_response,
            HTTPException: _no_such_operation,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.emulator = emulator
    return app


async def _no_such_operation(request: Request, error: Exception) -> Response:
    """404 and 405 of the router."""
    if not isinstance(error, HTTPException):  # pragma: no cover: registered for HTTPException alone
        raise error
    detail = f"{request.method} {request.url.path} is no operation of this API"
    headers = dict(error.headers) if error.headers else None
    if request.url.path.startswith(KONNECT):
        return problem_response(error.status_code, detail, headers=headers)
    problem = confluent.Problem(error.status_code, "no_such_operation", error.detail, detail)
    return confluent.error_response(problem, headers=headers)
