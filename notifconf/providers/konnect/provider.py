"""Kong Konnect as a provider: each method hands over to the module that does the work."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from notifconf.errors import UsageError
from notifconf.http.endpoint import Authorization
from notifconf.providers import CREDENTIAL_VARIABLES, LazyModule
from notifconf.providers.base import Connection, Language, Plain, Provider
from notifconf.providers.konnect.catalogue import KINDS, TERMS
from notifconf.providers.konnect.workspace import KonnectDeclarations, declare, list_addresses

if TYPE_CHECKING:
    from notifconf.http.client import Client
    from notifconf.model.coverage import Audience, Declared, Location, Reach, Subject
    from notifconf.model.diagnostic import Diagnostic
    from notifconf.model.located import LocatedMapping
    from notifconf.model.plan import Attributes, Change, Silence
    from notifconf.model.resource import LiveResource
    from notifconf.model.state import Declarations, Live, Workspace
    from notifconf.model.views import Exported, Filters, Listing
    from notifconf.plan.rules import Pair, Resolution
    from notifconf.providers.inbox import Inbox
    from notifconf.providers.konnect import codec, connection, coverage, export, resolve, review, show
    from notifconf.providers.konnect.connection import KonnectConnection
else:
    codec = LazyModule("notifconf.providers.konnect.codec")
    connection = LazyModule("notifconf.providers.konnect.connection")
    coverage = LazyModule("notifconf.providers.konnect.coverage")
    export = LazyModule("notifconf.providers.konnect.export")
    resolve = LazyModule("notifconf.providers.konnect.resolve")
    review = LazyModule("notifconf.providers.konnect.review")
    show = LazyModule("notifconf.providers.konnect.show")

(VARIABLE,) = CREDENTIAL_VARIABLES["konnect"]


class KonnectProvider(Provider):
    """See `notifconf.providers.base.Provider`."""

    name = "konnect"
    title = "Kong Konnect"
    endpoint = "https://global.api.konghq.com/v1"
    endpoint_variable = "KONNECT_SERVER_URL"
    consoles = frozenset({"cloud.konghq.com", "konghq.com"})
    credential_variables = (VARIABLE,)
    credentials = f"{VARIABLE} (a personal or system access token)"

    status_hints = MappingProxyType(
        {403: "the user or system account of the token does not have a role that allows this"}
    )

    kinds = KINDS
    type_member = "event"
    coverage_terms = TERMS
    has_inbox = True
    language = Language(
        identifiers=frozenset({"id", "event", "name"}),
        nested={"match": frozenset({"namespace", "except"}), "channels": frozenset({"EMAIL", "IN_APP"})},
    )

    def authorization(self, environment: Mapping[str, str]) -> Authorization:
        """Return a personal or system access token as bearer."""
        token = environment.get(VARIABLE, "").strip()
        if not token:
            raise self.missing_credentials()
        try:
            return Authorization.bearer(token)
        except UsageError as error:
            raise UsageError(f"{VARIABLE} can't be used: {error}") from None

    def declare(self, document: LocatedMapping) -> tuple[Declarations, Sequence[Diagnostic]]:
        """Decode a workspace, and check what needs neither service nor clock."""
        return declare(document)

    def addresses(self, declarations: Declarations) -> Iterable[str]:
        """Return what is declared, of a match a glob, but for events that go by their title: addresses have ids."""
        entries = cast("KonnectDeclarations", declarations).subscriptions
        return list_addresses([(entry, entry.event or "*") for entry in entries if " " not in entry.event])

    def resolve(self, workspace: Workspace, live: Live, now: datetime) -> Resolution:
        """Resolve events, and what is left alone, against what lives."""
        return resolve.resolve(workspace, live)

    def silences(self, changes: Sequence[Change], after: Live) -> Iterable[Silence]:
        """Return what changes delete, disable, take off a channel, or narrow: subscriptions, and defaults of events."""
        return review.find_silences(changes, after)

    def is_off(self, kind: str, attributes: Attributes | None) -> bool:
        """Say whether a subscription tells nobody."""
        return review.is_off(attributes)

    def coverage(self, live: Live) -> Iterable[Reach]:
        """Say what each event reaches."""
        return coverage.coverage(live)

    def find_subject(self, live: Live, name: str) -> Subject:
        """Return the event with this id or title."""
        return coverage.find_subject(live, name)

    def explain(self, subject: Subject, location: Location | None, live: Live, declared: Declared) -> Audience:
        """Say who is told of an event, and by which channels nobody is."""
        return coverage.explain(subject, live, declared)

    def review(self, pairs: Sequence[Pair], undeclared: Sequence[LiveResource], live: Live) -> Iterable[Diagnostic]:
        """Find too many configurations of a gateway, and defaults that end unnoticed."""
        return review.review(pairs, undeclared, live)

    def identities(self, kind: str, attributes: Mapping[str, Plain]) -> tuple[Hashable, ...]:
        """Return the natural key of a subscription with these attributes, and the one where no name is kept."""
        return tuple(dict.fromkeys((*codec.identities(attributes), codec.place_key(attributes))))

    def is_alike(self, one: LiveResource, other: LiveResource) -> bool:
        """Say whether two subscriptions differ in nothing but their names, which an older service does not keep."""
        return {**one.attributes, "name": None} == {**other.attributes, "name": None}

    def show(self, live: Live, filters: Filters, declared: Declared | None = None) -> Sequence[Listing]:
        """List the subscriptions."""
        return [show.show(live, filters)]

    def types(self, live: Live, filters: Filters) -> Listing:
        """List the events."""
        return show.types(live, filters)

    def export(self, live: Live, resources: Sequence[str], owner: str | None = None) -> Exported:
        """Declare the subscriptions. Raises `UsageError` for a resource: there are none."""
        if resources:
            raise UsageError(f"{self.title} has no resources: leave --resource out")
        return export.export(live, owner)

    def connect(self, client: Client) -> Connection:
        """Return a connection through `client`."""
        return connection.KonnectConnection(client)

    def open_inbox(self, connection: Connection) -> Inbox:
        """Return the inbox of the owner of the token."""
        return cast("KonnectConnection", connection).inbox


PROVIDER = KonnectProvider()
