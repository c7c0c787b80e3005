"""The notifications of the user whose key it is: which there are, and which integrations they were delivered to.

They are in Early Access. Each holds snapshots of the integrations that it was delivered to, with their URLs, which are
secrets: nothing of a target but its kind leaves this module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from notifconf.errors import ForbiddenError, NotFoundError, ServiceError, UsageError
from notifconf.http.client import Client
from notifconf.model.coverage import Declared, Delivery, Subject
from notifconf.model.mask import Mask
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.providers.base import parse_time
from notifconf.providers.confluent.api import Api, Item
from notifconf.providers.confluent.catalogue import INTEGRATION, REQUIRED, SUBSCRIPTION, catalogue_of
from notifconf.providers.confluent.codec import decode_integration, snapshot_secrets
from notifconf.providers.confluent.coverage import is_admin_mail
from notifconf.providers.confluent.explain import find_declared_channels
from notifconf.providers.confluent.inventory import ORGANIZATION, inventory_of
from notifconf.providers.confluent.live import find_location
from notifconf.providers.confluent.show import kind_of
from notifconf.providers.inbox import Deliveries, Inbox, Job, Notification, Selection, Status

TIME_RANGES: Mapping[str, str] = {"24h": "PAST_24H", "7d": "PAST_7D", "30d": "PAST_30D"}
"""What the command line says -> what the API takes."""

UNKNOWN_USER = "the owner of the API key"

Result = TypeVar("Result")


class ConfluentInbox(Inbox):
    """See `notifconf.providers.inbox.Inbox`."""

    title = "Confluent Cloud"
    columns = ("id", "created_at", "status", "severity", "resource", "title")
    filters = frozenset({"title", "status", "severity", "resource", "resource_type", "since"})

    def __init__(self, client: Client) -> None:
        """Speak through `client`."""
        super().__init__(client.parallelism)
        self._api = Api(client)

    async def select(self, selection: Selection, limit: int | None = None) -> list[Notification]:
        """Read the list, the newest first, with the integrations: no other text may repeat their secrets."""
        query = {**_query(selection), "include": "integrations"}
        return [_decode(item) for item in await _ask(self._api.user_notifications(query, limit))]

    async def read_one(self, notification_id: str) -> Mapping[str, Any]:
        """Read one notification, with the integrations that it was delivered to."""
        return _show(await _ask(self._api.user_notification(notification_id), notification_id))

    async def summarise(self) -> Mapping[str, Any]:
        """Read how many are unread, by severity."""
        found = await _ask(self._api.summarise_notifications())
        severities = found.get("severities")
        return {
            "unread_count": found.get("unread_count"),
            "severities": severities if isinstance(severities, list) else [],
        }

    async def read_deliveries(self, since: str) -> Deliveries:
        """Read the notifications of a time, with the integrations that each was delivered to."""
        query = {"time_range": TIME_RANGES[since], "include": "integrations"}
        items = await _ask(self._api.user_notifications(query))
        mask = Mask(chain.from_iterable(map(snapshot_secrets, items)))
        received = (_decode_received(item, mask) for item in items)
        return Deliveries(_find_user(items), [item for item in received if item is not None])

    def prepare_marks(self, ids: Sequence[str], status: Status) -> list[Job]:
        """Return a request for each notification."""
        read = _is_read(status)
        return [Job((item,), partial(self._mark, item, read=read)) for item in dict.fromkeys(ids)]

    def prepare_mark_all(self, selection: Selection, status: Status) -> Job:
        """Return one request, with the filters."""

        async def send() -> None:
            await _ask(self._api.mark_notifications(_query(selection), read=_is_read(status)))

        return Job((), send)

    def prepare_deletes(self, ids: Sequence[str]) -> list[Job]:
        """Raise `UsageError`: the service deletes none."""
        raise UsageError(f"{self.title} deletes no notifications: mark them as read, with `notifconf inbox read`")

    async def _mark(self, notification_id: str, *, read: bool) -> None:
        await _ask(self._api.mark_notification(notification_id, read=read), notification_id)


async def _ask(request: Awaitable[Result], notification_id: str = "") -> Result:
    """Return the answer. Where the paths are not served, raise an error that says what that means."""
    try:
        return await request
    except (ForbiddenError, NotFoundError) as error:
        missing = f"there is no notification {notification_id}, or " if notification_id else ""
        message = (
            f"{missing}Confluent Cloud serves no user notifications to this account: they are in Early Access, which"
            f" your organization must join (the answer was {error.status}, request id {error.request_id})"
        )
        raise ServiceError(message, operation=error.operation) from None


def _is_read(status: Status) -> bool:
    if status is Status.ARCHIVED:
        raise UsageError("Confluent Cloud archives no notifications: mark them as read")
    return status is Status.READ


def _query(selection: Selection) -> dict[str, str | Sequence[str]]:
    query = {
        "search": selection.title,
        "severity": selection.severity,
        "resource.crn": selection.resource,
        "resource.type": selection.resource_type,
        "time_range": TIME_RANGES[selection.since] if selection.since else None,
        "read": None if selection.status is None else str(_is_read(selection.status)).lower(),
    }
    return {name: value for name, value in query.items() if value}


def _decode(item: Item) -> Notification:
    item = _show(item)
    resource = _object(item, "resource")
    return Notification(
        id=_text(item, "id"),
        title=_text(_object(item, "notification_type"), "display_name"),
        status=Status.READ if item.get("read") is True else Status.UNREAD,
        region="",
        namespace="",
        entity="",
        created_at=_text(item, "received_at"),
        document=item,
        severity=_text(item, "severity"),
        resource=_text(resource, "display_name") or _find_path(_text(resource, "crn")),
    )


def _show(item: Item) -> dict[str, Any]:
    """Return what the service says, but of integrations only which they are, and no text with a secret of theirs."""
    shown: dict[str, Any] = _conceal(item, Mask(snapshot_secrets(item)))
    integrations = shown.pop("integrations", None)
    if not isinstance(integrations, list):
        return shown
    told = [
        {"id": found.id, "display_name": found.name, "kind": kind_of(found) or None}
        for found in map(decode_integration, integrations)
    ]
    return {name: told if name == "integrations" else shown[name] for name in item}


def _conceal(value: Any, mask: Mask) -> Any:
    """Return a JSON value of the service with each text masked in which `mask` finds a secret."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_conceal(item, mask) for item in value]
    return {name: _conceal(item, mask) for name, item in value.items()} if isinstance(value, dict) else value


