"""An httpx transport into an emulator of this process: the endpoint `emulator:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from notifconf.emulator.app import create_app
from notifconf.emulator.faults.network import ConnectionDroppedError, NeverAnsweredError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from notifconf.emulator.settings import Settings

# The embedded emulator asks for no credentials; the service that it plays does.
AUTHORIZATION = "Bearer emulator"


class EmulatorTransport(httpx.ASGITransport):
    """Answers requests to any host out of one application.

    Requests without credentials get some. With `owned`, closing the transport closes the application's
    database; without, several clients may use one application after each other.
    """

    def __init__(self, app: Starlette, *, owned: bool = False) -> None:
        super().__init__(app=app)
        self._starlette = app
        self._owned = owned

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request; the emulator's faults appear as httpx shows those of a network."""
        request.headers.setdefault("Authorization", AUTHORIZATION)
        try:
            return await super().handle_async_request(request)
        except ConnectionDroppedError as error:
            raise httpx.ReadError("Connection reset by peer", request=request) from error
        except NeverAnsweredError as error:
            # Nobody waits here: the time that the client would have waited is over at once.
            raise httpx.ReadTimeout("The read operation timed out", request=request) from error

    async def aclose(self) -> None:
        """Closes what this transport opened."""
        if self._owned:
            self._starlette.state.emulator.close()


def open_transport(database: str, settings: Settings | None = None) -> EmulatorTransport:
    """A transport over an application of its own. Raises store.DatabaseUnusableError."""
    return EmulatorTransport(create_app(database, settings), owned=True)
