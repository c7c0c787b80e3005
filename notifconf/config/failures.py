"""Turn errors of the JSON Schema into messages: only a workspace with errors needs this module, which imports slowly.

No message repeats a value: it may be a secret, or come from the environment. The place says which one is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import jsonschema_rs
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from notifconf.config.scalars import format_key
from notifconf.model.diagnostic import Diagnostic, Suggester, error, quoted
from notifconf.model.located import LocatedMapping, place

Path = tuple[str | int, ...]
MAX_SUGGESTIONS: Final = 1_000

TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("text",),
    "integer": ("a whole number",),
    "boolean": ("true", "false"),
    "object": ("a mapping",),
    "array": ("a list",),
    "null": ("null",),
}


@cache
def _make_validator_class() -> Any:
    """Return jsonschema's validator, changed where it would disagree with jsonschema-rs or take quadratic time."""

    @cache
    def make_matcher(pattern: str) -> Any:
        return jsonschema_rs.validator_for({"pattern": pattern})

    def find_mismatch(_validator: Any, pattern: str, text: Any, _schema: Any) -> Iterator[ValidationError]:
        # Python's `re` reads some patterns differently: its `$` also matches before a line break at the end.
        if isinstance(text, str) and not make_matcher(pattern).is_valid(text):
            yield ValidationError("no match")

    def find_repeated(_validator: Any, unique: bool, items: Any, _schema: Any) -> Iterator[ValidationError]:
        seen: set[str] = set()
        for index, item in enumerate(items if unique and isinstance(items, list) else ()):
            if isinstance(item, str):
                if item in seen:
                    yield ValidationError("repeated", path=(index,))
                seen.add(item)

    return extend(Draft202012Validator, {"pattern": find_mismatch, "uniqueItems": find_repeated})  # type: ignore[no-untyped-call]


class Failure(NamedTuple):
    """A rule that a value breaks: the keyword of the schema, what it wants, the schema around it.

    `value` stands at `path`; where `of_key` is true it is a key of the mapping there.
    """

    path: Path
    rule: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    of_key: bool

    @property
    def broken_rule(self) -> tuple[Path, str]:
        """The place and the keyword by which jsonschema-rs reports the same failure."""
        if self.of_key:
            return self.path, "propertyNames"
        return (self.path[:-1] if self.rule == "uniqueItems" else self.path), self.rule


def find_failures(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Failure]:
    """Yield each rule of the schema that the document breaks."""
    for found in _make_validator_class()(schema).iter_errors(document):
        of_key = "propertyNames" in found.absolute_schema_path
        path = tuple(found.absolute_path)
        yield Failure(path, found.validator, found.validator_value, found.instance, found.schema, of_key)


