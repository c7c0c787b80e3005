"""Who may ask: programs of this machine, not a web page in its browser.

The emulator takes any credentials and holds webhook URLs. A page from elsewhere has two ways to it: it sends requests
to 127.0.0.1 (then they bear its `Origin`), or the name of its own host begins to mean 127.0.0.1 ("DNS rebinding": then
they bear that name as `Host`, and the page may read the answers).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import Scope

HTTP_PORT = 80
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def control_objection(scope: Scope) -> str | None:
    """Why a request to `/_emulator` is refused; None where it is not: it has to name this server, and no origin."""
    if any(name == b"origin" for name, _ in scope["headers"]):
        return "A request with an Origin comes from a web page: the control endpoints refuse it"
    name, port = _host_of(scope)
    own_port = (scope.get("server") or (None, None))[1] or HTTP_PORT
    if name not in OWN_NAMES or (port or HTTP_PORT) != own_port:
        return f"The control endpoints are those of http://127.0.0.1:{own_port}: the Host of this request is another"
    return None


def api_objection(scope: Scope) -> str | None:
    """Why a request to a vendor's API is refused; None where it is not.

    No name can be made to mean 127.0.0.1 where the host is an address, or `localhost`.
    """
    name, _ = _host_of(scope)
    if name == "localhost" or _is_address(name):
        return None
    return "The Host of this request is not this machine: ask the emulator by 127.0.0.1 or localhost"


def _host_of(scope: Scope) -> tuple[str, int | None]:
    """The name and the port in the `Host` of a request; the name is "" where there is not one such header."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1:
        return "", None
    try:
        host = f"//{hosts[0].decode('ascii')}"
        parts = urlsplit(host)
        port = parts.port
    except ValueError:
        return "", None
    if parts.netloc != host[2:] or parts.username is not None:
        return "", None
    return parts.hostname or "", port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
