"""Check a document against the JSON Schema of a workspace.

There are two validators. jsonschema-rs checks the whole document in milliseconds, and it alone decides which values are
wrong: `find_violations`. jsonschema is a hundred times slower, but its errors carry what a good message needs: the part
of the schema and the value. So it reads only the wrong entries, and `failures` turns its errors into messages.

The two can't contradict each other. An error that only jsonschema finds is dropped; a violation that it does not find
gets a general message. A property test checks that both find the same places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import jsonschema_rs

from notifconf.model.diagnostic import Diagnostic, error
from notifconf.model.located import LocatedList, LocatedMapping, place
from notifconf.providers import BUILT_IN, list_loaded, list_providers, load_provider

CONFIG: Final = "notifconf-v1.schema.json"
MAX_VIOLATIONS: Final = 10_000
DEPENDENT: Final = "dependentRequired"

# Rules about a text that an unresolved reference may still satisfy.
_RULES_OF_TEXT: Final = frozenset({"const", "enum", "maxLength", "minLength", "pattern"})
# Rules that leave an entry readable when it breaks them.
_READABLE: Final = frozenset({"propertyNames", "uniqueItems"})


# Without one of these, an entry would mean another object.
NAMING: Final = frozenset({"id", "name", "display_name"})


class Violation(NamedTuple):
    """A rule that the value at `path` breaks; `unknown` names the keys that no rule knows."""

    path: tuple[str | int, ...]
    rule: str
    unknown: tuple[str, ...] = ()


def schema_text(name: str) -> str:
    """Return the text of one of the project's JSON Schemas, by its file's name.

    An installed package holds them; beside a source tree they lie in its folder `schemas`. The schema of a workspace
    also knows the providers of other installed packages.
    """
    if name == CONFIG and (installed := list_providers()) != BUILT_IN:
        for provider in installed:
            load_provider(provider)
        return json.dumps(workspace_schema(installed), indent=2)
    return _read_schema(name)


def add_names(text: str, provider: str, member: str, names: Sequence[str]) -> str:
    """Return the schema of a workspace with `names` as values that editors offer for a member of a provider's entries.

    Other values stay valid: case does not matter, and ids may stand there too.
    """
    document = json.loads(text)
    for name, definition in document["$defs"].items():
        if name.startswith(f"{provider}-") and member in definition.get("properties", {}):
            definition["properties"][member]["anyOf"] = [{"enum": list(names)}, {"type": "string"}]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _read_schema(name: str) -> str:
    package = Path(__file__).parent.parent
    installed = package / "schemas" / name
    return (installed if installed.exists() else package.parent / "schemas" / name).read_text(encoding="utf-8")


def check(document: LocatedMapping) -> list[Diagnostic]:
    """Return what the schema refuses in a document, and remove it from the document, so that the rest can be read.

    Unknown keys are removed, and so is a member around the wrong value that its entry can do without. For other errors,
    the innermost entry around the wrong value becomes None: the entry is declared, but its content is not known. If too
    many values are wrong, the document is emptied.
    """
    violations = list(islice(find_violations(document), MAX_VIOLATIONS + 1))
    diagnostics = list(islice(_explain(document, violations), MAX_VIOLATIONS))
    if len(violations) > MAX_VIOLATIONS:
        message = f"more than {MAX_VIOLATIONS:,} values are wrong: reading ends here"
        diagnostics.append(error("invalid-value", message))
        document.clear()
    for violation in violations:
        _refuse(document, violation)
    return diagnostics


def find_violations(document: LocatedMapping) -> Iterator[Violation]:
    """Yield the rules that a document breaks. This function alone decides whether a document is valid."""
    validator = _make_validator(_list_known_providers(document), list_loaded())
    if validator.is_valid(document):
        return
    for failure in validator.iter_errors(document):
        kind = failure.kind
        unknown = kind.unexpected if kind.name == "additionalProperties" else ()
        # jsonschema-rs calls both rules "required".
        rule = DEPENDENT if kind.name == "required" and DEPENDENT in failure.schema_path else kind.name
        violation = Violation(_find_keys(document, failure.instance_path), rule, tuple(unknown))
        if not _is_excused(document, violation):
            yield violation


def _find_keys(document: LocatedMapping, path: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return a path with the keys of the document. jsonschema-rs takes a key like "123" or "007" for a number."""
    found: list[str | int] = []
    for step in path:
        parent = place(document, found)
        if isinstance(step, int) and isinstance(parent, dict):
            alike = (key for key in parent if (key.removeprefix("+").lstrip("0") or "0") == str(step))
            found.append(str(step) if str(step) in parent else next(alike, str(step)))
        else:
            found.append(step)
    return tuple(found)


def _list_known_providers(document: LocatedMapping) -> tuple[str, ...]:
    # A name that is not built in is rare, or wrong: only then is it worth the time to look for installed providers.
    return BUILT_IN if document.get("provider") in BUILT_IN else list_providers()


