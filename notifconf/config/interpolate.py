"""`${…}` in a document: values from the environment and from files, as far as `Access` lets a workspace read them.

References are resolved after parsing, so a value can never change the structure. No message repeats a value, or the
default beside a name: both may be secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from notifconf.config.access import Access
from notifconf.errors import WorkspaceError
from notifconf.files import open_to_read
from notifconf.model.diagnostic import UTF_16_MARKS, Diagnostic, Position, error, forbidden_in, quoted
from notifconf.model.located import LocatedList, LocatedMapping
from notifconf.model.mask import LEFT_OUT

MAX_CHARACTERS: Final = 8 * 1024 * 1024
"""How much all references of a document may bring in."""
MAX_REFERENCED_FILE_BYTES: Final = 1024 * 1024
MAX_PROBLEMS_SHOWN: Final = 100
"""At most this many errors are reported for one text."""

_PART: Final = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<body>[^}]*)(?P<end>\}?)")
_VARIABLE: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<operator>[-?])(?P<word>.*))?", re.DOTALL)
_FILE: Final = "file:"


class _BadReferenceError(Exception):
    """A reference has no value: `code` says whether it is written wrongly or its value is missing."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def interpolate(
    document: LocatedMapping,
    environment: Mapping[str, str] | None,
    access: Access | None = None,
    origins: dict[Position, Origin] | None = None,
) -> Iterator[Diagnostic]:
    """Resolve every `${…}` in the document's values, in place, and yield what is wrong with them.

    Without an environment nothing is looked up: references stay as written and are marked as unresolved, and so are
    those whose value is missing. What `access` forbids is an error with and without an environment. `$${` becomes `${`
    all the same. A container that several aliases name is one object: it is resolved once, for all its places.
    `origins` collects, by its place, what each value was made of.
    """
    interpolation = _Interpolation(environment, access or Access(), {} if origins is None else origins)
    seen: set[int] = set()
    waiting: list[LocatedMapping | LocatedList] = [document]
    while waiting:
        container = waiting.pop()
        if id(container) in seen:
            continue
        seen.add(id(container))
        keys: list[Any] = []
        for key, value in container.items() if isinstance(container, LocatedMapping) else enumerate(container):
            if isinstance(value, LocatedMapping | LocatedList):
                waiting.append(value)
            elif type(value) is str and "${" in value:
                keys.append(key)
        if keys:
            yield from interpolation.resolve(container, keys)


class Origin(NamedTuple):
    """What a value was made of: the text as written, and what its references brought in."""

    expression: str
    parts: tuple[str, ...]

    def __repr__(self) -> str:
        return str(self)  # the parts may be secret

    def __str__(self) -> str:
        """Say where the value comes from, and what is often wrong with such a value; never what it is."""
        bodies = [part["body"] for part in _PART.finditer(self.expression) if not part["escape"]]
        references = dict(zip(bodies, self.parts, strict=True))
        if not any(references.values()):
            return " and ".join(f"{_name_source(body)} is empty" for body in references)
        named = (_name_source(body) + _find_slip(value) for body, value in references.items())
        return f"the value comes from {' and '.join(named)}"


def _name_source(body: str) -> str:
    variable = _VARIABLE.fullmatch(body)
    if variable is None:
        return f"the file {quoted(body.removeprefix(_FILE))}"
    default = " or its default" if variable["operator"] == "-" else ""
    return f"the environment variable {variable['name']}{default}"


def _find_slip(value: str) -> str:
    """Name what does not belong to a value, and came along with it."""
    if not value:
        return ", which is empty"
    if value != value.strip():
        return ", with white space around it"
    return ", with quotes around it" if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else ""


def referred_value(text: str, position: Position, environment: Mapping[str, str], access: Access | None = None) -> str:
    """Return the value of a text with references that stood at `position`. Raises WorkspaceError where one has none."""
    value, _, problems = _Interpolation(environment, access or Access(), {}).resolve_text(text, position)
    if problems:
        raise WorkspaceError(problems)
    return value


