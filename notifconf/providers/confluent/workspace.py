"""What a workspace declares for Confluent Cloud: the data, as every other part of this provider reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from notifconf.model.diagnostic import Position, quoted
from notifconf.model.resource import MuteTerms, Value

SECRET_MEMBER: Mapping[str, str] = {"Slack": "webhook_url", "MsTeams": "webhook_url", "Webhook": "url"}
"""The kinds of target that the API lets be written, and the member of each that is a secret."""

ENABLED, DISABLED = "ENABLED", "DISABLED"

MAX_DESCRIPTION_LENGTH = 128
"""As in the JSON Schema, in characters: with the mark of its owner."""

ID_PREFIX = "nt-"
"""What ids of notification types begin with."""


class Reference(NamedTuple):
    """A name that refers to something, and where it stands.

    `expression` is how it is written where it comes from outside; `resolved` is false where it still stands so.
    """

    name: str
    position: Position
    expression: str | None = None
    resolved: bool = True

    def __str__(self) -> str:
        """Show it to the user: what comes from outside as it is written."""
        return quoted(self.expression or self.name)


class DeclaredIntegration(NamedTuple):
    """An entry of `integrations`.

    `target` is as in the workspace: `kind`, and a URL as `Secret`, a `role_name`, or a `user` (an id).
    `description` is None where the live one is left alone; `pin` is the id of the live object. `resolved` is false
    where a part of it still stands as written: nobody can say which live object it is.
    """

    key: str
    display_name: str
    target: Mapping[str, Value]
    position: Position
    description: str | None = None
    pin: str | None = None
    resolved: bool = True

    @property
    def kind(self) -> str:
        """The kind of its target."""
        return str(self.target["kind"])

    @property
    def writable(self) -> bool:
        """Whether the API lets it be created, changed and deleted."""
        return self.kind in SECRET_MEMBER

    @property
    def address(self) -> str:
        """Where it stands in a plan."""
        return f"integrations/{self.key}"


class Match(NamedTuple):
    """What a type must satisfy, all of it; an empty member is satisfied by any type.

    `name` is a glob on the display name, `excluded` lists names and globs of types that it leaves out; the others list
    the values that are allowed. `resolved` is false where a part still stands as written: nobody can say which types it
    finds.
    """

    severity: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    subscription_priority: tuple[str, ...] = ()
    name: str | None = None
    resolved: bool = True
    excluded: tuple[str, ...] | None = None


class DeclaredSubscription(NamedTuple):
    """An entry of `subscriptions`, of the workspace or of a resource: it names a type, or else matches several.

    It says who is told, `integrations`, or who is told too, `add`; then `integrations` is None.
    """

    integrations: tuple[Reference, ...] | None
    position: Position
    notification_type: Reference | None = None
    match: Match | None = None
    current_state: str = ENABLED
    add: tuple[Reference, ...] | None = None

    @property
    def references(self) -> tuple[Reference, ...]:
        """The integrations that it names, whatever it says of them."""
        return self.integrations or self.add or ()


class Mute(NamedTuple):
    """What `muted` says; it stands at `position`, its beginning and its end at `starts_at` and `ends_at`."""

    muted: bool
    position: Position
    until: datetime | None = None
    ends_at: Position | None = None
    reason: str | None = None
    start: datetime | None = None
    starts_at: Position | None = None

    def active(self, now: datetime) -> bool:
        """Say whether it mutes at `now`: before its `from`, and past its `until`, it counts as `muted: false`."""
        return self.muted and (self.start is None or self.start <= now) and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Say whether it has ended by `now`."""
        return self.until is not None and self.until <= now

    def find_next_turn(self, now: datetime) -> datetime | None:
        """Return when it begins or ends next, or None."""
        return min((moment for moment in (self.start, self.until) if moment is not None and moment > now), default=None)

    def terms(self, now: datetime) -> MuteTerms | None:
        """Return what a plan shows of it; nothing for what does not mute."""
        return MuteTerms(self.start, self.until, self.reason, self.is_over(now)) if self.muted else None


ENVIRONMENT, CLUSTER, CONNECTOR, COMPUTE_POOL = "ENVIRONMENT", "CLUSTER", "CONNECTOR", "FLINK_COMPUTE_POOL"
INVENTORY_TYPES = (ENVIRONMENT, CLUSTER, CONNECTOR, COMPUTE_POOL)
"""The types of resources that the inventory lists; what others are in comes before them."""


class Selector(NamedTuple):
    """Which resources of the inventory are meant: one by names or ids (`is_exact`), else all that match globs on them.

    Each level lists alternatives; an empty one is satisfied by anything. `name` is the resource's own, `excepts` holds
    globs on its name, id or path. `resolved` is false where a part still stands as written.
    """

    types: tuple[str, ...] = INVENTORY_TYPES
    environment: tuple[Reference, ...] = ()
    cluster: tuple[Reference, ...] = ()
    name: tuple[Reference, ...] = ()
    excepts: tuple[str, ...] = ()
    is_exact: bool = False
    resolved: bool = True


def preference_address(resource: str) -> str:
    """Return where the mute of a resource stands in a plan."""
    return f"resource-preferences/{resource}"


def subscription_address(resource: str, display_name: str) -> str:
    """Return where the subscription of a resource to a type stands in a plan."""
    return f"resource-subscriptions/{resource}#{display_name}"


class DeclaredResource(NamedTuple):
    """An entry of `resources`; `mute` and `subscriptions` are None where what lives is left alone.

    Several entries may name one resource, if at most one of them says anything but who is told too. One with a
    `selector` means the resources of the inventory that this selects: it has no path.
    """

    resource: str
    resource_type: str
    position: Position
    mute: Mute | None = None
    subscriptions: tuple[DeclaredSubscription, ...] | None = None
    selector: Selector | None = None

    @property
    def only_adds(self) -> bool:
        """Whether it says nothing but who is told too."""
        entries = self.subscriptions
        return self.mute is None and entries != () and all(entry.add for entry in entries or ())

    @property
    def preference_address(self) -> str:
        """Where its mute stands in a plan; a glob where the inventory says what the resource is."""
        return preference_address(self.resource or "*")

    def subscription_address(self, display_name: str) -> str:
        """Where its subscription to that type stands in a plan."""
        return subscription_address(self.resource or "*", display_name)


class ConfluentDeclarations(NamedTuple):
    """What a workspace declares; `managed` names the kinds whose section is present.

    Entries are in the order of their places, whatever the order in which the files were named. `has_resources` says
    whether the section `resources` is present: what nobody declared of resources may be deleted then.
    """

    integrations: tuple[DeclaredIntegration, ...] = ()
    subscriptions: tuple[DeclaredSubscription, ...] = ()
    resources: tuple[DeclaredResource, ...] = ()
    managed: frozenset[str] = frozenset()
    has_resources: bool = False


def addresses(declarations: ConfluentDeclarations) -> Iterator[str]:
    """Yield what is declared, as addresses; the types that ids and matches mean are the service's to say."""
    yield from (integration.address for integration in declarations.integrations)
    names = [subscription.notification_type for subscription in declarations.subscriptions]
    yield from (f"subscriptions/{name.name}" for name in names if name and not name.name.startswith(ID_PREFIX))
    if None in names:
        yield "subscriptions/*"
    for resource in declarations.resources:
        if resource.mute is not None:
            yield resource.preference_address
        for subscription in resource.subscriptions or ():
            name = subscription.notification_type
            if name and not name.name.startswith(ID_PREFIX):
                yield resource.subscription_address(name.name)
