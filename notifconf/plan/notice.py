"""What a reviewer should be told about a change that is allowed."""

from __future__ import annotations

from collections.abc import Iterable

from notifconf.model import Diagnostic, warning
from notifconf.model.diagnostic import quoted
from notifconf.plan.change import Action, Change, Reference


def notices(changes: Iterable[Change]) -> Iterable[Diagnostic]:
    """Warn where an update takes an integration away from something that lives: somebody is no longer told."""
    for change in changes:
        if change.action is not Action.UPDATE:
            continue
        for item in change.differences:
            removed = _references(item.before) - _references(item.after)
            if removed:
                names = ", ".join(sorted(quoted(reference.name) for reference in removed))
                message = f"{change.address} no longer reaches {names}"
                yield warning("removes-channel", message, change.position, change.address)


def _references(value: object) -> set[Reference]:
    return {item for item in value if isinstance(item, Reference)} if isinstance(value, tuple) else set()
