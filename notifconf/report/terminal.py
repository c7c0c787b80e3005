"""Lines and tables on a terminal, and what moves while one waits. Rich draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.spinner import Spinner
from rich.text import Text
from rich.theme import Theme

from notifconf.report.style import Line, Span, printable
from notifconf.report.table import Table, table_lines

THEME = Theme(
    {
        "create": "green",
        "update": "yellow",
        "delete": "red",
        "error": "bold red",
        "warning": "yellow",
        "silences": "bold red",
        "strong": "bold",
        "dim": "dim",
        "critical": "bold red",
        "warn": "yellow",
        "info": "cyan",
        "bar.back": "dim",
        "bar.complete": "green",
        "bar.finished": "green",
        "bar.pulse": "green",
        "progress.download": "none",
        "progress.remaining": "dim",
    },
    inherit=False,
)
"""What each style of a span, and each piece of rich's bar, looks like. Colour only repeats what a sign or word says."""

LONG = 1.0
"""Seconds after which a bar shows itself: what is done sooner needs none."""


def terminal(stream: IO[str], *, color: bool) -> Console:
    """Return a console that draws on the terminal `stream`."""
    return Console(file=stream, theme=THEME, no_color=not color, highlight=False, markup=False, emoji=False)


def draw_lines(console: Console, lines: Iterable[Line]) -> None:
    """Draw lines; long ones are wrapped at the terminal's edge."""
    for item in lines:
        console.print(Text.assemble(*(_text(span) for span in item)), soft_wrap=True)


def draw_table(console: Console, table: Table) -> None:
    """Draw a table that fits the terminal."""
    draw_lines(console, table_lines(table, console.width))


@contextmanager
def spinner(console: Console, message: Callable[[], str]) -> Iterator[None]:
    """Turn a spinner, which is gone in the end. What is printed meanwhile on `console` stands above it.

    Its `message` is asked for again and again.
    """
    drawn = Spinner("dots")

    def turned() -> Spinner:
        drawn.update(text=Text(message()))
        return drawn

    # Standard output may be a pipe: rich would send it to the terminal too.
    with Live(get_renderable=turned, console=console, transient=True, redirect_stdout=False, redirect_stderr=False):
        yield


@contextmanager
def bar(
    console: Console, message: str, total: int, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[], None]]:
    """Draw a bar (done of how many, time left) once it takes long; gives what to call for each one that is done.

    It is gone in the end. What is printed meanwhile on `console` stands above it.
    """
    with _LateBar(console, clock) as progress:
        task = progress.add_task(message, total=total)
        yield lambda: progress.advance(task)


class _LateBar(Progress):
    """A bar that is nothing until it takes long."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._clock, self._long_from = clock, clock() + LONG
        super().__init__(
            *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False, get_time=clock
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        if self._clock() >= self._long_from:
            yield from super().get_renderables()


def _text(span: Span) -> Text:
    return Text(printable(span.text), style=span.style)
