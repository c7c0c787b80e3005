"""Figures as tables, and all of them as RESULTS.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import RUNS, Claim, Figure

HEAD = ("what", "median", "spread", "at most", "of that")
PACKAGES = ("httpx", "httpcore", "click", "pyyaml", "jsonschema-rs", "uvicorn", "starlette")
NOTES = Path(__file__).parent / "NOTES.md"

INTRODUCTION = f"""# What was measured

Written by `make bench`: the medians of {RUNS} runs, how these vary, and what part of its limit each is. The service is
the project's own emulator, in a process of its own on the same machine."""


def table(figures: Iterable[Figure]) -> str:
    """Return figures as a table in Markdown, which reads well in a terminal too."""
    rows = [HEAD, *(figure.cells for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([lines[0], _line("-" * width for width in widths), *lines[1:]])


def document(measured: Sequence[tuple[Claim, Sequence[Figure]]]) -> str:
    """Return RESULTS.md."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    system = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    parts = [INTRODUCTION, f"Machine: {system}; {packages}."]
    for claim, figures in measured:
        parts += [f"## {claim.title}", *([claim.note] if claim.note else []), table(figures)]
    return "\n\n".join([*parts, NOTES.read_text(encoding="utf-8")])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
