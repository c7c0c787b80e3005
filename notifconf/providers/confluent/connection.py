"""A Confluent Cloud organisation: what is read for a plan, and how its changes are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from notifconf.errors import ApiError, ForbiddenError, NotFoundError, ProtocolError
from notifconf.http.client import Client
from notifconf.http.paging import MAX_OBJECTS
from notifconf.http.workers import run_all
from notifconf.model.coverage import Location
from notifconf.model.diagnostic import quoted
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.model.views import Filters
from notifconf.providers.base import Plain
from notifconf.providers.confluent import codec
from notifconf.providers.confluent.api import NOT_VISIBLE, Api, Item
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    KINDS,
    PREFERENCE,
    SUBSCRIPTION,
    Catalogue,
    NotificationType,
)
from notifconf.providers.confluent.decode import parse_names
from notifconf.providers.confluent.inventory import (
    Inventory,
    InventoryItem,
    choose,
    choose_inside,
    decode_cluster,
    decode_connector,
    decode_environment,
    decode_pool,
    find_organization,
    inventory_of,
    make_filter,
    make_test,
    select,
)
from notifconf.providers.confluent.live import (
    Place,
    Scope,
    Source,
    Sources,
    can_be_path,
    find_location,
    find_path,
    list_selectors,
    make_inventory_scope,
    make_locator,
    make_plan_scope,
    make_survey_scope,
    make_touched_scope,
)
from notifconf.providers.confluent.workspace import CLUSTER, COMPUTE_POOL, CONNECTOR, Selector

COLLECTIONS = {kind.name: kind.collection for kind in KINDS}
RANKS = {kind.name: rank for rank, kind in enumerate(KINDS)}


class ConfluentConnection:
    """The organisation that one set of credentials opens; see `notifconf.providers.base.Connection`."""

    def __init__(self, client: Client, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Speak through `client`; `now` says which objects are deleted by now."""
        self.client = client
        self._api = Api(client)
        self._sources = Sources(self._api)
        self._now = now

    async def read(self, workspace: Workspace) -> Live:
        """Read what a plan of this workspace needs, side by side."""
        self._learn(workspace)
        inventory = await self._read_inventory(list_selectors(workspace))
        return await self._read(make_plan_scope(workspace, inventory), Live(catalogue=Catalogue(), inventory=inventory))

    async def reread(self, live: Live, touched: Sequence[tuple[str, Mapping[str, Plain]]]) -> Live:
        """Read again what was touched: a whole list for a kind that has one, else the lookup of its resource."""
        self.client.redactor.keep([codec.find_open_members(attributes) for _, attributes in touched])
        return await self._read(make_touched_scope(touched), live)

    async def survey(
        self, resources: Sequence[str], workspace: Workspace | None = None, *, discover: bool = False
    ) -> Live:
        """Read all lists, and the preference and subscriptions of these resources and of those that are declared.

        A resource goes by its path, or by names as in the workspace. Raises `UsageError` for names that mean none.
        """
        if workspace is not None:
            self._learn(workspace)
        discover = discover or (workspace is not None and workspace.policy.discover)
        selectors = list_selectors(workspace, resources, discover=discover)
        try:
            inventory = await self._read_inventory(selectors)
        except (NotFoundError, ForbiddenError) as error:
            # `environment=ID` is a path too, which needs no inventory. It is taken as it is where there is none (404),
            # and where the credentials may not read it (403), if it looks like an id.
            prefix = "env-" if isinstance(error, ForbiddenError) else ""
            named = [resource for resource in resources if parse_names(resource) is not None]
            if list_selectors(workspace, discover=discover) or not all(can_be_path(name, prefix) for name in named):
                raise
            inventory = None
        scope = make_survey_scope(resources, workspace, inventory, discover=discover)
        return await self._read(scope, Live(catalogue=Catalogue(), inventory=inventory))

    async def take_inventory(self, filters: Filters, *, muted: bool, workspace: Workspace | None = None) -> Live:
        """Read what passes the filters of the inventory, and look its mutes up if that is wanted.

        They are looked up in the spelling of the inventory, and in that of the workspace.
        """
        selector = make_filter(filters)
        live = Live(catalogue=Catalogue(), inventory=await self._read_inventory([selector]))
        inventory = inventory_of(live)
        scope = make_inventory_scope(select(selector, inventory), inventory, workspace) if muted else Scope()
        return await self._read(scope, live)

    async def locate(self, resource: str) -> Location:
        """Read as much of the inventory as says what a resource is in."""
        inventory = inventory_of(Live(inventory=await self._read_inventory([make_locator(resource)])))
        return find_location(find_path(resource, inventory), inventory)

    async def create(self, kind: str, attributes: Mapping[str, Plain]) -> str:
        """POST the whole object."""
        self.client.redactor.add(codec.secrets(attributes))
        return await self._api.create(COLLECTIONS[kind], codec.encode(attributes, attributes.keys()))

    async def update(
        self, kind: str, object_id: str, attributes: Mapping[str, Plain], changed: Collection[str]
    ) -> None:
        """PATCH the members that differ; a target and a list of integrations go whole, as the API takes them."""
        self.client.redactor.add(codec.secrets(attributes))
        await self._api.update(COLLECTIONS[kind], object_id, codec.encode(attributes, changed))

    async def delete(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> None:
        """DELETE an object; its id says all."""
        await self._api.delete(COLLECTIONS[kind], object_id)

    async def find(self, kind: str, attributes: Mapping[str, Plain]) -> Sequence[LiveResource]:
        """Look up by name (integrations that can be written), by type, by resource, or by resource and type."""
        source = self._source(kind, attributes)
        identities = set(codec.identities(kind, attributes))
        answer = await source.fetch() or []
        self.client.redactor.keep(codec.find_open_members(attributes))
        codec.withhold(answer, self.client.redactor)
        return [item for item in self._decode(source, answer, Catalogue()) if identities & set(item.identities)]

    async def get(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> LiveResource | None:
        """GET an object; one whose deletion is past is missing."""
        item = await self._api.get(COLLECTIONS[kind], object_id)
        items = [] if item is None else [item]
        self.client.redactor.add(chain.from_iterable(map(codec.secrets, items)))
        self.client.redactor.keep(codec.find_open_members(attributes))
        codec.withhold(items, self.client.redactor)
        return next(iter(self._decode(self._source(kind, attributes), items, Catalogue())), None)

    async def verify(self, kind: str, attributes: Mapping[str, Plain]) -> None:
        """Send a test message to an integration's target; the other kinds have nothing to prove."""
        if kind == INTEGRATION.name:
            self.client.redactor.add(codec.secrets(attributes))
            await self._api.test(codec.encode(attributes, attributes.keys()))

    def _learn(self, workspace: Workspace) -> None:
        self.client.redactor.add(workspace.secrets)
        self.client.redactor.keep(workspace.declarations)

    def _source(self, kind: str, attributes: Mapping[str, Plain]) -> Source:
        """Return where to look for an object with these attributes."""
        if kind == INTEGRATION.name:
            return self._sources.integrations()
        if kind == SUBSCRIPTION.name:
            return self._sources.subscriptions()
        place = Place(str(attributes["resource"]), str(attributes["resource_type"]))
        return (
            self._sources.preference(place) if kind == PREFERENCE.name else self._sources.resource_subscriptions(place)
        )

    async def _read_inventory(self, selectors: Sequence[Selector]) -> Inventory | None:
        """Read the inventory as far as the selectors need it; None where there are none."""
        return await InventoryReader(self._api, selectors, self.client).read() if selectors else None

    async def _read(self, scope: Scope, live: Live) -> Live:
        """Return `live` with all that is in scope read anew."""
        sources = list(self._list_sources(scope))
        fetches: list[Callable[[], Awaitable[list[Item] | None]]] = [source.fetch for source in sources]
        if scope.types:
            fetches[:0] = [partial(self._api.notification_types, name) for name in ("", *scope.resource_types)]
        answers = await run_all(fetches, self.client.parallelism)
        # Only now all live secrets are known.
        codec.withhold([item for answer in answers for item in answer or ()], self.client.redactor)
        catalogue = self._decode_catalogue(scope, answers) if scope.types else _find_catalogue(live)
        merged = self._merge(live, dict(zip(sources, answers, strict=True)), catalogue)
        # What came while the lists were read is in one of them and not in the other, and may belong to an owner.
        if (scope.subscriptions or scope.resource_subscriptions) and _refers_to_unknown(merged):
            self.client.forget()
            return await self._read(Scope(integrations=True), merged)
        return merged

    def _decode_catalogue(self, scope: Scope, answers: list[list[Item] | None]) -> Catalogue:
        """Return the notification types. Their lists are the first of `answers`, and are taken from there."""
        whole, *filtered = [list(self._decode_types(answers.pop(0) or ())) for _ in ("", *scope.resource_types)]
        lists = zip(scope.resource_types, filtered, strict=True)
        return Catalogue.of(whole, {name: frozenset(item.id for item in types) for name, types in lists})

    def _merge(self, live: Live, answers: Mapping[Source, Sequence[Item] | None], catalogue: Catalogue) -> Live:
        """Return `live` with these answers in place of what it held of their sources."""
        fresh = [item for source, answer in answers.items() for item in self._decode(source, answer or (), catalogue)]
        covered = {(source.kind, source.resource) for source in answers}
        kept = [item for item in live.resources if (item.kind, item.attributes.get("resource")) not in covered]
        resources = tuple(sorted((*kept, *fresh), key=lambda item: (RANKS[item.kind], item.id)))
        names = _find_names(resources, catalogue, inventory_of(live))
        not_visible = _find_hidden(live, answers)
        return replace(live, resources=resources, catalogue=catalogue, names=names, not_visible=not_visible)

    def _list_sources(self, scope: Scope) -> Iterator[Source]:
        """Return what to fetch; lists first, since their pages come one after another."""
        if scope.integrations:
            yield self._sources.integrations()
        if scope.subscriptions:
            yield self._sources.subscriptions()
        for place in scope.resource_subscriptions:
            yield self._sources.resource_subscriptions(place)
        for place in scope.preferences:
            yield self._sources.preference(place)

    def _decode_types(self, items: Sequence[Item]) -> Iterator[NotificationType]:
        now = self._now()
        return (codec.decode_type(item) for item in items if codec.is_alive(item, now))

    def _decode(self, source: Source, items: Sequence[Item], catalogue: Catalogue) -> Iterator[LiveResource]:
        now = self._now()
        return (source.decode(item, catalogue) for item in items if codec.is_alive(item, now))


def _find_names(resources: Sequence[LiveResource], catalogue: Catalogue, inventory: Inventory) -> dict[str, str]:
    """Return the display names of all that can be referred to, by id, and the names in the paths of resources."""
    names = {path: item.title(path) for path, item in inventory.by_path.items()}
    names |= {item.id: item.display_name for item in catalogue.types}
    return names | {item.id: item.name for item in resources if item.kind == INTEGRATION.name}


def _refers_to_unknown(live: Live) -> bool:
    """Say whether a subscription tells an integration that is not among those that live."""
    known = {item.id for item in live.resources if item.kind == INTEGRATION.name}
    lists = (item.attributes.get("integrations") for item in live.resources if item.kind != INTEGRATION.name)
    return any(isinstance(listed, tuple) and not known.issuperset(listed) for listed in lists)


def _find_catalogue(live: Live) -> Catalogue:
    return live.catalogue if isinstance(live.catalogue, Catalogue) else Catalogue()


def _find_hidden(live: Live, answers: Mapping[Source, object]) -> frozenset[str]:
    """Return the resources that are not visible. An answer of None says that its resource is not."""
    asked = {source.resource for source in answers if source.resource is not None}
    hidden = {source.resource for source, answer in answers.items() if answer is None and source.resource is not None}
    return (live.not_visible - asked) | hidden


Result = TypeVar("Result")

Need = Callable[[Selector, Sequence[InventoryItem]], Iterable[InventoryItem]]
"""Returns those of the places that a selector needs the inside of."""


class InventoryReader:
    """Reads as much of the inventory as the selectors need, side by side."""

    def __init__(self, api: Api, selectors: Sequence[Selector], client: Client) -> None:
        """Read nothing yet."""
        self._api = api
        self._selectors = [selector for selector in selectors if selector.resolved]
        self._client = client

    async def read(self) -> Inventory:
        """Return the inventory as far as it is needed. Raises a `ServiceError` that names what can't be read.

        What is deleted between two lists is missing when its inside is asked for. Then all is read again, once: where
        the list above still has it, it is hidden, which is an error.
        """
        if not self._selectors:
            return Inventory()
        try:
            return await self._read_levels()
        except (NotFoundError, ForbiddenError) as error:
            if isinstance(error, ForbiddenError) and error.code != NOT_VISIBLE:
                raise
        self._client.forget()
        return await self._read_levels()

    async def _read_levels(self) -> Inventory:
        """Read the environments, then what is in them, then what is in the clusters."""
        listed = await _name_part("the environments", "", self._api.environments())
        environments = [decode_environment(body) for body in listed]
        jobs = [
            *(partial(self._clusters, place) for place in self._find_places(environments, self._need_clusters)),
            *(partial(self._pools, place) for place in self._find_places(environments, self._need_pools)),
        ]
        found = [item for part in await run_all(jobs, self._client.parallelism) for item in part]
        clusters = [item for item in found if item.type == CLUSTER]
        needed = self._find_places(clusters, partial(self._need_connectors, environments))
        parts = await run_all([partial(self._connectors, place) for place in needed], self._client.parallelism)
        items = [*environments, *found, *(item for part in parts for item in part)]
        if len(items) > MAX_OBJECTS:
            raise ProtocolError(f"the inventory has more than {MAX_OBJECTS:,} resources, which is not believable")
        return Inventory.of(items, find_organization(listed))

    def _find_places(
        self,
        places: Sequence[InventoryItem],
        need: Need,
    ) -> list[InventoryItem]:
        """Return the places, each once, that a selector needs the inside of."""
        needed = {place.id for selector in self._selectors for place in need(selector, places)}
        return [place for place in places if place.id in needed]

    def _need_clusters(self, selector: Selector, environments: Sequence[InventoryItem]) -> Iterable[InventoryItem]:
        if not {CLUSTER, CONNECTOR}.isdisjoint(selector.types):
            yield from _leave_out(selector, choose(selector.environment, environments, selector), "/cloud-cluster=")

    def _need_pools(self, selector: Selector, environments: Sequence[InventoryItem]) -> Iterable[InventoryItem]:
        if COMPUTE_POOL in selector.types and not selector.cluster:
            yield from _leave_out(selector, choose(selector.environment, environments, selector), "/flink-region=")

    def _need_connectors(
        self, environments: Sequence[InventoryItem], selector: Selector, clusters: Sequence[InventoryItem]
    ) -> Iterable[InventoryItem]:
        if CONNECTOR in selector.types:
            places = choose(selector.environment, environments, selector)
            inside = choose_inside(selector.cluster, clusters, places, selector)
            yield from _leave_out(selector, inside, "/connector=")

    async def _clusters(self, place: InventoryItem) -> list[InventoryItem]:
        return await self._read_part(place, "clusters", self._api.clusters(place.id), decode_cluster)

    async def _pools(self, place: InventoryItem) -> list[InventoryItem]:
        return await self._read_part(place, "compute pools", self._api.compute_pools(place.id), decode_pool)

    async def _connectors(self, place: InventoryItem) -> list[InventoryItem]:
        environment = place.environment.id if place.environment is not None else ""
        answer = self._api.connectors(environment, place.id)
        return await self._read_part(place, "connectors", answer, decode_connector)

    async def _read_part(
        self,
        place: InventoryItem,
        what: str,
        answer: Awaitable[list[Any]],
        decode: Callable[[Any, InventoryItem], InventoryItem | None],
    ) -> list[InventoryItem]:
        """Read the inside of a place. An error names it, and the way out where the credentials don't open it."""

        async def read() -> list[InventoryItem]:
            return [item for body in await answer if (item := decode(body, place)) is not None]

        way_out = (
            f"; what is hidden there can't be told from what does not exist: give the account a role for"
            f" {quoted(place.path)}, or leave it out by `environment` or `cluster`, in a match also by"
            f" except: [{quoted(place.path + '/*')}]; to discover, all must be readable"
        )
        # Its name is a text of the service, which may repeat a secret.
        name = quoted(self._client.redactor(place.label))
        return await _name_part(f"the {what} of {name}", way_out, read())


def _leave_out(selector: Selector, places: Iterable[InventoryItem], inside: str) -> Iterator[InventoryItem]:
    """Yield the places whose inside `excepts` does not exclude as a whole: by a glob on paths that ends in `*`."""
    excluded = make_test([glob for glob in selector.excepts if glob.endswith("*")])
    return (place for place in places if not excluded or not excluded(f"{place.path}{inside}".casefold()))


async def _name_part(part: str, way_out: str, answer: Awaitable[list[Result]]) -> list[Result]:
    """Return an answer. An error names the part of the inventory; `way_out` is for one that is forbidden."""
    try:
        return await answer
    except (ApiError, ProtocolError) as error:
        error.args = (f"{part} can't be read: {error}{way_out if isinstance(error, ForbiddenError) else ''}",)
        raise
