"""Requests: the fewest that the API allows, counted by the emulator's own log."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks.figures import Claim
from benchmarks.service import NOTIFCONF, Emulator, emulator, environment
from benchmarks.workspaces import TYPE, workspace

PAGE = 250
TYPES = 600


@dataclass(frozen=True, slots=True)
class Shape:
    """A workspace that is applied to an organisation that has notification types and nothing else.

    `needs` says which lists a plan can't do without.
    """

    name: str
    needs: frozenset[str]
    integrations: int = 0
    subscriptions: int = 0
    mutes: int = 0
    subscribed: int = 0
    mode: str = "upsert-only"

    @property
    def text(self) -> str:
        """The workspace."""
        return workspace(
            integrations=self.integrations,
            subscriptions=self.subscriptions,
            mutes=self.mutes,
            muted=True,
            subscribed=self.subscribed,
            mode=self.mode,
        )

    @property
    def least(self) -> tuple[int, int, int]:
        """The fewest requests of a plan, of an apply, and of a plan behind that."""
        lookups = self.mutes + self.subscribed
        first = sum(pages(TYPES if name == "types" else 0) for name in self.needs) + lookups
        changes = self.integrations + self.subscriptions + lookups
        written = [size for size in (self.integrations, self.subscriptions) if size]
        applied = first + changes + self.integrations + sum(map(pages, written)) + lookups
        sizes = {"types": TYPES, "integrations": self.integrations, "subscriptions": self.subscriptions}
        return first, applied, sum(pages(sizes[name]) for name in self.needs) + lookups


SHAPES = (
    Shape("40 mutes", frozenset(), mutes=40),
    Shape("5 integrations", frozenset({"integrations"}), integrations=5),
    Shape("5 integrations, `sync`", frozenset({"integrations", "subscriptions"}), integrations=5, mode="sync"),
    Shape(
        f"3 integrations, 300 subscriptions to {TYPES} types",
        frozenset({"types", "integrations", "subscriptions"}),
        integrations=3,
        subscriptions=300,
    ),
    Shape(
        "2 integrations, 30 resources with subscriptions, 10 of them muted",
        frozenset({"types", "integrations"}),
        integrations=2,
        mutes=10,
        subscribed=30,
    ),
)


def run() -> Sequence[float]:
    """Count the requests of a plan, an apply and a plan behind it, of each shape."""
    with emulator() as service, tempfile.TemporaryDirectory() as folder:
        return [count for shape in SHAPES for count in _counts(service, shape, Path(folder, "notifconf.yaml"))]


def _counts(service: Emulator, shape: Shape, file: Path) -> list[int]:
    empty: dict[str, list[Any]] = {"integrations": [], "subscriptions": []}
    empty |= {"resource-preferences": [], "resource-subscriptions": []}
    service.seed({**empty, "notification-types": [_type(index) for index in range(TYPES)]})
    file.write_text(shape.text)
    return [_count(service, file, command) for command in ("plan", "apply", "plan")]


def _count(service: Emulator, file: Path, command: str) -> int:
    service.requests()
    options = ["--auto-approve"] if command == "apply" else []
    arguments = [NOTIFCONF, command, str(file), "--endpoint", service.endpoint, *options]
    subprocess.run(arguments, env=environment(), check=True, capture_output=True)
    return len(service.requests())


def _type(index: int) -> dict[str, Any]:
    return {
        "id": f"nt-{index}",
        "display_name": f"Type {index}" if index < TYPES - 1 else TYPE,
        "category": "SERVICE",
        "severity": "INFO",
        "subscription_priority": "OPTIONAL",
        "is_included_in_plan": True,
    }


def pages(size: int) -> int:
    """Return how many pages a list has: an empty one has one."""
    return max(1, ceil(size / PAGE))


CLAIM = Claim(
    title="Requests",
    figures=tuple(
        (f"{command}: {shape.name}", "", least)
        for shape in SHAPES
        for command, least in zip(("plan", "apply", "plan again"), shape.least, strict=True)
    ),
    run=run,
    note=(
        f"At most the least that the API allows: one per {PAGE} objects of each list that the workspace needs, one "
        "lookup per declared preference and one per resource with a `subscriptions` key. An apply makes besides one "
        "per change and one test per new target, and reads again what it wrote."
    ),
)
