"""The service's JSON as live objects, and attributes as its request bodies. Pure.

What a plan stands on (ids, references) must be right, else `ProtocolError`; all else may be absent or of any type. Both
sides of a plan are canonical: a list of references is a sorted tuple of ids, each once, and an integration without a
description has an empty one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from notifconf.errors import ProtocolError
from notifconf.model.diagnostic import quoted
from notifconf.model.mask import WITHHELD
from notifconf.model.resource import LiveResource, Secret, Value
from notifconf.plan.ownership import add_mark, split_mark
from notifconf.providers.base import Plain, parse_time
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    Catalogue,
    NotificationType,
)
from notifconf.providers.confluent.inventory import ORGANIZATION
from notifconf.providers.confluent.workspace import SECRET_MEMBER

if TYPE_CHECKING:
    from notifconf.http.redaction import Redactor

JSON = Mapping[str, Any]

UNLISTED = "unlisted-type"
"""Why a subscription is kept whose type the catalogue does not list."""

READ_ONLY_MEMBER: Mapping[str, str] = {"RoleEmail": "role_name", "UserEmail": "user", "InApp": "user"}
"""The kinds of target that nobody can write, and the member that says who is told."""


SHORT_KINDS: Mapping[str, str] = {"SlackTarget": "Slack", "MsTeamsTarget": "MsTeams", "WebhookTarget": "Webhook"}
"""Other names that some clients of the API give to the kinds of target: read alike, never written."""

NEVER_SHOWN = frozenset({"api_version", "kind", "metadata", "target"})
"""Members of an object that no output holds; of a target, its kind and who is told are shown."""


def is_alive(item: JSON, now: datetime) -> bool:
    """Say whether an object counts: one whose `deleted_at` is past is as good as absent."""
    deleted_at = _time(item, "deleted_at")
    # The year 1 is how some servers write that there is no such moment.
    return deleted_at is None or deleted_at.year == 1 or deleted_at > now


def id_of(item: object, what: str) -> str:
    """Return the id of an object. Raises `ProtocolError` where it has none that can stand in a path."""
    found = item.get("id") if isinstance(item, dict) else None
    if not isinstance(found, str) or found in {"", ".", ".."}:
        raise ProtocolError(f"the service sent {what} without an id")
    return found


def decode_type(item: JSON) -> NotificationType:
    """Decode a notification type."""
    type_id = id_of(item, "a notification type")
    return NotificationType(
        id=type_id,
        display_name=_text(item, "display_name") or type_id,
        description=_text(item, "description"),
        category=_text(item, "category"),
        severity=_text(item, "severity"),
        priority=_text(item, "subscription_priority"),
        in_plan=item.get("is_included_in_plan") is not False,
        created_at=_time(item, "created_at"),
    )


def decode_integration(item: JSON) -> LiveResource:
    """Decode an integration."""
    integration_id = id_of(item, "an integration")
    display_name = _text(item, "display_name")
    raw = item.get("target")
    target = _decode_target(raw) if isinstance(raw, dict) else {}
    kind = target.get("kind")
    attributes: dict[str, Value] = {"description": _text(item, "description")}
    if display_name:
        attributes["display_name"] = display_name
    if target:
        attributes["target"] = target
    return LiveResource(
        kind=INTEGRATION.name,
        id=integration_id,
        name=display_name or integration_id,
        identities=identities(INTEGRATION.name, attributes),
        attributes=attributes,
        kept=None if kind in SECRET_MEMBER else "read-only",
        owner=split_mark(str(attributes["description"]))[1] if kind in SECRET_MEMBER else None,
        created_at=_time(item, "created_at"),
        organization=_find_organization(item),
    )


def decode_subscription(item: JSON, catalogue: Catalogue) -> LiveResource:
    """Decode a subscription."""
    subscription_id = id_of(item, "a subscription")
    attributes = _decode_members(item, f"the subscription {quoted(subscription_id)}")
    type_id = str(attributes["notification_type"])
    return LiveResource(
        kind=SUBSCRIPTION.name,
        id=subscription_id,
        name=catalogue.display_name(type_id),
        identities=identities(SUBSCRIPTION.name, attributes),
        attributes=attributes,
        kept=_find_kept(type_id, catalogue),
        organization=_find_organization(item),
        changed_at=_time(item, "updated_at") or _time(item, "created_at"),
    )


def _find_kept(type_id: str, catalogue: Catalogue) -> str | None:
    """Return why no plan may delete the subscription to a type. One that isn't listed may be REQUIRED."""
    if type_id not in catalogue.by_id:
        return UNLISTED
    return "required" if catalogue.is_required(type_id) else None


