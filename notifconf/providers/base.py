"""What a provider is: the only thing that the engine knows of a service.

A provider has a pure half, which decodes and judges workspaces, and a connection, which speaks HTTP. What a provider
must define is abstract here. Everything else has a default that fits a service without that feature.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from notifconf.errors import UsageError
from notifconf.model.policy import CoverageTerms
from notifconf.model.state import Declarations, Live, Workspace
from notifconf.plan.rules import Rules

if TYPE_CHECKING:
    # They import httpx, which takes longer than all that `notifconf validate` does.
    from notifconf.http.client import Client
    from notifconf.http.endpoint import Authorization
    from notifconf.model.coverage import Audience, Declared, Delivery, Location, Probe, Subject
    from notifconf.model.diagnostic import Diagnostic
    from notifconf.model.located import LocatedMapping
    from notifconf.model.resource import LiveResource, Secret
    from notifconf.model.views import Cell, Exported, Filters, Listing
    from notifconf.providers.inbox import Inbox


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

        What is read again replaces what `live` held of it: whole lists, or the lookups of the touched resources. A kind
        that can be referred to also comes without attributes: then all its objects are meant.
        """
        ...

    async def survey(
        self, resources: Sequence[str], workspace: Workspace | None = None, *, discover: bool = False
    ) -> Live:
        """Read everything that the service lists, and what it only looks up: of these resources and the workspace's.

        With `discover`, of all resources of the inventory; a service without one is never asked for that.
        """
        ...

    async def take_inventory(self, filters: Filters, *, muted: bool, workspace: Workspace | None = None) -> Live:
        """Read the resources that pass the filters and, if `muted` is wanted, what mutes them.

        `Provider.has_inventory` says for which services. One that has none is never asked.
        """
        return Live()

    async def locate(self, resource: str) -> Location:
        """Return the other spellings of a resource's path, and what it is in.

        Raises `UsageError` for what is no path. A service without an inventory is never asked.
        """
        return Location((resource,))

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
        """Return an object as it lives now, or None where it is missing; `attributes` say what it belongs to.

        Of a kind that can be referred to, its id must do: then there are no attributes.
        """
        ...

    async def verify(self, kind: str, attributes: Mapping[str, Plain]) -> None:
        """Ask the service to prove that what is about to be written works (an integration's target).

        `Provider.verifies` says for what. A service that can't prove anything is never asked.
        """
        return


class Language(NamedTuple):
    """What the engine must know of the members of a provider's workspace, besides their JSON Schema.

    `identifiers` are members that become part of addresses and of the paths of requests: none may hold a secret.
    `secrets` are members whose value is, or holds, something that no excerpt of a file may show; the values of `public`
    members are always shown. `entries` says, for each section that maps names to entries, what an entry holds: its
    members, each with a member that its own mapping has, or None for a text. `nested` names what belongs into a member
    that is a mapping. The last two find members that are not indented far enough.
    """

    identifiers: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    entries: Mapping[str, Mapping[str, str | None]] = MappingProxyType({})
    nested: Mapping[str, frozenset[str]] = MappingProxyType({})


