"""The four lists of the inventory, each of an API of its own."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from notifconf.emulator import routing
from notifconf.emulator.confluent.errors import Refusal, invalid, not_found
from notifconf.emulator.confluent.inventory import (
    CLUSTERS,
    CONNECTORS,
    ENVIRONMENTS,
    POOLS,
    cluster_of_connectors,
    name_of_connector,
)
from notifconf.emulator.confluent.paging import Listing, list_page
from notifconf.emulator.confluent.rules.base import check_access
from notifconf.emulator.settings import MAX_INVENTORY_PAGE_SIZE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from notifconf.emulator.confluent.objects import Collection
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import Store

CONNECTORS_PATH = "/connect/v1/environments/{environment}/clusters/{cluster}/connectors"
PARTS = ("id", "info", "status")


class Inventory:
    """The handlers; they read alone. An environment that does not exist has nothing in it: no description has a 404."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def routes(self) -> list[Route]:
        """Every operation."""
        return routing.routes(
            [
                ("GET", f"/{ENVIRONMENTS.api_version}/{ENVIRONMENTS.path}", self.list_environments),
                ("GET", f"/{CLUSTERS.api_version}/{CLUSTERS.path}", partial(self.list_of_environment, CLUSTERS)),
                ("GET", f"/{POOLS.api_version}/{POOLS.path}", partial(self.list_of_environment, POOLS)),
                ("GET", CONNECTORS_PATH, self.list_connectors),
            ]
        )

    async def list_environments(self, request: Request) -> Response:
        """All of the organisation."""
        return self._page(Listing(ENVIRONMENTS, maximum=MAX_INVENTORY_PAGE_SIZE), request)

    async def list_of_environment(self, collection: Collection, request: Request) -> Response:
        """The clusters or the compute pools of an environment."""
        environment = request.query_params.get("environment")
        if not environment:
            raise Refusal(invalid("environment is required", parameter="environment"))
        check_access(self.settings, f"environment={environment}")
        listing = Listing(
            collection,
            owner=environment,
            filters=(("environment", environment),),
            maximum=MAX_INVENTORY_PAGE_SIZE,
            is_terse=collection is POOLS,
        )
        return self._page(listing, request)

    async def list_connectors(self, request: Request) -> Response:
        """The connectors of a cluster, all on one page: their names, or by name the parts that `expand` names."""
        environment, cluster = request.path_params["environment"], request.path_params["cluster"]
        check_access(self.settings, f"environment={environment}/cloud-cluster={cluster}")
        row = self.store.get(CLUSTERS.path, cluster)
        if row is None or row.owner != environment:
            raise Refusal(not_found(f"There is no cluster {cluster} in {environment}"))
        rows = self.store.page(CONNECTORS.path, owner=cluster_of_connectors(environment, cluster))
        wanted = {part for text in request.query_params.getlist("expand") for part in text.split(",")}
        parts = [part for part in PARTS if part in wanted]
        if not parts:
            return _json(json.dumps([name_of_connector(row) for row in rows]))
        found = {name_of_connector(row): row.json() for row in rows}
        shown = {name: {part: body[part] for part in parts if part in body} for name, body in found.items()}
        return _json(json.dumps(shown))

    def _page(self, listing: Listing, request: Request) -> Response:
        return _json(list_page(self.store, listing, request.query_params, self.settings.inventory_page_size))


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
