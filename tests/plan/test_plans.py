"""Whole plans, with all that a plan file has of them: what the planner's other tests do not look at shows here.

`plans.txt` holds the plans of `test_words.py` and those below, as a plan file has them, with their secrets and the
channels that they add and take away. `python -m tests.plan.test_plans` writes it: read the difference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from notifconf.model.diagnostic import Position, error, warning
from notifconf.model.mask import WITHHELD
from notifconf.model.policy import Minimum, Mode, Percentage, Policy
from notifconf.model.resource import Kind, Mark, MuteTerms, Secret
from notifconf.model.state import Live, Options, Workspace
from notifconf.plan.codec import change_document, decode_plan, encode_plan, summary
from notifconf.plan.coverage import find_breaches, find_effect
from notifconf.plan.planner import conceal_live, find_saved_secrets, propose
from notifconf.plan.rules import Resolution
from tests.plan.test_words import make_plans
from tests.plan.world import (
    CHANNEL,
    NOW,
    ROUTE,
    Declared,
    World,
    addition,
    channel,
    live_channel,
    live_route,
    owned,
    reader,
    route,
)

PLANS = Path(__file__).with_name("plans.txt")
ALL = Percentage(100)
LATER = NOW + timedelta(hours=1)
SECRET = "a long secret"
NOTE = Kind("note", "notes", is_target=False, mark=Mark("text", 60))


@dataclass(frozen=True)
class Wide(World):
    """The world of the planner's tests with a place for its routes, and all that a resolution may hold."""

    kinds: tuple[Kind, ...] = (CHANNEL, NOTE, ROUTE._replace(references=ROUTE.references | {"via"}, place="topic"))

    def resolve(self, workspace, live, now):
        assert live.names["warn a"] == "Warnings"
        found = super().resolve(workspace, live, now)
        if workspace.policy.discover:
            found = found._replace(diagnostics=(warning("discovered", "all"),))
        left = frozenset({("channel", "c-left"), ("route", "c-not")})
        return found._replace(until=now + timedelta(days=1), discovered=frozenset({"note"}), left_alone=left)

    def review(self, pairs, undeclared, live):
        names = [sorted(desired.address for desired, _ in pairs), [item.id for item in undeclared], len(live.resources)]
        yield warning("reviewed", json.dumps(names))


class Bare(World):
    """The same world with nothing to say of coverage."""

    def resolve(self, workspace, live, now):
        declared = workspace.declarations
        return Resolution(declared.resources, declared.diagnostics, now)


class Case:
    """A workspace and what lives: `proposal` is what the planner makes of them."""

    def __init__(
        self, declared=(), live=(), *, rules=None, managed=("channel", "route"), secrets=(), found=((), ()), **options
    ):
        self.again = declared, live, {"rules": rules, "managed": managed, "secrets": secrets, "found": found, **options}
        policy = options.pop("policy", None) or Policy()
        declarations = Declared(tuple(declared), frozenset(managed), tuple(found[0]))
        known = tuple(Secret(text) for text in secrets)
        self.workspace = Workspace("world", declarations, policy, known, tuple(found[1]))
        names = {item.id: item.name for item in live if item.kind == "channel"}
        names |= {
            "warn a": "Warnings",
            "warn b": "More warnings",
            f"at {SECRET}": f"At {SECRET}",
            f"by {SECRET}": f"By {SECRET}",
        }
        self.live = Live(tuple(live), names=names)
        self.rules: Any = rules or Wide()
        self.options = Options(**options)
        self.proposal = propose(self.workspace, self.live, NOW, self.rules, self.options)
        assert (self.proposal.live, self.proposal.workspace) == (self.live, self.workspace)

    def reverse(self):
        """Return the same with all in another order."""
        declared, live, options = self.again
        return Case(declared[::-1], live[::-1], **options)

    def find_saved_secrets(self):
        return find_saved_secrets(self.proposal.plan, self.workspace, self.live, NOW, self.rules, options=self.options)


def sync(**members):
    return Policy(**{"mode": Mode.SYNC, "max_deletes": ALL, **members})


