"""The seam between notifconf and a service: what a provider is.

A provider has a pure half, which decodes and judges workspaces, and a connection, which speaks HTTP. The engine knows
these protocols and no vendor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from notifconf.model import Declarations, Diagnostic, Live, LiveResource, LocatedMapping, Workspace
from notifconf.plan.rules import Rules

if TYPE_CHECKING:
    from notifconf.http import Authorization, Client

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""A value as it is sent: references are ids, secrets are in clear. It never leaves a connection."""


class Connection(Protocol):
    """One service, reached with one set of credentials. Every method may raise a `ServiceError`."""

    async def read(self, workspace: Workspace) -> Live:
        """Read what a plan of this workspace needs, and nothing else, side by side."""
        ...

    async def reread(self, workspace: Workspace, live: Live, touched: Collection[tuple[str, str]]) -> Live:
        """Return `live` with what was touched, as (kind, address), read again; the catalogue is not read again."""
        ...

    async def create(self, kind: str, attributes: Mapping[str, Plain]) -> str:
        """Create an object and return its id. Where its fate is unknown, raise with `sent` and don't send it again."""
        ...

    async def update(
        self, kind: str, object_id: str, attributes: Mapping[str, Plain], changed: Collection[str]
    ) -> None:
        """Patch an object: `attributes` is all that it shall be, `changed` names the members that differ."""
        ...

    async def delete(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> None:
        """Delete an object; `attributes` is what it was. One that is gone already raises `NotFoundError`."""
        ...

    async def find(self, kind: str, attributes: Mapping[str, Plain]) -> LiveResource | None:
        """Look an object up by its natural key: after a create whose fate is unknown, or one that conflicts."""
        ...

    async def verify(self, kind: str, attributes: Mapping[str, Plain]) -> None:
        """Ask the service to prove that what is about to be written works (an integration's target)."""
        ...


class Provider(Rules, Protocol):
    """What a workspace's `provider` names."""

    @property
    def title(self) -> str:
        """The service's name, as its users say it."""
        ...

    @property
    def endpoint(self) -> str:
        """The base URL where neither an option nor the environment names another."""
        ...

    @property
    def endpoint_variable(self) -> str:
        """The environment variable that names another base URL."""
        ...

    def authorization(self, environment: Mapping[str, str]) -> Authorization:
        """Return the credentials that the environment holds. Raises `UsageError`, which says what to set."""
        ...

    def declare(self, document: LocatedMapping) -> tuple[Declarations, Sequence[Diagnostic]]:
        """Decode a workspace that its JSON Schema accepts, and check what needs neither service nor clock."""
        ...

    def check(self, declarations: Declarations, now: datetime) -> Sequence[Diagnostic]:
        """Check what needs the clock but not the service (mutes that end)."""
        ...

    def verifies(self, kind: str, changed: Collection[str]) -> bool:
        """Say whether writing these attributes wants `verify` first."""
        ...

    def connect(self, client: Client) -> Connection:
        """Return a connection that speaks through `client`."""
        ...
