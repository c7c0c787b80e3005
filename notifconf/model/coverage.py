"""Who is told of what: the channels that each notification type reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from notifconf.model.diagnostic import Diagnostic, Position, quoted
from notifconf.model.policy import Minimum
from notifconf.model.resource import Resource, Value
from notifconf.model.state import Workspace


class Channel(NamedTuple):
    """A way to tell somebody; `kind` is the service's word for it (EMAIL).

    `target` tells it from others: an id, or the address of what a plan creates. `note` says what limits it.
    """

    kind: str
    target: str
    name: str = ""
    note: str = ""

    def __str__(self) -> str:
        name = quoted(self.name) if self.name else ""
        note = f"({self.note})" if self.note else ""
        return " ".join(filter(None, (self.kind, name, note)))


@dataclass(frozen=True, slots=True)
class Reach:
    """What one notification type, or event, reaches.

    `group` is what `policy.coverage` sets a minimum for: its severity, or namespace. `channels` are distinct, and
    count; what is sent `anyhow`, whatever is configured, doesn't. `subscriptions` holds kind and id of all that decide
    it, those that are off too; what these would tell is `off`. `in_plan` is false where the billing plan leaves it out:
    it has no minimum. `since` is when the service began to have it, or None.

    `silenced` would be told, were not everything muted by `mutes` (kind and id). `muted_in` names the resources that
    are muted: nobody is told of what happens there.
    """

    id: str
    name: str
    group: str
    channels: tuple[Channel, ...] = ()
    anyhow: tuple[Channel, ...] = ()
    subscriptions: frozenset[tuple[str, str]] = frozenset()
    in_plan: bool = True
    since: datetime | None = field(default=None, compare=False)
    off: tuple[Channel, ...] = ()
    silenced: tuple[Channel, ...] = ()
    mutes: frozenset[tuple[str, str]] = frozenset()
    muted_in: tuple[str, ...] = ()

    def __str__(self) -> str:
        return quoted(self.name) + (f" ({self.group})" if self.group else "")

    def find_minimum(self, minimums: Mapping[str, Minimum]) -> Minimum | None:
        """Return what `policy.coverage` wants of this type; None where it has no minimum."""
        minimum = minimums.get(self.group)
        if minimum is None or not self.in_plan or minimum.exempts(self.name, self.id):
            return None
        return minimum

    def falls_short(self, minimums: Mapping[str, Minimum]) -> bool:
        """Say whether this type reaches fewer channels than it must."""
        minimum = self.find_minimum(minimums)
        if minimum is None:
            return False
        counted = len(self.channels) + (len(self.anyhow) if minimum.count_required_mail else 0)
        return counted < minimum.channels


Why: TypeAlias = Literal["muted", "disabled", "shadowed", "not-in-plan", "not-subscribed"]
"""Why a channel is not told of a type."""


class Subject(NamedTuple):
    """A notification type, or an event, that somebody asks about; what a service does not say is an empty text.

    `in_plan` is false where the billing plan leaves it out.
    """

    id: str
    name: str
    severity: str = ""
    priority: str = ""
    in_plan: bool = True


class Location(NamedTuple):
    """A resource that somebody asks about: `paths` are the spellings of its path, the usual one first.

    `above` holds the paths of what it is in whose mute covers it too. `title` has the names in its path. `is_known` is
    false where the inventory should list it, and does not.
    """

    paths: tuple[str, ...]
    above: tuple[str, ...] = ()
    title: str = ""
    is_known: bool = True


class Via(NamedTuple):
    """What tells a channel: `id` is None for what is to be created, `position` for what nothing declares."""

    kind: str
    id: str | None = None
    position: Position | None = None


class Told(NamedTuple):
    """A channel that is told of a type."""

    channel: Channel
    address: str
    via: Via


class NotTold(NamedTuple):
    """A channel that is not told of a type; `because` is a sentence."""

    channel: Channel
    address: str
    why: Why
    because: str


class Audience(NamedTuple):
    """Who is told of a type on one side, live or as planned, and who is not.

    `state` is that of the subscription that decides. `always` names what the service tells whatever is configured.
    `notes` are sentences about what the channels do not say.
    """

    state: Literal["enabled", "disabled", "none"] = "none"
    told: tuple[Told, ...] = ()
    not_told: tuple[NotTold, ...] = ()
    always: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Declared(NamedTuple):
    """What a workspace has to do with live objects: `addresses` names each, by kind and id, as a plan does.

    `resources` has what is declared by its address. Without a workspace nothing is declared.
    """

    now: datetime
    addresses: Mapping[tuple[str, str], str]
    workspace: Workspace | None = None
    resources: Mapping[str, Resource] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Probe:
    """A channel that a test message can go through; `names` are what the user may call it.

    `attributes` is what the service takes to test it, None where it can't be tested. They hold secrets.
    """

    address: str
    channel: Channel
    names: tuple[str, ...]
    kind: str = ""
    attributes: Mapping[str, Value] | None = field(default=None, repr=False)


class ProbeResult(NamedTuple):
    """What became of a test message; `error` says why it failed."""

    probe: Probe
    result: Literal["delivered", "failed", "not-testable"]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """The notifications of one type about one resource, and where they were delivered to; channels go by name.

    `declared` are those that a workspace wants told, None where it says nothing. `missing` of these were not told at
    least once; `extra` were told, and are not declared. `is_short` says that fewer were told than `policy.coverage`
    wants. `inbox_only` says that nobody was told anywhere else.
    """

    type: str
    resource: str
    count: int
    last: datetime
    delivered_to: tuple[str, ...] = ()
    declared: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    is_short: bool = False
    inbox_only: bool = False


class Explanation(NamedTuple):
    """Who is told of one type, and why: live, and as planned where there is a workspace.

    `unknown` holds the paths whose mute the service does not show. `notes` are sentences for whoever reads it;
    `diagnostics` are what makes the planned side wrong.
    """

    subject: Subject
    live: Audience
    planned: Audience | None = None
    location: Location | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
