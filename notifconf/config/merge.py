"""Several files, one document: maps join, lists append, and nothing may be said twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifconf.config.scalars import shown_key
from notifconf.model import Diagnostic, LocatedList, LocatedMapping, error

if TYPE_CHECKING:
    from collections.abc import Sequence

REPEATABLE = frozenset({"version", "provider"})
"""What each file may say, as long as all say the same."""

IGNORED = "x-"
"""How the names of top-level members begin that are a place for anchors only."""


def merge(documents: Sequence[LocatedMapping]) -> tuple[LocatedMapping, list[Diagnostic]]:
    """Join the documents of at least one file, in their order; where two say the same thing, the first one counts.

    Top-level members whose name begins with `x-` are left out, and of several documents those with no value. The
    documents are used up.
    """
    whole = LocatedMapping(documents[0].position)
    diagnostics: list[Diagnostic] = []
    for document in documents:
        for key in document:
            # Whoever comments out all entries of a section in one of several files leaves its name behind.
            is_bare = len(documents) > 1 and document[key] is None
            if not key.startswith(IGNORED) and not is_bare:
                diagnostics += _join(whole, document, key, depth=0)
    return whole, diagnostics


def _join(whole: LocatedMapping, part: LocatedMapping, key: str, depth: int) -> list[Diagnostic]:
    """Add the member `key` of `part` to `whole`: sections join (depth 0), and so do lists in a section (depth 1)."""
    if key not in whole:
        whole[key] = part[key]
        whole.keys_at[key], whole.values_at[key] = part.keys_at[key], part.values_at[key]
        return []
    ours, theirs = whole[key], part[key]
    if ours is theirs:
        return []
    if isinstance(ours, LocatedList) and isinstance(theirs, LocatedList):
        whole[key] = _appended(ours, theirs)
        return []
    if isinstance(ours, LocatedMapping) and isinstance(theirs, LocatedMapping) and depth == 0:
        return [diagnostic for member in theirs for diagnostic in _join(ours, theirs, member, depth=1)]
    if depth == 0 and key in REPEATABLE and _same(ours, theirs):
        return []
    again = "says something else" if key in REPEATABLE else "stands here already"
    message = f"the key {shown_key(key)} {again}, at {whole.keys_at[key]}"
    return [error("duplicate-key", message, part.keys_at[key])]


def _appended(ours: LocatedList, theirs: LocatedList) -> LocatedList:
    both = LocatedList(ours.position)
    both += [*ours, *theirs]
    both.items_at = [*ours.items_at, *theirs.items_at]
    return both


def _same(ours: Any, theirs: Any) -> bool:
    return type(ours) is type(theirs) and bool(ours == theirs)