class Explainer:
    """Puts the failures of one document into words."""

    def __init__(self, document: LocatedMapping) -> None:
        """Explain with the places of `document`."""
        self._document = document
        self._nearest = Suggester(MAX_SUGGESTIONS)

    def explain(self, failure: Failure) -> Iterator[Diagnostic]:
        """Say what is wrong, and where."""
        path = failure.path
        container = place(self._document, path[:-1]) if path else None
        position = container.at(path[-1]) if container is not None else self._document.position
        if failure.of_key:
            message = f"the key {format_key(failure.value)} {_demand(failure)}"
            yield error("invalid-value", message, place(self._document, path).keys_at[failure.value])
        elif failure.rule == "additionalProperties":
            yield from self._unknown_keys(failure, place(self._document, path))
        elif failure.rule == "required":
            missing = [key for key in failure.wanted if key not in failure.value]
            yield from (error("invalid-value", f"{quoted(key)} is missing{_within(path)}", position) for key in missing)
        elif failure.rule == "dependentRequired":
            for key in failure.wanted:
                if key in failure.value and not set(failure.wanted[key]) <= set(failure.value):
                    message = f"{quoted(key)} goes with {' and '.join(map(quoted, failure.wanted[key]))} alone"
                    yield error("invalid-value", message, place(self._document, path).keys_at[key])
        elif failure.rule == "pattern" and failure.value == "" and "minLength" in failure.schema:
            pass  # that it is empty is said already
        elif failure.rule != "oneOf" or isinstance(failure.value, dict):
            from_outside = container is not None and path[-1] in container.expressions
            hint = self._hint(failure, from_outside=from_outside)
            yield error("invalid-value", f"{_subject(path)} {_demand(failure)}{hint}", position)

    def _unknown_keys(self, failure: Failure, mapping: LocatedMapping) -> Iterator[Diagnostic]:
        known = tuple(failure.schema["properties"])
        ignored = tuple(prefix.removeprefix("^") for prefix in failure.schema.get("patternProperties", ()))
        for key in failure.value:
            if key not in known and not key.startswith(ignored):
                suggestion = self._nearest(key, known, known) or f": the keys here are {', '.join(known)}"
                yield error("unknown-key", f"unknown key {format_key(key)}{suggestion}", mapping.keys_at[key])

    def _hint(self, failure: Failure, *, from_outside: bool) -> str:
        """Say what was probably meant."""
        if failure.rule == "enum" and isinstance(failure.value, str) and not from_outside:
            return self._nearest(failure.value, failure.wanted, tuple(failure.wanted))
        if failure.rule == "const" and failure.value == str(failure.wanted):
            return ", without quotes"
        return _hint_of_type(failure, from_outside=from_outside) if failure.rule == "type" else ""


def _hint_of_type(failure: Failure, *, from_outside: bool) -> str:
    if failure.value is None:
        return " (nothing stands here)"
    if from_outside:
        return " (a value from outside is always text)"
    if "boolean" in failure.wanted and isinstance(failure.value, str):
        return " (`true` and `false`, without quotes, are the only booleans)"
    if "array" in failure.wanted and isinstance(failure.value, dict):
        return " (each of its items begins with a dash, `- `)"
    if "string" in failure.wanted and isinstance(failure.value, bool | int | float):
        return " (put it in quotes)"
    return ""


def _subject(path: Path) -> str:
    if path and isinstance(path[-1], str):
        return format_key(path[-1])
    return f"an item of {quoted(str(path[-2]))}" if len(path) > 1 else "the workspace"


def _within(path: Path) -> str:
    return f" in {_subject(path)}" if path else ": every workspace has it"


def _demand(failure: Failure) -> str:
    """Say what the broken rule wants of its subject."""
    return DEMANDS[failure.rule](failure.wanted, failure)


def _types(types: str | list[str], _failure: Failure) -> str:
    names = [name for kind in ([types] if isinstance(types, str) else types) for name in TYPES[kind]]
    return f"must be {' or '.join(filter(None, [', '.join(names[:-1]), names[-1]]))}"


def _exactly_one(branches: list[Any], failure: Failure) -> str:
    names = [name for branch in branches for name in branch["required"]]
    either = " or ".join(quoted(name) for name in names)
    return f"takes either {either}, not both" if any(name in failure.value for name in names) else f"needs {either}"


DEMANDS: Final[Mapping[Any, Callable[[Any, Failure], str]]] = {
    "const": lambda value, _: f"must be {value}",
    "enum": lambda values, _: f"must be one of {', '.join(values)}",
    "maxLength": lambda most, _: f"must have at most {most} characters",
    "minItems": lambda _least, _: "must not be empty",
    "minLength": lambda _least, _: "must not be empty",
    "minProperties": lambda _least, _: "must not be empty",
    "minimum": lambda least, _: f"must be at least {least}",
    "oneOf": _exactly_one,
    "pattern": lambda _pattern, failure: str(failure.schema["patternErrorMessage"]),
    "type": _types,
    "uniqueItems": lambda _unique, _: "stands in the list already",
}
"""What each rule wants, by the schema's keyword for it."""
