"""Ownership: several workspaces share one organization, and no state file says what belongs to whom.

Terms:

- `policy.owner` makes a workspace the *owner* of its integrations, and of nothing else. It *marks* them: the
  description of each ends with ` [notifconf: OWNER]`.
- A mark is *own* if it names this workspace's owner, or one that `--take-over` names. Any other mark is *foreign*. So a
  workspace without an owner has no own marks, and all marks are foreign to it.
- A list (the integrations of a subscription) belongs to nobody: each workspace decides about its own integrations.
- An integration is *removable* from a list if this workspace may take it out.

Rules:

1. Every list becomes (live - removable) | wanted. `wanted` is what the entries of the workspace say together.
2. With an owner, removable is what can be written and is declared here or has an own mark. Everything else stays: what
   another workspace put in, what nobody marked, and mail integrations, which nobody can mark.
3. Without an owner, removable is what has no foreign mark if an entry decides about the list (`integrations`), and
   nothing if entries only add to it (`add`).
4. A declared live integration without a mark is adopted: the update marks it. One with a foreign mark is an error,
   `owned-by-another`. Of several with one name, the one with the own mark is meant, then one without a mark.
5. `--take-over OLD` replaces the marks of OLD by the own one. Without an owner, it takes them off.
6. Without a declaration, see `prune.py`: an owner deletes only what it has marked, and takes only that out of lists.

Rule 2 makes the order of workspaces irrelevant: two owners never remove what the other one wants, and each list is the
union in the end. Example: `payments` and `data` both tell of "Shrink". The list is [p-chat, d-chat, admins]. `data`
drops its entry: removable for it is d-chat alone, so the list becomes [p-chat, admins], whoever is applied first.

A plan is older than the write that it leads to. So the executor reads each list again right before it writes it, and
applies rule 1 to what it finds (`executor/change.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from notifconf.errors import UsageError
from notifconf.model.diagnostic import Diagnostic, error, quoted, warning
from notifconf.model.located import LocatedMapping
from notifconf.model.mask import WITHHELD
from notifconf.model.policy import Policy
from notifconf.model.resource import Kind, LiveResource, Resource, Value
from notifconf.model.state import Live
from notifconf.plan.match import Matching
from notifconf.plan.rules import Pair

_MARK = re.compile(r"(?:(?<=^)|(?: ))\[notifconf: (?P<owner>[a-z0-9-]{1,32})\]\Z")


def split_mark(text: str) -> tuple[str, str | None]:
    """Return a text without its mark, and the owner that the mark names, or None."""
    found = _MARK.search(text)
    return (text[: found.start()], found["owner"]) if found else (text, None)


def add_mark(text: str, owner: str | None) -> str:
    """Return a text with the mark of an owner at its end; without an owner as it is."""
    if owner is None:
        return text
    return f"{text}{' ' if text else ''}[notifconf: {owner}]"


class Ownership(NamedTuple):
    """What this workspace may take out of lists.

    `own` holds the ids of what is declared here and can be written, or has an own mark; `taken` those of them that have
    the mark of an owner whom `--take-over` names, and are not declared. `foreign` maps the id of each object with a
    foreign mark to its owner.
    """

    policy: Policy = Policy()
    own: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    foreign: Mapping[str, str] = MappingProxyType({})

    @property
    def is_shared(self) -> bool:
        """Whether lists may hold what this workspace can't take out."""
        return self.policy.owner is not None or bool(self.foreign)

    def find_removable(self, live: Iterable[str], *, adds: bool) -> set[str]:
        """Return what this workspace may take out of a list that it declares (rules 2 and 3)."""
        if self.policy.owner is not None:
            return set(live) & self.own
        return set() if adds else set(live) - self.foreign.keys()

    def merge(self, live: Value, wanted: Value, *, adds: bool) -> Value:
        """Return a list as rule 1 says. Any other value is as it is wanted."""
        if not isinstance(live, tuple) or not isinstance(wanted, tuple):
            return wanted
        there = {str(target) for target in live}
        return tuple(sorted((there - self.find_removable(there, adds=adds)).union(map(str, wanted))))

    def find_released(self, live: Iterable[str]) -> set[str]:
        """Return what `sync` takes out of a list that this workspace does not declare."""
        return self.find_removable(live, adds=False) - self.taken


