"""The emulator as a server on 127.0.0.1, in this process or in a thread of it."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from notifconf.emulator.app import create_app
from notifconf.emulator.faults.network import with_transport

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from types import FrameType

    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from notifconf.emulator.settings import Settings

HOST = "127.0.0.1"
BACKLOG = 1024
GRACEFUL_SECONDS = 1


class BreakableProtocol(AutoHTTPProtocol):  # type: ignore[valid-type, misc]  # which one it is depends on what is installed
    """HTTP over a connection that a fault can reset."""

    app: ASGIApp

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Called by asyncio."""
        super().connection_made(transport)
        self.app = with_transport(self.app, transport)


class EmulatorServer(uvicorn.Server):
    """A server that says when it listens, and for which a signal is the usual way to end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn."""
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the server, and are not raised again behind it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        handlers = {number: signal.signal(number, self._stop) for number in signals}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _stop(self, _: int, __: FrameType | None) -> None:
        self.should_exit = True


def serve(
    port: int, database: str, settings: Settings | None = None, ready: Callable[[int], None] = lambda _: None
) -> None:
    """Serves until SIGINT or SIGTERM; `ready` is called with the port (which 0 leaves open) when it listens.

    Raises OSError where the port can't be had, store.DatabaseUnusableError where the database can't.
    """
    with _listen(port) as listener:
        bound = listener.getsockname()[1]
        _server(create_app(database, settings), lambda: ready(bound)).run(sockets=[listener])


@contextlib.contextmanager
def running(app: Starlette, port: int = 0) -> Iterator[str]:
    """Serves an application in a thread; answers its base URL. The database is closed in the end."""
    listening = threading.Event()
    with _listen(port) as listener:
        server = _server(app, listening.set)

        def run() -> None:
            try:
                server.run(sockets=[listener])
            finally:
                # Nobody waits for a server that has failed to start.
                listening.set()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        listening.wait()
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _server(app: Starlette, ready: Callable[[], None]) -> EmulatorServer:
    config = uvicorn.Config(
        app,
        http=BreakableProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    return EmulatorServer(config, ready)
