"""Two runs that create the same thing at once: which one gives way, and what it never does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from notifconf.errors import ConflictError
from notifconf.model.policy import Mode, Policy
from tests.executor.service import Service, lost, refused
from tests.executor.trial import applied, results
from tests.plan.world import NOW, channel, live_channel, live_route, route

BEFORE, AFTER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
DECLARED = [channel("a"), route("t", "a")]


def twin(object_id="c9", url="u", created_at=BEFORE, name="a"):
    return replace(live_channel(object_id, name, url), created_at=created_at)


class Shared(Service):
    """Another run makes `twin` while this one creates its channel."""

    def __init__(self, *live, twin):
        super().__init__(*live, unique=False)
        self.twin = twin

    async def create(self, kind, attributes):
        created = await super().create(kind, attributes)
        if kind == "channel":
            self.objects[self.twin.id] = self.twin
        return created


def channels(service):
    return sorted(item.id for item in service.objects.values() if item.kind == "channel")


def told(service):
    return [item.attributes["channels"] for item in service.objects.values() if item.kind == "route"]


def test_the_newer_gives_way_and_its_references_go_to_the_older():
    service = Shared(twin=twin())
    outcome = applied(DECLARED, service)
    assert (channels(service), told(service)) == (["c9"], [("c9",)])
    assert [item.id for item in outcome.changes] == ["c9", "new-3-t"]
    assert outcome.complete
    assert [(item.code, item.address) for item in outcome.diagnostics] == [("twin-deleted", "channels/a")]
    assert service.written()[-2:] == ["update t", "delete a"]
    assert applied(DECLARED, service).plan.changes == ()


def test_what_was_updated_goes_to_the_older_too():
    service = Shared(live_channel("c0", "z"), live_channel("c8", "gone"), live_route("r1", "t", "c0"), twin=twin())
    declared = [channel("a", line=4), channel("z"), route("t", "a", "z"), route("u", "z")]
    outcome = applied(declared, service, policy=Policy(mode=Mode.SYNC, max_deletes=9))
    assert sorted(told(service)) == [("c0",), ("c0", "c9")]
    assert outcome.complete
    assert [(item.id, item.error, item.uncertain) for item in outcome.changes] == [
        ("c9", None, False),
        ("r1", None, False),
        ("new-6-u", None, False),
        ("c8", None, False),
    ]
    (said,) = outcome.diagnostics
    assert (str(said.position), said.severity) == ("w.yaml:4:1", "warning")
    assert "c9 stays, and this run deleted its own new-4-a" in said.message


@pytest.mark.parametrize(("ours", "theirs"), [("new-1-a", "a"), ("new-1-a", "new-0")])
def test_of_the_same_age_the_greater_id_gives_way(ours, theirs):
    service = Shared(twin=twin(theirs, created_at=NOW))
    assert applied([channel("a")], service).complete
    assert channels(service) == [theirs]
    assert ours not in service.objects


@pytest.mark.parametrize("created_at", [NOW, None])
def test_of_the_same_age_the_smaller_id_gives_way_only_to_one_that_stays(created_at):
    service = Shared(twin=twin("z", created_at=created_at))
    assert applied(DECLARED, service).complete
    assert (channels(service), told(service)) == (["z"], [("z",)])
    assert len([call for call in service.calls if call.startswith("reread")]) > 5


@pytest.mark.parametrize("created_at", [NOW, AFTER])
@pytest.mark.parametrize("looks", [1, 4])
def test_the_older_waits_until_the_other_run_gives_way(created_at, looks):
    class Yielding(Shared):
        async def reread(self, live, touched):
            self.looks = getattr(self, "looks", 0) + 1
            if self.looks > looks:
                self.objects.pop("z", None)
            return await super().reread(live, touched)

    service = Yielding(twin=twin("z", created_at=created_at))
    assert applied(DECLARED, service).complete
    assert channels(service) == ["new-1-a"]
    assert not any(call.startswith("delete") for call in service.calls)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(twin(created_at=AFTER), id="newer, and it stays"),
        pytest.param(twin(url="another"), id="another target"),
    ],
)
def test_what_is_not_settled_is_not_complete(other):
    service = Shared(twin=other)
    outcome = applied(DECLARED, service)
    assert set(results(outcome).values()) == {"applied"}
    assert (outcome.complete, outcome.changed_something) == (False, True)
    assert "c9 and new-1-a are called the same, and this run created new-1-a" in outcome.verification_error
    assert channels(service) == ["c9", "new-1-a"]
    assert service.written() == ["create a", "create t"]


def test_what_was_only_adopted_is_never_deleted():
    class Lost(Shared):
        async def find(self, kind, attributes):
            found = await super().find(kind, attributes)
            self.objects["c9"] = self.twin
            return found

    service = Lost(twin=twin())
    service.faults["create", "a"] = [lost()]
    outcome = applied(DECLARED, service)
    assert channels(service) == ["c9", "new-1-a"]
    assert "c9 and new-1-a are called the same, and this run adopted new-1-a" in outcome.verification_error


def test_a_namesake_that_is_declared_is_no_twin():
    service = Service(live_channel("c1", "Old"), unique=False)
    outcome = applied([channel("one", name="New", pin="c1"), channel("two", name="New")], service)
    assert "called the same, and this run" not in (outcome.verification_error or "")
    assert len(channels(service)) == 2


def test_nothing_is_deleted_where_the_survivor_is_gone():
    """The list lags: it shows what somebody deleted."""

    class Stale(Shared):
        async def get(self, kind, object_id, attributes):
            return None if object_id == "c9" else await super().get(kind, object_id, attributes)

    service = Stale(twin=twin())
    outcome = applied(DECLARED, service)
    assert "new-1-a" in channels(service)
    assert told(service) == [("new-1-a",)]
    assert "c9 is not what it was" in outcome.verification_error


def test_nothing_is_deleted_that_something_else_refers_to():
    class Referred(Shared):
        async def reread(self, live, touched):
            self.objects["r9"] = live_route("r9", "theirs", "new-1-a")
            self.objects["r8"] = live_route("r8", "others", "new-1-a")
            return await super().reread(live, touched)

    service = Referred(twin=twin())
    outcome = applied(DECLARED, service)
    assert channels(service) == ["c9", "new-1-a"]
    assert "since others, theirs still refers to it" in outcome.verification_error
    assert service.objects["r9"].attributes["channels"] == ("new-1-a",)
    assert not any(call.startswith("delete") for call in service.calls)


@pytest.mark.parametrize(("operation", "name"), [("update", "t"), ("delete", "a"), ("get", "a")])
def test_a_settlement_that_fails_is_not_complete_and_tried_again(operation, name):
    service = Shared(twin=twin())
    service.faults[operation, name] = [ConflictError("in use", status=409)]
    assert applied(DECLARED, service).complete
    assert channels(service) == ["c9"]
    service = Shared(twin=twin())
    service.faults[operation, name] = [refused()] * 9
    outcome = applied(DECLARED, service)
    assert "c9 and new-1-a" in outcome.verification_error
    assert channels(service) == ["c9", "new-1-a"]


def test_a_delete_whose_answer_is_lost_is_done_where_the_object_is_gone():
    service = Shared(twin=twin())
    service.faults["delete", "a"] = [lost()]
    outcome = applied(DECLARED, service)
    assert (outcome.complete, channels(service)) == (True, ["c9"])
    assert service.calls.count("delete a") == 1


def test_a_stop_settles_nothing_and_names_both():
    stop = asyncio.Event()
    service = Shared(twin=twin())
    outcome = applied([channel("a")], service, stop=stop, progress=lambda _: stop.set())
    assert channels(service) == ["c9", "new-1-a"]
    assert "c9 and new-1-a" in outcome.verification_error
    assert len([call for call in service.calls if call.startswith("reread")]) == 1


def test_to_halt_in_the_middle_leaves_nobody_out():
    """References go first: what is left is a twin that nothing refers to."""
    stop, halt = asyncio.Event(), asyncio.Event()

    class Hanging(Shared):
        async def delete(self, kind, object_id, attributes):
            stop.set()
            halt.set()
            await asyncio.Event().wait()

    service = Hanging(twin=twin())
    outcome = applied(DECLARED, service, stop=stop, halt=halt)
    assert (told(service), channels(service)) == ([("c9",)], ["c9", "new-1-a"])
    assert outcome.interrupted
    assert "interrupted" in outcome.verification_error
    assert "c9 and new-1-a" in outcome.verification_error


def test_what_was_in_the_way_is_adopted_once_the_twins_are_settled():
    """The other run subscribed its own twin first: that is as declared once this run has given way."""

    class Ahead(Shared):
        async def create(self, kind, attributes):
            if kind == "route":
                self.objects["r9"] = live_route("r9", "t", "c9")
                self.unique = True
            return await super().create(kind, attributes)

    service = Ahead(twin=twin())
    outcome = applied(DECLARED, service)
    assert results(outcome) == {"channels/a": "applied", "routes/t": "applied"}
    assert [item.id for item in outcome.changes] == ["c9", "r9"]
    assert outcome.complete


def test_what_is_in_the_way_is_waited_for_until_the_other_run_has_repointed_it():
    class Slow(Shared):
        async def create(self, kind, attributes):
            if kind == "route":
                self.objects["r9"] = live_route("r9", "t", "z")
                self.unique = True
            return await super().create(kind, attributes)

        async def reread(self, live, touched):
            found = await super().reread(live, touched)
            self.looks = getattr(self, "looks", 0) + 1
            if self.looks == 2:
                self.objects.pop("z")
                found = self.live()
                self.objects["r9"] = live_route("r9", "t", "new-1-a")
            return found

    service = Slow(twin=twin("z", created_at=AFTER))
    outcome = applied(DECLARED, service)
    assert results(outcome) == {"channels/a": "applied", "routes/t": "applied"}
    assert outcome.complete


def test_what_failed_does_not_keep_others_from_being_repointed():
    service = Shared(live_route("r1", "u", "c0"), live_channel("c0", "z"), twin=twin())
    service.faults["create", "b"] = [refused()]
    declared = [channel("a"), channel("b"), channel("z"), *(route(topic, "a") for topic in ("t", "u", "v"))]
    outcome = applied(declared, service, parallelism=1)
    assert told(service) == [("c9",)] * 3
    assert channels(service) == ["c0", "c9"]
    assert {name for name, result in results(outcome).items() if result == "failed"} == {"channels/b"}
    assert [(item.id, item.uncertain) for item in outcome.changes if item.change.address != "channels/b"] == [
        ("c9", False),
        ("new-5-t", False),
        ("r1", False),
        ("new-6-v", False),
    ]


def test_a_single_reference_is_repointed_too():
    declared = [channel("a"), route("t")._replace(attributes={"topic": "channels/a", "channels": (), "state": "ON"})]
    service = Shared(twin=twin())
    applied(declared, service)
    assert [item.attributes["topic"] for item in service.objects.values() if item.kind == "route"] == ["c9"]
    assert service.changed == ("topic",)
    assert channels(service) == ["c9"]


def test_an_object_that_a_list_does_not_show_is_repointed_as_it_was_written():
    class Hiding(Shared):
        async def reread(self, live, touched):
            found = await super().reread(live, touched)
            return replace(found, resources=tuple(item for item in found.resources if item.kind == "channel"))

    service = Hiding(twin=twin())
    outcome = applied(DECLARED, service)
    assert told(service) == [("c9",)]
    assert channels(service) == ["c9"]
    assert not outcome.complete
