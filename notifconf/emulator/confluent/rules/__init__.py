"""What may be created, changed and deleted: one class of rules for each kind of object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifconf.emulator.confluent.rules.integrations import IntegrationRules
from notifconf.emulator.confluent.rules.resources import PreferenceRules, ResourceSubscriptionRules
from notifconf.emulator.confluent.rules.subscriptions import SubscriptionRules

if TYPE_CHECKING:
    from notifconf.emulator.confluent.rules.base import Rules
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import Store

RULES = (IntegrationRules, SubscriptionRules, PreferenceRules, ResourceSubscriptionRules)


def all_rules(store: Store, settings: Settings) -> dict[str, Rules]:
    """The rules of each writable collection, by its path."""
    return {rules.collection.path: rules(store, settings) for rules in RULES}
