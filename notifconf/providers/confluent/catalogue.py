"""The notification types of an organisation: what can be subscribed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from notifconf.model.policy import CoverageTerms
from notifconf.model.resource import Kind, Mark
from notifconf.model.state import Live
from notifconf.providers.confluent.workspace import MAX_DESCRIPTION_LENGTH

REFERENCES = frozenset({"notification_type", "integrations"})

INTEGRATION = Kind("integration", "integrations", mark=Mark("description", MAX_DESCRIPTION_LENGTH))
SUBSCRIPTION = Kind("subscription", "subscriptions", REFERENCES, unique=True, is_target=False)
PREFERENCE = Kind(
    "resource-preference",
    "resource-preferences",
    unique=True,
    is_target=False,
    place="resource",
    absent=MappingProxyType({"current_state": "ENABLED"}),
)
RESOURCE_SUBSCRIPTION = Kind(
    "resource-subscription", "resource-subscriptions", REFERENCES, unique=True, is_target=False, place="resource"
)

KINDS = (INTEGRATION, SUBSCRIPTION, PREFERENCE, RESOURCE_SUBSCRIPTION)


REQUIRED = "REQUIRED"
"""The priority of a type whose subscription can be neither deleted nor disabled."""

SEVERITIES = ("CRITICAL", "WARN", "INFO")
"""The worst first; what nobody knows yet comes last."""


ADMIN = "OrganizationAdmin"
"""The role that every REQUIRED notification is mailed to, whatever is configured."""

TERMS = CoverageTerms(
    subject="type",
    grouping="severity",
    groups=SEVERITIES,
    notes=(
        "Mail to a role reaches the users who hold it directly. Those who hold it through a group mapping get none.",
        f"always: REQUIRED types are mailed to {ADMIN}. That does not count, nor do subscriptions of single resources.",
    ),
    notes_without_mutes=(
        "Mutes of resources that no workspace names were not looked at: --discover does, that of the organization too.",
    ),
)


@dataclass(frozen=True, slots=True)
class NotificationType:
    """A notification type; enums are open, so each is whatever the service says, or empty where it doesn't.

    `in_plan` is false where this organisation's billing plan can't subscribe to it. `created_at` is when the service
    says that it made it, timezone-aware, or None.
    """

    id: str
    display_name: str
    description: str = ""
    category: str = ""
    severity: str = ""
    priority: str = ""
    in_plan: bool = True
    created_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All types, sorted by display name and id, and the ways to find one.

    `by_resource_type` has the ids of the types that the API lists for a type of resource, as far as they were read.
    """

    types: tuple[NotificationType, ...] = ()
    by_id: Mapping[str, NotificationType] = field(default_factory=dict, repr=False)
    by_name: Mapping[str, tuple[NotificationType, ...]] = field(default_factory=dict, repr=False)
    """Casefolded display name -> the types that bear it."""
    by_resource_type: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, types: Iterable[NotificationType], by_resource_type: Mapping[str, frozenset[str]] | None = None
    ) -> Catalogue:
        """Make the catalogue of these types."""
        ordered = tuple(sorted(types, key=lambda item: (item.display_name, item.id)))
        by_name: defaultdict[str, list[NotificationType]] = defaultdict(list)
        for item in ordered:
            by_name[item.display_name.casefold()].append(item)
        return cls(
            ordered,
            {item.id: item for item in ordered},
            {name: tuple(group) for name, group in by_name.items()},
            by_resource_type or {},
        )

    def named(self, name: str) -> tuple[NotificationType, ...]:
        """Return the type with this id, else all that bear this display name; case does not matter."""
        found = self.by_id.get(name)
        return (found,) if found else self.by_name.get(name.casefold(), ())

    def display_name(self, type_id: str) -> str:
        """Return what a type is called: its id where it is not known."""
        found = self.by_id.get(type_id)
        return found.display_name if found else type_id

    def is_required(self, type_id: str) -> bool:
        """Say whether the subscription to a type must stay, and stay enabled."""
        found = self.by_id.get(type_id)
        return found is not None and found.priority == REQUIRED


def by_severity(item: NotificationType) -> tuple[int, str, str, str]:
    """Sort types: the worst first, then by name."""
    rank = SEVERITIES.index(item.severity) if item.severity in SEVERITIES else len(SEVERITIES)
    return (rank, item.severity, item.display_name, item.id)


def catalogue_of(live: Live) -> Catalogue:
    """Return the catalogue that was read with a live state; an empty one where none was needed."""
    return live.catalogue if isinstance(live.catalogue, Catalogue) else Catalogue()
