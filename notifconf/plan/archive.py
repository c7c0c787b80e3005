"""A plan as JSON that can be read back: what a plan file keeps beside the document that people and pipelines read.

It is read back whole, so that who applies it sees what the reviewer saw; what its changes change follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from notifconf.model import Diagnostic, Position
from notifconf.plan.change import (
    Action,
    Attributes,
    Change,
    Plan,
    PlanValue,
    Reference,
    Sensitive,
    Silence,
    Unmanaged,
    frozen,
)
from notifconf.plan.codec import Document
from notifconf.plan.compare import differences


def archived(plan: Plan) -> Document:
    """Return what `restored` needs, and what decides whether the plan may be applied."""
    return {
        "provider": plan.provider,
        "mode": str(plan.mode),
        "until": plan.until.isoformat() if plan.until else None,
        "part": plan.part,
        "applicable": not plan.errors and not plan.refusals,
        "changes": [_change(change) for change in plan.changes],
        "unchanged": list(plan.unchanged),
        "unmanaged": [[item.address, item.kind, item.id, item.kept] for item in plan.unmanaged],
        "silences": [[item.address, item.message] for item in plan.silences],
        "diagnostics": [
            [item.severity, item.code, item.message, _place(item.position), item.address] for item in plan.diagnostics
        ],
    }


def restored(document: Mapping[str, Any]) -> Plan:
    """Return the plan that was archived. Raises KeyError, TypeError or ValueError for what no plan was archived as."""
    until = document["until"]
    return Plan(
        provider=str(document["provider"]),
        changes=tuple(_restored_change(item) for item in document["changes"]),
        unchanged=tuple(document["unchanged"]),
        unmanaged=tuple(Unmanaged(*item) for item in document["unmanaged"]),
        silences=tuple(Silence(address, message) for address, message in document["silences"]),
        diagnostics=tuple(
            Diagnostic(severity, code, message, _position(place), address)
            for severity, code, message, place, address in document["diagnostics"]
        ),
        mode=str(document["mode"]),
        until=datetime.fromisoformat(until) if until else None,
        part=document["part"],
    )


def _change(change: Change) -> Document:
    return {
        "action": str(change.action),
        "kind": change.kind,
        "address": change.address,
        "id": change.id,
        "before": _members(change.before),
        "after": _members(change.after),
        "changed": list(change.changed),
        "depends_on": list(change.depends_on),
        "blocked": change.blocked,
        "position": _place(change.position),
    }


def _restored_change(item: Mapping[str, Any]) -> Change:
    action = Action(item["action"])
    before, after = _restored_members(item["before"]), _restored_members(item["after"])
    return Change(
        action,
        item["kind"],
        item["address"],
        item["id"],
        before,
        after,
        changed=tuple(item["changed"]),
        differences=differences(before or {}, after or {}) if action is Action.UPDATE else (),
        depends_on=tuple(item["depends_on"]),
        blocked=item["blocked"],
        position=_position(item["position"]),
    )


def _place(position: Position | None) -> list[str | int] | None:
    return list(position) if position else None


def _position(place: Sequence[Any] | None) -> Position | None:
    return Position(*place) if place else None


def _members(attributes: Attributes | None) -> Document | None:
    return None if attributes is None else {name: _value(value) for name, value in attributes.items()}


def _value(value: PlanValue) -> Any:
    """Return scalars as they are, lists as lists, and the rest as an object that says what it is."""
    if isinstance(value, Reference):
        return {"reference": value.target, "name": value.name}
    if isinstance(value, Sensitive):
        return {"secret": value.expression, "changed": value.changed}
    if isinstance(value, Mapping):
        return {"members": {name: _value(member) for name, member in value.items()}}
    return [_value(item) for item in value] if isinstance(value, tuple) else value


def _restored_members(members: Mapping[str, Any] | None) -> Attributes | None:
    return None if members is None else frozen({name: _restored_value(value) for name, value in members.items()})


def _restored_value(value: Any) -> PlanValue:
    if isinstance(value, Mapping):
        if "members" in value:
            return {name: _restored_value(member) for name, member in value["members"].items()}
        if "reference" in value:
            return Reference(value["reference"], value["name"])
        return Sensitive(value["changed"], value["secret"])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_restored_value(item) for item in value)
    scalar: str | int | float | bool | None = value
    return scalar
