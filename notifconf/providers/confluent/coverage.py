"""Who is told of what: what each type reaches, whom a mute keeps from being told, and who is told of one type. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, cast

from notifconf.errors import UsageError
from notifconf.model import (
    Audience,
    Cell,
    Channel,
    CoverageTerms,
    Declared,
    Live,
    LiveResource,
    Location,
    NotTold,
    Position,
    Probe,
    Reach,
    Subject,
    Told,
    Via,
    Why,
    distance,
    format_time,
    nearest,
    quoted,
)
from notifconf.model.plan import Attributes, Change, Silence
from notifconf.plan.addresses import make_unique
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    REQUIRED,
    RESOURCE_SUBSCRIPTION,
    SEVERITIES,
    SUBSCRIPTION,
    NotificationType,
    by_severity,
    catalogue_of,
)
from notifconf.providers.confluent.check import list_parents
from notifconf.providers.confluent.expand import ExpandedResource, expand
from notifconf.providers.confluent.inventory import Inventory, label
from notifconf.providers.confluent.resolve import Choice, Chooser
from notifconf.providers.confluent.show import kind_of
from notifconf.providers.confluent.workspace import DISABLED, ENABLED, SECRET_MEMBER, ConfluentDeclarations, Mute

ADMIN = "OrganizationAdmin"
"""The role that every REQUIRED notification is mailed to, whatever is configured."""

CRITICAL = "CRITICAL"

TERMS = CoverageTerms(
    subject="type",
    grouping="severity",
    groups=SEVERITIES,
    notes=(
        f"Mail to a role reaches those who hold it directly: who holds {ADMIN} through a group mapping gets none.",
        f"REQUIRED types are mailed to {ADMIN} anyhow: that does not count, nor do subscriptions of single resources.",
    ),
)


def coverage(live: Live) -> Iterator[Reach]:
    """Say what each type reaches: the integrations that exist of its subscription, where that is ENABLED.

    The mail to the admins that a REQUIRED type sends anyhow does not count, be it configured or not.
    """
    catalogue = catalogue_of(live)
    integrations = [item for item in live.resources if item.kind == INTEGRATION.name]
    channels = {item.id: _channel(item) for item in integrations}
    mails = {item.id for item in integrations if _is_admin_mail(item)}
    anyhow = (_make_admin_mail([channels[item] for item in sorted(mails)]),)
    subscriptions: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for item in live.resources:
        if item.kind == SUBSCRIPTION.name:
            subscriptions[str(item.attributes.get("notification_type"))].append(item)
    unknown = (NotificationType(name, name) for name in subscriptions if name not in catalogue.by_id)
    for notification_type in sorted((*catalogue.types, *unknown), key=by_severity):
        found = subscriptions[notification_type.id]
        is_required = notification_type.priority == REQUIRED
        told = {target for item in found if _is_on(item) for target in _integrations(item) if target in channels}
        yield Reach(
            id=notification_type.id,
            name=notification_type.display_name,
            group=notification_type.severity,
            channels=_sort(channels[target] for target in (told - mails if is_required else told)),
            anyhow=anyhow if is_required else (),
            subscriptions=frozenset((item.kind, item.id) for item in found),
            in_plan=notification_type.in_plan,
            since=notification_type.created_at,
        )


def find_muted_subscriptions(changes: Iterable[Change], after: Live) -> Iterator[Silence]:
    """Name the CRITICAL subscriptions of resources that a new mute lies over; only what the workspace names is known.

    The mute of an environment cascades to all that is in it, any other concerns its resource alone. REQUIRED
    notifications are delivered all the same.
    """
    mutes = [change for change in changes if change.kind == PREFERENCE.name and _is_new_mute(change)]
    watches = _find_watches(after, [change.after or {} for change in mutes]) if mutes else {}
    for change in mutes:
        muted = str((change.after or {}).get("resource"))
        for watch in watches.get(muted, ()):
            yield Silence(change.address, f"the mute of {quoted(label(muted, change.place))} silences {watch.text}")


def list_mutes(live: Live) -> Iterator[Mapping[str, Cell]]:
    """Say which resources are muted, by what names, and since when, as far as they were looked up."""
    for item in sorted(live.resources, key=lambda item: item.name):
        if item.kind == PREFERENCE.name and item.attributes.get("current_state") == DISABLED:
            since = None if item.changed_at is None else format_time(item.changed_at)
            yield {"resource": item.name, "name": live.names.get(item.name), "since": since}


def find_subject(live: Live, name: str) -> Subject:
    """Return the notification type with this id or name. Raises `UsageError`, which says what is there."""
    found = catalogue_of(live).named(name)
    if len(found) == 1:
        return Subject(found[0].id, found[0].display_name, found[0].severity, found[0].priority)
    if found:
        ids = " or ".join(sorted(quoted(item.id) for item in found))
        raise UsageError(f"{len(found)} notification types are called {quoted(name)}: use the id, {ids}")
    suggestion = nearest(name, (item.display_name for item in catalogue_of(live).types))
    raise UsageError(f"there is no notification type {quoted(name)}{suggestion}: `notifconf types` lists all")


def explain(subject: Subject, location: Location | None, live: Live, declared: Declared) -> Audience:
    """Say who is told of a type, of all resources or of one, and why the others are not.

    The organization's subscription and that of the resource both count: the service does not document otherwise.
    """
    return _Side(subject, location, live, declared).find_audience()


class _Mute(NamedTuple):
    """What mutes the resource: a path, and its entry if there is one."""

    path: str
    item: LiveResource
    entry: ExpandedResource | None


class _Side:
    """One side, live or as planned, and one type."""

    def __init__(self, subject: Subject, location: Location | None, live: Live, declared: Declared) -> None:
        self._location = location
        self._live = live
        self._declared = declared
        self._id = subject.id
        self._is_required = subject.priority == REQUIRED
        self._integrations = {item.id: item for item in live.resources if item.kind == INTEGRATION.name}
        self._by_address = {self._address(item): item for item in self._integrations.values()}

    def find_audience(self) -> Audience:
        subscriptions = self._find_subscriptions()
        told: dict[str, Told] = {}
        others: dict[str, NotTold] = {}
        for item in subscriptions:
            places = self._find_places(item)
            for target in filter(self._integrations.__contains__, _integrations(item)):
                reason = self._find_reason(item)
                address = self._address(self._integrations[target])
                if reason is None:
                    via = Via(item.kind, self._find_id(item), places.get(address))
                    told.setdefault(target, Told(_channel(self._integrations[target]), address, via))
                else:
                    others.setdefault(target, self._leave_out(address, *reason))
        for address, why, because in (*self._find_blocked(), *self._find_shadowed(), *self._find_unsubscribed()):
            others.setdefault(self._by_address[address].id, self._leave_out(address, why, because))
        return Audience(
            _describe_state(subscriptions),
            tuple(sorted(told.values(), key=lambda item: _sort_key(item.channel))),
            tuple(item for target, item in others.items() if target not in told),
            (str(Channel("RoleEmail", ADMIN, ADMIN)),) if self._is_required else (),
        )

    def _find_subscriptions(self) -> list[LiveResource]:
        """Return the subscriptions to the type: that of the resource before that of the organization."""
        paths = self._location.paths if self._location is not None else ()
        found = [item for item in self._live.resources if item.attributes.get("notification_type") == self._id]
        own = (item for item in found if item.attributes.get("resource") in paths)
        return [*own, *(item for item in found if item.kind == SUBSCRIPTION.name)]

    def _find_reason(self, item: LiveResource) -> tuple[Why, str] | None:
        """Return why nobody in a subscription is told, or None."""
        notification_type = catalogue_of(self._live).by_id.get(self._id)
        if notification_type is not None and not notification_type.in_plan:
            return "not-in-plan", NOT_IN_PLAN
        if not _is_on(item):
            place = self._declared.resources.get(self._address(item))
            at = f", as {place.position} says" if place is not None and place.position is not None else ""
            which = f"the subscription {item.id}" if self._find_id(item) else "the subscription"
            return "disabled", f"{which} is {item.attributes.get('current_state', 'in an unknown state')}{at}"
        return ("muted", self._describe_mute(self._mute)) if self._mute and not self._is_required else None

    @cached_property
    def _mute(self) -> _Mute | None:
        """What mutes the resource: itself, then what it is in. Without a resource, the organization."""
        muted = {
            str(item.attributes["resource"]): item
            for item in self._live.resources
            if item.kind == PREFERENCE.name and item.attributes.get("current_state") == DISABLED
        }
        places = (*self._location.paths, *self._location.above) if self._location else filter(_is_organization, muted)
        path = next((path for path in places if path in muted), None)
        return None if path is None else _Mute(path, muted[path], self._find_entry(path))

    def _describe_mute(self, mute: _Mute) -> str:
        declared = mute.entry.statement.mute if mute.entry is not None else None
        title = self._live.names.get(mute.path, "")
        if declared is None or not declared.muted:
            since = f" since {format_time(mute.item.changed_at)}" if mute.item.changed_at is not None else ""
            return f"{mute.path} is muted{since}, and nothing declares that" + (f" ({title})" if title else "")
        where = ", ".join(filter(None, (title, str(declared.position))))
        return f"{mute.path} is muted{describe_mute(declared, self._declared)} ({where})"

    def _find_entry(self, path: str) -> ExpandedResource | None:
        return next((entry for entry in self._entries if entry.resource == path), None)

    @cached_property
    def _entries(self) -> tuple[ExpandedResource, ...]:
        """What the workspace declares of resources."""
        workspace, inventory = self._declared.workspace, self._live.inventory
        entries = cast("ConfluentDeclarations", workspace.declarations).resources if workspace is not None else ()
        return expand(entries, inventory if isinstance(inventory, Inventory) else None).resources

    @cached_property
    def _choices(self) -> list[tuple[str, Choice]]:
        """Which entries decide who is told of the type: for the resource, then for the organization ("")."""
        workspace, chooser = self._declared.workspace, Chooser(catalogue_of(self._live))
        if workspace is None:
            return []
        entries = cast("ConfluentDeclarations", workspace.declarations).subscriptions
        paths = self._location.paths if self._location is not None else ()
        found = [
            (entry.resource, choice)
            for entry in self._entries
            if entry.resource in paths
            for choice in chooser.choose(
                entry.statement.subscriptions or (),
                entry.subscription_address,
                entry.resource_type,
                entry.statement.matched,
            )
        ]
        found += [("", choice) for choice in chooser.choose(entries, str)]
        return [(resource, choice) for resource, choice in found if choice.type.id == self._id]

    def _find_places(self, item: LiveResource) -> Mapping[str, Position]:
        """Return where a subscription's integrations are declared, by address; the first entry that names each."""
        resource = str(item.attributes.get("resource", ""))
        places: dict[str, Position] = {}
        for where, choice in self._choices:
            for entry in choice.entries if where == resource else ():
                for reference in entry.references:
                    places.setdefault(f"{INTEGRATION.collection}/{reference.name}", entry.position)
        return places

    def _find_blocked(self) -> Iterator[tuple[str, Why, str]]:
        """Yield what the workspace declares of a type that the billing plan leaves out."""
        for _, choice in self._choices:
            for reference in choice.references if not choice.type.in_plan else ():
                yield from self._judge(reference.name, "not-in-plan", f"{NOT_IN_PLAN} (declared at {choice.position})")

    def _find_shadowed(self) -> Iterator[tuple[str, Why, str]]:
        for _, choice in self._choices:
            for entry in choice.shadowed:
                because = f"the entry at {choice.position} wins over the match at {entry.position}"
                for reference in entry.references:
                    yield from self._judge(reference.name, "shadowed", because)

    def _find_unsubscribed(self) -> Iterator[tuple[str, Why, str]]:
        for address in sorted(self._by_address):
            yield address, "not-subscribed", "no subscription to this type names it"

    def _judge(self, key: str, why: Why, because: str) -> Iterator[tuple[str, Why, str]]:
        address = f"{INTEGRATION.collection}/{key}"
        if address in self._by_address:
            yield address, why, because

    def _leave_out(self, address: str, why: Why, because: str) -> NotTold:
        return NotTold(_channel(self._by_address[address]), address, why, because)

    def _address(self, item: LiveResource) -> str:
        return self._declared.addresses.get((item.kind, item.id), item.id)

    def _find_id(self, item: LiveResource) -> str | None:
        """Return the id of an object; None where the plan creates it, and it goes by its address."""
        return item.id if (item.kind, item.id) in self._declared.addresses else None