class Received(NamedTuple):
    """One notification: its type, the path of its resource, and the integrations that it was delivered to."""

    subject: Subject
    resource: str
    received_at: datetime
    integrations: tuple[LiveResource, ...]


def _decode_received(item: Item, mask: Mask) -> Received | None:
    """Return a notification, or None for one that does not say when it came, or of what type it is."""
    kind, received_at = _object(item, "notification_type"), parse_time(item.get("received_at"))
    type_id = _text(kind, "id")
    if not type_id or received_at is None:
        return None
    priority = _text(kind, "subscription_priority")
    name = mask(_text(kind, "display_name") or type_id)
    told = tuple(
        replace(found, name=mask(found.name)) for found in map(decode_integration, _list(item, "integrations"))
    )
    path = mask(_find_path(_text(_object(item, "resource"), "crn")))
    return Received(Subject(type_id, name, _text(kind, "severity"), priority), path, received_at, told)


def _find_path(crn: str) -> str:
    """Return the path of a resource, or of the organization, that its full name ends with."""
    found = ORGANIZATION.match(crn)
    return crn if found is None else found["path"] or found[1]


def _find_user(items: Iterable[Item]) -> str:
    """Return whose inbox it is, as far as its notifications say so: that of the only user of an inbox among them."""
    users = {
        str(target["user"])
        for item in items
        for integration in _list(item, "integrations")
        for target in (decode_integration(integration).attributes.get("target"),)
        if isinstance(target, Mapping) and target.get("kind") == "InApp" and "user" in target
    }
    return users.pop() if len(users) == 1 else UNKNOWN_USER


def compare(received: Sequence[Received], live: Live, declared: Declared) -> list[Delivery]:
    """Say, by type and resource, where notifications were delivered to, and where that is not what is declared.

    One that is older than the last change of its subscription is counted, and not compared: other rules held then.
    """
    groups: defaultdict[tuple[str, str], list[Received]] = defaultdict(list)
    for item in received:
        groups[item.subject.name, item.resource].append(item)
    comparison = _Comparison(live, declared)
    return [comparison.judge(groups[key]) for key in sorted(groups)]


