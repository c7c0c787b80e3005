"""Reads the members of a request body one by one and collects what is wrong with them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from notifconf.emulator.confluent.errors import Problem, Refusal, invalid
from notifconf.emulator.confluent.objects import STATES

if TYPE_CHECKING:
    from collections.abc import Collection

READ_ONLY = frozenset({"api_version", "kind", "id", "metadata"})
REFERENCE_MEMBERS = frozenset({"id", "related", "resource_name", "api_version", "kind", "environment"})
# The name of a connector is free text, apart from "/".
SEGMENT = r"(?:connector=[^/]+|[^=/\s]+=[^=/\s]+)"
RESOURCE = re.compile(f"{SEGMENT}(?:/{SEGMENT})*")
ENUM_VALUE = re.compile(r"[A-Z][A-Z0-9_]*")
MAX_ID = 255


def parse_body(raw: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object that a request carries. Raises Refusal (400)."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(invalid(f"Content-Type must be application/json, not {media_type or 'absent'}"))
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refusal(invalid(f"The body is not JSON: {error}")) from error
    if not isinstance(body, dict):
        raise Refusal(invalid("The body must be a JSON object", pointer=""))
    return body


class Members:
    """The members of one JSON object; every reader answers None where the member is absent or wrong."""

    def __init__(self, body: dict[str, Any], pointer: str = "", problems: list[Problem] | None = None) -> None:
        self.body = body
        self.pointer = pointer
        self.problems: list[Problem] = [] if problems is None else problems

    def refuse(self, name: str, detail: str) -> None:
        """Notes that the member is wrong."""
        self.problems.append(invalid(f"{name}: {detail}", pointer=f"{self.pointer}/{name}"))

    def check(self) -> None:
        """Raises Refusal if anything was wrong."""
        if self.problems:
            raise Refusal(*self.problems)

    def require(self, *names: str) -> None:
        """These must be there."""
        for name in names:
            if name not in self.body:
                self.refuse(name, "is required")

    def allow(self, names: Collection[str]) -> None:
        """No other member may be there."""
        for name in self.body:
            if name not in names:
                self.refuse(name, "is not a member of this object")

    def string(self, name: str, *, maximum: int, minimum: int = 1) -> str | None:
        """A text of `minimum` to `maximum` characters."""
        if name not in self.body:
            return None
        value = self.body[name]
        if not isinstance(value, str):
            self.refuse(name, "must be a string")
        elif not minimum <= len(value) <= maximum:
            self.refuse(name, f"must be of {minimum} to {maximum} characters")
        else:
            return value
        return None

    def one_of(self, name: str, values: Collection[str]) -> str | None:
        """One of these texts."""
        if name not in self.body:
            return None
        value = self.body[name]
        if isinstance(value, str) and value in values:
            return value
        self.refuse(name, f"must be one of {', '.join(sorted(values))}")
        return None

    def open_enum(self, name: str, *, refused: Collection[str] = ()) -> str | None:
        """A value of an enum that may grow: any such word, apart from those that are known not to fit here."""
        value = self.string(name, maximum=MAX_ID)
        if value is None or (ENUM_VALUE.fullmatch(value) and value not in refused):
            return value
        self.refuse(name, f"{value} is not a value of this member")
        return None

    def resource(self, name: str) -> str | None:
        """A path of `type=id` segments."""
        value = self.string(name, maximum=1024)
        if value is None or RESOURCE.fullmatch(value):
            return value
        self.refuse(name, "must be a path of type=id segments")
        return None

    def child(self, name: str) -> Members | None:
        """An object, to be read in its turn; what is wrong in it is wrong here."""
        if name not in self.body:
            return None
        value = self.body[name]
        if not isinstance(value, dict):
            self.refuse(name, "must be an object")
            return None
        return Members(value, f"{self.pointer}/{name}", self.problems)

    def state(self) -> str | None:
        """`current_state`."""
        return self.one_of("current_state", STATES)

    def reference(self, name: str) -> str | None:
        """The id in an object reference, whose other members are read-only."""
        child = self.child(name)
        return None if child is None else child.referred()

    def references(self, name: str) -> list[str] | None:
        """The ids in a list of at least one object reference, each once."""
        if name not in self.body:
            return None
        value = self.body[name]
        if not isinstance(value, list) or not value:
            self.refuse(name, "must be a list of at least one reference")
            return None
        found: list[str] = []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self.refuse(f"{name}/{index}", "must be an object")
                continue
            identifier = Members(item, f"{self.pointer}/{name}/{index}", self.problems).referred()
            if identifier in found:
                self.refuse(f"{name}/{index}", f"{identifier} is named twice")
            elif identifier is not None:
                found.append(identifier)
        return found

    def referred(self) -> str | None:
        """The id of this object, which is a reference."""
        self.require("id")
        self.allow(REFERENCE_MEMBERS)
        return self.string("id", maximum=MAX_ID)
