"""`${…}` in a document: values from the environment and from files.

References are resolved after parsing, so a value can never change the structure. No message repeats a value, or the
default beside a name: both may be secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from notifconf.errors import UsageError
from notifconf.files import open_to_read
from notifconf.model import Diagnostic, LocatedList, LocatedMapping, error
from notifconf.model.diagnostic import quoted
from notifconf.model.text import forbidden_in

if TYPE_CHECKING:
    from notifconf.model import Position

MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""How much all references of a document may bring in."""
MOST_FILE_BYTES: Final = 1024 * 1024
MOST_PROBLEMS: Final = 100
"""How many bad references of one text are told."""

_PART: Final = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<body>[^}]*)(?P<end>\}?)")
_VARIABLE: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<operator>[-?])(?P<word>.*))?", re.DOTALL)
_FILE: Final = "file:"


class _BadReferenceError(Exception):
    """A reference has no value: `code` says whether it is written wrongly or its value is missing."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def interpolate(document: LocatedMapping, environment: Mapping[str, str] | None) -> Iterator[Diagnostic]:
    """Resolve every `${…}` in the document's values, in place, and yield what is wrong with them.

    Without an environment nothing is looked up: references stay as written and are marked as unresolved, and so are
    those whose value is missing. `$${` becomes `${` all the same. A container that several aliases name is one
    object: it is resolved once, for all its places.
    """
    interpolation = _Interpolation(environment)
    seen: set[int] = set()
    waiting: list[LocatedMapping | LocatedList] = [document]
    while waiting:
        container = waiting.pop()
        if id(container) not in seen:
            seen.add(id(container))
            members: list[Any] = list(
                container.items() if isinstance(container, LocatedMapping) else enumerate(container)
            )
            waiting += [value for _, value in members if isinstance(value, LocatedMapping | LocatedList)]
            yield from interpolation.resolve(container, [key for key, value in members if _may_refer(value)])


def referred_value(text: str, position: Position, environment: Mapping[str, str]) -> str:
    """Return the value of a text with references that stood at `position`. Raises UsageError where one has none."""
    value, _, problems = _Interpolation(environment).text(text, position)
    if problems:
        raise UsageError(problems[0].message)
    return value


def _may_refer(value: object) -> bool:
    return type(value) is str and "${" in value


class _Interpolation:
    """Resolves the references of one document against one environment; None leaves them as they are."""

    def __init__(self, environment: Mapping[str, str] | None) -> None:
        self._environment = environment
        self._characters = 0
        self._file = cache(_file)

    def resolve(self, container: Any, keys: list[Any]) -> Iterator[Diagnostic]:
        """Resolve the texts at `keys` of a mapping or a list."""
        unresolved = set()
        for key in keys:
            text = container[key]
            value, refers, problems = self.text(text, container.at(key))
            if refers:
                container.expressions[key] = text
            if problems or (refers and self._environment is None):
                unresolved.add(key)
            else:
                container[key] = value
            yield from problems
        container.unresolved = frozenset(unresolved)

    def text(self, text: str, position: Position) -> tuple[str, bool, list[Diagnostic]]:
        """Return the resolved text, whether it refers to anything, and what is wrong."""
        refers = False
        problems: list[Diagnostic] = []

        def replacement(part: re.Match[str]) -> str:
            nonlocal refers
            if part["escape"]:
                return "${"
            refers = True
            try:
                return self._value(part, position)
            except _BadReferenceError as bad:
                if len(problems) < MOST_PROBLEMS:
                    problems.append(error(bad.code, str(bad), position))
                return ""

        return _PART.sub(replacement, text), refers, problems

    def _value(self, part: re.Match[str], position: Position) -> str:
        body = part["body"]
        if not part["end"]:
            raise _BadReferenceError("invalid-value", "`${` is not closed by `}` (a literal `${` is written `$${`)")
        variable = _VARIABLE.fullmatch(body)
        path = body.removeprefix(_FILE) if body.startswith(_FILE) else ""
        if "${" in body or not (variable or path):
            forms = "${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:PATH}"
            message = f"a reference reads {forms} (a literal `${{` is written `$${{`)"
            raise _BadReferenceError("invalid-value", message)
        if self._environment is None:
            return ""
        if variable:
            value = _variable(variable, self._environment)
        else:
            value = self._file(str(Path(position.file).parent / path), path)
        self._characters += len(value)
        if self._characters > MOST_CHARACTERS:
            raise _BadReferenceError("invalid-value", "references bring in more text than a workspace may hold")
        if forbidden_in(value):
            raise _BadReferenceError("invalid-value", "the value of this reference holds a character that is not text")
        return value


def _variable(variable: re.Match[str], environment: Mapping[str, str]) -> str:
    name, operator, word = variable["name"], variable["operator"], variable["word"]
    value = environment.get(name)
    if value or (value is not None and operator is None):
        return value
    if operator == "-":
        return str(word)
    hint = f": {quoted(word)}" if word else ""
    state = "is not set" if value is None else "is empty"
    raise _BadReferenceError("missing-variable", f"the environment variable {name} {state}{hint}")


def _file(file: str, path: str) -> str:
    """Return what a file holds, without the line breaks at its end."""
    try:
        with open_to_read(file) as opened:
            data = opened.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "no file has such a name"
        raise _BadReferenceError("missing-variable", f"the file {quoted(path)} can't be read: {reason}") from failure
    if len(data) > MOST_FILE_BYTES:
        raise _BadReferenceError("invalid-value", f"the file {quoted(path)} is larger than {MOST_FILE_BYTES} bytes")
    try:
        return data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _BadReferenceError("invalid-value", f"the file {quoted(path)} is not UTF-8") from None
