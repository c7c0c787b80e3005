"""Two validators read the JSON Schema: jsonschema-rs decides what is wrong, jsonschema explains it. They must agree."""

import copy
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from notifconf.config.failures import find_failures
from notifconf.config.schema import check, find_violations, workspace_schema
from notifconf.config.yaml import parse

SLACK = {"kind": "Slack", "webhook_url": "https://hooks.example.com/a"}
CONFLUENT: dict[str, Any] = {
    "version": 1,
    "provider": "confluent",
    "integrations": {
        "a": {"target": SLACK, "display_name": "A", "description": "d", "id": "i-1"},
        "b": {"target": {"kind": "UserEmail", "user": "u-1"}},
    },
    "subscriptions": [
        {"notification_type": "T", "integrations": ["a", "b"]},
        {
            "match": {"severity": ["CRITICAL"], "category": ["SERVICE"]},
            "integrations": ["a"],
            "current_state": "ENABLED",
        },
        {"match": {"name": "T*", "except": ["Two"]}, "add": ["b"]},
    ],
    "resources": [
        {
            "resource": "environment=env-1",
            "resource_type": "ENVIRONMENT",
            "muted": {"until": "2026-12-01T06:00:00Z", "reason": "r"},
            "subscriptions": [{"notification_type": "T", "integrations": ["a"]}],
        },
        {"resource": "environment=env-2", "muted": True},
    ],
    "policy": {"mode": "sync", "max_deletes": "30%", "protected": ["subscriptions/*"], "coverage": {"CRITICAL": 1}},
    "x-anchors": {"anything": ["goes"]},
}
KONNECT: dict[str, Any] = {
    "version": 1,
    "provider": "konnect",
    "subscriptions": [
        {"event": "e", "name": "n", "id": "9b5d", "regions": ["US", "EU"], "entities": ["*"], "enabled": True},
        {"event": "e", "name": "m", "channels": {"EMAIL": True, "IN_APP": False}},
        {"match": {"namespace": ["n"], "except": ["e"]}, "name": "m"},
    ],
    "policy": {"max_deletes": 5, "frozen": ["event-subscriptions/e#n"], "verify_integrations": False},
}


def list_names(node: Any) -> set[str]:
    """Return every key of a document."""
    if isinstance(node, list):
        return set().union(*map(list_names, node))
    return set(node).union(*map(list_names, node.values())) if isinstance(node, dict) else set()


def list_containers(node: Any) -> list[Any]:
    """Return every mapping and list of a document."""
    members = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, dict | list) else []
    return own + [container for member in members for container in list_containers(member)]


TEXTS = st.one_of(
    st.sampled_from(
        ["a", "a\n", " a", "a b", "", "\x1c", "\x85", "\ufeff", "x" * 65, "\U0001f600" * 64, "30%", "30%\n", "101%"]
    ),
    st.sampled_from(
        ["US", "MARS", "sync", "CRITICAL", "Slack", "konnect", "https://x", "HTTPS://x\n", "2026-12-01T06:00:00Z\n"]
    ),
    st.text(max_size=5),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from([0.0, 1.0, -0.5, 10**40, -(10**40)]), TEXTS)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)
KEYS = st.sampled_from(sorted(list_names([CONFLUENT, KONNECT]) - {"provider"})) | TEXTS


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid workspace with a few members replaced, removed, added or repeated."""
    document = copy.deepcopy(draw(st.sampled_from([CONFLUENT, KONNECT])))
    for _ in range(draw(st.integers(1, 5))):
        container = draw(st.sampled_from(list_containers(document)))
        change = draw(st.sampled_from(["replace", "remove", "add", "repeat"]))
        if change == "add" and isinstance(container, dict):
            container[draw(KEYS)] = draw(VALUES)
        elif change == "add":
            container.append(draw(VALUES))
        elif container:
            key = draw(st.sampled_from(list(container) if isinstance(container, dict) else range(len(container))))
            if change == "remove":
                del container[key]
            elif change == "repeat" and isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
            else:
                container[key] = draw(VALUES)
    return document


@given(documents())
@example({**CONFLUENT, "integrations": {"a\n": {"target": SLACK}}})
@example({**KONNECT, "subscriptions": [{"event": "e", "name": "n\n", "regions": [1, 1]}]})
def test_both_validators_find_the_same_places(content: dict[str, Any]) -> None:
    document, _ = parse("f", json.dumps(content).encode())
    if document is None:
        return  # a text holds a character that YAML forbids
    decided = {(violation.path, violation.rule) for violation in find_violations(document)}
    assert {failure.broken_rule for failure in find_failures(workspace_schema(), document)} == decided
    messages = [diagnostic.message for diagnostic in check(document)]
    assert bool(messages) == bool(decided)
    assert not any("JSON Schema" in message for message in messages)


def test_a_key_that_ends_with_a_line_break_is_reported():
    document, _ = parse("f", json.dumps({**CONFLUENT, "integrations": {"a\n": {"target": SLACK}}}).encode())
    assert document is not None
    (diagnostic,) = check(document)
    assert diagnostic.position == document["integrations"].keys_at["a\n"]
