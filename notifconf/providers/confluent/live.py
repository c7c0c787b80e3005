"""Where live objects come from: each list and each lookup, and how its answer is decoded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from notifconf.errors import ApiError, ForbiddenError, ProtocolError, UsageError
from notifconf.model.coverage import Location
from notifconf.model.diagnostic import Position, quoted
from notifconf.model.policy import Mode
from notifconf.model.resource import LiveResource
from notifconf.model.state import Workspace
from notifconf.providers.base import Plain
from notifconf.providers.confluent import codec
from notifconf.providers.confluent.api import NOT_VISIBLE, Api, Item
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    Catalogue,
)
from notifconf.providers.confluent.check import list_parents
from notifconf.providers.confluent.decode import (
    NOWHERE,
    PATH,
    TYPE_OF_NAME,
    TYPE_OF_SEGMENT,
    is_path,
    parse_names,
    type_of,
)
from notifconf.providers.confluent.expand import ExpandedResource, expand
from notifconf.providers.confluent.inventory import Inventory, InventoryItem, select
from notifconf.providers.confluent.workspace import (
    CLUSTER,
    DISABLED,
    ENVIRONMENT,
    INVENTORY_TYPES,
    ConfluentDeclarations,
    DeclaredResource,
    Reference,
    Selector,
)


class Source(NamedTuple):
    """One list or lookup: it tells all live objects of `kind`, or those of them that belong to `resource`.

    `fetch` returns None where the service says that there is nothing, or nothing that these credentials can see.
    """

    kind: str
    resource: str | None
    fetch: Callable[[], Awaitable[list[Item] | None]]
    decode: Callable[[Item, Catalogue], LiveResource]


class Sources(NamedTuple):
    """The lists and lookups of one organisation."""

    api: Api

    def integrations(self) -> Source:
        """Return the list of integrations."""

        def decode(item: Item, _: Catalogue) -> LiveResource:
            return codec.decode_integration(item)

        return Source(INTEGRATION.name, None, lambda: self.api.read_list("integrations"), decode)

    def subscriptions(self) -> Source:
        """Return the list of subscriptions."""
        return Source(SUBSCRIPTION.name, None, lambda: self.api.read_list("subscriptions"), codec.decode_subscription)

    def preference(self, place: Place) -> Source:
        """Return the lookup of a resource's preference; errors name the resource and where it is declared."""

        async def fetch() -> list[Item] | None:
            found = await _look_up(self.api.preference(place.resource, place.resource_type), place)
            if place.is_declared or not found:
                return found
            return [item for item in found if item.get("current_state") == DISABLED]

        def decode(item: Item, _: Catalogue) -> LiveResource:
            return codec.decode_preference(item, place.resource, place.resource_type)

        return Source(PREFERENCE.name, place.resource, fetch, decode)

    def resource_subscriptions(self, place: Place) -> Source:
        """Return the lookup of a resource's subscriptions; errors name the resource and where it is declared."""

        async def fetch() -> list[Item] | None:
            return await _look_up(self.api.resource_subscriptions(place.resource, place.resource_type), place)

        def decode(item: Item, catalogue: Catalogue) -> LiveResource:
            return codec.decode_resource_subscription(item, place.resource, place.resource_type, catalogue)

        return Source(RESOURCE_SUBSCRIPTION.name, place.resource, fetch, decode)


async def _look_up(lookup: Awaitable[list[Item]], place: Place) -> list[Item] | None:
    try:
        return await lookup
    except (ApiError, ProtocolError) as error:
        if isinstance(error, ForbiddenError) and error.code == NOT_VISIBLE:
            return None
        error.args = (f"{_name_place(place)}: {error}",)
        raise


def _name_place(place: Place) -> str:
    return f"{place.position}: {quoted(place.resource)}" if place.position else quoted(place.resource)


class Place(NamedTuple):
    """A resource to look up; `position` is where it is declared, for errors.

    Of what is not declared, but discovered, only mutes are of interest: an ENABLED preference means nothing.
    """

    resource: str
    resource_type: str
    position: Position | None = None
    is_declared: bool = True


class Scope(NamedTuple):
    """Whole lists, and lookups of single resources; `resource_types` are those whose notification types are listed."""

    types: bool = False
    resource_types: tuple[str, ...] = ()
    integrations: bool = False
    subscriptions: bool = False
    preferences: tuple[Place, ...] = ()
    resource_subscriptions: tuple[Place, ...] = ()


def list_selectors(
    workspace: Workspace | None, resources: Iterable[str] = (), *, discover: bool = False
) -> list[Selector]:
    """Return what a workspace needs of the inventory: what its entries select, or all of it to discover.

    So do `resources`, which a user names. Raises `UsageError` for what is neither a path nor names.
    """
    if discover or (workspace is not None and workspace.policy.discover):
        return [Selector()]
    entries = () if workspace is None else cast("ConfluentDeclarations", workspace.declarations).resources
    named = [make_locator(resource) for resource in resources if parse_names(resource) is not None]
    return [*named, *(entry.selector for entry in entries if entry.selector is not None)]


