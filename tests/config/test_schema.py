"""The JSON Schema itself, and how it is applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml

from notifconf.config import failures, schema
from notifconf.config.schema import check, schema_text
from notifconf.config.yaml import parse
from tests.config.workspace import HEAD, diagnosed, marked, places

SCHEMA = json.loads(schema_text(schema.CONFIG))

KONNECT = """
version: 1
provider: konnect
subscriptions:
  - event: billing.invoice.unpaid-reminder
    name: Billing, worldwide
    regions: ["*"]
    entities: ["*"]
    channels: {EMAIL: true, IN_APP: true}
    enabled: true
  - {event: e, name: n, id: 9b5d, channels: {IN_APP: false}}
policy: {mode: sync}
x-anchors: {anything: [goes]}
"""


def schemas(node: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema in a schema, with the name of the member that it describes."""
    if isinstance(node, dict):
        yield name, node
        for keyword in ("properties", "patternProperties", "$defs"):
            for member, inner in node.get(keyword, {}).items():
                yield from schemas(inner, member if keyword == "properties" else "")
        for keyword in ("items", "additionalProperties", "propertyNames", "then"):
            yield from schemas(node.get(keyword))
        for branch in [*node.get("allOf", ()), *node.get("oneOf", ())]:
            yield from schemas(branch)


def test_it_is_a_schema():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_member_is_described_for_editors():
    undescribed = {
        name
        for name, node in schemas(SCHEMA)
        if name and "description" not in node and "description" not in resolved(node.get("$ref", ""))
    }
    assert undescribed == set()


def resolved(reference: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"].get(reference.removeprefix("#/$defs/"), {})
    return found


def test_every_object_is_closed():
    """Unknown keys are errors wherever members are named, except where the provider decides what they are."""
    open_objects = {
        node.get("title", node.get("description"))
        for _, node in schemas(SCHEMA)
        if "properties" in node and "additionalProperties" not in node and "allOf" not in node
    }
    assert open_objects == set()


def test_every_rule_can_be_put_into_words():
    annotations = {"$schema", "$id", "$defs", "$ref", "title", "description", "default", "examples"}
    structure = {"properties", "patternProperties", "items", "allOf", "if", "then", "propertyNames"}
    told_apart = {"additionalProperties", "dependentRequired", "required", "patternErrorMessage"}
    rules = {keyword for _, node in schemas(SCHEMA) for keyword in node} - annotations - structure - told_apart
    assert rules == set(failures.DEMANDS)
    types = [node["type"] for _, node in schemas(SCHEMA) if isinstance(node.get("type"), str | list)]
    assert {name for kind in types for name in ([kind] if isinstance(kind, str) else kind)} <= set(failures.TYPES)


def test_every_pattern_says_what_it_wants():
    assert all("patternErrorMessage" in node for _, node in schemas(SCHEMA) if "pattern" in node)


@pytest.mark.parametrize("text", [KONNECT, KONNECT.replace("konnect", "confluent")])
def test_both_validators_agree(text):
    document = yaml.safe_load(text)
    expected = document["provider"] == "konnect"
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(document) is expected
    assert jsonschema_rs.validator_for(SCHEMA).is_valid(document) is expected


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("§{event: e}", '"name" is missing in an item of "subscriptions"'),
        ("{event: e, name: n, regions: [§MARS]}", 'an item of "regions" must be one of US, EU, AU, ME, IN, *'),
        ("{event: e, name: n, entities: §[]}", '"entities" must not be empty'),
        ("{event: e, name: n, channels: {§SMS: true}}", 'unknown key "SMS": the keys here are EMAIL, IN_APP'),
        ("{event: e, name: n, channels: {EMAIL: §1}}", '"EMAIL" must be true or false'),
        ("{event: e, name: n, enabled: §yes}", '"enabled" must be true or false'),
        ("{event: e, name: n, §integrations: []}", 'unknown key "integrations"'),
    ],
)
def test_konnect(entry, told):
    text, place = marked(f"version: 1\nprovider: konnect\nsubscriptions:\n  - {entry}\n")
    document, _ = parse("f", text.encode())
    assert document is not None
    (diagnostic,) = check(document)
    assert str(diagnostic.position) == f"f:{place}"
    assert diagnostic.message.startswith(told)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "subscriptions: [{notification_type: T, integrations: [x], current_state: O}]",
            ["2:55 error[undeclared-integration]", "2:74 error[invalid-value]"],
        ),
        (
            "resources: [{resource: a b, muted: {until: 5}, subscriptions: [{notification_type: T, add: [x]}]}]",
            ["2:24 error[invalid-value]", "2:44 error[invalid-value]", "2:93 error[undeclared-integration]"],
        ),
        (
            "resources: [{resource: a=1, resource_type: X, muted: y, subscriptions: 5}]",
            ["2:44 error[invalid-value]", "2:54 error[invalid-value]", "2:72 error[invalid-value]"],
        ),
        ("subscriptions: [{match: {name: 5}, integrations: [x]}]", ["2:32 error[invalid-value]"]),
        ("policy: {owner: 5}", ["2:17 error[invalid-value]"]),
    ],
)
def test_a_wrong_member_hides_no_other_fault_of_its_entry(entry, expected):
    text = f"{HEAD}integrations: {{a: {{target: {{kind: InApp, user: u}}}}}}\n{entry}\n"
    lines = len(text.splitlines())
    found = tuple(item for item in diagnosed(text) if item.severity == "error")
    assert places(found) == [place.replace("2:", f"{lines}:", 1) for place in expected]


