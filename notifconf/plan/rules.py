"""What the planner asks of a provider: its kinds, and its rules, as pure functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from notifconf.model.coverage import Reach
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import Attributes, Change, Silence
from notifconf.model.resource import Kind, LiveResource, Resource
from notifconf.model.state import Live, Workspace


class Resolution(NamedTuple):
    """The declared objects in the service's terms, in any order, and what could not be resolved.

    `until` is when the resolution stops to hold (the next mute ends), or None. `discovered` names kinds whose live
    objects are listed where nothing declares them, also if the workspace has no section of them. `left_alone` holds
    kind and id of live objects that are listed then, and never deleted.
    """

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    until: datetime | None = None
    discovered: frozenset[str] = frozenset()
    left_alone: frozenset[tuple[str, str]] = frozenset()


Pair: TypeAlias = "tuple[Resource, LiveResource | None]"
"""A declared object and the live one that it is, None if it is to be created.

A plan has thousands of pairs, and a plain tuple is made in a fifth of the time of a named one.
"""


class Rules(ABC):
    """The pure half of a provider. What is abstract a provider must define; the rest fits a service without it."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What a workspace calls it: `provider: NAME`."""

    @property
    @abstractmethod
    def kinds(self) -> tuple[Kind, ...]:
        """Its kinds; what is referred to comes before what refers to it."""

    @abstractmethod
    def resolve(self, workspace: Workspace, live: Live, now: datetime) -> Resolution:
        """Resolve names against the catalogue. Total: what can't be becomes a diagnostic, never an exception."""

    def review(self, pairs: Sequence[Pair], undeclared: Sequence[LiveResource], live: Live) -> Iterable[Diagnostic]:
        """Judge what only declared and live objects together show."""
        return ()

    def silences(self, changes: Sequence[Change], after: Live) -> Iterable[Silence]:
        """Say who will not be told any more once the changes are made; references that they drop are not its concern.

        `after` is the live state with all of them made.
        """
        return ()

    def is_off(self, kind: str, attributes: Attributes | None) -> bool:
        """Say whether an object with these attributes tells nobody: it is disabled, or mutes. None is no object."""
        return attributes is None

    def coverage(self, live: Live) -> Iterable[Reach]:
        """Say what each notification type reaches, sorted, the worst group first; nothing without a catalogue."""
        return ()
