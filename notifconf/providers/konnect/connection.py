"""A Konnect organisation: what is read for a plan, how its changes are made, and the inbox of the token's owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from notifconf.errors import ApiError, ProtocolError
from notifconf.http.client import Client
from notifconf.http.workers import run_all
from notifconf.model.diagnostic import Position, quoted
from notifconf.model.policy import Mode
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.providers.base import Connection, Plain
from notifconf.providers.inbox import Inbox, Job, Notification, Selection, Status
from notifconf.providers.konnect import codec
from notifconf.providers.konnect.api import Api, Item
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION, Catalogue, Event, catalogue_of
from notifconf.providers.konnect.codec import text_id, text_of
from notifconf.providers.konnect.workspace import KonnectDeclarations, find_events

MAX_IDS_PER_REQUEST = 100


class KonnectInbox(Inbox):
    """See `notifconf.providers.inbox.Inbox`."""

    title = "Kong Konnect"

    def __init__(self, api: Api, parallelism: int) -> None:
        """Work through `api`."""
        super().__init__(parallelism)
        self._api = api

    async def select(self, selection: Selection, limit: int | None = None) -> list[Notification]:
        """Read the list page by page, and no further than `limit`."""
        return [_decode(item) for item in await self._api.inbox(_query(selection), limit)]

    def prepare_marks(self, ids: Sequence[str], status: Status) -> list[Job]:
        """Return a request for each 100 notifications."""
        unique = tuple(dict.fromkeys(ids))
        starts = range(0, len(unique), MAX_IDS_PER_REQUEST)
        batches = [unique[start : start + MAX_IDS_PER_REQUEST] for start in starts]
        return [Job(batch, partial(self._api.set_status, batch, status)) for batch in batches]

    def prepare_deletes(self, ids: Sequence[str]) -> list[Job]:
        """Return a request for each notification: the service deletes no more at once."""
        return [Job((item,), partial(self._api.delete_notification, item)) for item in dict.fromkeys(ids)]


def _query(selection: Selection) -> dict[str, str]:
    filters = (
        ("title", "contains", selection.title),
        ("description", "contains", selection.description),
        ("namespace", "eq", selection.namespace),
        ("region", "eq", selection.region),
        ("status", "eq", selection.status),
    )
    return {f"filter[{name}][{operator}]": value for name, operator, value in filters if value is not None}


def _decode(item: Mapping[str, Any]) -> Notification:
    return Notification(
        id=text_id(item, "id", "a notification"),
        title=text_of(item, "title"),
        status=text_of(item, "status"),
        region=text_of(item, "region"),
        namespace=text_of(item, "namespace"),
        entity=text_of(item, "entity_id"),
        created_at=text_of(item, "created_at"),
        document=item,
    )


class KonnectConnection(Connection):
    """The organisation that one token opens; see `notifconf.providers.base.Connection`."""

    def __init__(self, client: Client) -> None:
        """Speak through `client`."""
        self._client = client
        self._api = Api(client)
        self._seen_ids: set[str] = set()
        self._keeps_names = False
        self._sent_names: dict[str, str] = {}
        self.inbox = KonnectInbox(self._api, client.parallelism)

    async def read(self, workspace: Workspace) -> Live:
        """Read the events, and the subscriptions of those that are declared.

        In `sync`, and in namespaces that `policy.coverage` judges, also the subscriptions of those that have some, as
        far as the service's count, which may lag, says so.
        """
        self._client.redactor.add(workspace.secrets)
        self._client.redactor.keep(workspace.declarations)
        declared = cast("KonnectDeclarations", workspace.declarations)
        policy = workspace.policy
        if EVENT_SUBSCRIPTION.name not in declared.managed and not policy.coverage:
            return Live(catalogue=Catalogue())
        catalogue = await self._read_catalogue()
        places: dict[str, Position | None] = {}
        for entry in declared.subscriptions:
            for event in find_events(entry, catalogue) if entry.resolved else ():
                places.setdefault(event.id, entry.event_at)
        for event in catalogue.events:
            if event.count != 0 and (policy.mode is Mode.SYNC or event.namespace in policy.coverage):
                places.setdefault(event.id, None)
        return await self._read_live(catalogue, places)

    async def reread(self, live: Live, touched: Sequence[tuple[str, Mapping[str, Plain]]]) -> Live:
        """List again the subscriptions of each event that a touched one is of."""
        catalogue = catalogue_of(live)
        self._client.redactor.keep([attributes for _, attributes in touched])
        events = dict.fromkeys(str(attributes["event"]) for _, attributes in touched)
        fresh = await self._read_live(catalogue, events)
        kept = [item for item in live.resources if item.attributes["event"] not in events]
        return _make_live(catalogue, (*kept, *fresh.resources))

    async def survey(
        self, resources: Sequence[str], workspace: Workspace | None = None, *, discover: bool = False
    ) -> Live:
        """Read every event and all its subscriptions; nothing is only looked up."""
        catalogue = await self._read_catalogue()
        return await self._read_live(catalogue, dict.fromkeys(event.id for event in catalogue.events))

    async def create(self, kind: str, attributes: Mapping[str, Plain]) -> str:
        """POST the whole subscription."""
        created = await self._api.create(str(attributes["event"]), codec.encode(attributes))
        self._sent_names[created] = str(attributes["name"])
        return created

    async def update(
        self, kind: str, object_id: str, attributes: Mapping[str, Plain], changed: Collection[str]
    ) -> None:
        """PATCH the whole subscription: the service takes nothing less."""
        await self._api.update(str(attributes["event"]), object_id, codec.encode(attributes))
        self._sent_names[object_id] = str(attributes["name"])

    async def delete(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> None:
        """DELETE a subscription of its event."""
        await self._api.delete(str(attributes["event"]), object_id)

    async def find(self, kind: str, attributes: Mapping[str, Plain]) -> Sequence[LiveResource]:
        """Look subscriptions up by their event and name.

        Where a service keeps no names, they are those that apply where this one does and were not there before. They
        go by the name that they are looked for by.
        """
        event = Catalogue().event(str(attributes["event"]))
        items = await self._list_live(event)
        name, place = codec.name_key(event.id, str(attributes["name"])), codec.place_key(attributes)
        return [item for item in items if name in item.identities] or [
            replace(item, attributes={**item.attributes, "name": str(attributes["name"])})
            for item in items
            if "name" not in item.attributes and place in item.identities and item.id not in self._seen_ids
        ]

    async def get(self, kind: str, object_id: str, attributes: Mapping[str, Plain]) -> LiveResource | None:
        """GET a subscription of its event."""
        event = Catalogue().event(str(attributes["event"]))
        item = await self._api.get(event.id, object_id)
        if item is None:
            return None
        self._client.redactor.withhold([item])
        return self._decode(item, event)

    async def _read_catalogue(self) -> Catalogue:
        return Catalogue.of(map(codec.decode_event, await self._api.events()))

    async def _read_live(self, catalogue: Catalogue, places: Mapping[str, Position | None]) -> Live:
        """Read the subscriptions of these events side by side; errors name the place that an event is declared at."""
        jobs = [partial(self._read_subscriptions, catalogue.event(event), place) for event, place in places.items()]
        found = await run_all(jobs, self._client.parallelism)
        if self._keeps_names and not catalogue.keeps_names:
            catalogue = replace(catalogue, keeps_names=True)
        return _make_live(catalogue, [item for items in found for item in items])

    async def _read_subscriptions(self, event: Event, place: Position | None) -> list[LiveResource]:
        try:
            items = await self._list_live(event)
        except (ApiError, ProtocolError) as error:
            error.args = (f"{place}: {error}" if place else str(error),)
            raise
        self._seen_ids.update(item.id for item in items)
        return items

    async def _list_live(self, event: Event) -> list[LiveResource]:
        """Return what lives of an event. What a service keeps no name of goes by the one that this run has sent."""
        items = await self._api.subscriptions(event.id)
        self._keeps_names = self._keeps_names or any(item.get("name") for item in items)
        return [self._decode(item, event) for item in items]

    def _decode(self, item: Item, event: Event) -> LiveResource:
        given = self._sent_names.get(text_id(item, "id", f"a subscription of {quoted(event.id)}"))
        named = item if given is None or item.get("name") not in (None, "") else {**item, "name": given}
        return codec.decode_subscription(named, event)


def _make_live(catalogue: Catalogue, resources: Iterable[LiveResource]) -> Live:
    return Live(tuple(sorted(resources, key=lambda item: item.id)), catalogue)