def find_ownership(policy: Policy, targets: Iterable[Pair], live: Iterable[LiveResource]) -> Ownership:
    """Return what belongs to whom in a live state; `targets` are the pairs of what lists may refer to."""
    declared = frozenset(item.id for desired, item in targets if item is not None and desired.writable)
    marked = {item.id: item.owner for item in live if item.owner is not None}
    return Ownership(
        policy,
        declared | {object_id for object_id, owner in marked.items() if policy.owns(owner)},
        frozenset(
            object_id
            for object_id, owner in marked.items()
            if policy.owns(owner) and owner != policy.owner and object_id not in declared
        ),
        {object_id: owner for object_id, owner in marked.items() if not policy.owns(owner)},
    )


def mark_pairs(matching: Matching, policy: Policy, kinds: Mapping[str, Kind]) -> list[Diagnostic]:
    """Put the mark into what is declared, wherever the workspace has an owner or takes marks off (rules 4 and 5)."""
    if policy.owner is None and not policy.takes_over:
        return []
    diagnostics: list[Diagnostic] = []
    for index, (desired, live) in enumerate(matching.pairs):
        mark = kinds[desired.kind].mark
        if mark is not None and desired.writable:
            marked, problem = _mark((desired, live), mark.attribute, mark.max_length, policy)
            matching.pairs[index] = (marked, live)
            diagnostics += [problem] if problem else []
    return diagnostics


def _mark(pair: Pair, attribute: str, max_length: int, policy: Policy) -> tuple[Resource, Diagnostic | None]:
    desired, live = pair
    declared = desired.attributes.get(attribute)
    if declared is None and policy.owner is None and (live is None or live.owner is None):
        return desired, None
    found = str(live.attributes.get(attribute) or "") if live is not None else ""
    base = str(declared) if declared is not None else split_mark(found)[0]
    text = add_mark(base, policy.owner)
    marked = desired._replace(attributes={**desired.attributes, attribute: text})
    if declared is None and text != found and (base == WITHHELD or len(text) > max_length):
        room = f"leaves no room for the mark within {max_length} characters: declare a shorter {attribute}"
        why = f"repeats a secret: declare another {attribute}" if base == WITHHELD else room
        message = f"the live {attribute} of {quoted(desired.name)} {why}"
        problem = error("invalid-value", message, desired.position, desired.address)
        return marked._replace(blocked=desired.blocked or "invalid-value"), problem
    return marked, None


def find_declared_owner(document: LocatedMapping) -> str | None:
    """Return the owner that the policy of a document names, as far as that is known without the environment."""
    policy: LocatedMapping | None = document.get("policy")
    if policy is None or "owner" in policy.unresolved:
        return None
    owner: str | None = policy.get("owner")
    return owner


def check_owner(live: Live, owner: str | None) -> Counter[str]:
    """Count what has a mark, by owner. Raises `UsageError` where nothing has the mark of `owner`."""
    for message in _find_unmarked([owner] if owner is not None else [], live):
        raise UsageError(message)
    return _count_marked(live)


def warn_of_unmarked(policy: Policy, live: Live, kinds: Iterable[Kind]) -> Iterator[Diagnostic]:
    """Warn of a take-over of nothing: the name is wrong, or it was taken over before.

    Where nothing was read that can have a mark, nobody knows.
    """
    markable = {kind.name for kind in kinds if kind.mark is not None}
    if any(item.kind in markable for item in live.resources):
        for message in _find_unmarked(policy.takes_over or (), live):
            yield warning("takes-over-nothing", f"--take-over: {message}")


def _find_unmarked(owners: Iterable[str], live: Live) -> Iterator[str]:
    marked = _count_marked(live)
    known = f": the marks here are of {', '.join(sorted(marked))}" if marked else ": nothing has a mark"
    return (f"nothing has the mark of the owner {quoted(owner)}{known}" for owner in owners if owner not in marked)


def _count_marked(live: Live) -> Counter[str]:
    return Counter(item.owner for item in live.resources if item.owner is not None)


def describe_marked(marked: Counter[str]) -> tuple[str, ...]:
    """Say for the comment of an exported workspace what it leaves out."""
    names = ", ".join(f"{owner} ({number})" for owner, number in sorted(marked.items()))
    return (
        (f"Left out is what owners have marked: {names}. `notifconf export --owner NAME` writes it.",) if marked else ()
    )


def check_marked(text: str, owner: str | None, max_length: int) -> str | None:
    """Say what is wrong with a declared text that a mark may be added to, or None."""
    if split_mark(text)[1] is not None:
        return "must not end with a mark: notifconf adds it where the policy names an owner"
    if owner is not None and len(add_mark(text, owner)) > max_length:
        longest = max_length - len(add_mark(" ", owner)) + 1
        return f"must have at most {longest} characters: the mark of the owner needs the others of {max_length}"
    return None
