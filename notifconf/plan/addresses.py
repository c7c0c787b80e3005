"""Addresses: how a plan, an option and a policy name an object. No two objects of a plan have one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from notifconf.model.resource import Kind, LiveResource
from notifconf.plan.match import Matching

LiveKey = tuple[str, str]
"""Kind and id."""


def make_unique(plain: Sequence[str], endings: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """Return an address for each object that no other one has, nor is in `taken`.

    An address that would stand twice gets `#` and the object's ending, an id. A name may look like an address with an
    ending ("X#i-1"), so this is repeated until no address stands twice: what still stands twice gets longer each time.
    Two objects with the same plain address must not have the same ending.
    """
    addresses = list(plain)
    while repeated := _find_repeated(addresses, taken):
        for index in repeated:
            addresses[index] += f"#{endings[index]}"
    return addresses


def _find_repeated(addresses: Sequence[str], taken: Collection[str]) -> list[int]:
    """Return the places of the addresses that stand twice, or are taken."""
    counts = Counter(addresses)
    if len(counts) == len(addresses) and counts.keys().isdisjoint(taken):
        return []
    return [index for index, address in enumerate(addresses) if counts[address] > 1 or address in taken]


def make_plain_address(item: LiveResource, kinds: Mapping[str, Kind]) -> str:
    """Return the address by which an object goes when nothing declares it, whatever else has the same name."""
    return f"{kinds[item.kind].collection}/{item.name}"


def find_undeclared_addresses(
    items: Sequence[LiveResource], matching: Matching, kinds: Mapping[str, Kind]
) -> dict[LiveKey, str]:
    """Return the addresses of live objects that nothing declares: by name, and id where the name does not suffice."""
    if not items:
        return {}
    plain = {(item.kind, item.id): make_plain_address(item, kinds) for item in items}
    unique = make_unique(list(plain.values()), [key[1] for key in plain], find_declared_addresses(matching))
    return dict(zip(plain, unique, strict=True))


def find_declared_addresses(matching: Matching) -> set[str]:
    """Return the addresses of all that is declared, whether it could be matched or not."""
    return {desired.address for desired, _ in matching.pairs} | matching.broken.keys()
