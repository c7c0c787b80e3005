"""Data in one canonical form, and its digest: what means the same has the same digest, however it is written.

Left out are positions, the order of lists (the language means sets by them), members that are absent, and the values
of secrets: a digest is public, and a weak secret could be guessed from it. Of a secret its expression counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from notifconf.model.diagnostic import Position
from notifconf.model.resource import Secret


def canonical_text(value: Any) -> str:
    """Return a value, of dataclasses and named tuples too, as canonical JSON. Raises TypeError for what is no data."""
    if isinstance(value, str | int | float) or value is None:
        return canonical_json(value)
    record: Any = type(value)
    if members := _find_members(record):
        return _object((key, getattr(value, name)) for key, name in members)
    if isinstance(value, tuple | list | frozenset | set):
        return f"[{','.join(sorted(canonical_text(item) for item in value if not isinstance(item, Position)))}]"
    if isinstance(value, Secret):
        return canonical_json({"secret": value.expression})
    if isinstance(value, Mapping):
        return _object((canonical_json(name), value[name]) for name in sorted(value))
    if isinstance(value, datetime):
        return canonical_json(value.astimezone(UTC).isoformat())
    raise TypeError(f"{type(value).__name__} is no data")


def canonical_json(document: Any) -> str:
    """Return JSON with sorted keys and without white space. Raises ValueError for a number that JSON has not."""
    return _ENCODER.encode(document)


def digest_of(document: Any) -> str:
    """Return the SHA-256 of a document's canonical JSON in UTF-8, as hexadecimal digits."""
    return digest_of_text(canonical_json(document))


def digest_of_text(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as hexadecimal digits."""
    import hashlib  # not at the top: it loads OpenSSL, and `validate` makes no digest

    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _object(members: Iterable[tuple[str, Any]]) -> str:
    """Return a JSON object; `members` are keys, as JSON has them and sorted, with their values."""
    present = ((key, value) for key, value in members if value is not None and not isinstance(value, Position))
    return f"{{{','.join(f'{key}:{canonical_text(value)}' for key, value in present)}}}"


@cache
def _find_members(record: Any) -> tuple[tuple[str, str], ...]:
    """Return the members of a dataclass or named tuple, sorted: each as a key in JSON, and its name. Else nothing."""
    names = [field.name for field in fields(record)] if is_dataclass(record) else getattr(record, "_fields", ())
    return tuple((canonical_json(name), name) for name in sorted(names))
