"""The live state as entries of a workspace: names instead of ids, references instead of secrets. Pure.

What is declared here plans to no change. What the language can't say without one is left out, and it is said why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from notifconf.model.diagnostic import fits, fits_line, fits_word, quoted
from notifconf.model.mask import WITHHELD, Mask
from notifconf.model.resource import LiveResource, Secret, Value
from notifconf.model.state import Live
from notifconf.model.views import (
    LONGEST_KEY,
    LONGEST_VARIABLE,
    Entry,
    Exported,
    Section,
    Variable,
    free_name,
    slug,
    variable_name,
)
from notifconf.plan.ownership import check_owner, describe_marked, split_mark
from notifconf.providers.confluent.catalogue import (
    INTEGRATION,
    PREFERENCE,
    REQUIRED,
    RESOURCE_SUBSCRIPTION,
    SUBSCRIPTION,
    Catalogue,
    NotificationType,
)
from notifconf.providers.confluent.check import list_parents
from notifconf.providers.confluent.codec import READ_ONLY_MEMBER
from notifconf.providers.confluent.decode import MATCHED, type_of
from notifconf.providers.confluent.inventory import inventory_of
from notifconf.providers.confluent.live import find_paths
from notifconf.providers.confluent.show import kind_of
from notifconf.providers.confluent.urls import is_url
from notifconf.providers.confluent.workspace import DISABLED, ENABLED, MAX_DESCRIPTION_LENGTH, SECRET_MEMBER

MAX_DISPLAY_NAME_LENGTH, MAX_TEXT_LENGTH = 64, 255
"""The language's limits, in characters: of an integration's name, and of any other text but its description."""

MAX_COMMENT_LENGTH = 100
SEVERITIES = MATCHED["severity"]


def export(live: Live, resources: Sequence[str], owner: str | None = None) -> Exported:
    """Declare all integrations and subscriptions, and what a survey found of `resources` and of others.

    What has a mark is left out. With an `owner`, what has its mark is declared, and where it is used: the rest of each
    subscription is for others to declare, and so are states and mutes.
    """
    catalogue = live.catalogue if isinstance(live.catalogue, Catalogue) else Catalogue()
    marked = check_owner(live, owner)
    integrations = _Integrations(_find_kind(live, INTEGRATION.name), live.secrets, owner)
    subscriptions = _Subscriptions(catalogue, integrations)
    entries = [_make_entry(*declared) for declared in subscriptions.declared(_find_kind(live, SUBSCRIPTION.name))]
    sections = [
        Section(
            "integrations",
            tuple(integrations.entries),
            is_mapping=True,
            left_out=tuple(integrations.left_out),
            comments=describe_marked(marked) if owner is None else (),
        ),
        Section("subscriptions", tuple(entries), left_out=tuple(subscriptions.left_out)),
    ]
    found = {
        _text(item, "resource") for item in live.resources if item.kind in {PREFERENCE.name, RESOURCE_SUBSCRIPTION.name}
    }
    if resources or found:
        make = _resources if owner is None else _owned_resources
        paths = find_paths(resources, inventory_of(live) if live.inventory is not None else None)
        sections.append(make(live, found.union(paths), _Subscriptions(catalogue, integrations)))
    return Exported(tuple(sections), tuple(integrations.variables.values()))


class _Integrations:
    """The entries of integrations; `keys` has, by id, the key of each that can be declared.

    `is_other(id)` says whether one is for another workspace to declare.
    """

    def __init__(self, items: Sequence[LiveResource], secrets: Iterable[Secret], owner: str | None) -> None:
        self.owner = owner
        self.others = {item.id for item in items if item.owner != owner}
        everything, items = items, [item for item in items if item.owner == owner]
        self.keys: dict[str, str] = {}
        mask = Mask(secrets)
        self.names = {item.id: mask(item.name) for item in everything}
        self.entries: list[Entry] = []
        self.variables: dict[str, Variable] = {}
        self.left_out: list[str] = []
        bearers = Counter(identity for item in items for identity in item.identities)
        taken: set[str] = set()
        for item in sorted(items, key=lambda item: (item.name.casefold(), item.name, item.id)):
            is_twin = any(bearers[identity] > 1 for identity in item.identities)
            if mask.finds(item.name):
                obstacle = "its name repeats a secret"
            else:
                obstacle = _integration_obstacle(item, is_twin=is_twin)
            if obstacle:
                shown = replace(item, name=mask(item.name))
                self.left_out.append(_explain_omission(INTEGRATION.collection, shown, obstacle))
                continue
            key = free_name(slug(item.name) or kind_of(item).lower(), taken, "-", LONGEST_KEY)
            taken.add(key)
            self.keys[item.id] = key
            self.entries.append(self._entry(item, key, {"id": item.id} if is_twin else {}))

    def _entry(self, item: LiveResource, key: str, pin: Mapping[str, Value]) -> Entry:
        kind = kind_of(item)
        comments: tuple[str, ...] = ("another one is like it: the id says which is meant",) if pin else ()
        if kind not in SECRET_MEMBER:
            comments = (f"{quoted(item.name)}: found by its target, never written", *comments)
            return Entry({**pin, "target": item.attributes["target"]}, key, comments)
        members: dict[str, Value] = {} if item.name == key else {"display_name": item.name}
        description = split_mark(_text(item, "description"))[0]
        if description == WITHHELD:
            comments += ("its description is left alone: it repeats a secret",)
        elif fits(description, MAX_DESCRIPTION_LENGTH):
            members["description"] = description
        elif description:
            comments += ("its description is left alone: too long, or not text",)
        url = cast("Secret", _target(item)[SECRET_MEMBER[kind]])
        variable = free_name(variable_name(key), self.variables, "_", LONGEST_VARIABLE)
        self.variables[variable] = Variable(variable, url, f"{kind} {quoted(item.name)}")
        target: dict[str, Value] = {"kind": kind, SECRET_MEMBER[kind]: Secret(url.reveal(), f"${{{variable}}}")}
        return Entry({**members, **pin, "target": target}, key, comments)


def _integration_obstacle(item: LiveResource, *, is_twin: bool) -> str:
    """Say what keeps an integration from being declared; of twins, which bear one identity, each needs a pin."""
    kind, target = kind_of(item), _target(item)
    member = SECRET_MEMBER.get(kind) or READ_ONLY_MEMBER.get(kind)
    if member is None:
        return f"its kind {quoted(kind)} is not known to notifconf" if kind else "its target has no kind"
    value = target.get(member)
    if isinstance(value, Secret):
        if not fits_line(_text(item, "display_name"), MAX_DISPLAY_NAME_LENGTH):
            return "its name is empty, too long, or not one line of text"
        if not is_url(value.reveal()):
            return f'its "{member}" is not a URL'
    elif not isinstance(value, str) or not (fits_word if member == "user" else fits)(value, MAX_TEXT_LENGTH):
        return f'its target has no "{member}" that can be declared'
    if is_twin and not fits_word(item.id, MAX_TEXT_LENGTH):
        return "another one has the same name or target, and its id can't be a pin"
    return ""


class _Subscriptions:
    """Declares lists of subscriptions: types by name, integrations by key."""

    def __init__(self, catalogue: Catalogue, integrations: _Integrations) -> None:
        self.left_out: list[str] = []
        self._catalogue = catalogue
        self._integrations = integrations

    def declared(self, items: Sequence[LiveResource]) -> Iterator[tuple[NotificationType, Mapping[str, Value]]]:
        """Yield the subscriptions of one list that can be declared, the worst types first, with their members."""
        bearers = Counter(identity for item in items for identity in item.identities)
        collections = {kind.name: kind.collection for kind in (SUBSCRIPTION, RESOURCE_SUBSCRIPTION)}
        taken: set[str] = set()
        items = [item for item in items if self._used(item) or not _used(item)]
        if self._integrations.owner is not None:
            items = [item for item in items if self._used(item)]
        for item in sorted(items, key=self._by_severity):
            of_type = self._type(item)
            reference = self._reference(of_type, taken)
            is_twin = any(bearers[identity] > 1 for identity in item.identities)
            obstacle = "another one is to the same type" if is_twin else self._obstacle(item, of_type, reference)
            if obstacle:
                self.left_out.append(_explain_omission(collections[item.kind], item, obstacle))
                continue
            taken.add(reference.casefold())
            used = tuple(sorted(self._integrations.keys[used] for used in self._used(item)))
            owner = self._integrations.owner
            members: dict[str, Value] = {"notification_type": reference, "add" if owner else "integrations": used}
            if _text(item, "current_state") == DISABLED and not owner:
                members["current_state"] = DISABLED
            yield of_type, members

    def _reference(self, of_type: NotificationType, taken: set[str]) -> str:
        """Return the name of a type where that means no other one, else its id; empty where neither can be said."""
        for word in (of_type.display_name, of_type.id):
            is_free = fits(word, MAX_TEXT_LENGTH) and word.casefold() not in taken
            if is_free and self._catalogue.named(word) == (of_type,):
                return word
        return ""

    def _obstacle(self, item: LiveResource, of_type: NotificationType, reference: str) -> str:
        """Say what keeps a subscription from being declared."""
        state = _text(item, "current_state")
        if of_type.id not in self._catalogue.by_id:
            return f"its notification type {quoted(of_type.id)} does not exist"
        if not reference:
            return "its notification type has neither a name nor an id that can be declared"
        if state not in {ENABLED, DISABLED} and self._integrations.owner is None:
            return _state_obstacle(state)
        is_required = of_type.priority == REQUIRED and self._integrations.owner is None
        if item.kind == SUBSCRIPTION.name and state == DISABLED and is_required:
            return "its type is REQUIRED, and it is DISABLED"
        for used in self._used(item):
            if used not in self._integrations.names:
                return f"its integration {quoted(used)} does not exist"
            if used not in self._integrations.keys:
                return f"its integration {quoted(self._integrations.names[used])} is left out"
        return "" if _used(item) else "it has no integrations"

    def _used(self, item: LiveResource) -> list[str]:
        """Return the integrations of a subscription that are for this workspace to declare."""
        return [used for used in _used(item) if used not in self._integrations.others]

    def _type(self, item: LiveResource) -> NotificationType:
        type_id = _text(item, "notification_type")
        return self._catalogue.by_id.get(type_id) or NotificationType(type_id, type_id)

    def _by_severity(self, item: LiveResource) -> tuple[int, str, str, str, str]:
        """Order the worst first; what nobody knows yet comes last."""
        of_type = self._type(item)
        severity = of_type.severity
        rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
        return (rank, severity, of_type.display_name, of_type.id, item.id)


def _resources(live: Live, resources: Iterable[str], subscriptions: _Subscriptions) -> Section:
    """Declare resources in full: one without subscriptions has none, one without a preference is not muted.

    Below a mute that would not be true; what has no preference there is left alone.
    """
    preferences = {_text(item, "resource"): item for item in _find_kind(live, PREFERENCE.name)}
    muted = {path for path, item in preferences.items() if _text(item, "current_state") == DISABLED}
    own, mask = _group_by_resource(live), Mask(live.secrets)
    entries: list[Entry] = []
    left_out: list[str] = []
    for resource in sorted(set(resources)):
        members: dict[str, Value] = {"resource": _refer(resource)}
        preference = preferences.get(resource)
        state = _text(preference, "current_state") if preference else ENABLED
        if preference and state not in {ENABLED, DISABLED}:
            left_out.append(_explain_omission(PREFERENCE.collection, preference, _state_obstacle(state)))
        elif preference or muted.isdisjoint(list_parents(resource)):
            members["muted"] = state == DISABLED
        if type_of(resource) != "ORGANIZATION":
            members["subscriptions"] = tuple(said for _, said in subscriptions.declared(own[resource]))
        place = mask(live.names.get(resource, ""))
        entries.append(Entry(members, comments=(place,) if place else ()))
    return Section("resources", tuple(entries), left_out=(*left_out, *subscriptions.left_out))


def _owned_resources(live: Live, resources: Iterable[str], subscriptions: _Subscriptions) -> Section:
    """Declare where the owner's integrations are used; mutes have no owner."""
    own = _group_by_resource(live)
    entries = [
        Entry({"resource": _refer(resource), "subscriptions": said})
        for resource in sorted(set(resources))
        if (said := tuple(members for _, members in subscriptions.declared(own[resource])))
    ]
    return Section("resources", tuple(entries), left_out=tuple(subscriptions.left_out))


