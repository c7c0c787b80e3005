"""What may be done to the subscriptions of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifconf.emulator.konnect.errors import ProblemError, invalid, parameter
from notifconf.emulator.konnect.organisation import SUBSCRIPTIONS, event_of_entity

if TYPE_CHECKING:
    from notifconf.emulator.konnect.bodies import JSON
    from notifconf.emulator.store import Row, Store

MANDATORY = "plan-and-usage"
GATEWAYS = frozenset({"cloud-gateways", "gateway-manager"})
MAX_REGIONAL = 3


def check_write(store: Store, event: Row, members: JSON, live: Row | None) -> None:
    """Whether the event may have a subscription of these members, instead of `live` if that is given.

    Raises ProblemError (400): billing notifications are mandatory, and a gateway's entity has at most three
    regional configurations.
    """
    namespace = event.json().get("event_namespace")
    if namespace == MANDATORY:
        _check_mandatory(members, live)
    if namespace in GATEWAYS:
        _check_regional(store, event, members, live)


def check_delete(event: Row) -> None:
    """Whether the event may lose a subscription. Raises ProblemError (403), the one that the description has."""
    if event.json().get("event_namespace") == MANDATORY:
        raise ProblemError(403, "Billing notifications are mandatory: this subscription can't be deleted")


def _check_mandatory(members: JSON, live: Row | None) -> None:
    wrong = []
    if not members["enabled"]:
        wrong.append(parameter("enabled", "invalid", "billing notifications can't be disabled"))
    email = _email(members)
    if email is False or (email is None and live is not None and _email(live.json())):
        wrong.append(parameter("channels", "invalid", "billing notifications can't be switched off by EMAIL"))
    if wrong:
        raise invalid(*wrong)


def _email(members: JSON) -> bool | None:
    states = [
        channel.get("enabled") is True for channel in members.get("channels", ()) if channel.get("type") == "EMAIL"
    ]
    return all(states) if states else None


def _check_regional(store: Store, event: Row, members: JSON, live: Row | None) -> None:
    own = live.id if live is not None else None

    def is_full(entity: str) -> bool:
        regional = store.linked(SUBSCRIPTIONS, event_of_entity(event.id, entity))
        return sum(row.id != own for row in regional) >= MAX_REGIONAL

    reason = f"must not have more than {MAX_REGIONAL} regional configurations"
    wrong = [
        parameter(f"entities.{index}", "max_items", reason, maximum=MAX_REGIONAL)
        for index, entity in enumerate(members["entities"])
        if is_full(entity)
    ]
    if wrong:
        raise invalid(*wrong)
