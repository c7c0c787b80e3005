"""What a plan leaves out and a request needs: ids of what was just created, and secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from notifconf.model import Resource, Secret, Value
from notifconf.plan.change import Attributes, PlanValue, Reference, Sensitive

if TYPE_CHECKING:
    from notifconf.providers.base import Plain

Secrets = Mapping[tuple[str, str], Secret]
"""(address, JSON pointer) -> the declared secret that belongs there."""


def secrets_of(resources: Iterable[Resource]) -> Secrets:
    """Collect every secret that the declared objects hold."""
    return {
        (resource.address, path): secret for resource in resources for path, secret in secrets_in(resource.attributes)
    }


def secrets_in(value: Value, path: str = "") -> Iterable[tuple[str, Secret]]:
    """Yield every secret in a value, with its JSON pointer."""
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from secrets_in(member, f"{path}/{name}")


def sendable(attributes: Attributes, address: str, ids: Mapping[str, str], secrets: Secrets) -> dict[str, Plain]:
    """Return attributes as a connection takes them: references as ids, secrets in clear.

    A secret that is not declared (a live one that an update leaves alone) is left out.
    """

    def resolve(value: PlanValue, path: str) -> Plain:
        if isinstance(value, Mapping):
            return {
                name: resolve(member, f"{path}/{name}")
                for name, member in value.items()
                if not isinstance(member, Sensitive) or (address, f"{path}/{name}") in secrets
            }
        if isinstance(value, tuple):
            items = [resolve(item, path) for item in value]
            return sorted(items, key=str) if isinstance(value[0] if value else None, Reference) else items
        if isinstance(value, Reference):
            return ids.get(value.target, value.target)
        if isinstance(value, Sensitive):
            return secrets[address, path].reveal()
        return value

    return {name: resolve(value, f"/{name}") for name, value in attributes.items()}


def revealed(value: Value) -> Plain:
    """Return a live value as a connection takes it, to compare it with what was to be written."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {name: revealed(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [revealed(item) for item in value]
    return value
