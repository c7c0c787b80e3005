"""The time, as both services write it."""

from datetime import UTC, datetime


def now() -> str:
    """RFC 3339 in UTC with milliseconds, such as `2022-08-23T23:02:18.455Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
