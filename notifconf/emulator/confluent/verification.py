"""`integrations:test`: sends a message to loopback addresses, and believes all others."""

from __future__ import annotations

import ipaddress
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from notifconf.emulator.clock import now
from notifconf.emulator.confluent.errors import Refusal, invalid
from notifconf.emulator.confluent.objects import URL_MEMBERS

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON

TIMEOUT_SECONDS = 5.0
TITLE = "Test notification"
TEXT = "This is a test of a notification integration. Nothing has happened."


async def verify(target: JSON) -> None:
    """Sends the test message. Raises Refusal (400) where it does not arrive.

    Nothing ever leaves the machine: an address that is not a loopback one counts as verified.
    """
    kind = target["kind"]
    member = URL_MEMBERS[kind]
    url = target[member]
    if not _is_loopback(url):
        return
    import httpx

    failure = None
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            response = await client.post(url, json=_message(kind))
            if not response.is_success:
                failure = f"it answered {response.status_code}"
    except httpx.HTTPError as error:
        failure = type(error).__name__
    if failure is not None:
        detail = f"The {kind} integration could not be verified: {failure}"
        raise Refusal(invalid(detail, pointer=f"/target/{member}"))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _message(kind: str) -> dict[str, Any]:
    if kind == "Webhook":
        return {"id": str(uuid.uuid4()), "title": TITLE, "message": TEXT, "created_at": now()}
    if kind == "Slack":
        return {"text": f"*{TITLE}*\n{TEXT}"}
    card = {
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "weight": "Bolder", "text": TITLE}, {"type": "TextBlock", "text": TEXT}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}