NOT_IN_PLAN = "the organization's billing plan does not include this type"


def describe_mute(mute: Mute, declared: Declared) -> str:
    """Return until when a mute holds, and why, as it is declared."""
    until = f" until {format_time(mute.until)} ({distance(mute.until, declared.now)})" if mute.until else ""
    return until + (f": {mute.reason}" if mute.reason else "")


def _describe_state(subscriptions: Sequence[LiveResource]) -> Literal["enabled", "disabled", "none"]:
    """Return the state of the first subscription."""
    return "none" if not subscriptions else "enabled" if _is_on(subscriptions[0]) else "disabled"


def _is_organization(path: str) -> bool:
    return path.startswith("organization=")


def find_notes(audiences: Iterable[Audience]) -> Iterator[str]:
    """Yield what the channels do not say: whom mail does not reach."""
    if any(item.always or any(told.channel.kind == "RoleEmail" for told in item.told) for item in audiences):
        yield TERMS.notes[0]


def list_probes(declared: ConfluentDeclarations | None, live: Live) -> list[Probe]:
    """Return the declared integrations, or without a workspace the live ones, sorted by address."""
    if declared is not None:
        found = [
            Probe(
                entry.address,
                Channel(entry.kind, entry.key, entry.display_name),
                (entry.key,),
                INTEGRATION.name,
                {"display_name": entry.display_name, "target": entry.target} if entry.writable else None,
            )
            for entry in declared.integrations
        ]
    else:
        integrations = {item.id: item for item in live.resources if item.kind == INTEGRATION.name}
        plain = {key: f"{INTEGRATION.collection}/{item.name}" for key, item in integrations.items()}
        addresses = make_unique(plain, {key: key for key in plain})
        found = [_make_live_probe(item, addresses[key]) for key, item in integrations.items()]
    return sorted(found, key=lambda probe: probe.address)


