"""A small service to plan for: channels, and routes that refer to them. The planner knows no vendor, nor do these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from notifconf.model.coverage import Channel, Reach
from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import Plan, Silence
from notifconf.model.policy import Policy
from notifconf.model.resource import Kind, LiveResource, Mark, Resource, Secret
from notifconf.model.state import Live, Options, Workspace
from notifconf.plan.ownership import add_mark, split_mark
from notifconf.plan.planner import make_plan
from notifconf.plan.rules import Resolution, Rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANNEL = Kind("channel", "channels", mark=Mark("note", 40))
ROUTE = Kind("route", "routes", frozenset({"topic", "channels"}))


@dataclass(frozen=True)
class Declared:
    resources: tuple[Resource, ...] = ()
    managed: frozenset[str] = frozenset({"channel", "route"})
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class World(Rules):
    name: str = "world"
    kinds: tuple[Kind, ...] = (CHANNEL, ROUTE)
    reviews: list[object] = field(default_factory=list)

    def resolve(self, workspace, live, now):
        del live, now
        declared = workspace.declarations
        return Resolution(declared.resources, declared.diagnostics)

    def silences(self, changes, after):
        del after
        off = (change for change in changes if (change.after or {}).get("state") == "OFF")
        return [Silence(change.address, "is switched off") for change in off]

    def is_off(self, kind, attributes):
        return kind == "route" and (attributes is None or attributes["state"] == "OFF")

    def coverage(self, live):
        """What each topic reaches, by the first word of its name; what goes to everyone doesn't count."""
        names: dict[Any, Any] = {item.id: item.attributes["name"] for item in live.resources if item.kind == "channel"}
        for route in sorted(live.resources, key=lambda item: item.name):
            if route.kind == "route":
                topic: Any = route.attributes["topic"]
                targets: Any = route.attributes["channels"] if route.attributes["state"] == "ON" else ()
                told = [Channel("Hook", target, names[target]) for target in targets if target in names]
                counted = tuple(channel for channel in told if channel.name != "everyone")
                anyhow = tuple(channel for channel in told if channel.name == "everyone")
                key = frozenset({(route.kind, route.id)})
                yield Reach(topic, topic, topic.split()[0].upper(), counted, anyhow, key, in_plan=topic != "critical x")

    def review(self, pairs, undeclared, live):
        self.reviews.append((tuple(pairs), tuple(undeclared), live))
        return ()


def channel(key, url="u", *, name=None, pin=None, line=1, **extra):
    """A declared channel, recognised by its name."""
    name = name or key
    return Resource(
        "channel",
        f"channels/{key}",
        (("name", name),),
        {"name": name, "target": {"kind": "Hook", "url": Secret(url, "${URL}")}, **extra},
        Position("w.yaml", line, 1),
        name=name,
        pin=pin,
    )


def reader(key):
    """A declared channel that can only be referred to."""
    return Resource(
        "channel", f"channels/{key}", (("reader", key),), {}, Position("w.yaml", 7, 1), name=key, writable=False
    )


def addition(topic, *channels):
    """A declared route to which entries only add channels, and whose state nobody declares."""
    declared = route(topic, *channels, adds=True)
    return declared._replace(attributes={name: declared.attributes[name] for name in ("topic", "channels")})


def route(topic, *channels, state="ON", **options):
    """A declared route of a topic to channels, by their keys."""
    return Resource(
        "route",
        f"routes/{topic}",
        (("topic", topic),),
        {"topic": topic, "channels": tuple(f"channels/{key}" for key in channels), "state": state},
        Position("w.yaml", 9, 3),
        **options,
    )


def live_channel(object_id, name=None, url="u", *, kept=None, **extra):
    name = name or object_id
    identity = ("reader", name) if kept == "read-only" else ("name", name)
    attributes = {"name": name, "target": {"kind": "Hook", "url": Secret(url)}, **extra}
    owner = None if kept else split_mark(extra.get("note", ""))[1]
    return LiveResource("channel", object_id, name, (identity,), attributes, kept, owner=owner)


def owned(object_id, name, owner, **extra):
    """A live channel with the mark of an owner."""
    return live_channel(object_id, name, note=add_mark("", owner), **extra)


def live_route(object_id, topic, *channels, state="ON", kept=None):
    return LiveResource(
        "route",
        object_id,
        topic,
        (("topic", topic),),
        {"topic": topic, "channels": tuple(sorted(channels)), "state": state},
        kept,
    )


def planned(
    declared=(), live=(), *, policy=None, managed=None, diagnostics=(), workspace_diagnostics=(), **options
) -> Plan:
    declarations = Declared(
        tuple(declared), frozenset({"channel", "route"} if managed is None else managed), tuple(diagnostics)
    )
    workspace = Workspace("world", declarations, policy or Policy(), diagnostics=tuple(workspace_diagnostics))
    names = {item.id: item.name for item in live if item.kind == "channel"}
    return make_plan(workspace, Live(tuple(live), names=names), NOW, World(), Options(**options))


def did(plan: Plan) -> list[str]:
    """The plan in short: `+ routes/a`, in order."""
    signs = {"create": "+", "update": "~", "delete": "-"}
    return [f"{signs[change.action]} {change.address}" for change in plan.changes]


def codes(plan: Plan) -> list[str]:
    return sorted(f"{item.severity}:{item.code}" for item in plan.diagnostics)


def kept(plan: Plan) -> dict[str, str]:
    return {item.address: item.kept for item in plan.unmanaged}
