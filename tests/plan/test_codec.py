"""A plan as JSON, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from notifconf.model.diagnostic import Position, error, warning
from notifconf.model.plan import Action, Change, Difference, Plan, Reference, Sensitive, Silence, Unmanaged, freeze
from notifconf.model.policy import Mode
from notifconf.plan.codec import Basis, decode_plan, encode_plan, plan_digest, plan_document

PLACE = Position("w.yaml", 3, 5)
AFTER = freeze(
    {
        "name": "n",
        "count": 3,
        "share": 0.5,
        "on": True,
        "none": None,
        "channel": Reference("channels/a", "A"),
        "channels": (Reference("c1", "B"), Reference("channels/b", "C")),
        "target": {"kind": "Hook", "url": Sensitive(True, "${URL}"), "inner": {"list": ("x", 1)}},
    }
)
BEFORE = freeze({**AFTER, "count": 2, "target": {"kind": "Hook", "url": Sensitive(False, None)}})
PLAN = Plan(
    provider="world",
    changes=(
        Change(
            Action.CREATE,
            "route",
            "routes/a",
            None,
            None,
            AFTER,
            tuple(AFTER),
            (),
            ("channels/a",),
            "frozen",
            position=PLACE,
        ),
        Change(
            Action.UPDATE,
            "route",
            "routes/b",
            "r1",
            BEFORE,
            AFTER,
            ("count", "target"),
            (
                Difference("/count", 2, 3),
                Difference("/target/inner", None, freeze({"list": ("x", 1)})),
                Difference("/target/url", Sensitive(False, None), Sensitive(True, "${URL}")),
            ),
        ),
        Change(Action.DELETE, "channel", "channels/old", "c9", BEFORE, None, ()),
    ),
    unchanged=("channels/a", "channels/b"),
    unmanaged=(Unmanaged("channels/x", "channel", "c7", "not-declared"),),
    silences=(Silence("routes/b", "is switched off"),),
    diagnostics=(error("frozen", "m", PLACE, "routes/a"), warning("w", "n")),
    mode=Mode.SYNC,
    until=datetime(2036, 1, 2, 3, tzinfo=UTC),
    part="targets",
)
CHANGEABLE = ("kind", "address", "id", "blocked")
BASIS = Basis("https://h/", "digest-of-the-workspace", {"force": True}, True, {"routes/a": ["r7", "r8"]})


def test_there_and_back():
    read = decode_plan(json.loads(json.dumps(encode_plan(PLAN))))
    assert read == PLAN
    assert encode_plan(read) == encode_plan(PLAN)
    assert [change.differences for change in read.changes] == [change.differences for change in PLAN.changes]
    assert [change.position for change in read.changes] == [change.position for change in PLAN.changes]


def test_nothing_there_and_back():
    assert decode_plan(json.loads(json.dumps(encode_plan(Plan("world"))))) == Plan("world")


def test_the_document():
    document: Any = plan_document(PLAN)
    assert document["summary"] == {"create": 1, "update": 1, "delete": 1, "no_op": 2, "unmanaged": 1}
    assert (document["format_version"], document["provider"], document["digest"]) == ("1.0", "world", None)
    assert list(document)[3:7] == ["applicable", "summary", "silences", "changes"]
    create, update, delete = document["changes"]
    assert create == {
        "address": "routes/a",
        "kind": "route",
        "action": "create",
        "id": None,
        "before": None,
        "after": {
            "name": "n",
            "count": 3,
            "share": 0.5,
            "on": True,
            "none": None,
            "channel": "A",
            "channels": ["B", "C"],
            "target": {"kind": "Hook", "url": "(sensitive, changed)", "inner": {"list": ["x", 1]}},
        },
        "blocked": "frozen",
        "diff": [],
    }
    assert update["id"] == "r1"
    assert (update["before"]["count"], update["after"]["count"]) == (2, 3)
    assert update["diff"][0] == {"path": "/count", "before": 2, "after": 3}
    assert update["diff"][2] == {"path": "/target/url", "before": "(sensitive)", "after": "(sensitive, changed)"}
    assert (delete["action"], delete["id"], delete["after"]) == ("delete", "c9", None)
    assert document["unmanaged"] == [{"address": "channels/x", "kind": "channel", "id": "c7", "kept": "not-declared"}]
    assert document["silences"] == [{"address": "routes/b", "message": "is switched off"}]
    first, second = document["diagnostics"]
    assert first == {
        "severity": "error",
        "code": "frozen",
        "message": "m",
        "address": "routes/a",
        "file": "w.yaml",
        "line": 3,
        "column": 5,
    }
    assert (second["file"], second["line"], second["column"], second["address"]) == (None, None, None, None)


def test_a_time_needs_an_offset():
    with pytest.raises(ValueError, match="offset"):
        decode_plan({**encode_plan(PLAN), "until": "2036-01-02T03:00:00"})


def test_the_digest_of_a_plan_stays_from_one_release_to_the_next():
    """A plan that was reviewed before an upgrade is applied after it: a new `FORMAT_VERSION` says that this ends."""
    assert plan_digest(PLAN, BASIS) == "7842deaf5d0e7d94b58fc6821ac3051ddfcb62e4717c2d5f310a749accd8ba9f"


def test_the_digest_is_of_all_that_decides_what_is_done():
    digest = plan_digest(PLAN, BASIS)
    moved = replace(PLAN, changes=(replace(PLAN.changes[0], position=None), *PLAN.changes[1:]))
    said = [replace(PLAN, unchanged=()), replace(PLAN, digest="x"), replace(PLAN, unmanaged=()), moved]
    assert {plan_digest(plan, BASIS) for plan in said} == {digest}
    plans = [
        replace(PLAN, provider="other"),
        replace(PLAN, mode=Mode.UPSERT_ONLY),
        replace(PLAN, until=None),
        replace(PLAN, diagnostics=()),
        replace(PLAN, diagnostics=(error("max-deletes", "m"),)),
        replace(PLAN, changes=PLAN.changes[1:]),
        *(
            replace(PLAN, changes=(replace(PLAN.changes[0], **cast("Any", {name: "x"})), *PLAN.changes[1:]))
            for name in CHANGEABLE
        ),
    ]
    bases = [
        BASIS._replace(endpoint="https://i/"),
        BASIS._replace(workspace="other"),
        BASIS._replace(options={}),
        BASIS._replace(verify=False),
        BASIS._replace(bearers={"routes/a": ["r7"]}),
    ]
    digests = [*(plan_digest(plan, BASIS) for plan in plans), *(plan_digest(PLAN, basis) for basis in bases)]
    # A refusal forbids the plan as an error does.
    assert (len({digest, *digests}), digests[4]) == (len(digests), digest)
