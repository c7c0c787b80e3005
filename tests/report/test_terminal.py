from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from notifconf.report.style import Span, line
from notifconf.report.terminal import BAR_DELAY_SECONDS, THEME, Terminal
from tests.cli.terminal import ESCAPE


def console(*, no_color: bool = False, width: int = 40) -> tuple[Terminal, io.StringIO]:
    """A terminal that keeps what is drawn."""
    kept = io.StringIO()
    drawn = Console(
        file=kept,
        theme=THEME,
        force_terminal=True,
        width=width,
        no_color=no_color,
        color_system="standard",
        highlight=False,
        markup=False,
    )
    return Terminal(drawn), kept


@pytest.mark.parametrize("style", ["create", "update", "delete", "error", "warning", "silences", "critical", "warn"])
def test_styles_are_colours_that_no_color_takes_away(style):
    for no_color in (False, True):
        terminal, kept = console(no_color=no_color)
        terminal.draw_lines([line(Span("+ word", style))])
        assert "+ word" in kept.getvalue()
        codes = {code for part in kept.getvalue().split("\x1b[")[1:] for code in part.partition("m")[0].split(";")}
        assert bool(codes & {"31", "32", "33", "36"}) is not no_color


def test_what_comes_from_outside_is_neither_markup_nor_an_escape():
    terminal, kept = console()
    terminal.draw_lines([line("[red]x[/red] :smile: \x1b[31m")])
    assert kept.getvalue() == "[red]x[/red] :smile: \\x1b[31m\n"


def test_long_lines_are_wrapped_between_words_below_their_indentation():
    terminal, kept = console()
    text = f"  ~ subscriptions/Connector in FAILED state, {'x' * 50} and so on"
    terminal.draw_lines([line(Span(text[:10], "update"), text[10:])])
    assert ESCAPE.sub("", kept.getvalue()).splitlines() == [
        "  ~ subscriptions/Connector in FAILED",
        "    state,",
        f"    {'x' * 50}",
        "    and so on",
    ]


def test_a_line_that_fits_and_one_on_a_tiny_terminal_stay_whole():
    for width, text in ((40, "a word " * 5 + "aword"), (20, "a word " * 10)):
        terminal, kept = console(width=width)
        terminal.draw_lines([line(text)])
        assert kept.getvalue() == f"{text}\n"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, False), (BAR_DELAY_SECONDS / 2, False), (BAR_DELAY_SECONDS, True)]
)
def test_a_bar_shows_itself_where_it_takes_long(seconds, expected):
    terminal, kept = console(width=80)
    now = 0.0
    with terminal.bar("Applying", 3, clock=lambda: now) as advance:
        advance()
        now = seconds
        advance()
    assert ("Applying" in kept.getvalue()) is expected
    assert ("2/3" in kept.getvalue()) is expected


def test_what_moves_leaves_standard_output_alone(capsys):
    terminal, kept = console()
    with terminal.spinner(lambda: "Reading [bold]x"):
        sys.stdout.write("result\n")
    with terminal.bar("Applying", 1):
        sys.stdout.write("result\n")
    assert capsys.readouterr().out == "result\nresult\n"
    assert "Reading [bold]x" in kept.getvalue()
    assert "result" not in kept.getvalue()
