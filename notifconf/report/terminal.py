"""Lines, tables, spinners and bars on a terminal. Rich draws them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.spinner import Spinner
from rich.text import Text
from rich.theme import Theme

from notifconf.report.style import Line, Span, printable

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
"""How each style of a span, and each piece of rich's bar, looks. Colour only repeats what a sign or a word says."""

WORD = re.compile(r"\S+")
HANGING_INDENT = 2
"""Of the second and further parts of a line that is wrapped."""
MIN_WRAPPED_WIDTH = 20
"""A terminal that is narrower than this wraps by itself."""
BAR_DELAY_SECONDS = 1.0
"""A bar appears after this time. Work that is done earlier needs no bar."""


def open_terminal(stream: IO[str], *, color: bool) -> Terminal:
    """Return the terminal that `stream` writes to."""
    return Terminal(Console(file=stream, theme=THEME, no_color=not color, highlight=False, markup=False, emoji=False))


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal that rich's `console` draws on.

    A spinner or a bar disappears when its block ends. Lines that are drawn inside of the block stand above it.
    """

    console: Console

    @property
    def width(self) -> int:
        """How many columns the terminal has."""
        return self.console.width

    def draw_lines(self, lines: Iterable[Line]) -> None:
        """Draw lines. Those that are too long are wrapped between words; the terminal wraps a word that is too long."""
        for item in lines:
            for part in self._wrap(Text.assemble(*(_make_text(span) for span in item))):
                self.console.print(part, soft_wrap=True)

    def _wrap(self, text: Text) -> Iterable[Text]:
        indent = len(text.plain) - len(text.plain.lstrip())
        room = self.width - indent - HANGING_INDENT
        if text.cell_len <= self.width or room < MIN_WRAPPED_WIDTH:
            return [text]
        starts = [0]
        for word in WORD.finditer(text.plain, indent):
            if word.start() > indent and word.end() - max(starts[-1], indent) > room:
                starts.append(word.start())
        parts = text.divide(starts[1:])
        for part in parts:
            part.rstrip()
        return [parts[0], *(Text.assemble(" " * (indent + HANGING_INDENT), part) for part in parts[1:])]

    @contextmanager
    def spinner(self, message: Callable[[], str]) -> Iterator[None]:
        """Show a spinner inside the block. It calls `message` for its text again and again."""
        spinner = Spinner("dots")

        def update() -> Spinner:
            spinner.update(text=Text(message()))
            return spinner

        # Standard output may be a pipe. Rich would send it to the terminal too.
        with Live(
            get_renderable=update, console=self.console, transient=True, redirect_stdout=False, redirect_stderr=False
        ):
            yield

    @contextmanager
    def bar(
        self, message: str, total: int, *, clock: Callable[[], float] = time.monotonic
    ) -> Iterator[Callable[[], None]]:
        """Show a bar (how many of `total` are done, time left). Gives the function to call whenever one is done."""
        with _LateBar(self.console, clock) as progress:
            task = progress.add_task(message, total=total)
            yield lambda: progress.advance(task)


class _LateBar(Progress):
    """A bar that appears after a delay."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._clock, self._visible_from = clock, clock() + BAR_DELAY_SECONDS
        super().__init__(
            *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False, get_time=clock
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        if self._clock() >= self._visible_from:
            yield from super().get_renderables()


def _make_text(span: Span) -> Text:
    return Text(printable(span.text), style=span.style)