def make_locator(resource: str) -> Selector:
    """Return what is needed of the inventory to know which resource is meant, by names or a path, and what it is in.

    Raises `UsageError` for what is neither.
    """
    names = parse_names(resource)
    if names is not None:
        return names
    resource_type = type_of(resource)
    segments = dict(segment.partition("=")[::2] for segment in resource.split("/"))
    environment, cluster = (
        (Reference(segments[name], NOWHERE),) if name in segments else () for name in ("environment", "cloud-cluster")
    )
    if resource_type not in INVENTORY_TYPES:
        return Selector((ENVIRONMENT,), environment, is_exact=True)
    return Selector((resource_type,), environment, () if resource_type == CLUSTER else cluster, is_exact=True)


def find_path(resource: str, inventory: Inventory) -> str:
    """Return the path of a resource that a user gave by names or by a path.

    Raises `UsageError` where names mean none, or several.
    """
    names = parse_names(resource)
    if names is None or inventory.find(resource) is not None:
        return resource
    found = expand([DeclaredResource("", names.types[0], NOWHERE, selector=names)], inventory)
    if found.diagnostics:
        key = next(key for key, resource_type in TYPE_OF_NAME.items() if resource_type == names.types[0])
        way_out = "".join(f". For example, write {key}={item.id}" for item in select(names, inventory)[:1])
        raise UsageError(f"{quoted(resource)}: {found.diagnostics[0].message}{way_out}")
    return found.resources[0].resource


def find_location(resource: str, inventory: Inventory) -> Location:
    """Return where the resource of a path is: the environment, whose mute covers it, and the organization."""
    item = inventory.find(resource)
    parents = list_parents(resource)
    environment = next((path for path in parents if path.rpartition("/")[2].startswith("environment=")), "")
    if item is not None and item.environment is not None:
        environment = item.environment.path
    spellings = [resource] if item is None else [*item.paths]
    if item is not None and resource not in {item.path, item.other_path}:
        spellings.append(resource)
    paths = tuple(filter(is_path, spellings))
    return Location(
        paths,
        tuple(path for path in (environment, inventory.organization) if path and path not in paths),
        "" if item is None else item.title(paths[0]),
        item is not None or TYPE_OF_SEGMENT.get(resource.rpartition("/")[2].partition("=")[0]) not in INVENTORY_TYPES,
    )


def can_be_path(resource: str, prefix: str = "") -> bool:
    """Say whether a text is the path of an environment, whose id begins with `prefix`: that reads like names."""
    return resource.startswith(f"environment={prefix}") and is_path(resource) and "/" not in resource


def find_paths(resources: Iterable[str], inventory: Inventory | None) -> list[str]:
    """Return the paths of resources that a user gave by names or by paths; without an `inventory` all are paths.

    Raises `UsageError` as `find_path` does. An exception is what looks like a path in an environment that the service
    does not list: the environment may be hidden from these credentials, so the text is taken as it is.
    """
    return [resource if inventory is None else _find_path(resource, inventory) for resource in resources]


def _find_path(resource: str, inventory: Inventory) -> str:
    names = parse_names(resource)
    if names is None:
        return resource
    environment = Selector((ENVIRONMENT,), names.environment, is_exact=True)
    if resource.startswith("environment=env-") and not select(environment, inventory):
        return resource
    return find_path(resource, inventory)


def make_plan_scope(workspace: Workspace, inventory: Inventory | None = None) -> Scope:
    """Return what a plan of this workspace needs; `inventory` is what `list_selectors` wants, None for nothing.

    `sync` must know what uses an integration before that goes; `policy.coverage` judges all types, wherever they go.
    """
    declared = cast("ConfluentDeclarations", workspace.declarations)
    # What is invalid is read to find more errors: a path that can't be one would end that.
    expanded = expand(declared.resources, inventory).resources
    resources = [entry for entry in expanded if workspace.is_valid or _can_be_looked_up(entry)]
    preferences = _places(entry for entry in resources if entry.statement.mute is not None)
    subscribed = _places(entry for entry in resources if entry.statement.subscriptions is not None)
    if workspace.policy.discover and inventory is not None:
        preferences = _add_discovered(preferences, inventory, all_types=True)
        subscribed = _add_discovered(subscribed, inventory)
    judges = bool(workspace.policy.coverage)
    names_types = judges or SUBSCRIPTION.name in declared.managed or bool(subscribed)
    has_integrations = INTEGRATION.name in declared.managed
    return Scope(
        # The types of an entry are checked even if it finds no resource.
        types=names_types or any(entry.subscriptions for entry in declared.resources),
        resource_types=_list_matched(resources),
        integrations=has_integrations or names_types,
        subscriptions=judges
        or SUBSCRIPTION.name in declared.managed
        or (has_integrations and workspace.policy.mode is Mode.SYNC),
        preferences=preferences,
        resource_subscriptions=subscribed,
    )


