"""The operations, as Starlette routes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from notifconf.emulator import routing
from notifconf.emulator.clock import now
from notifconf.emulator.confluent.errors import (
    Refusal,
    error_response,
    forbidden,
    forbidden_access,
    invalid,
    not_found,
)
from notifconf.emulator.confluent.members import Members, parse_body
from notifconf.emulator.confluent.objects import (
    COLLECTIONS,
    PREFERENCES,
    RESOURCE_SUBSCRIPTIONS,
    ROOT,
    TYPES,
    facet_of,
    is_alive,
    links_of,
    new_object,
    owner_of,
)
from notifconf.emulator.confluent.paging import Listing, list_page
from notifconf.emulator.confluent.rules import all_rules
from notifconf.emulator.confluent.rules.integrations import read_integration
from notifconf.emulator.confluent.verification import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from notifconf.emulator.confluent.objects import JSON, Collection
    from notifconf.emulator.routing import Endpoint
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import Row, Store

LISTED = ("notification-types", "integrations", "subscriptions")


def _json(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, headers, media_type="application/json")


async def _body(request: Request) -> JSON:
    return parse_body(await request.body(), request.headers.get("content-type", ""))


class Service:
    """The handlers. What one does to the store, it does in one transaction and without awaiting."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.rules = all_rules(store, settings)

    def routes(self) -> list[Route]:
        """Every operation; the most frequent first, since they are matched in order."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", f"{ROOT}/{collection.path}:lookup", partial(self.lookup, collection))
            for collection in (PREFERENCES, RESOURCE_SUBSCRIPTIONS)
        ]
        table.append(("POST", f"{ROOT}/integrations:test", self.test))
        for path, collection in COLLECTIONS.items():
            base = f"{ROOT}/{path}"
            if path in LISTED:
                table.append(("GET", base, partial(self.read_list, collection)))
            table.append(("GET", f"{base}/{{id}}", partial(self.read, collection)))
            if path in self.rules:
                table.append(("POST", base, partial(self.create, collection)))
                table.append(("PATCH", f"{base}/{{id}}", partial(self.update, collection)))
                table.append(("DELETE", f"{base}/{{id}}", partial(self.delete, collection)))
        # The guide shows this form, the vendor's description the one with the id.
        table.append(("PATCH", f"{ROOT}/{PREFERENCES.path}", self.update_by_resource))
        return routing.routes(table)

    async def read_list(self, collection: Collection, request: Request) -> Response:
        """GET of a collection."""
        listing = Listing(collection)
        if collection is TYPES:
            # The enum is open: a value that is not known (yet) is that of no type.
            facets = tuple(value for value in request.query_params.getlist("resource_type") if value)
            listing = Listing(TYPES, facets=facets, filters=tuple(("resource_type", value) for value in facets))
        return _json(list_page(self.store, listing, request.query_params, self.settings.page_size))

    async def lookup(self, collection: Collection, request: Request) -> Response:
        """GET of what belongs to a resource: one preference, or a list of subscriptions."""
        query = request.query_params
        for name in ("resource", "resource_type"):
            if not query.get(name):
                raise Refusal(invalid(f"{name} is required", parameter=name))
        resource, facets = query["resource"], (query["resource_type"],)
        self.rules[collection.path].permit(resource)
        found = self.store.page(collection.path, owner=resource, facets=facets, limit=1)
        if not found and (collection is PREFERENCES or self.settings.forbidden_access):
            raise self._missing(f"There is no {collection.reference_kind} of {resource}")
        if collection is PREFERENCES:
            return _json(found[0].body)
        filters = (("resource", resource), ("resource_type", facets[0]))
        listing = Listing(collection, owner=resource, facets=facets, filters=filters, suffix=":lookup")
        return _json(list_page(self.store, listing, query, self.settings.page_size))

    async def read(self, collection: Collection, request: Request) -> Response:
        """GET of one object."""
        row = self._row(collection, request.path_params["id"])
        if collection in {PREFERENCES, RESOURCE_SUBSCRIPTIONS}:
            self.rules[collection.path].permit(row.owner)
        return _json(row.body)

    async def create(self, collection: Collection, request: Request) -> Response:
        """POST to a collection."""
        self._check_role()
        body = await _body(request)
        with self.store.transaction():
            members = self.rules[collection.path].created(body)
            identifier = self.store.new_id(collection.path, collection.prefix)
            created = new_object(collection, identifier, members)
            self._put(collection, created, identifier)
        return _json(json.dumps(created), 201, {"Location": f"{collection.url}/{identifier}"})

    async def update(self, collection: Collection, request: Request) -> Response:
        """PATCH of one object."""
        self._check_role()
        body = await _body(request)
        with self.store.transaction():
            return _json(json.dumps(self._patch(collection, self._row(collection, request.path_params["id"]), body)))

    async def update_by_resource(self, request: Request) -> Response:
        """PATCH of the resource preferences: the body says which."""
        self._check_role()
        body = await _body(request)
        members = Members(body)
        members.require("resource")
        resource = members.resource("resource")
        members.check()
        with self.store.transaction():
            rows = self.store.page(PREFERENCES.path, owner=resource or "", limit=1)
            if not rows:
                raise self._missing(f"There is no preference of {resource}")
            return _json(json.dumps(self._patch(PREFERENCES, rows[0], body)))

    async def delete(self, collection: Collection, request: Request) -> Response:
        """DELETE of one object."""
        self._check_role()
        with self.store.transaction():
            row = self._row(collection, request.path_params["id"], alive=True)
            self.rules[collection.path].check_delete(row.json())
            self.store.delete(collection.path, row.id)
        return Response(status_code=204)

    async def test(self, request: Request) -> Response:
        """POST to `integrations:test`: the body is an integration, which need not exist."""
        self._check_role()
        members = Members(await _body(request))
        members.require("display_name", "target")
        integration = read_integration(members)
        members.check()
        await verify(integration["target"])
        return Response(status_code=204)

    def _row(self, collection: Collection, identifier: str, *, alive: bool = False) -> Row:
        row = self.store.get(collection.path, identifier)
        if row is None or (alive and not is_alive(row.json())):
            raise self._missing(f"{collection.kind} {identifier} does not exist")
        return row

    def _missing(self, detail: str) -> Refusal:
        return Refusal(forbidden_access() if self.settings.forbidden_access else not_found(detail))

    def _check_role(self) -> None:
        if self.settings.read_only:
            raise Refusal(forbidden("These credentials may only read"))

    def _patch(self, collection: Collection, row: Row, body: JSON) -> JSON:
        live = row.json()
        if not is_alive(live):
            raise self._missing(f"{collection.kind} {row.id} does not exist")
        patched: JSON = live | self.rules[collection.path].patched(live, body)
        if isinstance(live.get("metadata"), dict):
            patched["metadata"] = live["metadata"] | {"updated_at": now()}
        self._put(collection, patched, row.id)
        return patched

    def _put(self, collection: Collection, body: JSON, identifier: str) -> None:
        path = collection.path
        facet = facet_of(body["resource_type"]) if "resource_type" in body else ""
        owner, links = owner_of(path, body), links_of(path, body)
        self.store.put(path, identifier, body, owner=owner, facet=facet, links=links)


async def refusal_response(_: Request, refusal: Exception) -> Response:
    """The handler of the exception that every rule raises."""
    if not isinstance(refusal, Refusal):  # pragma: no cover: registered for Refusal alone
        raise refusal
    return error_response(*refusal.problems)
