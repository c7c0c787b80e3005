"""Who is told of one type, through which entry, and who is not, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Literal, NamedTuple, cast

from notifconf.model.coverage import Audience, Channel, Declared, Location, NotTold, Subject, Told, Via, Why
from notifconf.model.diagnostic import Position, distance, format_time
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live
from notifconf.providers.confluent.catalogue import (
    ADMIN,
    INTEGRATION,
    PREFERENCE,
    REQUIRED,
    SUBSCRIPTION,
    TERMS,
    catalogue_of,
)
from notifconf.providers.confluent.choices import Choice, Chooser
from notifconf.providers.confluent.coverage import (
    channel_key,
    is_admin_mail,
    is_on,
    is_organization,
    list_targets,
    make_channel,
)
from notifconf.providers.confluent.expand import ExpandedResource, expand
from notifconf.providers.confluent.inventory import Inventory, label
from notifconf.providers.confluent.workspace import DISABLED, ConfluentDeclarations, Mute, subscription_address


def explain(subject: Subject, location: Location | None, live: Live, declared: Declared) -> Audience:
    """Say who is told of a type, of all resources or of one, and why the others are not.

    The organization's subscription and that of the resource both count: the service does not document otherwise.
    """
    return _Side(subject, location, live, declared).find_audience()


def find_declared_channels(
    subject: Subject, location: Location, live: Live, declared: Declared, moment: datetime
) -> frozenset[str] | None:
    """Return the addresses of the integrations that the workspace told of a type at a moment; None if it says nothing.

    What it muted at that moment told nobody.
    """
    return _Side(subject, location, live, declared).find_declared_channels(moment)


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
            for target in filter(self._integrations.__contains__, list_targets(item)):
                reason = self._find_reason(item)
                address = self._address(self._integrations[target])
                if reason is None:
                    via = Via(item.kind, self._find_id(item), places.get(address))
                    told.setdefault(target, Told(make_channel(self._integrations[target]), address, via))
                else:
                    others.setdefault(target, self._leave_out(address, *reason))
        for address, why, because in (*self._find_blocked(), *self._find_shadowed(), *self._find_unsubscribed()):
            others.setdefault(self._by_address[address].id, self._leave_out(address, why, because))
        always = (str(Channel("RoleEmail", ADMIN, ADMIN)),) if self._is_required else ()
        mails = bool(always) or any(item.channel.kind == "RoleEmail" for item in told.values())
        return Audience(
            _describe_state(subscriptions),
            tuple(sorted(told.values(), key=lambda item: channel_key(item.channel))),
            tuple(item for target, item in others.items() if target not in told),
            always,
            (*self._find_muted_places(), *((TERMS.notes[0],) if mails else ())),
        )

    def _find_muted_places(self) -> Iterator[str]:
        """Say, where nobody asks about one resource, in which ones nobody is told of what happens."""
        muted = {} if self._location or self._is_required else self._muted
        names = [label(path, self._live.names.get(path, "")) for path in sorted(muted) if not is_organization(path)]
        if names:
            there = ", ".join(names)
            yield f"Nobody is told of what happens in these muted resources: {there}. --resource explains one."

    def find_declared_channels(self, moment: datetime) -> frozenset[str] | None:
        if not self._choices:
            return None
        places = (*self._location.paths, *self._location.above) if self._location is not None else ()
        mutes = (entry.statement.mute for entry in self._entries if entry.resource in places)
        if not self._is_required and any(mute is not None and mute.active(moment) for mute in mutes):
            return frozenset()
        return frozenset(
            f"{INTEGRATION.collection}/{reference.name}"
            for _, choice in self._choices
            for reference in choice.references
            if not _is_disabled(choice)
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
        if not is_on(item):
            entry, state = self._declared.resources.get(self._address(item)), item.attributes.get("current_state")
            is_declared = entry is not None and entry.attributes.get("current_state") == state
            at = f", as {entry.position} says" if entry is not None and is_declared else ""
            which = f"the subscription {item.id}" if self._find_id(item) else "the subscription"
            return "disabled", f"{which} is {state or 'in an unknown state'}{at}"
        return ("muted", self._describe_mute(self._mute)) if self._mute and not self._is_required else None

    @cached_property
    def _muted(self) -> Mapping[str, LiveResource]:
        """The mutes by path, as far as they were looked up."""
        return {
            str(item.attributes["resource"]): item
            for item in self._live.resources
            if item.kind == PREFERENCE.name and item.attributes.get("current_state") == DISABLED
        }

    @cached_property
    def _mute(self) -> _Mute | None:
        """What mutes the resource: itself, then what it is in. Without a resource, the organization."""
        muted = self._muted
        places = (*self._location.paths, *self._location.above) if self._location else filter(is_organization, muted)
        path = next((path for path in places if path in muted), None)
        return None if path is None else _Mute(path, muted[path], self._find_entry(path))

    def _describe_mute(self, mute: _Mute) -> str:
        declared, now = mute.entry.statement.mute if mute.entry is not None else None, self._declared.now
        title = self._live.names.get(mute.path, "")
        where = ", ".join(filter(None, (title, str(declared.position) if declared is not None else "")))
        place = f" ({where})" if where else ""
        if declared is not None and declared.active(now):
            return f"{mute.path} is muted{_describe_end(declared, now)}{place}"
        since = f" since {format_time(mute.item.changed_at)}" if mute.item.changed_at is not None else ""
        if declared is None:
            return f"{mute.path} is muted{since}, and nothing declares that{place}"
        if declared.is_over(now):
            return f"{mute.path} is still muted{since}, but its mute ended{_describe_end(declared, now)}{place}"
        return f"{mute.path} is muted{since}, but the workspace does not mute it now{place}"

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
                partial(subscription_address, entry.resource),
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
            for entry in choice.entries if where == resource and not _is_disabled(choice) else ():
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
        for address, item in sorted(self._by_address.items()):
            is_mailed = self._is_required and is_admin_mail(item)
            end = ", but the service mails it whatever is configured" if is_mailed else ""
            yield address, "not-subscribed", f"no subscription to this type names it{end}"

    def _judge(self, key: str, why: Why, because: str) -> Iterator[tuple[str, Why, str]]:
        address = f"{INTEGRATION.collection}/{key}"
        if address in self._by_address:
            yield address, why, because

    def _leave_out(self, address: str, why: Why, because: str) -> NotTold:
        return NotTold(make_channel(self._by_address[address]), address, why, because)

    def _address(self, item: LiveResource) -> str:
        return self._declared.addresses.get((item.kind, item.id), item.id)

    def _find_id(self, item: LiveResource) -> str | None:
        """Return the id of an object; None where the plan creates it, and it goes by its address."""
        return item.id if (item.kind, item.id) in self._declared.addresses else None


NOT_IN_PLAN = "the organization's billing plan does not include this type"


def _describe_end(mute: Mute, now: datetime) -> str:
    """Return when a mute ends or has ended, and why it was declared."""
    word = "at" if mute.is_over(now) else "until"
    end = f" {word} {format_time(mute.until)} ({distance(mute.until, now)})" if mute.until else ""
    return end + (f": {mute.reason}" if mute.reason else "")


def _describe_state(subscriptions: Sequence[LiveResource]) -> Literal["enabled", "disabled", "none"]:
    """Return the state of the first subscription."""
    return "none" if not subscriptions else "enabled" if is_on(subscriptions[0]) else "disabled"


def _is_disabled(choice: Choice) -> bool:
    return choice.base is not None and choice.base.current_state == DISABLED
