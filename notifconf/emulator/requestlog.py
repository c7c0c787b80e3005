"""What clients have asked, for tests that count requests."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MAX_ENTRIES = 100_000


@dataclass(slots=True)
class Entry:
    """One request. `status` is None while it is not answered, and for good where the connection was reset."""

    method: str
    path: str
    query: str
    user_agent: str
    body: str = ""
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")


class RequestLog:
    """The last requests (at most MAX_ENTRIES), and how many there were at once.

    Attributes:
        entries: in the order of their arrival; requests to `/_emulator` are not among them.
        count: how many there were since the log was cleared, kept or not.
        peak: the most that were in flight at the same time.
    """

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self.count = 0
        self.peak = 0
        self._in_flight = 0

    def arrived(self, entry: Entry) -> None:
        """Notes a request that has come in."""
        self.entries.append(entry)
        self.count += 1
        self._in_flight += 1
        self.peak = max(self.peak, self._in_flight)

    def left(self) -> None:
        """Notes that a request is done with."""
        self._in_flight -= 1

    def clear(self) -> None:
        """Forgets all, except what is in flight."""
        self.entries.clear()
        self.count = 0
        self.peak = self._in_flight

    def as_json(self) -> dict[str, Any]:
        """The log as `/_emulator/requests` answers it."""
        return {"count": self.count, "peak": self.peak, "requests": [asdict(entry) for entry in self.entries]}
