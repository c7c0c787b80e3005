"""The live state and the catalogue as rows, filtered as the vendor's console filters subscriptions. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from notifconf.errors import UsageError
from notifconf.model.coverage import Declared
from notifconf.model.diagnostic import distance, format_time, nearest, quoted
from notifconf.model.policy import is_called
from notifconf.model.resource import LiveResource, Secret
from notifconf.model.state import Live
from notifconf.model.views import Cell, Filters, Listing
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    Catalogue,
    NotificationType,
    by_severity,
    catalogue_of,
)
from notifconf.providers.confluent.codec import READ_ONLY_MEMBER
from notifconf.providers.confluent.decode import MATCHED
from notifconf.providers.confluent.expand import expand
from notifconf.providers.confluent.inventory import Inventory, InventoryItem, inventory_of, make_filter, select
from notifconf.providers.confluent.urls import find_shown_host
from notifconf.providers.confluent.workspace import (
    DISABLED,
    ENABLED,
    INVENTORY_TYPES,
    SECRET_MEMBER,
    ConfluentDeclarations,
)


def check(filters: Filters, catalogue: Catalogue, integrations: Sequence[LiveResource], states: Iterable[str]) -> None:
    """Raise `UsageError` for a value that nothing can pass: neither the API's documents nor the live state know it."""
    kinds = [*SECRET_MEMBER, *READ_ONLY_MEMBER, *filter(None, map(kind_of, integrations))]
    known = {
        "severity": (filters.severity, [*MATCHED["severity"], *(item.severity for item in catalogue.types)]),
        "category": (filters.category, [*MATCHED["category"], *(item.category for item in catalogue.types)]),
        "status": (filters.status, [ENABLED, DISABLED, *states]),
    }
    for option, (values, words) in known.items():
        for value in values:
            if not is_among(value, words):
                raise UsageError(f"--{option} {quoted(value)}: {_join_words(words)} can stand there")
    for value in filters.channel:
        if not is_among(value, kinds) and not any(is_channel(item, [value]) for item in integrations):
            names = [item.name for item in integrations]
            raise UsageError(
                f"--channel {quoted(value)}: no integration is called so{nearest(value, names)},"
                f" and it is no kind of integration: {_join_words(kinds)}"
            )
    for value in filters.type:
        if not any(type_passes(item, Filters(type=(value,))) for item in catalogue.types):
            names = [item.display_name for item in catalogue.types]
            raise UsageError(
                f"--type {quoted(value)}: there is no such notification type{nearest(value, names)};"
                " `notifconf types` lists all"
            )


def type_passes(item: NotificationType, filters: Filters) -> bool:
    """Say whether the filters let a notification type through."""
    return (
        _is_wanted(item.severity, filters.severity)
        and _is_wanted(item.category, filters.category)
        and (not filters.type or item.id in filters.type or is_called((item.display_name,), filters.type))
    )


def state_passes(state: str, filters: Filters) -> bool:
    """Say whether the filters let a state through."""
    return _is_wanted(state, filters.status)


def is_channel(item: LiveResource, wanted: Sequence[str]) -> bool:
    """Say whether an integration is meant by its kind, its id, or a glob on its name."""
    return is_among(kind_of(item), wanted) or item.id in wanted or is_called((item.name,), wanted)


def kind_of(item: LiveResource) -> str:
    """Return the kind of an integration, empty where it has none."""
    target = item.attributes.get("target")
    kind = target.get("kind") if isinstance(target, Mapping) else None
    return kind if isinstance(kind, str) else ""


def is_among(value: str, words: Iterable[str]) -> bool:
    """Say whether `value` is one of `words`, whatever its case."""
    return value.casefold() in {word.casefold() for word in words}


