"""Webhook URLs: the services that many customers share, and what of a URL is secret or stands in clear.

The host of a tunnel or of a private hook service is as secret as the URL: whoever knows it can send to it, or find out
who is told. So a host is shown only if it belongs to one of these services. There the rest of the URL is the secret.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from notifconf.model.mask import LEFT_OUT


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


_URL_SEPARATORS = re.compile(r"[/?&=#.]")
MIN_TOKEN_LENGTH = 12
LONG_TOKEN_LENGTH = 14
"""In characters. The longest words that are usual in the addresses of hooks, such as `notifications`, are shorter."""
REFERENCE = re.compile(r"\$(?P<escape>\$)?\{(?P<body>[^}]*)\}?")


def is_url(text: str) -> bool:
    """Say whether a target takes this URL: http:// or https://, a host, and no spaces."""
    return bool(host_of(text)) and urlsplit(text).scheme in {"http", "https"} and _is_one_word(text)


def stands_in_clear(expression: str | None) -> bool:
    """Say whether the workspace itself holds a secret URL: as its value, in a reference, or beside references.

    Beside references, a part of a path or a query is secret if it looks like a token; `services/` does not.
    """
    if expression is None:
        return True
    bodies = [found["body"] for found in REFERENCE.finditer(expression) if not found["escape"]]
    words = [body.partition(":")[2][1:] for body in bodies if not body.startswith("file:")]
    beside = REFERENCE.sub("", expression).partition("://")[2] or REFERENCE.sub("", expression)
    defaults = (body.partition(":-")[2] for body in bodies)
    parts = [part for text in (*defaults, beside.partition("/")[2]) for part in _URL_SEPARATORS.split(text)]
    return any(map(is_url, words)) or any(map(_is_token, parts))


def _is_token(part: str) -> bool:
    """Say whether a part of a URL looks like a secret: long, and either very long or with a digit in it."""
    return len(part) >= MIN_TOKEN_LENGTH and (len(part) >= LONG_TOKEN_LENGTH or any(map(str.isdigit, part)))


def mask_expression(expression: str | None) -> str | None:
    """Return an expression with the text beside its references, and their defaults, left out: they may be secret."""
    if expression is None:
        return None
    shown, end = "", 0
    for found in REFERENCE.finditer(expression):
        if not found["escape"]:
            name, colon, word = found["body"].partition(":")
            word = word[:1] + LEFT_OUT if word[:1] in {"-", "?"} else word
            shown += (LEFT_OUT if found.start() > end else "") + "${" + name + colon + word + "}"
            end = found.end()
    return shown + (LEFT_OUT if len(expression) > end else "")


def _is_one_word(text: str) -> bool:
    return text.isprintable() and not any(char.isspace() for char in text)
