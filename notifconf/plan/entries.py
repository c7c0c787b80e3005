"""Which entry decides: from entries that name or find things, to one decision for each thing.

Terms:

- A *thing* is what an entry says something about, such as a notification type, or one type of one resource. It goes by
  any hashable key.
- A *claim* is one entry with the things that it names or finds. Its *rank* says how directly: 0 for an entry that names
  the thing, 1 for a match that finds it. A provider may use more ranks.
- A claim either says all (`integrations`), or it adds something (`add`).

Rules, for each thing:

1. Of the claims that say all, those of the lowest rank remain. The *base* is their entry.
2. Two claims that say all and have this rank are a conflict: the later one, by position, with the first one. The plan
   must be the same in every order of files, so `content` chooses the base then.
3. Claims of higher ranks that say all are shadowed. They conflict with nothing.
4. All claims that add something are added, whatever their rank. They may overlap, and they shadow nothing.

Example: a match finds "Shrink" and "Expand" and tells `oncall`. Another entry names "Shrink" and tells `platform`. A
third one matches every type and adds `data`. The decision for "Shrink" has the second entry as its base, the third is
added, and the match is shadowed. The decision for "Expand" has the match as its base, and the third is added.

To use it: make a `Claim` for each entry, call `decide`, turn the conflicts into diagnostics (`duplicate-…` at rank 0,
else `overlapping-match`), and make one object of each decision. `resolve.py` of each provider does so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from notifconf.model.diagnostic import Diagnostic, Position, nearest, quoted, warning
from notifconf.model.policy import GLOB_CHARACTERS

Entry = TypeVar("Entry")
Thing = TypeVar("Thing", bound=Hashable)

MAX_SUGGESTIONS = 20
"""How many names in `except` get the nearest ones beside them: no number of typos makes a plan slow."""

NAMED, MATCHED = 0, 1
"""The ranks of an entry that names a thing, and of one that finds it by a match."""


class Claim(NamedTuple, Generic[Entry, Thing]):
    """An entry with the things that it names or finds; `adds` says that it leaves the rest to other entries."""

    entry: Entry
    things: tuple[Thing, ...]
    position: Position
    rank: int = NAMED
    adds: bool = False


class Decision(NamedTuple, Generic[Entry, Thing]):
    """What entries say together about one thing; `base` is None where there are only entries that add something."""

    thing: Thing
    base: Entry | None
    added: tuple[Entry, ...] = ()
    shadowed: tuple[Entry, ...] = ()


class Conflict(NamedTuple, Generic[Entry, Thing]):
    """Two entries of one rank that both say all about some things; `later` stands behind `earlier`."""

    earlier: Entry
    later: Entry
    things: tuple[Thing, ...]
    rank: int


def decide(
    claims: Iterable[Claim[Entry, Thing]], content: Callable[[Entry], Any]
) -> tuple[list[Decision[Entry, Thing]], list[Conflict[Entry, Thing]]]:
    """Return a decision for each thing, and the conflicts. The order of the claims makes no difference.

    `content` returns what a plan shows of an entry, in a form that can be sorted.
    """
    found: dict[Thing, list[Claim[Entry, Thing]]] = {}
    for claim in sorted(claims, key=attrgetter("position")):
        for thing in claim.things:
            found.setdefault(thing, []).append(claim)
    decisions: list[Decision[Entry, Thing]] = []
    shared: dict[tuple[int, int], Conflict[Entry, Thing]] = {}
    for thing, group in found.items():
        if len(group) == 1:
            # Most things have one claim.
            entry = group[0].entry
            decisions.append(Decision(thing, None, (entry,)) if group[0].adds else Decision(thing, entry))
            continue
        whole = [claim for claim in group if not claim.adds]
        best = min((claim.rank for claim in whole), default=NAMED)
        rivals = [claim for claim in whole if claim.rank == best]
        base = min((claim.entry for claim in rivals), key=content) if rivals else None
        added = tuple(claim.entry for claim in group if claim.adds)
        decisions.append(Decision(thing, base, added, tuple(claim.entry for claim in whole if claim.rank > best)))
        for later in rivals[1:]:
            known = shared.get((id(rivals[0]), id(later)))
            things = (*known.things, thing) if known else (thing,)
            shared[id(rivals[0]), id(later)] = Conflict(rivals[0].entry, later.entry, things, best)
    return decisions, list(shared.values())


def find_idle_exceptions(
    excluded: Iterable[str], names: Collection[str], position: Position, *, way_out: str = ""
) -> Iterator[Diagnostic]:
    """Warn of each exact name that the `except` of a match lists in vain: `names` are those of all that it may find.

    `way_out` says what else could be meant where no name is near.
    """
    known = {name.casefold() for name in names}
    idle = [name for name in excluded if GLOB_CHARACTERS.isdisjoint(name) and name.casefold() not in known]
    for number, name in enumerate(idle):
        suggestion = nearest(name, names) if number < MAX_SUGGESTIONS else ""
        message = f"`except` lists {quoted(name)}, which is nothing that this match finds{suggestion or way_out}"
        yield warning("excludes-nothing", message, position)