def decode_preference(item: JSON, resource: str, resource_type: str) -> LiveResource:
    """Decode the preference that a lookup of this resource answered."""
    preference_id = id_of(item, f"a preference of {quoted(resource)}")
    _check_resource(item, resource)
    attributes: dict[str, Value] = {"resource": resource, "resource_type": resource_type, **_decode_state(item)}
    return LiveResource(
        kind=PREFERENCE.name,
        id=preference_id,
        name=resource,
        identities=identities(PREFERENCE.name, attributes),
        attributes=attributes,
        changed_at=_time(item, "updated_at") or _time(item, "created_at"),
    )


def decode_resource_subscription(item: JSON, resource: str, resource_type: str, catalogue: Catalogue) -> LiveResource:
    """Decode a subscription that a lookup of this resource answered."""
    subscription_id = id_of(item, f"a subscription of {quoted(resource)}")
    _check_resource(item, resource)
    subscribed = _decode_members(item, f"the resource subscription {quoted(subscription_id)}")
    attributes = {"resource": resource, "resource_type": resource_type, **subscribed}
    return LiveResource(
        kind=RESOURCE_SUBSCRIPTION.name,
        id=subscription_id,
        name=f"{resource}#{catalogue.display_name(str(attributes['notification_type']))}",
        identities=identities(RESOURCE_SUBSCRIPTION.name, attributes),
        attributes=attributes,
        kept=None if str(attributes["notification_type"]) in catalogue.by_id else UNLISTED,
        changed_at=_time(item, "updated_at") or _time(item, "created_at"),
    )


def identities(kind: str, attributes: Mapping[str, object]) -> tuple[Hashable, ...]:
    """Return the natural keys of an object with these attributes, whichever side they come from.

    There is one subscription per type, one preference per resource, one resource subscription per resource and type.
    An integration goes by its name where it can be written, else by whom it tells.
    """
    if kind == SUBSCRIPTION.name:
        return (("type", attributes["notification_type"]),)
    if kind == PREFERENCE.name:
        return (("resource", attributes["resource"]),)
    if kind == RESOURCE_SUBSCRIPTION.name:
        return (("resource-type", attributes["resource"], attributes["notification_type"]),)
    target = attributes.get("target")
    target = target if isinstance(target, Mapping) else {}
    target_kind = target.get("kind")
    read_only = READ_ONLY_MEMBER.get(str(target_kind))
    if read_only:
        return (("target", target_kind, target[read_only]),) if read_only in target else ()
    # Without a kind nobody knows whether it can be written: it must not be made a second time.
    named = "display_name" in attributes and (target_kind is None or target_kind in SECRET_MEMBER)
    return (("name", attributes["display_name"]),) if named else ()


def secrets(item: Any) -> Iterator[Secret]:
    """Return the texts in an integration that nobody may see."""
    target = item.get("target") if isinstance(item, Mapping) else None
    if not isinstance(target, dict):
        return
    shown = {"kind", READ_ONLY_MEMBER.get(str(target.get("kind")))}
    for member, value in target.items():
        if member not in shown:
            yield from map(Secret, _list_leaves(value))


def snapshot_secrets(notification: Any) -> Iterator[Secret]:
    """Return the secrets of the integrations that a notification was delivered to."""
    told = notification.get("integrations") if isinstance(notification, Mapping) else None
    return chain.from_iterable(map(secrets, told if isinstance(told, list) else ()))


def find_open_members(attributes: JSON) -> JSON:
    """Return the attributes of an object without its target, which holds secrets."""
    return {name: value for name, value in attributes.items() if name != "target"}


