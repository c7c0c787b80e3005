"""A plan as JSON: the document that `--format json` prints, and that a plan file begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifconf.model import Diagnostic
from notifconf.plan.change import Action, Attributes, Change, Difference, Plan, PlanValue, Unmanaged

FORMAT_VERSION = "1.0"

Document = dict[str, Any]


def plan_document(plan: Plan) -> Document:
    """Return the plan in the shape of `plan-v1.schema.json`: plain values, secrets masked, references by name."""
    return {
        "format_version": FORMAT_VERSION,
        "provider": plan.provider,
        "digest": plan.digest or None,
        "summary": summary(plan),
        "changes": [change_document(change) for change in plan.changes],
        **remarks(plan),
    }


def remarks(plan: Plan) -> Document:
    """Return what a plan says beside its changes."""
    return {
        "silences": [{"address": item.address, "message": item.message} for item in plan.silences],
        "unmanaged": [_unmanaged(item) for item in plan.unmanaged],
        "diagnostics": [diagnostic_document(item) for item in plan.diagnostics],
    }


def summary(plan: Plan) -> dict[str, int]:
    """Return the counts that a reader asks for first."""
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
    }


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


def plain(value: PlanValue) -> Any:
    """Return a value as JSON has it: references as their names, secrets as what stands for them."""
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _attributes(attributes: Attributes | None) -> Document | None:
    return None if attributes is None else {name: plain(value) for name, value in attributes.items()}


def _difference(item: Difference) -> Document:
    return {"path": item.path, "before": plain(item.before), "after": plain(item.after)}


def _unmanaged(item: Unmanaged) -> Document:
    return {"address": item.address, "kind": item.kind, "id": item.id, "kept": item.kept}
