"""Find members that are not indented far enough, and read them as they are meant: each mistake is one error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from notifconf.model.diagnostic import Diagnostic, error
from notifconf.model.located import LocatedList, LocatedMapping
from notifconf.providers.base import Language

POLICY: Final = {
    "policy": frozenset(
        {
            "mode",
            "max_deletes",
            "protected",
            "frozen",
            "verify_integrations",
            "coverage",
            "silences",
            "discover",
            "owner",
        }
    )
}
"""What belongs into a member that is a mapping, and can't stand beside it; the provider knows more of them."""


def mend_indentation(document: LocatedMapping, language: Language) -> Iterator[Diagnostic]:
    """Yield an error for each member of the document that is not indented far enough, and move it."""
    for name, members in language.entries.items():
        yield from _mend_section(document, name, members)
        yield from _mend_entries(document.get(name), members)
    nested = {**language.nested, **POLICY}
    yield from _mend_members(document, nested)
    yield from _mend_members(document.get("policy"), nested)
    for section in list(document.values()):
        for entry in _list_entries(section):
            yield from _mend_members(entry, nested)
            for inner in list(entry.values()) if isinstance(entry, LocatedMapping) else ():
                for item in inner if isinstance(inner, LocatedList) else ():
                    yield from _mend_members(item, nested)


def _list_entries(section: Any) -> list[Any]:
    if isinstance(section, LocatedMapping):
        return list(section.values())
    return list(section) if isinstance(section, LocatedList) else []


def _mend_section(document: LocatedMapping, name: str, members: Mapping[str, str | None]) -> Iterator[Diagnostic]:
    """Move entries that stand beside their section, which is empty, into it."""
    found = [
        key
        for key, value in document.items()
        if isinstance(value, LocatedMapping) and any(_is_member(inner, value[inner], members) for inner in value)
    ]
    if name in document and document[name] is None and found:
        yield _move_all(document, found, name)


def _mend_entries(section: Any, members: Mapping[str, str | None]) -> Iterator[Diagnostic]:
    """Move what stands in a section, beside its entries, into the entry above."""
    if not isinstance(section, LocatedMapping):
        return
    misplaced: dict[str, list[str]] = {}
    above: str | None = None
    for key, value in section.items():
        entry = section.get(above) if above is not None else None
        if not _is_member(key, value, members):
            above = key
        elif above is not None and (entry is None or (isinstance(entry, LocatedMapping) and key not in entry)):
            misplaced.setdefault(above, []).append(key)
    for name, keys in misplaced.items():
        yield _move_all(section, keys, name)


def _is_member(key: str, value: Any, members: Mapping[str, str | None]) -> bool:
    """Say whether this is a member of an entry, by its name and its value: an entry may have the same name."""
    inner = members.get(key)
    is_mapping_member = inner is not None and isinstance(value, LocatedMapping) and inner in value
    return is_mapping_member or (key in members and inner is None and isinstance(value, str))


def _mend_members(mapping: Any, nested: Mapping[str, frozenset[str]]) -> Iterator[Diagnostic]:
    """Move members into the empty mapping above them that they belong to."""
    if not isinstance(mapping, LocatedMapping):
        return
    for name, members in nested.items():
        if name not in mapping or mapping[name] is not None:
            continue
        found = [key for key in mapping if key in members]
        if found:
            yield _move_all(mapping, found, name)


def _move_all(source: LocatedMapping, keys: list[str], name: str) -> Diagnostic:
    """Move members into the one of this name, which may be empty. They are one mistake: return its error."""
    target = source[name]
    if target is None:
        target = source[name] = LocatedMapping(source.keys_at[keys[0]])
    first, *_ = [_move(source, key, target, name) for key in keys]
    return first


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
