"""Credentials, and the base URLs that they may be sent to. It imports no HTTP library."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from notifconf.errors import UsageError
from notifconf.model.diagnostic import quoted
from notifconf.model.resource import Secret


class Authorization(NamedTuple):
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


NO_CONSOLES: Mapping[str, str] = MappingProxyType({})


def check_endpoint(url: str, consoles: Mapping[str, str] = NO_CONSOLES) -> str:
    """Return a base URL without a trailing slash, host in lower case; a path prefix is kept.

    The URL must be https, or http to this machine, and hold only scheme, host, port and path. Raises `UsageError`,
    which says what to write instead and never shows credentials from the URL. `consoles` maps the hosts of web
    consoles, which users paste by mistake, to the API that they mean.
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    if "@" in url:
        raise UsageError("the endpoint must not hold credentials: they belong into the environment")
    if parts.scheme not in ("http", "https"):
        hint = "" if "://" in url else f": write {quoted(_with_scheme(url))}"
        raise UsageError(f"the endpoint {quoted(url)} is not an https:// URL{hint}")
    if not host:
        raise UsageError(f"the endpoint {quoted(url)} names no host")
    if host in consoles:
        raise UsageError(f"https://{host} is the web console: the endpoint of the API is {consoles[host]}")
    if "?" in url or "#" in url:
        raise UsageError("the endpoint is a base URL: it can't hold a query (?) or a fragment (#)")
    # "localhost." with its last dot is no loopback address: DNS decides where it leads.
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"the endpoint {quoted(url)} would send credentials in clear: use https://"
            " (http:// is for loopback addresses)"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")


def _with_scheme(url: str) -> str:
    """Return the URL that a user probably meant who left the scheme out: http:// for this machine, else https://."""
    host = urlsplit(f"//{url}").hostname or ""
    return f"{'http' if is_loopback(host) else 'https'}://{url}"


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    # urlsplit drops line ends and tabs silently: what is checked must be what is used.
    if not url.isprintable() or " " in url or "\\" in url:
        raise UsageError("the endpoint holds blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UsageError("the endpoint is not a URL that can be read: is its port a number?") from None
    return parts
