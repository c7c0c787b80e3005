"""The hosts of webhook URLs that may be shown.

The host of a tunnel or of a private hook service is as good as the URL: whoever knows it can send to it, or find out
who is told. So a host is shown only where it belongs to a well-known service that many customers share. There the
secret is the rest of the URL.
"""

from __future__ import annotations

from urllib.parse import urlsplit

SHARED_HOSTS = frozenset(
    {
        "hooks.slack.com",
        "hooks.slack-gov.com",
        "events.pagerduty.com",
        "events.eu.pagerduty.com",
        "api.opsgenie.com",
        "api.eu.opsgenie.com",
        "api.atlassian.com",
        "alert.victorops.com",
        "chat.googleapis.com",
        "discord.com",
    }
)
"""Slack, PagerDuty, Opsgenie and its successor, Splunk On-Call, Google Chat, Discord."""

TEAMS_CONNECTORS = ".webhook.office.com"
"""The connector URLs of Teams, which Microsoft is retiring; the label in front names the tenant."""

SHARED_DOMAINS = (TEAMS_CONNECTORS, ".logic.azure.com")
"""Teams: connectors, and workflows; the labels in front name a tenant or a region, and are no secret."""


def host_of(url: str) -> str:
    """Return the host of a URL; empty where there is none."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return host


def shared_host(url: str) -> str | None:
    """Return the host of a secret URL where it may be shown, else None."""
    host = host_of(url)
    return host if host in SHARED_HOSTS or host.endswith(SHARED_DOMAINS) else None
