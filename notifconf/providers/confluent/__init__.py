"""Confluent Cloud: the notifications API, version 1."""

from notifconf.providers.confluent.provider import PROVIDER

__all__ = ["PROVIDER"]
