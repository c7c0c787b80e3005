"""A plan without the secrets that texts in it repeat.

A planner compares real values. Before anybody sees the plan, each value that holds a secret becomes `Sensitive`, as a
webhook URL does: `apply` finds the real value in the workspace again, and a plan file keeps only a fingerprint of it.
What only people read (names, messages, addresses) shows `(sensitive)` in the place of the secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from notifconf.plan.change import Action, Attributes, Change, Plan, PlanValue, Reference, Sensitive, Silence, frozen
from notifconf.plan.compare import differences

if TYPE_CHECKING:
    from notifconf.model.mask import Mask


def conceal(plan: Plan, mask: Mask) -> Plan:
    """Return `plan` without any text that `mask` finds a secret in."""
    addresses = {change.address: _address(change.address, change.id, mask) for change in plan.changes}
    return replace(
        plan,
        changes=tuple(_change(change, addresses, mask) for change in plan.changes),
        unchanged=tuple(map(mask, plan.unchanged)),
        unmanaged=tuple(replace(item, address=_address(item.address, item.id, mask)) for item in plan.unmanaged),
        silences=tuple(
            Silence(addresses.get(item.address, mask(item.address)), mask(item.message)) for item in plan.silences
        ),
        diagnostics=tuple(mask.diagnostic(item) for item in plan.diagnostics),
    )


def _change(change: Change, addresses: Mapping[str, str], mask: Mask) -> Change:
    before = _attributes(change.before, mask)
    after = _attributes(change.after, mask, change.before)
    address = addresses[change.address]
    depends_on = tuple(addresses.get(item, item) for item in change.depends_on)
    return replace(
        change,
        address=address,
        before=before,
        after=after,
        depends_on=depends_on,
        differences=differences(before or {}, after or {}) if change.action is Action.UPDATE else (),
    )


def _address(address: str, object_id: str | None, mask: Mask) -> str:
    """Return an address without a secret; the id keeps apart what then reads the same."""
    shown = mask(address)
    return shown if shown == address or object_id is None else f"{shown}#{object_id}"


def _attributes(attributes: Attributes | None, mask: Mask, before: Attributes | None = None) -> Attributes | None:
    if attributes is None:
        return None
    known: Attributes = attributes if before is None else before
    return frozen({name: _value(value, known.get(name), mask) for name, value in attributes.items()})


def _value(value: PlanValue, before: PlanValue, mask: Mask) -> PlanValue:
    """Return what a plan may say of `value`, where `before` is what lived before."""
    if isinstance(value, str):
        return Sensitive(changed=value != before) if mask.finds(value) else value
    if isinstance(value, Reference):
        return Reference(mask(value.target), mask(value.name))
    if isinstance(value, tuple):
        items = tuple(_value(item, item, mask) for item in value)
        # A list is one value: `apply` takes it whole from the workspace.
        return Sensitive(changed=value != before) if any(isinstance(item, Sensitive) for item in items) else items
    if isinstance(value, Mapping):
        known = before if isinstance(before, Mapping) else {}
        return {name: _value(member, known.get(name), mask) for name, member in value.items()}
    return value
