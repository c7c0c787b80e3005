"""Random organisations and random workspaces for them, one world a provider."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from notifconf.emulator.emulator import Emulator

Document = dict[str, Any]
Objects = dict[str, list[Document]]


class World(NamedTuple):
    """What is declared, and what lives behind the service's back; `settings` are the emulator's."""

    document: Document
    objects: Objects
    settings: dict[str, Any]


def furnish(emulator: Emulator, world: World) -> None:
    """Make the organisation that a world describes: new, but for the collections that the world names."""
    emulator.reset()
    emulator.settings.legacy = bool(world.settings.get("legacy"))
    emulator.settings.konnect_page_size = 2
    (admins,) = [item["id"] for item in emulator.objects("integrations")]
    types = {item["display_name"]: item["id"] for item in emulator.objects("notification-types")}
    objects = {name: [_linked(item, admins, types) for item in items] for name, items in world.objects.items()}
    if "integrations" in objects:
        objects["integrations"] = [*emulator.objects("integrations"), *objects["integrations"]]
    emulator.replace(objects)


def _linked(item: Document, admins: str, types: dict[str, str]) -> Document:
    linked = dict(item)
    if "notification_type" in item:
        linked["notification_type"] = {"id": types[item["notification_type"]]}
        linked["integrations"] = [{"id": name if name.startswith("i-") else admins} for name in item["integrations"]]
    return linked


policies = st.sampled_from([{}, {"owner": "me"}])
marked = st.sampled_from(["", "d", "", "d [notifconf: me]", "[notifconf: me]", "d [notifconf: other]"])
modes = st.sampled_from(["create-only", "upsert-only", "sync"])


def optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries({}, optional=members)


@st.composite
def both(draw: st.DrawFn, required: st.SearchStrategy[Document], more: st.SearchStrategy[Document]) -> Document:
    return draw(required) | draw(more)


# Confluent Cloud

TYPES = ("Kafka cluster shrink failure", "Connector in FAILED state", "Kafka cluster expansion failure")
REQUIRED = "SAML certificate is expiring soon"
RESOURCES = ("environment=env-1", "environment=env-1/cloud-cluster=lkc-1")
KEYS = ("a", "b", "c")
states = st.sampled_from(["ENABLED", "DISABLED"])
urls = st.sampled_from([f"https://hooks.example.test/{letter * 8}" for letter in "xyz"])
targets = st.builds(lambda url: {"kind": "Slack", "webhook_url": url}, urls) | st.builds(
    lambda url: {"kind": "Webhook", "url": url}, urls
)


def _subscribed(
    integrations: st.SearchStrategy[str], types: tuple[str, ...], *, required: bool, adds: bool = False
) -> st.SearchStrategy[list[Document]]:
    def entry(name: str, to: list[str], state: str, add: bool) -> Document:
        if add:
            return {"notification_type": name, "add": to}
        return {
            "notification_type": name,
            "integrations": to,
            "current_state": "ENABLED" if name == REQUIRED else state,
        }

    one = st.builds(
        entry,
        st.sampled_from((*types, REQUIRED) if required else types),
        st.lists(integrations, min_size=1, max_size=3, unique=True),
        states,
        st.sampled_from([False, adds]),
    )
    return st.lists(one, max_size=4, unique_by=lambda item: str(item["notification_type"]))


@st.composite
def confluent(draw: st.DrawFn) -> World:
    """Integrations, subscriptions, mutes and resource subscriptions, any section of which may be absent."""
    declared = draw(
        st.dictionaries(
            st.sampled_from(KEYS),
            both(st.fixed_dictionaries({"target": targets}), optional(description=st.sampled_from(["", "x", "y"]))),
        )
    )
    admins: Document = {"admins": {"target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}}}
    references: st.SearchStrategy[str] = st.sampled_from([*declared, "admins"])
    resource = optional(
        muted=st.booleans(), subscriptions=_subscribed(references, TYPES[:2], required=False, adds=True)
    )
    resources = [
        {"resource": path, **entry}
        for path, entry in draw(st.dictionaries(st.sampled_from(RESOURCES), resource)).items()
    ]
    document = {
        "integrations": declared | admins,
        "resources": resources,
        **draw(optional(subscriptions=_subscribed(references, TYPES, required=True, adds=True))),
        "policy": draw(policies),
    }
    names = draw(st.lists(st.sampled_from([*KEYS, "Other"]), max_size=3, unique=True))
    live = [
        {"id": f"i-{name}", "display_name": name, "description": draw(marked), "target": draw(targets)}
        for name in names
    ]
    used: st.SearchStrategy[str] = st.sampled_from([*(f"i-{name}" for name in names), "admins"])
    objects: Objects = {
        "integrations": live,
        "subscriptions": draw(_subscribed(used, TYPES, required=True)),
        "resource-preferences": [
            {"resource": path, "resource_type": _type(path), "current_state": state}
            for path, state in draw(st.dictionaries(st.sampled_from(RESOURCES), states)).items()
        ],
        "resource-subscriptions": [
            {"resource": path, "resource_type": _type(path), **entry}
            for path in RESOURCES
            for entry in draw(_subscribed(used, TYPES[:2], required=False))
        ],
    }
    return World(document, objects, {})


def _type(path: str) -> str:
    return "CLUSTER" if "lkc" in path else "ENVIRONMENT"


# Kong Konnect

BILLING = "billing.invoice.ready"
EVENTS = ("organization.access-token.expiring", "gateway-manager.dataplane.out-of-sync", BILLING)
regions = st.lists(st.sampled_from(["EU", "US", "*"]), min_size=1, max_size=2, unique=True)
entities = st.lists(st.sampled_from(["x", "y", "*"]), min_size=1, max_size=2, unique=True)


def _legal(entry: Document) -> Document:
    """Keep a declared billing event as the service demands it."""
    if entry["event"] != BILLING:
        return entry
    return entry | {"enabled": True, "channels": entry.get("channels", {}) | {"EMAIL": True}}


def _alive(item: Document) -> Document:
    """Keep a live billing event as the service lets it be."""
    if item["event_id"] != BILLING:
        return item
    return item | {"enabled": True, "channels": [{"type": "EMAIL", "enabled": True}, *item.get("channels", [])[1:]]}


def _where(item: Document) -> str:
    place = (sorted(item.get("regions", "*")), sorted(item.get("entities", "*")))
    return repr((item.get("event", item.get("event_id")), place))


@st.composite
def konnect(draw: st.DrawFn) -> World:
    """Subscriptions of three events, of a newer or an older service, where some may live without a name."""
    legacy = draw(st.booleans())
    entry = both(
        st.fixed_dictionaries({"event": st.sampled_from(EVENTS), "name": st.sampled_from(KEYS)}),
        optional(
            regions=regions,
            entities=entities,
            channels=optional(EMAIL=st.booleans(), IN_APP=st.booleans()),
            enabled=st.booleans(),
        ),
    )
    channels = st.tuples(st.booleans(), st.booleans()).map(
        lambda on: [{"type": name, "enabled": enabled} for name, enabled in zip(("EMAIL", "IN_APP"), on, strict=True)]
    )
    item = both(
        st.fixed_dictionaries({"event_id": st.sampled_from(EVENTS), "regions": regions, "entities": entities}),
        both(optional(name=st.sampled_from([*KEYS, "other"])), optional(channels=channels, enabled=st.booleans())),
    )

    def by_name(found: Document) -> str:
        return repr((found.get("event", found.get("event_id")), found["name"])) if "name" in found else _where(found)

    # What an older service keeps no name of can't be told from another that applies where it does.
    keys: Any = (by_name, _where) if legacy else (by_name,)
    declared = draw(st.lists(entry.map(_legal), max_size=5, unique_by=keys))
    live = draw(st.lists(item.map(_alive), max_size=5, unique_by=keys))
    for number, found in enumerate(live):
        if "name" in found and not legacy:
            mark = draw(st.sampled_from(["", "", " [notifconf: me]", f" [notifconf: other-{number}]"]))
            found["name"] += mark
    return World(
        {"subscriptions": declared, "policy": draw(policies)}, {"event-subscriptions": live}, {"legacy": legacy}
    )


WORLDS: dict[str, st.SearchStrategy[World]] = {"confluent": confluent(), "konnect": konnect()}
