from __future__ import annotations

import pytest
from rich.cells import cell_len

from notifconf.report.style import Span, plain_text
from notifconf.report.table import Table, table_lines

LONG = "Access to a customer-managed encryption key (BYOK) has been disrupted"
TABLE = Table(
    "Subscriptions",
    ("type", "in_plan", "channels"),
    (
        (Span("Kafka"), Span("yes"), Span("Admins")),
        (Span(LONG), Span("no", "dim"), Span("Admins, Platform alerts, On-call pager, Data platform team")),
    ),
)


def drawn(table: Table, width: int | None = None) -> str:
    return plain_text(table_lines(table, width))


def test_a_pipe_gets_every_cell_whole_in_its_column():
    assert drawn(TABLE) == (
        "Subscriptions\n"
        "  TYPE                                                                   IN PLAN  CHANNELS\n"
        "  Kafka                                                                  yes      Admins\n"
        f"  {LONG}  no       Admins, Platform alerts, On-call pager, Data platform team\n"
    )


def test_a_terminal_that_is_wide_enough_gets_the_same():
    lines = drawn(TABLE).splitlines()
    assert drawn(TABLE, max(map(len, lines))) == drawn(TABLE)
    assert drawn(TABLE, max(map(len, lines)) - 1) != drawn(TABLE)


def test_a_narrow_one_gets_the_first_cell_on_a_line_of_its_own():
    assert drawn(TABLE, 60) == (
        "Subscriptions\n"
        "  TYPE\n"
        "      IN PLAN  CHANNELS\n"
        "  Kafka\n"
        "      yes      Admins\n"
        f"  {LONG}\n"
        "      no       Admins, Platform alerts, On-call pager, Data\n"
        "               platform team\n"
    )


@pytest.mark.parametrize("width", [72, 80, 100, 120])
def test_nothing_is_wider_than_the_terminal(width):
    assert all(cell_len(text) <= width for text in drawn(TABLE, width).splitlines())


def test_a_still_narrower_one_gets_several_lines_of_cells():
    assert drawn(TABLE, 24) == (
        "Subscriptions\n"
        "  TYPE\n"
        "      IN PLAN\n"
        "      CHANNELS\n"
        "  Kafka\n"
        "      yes\n"
        "      Admins\n"
        f"  {LONG}\n"
        "      no\n"
        "      Admins, Platform alerts, On-call pager, Data platform team\n"
    )


def test_the_last_column_is_wrapped_where_it_has_room_and_its_words_stay_whole():
    table = Table("T", ("name", "text"), ((Span("a"), Span("word " * 12 + "x" * 41)),))
    assert drawn(table, 48).splitlines()[2:] == [
        "  a     word word word word word word word word",
        "        word word word word",
        f"        {'x' * 41}",
    ]
    assert drawn(table, 47).splitlines()[3] == "  a"


def test_below_a_cell_of_a_tree_its_others_are_deeper_than_its_children():
    rows = ((Span("Production"), Span("x" * 45)), (Span("    orders"), Span("y" * 45)), (Span("      sink"), Span("z")))
    assert drawn(Table("T", ("name", "path"), rows), 53).splitlines()[3:] == [
        "  Production",
        "      " + "x" * 45,
        "      orders",
        "          " + "y" * 45,
        "        sink",
        "            z",
    ]


def test_no_rows():
    table = Table("Mutes", ("resource",), (), "nothing was asked")
    assert drawn(table) == "Mutes\n  (nothing was asked)\n"
    assert drawn(table, 15) == "Mutes\n  (nothing was\n  asked)\n"


def test_wide_characters_and_control_characters():
    table = Table("T", ("name", "kind"), ((Span("日本"), Span("a")), (Span("x\x1b[2J"), Span("b"))))
    assert drawn(table) == "T\n  NAME      KIND\n  日本      a\n  x\\x1b[2J  b\n"


def test_styles_stay_with_their_cells():
    assert Span("no", "dim") in [span for line in table_lines(TABLE) for span in line]
    assert Span("no", "dim") in [span for line in table_lines(TABLE, 40) for span in line]
