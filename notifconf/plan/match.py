"""Matching: which live object each declared object is. An object that exists is adopted, and never created twice.

Terms:

- A *pin* is the id that an entry of the workspace names (`id: i-1`).
- A *natural key* (here: identity) is what the service or its users recognise an object by, such as the display name of
  an integration. A declared object has several if several are acceptable, the best first.
- *Namesakes* are live objects of one kind with the same natural key.
- A live object is *claimed* by the declared object that it was matched with. One that nobody claims is undeclared.

Rules:

1. Pinned objects choose first: each claims the live object with its id. If there is none, that is an error.
2. Each other declared object claims a live object with its first natural key, else with the second, and so on. It
   passes over objects that are pinned by another entry. If no object is left, it is created.
3. Of several namesakes, the one with the mark of this workspace's owner is meant, else one that another owner's mark
   is taken over from, else one without a mark. An object that has the mark of another owner can't be claimed: that is
   an error. (`ownership.py` says what marks are.)
4. Several namesakes of one rank that nobody has claimed are ambiguous. That is an error, and none of them becomes
   undeclared: the plan must not offer to delete the one that is meant.
5. If another declared object has claimed the live object already, the second one is a duplicate, which is an error.
6. The result does not depend on the order of files, entries or pages. If there is a conflict (rules 4 and 5), the
   declared objects are sorted by address and matched again.

Example: "Old" (i-1) and "Mail" (i-2) live. `a: {id: i-1, display_name: New}` claims i-1, and renames it.
`b: {display_name: Old}` passes over i-1, since that is pinned, and is created. Nothing claims i-2: it is undeclared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from shlex import quote

from notifconf.model.diagnostic import Diagnostic, error, quoted
from notifconf.model.policy import Policy
from notifconf.model.resource import LiveResource, Resource
from notifconf.plan.rules import Pair


@dataclass(slots=True)
class Matching:
    """The pairs, what nothing declares, and what could not be matched."""

    pairs: list[Pair] = field(default_factory=list)
    undeclared: list[LiveResource] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    """Address of a declared object that can't be matched -> the code of its error. What refers to it is blocked."""
    diagnostics: list[Diagnostic] = field(default_factory=list)


NO_POLICY = Policy()

LISTED = "`notifconf show` lists what lives"

FOREIGN = 3
"""The rank of what has the mark of another owner."""


def match(resources: Sequence[Resource], live: Sequence[LiveResource], policy: Policy = NO_POLICY) -> Matching:
    """Pair each declared object with its live object, or with None if it is to be created.

    `policy` says whose workspace this is. Only the order of the pairs depends on the order of the arguments.
    """
    matcher = _Matcher(live, policy)
    matcher.match(resources)
    if matcher.is_contested:
        # The first of several declared objects gets the live object, so the order of the files must not decide which is
        # first. Sorting always would take a fifth of the time of a large plan.
        matcher = _Matcher(live, policy)
        matcher.match(sorted(resources, key=attrgetter("address")))
    return matcher.finish()


