"""The services that many customers share, and that webhook URLs lead to.

The host of a tunnel or of a private hook service is as secret as the URL: whoever knows it can send to it, or find out
who is told. So a host is shown only if it belongs to one of these services. There the rest of the URL is the secret.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import urlsplit


class HookService(NamedTuple):
    """A service that takes messages at `host`, or at a host below it, which names a tenant or a region.

    `kinds` are the kinds of target that can send to it; empty if that is not known. `shown` says which host is no
    secret. `is_retired` is true if the service is about to end.
    """

    host: str
    kinds: tuple[str, ...] = ()
    shown: Literal["host", "below", "none"] = "host"
    is_retired: bool = False


HOOK_SERVICES = (
    HookService("hooks.slack.com", ("Slack",)),
    HookService("hooks.slack-gov.com", ("Slack",)),
    HookService("webhook.office.com", ("MsTeams",), "below", is_retired=True),
    # Workflows of Azure: those of Teams, and those that take plain JSON.
    HookService("logic.azure.com", ("MsTeams", "Webhook"), "below"),
    HookService("powerplatform.com", ("MsTeams", "Webhook"), "none"),
    HookService("events.pagerduty.com", ("Webhook",)),
    HookService("events.eu.pagerduty.com"),
    HookService("api.opsgenie.com", ("Webhook",)),
    HookService("api.eu.opsgenie.com", ("Webhook",)),
    # The successor of Opsgenie, Splunk On-Call, Google Chat, Discord.
    HookService("api.atlassian.com"),
    HookService("alert.victorops.com"),
    HookService("chat.googleapis.com"),
    HookService("discord.com"),
)


def host_of(url: str) -> str:
    """Return the host of a URL; empty if it has none."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return host


def find_service(url: str) -> HookService | None:
    """Return the service that a URL leads to, or None if it is not one of these."""
    return _find_service_of(host_of(url))


def _find_service_of(host: str) -> HookService | None:
    host = f".{host}"
    return next((service for service in HOOK_SERVICES if host.endswith(f".{service.host}")), None)


def find_shown_host(url: str) -> str | None:
    """Return the host of a secret URL if it may be shown, else None."""
    host = host_of(url)
    service = _find_service_of(host)
    if service is None or service.shown != ("host" if host == service.host else "below"):
        return None
    return host