def test_where_the_validators_disagree_it_is_an_error_all_the_same(monkeypatch):
    monkeypatch.setattr(failures, "find_failures", lambda *_: iter(()))
    diagnostics = diagnosed(f"{HEAD}subscriptions: 1\n")
    assert places(diagnostics) == ["3:16 error[invalid-value]"]
    assert places(diagnosed("version: 1\n")) == ["1:1 error[invalid-value]"]


def test_too_much_that_is_wrong_is_not_all_told(monkeypatch):
    monkeypatch.setattr(schema, "MAX_VIOLATIONS", 5)
    diagnostics = diagnosed(f"{HEAD}subscriptions: [{'{}, ' * 10}]\n")
    assert len(diagnostics) == 5 + 1
    assert diagnostics[-1].message == "more than 5 values are wrong: reading ends here"


def test_only_what_is_wrong_is_looked_at_twice(monkeypatch):
    seen = []

    def find_failures(_schema: Any, document: Any) -> Iterator[Any]:
        seen.append(json.loads(json.dumps(document)))
        return iter(())

    monkeypatch.setattr(failures, "find_failures", find_failures)
    entries = "".join(
        f"  - {{resource: 'environment=e{n}', muted: {'x' if n == 700 else 'true'}}}\n" for n in range(999)
    )
    diagnosed(f"{HEAD}integrations: {{a: {{target: {{kind: InApp, user: u}}}}}}\nresources:\n{entries}")
    assert seen[0]["resources"] == [{"resource": "environment=e700", "muted": "x"}]
    assert seen[0]["integrations"] == {}


def test_the_schemas_are_found_in_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "notifconf"
    (package / "schemas").mkdir(parents=True)
    (package / "schemas" / "x.json").write_text("installed")
    monkeypatch.setattr(schema, "__file__", str(package / "config" / "schema.py"))
    assert schema_text("x.json") == "installed"


@pytest.mark.parametrize("key", ["123", "007", "0", "00", "9" * 30])
def test_a_key_of_digits_is_a_key(key):
    entries = f'integrations:\n  "{key}": {{target: {{kind: Webhook, url: "not a url"}}}}\n'
    found = diagnosed(HEAD + entries)
    assert "invalid-value" in {item.code for item in found}
    assert {item.position.line for item in found if item.position} == {4}
