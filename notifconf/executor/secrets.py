"""What a plan leaves out and a request needs: ids of what was just created, and secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from functools import cached_property

from notifconf.errors import ChangedSinceError
from notifconf.model.plan import Action, Attributes, Change, PlanValue, Reference, Sensitive
from notifconf.model.resource import Secret, Value
from notifconf.plan.planner import Secrets
from notifconf.providers.base import Plain


def encode_secret(value: Value) -> str:
    """Return the text of a value that a fingerprint is made of."""
    return value.reveal() if isinstance(value, Secret) else value if isinstance(value, str) else json.dumps(value)


def encode_attributes(
    attributes: Attributes, address: str, ids: Mapping[str, str], secrets: Secrets
) -> dict[str, Plain]:
    """Return attributes as a connection takes them: references as ids, secrets in clear.

    What is sensitive and not declared (a live secret that an update leaves alone) is left out.
    """

    def resolve(value: PlanValue, path: str) -> Plain:
        if isinstance(value, Mapping):
            return {
                name: resolve(member, f"{path}/{name}")
                for name, member in value.items()
                if not isinstance(member, Sensitive) or (address, f"{path}/{name}") in secrets
            }
        if isinstance(value, tuple):
            items = [resolve(item, path) for item in value]
            return sorted(items, key=str) if isinstance(value[0] if value else None, Reference) else items
        if isinstance(value, Reference):
            return ids.get(value.target, value.target)
        if isinstance(value, Sensitive):
            return reveal(secrets[address, path])
        return value

    members = resolve(attributes, "")
    return members if isinstance(members, dict) else {}


def reveal(value: Value) -> Plain:
    """Return a live value as a connection takes it, to compare it with what was to be written."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {name: reveal(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [reveal(item) for item in value]
    return value


def find_lists(change: Change) -> list[str]:
    """Return the names of the lists of references that a change of a live object writes or takes away."""
    shown = change.before if change.action is Action.DELETE else change.after
    names = (shown or {}) if change.action is Action.DELETE else change.changed
    return [name for name in names if any(isinstance(item, Reference) for item in _items(shown, name))]


def find_listed(attributes: Attributes | None) -> dict[str, Reference]:
    """Return the references in all lists of an object, by target. One outside of a list is to the catalogue."""
    return {item.target: item for name in attributes or () for item in _references(attributes, name)}


def merge_lists(change: Change, live: Mapping[str, Plain], ids: Mapping[str, str]) -> dict[str, Plain]:
    """Return the lists that a change makes of those that live: what it takes out goes, what is wanted comes.

    Raises `ChangedSinceError` where that would take out what the plan does not show, or leave nothing.
    """
    return {name: _merge_list(change, name, value, ids) for name, value in live.items()}


def merge_unchanged(change: Change, attributes: Mapping[str, Plain], live: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return an object to write whole: what the change leaves alone, members of a mapping too, is as it lives."""
    merged = dict(attributes)
    for name, value in live.items():
        wanted = attributes.get(name)
        if name not in change.changed:
            merged[name] = value
        elif isinstance(value, dict) and isinstance(wanted, dict):
            before, after = ((side or {}).get(name) for side in (change.before, change.after))
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                merged[name] = {**wanted, **{key: value[key] for key in value if before.get(key) == after.get(key)}}
    return merged


def _merge_list(change: Change, name: str, live: Plain, ids: Mapping[str, str]) -> Plain:
    there = {str(item) for item in live} if isinstance(live, list) else set[str]()
    before = {item.target for item in _references(change.before, name)}
    after = {ids.get(item.target, item.target): item.kept for item in _references(change.after, name)}
    wanted = {target for target, kept in after.items() if not kept}
    strangers = there - before - wanted
    is_delete = change.action is Action.DELETE
    if strangers and (is_delete or not change.shared):
        names = ", ".join(sorted(strangers))
        raise ChangedSinceError(f"{change.address} has changed since the plan was made: it refers to {names} too")
    merged = there - (before - after.keys()) | wanted
    if not merged and not is_delete:
        raise ChangedSinceError(f"{change.address} has changed since the plan was made: nothing would be left in it")
    return [*sorted(merged)]


def _items(attributes: Attributes | None, name: str) -> tuple[PlanValue, ...]:
    value = (attributes or {}).get(name)
    return value if isinstance(value, tuple) else ()


def _references(attributes: Attributes | None, name: str) -> list[Reference]:
    return [item for item in _items(attributes, name) if isinstance(item, Reference)]


COST = 2**14
"""scrypt's n: about 50 ms and 16 MiB for a guess, and as much for each secret of a plan."""


class Fingerprints:
    """Hashes of secrets under one salt; the same value is hashed once."""

    def __init__(self, salt: str | None = None) -> None:
        """Use the salt of a plan file (hexadecimal digits), or a new one."""
        self.salt = secrets.token_hex(16) if salt is None else salt
        self._known: dict[str, str] = {}

    def of(self, value: str) -> str:
        """Return the fingerprint of a secret value."""
        if value not in self._known:
            self._known[value] = hashlib.scrypt(value.encode(), salt=self._salt, n=COST, r=8, p=1).hex()
        return self._known[value]

    def match(self, value: str, fingerprint: str) -> bool:
        """Say whether `fingerprint` is that of `value`."""
        return hmac.compare_digest(self.of(value), fingerprint)

    @cached_property
    def _salt(self) -> bytes:
        return bytes.fromhex(self.salt)
