"""Data in one canonical form, and its digest: what means the same has the same digest, however it is written.

Left out are positions, the order of lists (the language means sets by them), members that are absent, and the values
of secrets: a digest is public, and a weak secret could be guessed from it. Of a secret its expression counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from notifconf.model.diagnostic import Position
from notifconf.model.value import Secret


def canonical(value: Any) -> Any:
    """Return a value, of dataclasses too, as JSON has it. Raises TypeError for what is no data."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Secret):
        return {"secret": value.expression}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, tuple | list | frozenset | set):
        return sorted((canonical(item) for item in value if not isinstance(item, Position)), key=canonical_json)
    if is_dataclass(value) and not isinstance(value, type):
        return _members({name: getattr(value, name) for name in _field_names(type(value))})
    raise TypeError(f"{type(value).__name__} is no data")


def canonical_json(document: Any) -> str:
    """Return JSON with sorted keys and without white space. Raises ValueError for a number that JSON has not."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(document: Any) -> str:
    """Return the SHA-256 of a document's canonical JSON in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(canonical_json(document).encode(errors="surrogatepass")).hexdigest()


def _members(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: canonical(value)
        for name, value in values.items()
        if value is not None and not isinstance(value, Position)
    }


@cache
def _field_names(dataclass: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(dataclass))