NESTED = {"list": ("x", "y"), "map": {"deep": {"a/b": 1, "c~d": Secret("s", "${S}")}, "same": "s", "n": 1}, "e": 5}
OTHER = {
    "list": ("x", "z"),
    "map": {"deep": {"a/b": 2, "c~d": Secret("t"), "gone": True}, "same": "s", "n": "1"},
    **dict.fromkeys("abcd", 1),
}
FEW = {"x": 1, "secret": Secret("f", "${F}")}
MUTE = MuteTerms(NOW, LATER, f"for {SECRET}", is_over=True)
OWNED = [
    owned("c1", "a", "me"),
    owned("c2", "b", "me"),
    owned("c3", "theirs", "you"),
    live_channel("c4", "nobody's"),
    live_channel("c5", "mail", kept="read-only"),
    live_route("r1", "warn a", "c1", "c2"),
    live_route("r2", "warn b", "c2", "c3", "c4", "c5"),
    live_route("r3", "critical c", "c3", "c5"),
    live_route("r4", "critical d", "c2", kept="required"),
    live_route("r5", "critical e", "c1", "c5", kept="required"),
    live_route("r6", "critical f"),
    replace(
        live_route("r7", "warn g", "c2", "c3"),
        attributes={
            "topic": "warn b",
            "channels": ("c2", "c3"),
            "state": "ON",
            "token": Secret("s"),
        },
    ),
]
OLD = [*(owned(f"c{number}", f"old-{number}", "old") for number in range(7)), owned("c8", "theirs", "you")]


def note(key, live_id=None, **attributes):
    """A declared object that nothing refers to, or a live one."""
    if live_id is None:
        return channel(key)._replace(kind="note", attributes=attributes, address=f"notes/{key}")
    return replace(live_channel(live_id, key), kind="note", attributes=attributes)


def single(topic, via):
    """A declared route with a single reference, and with a text that looks like one."""
    declared = route(f"info {topic}")
    others = {"via": via, "text": "channels/a", "list": ("channels/a",)}
    return declared._replace(attributes={**declared.attributes, **others})


