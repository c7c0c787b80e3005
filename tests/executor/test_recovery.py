"""Creates that are not answered with success: what is sent again, what is adopted, what stays unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from notifconf.errors import ConflictError, ServerError
from notifconf.model.policy import Mode, Policy
from tests.executor.service import Service, lost, refused
from tests.executor.trial import applied, results
from tests.plan.world import channel, live_channel, live_route, route


def gateway(status, *, retry_after=0.0):
    error = ServerError(f"answered {status}", status=status, sent=True)
    error.retry_after = retry_after
    return error


class Failing(Service):
    """Fails the first creates with these errors, before or after the deed."""

    def __init__(self, *live, errors, done=False, unique=False):
        super().__init__(*live, unique=unique)
        self.errors = list(errors)
        self.done = done

    async def create(self, kind, attributes):
        if not self.errors:
            return await super().create(kind, attributes)
        error = self.errors.pop(0)
        if self.done:
            await super().create(kind, attributes)
        else:
            self.calls.append(f"create {attributes.get('name', attributes.get('topic'))}")
        raise error


def names(service):
    return sorted(item.name for item in service.objects.values())


@pytest.mark.parametrize("error", [gateway(500), gateway(502), gateway(503), gateway(504), lost()])
@pytest.mark.parametrize("done", [False, True])
def test_what_may_exist_twice_is_sent_once(error, done):
    """Lists show it later than anybody looks: not even then a second one is made."""
    service = Failing(errors=[error], done=done)
    service.hidden = 99
    outcome = applied([channel("a"), route("t", "a")], service)
    assert results(outcome) == {"channels/a": "unknown", "routes/t": "skipped"}
    assert service.written() == ["create a"]
    assert (outcome.changed_something, outcome.complete) == (True, False)
    service.hidden = 0
    assert applied([channel("a"), route("t", "a")], service).complete
    assert names(service) == ["a", "t"]


@pytest.mark.parametrize("error", [gateway(500), gateway(502), gateway(503), gateway(504), lost()])
def test_what_the_service_refuses_twice_is_sent_again(error):
    service = Failing(live_channel("c1", "a"), errors=[error], unique=True)
    assert results(applied([channel("a"), route("t", "a")], service)) == {"routes/t": "applied"}
    assert service.written() == ["create t", "create t"]


def test_a_503_that_says_when_is_sent_again_after_that_time_and_a_look():
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    service = Failing(errors=[gateway(503, retry_after=30), gateway(503, retry_after=45)])
    outcome = applied([channel("a")], service, sleep=sleep)
    assert outcome.complete
    assert service.calls[1:6] == ["create a", "find a", "create a", "find a", "create a"]
    assert slept[:2] == [30, 45]


def test_a_503_that_says_when_is_not_sent_again_where_it_came_about():
    service = Failing(errors=[gateway(503, retry_after=30)], done=True)
    assert applied([channel("a")], service).complete
    assert service.written() == ["create a"]


@pytest.mark.parametrize("looks", [1, 3, 5])
def test_what_a_503_that_says_when_made_all_the_same_and_a_list_shows_late_is_no_twin(looks):
    class Lagging(Failing):
        """The list shows what the refused create made only when it is read for the last time."""

        async def create(self, kind, attributes):
            self.hidden = 1
            self.now += timedelta(seconds=1)
            return await super().create(kind, attributes)

        async def reread(self, live, touched):
            nonlocal looks
            looks -= 1
            found = await super().reread(live, touched)
            oldest = min(self.objects)
            return replace(found, resources=tuple(item for item in found.resources if looks <= 0 or item.id != oldest))

    service = Lagging(errors=[gateway(503, retry_after=1)], done=True)
    outcome = applied([channel("a")], service)
    assert service.written() == ["create a", "create a", "delete a"]
    assert [item.code for item in outcome.diagnostics] == ["twin-deleted"]
    assert (outcome.complete, names(service)) == (True, ["a"])


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param([gateway(503, retry_after=3600)], id="longer than anybody waits"),
        pytest.param([gateway(503, retry_after=1), gateway(504)], id="then of unknown fate"),
        pytest.param([gateway(503, retry_after=1), refused()], id="then refused"),
    ],
)
def test_what_is_not_refused_for_a_time_is_not_sent_again(errors):
    service = Failing(errors=errors)
    sent = len(errors)
    assert results(applied([channel("a")], service)) == {"channels/a": "unknown"}
    assert service.written() == ["create a"] * sent


def test_a_503_that_says_when_again_and_again_is_looked_for_last():
    service = Failing(errors=[gateway(503, retry_after=1)] * 9)
    assert results(applied([channel("a")], service)) == {"channels/a": "unknown"}
    assert service.written() == ["create a"] * 5
    assert [call for call in service.calls if call in {"create a", "find a"}][-1] == "find a"


def test_looks_that_fail_leave_the_fate_unknown():
    service = Failing(errors=[lost()])
    service.faults["find", "a"] = [refused()] * 5
    outcome = applied([channel("a")], service)
    assert results(outcome) == {"channels/a": "unknown"}
    assert (outcome.changes[0].uncertain, outcome.changed_something) == (True, True)
    assert "the connection broke; looking for it failed: no" in outcome.changes[0].error


def test_a_lost_update_has_failed_and_may_have_come_about():
    service = Service(live_channel("c1", "a", "old"))
    service.faults["update", "a"] = [lost()]
    outcome = applied([channel("a", url="new")], service)
    assert results(outcome) == {"channels/a": "failed"}
    assert (outcome.changes[0].uncertain, outcome.changed_something) == (True, True)
    assert outcome.left == ()


def test_a_lost_delete_has_failed_and_may_have_come_about():
    service = Service(live_channel("c1", "a"))
    service.faults["delete", "a"] = [lost()]
    outcome = applied([], service, policy=Policy(mode=Mode.SYNC, max_deletes=9))
    assert (results(outcome), outcome.left) == ({"channels/a": "failed"}, ())
    assert outcome.changed_something


RENAMED = [channel("a", "ours", name="New", pin="c1"), channel("b", "theirs", name="New")]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (gateway(500), "unknown"),
        (gateway(503), "unknown"),
        (lost(), "unknown"),
        (ConflictError("it exists", status=409), "failed"),
    ],
)
def test_another_declared_object_is_never_adopted(error, result):
    """`a` is renamed to New by its pin while `b`, also called New, is created."""
    service = Failing(live_channel("c1", "Old", "before"), errors=[error])
    outcome = applied(RENAMED, service, parallelism=1)
    assert results(outcome) == {"channels/a": "applied", "channels/b": result}
    assert service.objects["c1"].attributes["target"]["url"].reveal() == "ours"
    assert service.written() == ["create b", "update New"] or service.written() == ["update New", "create New"]
    assert len(service.objects) == 1


def test_not_even_where_it_is_exactly_as_declared():
    service = Failing(live_channel("c1", "Old", "u"), errors=[gateway(500)])
    declared = [channel("a", name="New", pin="c1"), channel("b", name="New")]
    assert results(applied(declared, service, parallelism=1))["channels/b"] == "unknown"


def test_an_object_is_adopted_once():
    """Two creates are lost, and one object is there: it is one of them, and the other one is unknown."""

    class Lagging(Failing):
        async def find(self, kind, attributes):
            await super().find(kind, attributes)
            return [live_channel("c9", "New")]

    service = Lagging(errors=[lost(), lost()])
    outcome = applied([channel("a", name="New"), channel("b", name="New")], service)
    assert sorted(results(outcome).values()) == ["applied", "unknown"]


class Racing(Service):
    """Somebody else makes an object called `a` just before this run does; a second one is refused."""

    def __init__(self, *live, url, object_id="c9"):
        super().__init__(*live)
        self.other = live_channel(object_id, "a", url)

    async def create(self, kind, attributes):
        self.objects[self.other.id] = self.other
        return await super().create(kind, attributes)


POLICIES = [
    Policy(),
    Policy(mode=Mode.CREATE_ONLY),
    Policy(protected=("channels/a",)),
    Policy(mode=Mode.SYNC, max_deletes=9),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_conflict_adopts_what_is_as_declared(policy):
    service = Racing(url="ours")
    outcome = applied([channel("a", url="ours"), route("t", "a")], service, policy=policy)
    assert results(outcome) == {"channels/a": "applied", "routes/t": "applied"}
    assert (outcome.changes[0].id, outcome.complete) == ("c9", True)
    assert service.written() == ["create a", "create t"]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_conflict_with_anything_else_fails_and_nothing_is_patched(policy):
    service = Racing(url="theirs")
    outcome = applied([channel("a", url="ours")], service, policy=policy)
    assert results(outcome) == {"channels/a": "failed"}
    assert service.written() == ["create a"]
    assert "c9 is in the way, and is not what is declared: plan again" in outcome.changes[0].error
    assert service.calls.count("find a") == 1
    assert (outcome.changed_something, outcome.complete) == (False, False)


@pytest.mark.parametrize(("url", "result"), [("ours", "applied"), ("theirs", "failed")])
def test_what_lived_undeclared_is_adopted_after_a_conflict_if_it_is_as_declared(url, result):
    """It was renamed in the console after the plan was made."""
    service = Racing(live_channel("c9", "Other"), url=url)
    outcome = applied([channel("a", url="ours")], service)
    assert results(outcome) == {"channels/a": result}


def test_what_lived_undeclared_is_not_what_a_lost_create_made():
    service = Failing(live_channel("c9", "a"), errors=[lost()])
    outcome = applied([channel("a")], service, seen=Service(live_channel("c9", "Other")))
    assert results(outcome) == {"channels/a": "unknown"}


def test_what_this_plan_deletes_is_not_adopted():
    service = Racing(live_channel("c9", "Other"), url="ours")
    outcome = applied([channel("a", url="ours")], service, policy=Policy(mode=Mode.SYNC, max_deletes=9))
    assert results(outcome)["channels/a"] == "failed"


def test_of_several_that_may_be_ours_none_is_adopted():
    class Twice(Failing):
        async def create(self, kind, attributes):
            self.objects["c9"] = live_channel("c9", "a")
            return await super().create(kind, attributes)

    service = Twice(errors=[lost()], done=True)
    outcome = applied([channel("a")], service)
    assert results(outcome) == {"channels/a": "unknown"}
    assert "c9 and new-2-a are all as declared" in outcome.changes[0].error


def test_the_echo_of_our_own_lost_create_is_adopted():
    """The first create came about and its answer was lost; the list lags, and the second create is a conflict."""

    class Echo(Failing):
        async def find(self, kind, attributes):
            return [] if self.calls.count("create t") < 2 else await super().find(kind, attributes)

    service = Echo(live_channel("c1", "a"), errors=[lost()], done=True, unique=True)
    outcome = applied([channel("a"), route("t", "a")], service)
    assert (results(outcome), outcome.complete) == ({"routes/t": "applied"}, True)
    assert service.written() == ["create t", "create t"]


def test_a_conflict_on_a_delete_of_what_can_not_be_in_use_is_a_failure():
    service = Service(live_channel("c1", "a"), live_route("r1", "t", "c1"))
    service.faults["delete", "t"] = [ConflictError("no", status=409)]
    outcome = applied([channel("a")], service, policy=Policy(mode=Mode.SYNC, max_deletes=9))
    assert results(outcome) == {"routes/t": "failed"}
    assert (outcome.diagnostics, outcome.complete) == ((), False)
