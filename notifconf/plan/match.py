"""Which live object each declared one is: by pin, else by natural key. What exists is adopted, never made twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from notifconf.model import Diagnostic, LiveResource, Resource, error
from notifconf.model.diagnostic import quoted
from notifconf.plan.rules import Pair

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


@dataclass(slots=True)
class Matching:
    """Declared and live objects, brought together."""

    pairs: list[Pair] = field(default_factory=list)
    undeclared: list[LiveResource] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    """Address of a declared object that can't be matched -> the code of why: what refers to it is blocked."""
    diagnostics: list[Diagnostic] = field(default_factory=list)


def match(resources: Sequence[Resource], live: Sequence[LiveResource]) -> Matching:
    """Pair each declared object with its live one, or with None where it is to be created.

    The order of `live` makes no difference, that of `resources` does: of two that mean one object the first has it.
    Pins choose first, so that an object that is renamed by its pin is not mistaken for the one that takes its name.
    """
    matcher = _Matcher(live)
    for resource in resources:
        if resource.pin is not None:
            matcher.match_pinned(resource, resource.pin)
    for resource in resources:
        if resource.pin is None:
            matcher.match_by_identity(resource)
    return matcher.finish()


class _Matcher:
    """The bookkeeping of one matching."""

    def __init__(self, live: Sequence[LiveResource]) -> None:
        self._live = live
        self._by_identity: dict[str, dict[Hashable, LiveResource]] = defaultdict(dict)
        self._namesakes: dict[tuple[str, Hashable], list[LiveResource]] = defaultdict(list)
        for item in live:
            known = self._by_identity[item.kind]
            for identity in item.identities:
                if known.setdefault(identity, item) is not item:
                    self._namesakes[item.kind, identity].append(item)
        # By the live object itself: there are many, and kind and id would be hashed again and again.
        self._claimed: dict[int, Resource] = {}
        self._result = Matching()

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], LiveResource]:
        return {(item.kind, item.id): item for item in self._live}

    def match_pinned(self, resource: Resource, pin: str) -> None:
        found = self._by_id.get((resource.kind, pin))
        if found is None:
            self._reject(resource, "missing", f"there is no {resource.kind} with the id {quoted(pin)}")
        elif resource.writable and found.kept == "read-only":
            self._reject(
                resource,
                "missing",
                f"the {resource.kind} {quoted(pin)} is read-only, it can't become this one",
            )
        elif not resource.writable and not set(resource.identities) & set(found.identities):
            self._reject(resource, "missing", f"the {resource.kind} {quoted(pin)} has another target than declared")
        else:
            self._claim(resource, found)

    def match_by_identity(self, resource: Resource) -> None:
        known = self._by_identity[resource.kind]
        for identity in resource.identities:
            found = known.get(identity)
            if found is not None:
                namesakes = self._namesakes.get((resource.kind, identity)) if self._namesakes else None
                if namesakes:
                    self._choose(resource, [found, *namesakes])
                else:
                    self._claim(resource, found)
                return
        if resource.writable:
            self._result.pairs.append(Pair(resource, None))
        else:
            self._reject(resource, "missing", "no live object has this target, and notifconf can't create it")

    def _choose(self, resource: Resource, candidates: Sequence[LiveResource]) -> None:
        free = [item for item in candidates if id(item) not in self._claimed]
        if len(free) > 1:
            # One of them is meant, so none of them is undeclared: a plan must not offer to delete them.
            self._claimed.update({id(item): resource for item in free})
            ids = " or ".join(sorted(quoted(item.id) for item in free))
            called = quoted(resource.name or resource.address)
            self._reject(resource, "ambiguous", f"{len(free)} live objects are called {called}: pin one, id: {ids}")
        else:
            self._claim(resource, min(free or candidates, key=attrgetter("id")))

    def _claim(self, resource: Resource, found: LiveResource) -> None:
        owner = self._claimed.setdefault(id(found), resource)
        if owner is resource:
            self._result.pairs.append(Pair(resource, found))
        else:
            where = f" at {owner.position}" if owner.position else ""
            self._reject(
                resource,
                "duplicate",
                f"this is the live object {quoted(found.id)}, as is {owner.address}{where}",
            )

    def _reject(self, resource: Resource, reason: str, message: str) -> None:
        code = f"{reason}-{resource.kind}"
        self._result.broken[resource.address] = code
        self._result.diagnostics.append(error(code, message, resource.position, resource.address))

    def finish(self) -> Matching:
        undeclared = (item for item in self._live if id(item) not in self._claimed)
        self._result.undeclared = sorted(undeclared, key=attrgetter("kind", "id"))
        return self._result
