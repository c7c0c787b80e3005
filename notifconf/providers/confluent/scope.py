"""What to read for a plan: the least that the API allows, since lookups are the cost of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from notifconf.errors import UsageError
from notifconf.model import Mode, Position
from notifconf.model.diagnostic import quoted
from notifconf.model.text import fits_line
from notifconf.providers.confluent.decode import PATH, TYPE_OF_SEGMENT
from notifconf.providers.confluent.kinds import INTEGRATION, PREFERENCE, RESOURCE_SUBSCRIPTION, SUBSCRIPTION

if TYPE_CHECKING:
    from notifconf.model import Workspace
    from notifconf.providers.base import Plain
    from notifconf.providers.confluent.workspace import ConfluentDeclarations, DeclaredResource

LONGEST = 1024
"""How many characters the language lets a path have."""


class Place(NamedTuple):
    """A resource to look up; `position` is where it is declared, for errors."""

    resource: str
    resource_type: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whole lists, and lookups of single resources."""

    types: bool = False
    integrations: bool = False
    subscriptions: bool = False
    preferences: tuple[Place, ...] = ()
    resource_subscriptions: tuple[Place, ...] = ()


def needed(workspace: Workspace) -> Scope:
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
        integrations=has_integrations or names_types,
        subscriptions=judges
        or SUBSCRIPTION.name in declared.managed
        or (has_integrations and workspace.policy.mode is Mode.SYNC),
        preferences=_places(entry for entry in resources if entry.mute is not None),
        resource_subscriptions=subscribed,
    )


def _can_be_looked_up(entry: DeclaredResource) -> bool:
    return bool(entry.resource_type) and bool(PATH.fullmatch(entry.resource)) and "${" not in entry.resource


def changed(touched: Sequence[tuple[str, Mapping[str, Plain]]]) -> Scope:
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


def everything(resources: Sequence[str], workspace: Workspace | None = None) -> Scope:
    """Return all lists, and both lookups of these resources and of those that a workspace declares.

    Raises `UsageError` for one of an unknown type, and for one whose path is still a reference.
    """
    declared = {place.resource: place for place in _declared(workspace)}
    named = {resource: Place(resource, type_of(resource)) for resource in resources if resource not in declared}
    places = (*declared.values(), *named.values())
    return Scope(
        types=True,
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
    return tuple(Place(entry.resource, entry.resource_type, entry.position) for entry in entries)


def type_of(resource: str) -> str:
    """Return the type that a resource's path says. Raises `UsageError` for what is no path, or of an unknown type."""
    segment = resource.rpartition("/")[2].partition("=")[0]
    if not PATH.fullmatch(resource) or not fits_line(resource, LONGEST) or segment not in TYPE_OF_SEGMENT:
        known = ", ".join(TYPE_OF_SEGMENT)
        raise UsageError(
            f"{quoted(resource)} is no resource: write TYPE=ID segments joined by /, with a last TYPE of {known}"
        )
    return TYPE_OF_SEGMENT[segment]
