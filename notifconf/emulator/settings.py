"""How one emulator behaves. Settings live with the process, objects in the database."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from notifconf.emulator.faults import Fault

DEFAULT_QUOTA = 100
MAX_PAGE_SIZE = 250
MAX_INVENTORY_PAGE_SIZE = 100


@dataclass(slots=True)
class Settings:
    """What can be told to a running emulator; every member may change between two requests.

    Attributes:
        latency: seconds that each answer is held back.
        rate_limit: requests a second, past which the answer is 429; None for no limit.
        quota: Confluent's `integrations_per_org`; one more is answered 402.
        page_size: Confluent's default for `page_size` (at most MAX_PAGE_SIZE).
        inventory_page_size: the same of the lists of environments, clusters and compute pools (at most
            MAX_INVENTORY_PAGE_SIZE).
        konnect_page_size: Konnect's default for `page[size]`.
        read_only: the credentials hold no role that may write: 403 to every change (Confluent).
        forbidden_resources: globs; 403 to whatever concerns a resource that one of them matches (Confluent). A list
            of clusters or compute pools concerns its environment, a list of connectors its cluster.
        forbidden_access: what does not exist is answered 403 `forbidden_access` in place of 404, and so is a lookup
            that finds nothing (Confluent).
        require_state: a POST without `current_state` is an error, as the guide says (Confluent).
        no_early_access: 403 or 404 to whatever concerns user notifications; None where they are served (Confluent).
        legacy: Konnect answers as its older description says: flat `meta`, no `name`, no `entity_type`.
        count_lag: how many changes `event_subscription_count` is behind (Konnect).
        faults: what goes wrong, see `faults`.
    """

    latency: float = 0.0
    rate_limit: int | None = None
    quota: int = DEFAULT_QUOTA
    page_size: int = 100
    konnect_page_size: int = 10
    inventory_page_size: int = 10
    read_only: bool = False
    forbidden_resources: list[str] = field(default_factory=list)
    forbidden_access: bool = False
    require_state: bool = False
    no_early_access: int | None = None
    legacy: bool = False
    count_lag: int = 0
    faults: list[Fault] = field(default_factory=list)

    def update(self, values: Mapping[str, Any]) -> None:
        """Sets the named members. Raises ValueError for a name or a value that can't be."""
        for name, value in values.items():
            check = CHECKS.get(name)
            if check is None:
                raise ValueError(f"unknown setting {name!r}: one of {', '.join(sorted(CHECKS))}")
            if not check(value):
                raise ValueError(f"{name}: {value!r} is not a value of this setting")
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Every member, faults as their specs."""
        values = {member.name: getattr(self, member.name) for member in fields(self)}
        return values | {"faults": [str(fault) for fault in self.faults]}


def _integer(value: object, low: int, high: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


CHECKS: Mapping[str, Callable[[object], bool]] = {
    "latency": _seconds,
    "rate_limit": lambda value: value is None or _integer(value, 1),
    "quota": lambda value: _integer(value, 0),
    "page_size": lambda value: _integer(value, 1, MAX_PAGE_SIZE),
    "konnect_page_size": lambda value: _integer(value, 1, MAX_PAGE_SIZE),
    "inventory_page_size": lambda value: _integer(value, 1, MAX_INVENTORY_PAGE_SIZE),
    "read_only": lambda value: isinstance(value, bool),
    "forbidden_resources": lambda value: isinstance(value, list) and all(isinstance(x, str) for x in value),
    "forbidden_access": lambda value: isinstance(value, bool),
    "require_state": lambda value: isinstance(value, bool),
    "no_early_access": lambda value: value is None or (_integer(value, 403) and value in {403, 404}),
    "legacy": lambda value: isinstance(value, bool),
    "count_lag": lambda value: _integer(value, 0),
    "faults": lambda value: isinstance(value, list),
}
