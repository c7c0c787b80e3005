"""Secrets in a workspace, in places where they must not stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from notifconf.model import Diagnostic, LocatedList, LocatedMapping, error
from notifconf.model.mask import Mask

IDENTIFIERS: Final = frozenset({"id", "resource", "resource_type", "event", "notification_type"})
"""Members that become a part of addresses and of the paths of requests. So does the `name` beside an `event`."""


def misplaced_secrets(document: LocatedMapping, mask: Mask) -> Iterator[Diagnostic]:
    """Yield an error for each key and each identifier that holds a secret: addresses and requests would show it."""
    seen: set[int] = set()
    waiting: list[Any] = [document]
    while waiting:
        container = waiting.pop()
        if id(container) in seen or not isinstance(container, LocatedMapping | LocatedList):
            continue
        seen.add(id(container))
        waiting += container.values() if isinstance(container, LocatedMapping) else container
        if isinstance(container, LocatedMapping):
            yield from _misplaced(container, mask)


def _misplaced(mapping: LocatedMapping, mask: Mask) -> Iterator[Diagnostic]:
    for key, value in mapping.items():
        if mask.finds(key):
            yield error("invalid-value", "a key can't hold a secret or a credential", mapping.keys_at[key])
        identifies = key in IDENTIFIERS or (key == "name" and "event" in mapping)
        if identifies and isinstance(value, str) and mask.finds(value):
            message = f"`{key}` can't hold a secret or a credential: addresses and requests would show it"
            yield error("invalid-value", message, mapping.at(key))
