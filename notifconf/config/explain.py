"""Turn errors of the JSON Schema into messages.

No message repeats a value: it may be a secret, or come from the environment. The place says which one is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from notifconf.config.scalars import format_key
from notifconf.model import Diagnostic, LocatedList, LocatedMapping, error, nearest, place, quoted
from notifconf.providers.base import Language

POLICY: Final = {
    "policy": frozenset(
        {"mode", "max_deletes", "protected", "verify_integrations", "coverage", "discover", "owner", "silences"}
    )
}
"""What belongs into a member that is a mapping, and can't stand beside it; the provider knows more of them."""


def mend_indentation(document: LocatedMapping, language: Language) -> Iterator[Diagnostic]:
    """Yield an error for each member of the document that is not indented far enough, and move it."""
    for name, members in language.entries.items():
        yield from _mend_section(document, name, members)
        yield from _mend_entries(document.get(name), members)
    nested = {**language.nested, **POLICY}
    yield from _mend_members(document, nested)
    for section in list(document.values()):
        for entry in _list_entries(section):
            yield from _mend_members(entry, nested)
            for inner in list(entry.values()) if isinstance(entry, LocatedMapping) else ():
                for item in inner if isinstance(inner, LocatedList) else ():
                    yield from _mend_members(item, nested)


def _list_entries(section: Any) -> list[Any]:
    if isinstance(section, LocatedMapping):
        return list(section.values())
    return list(section) if isinstance(section, LocatedList) else []


def _mend_section(document: LocatedMapping, name: str, members: Mapping[str, str | None]) -> Iterator[Diagnostic]:
    """Move entries that stand beside their section, which is empty, into it."""
    found = [
        key
        for key, value in document.items()
        if isinstance(value, LocatedMapping) and any(_is_member(inner, value[inner], members) for inner in value)
    ]
    if name in document and document[name] is None and found:
        yield _move_all(document, found, name)


def _mend_entries(section: Any, members: Mapping[str, str | None]) -> Iterator[Diagnostic]:
    """Move what stands in a section, beside its entries, into the entry above."""
    if not isinstance(section, LocatedMapping):
        return
    misplaced: dict[str, list[str]] = {}
    above: str | None = None
    for key, value in section.items():
        entry = section.get(above) if above is not None else None
        if not _is_member(key, value, members):
            above = key
        elif above is not None and (entry is None or (isinstance(entry, LocatedMapping) and key not in entry)):
            misplaced.setdefault(above, []).append(key)
    for name, keys in misplaced.items():
        yield _move_all(section, keys, name)


def _is_member(key: str, value: Any, members: Mapping[str, str | None]) -> bool:
    """Say whether this is a member of an entry, by its name and its value: an entry may have the same name."""
    inner = members.get(key)
    is_mapping_member = inner is not None and isinstance(value, LocatedMapping) and inner in value
    return is_mapping_member or (key in members and inner is None and isinstance(value, str))


def _mend_members(mapping: Any, nested: Mapping[str, frozenset[str]]) -> Iterator[Diagnostic]:
    """Move members into the empty mapping above them that they belong to."""
    if not isinstance(mapping, LocatedMapping):
        return
    for name, members in nested.items():
        found = [key for key in mapping if key in members]
        if name not in mapping or mapping[name] is not None or not found:
            continue
        yield _move_all(mapping, found, name)


def _move_all(source: LocatedMapping, keys: list[str], name: str) -> Diagnostic:
    """Move members into the one of this name, which may be empty. They are one mistake: return its error."""
    target = source[name]
    if target is None:
        target = source[name] = LocatedMapping(source.keys_at[keys[0]])
    first, *_ = [_move(source, key, target, name) for key in keys]
    return first


def _move(source: LocatedMapping, key: str, target: LocatedMapping, name: str) -> Diagnostic:
    target[key] = source.pop(key)
    target.keys_at[key], target.values_at[key] = source.keys_at[key], source.values_at[key]
    if key in source.expressions:
        target.expressions[key] = source.expressions[key]
        target.parts[key] = source.parts.get(key, ())
    if key in source.unresolved:
        target.unresolved |= {key}
    message = f'"{key}" stands one level too far left: indent it, so that it is a member of "{name}"'
    return error("invalid-value", message, source.keys_at[key])


Path = tuple[str | int, ...]
MAX_SUGGESTIONS: Final = 1_000

TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("text",),
    "integer": ("a whole number",),
    "boolean": ("true", "false"),
    "object": ("a mapping",),
    "array": ("a list",),
}


@cache
def _make_validator_class() -> Any:
    """Return jsonschema's validator, changed where it would disagree with jsonschema-rs or take quadratic time."""
    # Only a workspace with errors needs jsonschema, and importing it takes as long as five bare interpreters.
    import jsonschema_rs
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

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
        self._suggestions: dict[tuple[str, tuple[str, ...]], str] = {}

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
        elif failure.rule != "oneOf" or isinstance(failure.value, dict):
            from_outside = container is not None and path[-1] in container.expressions
            hint = self._hint(failure, from_outside=from_outside)
            yield error("invalid-value", f"{_subject(path)} {_demand(failure)}{hint}", position)

    def _unknown_keys(self, failure: Failure, mapping: LocatedMapping) -> Iterator[Diagnostic]:
        known = tuple(failure.schema["properties"])
        ignored = tuple(prefix.removeprefix("^") for prefix in failure.schema.get("patternProperties", ()))
        for key in failure.value:
            if key not in known and not key.startswith(ignored):
                suggestion = self._nearest(key, known) or f": the keys here are {', '.join(known)}"
                yield error("unknown-key", f"unknown key {format_key(key)}{suggestion}", mapping.keys_at[key])

    def _hint(self, failure: Failure, *, from_outside: bool) -> str:
        """Say what was probably meant."""
        if failure.rule == "enum" and isinstance(failure.value, str) and not from_outside:
            return self._nearest(failure.value, tuple(failure.wanted))
        if failure.rule == "const" and failure.value == str(failure.wanted):
            return ", without quotes"
        return _hint_of_type(failure, from_outside=from_outside) if failure.rule == "type" else ""

    def _nearest(self, word: str, known: tuple[str, ...]) -> str:
        """Suggest a known word. Only the first words get a suggestion, so that many typos do not make reading slow."""
        if (word, known) not in self._suggestions and len(self._suggestions) < MAX_SUGGESTIONS:
            self._suggestions[word, known] = nearest(word, known)
        return self._suggestions.get((word, known), "")


def _hint_of_type(failure: Failure, *, from_outside: bool) -> str:
    if failure.value is None:
        return " (nothing stands here)"
    if from_outside:
        return " (a value from outside is always text)"
    if "boolean" in failure.wanted and isinstance(failure.value, str):
        return " (`true` and `false`, without quotes, are the only booleans)"
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