class _Interpolation:
    """Resolves the references of one document against one environment; None leaves them as they are."""

    def __init__(self, environment: Mapping[str, str] | None, access: Access, origins: dict[Position, Origin]) -> None:
        self._environment = environment
        self._origins = origins
        self._access = access
        self._characters = 0
        self._file = cache(_read_file)

    def resolve(self, container: Any, keys: list[Any]) -> Iterator[Diagnostic]:
        """Resolve the texts at `keys` of a mapping or a list."""
        unresolved = set()
        for key in keys:
            text = container[key]
            value, parts, problems = self.resolve_text(text, container.at(key))
            refers = parts is not None
            if parts is not None:
                container.expressions[key], container.parts[key] = text, parts
                if self._environment is not None and not problems:
                    self._origins[container.at(key)] = Origin(text, parts)
            if problems or (refers and self._environment is None):
                unresolved.add(key)
            else:
                container[key] = value
            yield from problems
        container.unresolved = frozenset(unresolved)

    def resolve_text(self, text: str, position: Position) -> tuple[str, tuple[str, ...] | None, list[Diagnostic]]:
        """Return the resolved text, what its references brought in (None without a reference), and what is wrong."""
        parts: list[str] = []
        refers = False
        problems: list[Diagnostic] = []

        def replacement(part: re.Match[str]) -> str:
            nonlocal refers
            if part["escape"]:
                return "${"
            refers = True
            try:
                parts.append(self._value(part, position))
                return parts[-1]
            except _BadReferenceError as bad:
                if len(problems) < MAX_PROBLEMS_SHOWN:
                    problems.append(error(bad.code, str(bad), position))
                return ""

        value = _PART.sub(replacement, text)
        return value, tuple(parts) if refers else None, problems

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
        file = str(Path(position.file).parent / path)
        refusal = self._access.refuse_variable(variable["name"]) if variable else self._access.refuse_file(file, path)
        if refusal is not None:
            raise _BadReferenceError("forbidden-source", refusal)
        if self._environment is None:
            return ""
        value = _read_variable(variable, self._environment) if variable else self._file(file, path)
        self._characters += len(value)
        if self._characters > MAX_CHARACTERS:
            raise _BadReferenceError("invalid-value", "references bring in more text than a workspace may hold")
        found = forbidden_in(value)
        if found:
            message = f"the value of this reference holds U+{ord(found[0]):04X}, a character that is not text"
            raise _BadReferenceError("invalid-value", message)
        return value


def _read_variable(variable: re.Match[str], environment: Mapping[str, str]) -> str:
    name, operator, word = variable["name"], variable["operator"], variable["word"]
    value = environment.get(name)
    if value or (value is not None and operator is None):
        return value
    if operator == "-":
        return str(word)
    way_out = f"set it (or, if it is no secret, write a default: ${{{name}:-default}})"
    hint = quoted(word) if word and word != LEFT_OUT else way_out
    state = "is not set" if value is None else "is empty"
    raise _BadReferenceError("missing-variable", f"the environment variable {name} {state}: {hint}")


def _read_file(file: str, path: str) -> str:
    """Return what a file holds, without the line breaks at its end."""
    try:
        # The path that was judged is the one that is read.
        with open_to_read(os.path.realpath(file)) as opened:
            data = opened.read(MAX_REFERENCED_FILE_BYTES + 1)
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "no file has such a name"
        raise _BadReferenceError("missing-variable", f"the file {quoted(path)} can't be read: {reason}") from failure
    if len(data) > MAX_REFERENCED_FILE_BYTES:
        raise _BadReferenceError(
            "invalid-value", f"the file {quoted(path)} is larger than {MAX_REFERENCED_FILE_BYTES} bytes"
        )
    try:
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        hint = " but UTF-16" if data.startswith(UTF_16_MARKS) else ""
        message = f"the file {quoted(path)} is not UTF-8{hint}: save it as UTF-8"
        raise _BadReferenceError("invalid-value", message) from None
