"""Which entry decides, whoever's entries they are."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from notifconf.model.diagnostic import Position
from notifconf.plan.entries import MATCHED, NAMED, Claim, decide, find_idle_exceptions


def claim(entry: str, *things: str, line: int, rank: int = NAMED, adds: bool = False) -> Claim[str, str]:
    return Claim(entry, things, Position("w.yaml", line, 1), rank, adds)


CLAIMS = [
    claim("named", "a", line=1),
    claim("match", "a", "b", line=2, rank=MATCHED),
    claim("team", "a", "b", "c", line=3, rank=MATCHED, adds=True),
    claim("other team", "a", line=4, adds=True),
]


def test_what_names_wins_and_what_adds_is_added() -> None:
    decisions, conflicts = decide(CLAIMS, str)
    assert conflicts == []
    assert {item.thing: (item.base, item.added, item.shadowed) for item in decisions} == {
        "a": ("named", ("team", "other team"), ("match",)),
        "b": ("match", ("team",), ()),
        "c": (None, ("team",), ()),
    }


def test_two_of_one_rank_are_one_conflict_with_all_that_they_share() -> None:
    first = claim("z", "a", "b", "c", "e", line=1, rank=MATCHED)
    later = claim("y", "b", "c", "d", "e", line=2, rank=MATCHED)
    last = claim("x", "e", line=4, rank=MATCHED)
    decisions, conflicts = decide([last, later, first, claim("named", "c", line=3)], lambda entry: -ord(entry[0]))
    assert [(item.earlier, item.later, item.things, item.rank) for item in conflicts] == [
        ("z", "y", ("b", "e"), MATCHED),
        ("z", "x", ("e",), MATCHED),
    ]
    assert {item.thing: item.base for item in decisions} == {"a": "z", "b": "z", "c": "named", "d": "y", "e": "z"}


def test_an_exception_of_nothing_is_a_warning() -> None:
    place = Position("w.yaml", 1, 1)
    idle = [f"Shrnk {number}" for number in range(21)]
    found = list(find_idle_exceptions(["shrink", "expand*", "Zzz", *idle], ["Shrink", "Expand"], place, way_out=": x"))
    assert {(item.code, item.severity, item.position) for item in found} == {("excludes-nothing", "warning", place)}
    said = [item.message.partition(" that this match finds")[::2] for item in found]
    assert said[0] == ('`except` lists "Zzz", which is nothing', ": x")
    assert {hint for _, hint in said[1:20]} == {' (did you mean "Shrink"?)'}
    assert {hint for _, hint in said[20:]} == {": x"}
    (bare,) = find_idle_exceptions(["x"], [], place)
    assert bare.message.endswith("finds")


def claims() -> st.SearchStrategy[list[Claim[str, str]]]:
    things = st.sets(st.sampled_from("abc"), min_size=1).map(lambda found: tuple(sorted(found)))
    parts = st.tuples(st.sampled_from("xyz"), things, st.sampled_from([NAMED, MATCHED]), st.booleans())
    return st.lists(parts, max_size=5).map(
        lambda drawn: [
            Claim(entry, things, Position("w", line, 1), rank, adds)
            for line, (entry, things, rank, adds) in enumerate(drawn)
        ]
    )


@settings(max_examples=50)
@given(claims(), st.randoms(use_true_random=False))
def test_the_order_makes_no_difference(drawn: list[Claim[str, str]], random: Any) -> None:
    shuffled = random.sample(drawn, len(drawn))
    assert decide(shuffled, str) == decide(drawn, str)
