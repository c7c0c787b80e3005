"""Routes out of a table of operations: one for each path, so that 405 names all methods that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    Endpoint = Callable[[Request], Awaitable[Response]]


# Where each part of the application begins.
CONTROL = "/_emulator"
KONNECT = "/v1/"


def routes(table: Iterable[tuple[str, str, Endpoint]]) -> list[Route]:
    """The routes of (method, path, endpoint), in the order of their paths' first appearance."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for method, path, endpoint in table:
        paths.setdefault(path, {})[method] = endpoint
    return [_route(path, endpoints) for path, endpoints in paths.items()]


def _route(path: str, endpoints: dict[str, Endpoint]) -> Route:
    async def endpoint(request: Request) -> Response:
        # Starlette lets HEAD in wherever GET is.
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(endpoints))
