"""The seam between notifconf and a service: what a provider is.

A provider has a pure half, which decodes and judges workspaces, and a connection, which speaks HTTP. The engine knows
these protocols and no vendor.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from notifconf.http.endpoint import Authorization
from notifconf.model import Declarations, Live, LiveResource, Secret, Workspace
from notifconf.model.coverage import CoverageTerms
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.exported import Exported
from notifconf.model.listing import Filters, Listing
from notifconf.model.located import LocatedMapping
from notifconf.plan.rules import Rules

if TYPE_CHECKING:
    from notifconf.http.client import Client


def parse_time(value: object) -> datetime | None:
    """Return the moment that an RFC 3339 text means, timezone-aware (UTC where it says nothing), else None."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""A value as it is sent: references are ids, secrets are in clear. It never leaves a connection."""


class Connection(Protocol):
    """One service, reached with one set of credentials. Every method may raise a `ServiceError`."""

    async def read(self, workspace: Workspace) -> Live:
        """Read what a plan of this workspace needs, and nothing else, side by side."""
        ...

    async def reread(self, live: Live, touched: Sequence[tuple[str, Mapping[str, Plain]]]) -> Live:
        """Return `live` with what was touched, each as its kind and attributes, read again; not so the catalogue.

        What is read again replaces what `live` held of it: whole lists, or the lookups of the touched resources.
        """
        ...

    async def survey(self, resources: Sequence[str], workspace: Workspace | None = None) -> Live:
        """Read everything that the service lists, and what it only looks up: of these resources and the workspace's."""
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

    async def find(self, kind: str, attributes: Mapping[str, Plain]) -> Sequence[LiveResource]:
        """Return all live objects with a natural key: after a create whose fate is unknown, or one that conflicts."""
        ...

    async def get(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> LiveResource | None:
        """Return an object as it lives now, or None where it is missing; `attributes` say what it belongs to."""
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

    @property
    def status_hints(self) -> Mapping[int, str]:
        """What an error status usually means at this service, and what to do; may lack any status."""
        ...

    @property
    def credentials(self) -> str:
        """The environment variables that hold the credentials, in words."""
        ...

    @property
    def credential_variables(self) -> Collection[str]:
        """The names of the environment variables that hold credentials: no workspace can read them."""
        ...

    @property
    def coverage_terms(self) -> CoverageTerms:
        """How it speaks of coverage."""
        ...

    def authorization(self, environment: Mapping[str, str]) -> Authorization:
        """Return the credentials that the environment holds. Raises `UsageError`, which says what to set."""
        ...

    def declare(self, document: LocatedMapping) -> tuple[Declarations, Sequence[Diagnostic]]:
        """Decode a workspace that its JSON Schema accepts, and check what needs neither service nor clock."""
        ...

    def addresses(self, declarations: Declarations) -> Iterable[str]:
        """Return what is declared, as addresses or globs of them, as far as the workspace alone can tell."""
        ...

    def secrets(self, declarations: Declarations) -> Iterable[Secret]:
        """Return the secrets that a workspace declares."""
        ...

    def check(self, declarations: Declarations, now: datetime) -> Sequence[Diagnostic]:
        """Check what needs the clock but not the service (mutes that end)."""
        ...

    def verifies(self, kind: str, changed: Collection[str]) -> bool:
        """Say whether writing these attributes wants `verify` first."""
        ...

    def identities(self, kind: str, attributes: Mapping[str, Plain]) -> tuple[Hashable, ...]:
        """Return every natural key that a live object with these attributes may bear."""
        ...

    def is_alike(self, one: LiveResource, other: LiveResource) -> bool:
        """Say whether two live objects with one natural key tell the same people: then one of them is enough."""
        ...

    def show(self, live: Live, filters: Filters) -> Sequence[Listing]:
        """List a surveyed live state. Raises `UsageError` for a filter that this service has nothing for."""
        ...

    def types(self, live: Live, filters: Filters) -> Listing:
        """List the catalogue of a surveyed live state. Raises `UsageError` as `show` does."""
        ...

    def export(self, live: Live, resources: Sequence[str]) -> Exported:
        """Declare a surveyed live state, so that it plans to no change; `resources` are those that were asked for.

        Raises `UsageError` where the service has no resources. Names are the same whenever the live state is.
        """
        ...

    def connect(self, client: Client) -> Connection:
        """Return a connection that speaks through `client`."""
        ...
