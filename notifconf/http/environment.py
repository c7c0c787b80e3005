"""What the environment says of the way to a service: the proxy, and the authorities that TLS trusts.

HTTPS_PROXY, ALL_PROXY and NO_PROXY name the proxy; SSL_CERT_FILE, else SSL_CERT_DIR, else certifi the authorities.
"""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from notifconf.errors import UsageError
from notifconf.http.endpoint import is_loopback

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; `variable` names it in the environment, `tls` is for an https:// proxy, `headers` hold credentials,
    `secrets` the texts that must never be shown."""

    variable: str
    host: str
    port: int
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class ProxyFailedError(httpx.ProxyError):
    """The proxy can't be reached, or does not speak HTTP; `variable` names it."""

    def __init__(self, variable: str, reason: str) -> None:
        """Say why."""
        self.variable = variable
        super().__init__(reason)


class ProxyRefusedError(ProxyFailedError):
    """The proxy answered with an error status: it does not let us through."""

    def __init__(self, variable: str, status: int, reason: str) -> None:
        """Remember the status."""
        self.status = status
        super().__init__(variable, f"{status} {reason}".rstrip())


def find_proxy(scheme: str, host: str, port: int | None = None) -> tuple[str, str] | None:
    """Return the variable and the address of the proxy for a host, or None where there is none.

    Requests to this machine never go through a proxy: what is sent in clear must not leave it.
    """
    proxies = getproxies()
    address = proxies.get(scheme) or proxies.get("all")
    if not address or is_loopback(host) or proxy_bypass(host):
        return None
    if is_exempt(host, port or DEFAULT_PORTS[scheme], proxies.get("no", "")):
        return None
    names = [name for kind in (scheme, "all") for name in (f"{kind}_proxy", f"{kind}_proxy".upper())]
    variable = next((name for name in names if os.environ.get(name) == address), "the system's proxy setting")
    return variable, address if "://" in address else f"http://{address}"


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return whether `no_proxy` (the value of NO_PROXY) excepts a host from the proxy.

    Its entries, between commas, are `*`, a network (`10.0.0.0/8`), or a name or address, with a port or without. A
    name stands for itself and all names below it; a leading dot or `*.` makes no difference.
    """
    return any(_matches(entry.strip().lower(), host.lower(), port) for entry in no_proxy.split(","))


def make_proxy(variable: str, address: str, tls: ssl.SSLContext) -> Proxy:
    """Read the address of a proxy; `tls` has the authorities for an https:// one. Raises `UsageError`."""
    try:
        url = urlsplit(address)
        port = url.port or DEFAULT_PORTS[url.scheme]
        if url.scheme not in DEFAULT_PORTS or not url.hostname or not url.hostname.isascii():
            raise ValueError(address)
    except (ValueError, KeyError):
        raise UsageError(f"{variable} names no proxy that can be used: write http://HOST:PORT") from None
    used_tls = tls if url.scheme == "https" else None
    if url.username is None:
        return Proxy(variable, url.hostname, port, used_tls)
    user, password = unquote(url.username), unquote(url.password or "")
    encoded = b64encode(f"{user}:{password}".encode())
    headers = ((b"Proxy-Authorization", b"Basic " + encoded),)
    secrets = (address, encoded.decode(), url.password or "", password, user)
    return Proxy(variable, url.hostname, port, used_tls, headers, tuple(filter(None, secrets)))


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if "/" in entry:
        try:
            return address is not None and address in ip_network(entry, strict=False)
        except ValueError:
            return False
    name = entry.removesuffix(f":{port}") if entry.count(":") == 1 or entry.startswith("[") else entry
    name = name.strip("[]").removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or (address is None and host.endswith(f".{name}")))


FILE, FOLDER, KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"


def load_authorities() -> ssl.SSLContext:
    """Return what verifies the certificates of servers. Raises `UsageError` that names the variable at fault."""
    folder = None if os.environ.get(FILE) else os.environ.get(FOLDER)
    # OpenSSL trusts nobody when there is no such folder, and does not say so.
    if folder and not Path(folder).is_dir():
        raise UsageError(f"{FOLDER} names {folder!r}, which is no folder: it must hold certificates of authorities")
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        # Python opens the file of SSLKEYLOGFILE here too: its errors read the same, but name that file.
        if error.filename and error.filename == os.environ.get(KEY_LOG):
            raise UsageError(f"{KEY_LOG} names a file that can't be written ({error.strerror}): unset it") from None
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(
            f"the certificates of authorities can't be loaded ({reason}): {FILE} must name a file in PEM format"
        ) from None


def describe_trust() -> str:
    """Return a hint for a certificate that is not trusted: which variable decides, and what it should name."""
    for variable in (FILE, FOLDER):
        if os.environ.get(variable):
            return f"{variable} decides which authorities are trusted: does it name the right one?"
    return f"{FILE} can name a file with the certificates of other authorities"
