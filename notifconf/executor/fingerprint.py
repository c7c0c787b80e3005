"""Secrets in a plan file: never themselves, but salted slow hashes, which say whether a value is still the same."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property

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
