"""`/_emulator`: what a test does to an emulator in another process. No credentials, no latency, no faults.

| request | what it does |
| --- | --- |
| `GET /_emulator/state` | everything stored, as `{collection: [object, …]}` |
| `PUT /_emulator/state` | each collection in the body (of the same shape) holds these objects and no other |
| `POST /_emulator/state` | adds objects, or replaces those of the same ids; answers `{collection: [id, …]}` |
| `DELETE /_emulator/state` | a new organisation again |
| `PATCH /_emulator/state/{collection}/{id}` | sets the members that the body names, such as `display_name` |
| `DELETE /_emulator/state/{collection}/{id}` | removes one object, and what is inside of an environment or cluster |
| `POST /_emulator/inventory` | adds many objects, see below |
| `POST /_emulator/deliveries` | something happens to a resource: answers the notification of it, see below |
| `POST /_emulator/users` | `{"id": "u-abc123"}`: a Confluent user; answers the ids of their integrations |
| `GET /_emulator/requests` | `{count, peak, requests: [{method, path, query, user_agent, body, status}, …]}` |
| `DELETE /_emulator/requests` | forgets them |
| `GET /_emulator/settings` | the settings (`settings.Settings`), faults as their specifications |
| `PUT /_emulator/settings` | sets the members that the body names; `faults` replaces all faults |
| `GET /_emulator/faults` | `[{fault, seen, fired}, …]`: how many requests matched, how many went wrong |

The inventory's body is `{"environments": 40, "clusters": 3, "connectors": 25, "compute_pools": 1}`: 40 environments,
each with 3 clusters and 1 compute pool, and 25 connectors in each cluster. Single ones are added, renamed and
removed as all objects are: `POST /_emulator/state` with `{"connectors": [{"name": "a/b", "environment": "env-p7x2kq",
"cluster": "lkc-8n3qvr"}]}`, and `PATCH /_emulator/state/connectors/lcc-p1gsnk` with `{"name": "my sink"}`.

The body of a delivery is `{"notification_type": "Connector in FAILED state", "resource": "environment=env-p7x2kq"}`.
The type is named by its name or id; without `resource` it concerns the organisation. `resource_type` is that of the
resource's last segment and `received_at` is now, unless the body says something else.

Objects need to hold only what matters, see `Emulator.seed`; `?raw=true` stores them as they are. What is wrong
with a request is said in `{"error": …}`, with 400.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from notifconf.emulator import routing
from notifconf.emulator.faults import parse_fault
from notifconf.emulator.routing import CONTROL

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from notifconf.emulator.emulator import Emulator


INVENTORY = ("environments", "clusters", "connectors", "compute_pools")
DELIVERY = ("notification_type", "resource", "resource_type", "received_at")


class ControlError(ValueError):
    """A request to `/_emulator` that can't be carried out; says why."""


async def control_error_response(_: Request, error: Exception) -> Response:
    """400, with what is wrong."""
    return JSONResponse({"error": str(error)}, 400)


