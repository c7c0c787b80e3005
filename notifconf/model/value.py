"""Values of attributes: JSON's, and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias


class Secret:
    """A string that nobody may see: `repr` and `str` mask it, only `reveal` gives it out.

    `expression` is how the workspace refers to it, such as `${PLATFORM_SLACK_URL}`; None where it stood in clear or
    comes from the live state. `parts` are the texts in it that came from outside, such as a token in a URL. Two secrets
    are equal when their values are.
    """

    __slots__ = ("_value", "expression", "parts")

    def __init__(self, value: str, expression: str | None = None, parts: tuple[str, ...] = ()) -> None:
        """Hide `value`."""
        self._value = value
        self.expression = expression
        self.parts = parts

    def reveal(self) -> str:
        """Return the value: for the body of a request, for hashing, and to check what refers to it; never to show."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "(sensitive)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not serialised")


Value: TypeAlias = "bool | int | float | str | Secret | tuple[Value, ...] | Mapping[str, Value] | None"
"""A canonical value: lists are tuples, and sorted where the service means a set; equal values mean the same."""
