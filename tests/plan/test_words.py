"""What the planner says of a workspace, word for word: the one place where the sentences are pinned.

The other tests of the planner pin codes and places. Here a message that lost a part of itself, or its way out, shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from notifconf.model.diagnostic import Position
from notifconf.model.policy import Minimum, Mode, Percentage, Policy
from notifconf.plan.coverage import hidden_resources, not_visible
from notifconf.plan.ownership import check_marked
from tests.plan.world import channel, live_channel, live_route, planned, reader, route

ALL = Percentage(100)
PLACES: dict[tuple[Literal["protected", "frozen"], str], Position] = {
    ("protected", "channels/a"): Position("w.yaml", 3, 7),
    ("frozen", "channels/f*"): Position("w.yaml", 4, 7),
}
GUARDED = Policy(protected=("channels/a", "routes/p"), frozen=("channels/f*", "routes/f", "routes/q"), places=PLACES)
USERS = [live_route(f"r{number}", f"t{number}", "c1") for number in range(7)]

WORDS = Path(__file__).with_name("words.txt")


def make_plans():
    """Return plans by what is wrong. A mutation tester sees what a test reaches while it runs."""
    return {
        "no such pin": planned([channel("a", pin="c9")]),
        "a pin of a read-only one": planned([channel("a", pin="c1")], [live_channel("c1", "x", kept="read-only")]),
        "a pin of another target": planned(
            [channel("b"), reader("r")._replace(pin="c1")],
            [live_channel("c1", "x", kept="read-only")],
        ),
        "no such reader": planned([reader("r")]),
        "twins": planned([channel("a")], [live_channel("c1", "a"), live_channel("c2", "a"), live_channel("c3", "a")]),
        "two entries, one live object": planned(
            [channel("b", name="a", line=2), channel("a", line=1)], [live_channel("c1", "a")]
        ),
        "three entries, two live objects": planned(
            [channel(key, name="a") for key in ("z", "b", "c")], [live_channel("c1", "a")]
        ),
        "frozen": planned(
            [channel("fa", "new", note="n", more="m"), route("f", "fa", state="OFF")],
            [live_channel("c1", "fa"), live_route("r1", "f")],
            policy=GUARDED,
        ),
        "protected": planned(
            [channel("a"), channel("b"), route("p", "b", state="OFF"), route("q", "b"), route("s", "a", state="OFF")],
            [
                live_channel("c1", "a"),
                live_channel("c2", "b"),
                live_route("r1", "p", "c2"),
                live_route("r2", "q", "c1"),
                live_route("r3", "s", "c1"),
            ],
            policy=GUARDED,
        ),
        "in use": planned(
            [channel("a")],
            [live_channel("c1", "old"), live_channel("c2", "a"), *USERS],
            policy=Policy(mode=Mode.SYNC, max_deletes=ALL),
            managed={"channel"},
        ),
        "used by a few": planned(
            [],
            [live_channel("c1", "old"), *USERS[:5]],
            policy=Policy(mode=Mode.SYNC, max_deletes=ALL),
            managed={"channel"},
        ),
        "too many deletes": planned(
            [],
            [live_channel("c1"), live_channel("c2"), live_route("r1", "t")],
            policy=Policy(mode=Mode.SYNC, max_deletes=0),
        ),
        "one delete too many": planned([], [live_channel("c1")], policy=Policy(mode=Mode.SYNC, max_deletes=0)),
        "too large a share": planned(
            [], [live_channel("c1"), live_channel("c2")], policy=Policy(mode=Mode.SYNC, max_deletes=Percentage(50))
        ),
        "unknown addresses": planned(
            [channel("a")],
            targets=("channels/b",),
            excludes=("channels/x y", "routes/*"),
            targets_if_exist=("channels/c",),
        ),
        "left out": planned([channel("a"), channel("b"), route("t", "a", "b")], excludes=("channels/a", "channels/b")),
        "too few reached": planned(
            [channel("a"), channel("b"), route("critical t", "a", "b"), route("critical u", "a"), route("warn t")],
            [
                live_channel("c1", "a"),
                live_channel("c2", "b"),
                live_channel("c3", "everyone"),
                live_route("r1", "critical t", "c1"),
                live_route("r2", "critical u", "c1", "c3"),
            ],
            policy=Policy(coverage={"CRITICAL": Minimum(3), "WARN": Minimum(1)}),
        ),
    }


def list_words():
    """Return all cases with their diagnostics, as `words.txt` has them: `python -m tests.plan.test_words` writes it."""
    lines = []
    for case, plan in make_plans().items():
        lines.append(f"# {case}")
        lines += [
            f"{item.position or '-'} {item.severity} {item.code} [{item.address}] {item.message}"
            for item in plan.diagnostics
        ]
    hidden = ["env-2", "env-1", *(f"env-{number}" for number in range(3, 9))]
    lines.append("# what credentials can't see")
    for few in (hidden[:1], hidden[:2], hidden[:5], hidden):
        found = [not_visible(few, Position("w.yaml", 2, 1), "a/b"), *hidden_resources(few)]
        lines += [f"{item} [{item.address}]" for item in found]
    lines += ["# the mark of an owner", str(check_marked("x [notifconf: b]", None, 9))]
    lines.append(str(check_marked("four", "me", len("fou [notifconf: me]"))))
    return "\n".join([*lines, ""])


def test_nothing_is_said_where_nothing_is_hidden():
    assert list(hidden_resources([])) == []
    assert check_marked("fou", "me", len("fou [notifconf: me]")) is None


def test_what_is_said():
    assert list_words() == WORDS.read_text(encoding="utf-8")


if __name__ == "__main__":
    WORDS.write_text(list_words(), encoding="utf-8")
