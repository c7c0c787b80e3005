"""Which live object each declared one is: by pin, else by natural key. What exists is adopted, never made twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter

from notifconf.model import Diagnostic, LiveResource, Resource, error, quoted
from notifconf.plan.rules import Pair


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

    Pins choose first, and a pinned object is never what another declared object means: of the live object "Old" (i-1),
    `a: {id: i-1, display_name: New}` is the new name, and `b: {display_name: Old}` is created beside it.
    The order of what is declared and of what lives makes no difference, but for that of the pairs.
    """
    matcher = _Matcher(live)
    matcher.match(resources)
    if matcher.is_contested:
        # Of several that mean one object the first has it, so who is first must not depend on the files. To sort them
        # always would take a fifth of a large plan's time.
        matcher = _Matcher(live)
        matcher.match(sorted(resources, key=attrgetter("address")))
    return matcher.finish()


class _Matcher:
    """The bookkeeping of one matching."""

    def __init__(self, live: Sequence[LiveResource]) -> None:
        self._live = live
        # Live objects go by their place in `live`, which costs less than hashing kind and id: there are many.
        self._by_identity: dict[str, dict[Hashable, int]] = defaultdict(dict)
        self._namesakes: dict[tuple[str, Hashable], list[int]] = defaultdict(list)
        for place, item in enumerate(live):
            known = self._by_identity[item.kind]
            for identity in item.identities:
                if known.setdefault(identity, place) != place:
                    self._namesakes[item.kind, identity].append(place)
        self._owners: list[Resource | None] = [None] * len(live)
        self._result = Matching()
        self.is_contested = False
        """Whether it made a difference, or could have, which declared object came first."""

    def match(self, resources: Sequence[Resource]) -> None:
        for resource in resources:
            if resource.pin is not None:
                self._match_pinned(resource, resource.pin)
        for resource in resources:
            if resource.pin is None:
                self._match_by_identity(resource)

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], int]:
        return {(item.kind, item.id): place for place, item in enumerate(self._live)}

    def _match_pinned(self, resource: Resource, pin: str) -> None:
        place = self._by_id.get((resource.kind, pin))
        if place is None:
            self._reject(resource, "missing", f"there is no {resource.kind} with the id {quoted(pin)}")
            return
        found = self._live[place]
        if resource.writable and found.kept == "read-only":
            self._reject(
                resource,
                "missing",
                f"the {resource.kind} {quoted(pin)} is read-only, it can't become this one",
            )
        elif not resource.writable and not set(resource.identities) & set(found.identities):
            self._reject(resource, "missing", f"the {resource.kind} {quoted(pin)} has another target than declared")
        else:
            self._claim(resource, place)

    def _match_by_identity(self, resource: Resource) -> None:
        known = self._by_identity[resource.kind]
        for identity in resource.identities:
            place = known.get(identity)
            if place is not None:
                namesakes = self._namesakes.get((resource.kind, identity), ()) if self._namesakes else ()
                candidates = [item for item in (place, *namesakes) if not self._is_pinned(item, resource)]
                if len(candidates) > 1:
                    self._choose(resource, candidates)
                elif candidates:
                    self._claim(resource, candidates[0])
                if candidates:
                    return
        if resource.writable:
            self._result.pairs.append(Pair(resource, None))
        else:
            self._reject(resource, "missing", "no live object has this target, and notifconf can't create it")

    def _is_pinned(self, place: int, resource: Resource) -> bool:
        """Say whether a pin says that a live object is another one than `resource`, which can be created."""
        owner = self._owners[place]
        return resource.writable and owner is not None and owner.pin is not None

    def _choose(self, resource: Resource, candidates: Sequence[int]) -> None:
        self.is_contested = True
        free = [place for place in candidates if self._owners[place] is None]
        if len(free) > 1:
            # One of them is meant, so none of them is undeclared: a plan must not offer to delete them.
            for place in free:
                self._owners[place] = resource
            ids = " or ".join(sorted(quoted(self._live[place].id) for place in free))
            called = quoted(resource.name or resource.address)
            self._reject(resource, "ambiguous", f"{len(free)} live objects are called {called}: pin one, id: {ids}")
        else:
            self._claim(resource, min(free or candidates, key=lambda place: self._live[place].id))

    def _claim(self, resource: Resource, place: int) -> None:
        owner, found = self._owners[place], self._live[place]
        if owner is None:
            self._owners[place] = resource
            self._result.pairs.append(Pair(resource, found))
        else:
            self.is_contested = True
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
        undeclared = (item for item, owner in zip(self._live, self._owners, strict=True) if owner is None)
        self._result.undeclared = sorted(undeclared, key=attrgetter("kind", "id"))
        return self._result
