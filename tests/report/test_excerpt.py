from __future__ import annotations

import pytest
from rich.cells import cell_len

from notifconf.model.diagnostic import Position, error, warning
from notifconf.report.excerpt import Members, excerpt_lines
from notifconf.report.style import Span, plain_text

MEMBERS = Members({"version", "description", "integrations", "name"}, named={"integrations"})


def excerpt(text, line, column, *, width=80, code="invalid-value"):
    diagnostic = error(code, "no", Position("notifconf.yaml", line, column))
    return plain_text(excerpt_lines(diagnostic, text.split("\n"), MEMBERS, width))


def test_the_caret_stands_under_the_column():
    assert excerpt("version: 1\nname: two", 2, 7) == "  2 | name: two\n    |       ^\n"
    assert excerpt("\n" * 99 + "name: x", 100, 1) == "  100 | name: x\n      | ^\n"


def test_the_caret_has_the_style_of_its_severity():
    place = Position("f", 1, 1)
    for diagnostic in (error("a", "", place), warning("a", "", place)):
        _, caret = excerpt_lines(diagnostic, ["name: x"], MEMBERS, 80)
        assert caret[-1] == Span("^", diagnostic.severity)


def test_behind_the_end_of_a_line():
    assert excerpt("name:", 1, 6).endswith("\n    |      ^\n")


@pytest.mark.parametrize("place", [(1, 99), (9, 1), (0, 1)])
def test_a_place_that_is_not_there(place):
    assert excerpt("name: x", *place) == ""


def test_no_place():
    assert list(excerpt_lines(error("a", "b"), ["name: x"], MEMBERS, 80)) == []


def test_a_place_behind_a_secret_is_not_shown():
    assert excerpt("{url: s3cret, name: x}", 1, 15) == ""
    assert excerpt("{url: s3cret, name: x}", 1, 2) == "  1 | {url: …\n    |  ^\n"


def test_where_yaml_can_not_be_read_no_value_is_shown():
    assert excerpt("name: x: s3cret", 1, 1, code="yaml-syntax") == "  1 | name: x: …\n    | ^\n"
    assert "s3cret" not in excerpt("name: s3cret", 1, 1, code="yaml-syntax")


def test_wide_and_invisible_characters_before_the_caret():
    assert excerpt("name: 日本 x", 1, 10) == "  1 | name: 日本 x\n    |            ^\n"
    assert excerpt("name: a\x07b", 1, 9) == "  1 | name: a\\x07b\n    |            ^\n"


@pytest.mark.parametrize("column", [1, 7, 30, 100, 207])
@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_long_line_is_cut_around_the_caret(width, column):
    digits = "".join(str(number % 10) for number in range(200))
    shown, caret = excerpt(f"name: {digits}", 1, column, width=width).splitlines()
    assert cell_len(shown) < width
    line = f"name: {digits} "
    assert (shown + " ")[caret.index("^")] == line[column - 1]
    assert ("…" in shown) == (len(line) > width)
