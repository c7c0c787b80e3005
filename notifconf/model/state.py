"""The two sides that a plan compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from notifconf.model.canonical import canonical_text, digest_of_text
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.mask import Mask
from notifconf.model.policy import Mode, Percentage, Policy, Silencing
from notifconf.model.resource import LiveResource, Secret, Value

MIN_TOKEN_LENGTH: Final = 16
"""A shorter live secret may be a word of a target that nobody knows yet, and is not looked for."""

Part: TypeAlias = Literal["", "targets", "rest", "changes"]
"""Which part of the whole a plan is: all, the targets, the rest without what is excluded, or a saved plan's changes."""


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
    """Its warnings; its errors too, where a workspace that is invalid is planned to find more errors."""

    @property
    def is_valid(self) -> bool:
        """Whether it has no error."""
        return all(item.severity != "error" for item in self.diagnostics)

    @property
    def digest(self) -> str:
        """SHA-256 of what is declared, as hexadecimal digits: however it is written, and without values of secrets."""
        declared = {"provider": self.provider, "declarations": self.declarations, "policy": self.policy}
        return digest_of_text(Mask(self.secrets)(canonical_text(declared)))


@dataclass(frozen=True, slots=True)
class Live:
    """The live side: what was read from the service.

    `catalogue` is the provider's own (notification types, events), and so is `inventory` (the resources that exist).
    `names` gives the display name of every id that an attribute may refer to, and what a path of a resource means.
    `not_visible` holds resources whose lookup the service refused in the words that it has for what is not there: they
    count as having nothing, and nobody can say that they have nothing.
    """

    resources: tuple[LiveResource, ...] = ()
    catalogue: object = None
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    not_visible: frozenset[str] = frozenset()
    inventory: object = None

    @property
    def organization(self) -> str | None:
        """The id of the organization that it is of, or None where no object tells it."""
        return next((item.organization for item in self.resources if item.organization), None)

    @property
    def secrets(self) -> Iterator[Secret]:
        """The secrets of its objects: no text that is shown may repeat one."""
        for item in self.resources:
            target = item.attributes.get("target")
            # Few objects have a target, and a check for a mapping takes a while.
            for value in target.values() if target is not None and isinstance(target, Mapping) else ():
                if isinstance(value, Secret) and len(value.reveal()) >= MIN_TOKEN_LENGTH:
                    yield value

    def join(self, other: Live) -> Live:
        """Return it with what else was read: the resources that a workspace names, beside a survey."""
        known = {(item.kind, item.id) for item in self.resources}
        more = (item for item in other.resources if (item.kind, item.id) not in known)
        return replace(
            self,
            resources=(*self.resources, *more),
            names={**other.names, **self.names},
            not_visible=self.not_visible | other.not_visible,
        )

    def conceal(self, mask: Mask) -> Live:
        """Return what may be shown of it: each text is masked in which `mask` finds a secret."""
        return replace(
            self,
            resources=tuple(
                replace(item, name=mask(item.name), attributes=_conceal_members(item.attributes, mask))
                for item in self.resources
            ),
            names={path: mask(name) for path, name in self.names.items()},
        )


def _conceal(value: Value, mask: Mask) -> Value:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, tuple):
        return tuple(_conceal(item, mask) for item in value)
    return _conceal_members(value, mask) if isinstance(value, Mapping) else value


def _conceal_members(members: Mapping[str, Value], mask: Mask) -> dict[str, Value]:
    return {name: _conceal(member, mask) for name, member in members.items()}


class Options(NamedTuple):
    """What the command line adds to a plan: None and empty mean that the workspace's policy decides.

    A pattern of `targets` that names nothing is an error, one of `targets_if_exist` is not. `take_over` names owners.
    """

    mode: Mode | None = None
    max_deletes: int | Percentage | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    force: bool = False
    targets_if_exist: tuple[str, ...] = ()
    discover: bool | None = None
    take_over: tuple[str, ...] = ()
    silences: Silencing | None = None

    @property
    def part(self) -> Part:
        """Which part of the whole a plan with these options is."""
        return "targets" if self.targets or self.targets_if_exist else "rest" if self.excludes else ""
