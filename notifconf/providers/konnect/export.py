"""The live state as entries of a workspace. Pure.

What is declared here plans to no change. What the language can't say without one is left out, and it is said why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from notifconf.model.diagnostic import fits, fits_line, fits_word, quoted
from notifconf.model.resource import LiveResource, Value
from notifconf.model.state import Live
from notifconf.model.views import Entry, Exported, Section, free_name
from notifconf.plan.ownership import check_owner, describe_marked, split_mark
from notifconf.providers.konnect.catalogue import EVENT_SUBSCRIPTION, Event, catalogue_of
from notifconf.providers.konnect.workspace import EVERYWHERE

REGIONS = frozenset({"US", "EU", "AU", "ME", "IN", "*"})
CHANNELS = ("EMAIL", "IN_APP")
"""What the language knows; the service may know more."""

MAX_TEXT_LENGTH, MAX_ENTITY_LENGTH, MAX_COMMENT_LENGTH = 255, 100_000, 100


def export(live: Live, owner: str | None = None) -> Exported:
    """Declare all subscriptions that have no mark, or that of `owner`, by the ids of their events and their names."""
    marked = check_owner(live, owner)
    resources = tuple(item for item in live.resources if item.owner == owner)
    exporter = _Exporter(replace(live, resources=resources))
    for item in sorted(resources, key=lambda item: (str(item.attributes["event"]), item.name, item.id)):
        exporter.add(item)
    comments = describe_marked(marked) if owner is None else ()
    left_out = tuple(exporter.left_out)
    return Exported((Section("subscriptions", tuple(exporter.entries), left_out=left_out, comments=comments),))


class _Exporter:
    """Collects entries, and what is left out; `taken` holds, by event, the names that no nameless one may get.

    `declared` holds the events and names of entries without a pin: no two may be equal. The language doesn't tell
    events apart whose ids differ in the case of letters alone.
    """

    def __init__(self, live: Live) -> None:
        self.entries: list[Entry] = []
        self.left_out: list[str] = []
        self._catalogue = catalogue_of(live)
        self._bearers = Counter(identity for item in live.resources for identity in item.identities)
        self._declared: set[tuple[str, str]] = set()
        self._taken: defaultdict[str, set[str]] = defaultdict(set)
        for item in live.resources:
            self._taken[_event_key(item)].add(split_mark(str(item.attributes.get("name", "")))[0])

    def add(self, item: LiveResource) -> None:
        """Declare one, or leave it out."""
        event = self._catalogue.event(str(item.attributes["event"]))
        taken = self._taken[_event_key(item)]
        name = split_mark(str(item.attributes.get("name", "")))[0] or free_name(
            _scope(item), taken, " ", MAX_TEXT_LENGTH
        )
        is_twin = any(self._bearers[identity] > 1 for identity in item.identities)
        obstacle = self._obstacle(item, event, name, is_twin=is_twin)
        if obstacle:
            self.left_out.append(f"{EVENT_SUBSCRIPTION.collection}/{item.name} ({item.id}) is left out: {obstacle}")
            return
        taken.add(name)
        if not is_twin:
            self._declared.add((_event_key(item), name))
        pin: dict[str, Value] = {"id": item.id} if is_twin else {}
        channels, alone = _channels(item, event)
        comments = [_describe(event), *(f"its channel {quoted(channel)} is left alone" for channel in alone)]
        if "name" not in item.attributes:
            comments.append("it has no name in the service")
        if pin:
            comments.append("another one is like it: the id says which is meant")
        self.entries.append(
            Entry({"event": event.id, "name": name, **pin, **_members(item, channels)}, "", tuple(comments))
        )

    def _obstacle(self, item: LiveResource, event: Event, name: str, *, is_twin: bool) -> str:
        """Say what keeps a subscription from being declared."""
        regions, entities = _texts(item, "regions"), _texts(item, "entities")
        if not regions or not REGIONS.issuperset(regions):
            return "its regions are not known to notifconf"
        if not entities or not all(fits(entity, MAX_ENTITY_LENGTH) for entity in entities):
            return "it has no entities that can be declared"
        if not fits(event.id, MAX_TEXT_LENGTH) or not fits_line(name, MAX_TEXT_LENGTH):
            return "its event or its name is too long, or not one line of text"
        if item.owner is not None and not split_mark(str(item.attributes.get("name", "")))[0]:
            return "its name is nothing but the mark of its owner"
        if not is_twin and (_event_key(item), name) in self._declared:
            return "another one has its event and its name"
        if is_twin and not fits_word(item.id, MAX_TEXT_LENGTH):
            return "another one is alike, and its id can't be a pin"
        if event.mandatory and not item.attributes["enabled"]:
            return "it is disabled, although billing events are mandatory"
        return ""


def _members(item: LiveResource, channels: Mapping[str, Value]) -> dict[str, Value]:
    """Return what is said beyond its identity, without the language's defaults."""
    members = {name: _texts(item, name) for name in ("regions", "entities") if _texts(item, name) != EVERYWHERE}
    return {
        **members,
        **({"channels": channels} if channels else {}),
        **({} if item.attributes["enabled"] else {"enabled": False}),
    }


def _channels(item: LiveResource, event: Event) -> tuple[dict[str, Value], list[str]]:
    """Return the channels that can be declared, and the others: what is not named keeps its live value."""
    live = cast("Mapping[str, bool]", item.attributes["channels"])
    alone = [
        name for name, on in live.items() if name not in CHANNELS or (event.mandatory and name == "EMAIL" and not on)
    ]
    return {name: on for name, on in live.items() if name not in alone}, alone


def _scope(item: LiveResource) -> str:
    """Return a name for one that has none: what it applies to."""
    regions, entities = _texts(item, "regions"), _texts(item, "entities")
    where = "Worldwide" if "*" in regions else ", ".join(regions)
    return where if "*" in entities else f"{where}, {len(entities)} of the entities"


def _describe(event: Event) -> str:
    text = event.description or event.title
    cut = text if len(text) <= MAX_COMMENT_LENGTH else f"{text[: MAX_COMMENT_LENGTH - 1]}…"
    return ": ".join(filter(None, [event.namespace, cut]))


def _event_key(item: LiveResource) -> str:
    return str(item.attributes["event"]).casefold()


def _texts(item: LiveResource, member: str) -> tuple[str, ...]:
    return cast("tuple[str, ...]", item.attributes[member])
