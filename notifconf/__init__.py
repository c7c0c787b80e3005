"""Notification settings of Confluent Cloud and Kong Konnect as code.

For programs: `load`, `connect`, `read_live`, `make_plan` and `apply`; the command line uses the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifconf.api import apply, connect, load, make_plan, read_live

__version__ = "0.1.0"

__all__ = ["apply", "connect", "load", "make_plan", "read_live"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: start-up time is a feature."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from notifconf import api

    return getattr(api, name)
