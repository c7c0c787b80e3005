"""The services that notifconf knows, one folder each."""

from __future__ import annotations

from importlib import import_module

from notifconf.providers.base import Provider

NAMES = ("confluent", "konnect")


def provider_named(name: str) -> Provider:
    """Return the provider that a workspace calls `name`, one of NAMES; it is imported only now."""
    provider: Provider = import_module(f"notifconf.providers.{name}").PROVIDER
    return provider
