"""The two sides that a plan compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.policy import Mode, Percentage, Policy
from notifconf.model.resource import LiveResource
from notifconf.model.value import Secret


class Declarations(Protocol):
    """What a workspace declares, in a provider's own terms; only that provider looks inside."""

    @property
    def managed(self) -> frozenset[str]:
        """The kinds whose section is present: `sync` deletes in these alone."""
        ...


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that is valid as far as can be known without the service: the desired side."""

    provider: str
    declarations: Declarations
    policy: Policy = field(default_factory=Policy)
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    """Its secrets, and the credentials of the environment: no text that is shown may repeat one."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Its warnings."""

    @property
    def digest(self) -> str:
        """SHA-256 of what is declared, as hexadecimal digits: however it is written, and without values of secrets."""
        from notifconf.model.canonical import canonical_text, digest_of_text
        from notifconf.model.mask import Mask

        declared = {"provider": self.provider, "declarations": self.declarations, "policy": self.policy}
        return digest_of_text(Mask(self.secrets)(canonical_text(declared)))


@dataclass(frozen=True, slots=True)
class Live:
    """The live side: what was read from the service.

    `catalogue` is the provider's own (notification types, events). `names` gives the display name of every id that
    an attribute may refer to.
    """

    resources: tuple[LiveResource, ...] = ()
    catalogue: object = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line adds to a plan: None and empty mean that the workspace's policy decides."""

    mode: Mode | None = None
    max_deletes: int | Percentage | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    force: bool = False
