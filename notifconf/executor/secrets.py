"""What a plan leaves out and a request needs: ids of what was just created, and secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from functools import cached_property

from notifconf.model import Secret, Value
from notifconf.model.plan import Attributes, PlanValue, Reference, Sensitive
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
