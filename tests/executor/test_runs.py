"""Whole applies: each request with all that it sends, and each outcome with all that it says.

The other tests of the executor look at what they are about. `runs.txt` shows what changes beside that:
`python -m tests.executor.test_runs` writes it: read the difference.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from notifconf.errors import ConflictError, ServerError
from notifconf.http.exchange import Exchange, record_exchange
from notifconf.model.policy import Mode, Policy
from notifconf.model.state import Live
from tests.executor.service import Service, lost, refused
from tests.executor.test_recovery import Failing, gateway
from tests.executor.test_twins import AFTER, BEFORE, Shared, twin
from tests.executor.trial import applied
from tests.plan.world import NOW, addition, channel, live_channel, live_route, owned, reader, route

RUNS = Path(__file__).with_name("runs.txt")
SYNC = Policy(mode=Mode.SYNC, max_deletes=99)
NESTED = {"map": {"name": "n", "count": 1}, "list": ("y", "x")}


class Recorder:
    """A connection that notes each call of a service, with what it is given."""

    def __init__(self, service):
        self.service, self.lines = service, []
        self.live = service.live

    def __getattr__(self, name):
        async def call(*args):
            shown = [len(item.resources) if isinstance(item, Live) else item for item in args]
            self.lines.append(f"{name} {json.dumps(shown)}")
            if name in {"create", "update", "delete"}:
                record_exchange(Exchange(name, "", 1, 200, 0.0, f"req-{len(self.lines)}"))
            return await getattr(self.service, name)(*args)

        return call


class Overwritten(Service):
    """Somebody writes these lists after this run has written them."""

    def __init__(self, *live, lists, gone=()):
        super().__init__(*live)
        self.lists, self.gone = lists, gone

    async def reread(self, live, touched):
        for object_id in self.gone:
            self.objects.pop(object_id, None)
        for object_id, channels in self.lists.items():
            there = self.objects[object_id]
            self.objects[object_id] = replace(there, attributes={**there.attributes, "channels": channels})
        self.lists = {}
        return await super().reread(live, touched)


class Told(Shared):
    """Somebody else lets a route of this run tell the twin that goes, once."""

    tells = True

    async def reread(self, live, touched):
        for item in list(self.objects.values()):
            if item.name == "u" and self.tells:
                self.tells = False
                channels = tuple(sorted((*item.attributes["channels"], "new-4-a")))
                self.objects[item.id] = replace(item, attributes={**item.attributes, "channels": channels})
        return await super().reread(live, touched)


class Undeleted(Shared):
    """A delete is lost, and does not come about."""

    async def delete(self, kind, object_id, attributes):
        raise lost()


class InTheWay(Service):
    """Somebody makes routes of these topics right before this run does."""

    def __init__(self, *live, others):
        super().__init__(*live)
        self.others = {item.name: item for item in others}

    async def create(self, kind, attributes):
        if other := self.others.pop(attributes.get("topic"), None):
            self.objects[other.id] = other
        return await super().create(kind, attributes)


def faulty(service, **faults):
    """Let calls of a service fail: `create_a=[…]`."""
    for name, errors in faults.items():
        service.faults[tuple(name.split("_"))] = errors
    return service


def traced(status=500, **options):
    return ServerError("failed", status=status, request_id="req-1", **options)


LIVE = [
    live_channel("c1", "a", "old", map={"count": 1, "gone": True}),
    live_channel("c2", "b"),
    live_channel("c3", "old"),
    live_channel("c5", "mail", kept="read-only"),
    live_route("r1", "t", "c1", "c3"),
    live_route("r2", "gone", "c2", "c3"),
    live_route("r3", "must", "c2", kept="required"),
]
TEN = [channel(key) for key in "abcdefghij"]
ROUTES = [channel("a"), channel("b"), *(addition(f"t{number}", "a") for number in range(4))]
ROUTES += [channel("n"), addition("t5", "n"), route("t4", "a"), addition("t6", "a")]
LISTS = [live_channel("c1", "a"), live_channel("c2", "b"), live_channel("c3", "c")]
LISTS += [live_route(f"r{number}", f"t{number}", "c2") for number in range(7)]


def make_runs():
    """Yield applies: what they show, what is declared, a service, and options."""
    declared = [channel("a", "new", **NESTED), channel("new", note="n", **NESTED), reader("mail"), channel("b")]
    declared += [route("t", "new", "mail"), route("u", "new", "a", "b", state="OFF")]
    yield "each kind of change", declared, Service(*LIVE), {"policy": SYNC}
    yield "nothing to verify", declared[:2], Service(*LIVE), {"policy": Policy(verify_integrations=False)}
    owner = [channel("a"), channel("b", note="n"), route("t", "a")]
    live = [live_channel("c1", "a"), owned("c2", "b", "old"), owned("c3", "c", "me"), live_route("r1", "t", "c3", "c2")]
    yield "an owner", owner, Service(*live), {"policy": Policy(owner="me", mode=Mode.SYNC, takes_over=("old",))}
    yield "gone since", owner, Service(), {"policy": Policy(owner="me"), "seen": Service(*live[::3])}
    theirs = [owned("c1", "a", "you"), *live[1:]]
    yield "marked since", owner, Service(*theirs), {"policy": Policy(owner="me"), "seen": Service(*live[::3])}
    failing = faulty(
        Service(live_channel("c1", "old"), live_channel("c2", "x", "old"), live_route("r1", "t", "c1"), unique=False),
        create_a=[traced()],
        create_b=[lost()],
        create_c=[traced(sent=True)],
        find_c=[refused()] * 9,
        verify_d=[lost()],
        update_x=[traced(sent=True)],
        update_t=[refused()],
        delete_old=[ConflictError("in use", status=409)],
    )
    many = [*TEN[:5], channel("x"), *(route(key, key) for key in "abcde"), route("t", "e")]
    many += [route("aa", "a", "c"), route("cc", "c")]
    yield "failures", many, failing, {"policy": SYNC}
    kept = faulty(Service(live_channel("c1", "old")), delete_old=[ConflictError("in use", status=409)])
    yield "kept", [], kept, {"policy": SYNC}
    conflicts = InTheWay(
        live_channel("c1", "a"),
        live_channel("c2", "b"),
        others=[live_route("r7", "t", "c1"), live_route("r8", "u", "c2"), live_route("r9", "v", "c1", state="OFF")],
    )
    yield "in the way", [channel("a"), *(route(topic, "a") for topic in "tuvw")], conflicts, {}
    impatient = Failing(errors=[gateway(503, retry_after=3600)])
    yield "asked to wait for too long", [channel("a")], impatient, {}
    waiting = Failing(errors=[gateway(503, retry_after=30), gateway(503, retry_after=120), gateway(503)])
    yield "asked to wait", [channel("a"), route("t", "a")], waiting, {}
    there = [
        live_channel("c1", "a"),
        owned("c2", "b", "me"),
        owned("c3", "c", "you"),
        live_route("r2", "u", "c2", "c3"),
    ]
    less = [replace(live_route("r1", "t"), attributes={"topic": "t", "state": "ON"}), live_route("r2", "u", "c2")]
    for name, own, found in (
        ("routes are gone since", Policy(owner="me", mode=Mode.SYNC), []),
        (
            "routes tell others since",
            SYNC,
            [live_route("r1", "t", "c7", "c8"), live_route("r2", "u", "c2", "c3", "c9")],
        ),
        ("routes tell nobody since", Policy(owner="me", mode=Mode.SYNC), less),
    ):
        seen = Service(*there, live_route("r1", "t"))
        yield name, [channel("a"), route("t", "a")], Service(*there[:3], *found), {"policy": own, "seen": seen}
    hidden = Service(unique=False)
    hidden.hidden = 4
    yield "lost", TEN[:1], faulty(hidden, create_a=[lost()]), {}
    changed = {"r0": ("c2",), "r1": ("c2", "c3"), "r2": (), "r3": ("c1",), "r4": (), "r5": ("c2",)}
    yield "written over", ROUTES, faulty(Overwritten(*LISTS, lists=changed, gone=["c2"]), update_t6=[refused()]), {}
    taken = {"r0": ("c1", "c2"), "r1": ("c1", "c3")}
    swapped = [channel("a"), channel("b"), channel("c"), *(route(f"t{number}", "a") for number in range(2))]
    yield "put in again", swapped, Overwritten(*LISTS, lists=taken), {"policy": Policy(owner="me")}
    again = faulty(Overwritten(*LISTS, lists={"r0": ("c2",), "r1": ("c2",)}), get_t0=[None, refused()])
    yield "written over for good", ROUTES[:4], again, {}
    declared = [channel("a", line=4), channel("z"), route("t", "a", "z"), route("u", "z"), route("v", "a")]
    live = [live_channel("c0", "z"), live_route("r1", "t", "c0"), live_route("r2", "theirs", "c0")]
    for name, other in {
        "an older twin": twin(created_at=BEFORE),
        "a newer twin": twin(created_at=AFTER),
        "a twin of the same age": twin("z", created_at=NOW),
        "a twin of unknown age": twin("z", created_at=None),
        "a namesake": twin(url="another"),
    }.items():
        yield name, declared, Shared(*live, twin=other), {}
    yield "an older twin, and somebody tells the other", declared, Told(*live, twin=twin()), {}
    yield "an older twin, and each delete is lost", declared, Undeleted(*live, twin=twin()), {}
    for call, errors in {
        "update_t": [None, refused()],
        "delete_a": [refused(), lost(sent=False)],
        "get_v": [refused()],
    }.items():
        yield f"an older twin, and {call} fails", declared, faulty(Shared(*live, twin=twin()), **{call: errors}), {}


def list_run(declared, service, options):
    """Yield each request of an apply, and all that its outcome says."""
    recorder = Recorder(service)
    lines = recorder.lines

    async def sleep(seconds):
        is_random = 2 < seconds <= 8 and seconds != 4
        lines.append("sleep for 2 to 8 seconds, at random" if is_random else f"sleep {seconds:g}")

    outcome = applied(
        declared,
        recorder,
        sleep=sleep,
        parallelism=1,
        progress=lambda item: lines.append(f"ended {item.change.address} {item.result}"),
        **options,
    )
    yield from lines
    for item in outcome.changes:
        said = (str(item.result), item.id, item.error, item.uncertain, item.request_id, item.changed_since)
        yield f"{item.change.action} {item.change.address} {json.dumps(said)}"
    yield from (f"{item} [{item.address}]" for item in outcome.diagnostics)
    left = [f"{change.action} {change.address}" for change in outcome.left]
    summary = (outcome.complete, outcome.changed_something, outcome.interrupted, left, outcome.verification_error)
    yield json.dumps(summary)
    for item in service.objects.values():
        yield f"{item.id} {sorted(item.attributes.items())}"


def list_runs():
    """Yield the lines of `runs.txt`, so that the first one that differs ends the test."""
    for name, declared, service, options in make_runs():
        yield f"# {name}"
        yield from list_run(declared, service, options)


def test_whole_runs():
    lines = list_runs()
    for expected in RUNS.read_text(encoding="utf-8").splitlines():
        assert next(lines, None) == expected
    assert next(lines, None) is None


if __name__ == "__main__":
    RUNS.write_text("\n".join([*list_runs(), ""]), encoding="utf-8")