def _add_discovered(places: Sequence[Place], inventory: Inventory, *, all_types: bool = False) -> tuple[Place, ...]:
    """Return the places, and each other resource of the inventory; with `all_types` the organization too."""
    known = {place.resource for place in places}
    organization = [(inventory.organization, "ORGANIZATION")] if all_types and inventory.organization else []
    found = [*organization, *((item.path, item.type) for item in inventory.items)]
    return (*places, *(Place(*place, is_declared=False) for place in found if place[0] not in known))


def _can_be_looked_up(entry: ExpandedResource) -> bool:
    return bool(entry.resource_type) and bool(PATH.fullmatch(entry.resource)) and "${" not in entry.resource


def make_touched_scope(touched: Sequence[tuple[str, Mapping[str, Plain]]]) -> Scope:
    """Return what is to be read again where these objects, as kind and attributes, were touched."""
    kinds = {kind for kind, _ in touched}

    def places(kind: str) -> tuple[Place, ...]:
        found = ((str(item["resource"]), str(item["resource_type"])) for name, item in touched if name == kind)
        return tuple(Place(*names) for names in sorted(set(found)))

    return Scope(
        integrations=INTEGRATION.name in kinds,
        subscriptions=SUBSCRIPTION.name in kinds,
        preferences=places(PREFERENCE.name),
        resource_subscriptions=places(RESOURCE_SUBSCRIPTION.name),
    )


def make_survey_scope(
    resources: Sequence[str],
    workspace: Workspace | None = None,
    inventory: Inventory | None = None,
    *,
    discover: bool = False,
) -> Scope:
    """Return all lists, and both lookups of these resources and of those that a workspace declares, or of all.

    Resources go by their paths or by names. Raises `UsageError` for names that mean none, for a path of an unknown
    type, and for one that is still a reference.
    """
    declared = {place.resource: place for place in _declared(workspace, inventory)}
    paths = find_paths(resources, inventory)
    named = {resource: Place(resource, type_of(resource)) for resource in paths if resource not in declared}
    places = (*declared.values(), *named.values())
    # The organization's own subscriptions are a list, and the API knows no others of it.
    subscribed = tuple(place for place in places if place.resource_type != "ORGANIZATION")
    if discover and inventory is not None:
        places, subscribed = _add_discovered(places, inventory, all_types=True), _add_discovered(subscribed, inventory)
    entries = () if workspace is None else cast("ConfluentDeclarations", workspace.declarations).resources
    return Scope(
        types=True,
        resource_types=_list_matched(expand(entries, inventory).resources),
        integrations=True,
        subscriptions=True,
        preferences=places,
        resource_subscriptions=subscribed,
    )


def make_inventory_scope(items: Sequence[InventoryItem], inventory: Inventory, workspace: Workspace | None) -> Scope:
    """Return the lookups of the mutes of these resources, and of what they are in: environments, the organization.

    What the workspace names by another spelling of its path is looked up by that, too.
    """
    resources = {place.path: place.type for item in items for place in (item, item.environment) if place is not None}
    entries = () if workspace is None else cast("ConfluentDeclarations", workspace.declarations).resources
    for entry in expand(entries, inventory).resources:
        item = inventory.find(entry.resource)
        if item is not None and item.path in resources and _can_be_looked_up(entry):
            resources[entry.resource] = item.type
    if items and inventory.organization:
        resources[inventory.organization] = "ORGANIZATION"
    return Scope(preferences=tuple(Place(*resource) for resource in resources.items()))


def _declared(workspace: Workspace | None, inventory: Inventory | None) -> Iterable[Place]:
    entries = () if workspace is None else cast("ConfluentDeclarations", workspace.declarations).resources
    for entry in entries:
        if "${" in entry.resource:
            raise UsageError(f"{entry.position}: this resource comes from outside: set all variables of the workspace")
    return _places(expand(entries, inventory).resources)


def _places(entries: Iterable[ExpandedResource]) -> tuple[Place, ...]:
    return tuple(Place(entry.resource, entry.resource_type, entry.statement.position) for entry in entries)


def _list_matched(entries: Iterable[ExpandedResource]) -> tuple[str, ...]:
    """Return the types of resources in whose subscriptions a `match` stands: it finds only types of these."""
    statements = {(entry.resource_type, id(entry.statement)): entry.statement for entry in entries}
    matched = {
        resource_type
        for (resource_type, _), statement in statements.items()
        if any(item.match for group in (statement.subscriptions or (), *statement.matched) for item in group)
    }
    return tuple(sorted(matched))
