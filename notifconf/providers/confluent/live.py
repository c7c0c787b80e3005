"""Where live objects come from: each list and each lookup, and how its answer is decoded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from notifconf.errors import ApiError, ForbiddenError, ProtocolError, UsageError
from notifconf.model import LiveResource, Mode, Position, Workspace, quoted
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
from notifconf.providers.confluent.decode import PATH, type_of
from notifconf.providers.confluent.workspace import ConfluentDeclarations, DeclaredResource


@dataclass(frozen=True, slots=True)
class Source:
    """One list or lookup: it tells all live objects of `kind`, or those of them that belong to `resource`.

    `fetch` returns None where the service says that there is nothing, or nothing that these credentials can see.
    """

    kind: str
    resource: str | None
    fetch: Callable[[], Awaitable[list[Item] | None]]
    decode: Callable[[Item, Catalogue], LiveResource]


@dataclass(frozen=True, slots=True)
class Sources:
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
            return await _look_up(self.api.preference(place.resource, place.resource_type), place)

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
    """A resource to look up; `position` is where it is declared, for errors."""

    resource: str
    resource_type: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whole lists, and lookups of single resources; `resource_types` are those whose notification types are listed."""

    types: bool = False
    resource_types: tuple[str, ...] = ()
    integrations: bool = False
    subscriptions: bool = False
    preferences: tuple[Place, ...] = ()
    resource_subscriptions: tuple[Place, ...] = ()


def make_plan_scope(workspace: Workspace) -> Scope:
    """Return what a plan of this workspace needs.

    `sync` must know what uses an integration before that goes; `policy.coverage` judges all types, wherever they go.
    """
    declared = cast("ConfluentDeclarations", workspace.declarations)
    # What is invalid is read to find more errors: a path that can't be one would end that.
    resources = [entry for entry in declared.resources if workspace.is_valid or _can_be_looked_up(entry)]
    subscribed = _places(entry for entry in resources if entry.subscriptions is not None)
    judges = bool(workspace.policy.coverage)
    names_types = judges or SUBSCRIPTION.name in declared.managed or bool(subscribed)
    has_integrations = INTEGRATION.name in declared.managed
    return Scope(
        types=names_types,
        resource_types=_list_matched(resources),
        integrations=has_integrations or names_types,
        subscriptions=judges
        or SUBSCRIPTION.name in declared.managed
        or (has_integrations and workspace.policy.mode is Mode.SYNC),
        preferences=_places(entry for entry in resources if entry.mute is not None),
        resource_subscriptions=subscribed,
    )


def _can_be_looked_up(entry: DeclaredResource) -> bool:
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


def make_survey_scope(resources: Sequence[str], workspace: Workspace | None = None) -> Scope:
    """Return all lists, and both lookups of these resources and of those that a workspace declares.

    Raises `UsageError` for one of an unknown type, and for one whose path is still a reference.
    """
    declared = {place.resource: place for place in _declared(workspace)}
    named = {resource: Place(resource, type_of(resource)) for resource in resources if resource not in declared}
    places = (*declared.values(), *named.values())
    entries = () if workspace is None else cast("ConfluentDeclarations", workspace.declarations).resources
    return Scope(
        types=True,
        resource_types=_list_matched(entries),
        integrations=True,
        subscriptions=True,
        preferences=places,
        # The organization's own subscriptions are a list, and the API knows no others of it.
        resource_subscriptions=tuple(place for place in places if place.resource_type != "ORGANIZATION"),
    )


def _declared(workspace: Workspace | None) -> Iterable[Place]:
    entries = () if workspace is None else cast("ConfluentDeclarations", workspace.declarations).resources
    for place in _places(entries):
        if "${" in place.resource:
            raise UsageError(f"{place.position}: this resource comes from outside: set all variables of the workspace")
        yield place


def _places(entries: Iterable[DeclaredResource]) -> tuple[Place, ...]:
    """Return where to look up the resources, each once."""
    places: dict[tuple[str, str], Place] = {}
    for entry in entries:
        place = Place(entry.resource, entry.resource_type, entry.position)
        places.setdefault((entry.resource, entry.resource_type), place)
    return tuple(places.values())


def _list_matched(entries: Iterable[DeclaredResource]) -> tuple[str, ...]:
    """Return the types of resources in whose subscriptions a `match` stands: it finds only types of these."""
    matched = (entry for entry in entries if any(item.match for item in entry.subscriptions or ()))
    return tuple(sorted({entry.resource_type for entry in matched}))