def make_cases():
    """Yield workspaces with what they show. A mutation tester sees what a test reaches while it runs."""
    yield (
        "each kind of change",
        Case(
            [
                channel("new", nested=NESTED, count=1, share=0.5, on=True, none=None, line=2),
                channel(
                    "a", "new", nested=NESTED, more="m", flat={"deep": SECRET}, few=FEW, none=None, deep="d", line=3
                ),
                channel("same", line=4),
                route("warn a", "new", "a", "elsewhere")._replace(mute=MuteTerms(None, LATER, None)),
                route("warn b", "new", state="OFF")._replace(mute=MuteTerms(NOW)),
                route("absent", create=False),
                route("blocked/by", "a", blocked="not-possible"),
                single("a", "channels/a"),
                single("b", None),
                reader("mail")._replace(name=""),
                note("n", text="t"),
            ],
            [
                live_channel(
                    "c1",
                    "a",
                    "old",
                    nested=OTHER,
                    less="l",
                    flat="f",
                    few=dict.fromkeys("abcdefgh", 1),
                    deep={"deep": 1},
                ),
                live_channel("c2", "same"),
                live_channel("c3", "old"),
                live_channel("c4", "old", kept="required"),
                live_channel("c5", "mail", kept="read-only"),
                live_channel("c-left", "left"),
                live_route("r1", "warn b", "c1", "c3"),
                live_route("r2", "warn a2", "c3"),
                live_route("a3", "info", "c5"),
                note("n2", "n2", text="[notifconf: x]"),
            ],
            policy=sync(),
        ),
    )
    yield "only creates", Case([channel("a", "new"), channel("b")], [live_channel("c1", "a")], mode=Mode.CREATE_ONLY)
    yield (
        "a secret in what people read",
        Case(
            [
                channel(SECRET, note=SECRET, line=2),
                channel(f"as {SECRET}"),
                channel("same", line=3),
                channel("b", note=f"{SECRET}!", list=("x", f"is {SECRET}"), map={"deep": SECRET}, other="o"),
                channel("kept", note=SECRET),
                channel("is " + SECRET),
                route(f"at {SECRET}", SECRET, state="OFF")._replace(mute=MUTE),
                route("warn a", SECRET, "b"),
            ],
            [
                live_channel("c1", "b", note=SECRET, list=(f"is {SECRET}",), map={"deep": SECRET}, other=SECRET),
                live_channel("c2", "kept", note=SECRET),
                live_channel("c3", f"is {SECRET}", "other"),
                live_channel("c4", f"left {SECRET}", kept="required"),
                live_channel("c5", f"gone {SECRET}"),
                live_channel("c6", f"as {SECRET}"),
                live_route("r1", f"at {SECRET}", "c1"),
                live_route("r2", f"by {SECRET}", "c2", kept="required"),
            ],
            policy=sync(),
            secrets=(SECRET,),
            found=([warning("w", SECRET, None, SECRET)], ()),
        ),
    )
    yield (
        "an owner",
        Case(
            [
                channel("a"),
                channel("new", note="n"),
                channel("nobody's", note="x" * 40),
                reader("mail"),
                route("warn b", "new", "mail"),
                addition("warn a", "new"),
                note("n", text="t"),
                note("o"),
                route("critical c")._replace(attributes={"topic": "critical c", "state": "OFF"}),
                route("info", "new"),
            ],
            [
                *OWNED,
                note("o", "n2", text="x [notifconf: me]"),
                replace(
                    live_route("r8", "info"),
                    attributes={
                        "topic": "info",
                        "state": "OFF",
                    },
                ),
            ],
            policy=sync(owner="me"),
        ),
    )
    yield (
        "texts without room for a mark",
        Case(
            [*map(channel, "abcd"), note("n"), note("m"), route("warn a", "a", "b")],
            [
                live_channel("c1", "a", note=WITHHELD),
                live_channel("c2", "b", note="x" * 24),
                live_channel("c3", "c", note="x" * 25),
                live_channel("c4", "d"),
                note("n", "n1", text=WITHHELD),
            ],
            policy=Policy(owner="me"),
        ),
    )
    yield "an owner who declares nothing", Case([], OWNED, policy=sync(owner="me"))
    yield "nobody, among owners", Case([route("critical f", "theirs")], OWNED, policy=sync())
    yield (
        "nobody, with a list",
        Case([channel("nobody's"), route("warn b", "nobody's"), addition("critical c", "nobody's")], OWNED),
    )
    yield "another owner's", Case([channel("a"), route("warn a", "a")], OWNED, policy=sync(owner="third"))
    yield "an owner, not in sync", Case([channel("a")], OWNED, policy=Policy(owner="me"))
    yield (
        "an owner and guards",
        Case([], OWNED, policy=sync(owner="me", protected=("channels/a",), frozen=("routes/warn b", "notes/x"))),
    )
    yield (
        "taken over",
        Case(
            [channel("old-1"), channel("new"), route("warn a", "old-1")],
            [*OLD, live_route("r1", "warn a", "c1", "c2", "c8"), live_route("r2", "warn b", "c2")],
            policy=sync(owner="me", takes_over=("x",)),
            take_over=("old", "older", "old"),
        ),
    )
    yield "a few taken over", Case([], OLD[2:], policy=sync(owner="me"), take_over=("old",))
    yield "taken over, not in sync", Case([channel("old-1")], OLD, policy=Policy(owner="me"), take_over=("old",))
    yield "marks are taken off", Case([channel("old-1"), channel("b")], OLD[:2], policy=sync(), take_over=("old",))
    yield (
        "options",
        Case(
            [channel("a")],
            [live_channel("c1", "x"), live_channel("c2", "y"), live_route("r1", "warn a", "c1")],
            policy=Policy(verify_integrations=False),
            mode=Mode.SYNC,
            max_deletes=1,
            discover=True,
            silences="refuse",
            force=True,
        ),
    )
    yield (
        "silences are refused",
        Case(
            [channel("a"), route("warn a", "a", state="OFF"), route("warn b", "a", state="OFF")],
            [live_channel("c1", "a"), live_route("r1", "warn a", "c1"), live_route("r2", "warn b", "c1")],
            policy=Policy(silences="refuse"),
        ),
    )
    yield (
        "coverage",
        Case(
            [
                channel("a"),
                channel("b"),
                route("critical a", "a"),
                route("critical b", "b", state="OFF"),
                route("critical c", "a", "b"),
                route("info a"),
            ],
            [
                live_channel("c1", "a"),
                live_channel("c2", "b"),
                live_channel("c3", "everyone"),
                live_route("r1", "critical a", "c1"),
                live_route("r2", "critical b", "c1", "c2"),
                live_route("r3", "critical c", "c3"),
                live_route("r4", "warn a", "c3"),
                live_route("r5", "info a", "c1", "c2", "c3"),
                live_route("r6", "critical x", "c1", kept="required"),
            ],
            rules=World(),
            policy=sync(coverage={"CRITICAL": Minimum(2), "WARN": Minimum(1), "INFO": Minimum(0)}),
        ),
    )
    yield (
        "an invalid workspace",
        Case(
            [channel("a", pin="gone"), channel("b")],
            [live_channel("c9", "x")],
            rules=Bare(),
            policy=sync(),
            found=(
                [error("e", "again", Position("w.yaml", 1, 1)), error("f", "found", None, "x"), warning("w", "w")],
                [error("e", f"first {SECRET}", Position("w.yaml", 1, 1)), warning("v", "kept")],
            ),
            secrets=(SECRET,),
        ),
    )
    yield "nothing", Case(rules=Bare())
    yield (
        "a part",
        Case(
            [channel("a"), channel("b"), channel("c"), route("warn a", "a", "b"), route("warn b", "c"), route("info")],
            [live_channel("c1", "c"), live_channel("c2", "x"), live_channel("c3", "y"), live_route("r1", "info")],
            targets=("routes/warn*", "channels/x"),
            targets_if_exist=("routes/info", "nothing"),
            excludes=("channels/b", "channels/y"),
        ),
    )
    namesakes = [
        *(owned(object_id, "a", "you") for object_id in ("c3", "c2", "c4")),
        *(owned(object_id, "b", owner) for object_id, owner in (("d1", "you"), ("d2", "old"), ("d3", "me"))),
        *(owned(object_id, "c", owner) for object_id, owner in (("e1", "you"), ("e2", "old"))),
        live_channel("e3", "c"),
        *(live_channel(object_id, "d") for object_id in ("f2", "f1")),
        *(live_channel(object_id, "e") for object_id in ("g2", "g1")),
        live_channel("h1", "f"),
        owned("h2", "f", "you"),
        *(live_channel(object_id, "h") for object_id in ("i2", "i1", "i3")),
        live_channel("m1", "mail", kept="read-only"),
        owned("z1", "y", "you"),
    ]
    entries = [
        *map(channel, "abcf"),
        *(channel(f"d{number}", name="d") for number in (3, 2)),
        channel("pinned", name="new", pin="g1"),
        channel("e"),
        *(channel(f"h{number}", name="h") for number in (2, 1)),
        channel("h3", name="h", pin="i1"),
        reader("mail")._replace(pin="m1"),
        route("warn a", "d3", blocked="not-possible"),
        route("warn b", "pinned", "d2"),
        channel("y", pin="z1"),
        channel("z", pin="z1"),
        channel("nowhere", pin="z1")._replace(position=None),
    ]
    yield "namesakes", Case(entries, namesakes, policy=Policy(owner="me"), take_over=("old",))
    without = [item._replace(position=None) for item in (channel("a"), channel("b", name="a"))]
    yield "no places", Case(without, [live_channel("c1", "a")])
    shares = [
        *(live_channel(f"c{number}", f"x{number}", kept="read-only" if number < 3 else None) for number in range(9)),
        *(owned(f"o{number}", f"o{number}", "you") for number in range(3)),
        *(live_route(f"r{number}", f"t{number}") for number in range(3)),
        live_channel("c-left", "left"),
    ]
    yield "a share of what is managed", Case([], shares, managed=["channel"], policy=sync(max_deletes=Percentage(10)))
    added = [live_channel("c1", "a"), live_channel("c2", "old"), live_route("r1", "warn a", "c2")]
    added += [live_channel("c3", "single"), live_route("r2", "c3", kept="required")]
    yield "in use by an entry that only adds", Case([channel("a"), addition("warn a", "a")], added, policy=sync())
    many = tuple(f"channels/x{number:02}" for number in range(22))
    yield "patterns of nothing", Case([channel("x")], policy=Policy(frozen=many))
    gone = Case([], [live_channel("c1", "x")], policy=sync(), targets=("channels/x",))
    yield "what is deleted is no unknown target afterwards", gone