class Provider(Rules):
    """What a workspace's `provider` names: rules, and how to speak with the service.

    A subclass defines what is abstract, as class attributes and methods. The first group below is data.
    """

    status_hints: Mapping[int, str] = MappingProxyType({})
    """What an error status usually means at this service, and what to do."""

    consoles: frozenset[str] = frozenset()
    """The hosts of web consoles, which users paste where the endpoint of the API belongs."""

    language: Language = Language()

    schema_definitions: Mapping[str, Any] = MappingProxyType({})
    """What goes into `$defs` of the workspace's JSON Schema; the one named like the provider is the whole workspace.

    The file of the project has those of the built-in providers.
    """

    whole_workspace_codes: frozenset[str] = frozenset()
    """Codes of diagnostics that would be guesses while a file of the workspace can't be read."""

    expiry_codes: frozenset[str] = frozenset()
    """Codes of diagnostics about a declared mute whose time is over."""

    coverage_terms: CoverageTerms = CoverageTerms("type", "group", ())
    """How the service speaks of coverage."""

    type_member: str = ""
    """The member of a subscription that names a type of `types`, in the first column of that listing."""

    has_inbox: bool = False
    """Whether `open_inbox` gives an inbox."""

    has_inventory: bool = False
    """Whether the service lists the resources that its objects belong to: a workspace can name them, and discover."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The service's name, as its users say it."""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """The base URL unless an option or the environment names another."""

    @property
    @abstractmethod
    def endpoint_variable(self) -> str:
        """The environment variable that names another base URL."""

    @property
    @abstractmethod
    def credential_variables(self) -> Collection[str]:
        """The names of the environment variables that hold credentials: no workspace can read them."""

    def shared_host(self, url: str) -> str | None:
        """Return the host of a secret URL if it belongs to a well-known service that many share, else None."""
        return None

    @property
    @abstractmethod
    def credentials(self) -> str:
        """The same variables in words, for messages that say what to set."""

    @abstractmethod
    def authorization(self, environment: Mapping[str, str]) -> Authorization:
        """Return the credentials that the environment holds. Raises `UsageError`, which says what to set."""

    def missing_credentials(self) -> UsageError:
        """Return the error for an environment without credentials: what to set, and what works without them."""
        others = "`--endpoint emulator:` needs none, `--provider` names another service"
        return UsageError(f"no credentials for {self.title}: set {self.credentials} ({others})")

    @abstractmethod
    def connect(self, client: Client) -> Connection:
        """Return a connection that speaks through `client`."""

    @abstractmethod
    def declare(self, document: LocatedMapping) -> tuple[Declarations, Sequence[Diagnostic]]:
        """Decode a workspace that its JSON Schema accepts, and check what needs neither service nor clock."""

    @abstractmethod
    def identities(self, kind: str, attributes: Mapping[str, Plain]) -> tuple[Hashable, ...]:
        """Return every natural key that a live object with these attributes may have."""

    def addresses(self, declarations: Declarations) -> Iterable[str]:
        """Return what is declared, as addresses or globs, as far as the workspace alone can tell.

        Shells complete `--target` with them.
        """
        return ()

    def secrets(self, declarations: Declarations) -> Iterable[Secret]:
        """Return the secrets that a workspace declares."""
        return ()

    def check(self, declarations: Declarations, now: datetime) -> Sequence[Diagnostic]:
        """Check what needs the clock but not the service (mutes that end)."""
        return ()

    def is_alike(self, one: LiveResource, other: LiveResource) -> bool:
        """Say whether two live objects with one natural key tell the same people, so that one of them is enough."""
        return one.attributes == other.attributes

    def verifies(self, kind: str, changed: Collection[str]) -> bool:
        """Say whether `Connection.verify` comes before a write of these attributes."""
        return False

    def find_subject(self, live: Live, name: str) -> Subject:
        """Return the notification type (or event) that an id or a name means. Raises `UsageError` where none does."""
        raise UsageError(f"{self.title} has no list of notification types")

    def explain(self, subject: Subject, location: Location | None, live: Live, declared: Declared) -> Audience:
        """Say who is told of a type in a live state, of all resources or of one, and why the others are not."""
        return Audience()

    def list_probes(self, declarations: Declarations | None, live: Live) -> Sequence[Probe]:
        """Return the channels that `Connection.verify` can test: the declared ones, else (without any) the live ones.

        Raises `UsageError` where the service has no such test.
        """
        raise UsageError(f"{self.title} has no test of channels: nothing can be sent through them on request")

    def compare_deliveries(
        self,
        deliveries: Sequence[Any],
        live: Live,
        declared: Declared,
    ) -> Sequence[Delivery]:
        """Compare what `Inbox.read_deliveries` returned with what is declared, by type and resource."""
        return ()

    def list_mutes(self, live: Live) -> Iterable[Mapping[str, Cell]]:
        """Return what is muted in a live state: rows of `resource` (a path), `name` and `since`, sorted."""
        return ()

    def show(self, live: Live, filters: Filters, declared: Declared | None = None) -> Sequence[Listing]:
        """List a surveyed live state, and what is declared of its mutes.

        Raises `UsageError` for a filter that this service has nothing for.
        """
        raise UsageError(f"{self.title} has nothing to show")

    def resources(self, live: Live, filters: Filters, declarations: Declarations | None, *, muted: bool) -> Listing:
        """List an inventory, in the order of a tree; if `muted` is wanted, only what is muted, or may be.

        The rows are those of `notifconf resources --format json`, and `depth`, which says where a row is in the tree.
        """
        raise UsageError(f"{self.title} has no inventory of resources")

    def types(self, live: Live, filters: Filters) -> Listing:
        """List the catalogue of a surveyed live state. Raises `UsageError` as `show` does."""
        raise UsageError(f"{self.title} has no list of notification types")

    def export(self, live: Live, resources: Sequence[str], owner: str | None = None) -> Exported:
        """Declare a surveyed live state, so that it plans to no change; `resources` are those that were asked for.

        It is what has no mark, or what `owner` has marked. Raises `UsageError` where the service has no resources, and
        where nothing has that mark. The same live state gives the same names.
        """
        raise UsageError(f"{self.title} can't be exported")

    def read_starter(self) -> str:
        """Return the workspace that `notifconf init` writes: starter.yaml, beside the module of the provider."""
        from importlib.resources import files

        package = type(self).__module__.rpartition(".")[0]
        try:
            return files(package or type(self).__module__).joinpath("starter.yaml").read_text(encoding="utf-8")
        except (OSError, TypeError, ImportError):
            raise UsageError(f"{self.title} has no workspace to start from") from None

    def open_inbox(self, connection: Connection) -> Inbox:
        """Return the inbox of the user whom the credentials belong to."""
        raise UsageError(f"{self.title} has no inbox")