def _is_wanted(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or is_among(value, wanted)


def _join_words(words: Iterable[str]) -> str:
    *others, last = dict.fromkeys(filter(None, words))
    return f"{', '.join(others)} or {last}" if others else last


Row = dict[str, "Cell"]

SUBSCRIPTION_COLUMNS = ("type", "severity", "category", "priority", "state", "channels")
NONE_ASKED_FOR = "none: the API lists them only for resources that --resource or a workspace names"
NONE_PASSES = "none passes the filters"

RESOURCE_COLUMNS = ("resource", "resource_type", "name", "environment", "cluster", "declared", "muted")
NO_RESOURCE = "none that the credentials can see, and that passes the filters"
NOTHING_MUTED = "none of these is muted"
STATE = "current_state"


class Subscription(NamedTuple):
    """A live subscription, of the organisation or of a resource, with its type and its integrations."""

    item: LiveResource
    type: NotificationType
    integrations: tuple[LiveResource, ...]

    @property
    def state(self) -> str:
        """Whether it is on, as the service says."""
        return _text(self.item, "current_state")

    def passes(self, filters: Filters) -> bool:
        """Say whether the filters let it through."""
        return (
            type_passes(self.type, filters)
            and state_passes(self.state, filters)
            and (not filters.channel or any(is_channel(item, filters.channel) for item in self.integrations))
        )

    @property
    def row(self) -> Row:
        """Its cells, the resource aside."""
        channels = tuple(sorted(item.name for item in self.integrations))
        return {**_type_row(self.type), "state": self.state, "channels": channels, "id": self.item.id}


def show(live: Live, filters: Filters, declared: Declared | None = None) -> tuple[Listing, ...]:
    """List subscriptions, integrations, and what was surveyed of resources; of mutes also what is `declared` of them.

    With a filter on subscriptions, of the integrations theirs stay; a mute has neither type nor channel, so such a
    filter hides it. Raises `UsageError` for a filter that nothing can pass.
    """
    _check(live, filters)
    empty, unasked = (NONE_PASSES, NONE_PASSES) if filters != Filters() else ("none", NONE_ASKED_FOR)
    found = [item for item in _list_subscriptions(live) if item.passes(filters)]
    places = () if live.inventory is None else ("place",)
    terms = _find_terms(live, declared) if declared is not None else {}
    return (
        Listing(
            "subscriptions",
            "Subscriptions",
            SUBSCRIPTION_COLUMNS,
            tuple(item.row for item in found if item.item.kind == SUBSCRIPTION.name),
            empty,
        ),
        Listing(
            "integrations",
            "Integrations",
            ("name", "kind", "owner", "used_by", "target"),
            tuple(_list_integrations(live, filters, found)),
            empty,
        ),
        Listing(
            "resource_preferences",
            "Mutes",
            ("resource", *places, "resource_type", "state", *(TERMS if terms else ())),
            tuple(_list_mutes(live, filters, terms)),
            unasked,
        ),
        Listing(
            "resource_subscriptions",
            "Subscriptions of resources",
            ("resource", *places, *SUBSCRIPTION_COLUMNS),
            tuple(
                {**_place_row(item.item, live), **item.row}
                for item in found
                if item.item.kind == RESOURCE_SUBSCRIPTION.name
            ),
            unasked,
        ),
    )


def resources(live: Live, filters: Filters, declared: ConfluentDeclarations | None, *, muted: bool) -> Listing:
    """List the inventory in the order of a tree; where mutes were looked up, what is muted, or may be.

    The mute of an environment, or of the organization, covers all that is in it.
    """
    inventory = inventory_of(live)
    found = sorted(select(make_filter(filters), inventory), key=_place_in_tree)
    entries = expand(declared.resources, inventory).resources if declared is not None else ()
    named = {item.path for entry in entries if (item := inventory.find(entry.resource)) is not None}
    muting = [item.name for item in live.resources if item.kind == PREFERENCE.name and _text(item, STATE) == DISABLED]
    mutes = {item.path if (item := inventory.find(path)) is not None else path for path in muting}
    rows: list[Row] = [
        {
            "resource": item.path,
            "resource_type": item.type,
            "name": item.name,
            "environment": item.environment.name if item.environment is not None else item.name,
            "cluster": item.cluster.name if item.cluster is not None else None,
            "declared": item.path in named if declared is not None else None,
            "muted": _find_mute(item, inventory.organization, mutes, live.not_visible) if muted else None,
        }
        for item in found
    ]
    shown = tuple(row for row in rows if row["muted"] is not None) if muted else tuple(rows)
    return Listing("resources", "Resources", RESOURCE_COLUMNS, shown, NOTHING_MUTED if muted else NO_RESOURCE)


def _place_in_tree(item: InventoryItem) -> tuple[tuple[str, ...], ...]:
    """Return what sorts resources as a tree: each after what it is in, pools after clusters."""
    places = [place for place in (item.environment, item.cluster, item) if place is not None]
    return tuple((str(INVENTORY_TYPES.index(place.type)), place.name.casefold(), place.id) for place in places)


def _find_mute(
    item: InventoryItem, organization: str, mutes: Container[str], not_visible: Container[str]
) -> str | None:
    """Say what mutes a resource: itself, or what it is in; "unknown" where the service does not say all."""
    if item.path in mutes:
        return "itself"
    places = [*(place.path for place in (item.environment, item) if place is not None), organization]
    return next(
        (path for path in places if path in mutes), "unknown" if any(map(not_visible.__contains__, places)) else None
    )


def types(live: Live, filters: Filters) -> Listing:
    """List the notification types: what a `match` or a `notification_type` is written from. Raises as `show` does."""
    _check(live, filters)
    own = {item.type.id: item for item in _list_subscriptions(live) if item.item.kind == SUBSCRIPTION.name}
    needs_subscription = bool(filters.channel or filters.status)
    rows = [
        {
            **_type_row(item),
            "in_plan": item.in_plan,
            "subscribed": item.id in own and own[item.id].state != DISABLED,
            "id": item.id,
        }
        for item in sorted(catalogue_of(live).types, key=by_severity)
        if (own[item.id].passes(filters) if item.id in own else not needs_subscription and type_passes(item, filters))
    ]
    columns = ("type", "id", "severity", "category", "priority", "in_plan", "subscribed")
    return Listing("notification_types", "Notification types", columns, tuple(rows))


def _check(live: Live, filters: Filters) -> None:
    if filters.namespace:
        raise UsageError("--namespace: the types of Confluent Cloud have none; --category filters them")
    integrations = [item for item in live.resources if item.kind == INTEGRATION.name]
    check(filters, catalogue_of(live), integrations, (_text(item, "current_state") for item in live.resources))


def _list_subscriptions(live: Live) -> list[Subscription]:
    """Return all subscriptions, the worst types first."""
    integrations = {item.id: item for item in live.resources if item.kind == INTEGRATION.name}
    catalogue = catalogue_of(live)
    found = []
    for item in live.resources:
        if item.kind in {SUBSCRIPTION.name, RESOURCE_SUBSCRIPTION.name}:
            type_id = _text(item, "notification_type")
            used = item.attributes.get("integrations")
            ids = map(str, used) if isinstance(used, tuple) else ()
            found.append(
                Subscription(
                    item,
                    catalogue.by_id.get(type_id) or NotificationType(type_id, type_id),
                    tuple(integrations.get(found_id) or _make_missing(found_id) for found_id in ids),
                )
            )
    return sorted(found, key=lambda item: (_text(item.item, "resource"), *by_severity(item.type)))


def _list_integrations(live: Live, filters: Filters, shown: Sequence[Subscription]) -> Iterator[Row]:
    narrowed = filters != Filters(channel=filters.channel)
    used = {integration.id for item in shown for integration in item.integrations}
    uses = Counter(integration.id for item in _list_subscriptions(live) for integration in item.integrations)
    for item in sorted(live.resources, key=lambda item: (item.name, item.id)):
        is_meant = not filters.channel or is_channel(item, filters.channel)
        if item.kind == INTEGRATION.name and is_meant and (item.id in used or not narrowed):
            yield {
                "name": item.name,
                "kind": kind_of(item) or None,
                "owner": item.owner,
                "used_by": uses[item.id],
                "target": _find_recipient(item),
                "id": item.id,
            }


TERMS = ("from", "until", "time_left", "reason")
"""The members of a mute that say when it holds, and why."""


def _find_terms(live: Live, declared: Declared) -> dict[str, Row]:
    """Return when the declared mutes hold, by path; nothing where none says so."""
    workspace = declared.workspace
    entries = cast("ConfluentDeclarations", workspace.declarations).resources if workspace is not None else ()
    inventory = live.inventory if isinstance(live.inventory, Inventory) else None
    found: dict[str, Row] = {}
    for entry in expand(entries, inventory).resources:
        mute = entry.statement.mute
        if mute is not None and (mute.start or mute.until or mute.reason):
            start, until = (None if moment is None else format_time(moment) for moment in (mute.start, mute.until))
            left = distance(mute.until, declared.now) if mute.until is not None else None
            found[entry.resource] = dict(zip(TERMS, (start, until, left, mute.reason), strict=True))
    return found


def _list_mutes(live: Live, filters: Filters, terms: Mapping[str, Row]) -> Iterator[Row]:
    hidden = bool(filters.severity or filters.category or filters.channel or filters.type)
    for item in sorted(live.resources, key=lambda item: (item.name, item.id)):
        state = _text(item, "current_state")
        if item.kind == PREFERENCE.name and not hidden and state_passes(state, filters):
            yield {
                **_place_row(item, live),
                "resource_type": _text(item, "resource_type"),
                "state": state,
                **(terms.get(item.name, dict.fromkeys(TERMS)) if terms else {}),
                "id": item.id,
            }


def _place_row(item: LiveResource, live: Live) -> Row:
    """Return the path of a resource and, where the inventory was read, the names in it."""
    resource = _text(item, "resource")
    return {"resource": resource, **({} if live.inventory is None else {"place": live.names.get(resource)})}


def _find_recipient(item: LiveResource) -> str | None:
    """Return whom it tells: a role, a user, or of a secret URL its host where that is no secret itself."""
    target, kind = item.attributes.get("target"), kind_of(item)
    member = SECRET_MEMBER.get(kind, READ_ONLY_MEMBER.get(kind, ""))
    value = target.get(member) if isinstance(target, Mapping) else None
    if isinstance(value, Secret):
        return find_shown_host(value.reveal())
    return value if isinstance(value, str) else None


def _type_row(item: NotificationType) -> Row:
    return {
        "type": item.display_name,
        "severity": item.severity,
        "category": item.category,
        "priority": item.priority,
    }


def _text(item: LiveResource, name: str) -> str:
    value = item.attributes.get(name)
    return value if isinstance(value, str) else ""


def _make_missing(integration_id: str) -> LiveResource:
    return LiveResource(INTEGRATION.name, integration_id, integration_id, (), {})
