"""Who is told of what: the channels that each notification type reaches."""

from __future__ import annotations

from dataclasses import dataclass

from notifconf.model.diagnostic import quoted


@dataclass(frozen=True, slots=True)
class Channel:
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
    it, those that are off too. `in_plan` is false where the billing plan leaves it out: it has no minimum.
    """

    id: str
    name: str
    group: str
    channels: tuple[Channel, ...] = ()
    anyhow: tuple[Channel, ...] = ()
    subscriptions: frozenset[tuple[str, str]] = frozenset()
    in_plan: bool = True

    def __str__(self) -> str:
        return quoted(self.name) + (f" ({self.group})" if self.group else "")


@dataclass(frozen=True, slots=True)
class CoverageTerms:
    """How a service speaks of coverage: its word for what one is told of, and for what that is grouped by.

    `groups` are those that the API's documents know, the worst first; `notes` are sentences for whoever reads numbers.
    """

    subject: str
    grouping: str
    groups: tuple[str, ...]
    notes: tuple[str, ...] = ()