class _Comparison:
    """Compares deliveries with one live state and one workspace."""

    def __init__(self, live: Live, declared: Declared) -> None:
        self._live = live
        self._declared = declared
        self._inventory = inventory_of(live)
        self._minimums = declared.workspace.policy.coverage if declared.workspace is not None else {}
        self._names = {item.address: item.name for item in declared.resources.values()}
        self._names |= {
            declared.addresses[item.kind, item.id]: item.name
            for item in live.resources
            if item.kind == INTEGRATION.name and (item.kind, item.id) in declared.addresses
        }
        self._known_as: defaultdict[str, set[str]] = defaultdict(set)
        for address in filter(_is_integration, self._names):
            self._known_as[self._names[address]].add(address)
        self._addresses = {
            key: resource.address for resource in declared.resources.values() for key in resource.identities
        }

    def judge(self, group: Sequence[Received]) -> Delivery:
        """Return what became of the notifications of one type about one resource."""
        subject, resource = group[0].subject, group[0].resource
        location = find_location(resource, self._inventory)
        changed = self._find_last_change(subject.id, location.paths)
        wanted: set[str] = set()
        missing: set[str] = set()
        extra: set[str] = set()
        is_short, is_declared = False, False
        for item in group:
            found = find_declared_channels(subject, location, self._live, self._declared, item.received_at)
            if found is None:
                is_short = is_short or (item.received_at >= changed and self._falls_short(item))
                continue
            is_declared = True
            wanted |= found
            if item.received_at >= changed:
                reached = set(map(self._find_address, item.integrations))
                missing |= found - reached
                extra |= reached - found
                is_short = is_short or (bool(found) and self._falls_short(item))
        told = {self._find_address(found): found for item in group for found in item.integrations}
        return Delivery(
            subject.name,
            resource,
            len(group),
            max(item.received_at for item in group),
            self._name(told),
            self._name(wanted) if is_declared else None,
            self._name(missing),
            self._name(extra),
            is_short,
            all(kind_of(found) == "InApp" for found in told.values()),
        )

    def _find_last_change(self, type_id: str, paths: Sequence[str]) -> datetime:
        """Return when a subscription that decides was last changed; long ago where none is known."""
        moments = [
            item.changed_at
            for item in self._live.resources
            if item.changed_at is not None
            and item.attributes.get("notification_type") == type_id
            and (item.kind == SUBSCRIPTION.name or item.attributes.get("resource") in paths)
        ]
        return max(moments, default=datetime.min.replace(tzinfo=self._declared.now.tzinfo))

    def _find_address(self, item: LiveResource) -> str:
        """Return the address of an integration: one that was made anew since goes by its name."""
        known = self._declared.addresses.get((item.kind, item.id))
        found = known or next((self._addresses[key] for key in item.identities if key in self._addresses), None)
        address = found or f"{INTEGRATION.collection}/{item.name}"
        self._known_as[self._names.setdefault(address, item.name)].add(address)
        return address

    def _falls_short(self, item: Received) -> bool:
        """Say whether a notification was delivered to fewer channels than `policy.coverage` wants."""
        minimum = self._minimums.get(item.subject.severity)
        known = catalogue_of(self._live).by_id.get(item.subject.id)
        if minimum is None or minimum.exempts(item.subject.name, item.subject.id) or (known and not known.in_plan):
            return False
        is_required = item.subject.priority == REQUIRED
        counted = [found for found in item.integrations if not (is_required and is_admin_mail(found))]
        return len(counted) + (is_required and minimum.count_required_mail) < minimum.channels

    def _name(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Return the names, with the address where several integrations have one name."""
        names = {address: self._names.get(address, address) for address in addresses}
        return tuple(
            sorted(f"{name} ({address})" if len(self._known_as[name]) > 1 else name for address, name in names.items())
        )


def _is_integration(address: str) -> bool:
    return address.startswith(f"{INTEGRATION.collection}/")


def _object(item: Item, name: str) -> Item:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _list(item: Item, name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _text(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
