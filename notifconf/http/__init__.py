"""The way to a service: one client with credentials, retries, pacing and redaction; error statuses as exceptions."""

# ruff: noqa: E402 -- what follows imports httpx, which must find the line below

import sys

# Where click and rich are installed, httpx imports its own command line: more than all the rest of it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None stands for what can't be imported

from notifconf.http.client import Client
from notifconf.http.endpoint import Authorization, check_endpoint
from notifconf.http.exchange import Exchange, trace_requests
from notifconf.http.redaction import Redactor
from notifconf.http.request import Answer

__all__ = ["Answer", "Authorization", "Client", "Exchange", "Redactor", "check_endpoint", "trace_requests"]
