"""Saved plans over the fake service: what makes one stale, and what of it is still to do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifconf.errors import UsageError
from notifconf.executor import saved as plan_files
from notifconf.executor.run import apply
from notifconf.executor.saved import (
    decode_plan_file,
    encode_plan_file,
    find_bearer_ids,
    find_stale,
    is_plan_file,
    iterate_written_secrets,
    parse_plan_file,
    propose_saved,
    sign,
)
from notifconf.executor.schedule import Control
from notifconf.executor.secrets import Fingerprints
from notifconf.model.policy import Mode, Policy
from notifconf.model.resource import Secret
from notifconf.model.state import Live, Options, Workspace
from notifconf.plan.planner import propose
from tests.executor.service import Prover, Service
from tests.executor.trial import at_once
from tests.plan.world import CHANNEL, NOW, ROUTE, Declared, addition, channel, live_channel, live_route, owned, route

PROVIDER: Any = Prover()
SYNC = Policy(mode=Mode.SYNC, max_deletes=99, verify_integrations=False)
HIDDEN = "a long secret"
DECLARED = [
    channel("new", "new-url", hint=HIDDEN, line=2),
    channel("a", "a-url", hint=f"{HIDDEN}!", map={"deep": HIDDEN, "plain": "p"}, line=3),
    route("t", "new", "a"),
    addition("u", "a"),
    route("v", "new"),
    channel("same"),
]
LIVE = [
    live_channel(
        "c1", "a", "old-url", hint=HIDDEN, map={"deep": "d", "plain": "p"}, list=("x", "y"), more="m", count=1
    ),
    live_channel("c2", "old", note="n"),
    live_channel("c3", "also old"),
    live_channel("c4", "same"),
    live_route("r1", "t", "c1", "c2", "c3"),
    live_route("r2", "u", "c4"),
]


@pytest.fixture(autouse=True)
def _provider(monkeypatch):
    monkeypatch.setattr(plan_files, "load_provider", lambda name: {"world": PROVIDER}[name])


def state(resources):
    return Live(tuple(resources), names={item.id: item.name for item in resources if item.kind == "channel"})


def propose_all(policy=SYNC, declared=DECLARED, live=LIVE):
    workspace = Workspace("world", Declared(tuple(declared)), policy, (Secret(HIDDEN),))
    return sign(propose(workspace, state(live), NOW, PROVIDER), workspace, PROVIDER, "https://h/", Options(force=True))


def save(proposal):
    """Write a plan file, and read it."""
    document = parse_plan_file(encode_plan_file(proposal, proposal.basis, ["w.yaml", "x"]))
    return document, decode_plan_file(document)


def test_there_and_back():
    proposal = propose_all()
    document, saved = save(proposal)
    assert (saved.plan, saved.plan.digest, saved.basis) == (proposal.plan, proposal.plan.digest, proposal.basis)
    assert (saved.paths, saved.salt, document["digest"]) == (
        ("w.yaml", "x"),
        document["saved"]["salt"],
        saved.plan.digest,
    )
    assert HIDDEN not in json.dumps(document)
    assert len(saved.salt) == 32
    text = encode_plan_file(proposal, saved.basis, [])
    assert text == json.dumps(parse_plan_file(text), indent=2) + "\n"
    assert save(propose_all(declared=[channel("n", name=HIDDEN)]))[1].basis.bearers == {"channels/n": []}
    assert proposal.basis.document == {
        "endpoint": "https://h/",
        "workspace": proposal.workspace.digest,
        "options": {**proposal.basis.options, "force": True},
        "verify": False,
        "lookalikes": {"channels/new": [], "routes/v": []},
    }
    assert propose_all(policy=replace(SYNC, verify_integrations=True)).plan.digest != saved.plan.digest


def test_the_secrets_of_a_plan_have_fingerprints():
    document, saved = save(propose_all())
    known = {
        secret: Fingerprints(saved.salt).of(secret) for secret in ("new-url", "a-url", "old-url", "u", HIDDEN, "d")
    }
    known |= {f"{HIDDEN}!": Fingerprints(saved.salt).of(f"{HIDDEN}!")}
    names = {fingerprint: secret for secret, fingerprint in known.items()}
    found = [
        (item["address"], item["path"], item["live"], names[item["fingerprint"]])
        for item in document["saved"]["secrets"]
    ]
    assert found == [
        ("channels/a", "/hint", False, f"{HIDDEN}!"),
        ("channels/a", "/map/deep", False, HIDDEN),
        ("channels/a", "/target/url", False, "a-url"),
        ("channels/a", "/hint", True, HIDDEN),
        ("channels/a", "/target/url", True, "old-url"),
        ("channels/new", "/hint", False, HIDDEN),
        ("channels/new", "/target/url", False, "new-url"),
        ("channels/also old", "/target/url", True, "u"),
        ("channels/old", "/target/url", True, "u"),
    ]
    assert [(item.change.address, item.path, item.expression) for item in iterate_written_secrets(saved)] == [
        ("channels/a", "/hint", None),
        ("channels/a", "/map/deep", None),
        ("channels/a", "/target/url", "${URL}"),
        ("channels/new", "/hint", None),
        ("channels/new", "/target/url", "${URL}"),
    ]


def moved(index, **attributes):
    """Return the live state with other attributes of one object; None takes one away."""
    there = dict(LIVE[index].attributes) | attributes
    kept = {name: value for name, value in there.items() if value is not None}
    return [*LIVE[:index], replace(LIVE[index], attributes=kept), *LIVE[index + 1 :]]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (LIVE, []),
        (LIVE[::-1], []),
        (moved(0, target={"kind": "Hook", "url": Secret("other")}), ["channels/a has changed: target"]),
        (moved(0, target={"kind": "Other", "url": Secret("old-url")}), ["channels/a has changed: target"]),
        (moved(0, target={"kind": "Hook"}), ["channels/a has changed: target"]),
        (moved(0, target="Hook"), ["channels/a has changed: target"]),
        (moved(0, target=None), ["channels/a has changed: target"]),
        (moved(0, hint="another"), ["channels/a has changed: hint"]),
        (moved(0, hint=7), ["channels/a has changed: hint"]),
        (moved(0, hint=None, more=Secret("m")), ["channels/a has changed: hint, more"]),
        (moved(0, map={"deep": "d", "plain": "q"}), ["channels/a has changed: map"]),
        (moved(0, map={"deep": "d", "plain": "p", "else": 1}), ["channels/a has changed: map"]),
        (moved(0, list=("y", "x")), []),
        (moved(0, list=("x", "y", "z")), ["channels/a has changed: list"]),
        (moved(0, list="x"), ["channels/a has changed: list"]),
        (moved(0, more=("m",)), ["channels/a has changed: more"]),
        (moved(0, more={"m": 1}), ["channels/a has changed: more"]),
        (moved(0, count="1"), ["channels/a has changed: count"]),
        (moved(0, extra="e"), ["channels/a has changed: extra"]),
        (moved(4, channels=("c3", "c2", "c1")), []),
        (moved(4, channels=("c3", "c2")), ["routes/t has changed: channels"]),
        (moved(4, topic="x", state="OFF"), ["routes/t has changed: state, topic"]),
        (moved(4, topic=Secret("t")), ["routes/t has changed: topic"]),
        (moved(1, note=None), ["channels/old has changed: note"]),
        (
            [LIVE[0], *LIVE[3:4], LIVE[5]],
            ["routes/t is gone", "channels/also old is gone", "channels/old is gone"],
        ),
        (
            LIVE[1:],
            ["channels/a is gone", "routes/t refers to a, which is gone", "routes/u refers to a, which is gone"],
        ),
        (
            [*LIVE[:1], owned("c2", "old", "other"), *LIVE[2:]],
            ["routes/t would no longer reach old, which belongs to other by now", "channels/old has changed: note"],
        ),
        ([*LIVE, live_channel("c9", "new")], ["channels/new exists by now"]),
        ([*LIVE, live_route("r9", "v")], ["routes/v exists by now"]),
    ],
)  # fmt: skip
def test_what_moved_makes_it_stale(live, expected):
    proposal = propose_all()
    _, saved = save(proposal)
    assert list(find_stale(saved, state(live), proposal.secrets, PROVIDER, NOW)) == expected


def test_another_secret_makes_it_stale_and_so_does_the_end_of_a_mute():
    proposal = propose_all()
    _, saved = save(proposal)
    secrets = {**proposal.secrets, ("channels/a", "/target/url"): Secret("other")}
    del secrets["channels/new", "/hint"]
    held = saved._replace(plan=replace(saved.plan, until=NOW))
    expected = [
        "the plan held until 2026-11-22T12:00:00Z, when a mute began or ended",
        "channels/a: the value of /target/url is another than when the plan was made",
        "channels/new: the workspace has no value of /hint for it any more",
    ]
    for plan, now, stale in (
        (held, NOW, expected),
        (held, NOW - timedelta(seconds=1), expected[1:]),
        (saved, NOW, expected[1:]),
    ):
        assert list(find_stale(plan, state(LIVE), secrets, PROVIDER, now)) == stale


def test_what_had_the_name_already_does_not_make_it_stale():
    proposal = propose_all(declared=[channel("n", name="a", pin="c4"), channel("m", name="same"), *DECLARED[:2]])
    _, saved = save(proposal)
    assert saved.basis.bearers == {"channels/m": ["c4"], "channels/new": []}
    assert list(find_stale(saved, state(LIVE), proposal.secrets, PROVIDER, NOW)) == []
    second = [*LIVE, live_channel("c9", "same")]
    assert list(find_stale(saved, state(second), proposal.secrets, PROVIDER, NOW)) == ["channels/m exists by now"]
    assert find_bearer_ids(saved.plan, state(second), proposal.secrets, PROVIDER)["channels/m"] == ["c4", "c9"]


def test_it_is_carried_out_as_it_was_planned():
    _, saved = save(propose_all())
    service: Any = Service(*LIVE)
    proposal = propose_saved(saved, service.live(), propose_all().secrets, (CHANNEL, ROUTE))
    assert (proposal.verify, proposal.basis, proposal.plan, proposal.workspace) == (
        False,
        saved.basis,
        saved.plan,
        None,
    )
    assert proposal.find_remaining(service.live(), {}) == replace(saved.plan, part="changes")
    outcome = asyncio.run(apply(proposal, PROVIDER, service, Control(parallelism=1, sleep=at_once)))
    assert outcome.complete
    assert outcome.remaining == replace(saved.plan, changes=(), part="changes")
    assert service.calls.count("verify a") == 0
    ids = {item.change.address: str(item.id) for item in outcome.changes}

    def find_left(index, **attributes):
        objects = dict(service.objects)
        change = saved.plan.changes[index]
        there = objects.get(ids[change.address], LIVE[1])
        objects[there.id] = replace(there, attributes={**there.attributes, **attributes})
        return [item.address for item in proposal.find_remaining(state(objects.values()), ids).changes]

    assert [change.address for change in saved.plan.changes] == [
        *("channels/a", "channels/new", "routes/t", "routes/u", "routes/v", "channels/also old", "channels/old"),
    ]
    assert find_left(0, more="another") == []
    assert find_left(0, hint=HIDDEN) == ["channels/a"]
    assert find_left(1, hint="h") == ["channels/new"]
    assert find_left(2, channels=("c1",)) == ["routes/t"]
    assert find_left(2, channels=("c1", "c4", ids["channels/new"])) == ["routes/t"]
    assert find_left(3, channels=("c1", "c2", "c3")) == []
    assert find_left(3, channels=("c2",)) == ["routes/u"]
    assert find_left(6, note="n") == ["channels/old"]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (' \n{"format_version"', True),
        ('{"provider"', False),
        ('"format_version"{', False),
        ('x: {"format_version"}', False),
    ],
)
def test_what_looks_like_a_plan_file(text, is_one):
    assert is_plan_file(text) is is_one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "was altered"),
        ('{"format_version": "1.0", "format_version": "1.0"}', "was altered"),
        ('{"format_version": "1.0", "x": NaN}', "was altered"),
        ('{"format_version": "9.9"}', "is of another version than 1.0: make the plan anew"),
    ],
)
def test_what_is_no_plan_file_is_an_error(text, said):
    with pytest.raises(UsageError, match=said):
        parse_plan_file(text)


@pytest.mark.parametrize(
    ("declared", "policy"),
    [([channel("a", pin="gone")], SYNC), ([], replace(SYNC, max_deletes=0))],
)
def test_a_plan_with_errors_or_refused_is_not_applied(declared, policy):
    with pytest.raises(UsageError, match=r"so it can't be applied: .* with `plan --force --out`$"):
        save(propose_all(policy, declared))


def change_first(saved, **members):
    first, *others = saved.plan.changes
    return saved._replace(plan=replace(saved.plan, changes=(replace(first, **members), *others)))


def flip_mark(saved):
    """The secret of the first change is marked as changed where it is not, or the other way round."""
    after = saved.plan.changes[0].after
    url = after["target"]["url"]
    return change_first(saved, after={**after, "target": {"url": replace(url, changed=not url.changed)}})


def drop_fingerprint(saved, *key):
    return saved._replace(fingerprints={known: item for known, item in saved.fingerprints.items() if known != key})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda saved: change_first(saved, kind="other"), "/saved/changes/0"),
        (lambda saved: change_first(saved, depends_on=("routes/t",)), "/saved/changes/0"),
        (lambda saved: change_first(saved, changed=()), "/saved/changes/0"),
        (lambda saved: drop_fingerprint(saved, "channels/new", "/target/url", False), "/saved/changes/1"),
        (lambda saved: drop_fingerprint(saved, "channels/a", "/target/url", False), "/saved/changes/0"),
        (flip_mark, "/saved/changes/0"),
        (lambda saved: saved._replace(basis=saved.basis._replace(bearers={})), "/saved/lookalikes"),
    ],
)
def test_a_plan_file_that_does_what_it_does_not_show_says_where(change, place):
    _, saved = save(propose_all())
    with pytest.raises(UsageError, match=rf"made it \(see {place}\): make the plan anew$"):
        plan_files._check(change(saved))


@pytest.mark.parametrize(("name", "value"), [("checksum", "x"), ("salt", "00"), ("lookalikes", {})])
def test_an_altered_plan_file_is_an_error(name, value):
    document, _ = save(propose_all())
    document["saved"][name] = value
    with pytest.raises(UsageError, match="the plan file was altered"):
        decode_plan_file(document)