class Control:
    """The handlers."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def routes(self) -> list[Route]:
        """All of the table above."""
        table = [
            ("GET", "/state", self.read_state),
            ("PUT", "/state", self.replace_state),
            ("POST", "/state", self.add_state),
            ("DELETE", "/state", self.reset),
            ("PATCH", "/state/{collection}/{id}", self.change),
            ("DELETE", "/state/{collection}/{id}", self.remove),
            ("POST", "/inventory", self.grow_inventory),
            ("POST", "/deliveries", self.deliver),
            ("POST", "/users", self.add_user),
            ("GET", "/requests", self.read_requests),
            ("DELETE", "/requests", self.clear_requests),
            ("GET", "/settings", self.read_settings),
            ("PUT", "/settings", self.change_settings),
            ("GET", "/faults", self.read_faults),
        ]
        return routing.routes((method, CONTROL + path, endpoint) for method, path, endpoint in table)

    async def read_state(self, _: Request) -> Response:
        """GET of the state."""
        return JSONResponse(self.emulator.state())

    async def replace_state(self, request: Request) -> Response:
        """PUT of the state."""
        self.emulator.replace(await self._state(request), raw=_is_raw(request))
        return Response(status_code=204)

    async def add_state(self, request: Request) -> Response:
        """POST to the state."""
        state, raw = await self._state(request), _is_raw(request)
        return JSONResponse(
            {collection: self.emulator.seed(collection, *bodies, raw=raw) for collection, bodies in state.items()}
        )

    async def reset(self, _: Request) -> Response:
        """DELETE of the state."""
        self.emulator.reset()
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """DELETE of one object."""
        collection, identifier = request.path_params["collection"], request.path_params["id"]
        self._check_collection(collection)
        removed = self.emulator.remove(collection, identifier)
        return Response(status_code=204 if removed else 404)

    async def change(self, request: Request) -> Response:
        """PATCH of one object."""
        collection, identifier = request.path_params["collection"], request.path_params["id"]
        self._check_collection(collection)
        changed = self.emulator.change(collection, identifier, await _object(request))
        return Response(status_code=404) if changed is None else JSONResponse(changed)

    async def grow_inventory(self, request: Request) -> Response:
        """POST to the inventory."""
        numbers = await _object(request)
        for name, number in numbers.items():
            if name not in INVENTORY or not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ControlError(f"{name}: {number!r}: each of {', '.join(INVENTORY)} is a number from 0")
        environments, clusters, connectors, pools = (numbers.get(name, 0) for name in INVENTORY)
        self.emulator.grow_inventory(environments=environments, clusters=clusters, connectors=connectors, pools=pools)
        return Response(status_code=204)

    async def deliver(self, request: Request) -> Response:
        """POST to the deliveries."""
        members = await _object(request)
        for name, value in members.items():
            if name not in DELIVERY or not isinstance(value, str):
                raise ControlError(f"{name}: {value!r}: each of {', '.join(DELIVERY)} is a text")
        if not members.get("notification_type"):
            raise ControlError("notification_type must be the id or the display name of a notification type")
        try:
            return JSONResponse(self.emulator.deliver(**members))
        except ValueError as error:
            raise ControlError(str(error)) from error

    async def add_user(self, request: Request) -> Response:
        """POST to the users."""
        user = (await _object(request)).get("id")
        if not isinstance(user, str) or not user:
            raise ControlError("id must be the id of a user")
        return JSONResponse(self.emulator.add_user(user))

    async def read_requests(self, _: Request) -> Response:
        """GET of the log."""
        return JSONResponse(self.emulator.requests.as_json())

    async def clear_requests(self, _: Request) -> Response:
        """DELETE of the log."""
        self.emulator.requests.clear()
        return Response(status_code=204)

    async def read_settings(self, _: Request) -> Response:
        """GET of the settings."""
        return JSONResponse(self.emulator.settings.as_dict())

    async def change_settings(self, request: Request) -> Response:
        """PUT of some settings."""
        values = await _object(request)
        try:
            if isinstance(values.get("faults"), list):
                values["faults"] = [parse_fault(str(spec)) for spec in values["faults"]]
            self.emulator.settings.update(values)
        except ValueError as error:
            raise ControlError(str(error)) from error
        return JSONResponse(self.emulator.settings.as_dict())

    async def read_faults(self, _: Request) -> Response:
        """GET of the faults and their counts."""
        faults = self.emulator.settings.faults
        return JSONResponse([{"fault": str(f), "seen": f.seen, "fired": f.fired} for f in faults])

    async def _state(self, request: Request) -> dict[str, list[Any]]:
        state = await _object(request)
        for collection, bodies in state.items():
            self._check_collection(collection)
            if not isinstance(bodies, list):
                raise ControlError(f"{collection}: must be a list of objects")
        return state

    def _check_collection(self, collection: str) -> None:
        if collection not in self.emulator.collections:
            raise ControlError(f"{collection!r} is none of {', '.join(self.emulator.collections)}")


def _is_raw(request: Request) -> bool:
    return request.query_params.get("raw") == "true"


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise ControlError(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object")
    return body
