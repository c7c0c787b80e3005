"""The JSON Schema of a workspace, applied.

jsonschema-rs judges the whole document in milliseconds. Only where something is wrong does jsonschema come in, for what
is wrong alone: it says which rule is broken, and `explain` puts that into words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from notifconf.config.explain import Explainer, failures
from notifconf.model import Diagnostic, LocatedList, LocatedMapping, error, place
from notifconf.providers import BUILT_IN, list_loaded, list_providers, load_provider

CONFIG: Final = "notifconf-v1.schema.json"
MOST_VIOLATIONS: Final = 10_000

# Rules about a text that an unresolved reference may still satisfy.
_RULES_OF_TEXT: Final = frozenset({"const", "enum", "maxLength", "minLength", "pattern"})
# Rules that leave an entry readable when it breaks them.
_READABLE: Final = frozenset({"propertyNames", "uniqueItems"})


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


def _read_schema(name: str) -> str:
    package = Path(__file__).parent.parent
    installed = package / "schemas" / name
    return (installed if installed.exists() else package.parent / "schemas" / name).read_text(encoding="utf-8")


def check(document: LocatedMapping) -> list[Diagnostic]:
    """Return what the schema refuses in a document, and take it out of there, so that the rest can be read.

    Unknown keys go; of the rest, the innermost entry around what is wrong becomes None: it is declared, but not known.
    Where too much is wrong, nothing is left.
    """
    # A name that is not built in is rare, or wrong: only then is it worth the time to look for installed providers.
    providers = BUILT_IN if document.get("provider") in BUILT_IN else list_providers()
    validator = _make_validator(providers, list_loaded())
    if validator.is_valid(document):
        return []
    found = (_violation(failure) for failure in validator.iter_errors(document))
    violations = list(islice((one for one in found if not _excused(document, one.path, one.rule)), MOST_VIOLATIONS + 1))
    explained = _explained(document, violations, workspace_schema(providers)) if violations else ()
    diagnostics = list(islice(explained, MOST_VIOLATIONS))
    if len(violations) > MOST_VIOLATIONS:
        message = f"more than {MOST_VIOLATIONS:,} values are wrong: reading ends here"
        diagnostics.append(error("invalid-value", message))
        document.clear()
    for violation in violations:
        _refuse(document, violation)
    return diagnostics


def workspace_schema(providers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the schema of a workspace of one of these providers, with the definitions of those that are loaded."""
    return _make_schema(providers, list_loaded())


@cache
def _make_schema(providers: tuple[str, ...], loaded: tuple[str, ...]) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(_read_schema(CONFIG))
    schema["properties"]["provider"]["enum"] += [name for name in providers if name not in BUILT_IN]
    for name in loaded:
        definitions = load_provider(name).schema_definitions
        schema["$defs"] |= definitions
        if name in definitions:
            is_meant = {"properties": {"provider": {"const": name}}, "required": ["provider"]}
            schema["allOf"].append({"if": is_meant, "then": {"$ref": f"#/$defs/{name}"}})
    return schema


@cache
def _make_validator(providers: tuple[str, ...], loaded: tuple[str, ...]) -> Any:
    import jsonschema_rs  # not at the top: `--version` and help need no validator

    return jsonschema_rs.validator_for(_make_schema(providers, loaded), mask="…")


def _violation(failure: Any) -> Violation:
    kind = failure.kind
    unknown = kind.unexpected if kind.name == "additionalProperties" else ()
    return Violation(tuple(failure.instance_path), kind.name, tuple(unknown))


def _excused(document: LocatedMapping, path: tuple[str | int, ...], rule: str) -> bool:
    """Say whether a value is a text that is yet to be resolved, and may be what the rule wants."""
    if not path or rule not in _RULES_OF_TEXT:
        return False
    container = place(document, path[:-1])
    return path[-1] in container.unresolved


def _explained(document: LocatedMapping, violations: list[Violation], schema: dict[str, Any]) -> Iterator[Diagnostic]:
    told = False
    explainer = Explainer(document)
    reduced, indices = _reduced(document, violations)
    for failure in failures(schema, reduced):
        path = _original(failure.path, indices)
        if not _excused(document, path, failure.rule):
            told = True
            yield from explainer.explain(failure._replace(path=path))
    if not told:
        # The two validators disagree (about a regular expression, say): an error is never swallowed for that.
        for path, _, _ in violations:
            position = place(document, path[:-1]).at(path[-1]) if path else document.position
            yield error("invalid-value", "this is not as it must be", position)


def _reduced(document: LocatedMapping, violations: list[Violation]) -> tuple[dict[str, Any], dict[str, list[int]]]:
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


def _original(path: tuple[str | int, ...], indices: dict[str, list[int]]) -> tuple[str | int, ...]:
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
    container = place(document, path[: end - 1])
    if container is not None:
        container[path[end - 1]] = None


def _is_entry(document: LocatedMapping, path: tuple[str | int, ...]) -> bool:
    """Say whether a mapping (or one that was refused before) stands there in a list."""
    return isinstance(path[-1], int) and isinstance(place(document, path), LocatedMapping | None)
