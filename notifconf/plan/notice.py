"""What a reviewer should be told about a change that is allowed."""

from __future__ import annotations

from collections.abc import Iterable

from notifconf.model import Diagnostic, warning
from notifconf.model.diagnostic import quoted
from notifconf.plan.change import Change
from notifconf.plan.silence import removed_references


def notices(changes: Iterable[Change]) -> Iterable[Diagnostic]:
    """Warn where an update takes an integration away from something that lives: somebody is no longer told."""
    for change in changes:
        if removed := removed_references(change):
            message = f"{change.address} no longer reaches {', '.join(map(quoted, removed))}"
            yield warning("removes-channel", message, change.position, change.address)