def withhold(items: Sequence[Any], redactor: Redactor) -> None:
    """Replace the descriptions that repeat a whole secret in raw objects. Names and targets stay, for the planner."""
    shown = []
    for item in items:
        if isinstance(item, dict):
            members = {member: value for member, value in item.items() if member not in NEVER_SHOWN}
            shown.append((item, members))
            target = item.get("target")
            if isinstance(target, dict):
                visible = ("kind", READ_ONLY_MEMBER.get(str(target.get("kind"))))
                shown.append((target, {member: target[member] for member in visible if member in target}))
    redactor.withhold([members for _, members in shown])
    for item, members in shown:
        mark = split_mark(_text(item, "description"))[1]
        if members.get("description") == WITHHELD:
            # Whose it is must be known all the same: else it would be taken for nobody's.
            members["description"] = add_mark(WITHHELD, mark)
        item.update(members)


def encode(attributes: Mapping[str, Plain], members: Collection[str]) -> dict[str, Plain]:
    """Return the request body that holds these members: references are objects with an id, lists stand whole."""
    return {name: _encode(name, attributes[name]) for name in sorted(members)}


def _encode(name: str, value: Plain) -> Plain:
    if name == "notification_type":
        return {"id": value}
    if name == "integrations" and isinstance(value, list):
        return [{"id": item} for item in value]
    return value


def _decode_target(raw: JSON) -> dict[str, Value]:
    """Return a target with the members that its kind has; of a kind that nobody knows all, each a secret."""
    kind = raw.get("kind")
    if not isinstance(kind, str):
        return {member: _hide(value) for member, value in sorted(raw.items()) if member != "kind"}
    kind = SHORT_KINDS.get(kind, kind)
    target: dict[str, Value] = {"kind": kind}
    if kind in SECRET_MEMBER:
        url = raw.get(SECRET_MEMBER[kind])
        return target | ({SECRET_MEMBER[kind]: Secret(url)} if isinstance(url, str) else {})
    if kind in READ_ONLY_MEMBER:
        who = raw.get(READ_ONLY_MEMBER[kind])
        who = who.get("id") if isinstance(who, dict) else who
        return target | ({READ_ONLY_MEMBER[kind]: who} if isinstance(who, str) else {})
    return target | {member: _hide(value) for member, value in sorted(raw.items()) if member != "kind"}


def _hide(value: object) -> Secret:
    try:
        return Secret(value if isinstance(value, str) else json.dumps(value, sort_keys=True))
    except RecursionError:
        raise ProtocolError("the service sent an integration whose target is nested too deeply") from None


def _list_leaves(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            yield item
        elif item is not None and not isinstance(item, bool):
            yield json.dumps(item)


def _decode_members(item: JSON, what: str) -> dict[str, Value]:
    notification_type = id_of(item.get("notification_type"), f"{what} to a notification type")
    # An empty list is written as null by some servers; where it is missing nobody can say what it refers to.
    references = item.get("integrations", False)
    if references is None:
        references = []
    if not isinstance(references, list):
        raise ProtocolError(f"the service sent {what} without its list of integrations")
    ids = {id_of(reference, f"{what} with an integration") for reference in references}
    return {"notification_type": notification_type, "integrations": tuple(sorted(ids)), **_decode_state(item)}


def _decode_state(item: JSON) -> dict[str, Value]:
    """Return the state as a member; one that is absent is not known, so it is not what anybody declares."""
    state = _text(item, "current_state")
    return {"current_state": state} if state else {}


def _check_resource(item: JSON, resource: str) -> None:
    """Refuse an answer about something else: paths are compared as written, and a change of it would go astray."""
    found = item.get("resource")
    if isinstance(found, str) and found != resource:
        raise ProtocolError(
            f"asked about {quoted(resource)}, the service answers about {quoted(found)}:"
            " declare the resource as the service writes it"
        )


def _text(item: JSON, member: str) -> str:
    value = item.get(member)
    return value if isinstance(value, str) else ""


def _find_organization(item: JSON) -> str | None:
    """Return the id of the organization, as the `resource_name` of an object says it."""
    metadata = item.get("metadata")
    found = ORGANIZATION.match(str(metadata.get("resource_name"))) if isinstance(metadata, dict) else None
    return found[1].removeprefix("organization=") if found else None


def _time(item: JSON, member: str) -> datetime | None:
    metadata = item.get("metadata")
    return parse_time(metadata.get(member)) if isinstance(metadata, dict) else None
