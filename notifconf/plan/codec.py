"""A plan as JSON: the document that `--format json` prints, and that a plan file begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from notifconf.model.canonical import digest_of
from notifconf.model.diagnostic import Diagnostic, Position, format_time
from notifconf.model.plan import (
    Action,
    Attributes,
    Change,
    Difference,
    Plan,
    PlanValue,
    Reference,
    Sensitive,
    Silence,
    Unmanaged,
    freeze,
)
from notifconf.model.resource import MuteTerms
from notifconf.plan.diff import find_differences

FORMAT_VERSION = "1.0"

Document = dict[str, Any]


def plan_document(plan: Plan) -> Document:
    """Return the plan in the shape of `plan-v1.schema.json`: plain values, secrets masked, references by name."""
    remarks = encode_remarks(plan)
    return {
        "format_version": FORMAT_VERSION,
        "provider": plan.provider,
        "digest": plan.digest or None,
        "applicable": plan.is_applicable,
        "summary": summary(plan),
        "silences": remarks["silences"],  # before the changes, as in every format
        "changes": [change_document(change) for change in plan.changes],
        **remarks,
        **({"counts_undeclared": True} if plan.counts_undeclared else {}),
    }


def encode_remarks(plan: Plan) -> Document:
    """Return the parts of a plan beside its changes."""
    return {
        "silences": [{"address": item.address, "message": item.message} for item in plan.silences],
        "unmanaged": [_unmanaged(item) for item in plan.unmanaged],
        "diagnostics": [diagnostic_document(item) for item in plan.diagnostics],
    }


def summary(plan: Plan) -> dict[str, int]:
    """Return how many objects the plan creates, updates, deletes and leaves alone."""
    return {
        "create": plan.count(Action.CREATE),
        "update": plan.count(Action.UPDATE),
        "delete": plan.count(Action.DELETE),
        "no_op": len(plan.unchanged),
        "unmanaged": len(plan.unmanaged),
    }


def change_document(change: Change) -> Document:
    """Return one change."""
    return {
        "address": change.address,
        "kind": change.kind,
        "action": str(change.action),
        "id": change.id,
        "before": _attributes(change.before),
        "after": _attributes(change.after),
        "blocked": change.blocked,
        "diff": [_difference(item) for item in change.differences],
        **_place_document(change.place),
        **_mute_document(change.mute),
    }


def _mute_document(mute: MuteTerms | None) -> Document:
    """Return when a mute begins and ends, and why."""
    if mute is None:
        return {}
    begins, ends = (None if moment is None else format_time(moment) for moment in mute[:2])
    return {"mute": {"from": begins, "until": ends, "reason": mute.reason}}


def diagnostic_document(diagnostic: Diagnostic) -> Document:
    """Return one diagnostic; what has no place has null for file, line and column."""
    file, line, column = diagnostic.position or (None, None, None)
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "address": diagnostic.address,
        "file": file,
        "line": line,
        "column": column,
    }


def encode_value(value: PlanValue) -> Any:
    """Return a value as JSON has it: references as their names, secrets as what stands for them."""
    if isinstance(value, Mapping):
        return {name: encode_value(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [encode_value(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _attributes(attributes: Attributes | None) -> Document | None:
    return None if attributes is None else {name: encode_value(value) for name, value in attributes.items()}


def _difference(item: Difference) -> Document:
    return {"path": item.path, "before": encode_value(item.before), "after": encode_value(item.after)}


def _unmanaged(item: Unmanaged) -> Document:
    return {
        "address": item.address,
        "kind": item.kind,
        "id": item.id,
        "kept": item.kept,
        **_place_document(item.place),
    }


def _place_document(place: str) -> Document:
    """Return the member that says in names where an object belongs, where they are known."""
    return {"place": place} if place else {}


class Basis(NamedTuple):
    """What determines the effect of applying a plan, beside its changes.

    `endpoint` is in its canonical form, `workspace` the digest of the workspace, `options` those of the command line in
    canonical form. `verify` says whether integrations are tested before they are written. `bearers` holds, by the
    address of each create, the ids of the live objects that had its natural key when the plan was made.
    """

    endpoint: str
    workspace: str
    options: Mapping[str, Any]
    verify: bool
    bearers: Mapping[str, Sequence[str]]

    @property
    def document(self) -> Document:
        """The basis as JSON has it."""
        return {
            "endpoint": self.endpoint,
            "workspace": self.workspace,
            "options": dict(self.options),
            "verify": self.verify,
            "lookalikes": {address: list(ids) for address, ids in self.bearers.items()},
        }


def plan_digest(plan: Plan, basis: Basis) -> str:
    """Return the digest of a plan, as hexadecimal digits."""
    return digest_of(
        {
            "format_version": FORMAT_VERSION,
            "provider": plan.provider,
            "mode": str(plan.mode),
            "until": _moment(plan.until),
            **_owners(plan),
            "applicable": not plan.errors and not plan.refusals,
            "changes": [_without_remarks(change) for change in plan.changes],
            **basis.document,
        }
    )


def encode_plan(plan: Plan) -> Document:
    """Return a plan as JSON, with all that `decode_plan` needs."""
    return {
        "provider": plan.provider,
        "mode": str(plan.mode),
        "until": _moment(plan.until),
        "part": plan.part,
        **_owners(plan),
        "changes": [_change(change) for change in plan.changes],
        "unchanged": list(plan.unchanged),
        **encode_remarks(plan),
    }


def decode_plan(document: Mapping[str, Any]) -> Plan:
    """Return the plan, without its digest, from a document that the JSON Schema of a plan file accepts.

    Raises ValueError where `until` is no time with an offset.
    """
    return Plan(
        provider=document["provider"],
        changes=tuple(_decode_change(item) for item in document["changes"]),
        unchanged=tuple(document["unchanged"]),
        unmanaged=tuple(Unmanaged(**item) for item in document["unmanaged"]),
        silences=tuple(Silence(**item) for item in document["silences"]),
        diagnostics=tuple(_decode_diagnostic(item) for item in document["diagnostics"]),
        mode=document["mode"],
        until=_decode_moment(document["until"]),
        part=document["part"],
        owner=document.get("owner"),
        takes_over=tuple(document.get("takes_over", ())),
    )


def _owners(plan: Plan) -> Document:
    """Return whose marks count as the workspace's own; nothing for a workspace that has no own marks."""
    if plan.owner is None and not plan.takes_over:
        return {}
    return {"owner": plan.owner, "takes_over": list(plan.takes_over)}


