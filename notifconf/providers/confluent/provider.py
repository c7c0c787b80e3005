"""Confluent Cloud as a provider: each method hands over to the module that does the work."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from notifconf.errors import UsageError
from notifconf.http.endpoint import Authorization
from notifconf.model.resource import LiveResource, Secret
from notifconf.providers import CREDENTIAL_VARIABLES, LazyModule
from notifconf.providers.base import Connection, Language, Plain, Provider
from notifconf.providers.confluent.catalogue import KINDS, TERMS
from notifconf.providers.confluent.check import check
from notifconf.providers.confluent.decode import declare
from notifconf.providers.confluent.urls import find_shown_host
from notifconf.providers.confluent.workspace import ConfluentDeclarations, addresses

if TYPE_CHECKING:
    from notifconf.http.client import Client
    from notifconf.model.coverage import Audience, Declared, Delivery, Location, Probe, Reach, Subject
    from notifconf.model.diagnostic import Diagnostic
    from notifconf.model.located import LocatedMapping
    from notifconf.model.plan import Attributes, Change, Silence
    from notifconf.model.state import Declarations, Live, Workspace
    from notifconf.model.views import Cell, Exported, Filters, Listing
    from notifconf.plan.rules import Pair, Resolution
    from notifconf.providers.confluent import codec, connection, coverage, explain, export, inbox, resolve, review, show
    from notifconf.providers.confluent.connection import ConfluentConnection
    from notifconf.providers.inbox import Inbox
else:
    # `connection` brings httpx, which takes most of the time that a plan takes to start.
    codec = LazyModule("notifconf.providers.confluent.codec")
    connection = LazyModule("notifconf.providers.confluent.connection")
    coverage = LazyModule("notifconf.providers.confluent.coverage")
    explain = LazyModule("notifconf.providers.confluent.explain")
    export = LazyModule("notifconf.providers.confluent.export")
    inbox = LazyModule("notifconf.providers.confluent.inbox")
    resolve = LazyModule("notifconf.providers.confluent.resolve")
    review = LazyModule("notifconf.providers.confluent.review")
    show = LazyModule("notifconf.providers.confluent.show")

KEY, SECRET, TOKEN = CREDENTIAL_VARIABLES["confluent"]


class ConfluentProvider(Provider):
    """See `notifconf.providers.base.Provider`."""

    name = "confluent"
    title = "Confluent Cloud"
    endpoint = "https://api.confluent.cloud"
    endpoint_variable = "CONFLUENT_CLOUD_ENDPOINT"
    consoles = frozenset({"confluent.cloud", "www.confluent.cloud", "login.confluent.io"})
    credential_variables = (KEY, SECRET, TOKEN)
    credentials = f"{KEY} and {SECRET} (of a Cloud API key, not of a cluster's), or {TOKEN}"

    status_hints = MappingProxyType(
        {
            402: "the organization's quota integrations_per_org is used up: delete an integration, or ask Confluent for"
            " a higher quota",
            403: "the account of the API key needs the role OrganizationAdmin",
        }
    )

    kinds = KINDS
    type_member = "notification_type"
    coverage_terms = TERMS
    language = Language(
        identifiers=frozenset({"id", "resource", "resource_type", "notification_type"}),
        secrets=frozenset({"target", "url", "webhook_url", "role_name", "user"}),
        public=frozenset({"kind"}),
        entries={"integrations": {"target": "kind", "display_name": None, "description": None, "id": None}},
        nested={
            "target": frozenset({"kind", "webhook_url", "url", "role_name", "user"}),
            "match": frozenset(
                {"severity", "category", "subscription_priority", "name", "except", "type", "environment", "cluster"}
            ),
            "resource": frozenset({"environment", "cluster", "connector", "compute_pool"}),
            "muted": frozenset({"from", "until", "reason"}),
            "coverage": frozenset({"CRITICAL", "WARN", "INFO"}),
        },
    )
    has_inbox = True
    has_inventory = True
    whole_workspace_codes = frozenset({"undeclared-integration", "unused-integration"})
    expiry_codes = frozenset({"expired-mute"})

    def authorization(self, environment: Mapping[str, str]) -> Authorization:
        """Return an API key with its secret as HTTP Basic, else an access token as bearer."""
        key, secret, token = (environment.get(name, "").strip() for name in (KEY, SECRET, TOKEN))
        if bool(key) != bool(secret):
            missing, present = (SECRET, KEY) if key else (KEY, SECRET)
            raise UsageError(f"{present} is set, but {missing} is not: an API key and its secret go together")
        if not key and not token:
            raise self.missing_credentials()
        try:
            return Authorization.basic(key, secret) if key else Authorization.bearer(token)
        except UsageError as error:
            raise UsageError(f"{KEY if key else TOKEN} can't be used: {error}") from None

    def declare(self, document: LocatedMapping) -> tuple[Declarations, Sequence[Diagnostic]]:
        """Decode a workspace, and check what needs neither service nor clock."""
        return declare(document)

    def addresses(self, declarations: Declarations) -> Iterable[str]:
        """Return what is declared; what a match finds as a glob."""
        return addresses(cast("ConfluentDeclarations", declarations))

    def shared_host(self, url: str) -> str | None:
        """Return the host of a secret URL if it belongs to a well-known service that many share, else None."""
        return find_shown_host(url)

    def secrets(self, declarations: Declarations) -> Iterable[Secret]:
        """Return the URLs of the declared targets."""
        entries = cast("ConfluentDeclarations", declarations).integrations
        return (value for entry in entries for value in entry.target.values() if isinstance(value, Secret))

    def check(self, declarations: Declarations, now: datetime) -> Sequence[Diagnostic]:
        """Check mutes against the clock."""
        return check(cast("ConfluentDeclarations", declarations), now)

    def resolve(self, workspace: Workspace, live: Live, now: datetime) -> Resolution:
        """Resolve names and matches against the organisation's notification types."""
        return resolve.resolve(workspace, live, now)

    def silences(self, changes: Sequence[Change], after: Live) -> Iterable[Silence]:
        """Return what changes mute, disable or unsubscribe, and the subscriptions that their mutes silence."""
        yield from review.find_silences(changes)
        yield from coverage.find_muted_subscriptions(changes, after)

    def is_off(self, kind: str, attributes: Attributes | None) -> bool:
        """Say whether an object tells nobody: a disabled subscription, or a mute."""
        return review.is_off(kind, attributes)

    def coverage(self, live: Live) -> Iterable[Reach]:
        """Say what each notification type reaches."""
        return coverage.coverage(live)

    def identities(self, kind: str, attributes: Mapping[str, Plain]) -> tuple[Hashable, ...]:
        """Return the natural keys of an object with these attributes."""
        return codec.identities(kind, attributes)

    def review(self, pairs: Sequence[Pair], undeclared: Sequence[LiveResource], live: Live) -> Iterable[Diagnostic]:
        """Warn of integrations that look like renamed ones, and of mutes that nothing declares."""
        yield from review.find_renames(pairs, undeclared)
        yield from review.find_undeclared_mutes(undeclared, live)

    def verifies(self, kind: str, changed: Collection[str]) -> bool:
        """Say whether a write changes where messages go: then a test message comes first."""
        return review.needs_test(kind, changed)

    def is_alike(self, one: LiveResource, other: LiveResource) -> bool:
        """Say whether two integrations have one target, and one owner."""
        return one.owner == other.owner and one.attributes.get("target") == other.attributes.get("target") is not None

    def find_subject(self, live: Live, name: str) -> Subject:
        """Return the notification type with this id or name."""
        return coverage.find_subject(live, name)

    def explain(self, subject: Subject, location: Location | None, live: Live, declared: Declared) -> Audience:
        """Say who is told of a type, and why the others are not."""
        return explain.explain(subject, location, live, declared)

    def list_probes(self, declarations: Declarations | None, live: Live) -> Sequence[Probe]:
        """Return the integrations; those whose target is read-only can't be tested."""
        return coverage.list_probes(cast("ConfluentDeclarations | None", declarations), live)

    def open_inbox(self, connection: Connection) -> Inbox:
        """Return the inbox of the user whose key it is."""
        return inbox.ConfluentInbox(cast("ConfluentConnection", connection).client)

    def compare_deliveries(self, deliveries: Sequence[Any], live: Live, declared: Declared) -> Sequence[Delivery]:
        """Say where notifications were delivered to, and where that differs from what is declared."""
        return inbox.compare(deliveries, live, declared)

    def list_mutes(self, live: Live) -> Iterable[Mapping[str, Cell]]:
        """Return the mutes that were looked up."""
        return coverage.list_mutes(live)

    def show(self, live: Live, filters: Filters, declared: Declared | None = None) -> Sequence[Listing]:
        """List subscriptions, integrations, and what was surveyed of resources; every filter has a meaning here."""
        return show.show(live, filters, declared)

    def resources(self, live: Live, filters: Filters, declarations: Declarations | None, *, muted: bool) -> Listing:
        """List environments, clusters, connectors and compute pools, and which of them are muted."""
        return show.resources(live, filters, cast("ConfluentDeclarations | None", declarations), muted=muted)

    def types(self, live: Live, filters: Filters) -> Listing:
        """List the notification types."""
        return show.types(live, filters)

    def export(self, live: Live, resources: Sequence[str], owner: str | None = None) -> Exported:
        """Declare integrations and subscriptions, and what is known of these resources."""
        return export.export(live, resources, owner)

    def connect(self, client: Client) -> Connection:
        """Return a connection through `client`."""
        return connection.ConfluentConnection(client)


PROVIDER = ConfluentProvider()
