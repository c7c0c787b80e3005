"""Reads request bodies. What is wrong in one is reported all at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from notifconf.emulator.konnect.errors import Parameter, choice, invalid, parameter

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = dict[str, Any]

REGIONS = frozenset({"US", "EU", "AU", "ME", "IN", "*"})
CHANNELS = frozenset({"EMAIL", "IN_APP"})
STATUSES = frozenset({"READ", "UNREAD", "ARCHIVED"})
SUBSCRIPTION_MEMBERS = ("regions", "entities", "channels", "enabled", "name")
MAX_BULK = 100


def parse_body(raw: bytes, content_type: str) -> JSON:
    """The JSON object that a request carries. Raises ProblemError (400)."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise invalid(parameter("Content-Type", "invalid", "must be application/json", source="header"))
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise invalid(parameter("body", "invalid", "must be JSON")) from error
    if not isinstance(body, dict):
        raise invalid(parameter("body", "is_object", "must be an object"))
    return body


def read_subscription(body: JSON, *, legacy: bool) -> JSON:
    """The writable members of an event subscription, all of them. Raises ProblemError (400)."""
    required = [name for name in SUBSCRIPTION_MEMBERS if not (legacy and name == "name")]
    wrong = _missing(body, required)
    wrong += _each(body, "regions", lambda field, item: _one_of(field, item, REGIONS))
    wrong += _each(body, "entities", _string)
    wrong += _each(body, "channels", _channel)
    if "enabled" in body:
        wrong += _boolean("enabled", body["enabled"])
    if "name" in body:
        wrong += _string("name", body["name"])
    if wrong:
        raise invalid(*wrong)
    members = {name: body[name] for name in SUBSCRIPTION_MEMBERS if name in body}
    channels = [{"type": channel["type"], "enabled": channel["enabled"]} for channel in body["channels"]]
    return {**members, "channels": channels}


def read_status(body: JSON) -> str:
    """The `status` of a notification. Raises ProblemError (400)."""
    wrong = _missing(body, ["status"]) or _one_of("status", body["status"], STATUSES)
    if wrong:
        raise invalid(*wrong)
    return str(body["status"])


def read_bulk(body: JSON) -> tuple[list[str], str]:
    """The ids and the status of a bulk update. Raises ProblemError (400)."""
    wrong = _missing(body, ["ids", "status"]) + _each(body, "ids", _string)
    if "status" in body:
        wrong += _one_of("status", body["status"], STATUSES)
    ids = body.get("ids")
    if isinstance(ids, list) and not wrong:
        if not ids:
            wrong.append(parameter("ids", "min_items", "must have at least 1 item", minimum=1))
        elif len(ids) > MAX_BULK:
            wrong.append(parameter("ids", "max_items", f"must not have more than {MAX_BULK} items", maximum=MAX_BULK))
        elif len(set(ids)) < len(ids):
            wrong.append(parameter("ids", "invalid", "must not name an id twice"))
    if wrong:
        raise invalid(*wrong)
    return list(body["ids"]), str(body["status"])


def _missing(body: JSON, names: list[str]) -> list[Parameter]:
    return [parameter(name, "required", "is a required field") for name in names if name not in body]


def _each(body: JSON, name: str, check: Callable[[str, object], list[Parameter]]) -> list[Parameter]:
    if name not in body:
        return []
    value = body[name]
    if not isinstance(value, list):
        return [parameter(name, "is_array", "must be an array")]
    return [entry for index, item in enumerate(value) for entry in check(f"{name}.{index}", item)]


def _string(field: str, value: object) -> list[Parameter]:
    return [] if isinstance(value, str) else [parameter(field, "is_string", "must be a string")]


def _boolean(field: str, value: object) -> list[Parameter]:
    return [] if isinstance(value, bool) else [parameter(field, "is_boolean", "must be a boolean")]


def _one_of(field: str, value: object, choices: frozenset[str]) -> list[Parameter]:
    return [] if isinstance(value, str) and value in choices else [choice(field, choices)]


def _channel(field: str, value: object) -> list[Parameter]:
    if not isinstance(value, dict):
        return [parameter(field, "is_object", "must be an object")]
    wrong = [parameter(f"{field}.{name}", "required", "is a required field") for name in ("type", "enabled")]
    wrong = [entry for entry in wrong if entry["field"].rpartition(".")[2] not in value]
    if "type" in value:
        wrong += _one_of(f"{field}.type", value["type"], CHANNELS)
    if "enabled" in value:
        wrong += _boolean(f"{field}.enabled", value["enabled"])
    return wrong