def _moment(until: datetime | None) -> str | None:
    return until.isoformat() if until else None


def _decode_moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    until = datetime.fromisoformat(text)
    if until.tzinfo is None:
        raise ValueError("a time without an offset")
    return until


def _decode_diagnostic(item: Mapping[str, Any]) -> Diagnostic:
    place = (item["file"], item["line"], item["column"])
    position = None if None in place else Position(*place)
    return Diagnostic(item["severity"], item["code"], item["message"], position, item["address"])


def _without_remarks(change: Change) -> Document:
    return _change(replace(change, position=None, place="", mute=None))


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
        **({"shared": True} if change.shared else {}),
        "position": _place(change.position),
        **_place_document(change.place),
        **({} if change.mute is None else {"mute": _saved_mute(change.mute)}),
    }


def _saved_mute(mute: MuteTerms) -> Document:
    document: Document = _mute_document(mute)["mute"]
    return document | {"is_over": mute.is_over}


def _decode_mute(item: Mapping[str, Any] | None) -> MuteTerms | None:
    if item is None:
        return None
    return MuteTerms(_decode_moment(item["from"]), _decode_moment(item["until"]), item["reason"], item["is_over"])


def _decode_change(item: Mapping[str, Any]) -> Change:
    action = Action(item["action"])
    before, after = _decode_members(item["before"]), _decode_members(item["after"])
    return Change(
        action,
        item["kind"],
        item["address"],
        item["id"],
        before,
        after,
        changed=tuple(item["changed"]),
        differences=find_differences(before or {}, after or {}) if action is Action.UPDATE else (),
        depends_on=tuple(item["depends_on"]),
        blocked=item["blocked"],
        shared=item.get("shared", False),
        position=_position(item["position"]),
        place=item.get("place", ""),
        mute=_decode_mute(item.get("mute")),
    )


def _place(position: Position | None) -> list[str | int] | None:
    return list(position) if position else None


def _position(place: Sequence[Any] | None) -> Position | None:
    return Position(*place) if place else None


def _members(attributes: Attributes | None) -> Document | None:
    return None if attributes is None else {name: _value(value) for name, value in attributes.items()}


def _value(value: PlanValue) -> Any:
    """Return scalars and lists as they are, and any other value as an object that names its type."""
    if isinstance(value, Reference):
        owner = {"owner": value.owner} if value.owner is not None else {}
        return {"reference": value.target, "name": value.name, **owner, **({"kept": True} if value.kept else {})}
    if isinstance(value, Sensitive):
        return {"secret": value.expression, "changed": value.changed}
    if isinstance(value, Mapping):
        return {"members": {name: _value(member) for name, member in value.items()}}
    return [_value(item) for item in value] if isinstance(value, tuple) else value


def _decode_members(members: Mapping[str, Any] | None) -> Attributes | None:
    return None if members is None else freeze({name: _decode_value(value) for name, value in members.items()})


def _decode_value(value: Any) -> PlanValue:
    if isinstance(value, Mapping):
        if "members" in value:
            return {name: _decode_value(member) for name, member in value["members"].items()}
        if "reference" in value:
            return Reference(value["reference"], value["name"], value.get("owner"), value.get("kept", False))
        return Sensitive(value["changed"], value["secret"])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_decode_value(item) for item in value)
    scalar: str | int | float | bool | None = value
    return scalar
