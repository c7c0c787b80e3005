"""Credentials, as the value of one header."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from notifconf.errors import UsageError
from notifconf.model import Secret


@dataclass(frozen=True, slots=True)
class Authorization:
    """The value of the `Authorization` header; `secrets` are the texts in it that must never be shown."""

    header: Secret
    secrets: tuple[Secret, ...]

    @classmethod
    def basic(cls, user: str, password: str) -> Authorization:
        """Return HTTP Basic credentials. Raises `UsageError` for a user name that can't be written so (RFC 7617)."""
        if ":" in user:
            raise UsageError("an API key can't hold a colon: are the key and its secret in one variable?")
        encoded = base64.b64encode(f"{user}:{password}".encode(errors="surrogateescape")).decode("ascii")
        return cls(Secret(f"Basic {encoded}"), (Secret(encoded), Secret(password), Secret(user)))

    @classmethod
    def bearer(cls, token: str) -> Authorization:
        """Return a bearer token (RFC 6750). Raises `UsageError` for one that no header can carry."""
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UsageError("the access token holds blanks or characters that no token has: was it cut or quoted?")
        return cls(Secret(f"Bearer {token}"), (Secret(token),))
