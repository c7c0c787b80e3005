"""The digest of a workspace: of what is declared, however it is written."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notifconf.config import load
from notifconf.errors import WorkspaceError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONFLUENT: dict[str, Any] = {
    "version": 1,
    "provider": "confluent",
    "integrations": {
        "slack": {"display_name": "Platform", "target": {"kind": "Slack", "webhook_url": "${SLACK_URL}"}},
        "hook": {"description": "on call", "id": "i-1", "target": {"kind": "Webhook", "url": "${HOOK:-https://a/b}"}},
        "admins": {"target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}},
        "alice": {"target": {"kind": "UserEmail", "user": "u-1"}},
    },
    "subscriptions": [
        {"notification_type": "Kafka cluster shrink failure", "integrations": ["slack", "hook", "admins"]},
        {"notification_type": "nt-1", "integrations": ["alice"], "current_state": "DISABLED"},
        {"match": {"severity": ["CRITICAL", "WARN"], "name": "C*"}, "integrations": ["hook"]},
    ],
    "resources": [
        {"resource": "environment=env-1", "muted": {"until": "2036-12-01T06:00:00Z", "reason": "CHG"}},
        {"resource": "environment=env-2", "muted": False},
        {
            "resource": "environment=env-1/cloud-cluster=lkc-1",
            "subscriptions": [
                {"notification_type": "Cluster a", "integrations": ["slack"]},
                {"notification_type": "Cluster b", "integrations": ["slack", "hook"]},
            ],
        },
    ],
    "policy": {"mode": "sync", "max_deletes": "20%", "protected": ["integrations/a", "integrations/b"]},
}
KONNECT: dict[str, Any] = {
    "version": 1,
    "provider": "konnect",
    "subscriptions": [
        {
            "event": "a.b.c",
            "name": "One",
            "regions": ["EU", "US"],
            "entities": ["x", "y"],
            "channels": {"EMAIL": True, "IN_APP": False},
        },
        {"event": "a.b.c", "name": "Two", "enabled": False, "id": "1"},
    ],
    "policy": {"protected": ["event-subscriptions/*"]},
}
ENVIRONMENT = {"SLACK_URL": "https://hooks.slack.com/services/canary"}
documents = pytest.mark.parametrize("document", [CONFLUENT, KONNECT], ids=["confluent", "konnect"])


def digest_of(document, **environment):
    text = document if isinstance(document, str) else json.dumps(document)
    workspace = load(["-"], environment={**ENVIRONMENT, **environment}, now=NOW, stdin=BytesIO(text.encode()))
    return workspace.digest


def shuffled(value, random):
    """The same document with all its mappings and lists in another order."""
    if isinstance(value, dict):
        members = [(name, shuffled(member, random)) for name, member in value.items()]
        random.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        items = [shuffled(item, random) for item in value]
        random.shuffle(items)
        return items
    return value


def leaves(value, path=()):
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in members:
            yield from leaves(member, (*path, name))
    else:
        yield path


@documents
def test_order_means_nothing(document):
    @given(st.randoms(use_true_random=False))
    def holds(random):
        assert digest_of(shuffled(document, random)) == digest_of(document)

    holds()


@documents
def test_whatever_else_is_declared_has_another_digest(document):
    """Each value that isn't a secret, changed or left out, gives another digest, or no valid workspace."""

    @given(st.sampled_from(list(leaves(document))), st.sampled_from(["changed", "left out"]))
    def holds(path, how):
        assume(path[0] not in {"version", "provider"} and path[-1] != "url")
        other = copy.deepcopy(document)
        container = other
        for step in path[:-1]:
            container = container[step]
        value = container[path[-1]]
        if how == "left out":
            del container[path[-1]]
        elif isinstance(value, bool):
            container[path[-1]] = not value
        else:
            container[path[-1]] = other_text(path, value)
        try:
            assert digest_of(other, OTHER_URL="https://a/b") != digest_of(document)
        except WorkspaceError:
            assume(False)

    holds()


def other_text(path, value):
    known = {
        "webhook_url": "${OTHER_URL}",
        "current_state": "ENABLED",
        "mode": "create-only",
        "max_deletes": "21%",
        "until": "2036-12-01T06:00:01Z",
    }
    return known.get(path[-1], f"{value}x")


def test_files_comments_defaults_and_anchors_mean_nothing(tmp_path):
    one = "version: 1\nprovider: confluent\nintegrations: {a: {target: {kind: RoleEmail, role_name: R}}}\n"
    two = "subscriptions:\n  - {notification_type: T, integrations: [a]}\n"
    whole = digest_of(one + two)
    for name, text in (("b.yaml", one), ("a.yaml", "# a comment\n\n" + two)):
        (tmp_path / name).write_text(text)
    assert load([str(tmp_path)], environment={}, now=NOW).digest == whole
    explicit = two.replace("[a]", "[a], current_state: ENABLED") + "x-unused: 1\npolicy: {max_deletes: 30%}\n"
    assert digest_of(one + explicit) == whole


def test_an_absent_section_and_an_empty_one_differ():
    head = "version: 1\nprovider: confluent\n"
    assert digest_of(head + "integrations: {}\n") != digest_of(head + "subscriptions: []\n")
    resource = "resources: [{resource: environment=env-1, muted: true%s}]\n"
    assert digest_of(head + resource % "") != digest_of(head + resource % ", subscriptions: []")


def test_values_of_secrets_have_no_part_in_it():
    """A digest is public, and a weak secret could be guessed from it: a plan file has salted slow hashes instead."""
    text = "version: 1\nprovider: confluent\nintegrations: {a: {target: {kind: Webhook, url: %s}}}\n"
    assert digest_of(text % '"https://a/1"') == digest_of(text % '"https://a/2"')
    assert digest_of(text % '"${A:-https://a/1}"') == digest_of(text % '"${A:-https://a/2}"')
    assert digest_of(text % '"${A}"', A="https://a/1") == digest_of(text % '"${A}"', A="https://a/2")
    assert digest_of(text % '"${A}"', A="https://a/1") != digest_of(text % '"${B}"', B="https://a/1")
    assert digest_of(text % '"${A}"', A="https://a/1") != digest_of(text % '"https://a/1"')


def test_a_value_from_outside_that_is_no_secret_counts():
    text = "version: 1\nprovider: confluent\nresources: [{resource: 'environment=env-1', muted: true}]\n"
    other = text.replace("env-1", "${ENV}")
    assert digest_of(other, ENV="env-1") == digest_of(text)
    assert digest_of(other, ENV="env-2") != digest_of(text)