def workspace_schema(providers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the schema of a workspace of one of these providers, with the definitions of those that are loaded."""
    return _make_schema(providers, list_loaded())


@cache
def list_top_level_keys() -> frozenset[str]:
    """Return the keys that tell the workspace of any installed provider from other YAML, which may have a version."""
    providers = list_providers()
    for name in providers:
        load_provider(name)
    definitions = workspace_schema(providers)["$defs"]
    return frozenset(key for name in providers for key in definitions.get(name, {}).get("properties", ())) - {"version"}


@cache
def _make_schema(providers: tuple[str, ...], loaded: tuple[str, ...]) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(_read_schema(CONFIG))
    schema["properties"]["provider"]["enum"] += [name for name in providers if name not in BUILT_IN]
    for name in loaded:
        if name in BUILT_IN:  # the schema's file has its definitions
            continue
        definitions = load_provider(name).schema_definitions
        schema["$defs"] |= definitions
        if name in definitions:
            is_meant = {"properties": {"provider": {"const": name}}, "required": ["provider"]}
            schema["allOf"].append({"if": is_meant, "then": {"$ref": f"#/$defs/{name}"}})
    return schema


@cache
def _make_validator(providers: tuple[str, ...], loaded: tuple[str, ...]) -> Any:
    return jsonschema_rs.validator_for(_make_schema(providers, loaded), mask="…")


def _is_excused(document: LocatedMapping, violation: Violation) -> bool:
    """Say whether a value may stay: its reference has no value yet, or a repeated item breaks another rule as well."""
    path, rule, _ = violation
    if rule == "uniqueItems":
        # Each list of unique items holds texts only. A repeated number is reported once, as a value of the wrong type.
        texts = [item for item in place(document, path) if isinstance(item, str)]
        return len(texts) == len(set(texts))
    return bool(path) and rule in _RULES_OF_TEXT and path[-1] in place(document, path[:-1]).unresolved


def _explain(document: LocatedMapping, violations: list[Violation]) -> Iterator[Diagnostic]:
    """Yield one or more diagnostics for each violation, and none for anything else that jsonschema may find."""
    if not violations:
        return
    from notifconf.config.failures import Explainer, find_failures  # not at the top: importing jsonschema takes long

    explainer = Explainer(document)
    reduced, indices = _reduce(document, violations)
    unexplained = decided = {(violation.path, violation.rule) for violation in violations}
    for failure in find_failures(workspace_schema(_list_known_providers(document)), reduced):
        original = failure._replace(path=_restore_path(failure.path, indices))
        if original.broken_rule in decided:
            unexplained = unexplained - {original.broken_rule}
            yield from explainer.explain(original)
    for path, _ in unexplained:
        position = place(document, path[:-1]).at(path[-1]) if path else document.position
        yield error("invalid-value", "this value does not follow the JSON Schema of a workspace", position)


def _reduce(document: LocatedMapping, violations: list[Violation]) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return the document with only those entries of its sections that break a rule, and where these stood."""
    whole = {path[0] for path, _, _ in violations if len(path) == 1}
    entries = {path[:2] for path, _, _ in violations if len(path) > 1}
    reduced: dict[str, Any] = {}
    indices: dict[str, list[int]] = {}
    for key, section in document.items():
        if key in whole or not isinstance(section, LocatedMapping | LocatedList):
            reduced[key] = section
        elif isinstance(section, LocatedMapping):
            reduced[key] = {name: section[name] for name in section if (key, name) in entries}
        else:
            indices[key] = sorted(int(index) for name, index in entries if name == key)
            reduced[key] = [section[index] for index in indices[key]]
    return reduced, indices


def _restore_path(path: tuple[str | int, ...], indices: dict[str, list[int]]) -> tuple[str | int, ...]:
    if len(path) > 1 and path[0] in indices:
        return (path[0], indices[str(path[0])][int(path[1])], *path[2:])
    return path


def _refuse(document: LocatedMapping, violation: Violation) -> None:
    path, rule, unknown = violation
    if rule in _READABLE or not (path or unknown):
        return
    if unknown:
        mapping = place(document, path)
        for key in unknown if mapping is not None else ():
            mapping.pop(key, None)
        return
    # What has the wrong type is no entry itself.
    inner = [end for end in range(1, len(path) + (rule != "type")) if _is_entry(document, path[:end])]
    end = inner[-1] if inner else min(2, len(path))
    entry, container = place(document, path[:end]), place(document, path[: end - 1])
    needed = NAMING | _list_required(list_loaded())
    if len(path) > end and isinstance(entry, LocatedMapping) and path[end] not in needed:
        entry.pop(str(path[end]), None)
    elif container is not None:
        container[path[end - 1]] = None


@cache
def _list_required(loaded: tuple[str, ...]) -> frozenset[str]:
    """Return the names of members that an entry of some kind can't do without."""

    def find(schema: object) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from (name for name in schema.get("required", ()))
            schema = [*schema.values()]
        if isinstance(schema, list):
            for part in schema:
                yield from find(part)

    return frozenset(find(_make_schema(BUILT_IN, loaded)))


def _is_entry(document: LocatedMapping, path: tuple[str | int, ...]) -> bool:
    """Say whether a mapping (or one that was refused before) stands there in a list."""
    return isinstance(path[-1], int) and isinstance(place(document, path), LocatedMapping | None)
