"""A plan as JSON that can be read back: what a plan file keeps beside the document that people and pipelines read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from notifconf.model import Position
from notifconf.plan.change import Action, Attributes, Change, Plan, PlanValue, Reference, Sensitive, Silence, frozen
from notifconf.plan.codec import Document


def archived(plan: Plan) -> Document:
    """Return what `restored` needs: the changes whole, and what decides whether they may be applied."""
    return {
        "provider": plan.provider,
        "mode": str(plan.mode),
        "until": plan.until.isoformat() if plan.until else None,
        "applicable": not plan.errors and not plan.refusals,
        "changes": [_change(change) for change in plan.changes],
        "silences": [[item.address, item.message] for item in plan.silences],
    }


def restored(document: Mapping[str, Any]) -> Plan:
    """Return the plan that was archived. Raises KeyError, TypeError or ValueError for what no plan was archived as."""
    until = document["until"]
    return Plan(
        provider=str(document["provider"]),
        changes=tuple(_restored_change(item) for item in document["changes"]),
        silences=tuple(Silence(address, message) for address, message in document["silences"]),
        mode=str(document["mode"]),
        until=datetime.fromisoformat(until) if until else None,
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
        "position": list(change.position) if change.position else None,
    }


def _restored_change(item: Mapping[str, Any]) -> Change:
    return Change(
        Action(item["action"]),
        item["kind"],
        item["address"],
        item["id"],
        _restored_members(item["before"]),
        _restored_members(item["after"]),
        changed=tuple(item["changed"]),
        depends_on=tuple(item["depends_on"]),
        position=Position(*item["position"]) if item["position"] else None,
    )


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
