"""The matrix of types by channels, and the diagram, as data; the browser's view of both is in tests/e2e."""

from __future__ import annotations

from itertools import pairwise

import pytest

from notifconf.model.coverage import Channel, Reach
from notifconf.plan.coverage import Sides
from notifconf.report.picture import (
    BOX_HEIGHT,
    MAX_DRAWN_TYPES,
    MAX_MERMAID_EDGES,
    draw_mermaid,
    find_states,
    make_diagram,
    make_matrix,
)

SLACK, PAGER, MAIL = Channel("Slack", "i-1", "Alerts"), Channel("Webhook", "i-2", "Pager"), Channel("RoleEmail", "i-3")
HOSTILE = 'x"] --> y\n%%{init}; click "javascript:alert(1)" <script>'


def reach(name="t", *channels, group="CRITICAL", anyhow=(), key="s-1", **members):
    keys = frozenset({("subscription", key)}) if key else frozenset()
    return Reach(name, name, group, channels, anyhow, keys, **members)


def sides(before, after=None):
    return Sides(before, after or before)


@pytest.mark.parametrize(
    ("item", "states"),
    [
        (sides(reach("t", SLACK)), {"i-1": "on"}),
        (sides(reach("t"), reach("t", SLACK)), {"i-1": "added"}),
        (sides(reach("t", SLACK), reach("t")), {"i-1": "removed"}),
        (sides(reach("t", off=(SLACK,))), {"i-1": "off"}),
        (sides(reach("t", SLACK), reach("t", off=(SLACK,))), {"i-1": "removed"}),
        (sides(reach("t", off=(SLACK,)), reach("t", SLACK)), {"i-1": "added"}),
        (sides(reach("t", PAGER, anyhow=(MAIL,))), {"i-3": "anyhow", "i-2": "on"}),
        (sides(reach("t")), {}),
        (sides(reach("t", SLACK, muted_in=("a",))), {"i-1": "partly"}),
        (sides(reach("t", SLACK), reach("t", silenced=(SLACK,))), {"i-1": "muted"}),
        (sides(reach("t", silenced=(SLACK,)), reach("t", SLACK)), {"i-1": "added"}),
    ],
)
def test_how_a_channel_stands(item, states):
    assert find_states(item) == states


@pytest.mark.parametrize(("before", "after"), [((), range(9)), (range(9), ()), (range(9), range(9))])
def test_channels_stand_in_the_order_of_the_type(before, after):
    live, planned = ([Channel("Webhook", f"i-{number}") for number in side] for side in (before, after))
    states = find_states(sides(reach("t", *live), reach("t", *planned)))
    assert list(states) == [f"i-{number}" for number in range(9)]


def test_the_matrix_has_a_column_for_each_channel_and_a_group_for_each_severity():
    types = [sides(reach("a", SLACK)), sides(reach("b")), sides(reach("c"), reach("c", PAGER, group="WARN"))]
    matrix = make_matrix(types)
    assert matrix.channels == ("Slack Alerts", "Webhook Pager")
    assert [(group.name, [row.name for row in group.rows]) for group in matrix.groups] == [
        ("CRITICAL", ["a", "b"]),
        ("WARN", ["c"]),
    ]
    signs = [[cell.sign for cell in row.cells] for group in matrix.groups for row in group.rows]
    assert signs == [["●", ""], ["", ""], ["", "+"]]
    assert [row.reaches for group in matrix.groups for row in group.rows] == [True, False, True]
    assert [sign.state for sign in matrix.signs] == ["on", "added"]


def test_the_matrix_names_what_is_muted_before_and_after():
    item = sides(reach("a", SLACK, muted_in=("dev", "test")), reach("a", SLACK, muted_in=("production", "test")))
    matrix = make_matrix([item])
    assert matrix.muted == ("\N{MINUS SIGN} dev", "+ production", "test")
    assert [sign.sign for sign in matrix.signs] == ["◐"]


def test_no_two_boxes_of_a_column_overlap_and_all_are_inside():
    channels = [Channel("Webhook", f"i-{number}", f"channel {number}") for number in range(7)]
    types = [sides(reach(f"type {number}", *channels[number % 3 : number % 3 + 5])) for number in range(4)]
    diagram = make_diagram(types)
    assert diagram is not None
    for style in ("type", "channel", "pill"):
        tops = sorted(box.y for box in diagram.boxes if box.style == style)
        assert all(after - before >= BOX_HEIGHT for before, after in pairwise(tops))
        assert tops[0] >= 0
        assert tops[-1] + BOX_HEIGHT <= diagram.height
    assert len(diagram.edges) == 4 + sum(len(find_states(item)) for item in types)
    assert len(diagram.description) == len(types)


def test_what_is_too_large_is_not_drawn():
    many = [sides(reach(f"t{number}", SLACK)) for number in range(MAX_DRAWN_TYPES + 1)]
    assert make_diagram(many) is None
    assert make_diagram(many[1:]) is not None
    assert make_diagram([]) is make_diagram([sides(reach("t", key=""))]) is None
    assert draw_mermaid(many[: MAX_MERMAID_EDGES + 1]) == draw_mermaid([]) == []
    assert draw_mermaid(many[:MAX_MERMAID_EDGES])[0] == "flowchart LR"


def test_no_name_can_end_a_label_of_mermaid():
    lines = draw_mermaid([sides(reach(HOSTILE, Channel("Slack", "i-1", HOSTILE)))])
    assert len(lines) == 4
    for line in lines[1:3]:
        label = line.partition('"')[2].rpartition('"')[0]
        assert not set('"<>[]{}\n`|') & set(label)
    assert lines[3] == "    t0 --> c0"
