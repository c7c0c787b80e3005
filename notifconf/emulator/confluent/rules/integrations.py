"""Integrations: what a target is, and which may be written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from notifconf.emulator.confluent.errors import Problem, Refusal, conflict, forbidden
from notifconf.emulator.confluent.members import READ_ONLY, Members
from notifconf.emulator.confluent.objects import (
    INTEGRATIONS,
    RESOURCE_SUBSCRIPTIONS,
    SUBSCRIPTIONS,
    is_alive,
    referred_id,
)
from notifconf.emulator.confluent.rules.base import Rules

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON

URL_MEMBERS = {"Slack": "webhook_url", "MsTeams": "webhook_url", "Webhook": "url"}
TARGET_KINDS = frozenset({*URL_MEMBERS, "RoleEmail", "UserEmail", "InApp"})
MAX_DISPLAY_NAME = 64
MAX_DESCRIPTION = 128
MAX_URL = 2048


def target_of(members: Members) -> JSON | None:
    """The target in a body, of a kind that can be written and tested; None where it is absent or wrong."""
    target = members.child("target")
    if target is None:
        return None
    target.require("kind")
    kind = target.one_of("kind", TARGET_KINDS)
    if kind is None:
        return None
    if kind not in URL_MEMBERS:
        target.refuse("kind", f"a {kind} integration can't be created, updated, deleted or tested")
        return None
    member = URL_MEMBERS[kind]
    target.require(member)
    target.allow({"kind", member})
    url = target.string(member, maximum=MAX_URL)
    if url is not None and not _is_url(url):
        target.refuse(member, "must be an absolute http or https URL")
    return {"kind": kind, member: url}


def read_integration(members: Members) -> JSON:
    """The writable members of an integration, as far as they are there and right."""
    members.allow(READ_ONLY | {"display_name", "description", "target"})
    values = {
        "display_name": members.string("display_name", maximum=MAX_DISPLAY_NAME),
        "description": members.string("description", maximum=MAX_DESCRIPTION, minimum=0),
        "target": target_of(members),
    }
    return {name: value for name, value in values.items() if value is not None}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _kind_of(integration: JSON) -> str | None:
    target = integration.get("target")
    kind = target.get("kind") if isinstance(target, dict) else None
    return kind if isinstance(kind, str) else None


class IntegrationRules(Rules):
    """Slack, Microsoft Teams and generic webhooks are written here; mail and in-app integrations are not."""

    collection = INTEGRATIONS

    def created(self, body: JSON) -> JSON:
        """Needs `display_name` and `target`; past the quota 402."""
        members = Members(body)
        members.require("display_name", "target")
        values = read_integration(members)
        members.check()
        bodies = (row.json() for row in self.store.page(INTEGRATIONS.path))
        if sum(is_alive(body) and _kind_of(body) in URL_MEMBERS for body in bodies) >= self.settings.quota:
            detail = f"The quota integrations_per_org of {self.settings.quota} is used up"
            raise Refusal(Problem(402, "quota_exceeded", "Quota Exceeded", detail))
        return values

    def patched(self, live: JSON, body: JSON) -> JSON:
        """Takes `display_name`, `description` and `target`, the latter whole."""
        self._check_writable(live)
        members = Members(body)
        values = read_integration(members)
        members.check()
        return values

    def check_delete(self, live: JSON) -> None:
        """409 where a subscription of either kind uses it."""
        self._check_writable(live)
        identifier = live.get("id")
        for collection in (SUBSCRIPTIONS, RESOURCE_SUBSCRIPTIONS):
            for row in self.store.containing(collection.path, f'"{identifier}"'):
                user = row.json()
                used = user.get("integrations")
                if is_alive(user) and isinstance(used, list) and identifier in map(referred_id, used):
                    raise Refusal(conflict(f"Integration {identifier} is used by {collection.reference_kind} {row.id}"))

    def _check_writable(self, live: JSON) -> None:
        kind = _kind_of(live)
        if kind not in URL_MEMBERS:
            raise Refusal(forbidden(f"A {kind} integration can't be updated or deleted"))