def list_effect(plan, live, rules):
    """Return what each type reaches, where the plan changes that, and what lives after it."""
    effect = find_effect(plan.changes, live, rules)
    for item in effect.types:
        added, removed = ([str(channel) for channel in channels] for channels in (item.added, item.removed))
        touching = [change.address for change in effect.touching(item)]
        if added or removed or touching:
            yield json.dumps({"reach": str(item.after), "added": added, "removed": removed, "touching": touching})
    if effect.changes:
        yield "after: " + "; ".join(
            f"{item.id} {item.name} {len(item.identities)} {sorted(item.attributes.items())}"
            for item in effect.live.resources
        )


def list_plan(plan):
    """Return a plan, a line for each of its parts."""
    saved = encode_plan(plan)
    assert saved == encode_plan(decode_plan(json.loads(json.dumps(saved))))
    for change, member in zip(plan.changes, saved.pop("changes"), strict=True):
        document = change_document(change)
        shown = {name: document[name] for name in ("diff", "place", "mute") if name in document}
        yield f"{json.dumps(member)} {json.dumps(shown)}"
    for name in ("unmanaged", "silences", "diagnostics"):
        yield from (f"{name}: {json.dumps(item)}" for item in saved.pop(name))
    yield json.dumps({**saved, "applicable": plan.is_applicable, **summary(plan)})


