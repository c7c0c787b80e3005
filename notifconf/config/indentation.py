"""Members that stand one level too far left: one error each, and they are moved to where they belong.

YAML takes the wrong indentation for another structure. Without this, a single missing space gives an error for the
member that is not there, and one for each member that nobody expects where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from notifconf.model import Diagnostic, LocatedList, LocatedMapping, error

MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "target": frozenset({"kind", "webhook_url", "url", "role_name", "user"}),
    "match": frozenset({"severity", "category", "subscription_priority", "name", "except"}),
    "muted": frozenset({"from", "until", "reason"}),
    "policy": frozenset({"mode", "max_deletes", "protected", "verify_integrations", "coverage"}),
}
"""What belongs into a member that is a mapping, and can't stand beside it."""

TEXTS_OF_INTEGRATION: Final = frozenset({"display_name", "description", "id"})


def mend_indentation(document: LocatedMapping) -> Iterator[Diagnostic]:
    """Yield an error for each member of the document that stands one level too far left, and move it."""
    yield from _mend_integrations(document.get("integrations"))
    yield from _mend_members(document)
    for name in ("integrations", "subscriptions", "resources"):
        section = document.get(name)
        entries = section.values() if isinstance(section, LocatedMapping) else section or ()
        for entry in entries if isinstance(section, LocatedMapping | LocatedList) else ():
            yield from _mend_members(entry)
            nested = entry.get("subscriptions") if isinstance(entry, LocatedMapping) else None
            for item in nested if isinstance(nested, LocatedList) else ():
                yield from _mend_members(item)


def _mend_integrations(section: Any) -> Iterator[Diagnostic]:
    """Move `target` and the like from `integrations` into the integration above."""
    if not isinstance(section, LocatedMapping):
        return
    above: str | None = None
    for key in list(section):
        value = section[key]
        is_target = key == "target" and isinstance(value, LocatedMapping) and "kind" in value
        if not is_target and not (key in TEXTS_OF_INTEGRATION and isinstance(value, str)):
            above = key
            continue
        entry = section.get(above) if above is not None else None
        if isinstance(entry, LocatedMapping) and key not in entry:
            yield _move(section, key, entry, str(above))


def _mend_members(mapping: Any) -> Iterator[Diagnostic]:
    """Move members into the empty mapping above them that they belong to."""
    if not isinstance(mapping, LocatedMapping):
        return
    for name, members in MEMBERS.items():
        found = [key for key in mapping if key in members]
        if name not in mapping or mapping[name] is not None or not found:
            continue
        inner = LocatedMapping(mapping.keys_at[found[0]])
        diagnostics = [_move(mapping, key, inner, name) for key in found]
        mapping[name] = inner
        yield diagnostics[0]


def _move(source: LocatedMapping, key: str, target: LocatedMapping, name: str) -> Diagnostic:
    target[key] = source.pop(key)
    target.keys_at[key], target.values_at[key] = source.keys_at[key], source.values_at[key]
    if key in source.expressions:
        target.expressions[key] = source.expressions[key]
        target.parts[key] = source.parts.get(key, ())
    if key in source.unresolved:
        target.unresolved |= {key}
    message = f'"{key}" stands one level too far left: indent it, so that it is a member of "{name}"'
    return error("invalid-value", message, source.keys_at[key])
