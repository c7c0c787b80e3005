"""The small service of the planner's tests, in memory, as a connection: it can be told to fail."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from notifconf.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    TransportError,
)
from notifconf.model.resource import LiveResource, Secret
from notifconf.model.state import Live
from notifconf.plan.ownership import split_mark
from tests.plan.world import CHANNEL, NOW, ROUTE, World


class Service:
    """Holds objects as `LiveResource`s; keeps the names of channels and the topics of routes unique, as asked.

    `faults` maps (operation, object) -> errors to raise, one a call; an error with `sent` is raised after the deed.
    """

    def __init__(self, *live, unique=True):
        self.objects = {item.id: item for item in live}
        self.faults = defaultdict(list)
        self.calls = []
        self.unique = unique
        self.hidden = 0
        self.now = NOW

    def live(self):
        objects = tuple(self.objects.values())
        return Live(objects, names={item.id: item.name for item in objects if item.kind == "channel"})

    async def read(self, workspace):
        del workspace
        self._call("read", "")
        return self.live()

    async def reread(self, live, touched):
        del live
        self._call("reread", ",".join(sorted(_name(kind, attributes) for kind, attributes in touched)))
        return self.live()

    async def create(self, kind, attributes):
        name = _name(kind, attributes)
        fault = self._call("create", name)
        if self.unique and self._bearers(kind, attributes):
            raise ConflictError("it exists", status=409)
        object_id = f"new-{len(self.objects) + 1}-{name}"
        self.objects[object_id] = replace(_resource(kind, object_id, attributes), created_at=self.now)
        if fault is not None:
            raise fault
        return object_id

    async def update(self, kind, object_id, attributes, changed):
        fault = self._call("update", _name(kind, attributes))
        if object_id not in self.objects:
            raise NotFoundError("it is gone", status=404)
        self.changed = tuple(changed)
        self.objects[object_id] = _resource(kind, object_id, attributes)
        if fault is not None:
            raise fault

    async def delete(self, kind, object_id, attributes):
        fault = self._call("delete", _name(kind, attributes))
        if object_id not in self.objects:
            raise NotFoundError("it is gone", status=404)
        if any(object_id in item.attributes.get("channels", ()) for item in self.objects.values()):
            raise ConflictError("it is in use", status=409)
        del self.objects[object_id]
        if fault is not None:
            raise fault

    async def find(self, kind, attributes):
        self._call("find", _name(kind, attributes))
        if self.hidden:
            self.hidden -= 1
            return []
        return self._bearers(kind, attributes)

    async def get(self, kind, object_id, attributes):
        self._call("get", _name(kind, attributes) if attributes else object_id)
        return self.objects.get(object_id)

    async def verify(self, kind, attributes):
        self._call("verify", _name(kind, attributes))

    def _bearers(self, kind, attributes):
        identity = _resource(kind, "", attributes).identities
        return [item for item in self.objects.values() if item.kind == kind and item.identities == identity]

    def _call(self, operation, name):
        """Note a call; raise its fault, or return one to be raised after the deed."""
        self.calls.append(f"{operation} {name}".strip())
        faults = self.faults[operation, name]
        fault = faults.pop(0) if faults else None
        if fault is not None and not fault.sent:
            raise fault
        return fault

    def written(self):
        return [call for call in self.calls if call.split()[0] in {"create", "update", "delete"}]


class Prover(World):
    """The same world as a provider whose channels are verified before their target is written.

    Its service refuses a second route of a topic; channels may bear the same name.
    """

    def __init__(self):
        super().__init__(kinds=(CHANNEL, ROUTE._replace(unique=True, is_target=False)))

    def verifies(self, kind, changed):
        return kind == "channel" and "target" in changed

    def identities(self, kind, attributes):
        return _resource(kind, "", attributes).identities

    def is_alike(self, one, other):
        return one.attributes["target"] == other.attributes["target"]


def refused():
    return InvalidRequestError("no", status=400)


def lost(*, sent=True):
    return TransportError("the connection broke", sent=sent)


def _name(kind, attributes):
    return attributes["name" if kind == "channel" else "topic"]


def _resource(kind, object_id, attributes):
    name = _name(kind, attributes)
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in attributes.items()
    }
    if "target" in values:
        values["target"] = {key: Secret(value) if key == "url" else value for key, value in values["target"].items()}
    if "channels" in values:
        values["channels"] = tuple(sorted(values["channels"]))
    identity = ("name" if kind == "channel" else "topic", name)
    owner = split_mark(str(attributes.get("note", "")))[1]
    return LiveResource(kind, object_id, name, (identity,), values, owner=owner)