def list_plans():
    """Yield the lines of `plans.txt`, so that the first one that differs ends the test."""
    for name, plan in make_plans().items():
        yield f"# {name}"
        yield from list_plan(plan)
    for name, case in make_cases():
        proposal = case.proposal
        yield f"# {name}"
        yield from list_plan(proposal.plan)
        yield f"verify: {proposal.verify}"
        yield from (f"secret: {address} {path} {value!r}" for (address, path), value in proposal.secrets.items())
        yield from list_effect(proposal.plan, case.live, case.rules)
        left = tuple(item for item in case.live.resources if item.kind != "channel")
        later = proposal.find_remaining(replace(case.live, resources=left), {})
        codes = sorted({item.code for item in later.diagnostics})
        yield f"later: {[change.address for change in later.changes]} {codes}"
        types = [replace(item, since=NOW if item.channels else None) for item in case.rules.coverage(case.live)]
        yield from (f"as it lives: {item}" for item in find_breaches(types, case.workspace.policy))


def test_whole_plans():
    lines = list_plans()
    for expected in PLANS.read_text(encoding="utf-8").splitlines():
        assert next(lines, None) == expected
    assert next(lines, None) is None


def test_the_order_of_entries_and_objects_decides_nothing():
    for name, case in make_cases():
        assert (name, case.reverse().proposal.plan) == (name, case.proposal.plan)


def test_no_secret_of_either_side_is_shown_of_a_live_state():
    url = "https://hooks.example/T0/a-long-token-that-nobody-may-see"
    live = Live((live_channel("c1", "a", url),), names={"c1": f"{url} {SECRET}"})
    workspace = Workspace("world", Declared(), Policy(), (Secret(SECRET),))
    assert conceal_live(live, workspace).names == {"c1": "(sensitive) (sensitive)"}
    assert conceal_live(live, None).names == {"c1": f"(sensitive) {SECRET}"}


def test_a_saved_plan_finds_the_secrets_of_its_workspace():
    for name, case in make_cases():
        if "secret" not in name:  # there an address is masked
            assert case.find_saved_secrets() == case.proposal.secrets


if __name__ == "__main__":
    PLANS.write_text("\n".join([*list_plans(), ""]), encoding="utf-8")