class _Matcher:
    """The bookkeeping of one matching."""

    def __init__(self, live: Sequence[LiveResource], policy: Policy) -> None:
        self._live = live
        self._policy = policy
        # A live object is represented by its index in `live`: hashing the kind and id of each would take much longer.
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
        """Whether the order of the declared objects could have made a difference (rule 6)."""

    def match(self, resources: Sequence[Resource]) -> None:
        for resource in resources:
            if resource.pin is not None:
                self._match_pinned(resource, resource.pin)
        for resource in resources:
            if resource.pin is None and not self._claim_at_once(resource):
                self._match_by_identity(resource)

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], int]:
        return {(item.kind, item.id): place for place, item in enumerate(self._live)}

    def _match_pinned(self, resource: Resource, pin: str) -> None:
        place = self._by_id.get((resource.kind, pin))
        if place is None:
            message = f"there is no {resource.kind} with the id {quoted(pin)}: correct `id` or take it out; {LISTED}"
            self._reject(resource, f"missing-{resource.kind}", message)
            return
        found = self._live[place]
        if resource.writable and found.kept == "read-only":
            self._reject(
                resource,
                f"missing-{resource.kind}",
                f"the {resource.kind} {quoted(pin)} is read-only, it can't become this one: correct `id`; {LISTED}",
            )
        elif not resource.writable and not set(resource.identities) & set(found.identities):
            known = f"the {resource.kind} {quoted(pin)}"
            message = f"{known} has another target than declared: correct `id` or the target; {LISTED}"
            self._reject(resource, f"missing-{resource.kind}", message)
        else:
            self._claim(resource, place)

    def _claim_at_once(self, resource: Resource) -> bool:
        """Claim what has the first natural key, and say whether that was possible: of most objects there is no doubt.

        `_match_by_identity` would do the same, in more time.
        """
        place = self._by_identity[resource.kind].get(resource.identities[0]) if resource.identities else None
        if place is None or self._namesakes or self._owners[place] is not None:
            return False
        found = self._live[place]
        if found.owner is not None:
            return False
        self._owners[place] = resource
        self._result.pairs.append((resource, found))
        return True

    def _match_by_identity(self, resource: Resource) -> None:
        known = self._by_identity[resource.kind]
        for identity in resource.identities:
            place = known.get(identity)
            if place is not None:
                namesakes = self._namesakes.get((resource.kind, identity), ()) if self._namesakes else ()
                candidates = [item for item in (place, *namesakes) if not self._is_pinned(item, resource)]
                if len(candidates) > 1:
                    best = min(map(self._rank, candidates))
                    candidates = [item for item in candidates if self._rank(item) == best]
                    if best == FOREIGN:
                        # None of them can be pinned either, so it does not matter which one the error names.
                        candidates = [min(candidates, key=lambda item: self._live[item].id)]
                if len(candidates) > 1:
                    self._choose(resource, candidates)
                elif candidates:
                    self._claim(resource, candidates[0])
                if candidates:
                    return
        if resource.writable:
            self._result.pairs.append((resource, None))
        else:
            message = f"no live object has this target, and notifconf can't create it: correct it; {LISTED}"
            self._reject(resource, f"missing-{resource.kind}", message)

    def _rank(self, place: int) -> int:
        """Return how likely a live object is meant, by its mark: the lowest is the most likely (rule 3)."""
        owner = self._live[place].owner
        if owner is None:
            return 2
        return 0 if owner == self._policy.owner else 1 if self._policy.owns(owner) else FOREIGN

    def _is_pinned(self, place: int, resource: Resource) -> bool:
        """Say whether another entry has pinned a live object. `resource` can be created instead."""
        owner = self._owners[place]
        return resource.writable and owner is not None and owner.pin is not None

    def _choose(self, resource: Resource, candidates: Sequence[int]) -> None:
        self.is_contested = True
        free = [place for place in candidates if self._owners[place] is None]
        if len(free) > 1:
            # Rule 4: none of them becomes undeclared.
            for place in free:
                self._owners[place] = resource
            ids = " or ".join(sorted(quoted(self._live[place].id) for place in free))
            called = quoted(resource.name or resource.address)
            message = f"{len(free)} live objects are called {called}: pin one, id: {ids}"
            self._reject(resource, f"ambiguous-{resource.kind}", message)
        else:
            self._claim(resource, min(free or candidates, key=lambda place: self._live[place].id))

    def _claim(self, resource: Resource, place: int) -> None:
        owner, found = self._owners[place], self._live[place]
        if found.owner is not None and not self._policy.owns(found.owner):
            self._owners[place] = owner or resource
            self._reject(
                resource,
                "owned-by-another",
                f"the live {found.kind} {quoted(found.name)} ({found.id}) belongs to {quoted(found.owner)}:"
                f" declare another one, or take it over: --take-over {found.owner} --target {quote(resource.address)}",
            )
        elif owner is None:
            self._owners[place] = resource
            self._result.pairs.append((resource, found))
        else:
            self.is_contested = True
            where = f" at {owner.position}" if owner.position else ""
            self._reject(
                resource,
                f"duplicate-{resource.kind}",
                f"this is the live object {quoted(found.id)}, as is {owner.address}{where}",
            )

    def _reject(self, resource: Resource, code: str, message: str) -> None:
        self._result.broken[resource.address] = code
        self._result.diagnostics.append(error(code, message, resource.position, resource.address))

    def finish(self) -> Matching:
        undeclared = (item for item, owner in zip(self._live, self._owners, strict=True) if owner is None)
        self._result.undeclared = sorted(undeclared, key=attrgetter("kind", "id"))
        return self._result
