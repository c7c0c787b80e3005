"""The inventory: the environments, Kafka clusters, connectors and compute pools that the service's other APIs list.

An entry of a workspace selects resources of it: one by names or ids, or all that match globs. That is decided level by
level, environments first, then the clusters in them, then what is in those. `InventoryReader` in connection.py goes
the same way, so it reads a level only where the level above leaves something to find. What it can't read is an error,
never left out: a list that hides resources would plan deletes.

One resource may have several paths: a connector is `environment=ENV/cloud-cluster=LKC/connector=NAME`, and
`cloud-connector=ID`, which is the only one where the name can't be a segment. The inventory knows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any, NamedTuple

from notifconf.errors import ProtocolError, UsageError
from notifconf.model.diagnostic import Position, fits_line, quoted
from notifconf.model.state import Live
from notifconf.model.views import Filters
from notifconf.providers.confluent.workspace import (
    CLUSTER,
    COMPUTE_POOL,
    CONNECTOR,
    ENVIRONMENT,
    INVENTORY_TYPES,
    Reference,
    Selector,
)

MAX_NAME_CHARACTERS = 512
"""Of a connector's name in a path; a longer one goes by its id."""

ORGANIZATION = re.compile(r"^crn://[^/]+/(organization=[^/]+)(?:/(?P<path>.+))?$")
"""What `resource_name` begins with; the path of the resource is the rest."""

DELETED = "DELETED"


class InventoryItem(NamedTuple):
    """A resource; `environment` and `cluster` are those that it is in. `other_path` is another spelling of its path."""

    type: str
    id: str
    name: str
    path: str
    environment: InventoryItem | None = None
    cluster: InventoryItem | None = None
    other_path: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The spellings of its path that can be looked up: a connector's name may be no segment."""
        return (self.path,) if self.path == f"cloud-connector={self.id}" else (self.path, self.other_path)

    @property
    def label(self) -> str:
        """Its path, with names beside the ids."""
        return label(self.path, self.title(self.path))

    def title(self, path: str) -> str:
        """Return its names, from the outermost in; without its own where this spelling of its path says that."""
        places = [place.name for place in (self.environment, self.cluster) if place is not None]
        return " / ".join(places if path.endswith(f"={self.name}") else [*places, self.name])


