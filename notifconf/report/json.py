"""Plans, outcomes and diagnostics as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from notifconf.model.diagnostic import Diagnostic, visible
from notifconf.model.plan import Outcome, Plan
from notifconf.plan.codec import Document, diagnostic_document, plan_document
from notifconf.report import Context


def plan_json(plan: Plan, context: Context | None = None) -> str:
    """Return a plan as JSON text. The provider is null if no plan could be made."""
    return dump_json({**plan_document(plan), "provider": plan.provider or None, "context": _context_document(context)})


def _context_document(context: Context | None) -> Document | None:
    """Return what was compared with what. The time is left out: the same inputs give the same text."""
    if context is None:
        return None
    return {
        "workspace": context.workspace,
        "service": context.service,
        "organization": context.organization,
        "endpoint": context.endpoint,
        "mode": context.mode,
        "version": context.version,
    }


def outcome_json(outcome: Outcome, context: Context | None = None) -> str:
    """Return an outcome: its plan, each change with its result."""
    document = plan_document(outcome.plan)
    for change, item in zip(document["changes"], outcome.changes, strict=True):
        change["id"] = item.id or change["id"]
        change["result"] = str(item.result)
        change["error"] = item.error
    document["diagnostics"] += [diagnostic_document(item) for item in outcome.diagnostics]
    document["remaining"] = [change.address for change in outcome.left]
    document["context"] = _context_document(context)
    document["interrupted"] = outcome.interrupted
    document["verification_error"] = outcome.verification_error
    return dump_json(document)


def diagnostics_json(provider: str | None, diagnostics: Sequence[Diagnostic]) -> str:
    """Return diagnostics in the form of a plan without changes."""
    return plan_json(Plan(provider or "", diagnostics=tuple(diagnostics)))


def dump_json(document: Document | Iterable[Document]) -> str:
    """Return JSON text that ends with a newline. Characters that a terminal could act on are escaped."""
    lines = json.dumps(document, ensure_ascii=False, indent=2).split("\n")
    return "\n".join(visible(line, _escape) for line in lines) + "\n"


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1]
