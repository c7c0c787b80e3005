"""Integrations: what a target is, and which may be written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from notifconf.emulator.confluent.errors import Problem, Refusal, forbidden, in_use
from notifconf.emulator.confluent.members import READ_ONLY, Members
from notifconf.emulator.confluent.objects import (
    INTEGRATIONS,
    LONG_KIND_SUFFIX,
    QUOTA,
    QUOTA_UNTIL_DELETED,
    RESOURCE_SUBSCRIPTIONS,
    SUBSCRIPTIONS,
    URL_MEMBERS,
    is_alive,
    kind_of,
)
from notifconf.emulator.confluent.rules.base import Rules

if TYPE_CHECKING:
    from notifconf.emulator.confluent.objects import JSON

TARGET_KINDS = frozenset({*URL_MEMBERS, "RoleEmail", "UserEmail", "InApp"})
LONG_KINDS = {f"{kind}{LONG_KIND_SUFFIX}": kind for kind in TARGET_KINDS}
MAX_DISPLAY_NAME = 64
MAX_DESCRIPTION = 128
MAX_URL = 2048


def target_of(members: Members) -> JSON | None:
    """The target in a body, of a kind that can be written and tested; None where it is absent or wrong."""
    target = members.child("target")
    if target is None:
        return None
    target.require("kind")
    kind = target.one_of("kind", TARGET_KINDS | LONG_KINDS.keys())
    if kind is None:
        return None
    kind = LONG_KINDS.get(kind, kind)
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


class IntegrationRules(Rules):
    """Slack, Microsoft Teams and generic webhooks are written here; mail and in-app integrations are not."""

    collection = INTEGRATIONS

    def created(self, body: JSON) -> JSON:
        """Needs `display_name` and `target`; past the quota 402."""
        members = Members(body)
        members.require("display_name", "target")
        values = read_integration(members)
        members.check()
        to_be_deleted = self.store.page(INTEGRATIONS.path, owner=QUOTA_UNTIL_DELETED)
        used = self.store.count(INTEGRATIONS.path, owner=QUOTA) + sum(is_alive(row.json()) for row in to_be_deleted)
        if used >= self.settings.quota:
            detail = f"The quota {QUOTA} of {self.settings.quota} is used up"
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
        identifier = str(live.get("id"))
        for collection in (SUBSCRIPTIONS, RESOURCE_SUBSCRIPTIONS):
            for row in self.store.linked(collection.path, identifier):
                if is_alive(row.json()):
                    raise Refusal(in_use(f"Integration {identifier} is used by {collection.reference_kind} {row.id}"))

    def _check_writable(self, live: JSON) -> None:
        kind = kind_of(live)
        if kind not in URL_MEMBERS:
            raise Refusal(forbidden(f"A {kind} integration can't be updated or deleted"))