def _group_by_resource(live: Live) -> defaultdict[str, list[LiveResource]]:
    """Return the subscriptions of resources by the path of their resource."""
    found: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for item in _find_kind(live, RESOURCE_SUBSCRIPTION.name):
        found[_text(item, "resource")].append(item)
    return found


_NAMES = {"environment": "environment", "cloud-cluster": "cluster", "connector": "connector"}
"""The segments of a connector's path, and what each is called where a resource is written by names."""


def _refer(resource: str) -> Value:
    """Return what an entry calls a resource: its path, or its names where `*` makes that look like a glob."""
    segments = dict(segment.partition("=")[::2] for segment in resource.split("/"))
    if "*" not in resource or segments.keys() != _NAMES.keys():
        return resource
    return {_NAMES[kind]: value for kind, value in segments.items()}


def _make_entry(of_type: NotificationType, members: Mapping[str, Value]) -> Entry:
    """Return an entry that says what its type is about."""
    said = [of_type.severity, of_type.category, of_type.priority, "" if of_type.in_plan else "not in the billing plan"]
    if members["notification_type"] != of_type.display_name:
        said.insert(0, quoted(of_type.display_name))
    description = of_type.description
    cut = description if len(description) <= MAX_COMMENT_LENGTH else f"{description[: MAX_COMMENT_LENGTH - 1]}…"
    text = ": ".join(filter(None, [", ".join(filter(None, said)), cut]))
    return Entry(members, comments=(text,) if text else ())


def _explain_omission(collection: str, item: LiveResource, obstacle: str) -> str:
    return f"{collection}/{item.name} ({item.id}) is left out: {obstacle}"


def _state_obstacle(state: str) -> str:
    return f"its state {quoted(state)} is not known to notifconf" if state else "it has no state"


def _find_kind(live: Live, kind: str) -> list[LiveResource]:
    return [item for item in live.resources if item.kind == kind]


def _target(item: LiveResource) -> Mapping[str, Value]:
    return cast("Mapping[str, Value]", item.attributes.get("target", {}))


def _used(item: LiveResource) -> tuple[str, ...]:
    return cast("tuple[str, ...]", item.attributes["integrations"])


def _text(item: LiveResource, member: str) -> str:
    value = item.attributes.get(member)
    return value if isinstance(value, str) else ""
