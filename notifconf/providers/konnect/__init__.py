"""Kong Konnect: the Notification Hub, version 1."""

from notifconf.providers.konnect.provider import PROVIDER

__all__ = ["PROVIDER"]