def label(path: str, title: str) -> str:
    """Return a path with the names of what it says beside it, where they are known."""
    return f"{path} ({title})" if title else path


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was read of the inventory, sorted by path, the ways to find a resource, and the path of the organization."""

    items: tuple[InventoryItem, ...] = ()
    organization: str = ""
    by_type: Mapping[str, Sequence[InventoryItem]] = field(default_factory=dict, repr=False)
    by_path: Mapping[str, InventoryItem] = field(default_factory=dict, repr=False)
    """By the path, and by its other spelling."""

    @classmethod
    def of(cls, items: Iterable[InventoryItem], organization: str = "") -> Inventory:
        """Make the inventory of these resources."""
        ordered = tuple(sorted(items, key=lambda item: item.path))
        by_type: dict[str, list[InventoryItem]] = {name: [] for name in INVENTORY_TYPES}
        for item in ordered:
            by_type[item.type].append(item)
        by_path = {item.other_path: item for item in ordered if item.other_path}
        by_path.update((item.path, item) for item in ordered)
        return cls(ordered, organization, by_type, by_path)

    def find(self, path: str) -> InventoryItem | None:
        """Return the resource that a path means, however it is spelled; None where the inventory has none."""
        found = self.by_path.get(path)
        if found is not None or "=" not in path or not self.by_path:
            return found
        kind, _, value = path.rpartition("/")[2].partition("=")
        if kind in _CANONICAL:
            return self.by_path.get(f"{_CANONICAL[kind]}={value}")
        parent = self.find(path.rpartition("/")[0]) if kind == "connector" else None
        return self.by_path.get(f"{parent.path}/connector={value}") if parent is not None else None


_CANONICAL = {
    "cloud-cluster": "cloud-cluster",
    "kafka": "cloud-cluster",
    "cloud-connector": "cloud-connector",
    "compute-pool": "compute-pool",
    "flink-compute-pool": "compute-pool",
}
"""Segments that hold an id, and so say alone which resource is meant -> how `InventoryItem.other_path` has them."""


def make_filter(filters: Filters) -> Selector:
    """Return what filters of a command select. Raises `UsageError` for a type that no resource has."""
    types: tuple[str, ...] = INVENTORY_TYPES
    if filters.type:
        matches = make_test(filters.type)
        types = tuple(name for name in INVENTORY_TYPES if matches and matches(name.casefold()))
        if not types:
            raise UsageError(f"--type {quoted(filters.type[0])}: the types are {', '.join(INVENTORY_TYPES)}")
    nowhere = Position("-", 1, 1)
    environment, cluster, name = (
        tuple(Reference(glob, nowhere) for glob in globs)
        for globs in (filters.environment, filters.cluster, filters.name)
    )
    return Selector(types, environment, cluster, name)


def inventory_of(live: Live) -> Inventory:
    """Return the inventory that was read with a live state; an empty one where none was needed."""
    return live.inventory if isinstance(live.inventory, Inventory) else Inventory()


def select(selector: Selector, inventory: Inventory) -> list[InventoryItem]:
    """Return the resources that a selector means, sorted by type and path."""
    environments = choose(selector.environment, inventory.by_type.get(ENVIRONMENT, ()), selector)
    clusters = choose_inside(selector.cluster, inventory.by_type.get(CLUSTER, ()), environments, selector)
    candidates: Mapping[str, Callable[[], Iterable[InventoryItem]]] = {
        ENVIRONMENT: lambda: () if selector.cluster else environments,
        CLUSTER: lambda: clusters,
        CONNECTOR: lambda: _inside(inventory.by_type.get(CONNECTOR, ()), clusters),
        COMPUTE_POOL: lambda: (
            () if selector.cluster else _inside(inventory.by_type.get(COMPUTE_POOL, ()), environments)
        ),
    }
    found: list[InventoryItem] = []
    for resource_type in INVENTORY_TYPES:
        if resource_type in selector.types:
            found += choose(selector.name, [*candidates[resource_type]()], selector)
    excluded = make_test(selector.excepts)
    return [item for item in found if not _is_excepted(item, excluded)] if excluded else found


def choose(wanted: Sequence[Reference], items: Sequence[InventoryItem], selector: Selector) -> Sequence[InventoryItem]:
    """Return the items that are wanted at one level: by id or name, else by globs on both. The case of names is free.

    Of an exact selector an id wins over a name, and a name in its own case over one in another.
    """
    if not wanted:
        return items
    if not selector.is_exact:
        matches = make_test([reference.name for reference in wanted])
        return [item for item in items if matches and (matches(item.name.casefold()) or matches(item.id.casefold()))]
    value = wanted[0].name
    folded = value.casefold()
    return (
        [item for item in items if item.id == value]
        or [item for item in items if item.name == value]
        or [item for item in items if item.name.casefold() == folded]
    )


def choose_inside(
    wanted: Sequence[Reference], items: Sequence[InventoryItem], places: Sequence[InventoryItem], selector: Selector
) -> Sequence[InventoryItem]:
    """Return the wanted items among those that are in one of `places`."""
    return choose(wanted, [*_inside(items, places)], selector)


def _inside(items: Iterable[InventoryItem], places: Collection[InventoryItem]) -> Iterator[InventoryItem]:
    """Yield the items that are in one of `places`: environments, or clusters."""
    ids = {place.id for place in places}
    for item in items:
        place = item.cluster or item.environment
        if place is not None and place.id in ids:
            yield item


def make_test(globs: Sequence[str]) -> Callable[[str], object] | None:
    """Return what says whether a casefolded text is one of the globs, or found by one; None where there are none.

    It does what `is_called` does, for thousands of names.
    """
    folded = [glob.casefold() for glob in globs]
    patterns = [*map(translate, folded), *(rf"{re.escape(glob)}\Z" for glob in folded if "[" in glob)]
    return re.compile("|".join(patterns)).match if patterns else None


def _is_excepted(item: InventoryItem, excluded: Callable[[str], object]) -> bool:
    return any(excluded(text.casefold()) for text in list_names(item))


def list_names(item: InventoryItem) -> list[str]:
    """Return what an `except` may call a resource: name, id and path.

    A connector also has the path that it would have if its name could be a segment.
    """
    by_name = [] if item.cluster is None else [f"{item.cluster.path}/connector={item.name}"]
    return [item.name, item.id, item.path, *by_name]


def decode_environment(body: Any) -> InventoryItem:
    """Decode an environment."""
    own = _id_of(body, "an environment")
    return InventoryItem(ENVIRONMENT, own, _name_of(body, own), f"environment={own}")


def decode_cluster(body: Any, place: InventoryItem) -> InventoryItem:
    """Decode a Kafka cluster of the environment `place`."""
    own = _id_of(body, "a cluster")
    other = f"cloud-cluster={own}"
    return InventoryItem(
        CLUSTER, own, _name_of(body.get("spec"), own), f"{place.path}/{other}", place, other_path=other
    )


def decode_pool(body: Any, place: InventoryItem) -> InventoryItem:
    """Decode a compute pool of the environment `place`; its path is what its `resource_name` says."""
    own = _id_of(body, "a compute pool")
    metadata = body.get("metadata")
    found = ORGANIZATION.match(str(metadata.get("resource_name"))) if isinstance(metadata, dict) else None
    path = found["path"] if found else None
    if path is None or not path.startswith(f"{place.path}/") or not path.endswith(f"={own}"):
        raise ProtocolError(f"the service sent the compute pool {quoted(own)} without its `resource_name`")
    return InventoryItem(
        COMPUTE_POOL, own, _name_of(body.get("spec"), own), path, place, other_path=f"compute-pool={own}"
    )


def decode_connector(body: Any, place: InventoryItem) -> InventoryItem | None:
    """Decode a connector of the cluster `place`, as `Api.connectors` has it; None for one that is deleted."""
    name, own = body["name"], _id_of(body, f"the connector {quoted(body['name'])}")
    if body["state"] == DELETED:
        return None
    path, other = f"{place.path}/connector={name}", f"cloud-connector={own}"
    if not fits_line(name, MAX_NAME_CHARACTERS) or "/" in name:
        path, other = other, path
    return InventoryItem(CONNECTOR, own, name, path, place.environment, place, other)


def _id_of(body: Any, what: str) -> str:
    own = body.get("id") if isinstance(body, dict) else None
    if not isinstance(own, str) or not re.fullmatch(r"[\w.-]+", own) or own in {".", ".."}:
        raise ProtocolError(f"the service sent {what} without an id that can stand in a path")
    return own


def _name_of(body: Any, own: str) -> str:
    name = body.get("display_name") if isinstance(body, dict) else None
    return name if isinstance(name, str) and name else own


def find_organization(bodies: Iterable[Any]) -> str:
    """Return the path of the organization, as the `resource_name` of an environment says it; else nothing."""
    for body in bodies:
        metadata = body.get("metadata")
        found = ORGANIZATION.match(str(metadata.get("resource_name"))) if isinstance(metadata, dict) else None
        if found:
            return found[1]
    return ""
