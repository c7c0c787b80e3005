"""What a reviewer should be told about what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from notifconf.model import Diagnostic, warning
from notifconf.model.diagnostic import quoted
from notifconf.plan.change import Change
from notifconf.plan.silence import removed_references

if TYPE_CHECKING:
    from notifconf.model import Position


def notices(changes: Iterable[Change]) -> Iterable[Diagnostic]:
    """Warn where an update takes an integration away from something that lives: somebody is no longer told."""
    for change in changes:
        if removed := removed_references(change):
            message = f"{change.address} no longer reaches {', '.join(map(quoted, removed))}"
            yield warning("removes-channel", message, change.position, change.address)


def not_visible(resource: str, position: Position | None = None, address: str | None = None) -> Diagnostic:
    """Warn of a resource whose lookup was refused in the words for what is not there: nobody can say what it has."""
    message = (
        f"{quoted(resource)} is not there, or these credentials can't see it (403 forbidden_access):"
        " it counts as having no mute and no subscriptions; check the path, and the role of the account"
    )
    return warning("not-visible", message, position, address)