def _make_live_probe(item: LiveResource, address: str) -> Probe:
    target = item.attributes.get("target")
    member = SECRET_MEMBER.get(kind_of(item))
    is_testable = member is not None and isinstance(target, Mapping) and member in target
    attributes = {"display_name": item.name, "target": target} if is_testable else None
    return Probe(address, _channel(item), (item.name, item.id), INTEGRATION.name, attributes)


class _Watch(NamedTuple):
    """A subscription of a resource, in words."""

    resource: str
    text: str


def _find_watches(live: Live, mutes: Iterable[Attributes]) -> Mapping[str, Sequence[_Watch]]:
    """Return the CRITICAL subscriptions which are on, by the path of each mute that lies over them."""
    muted = {str(mute.get("resource")): mute.get("resource_type") == "ENVIRONMENT" for mute in mutes}
    environments = {path for path, cascades in muted.items() if cascades}
    types = catalogue_of(live).by_id
    channels = {item.id: _channel(item) for item in live.resources if item.kind == INTEGRATION.name}
    found: defaultdict[str, list[_Watch]] = defaultdict(list)
    for item in live.resources:
        if item.kind != RESOURCE_SUBSCRIPTION.name or not _is_on(item):
            continue
        resource = str(item.attributes.get("resource"))
        over = [resource] if resource in muted else []
        over += [path for path in list_parents(resource) if path in environments] if environments else []
        watched = types.get(str(item.attributes.get("notification_type"))) if over else None
        if watched is None or watched.severity != CRITICAL or watched.priority == REQUIRED:
            continue
        told = _sort(channels[target] for target in _integrations(item) if target in channels)
        whom = f", which goes to {', '.join(map(str, told))}" if told else ""
        of_resource = quoted(label(resource, live.names.get(resource, "")))
        watch = _Watch(resource, f"{quoted(watched.display_name)} ({CRITICAL}) of {of_resource}{whom}")
        for path in over:
            found[path].append(watch)
    return {path: sorted(group) for path, group in found.items()}


def _is_new_mute(change: Change) -> bool:
    before, after = change.before or {}, change.after or {}
    return after.get("current_state") == DISABLED != before.get("current_state")


def _channel(item: LiveResource) -> Channel:
    return Channel(kind_of(item), item.id, str(item.attributes.get("display_name") or item.name))


def _make_admin_mail(mails: Sequence[Channel]) -> Channel:
    name = mails[0].name if mails else ADMIN
    return Channel("RoleEmail", mails[0].target if mails else ADMIN, name, "anyhow")


def _is_admin_mail(item: LiveResource) -> bool:
    target = item.attributes.get("target")
    return isinstance(target, Mapping) and (target.get("kind"), target.get("role_name")) == ("RoleEmail", ADMIN)


def _is_on(item: LiveResource) -> bool:
    return item.attributes.get("current_state") == ENABLED


def _integrations(item: LiveResource) -> Iterator[str]:
    found = item.attributes.get("integrations")
    return (str(target) for target in found) if isinstance(found, tuple) else iter(())


def _sort(channels: Iterator[Channel]) -> tuple[Channel, ...]:
    return tuple(sorted(channels, key=_sort_key))


def _sort_key(channel: Channel) -> tuple[str, str, str]:
    return channel.name, channel.kind, channel.target
