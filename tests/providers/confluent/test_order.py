"""The same bytes for every order of files, entries and live objects, also beside errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.config import load
from notifconf.errors import WorkspaceError
from notifconf.model.policy import Mode
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Workspace
from notifconf.plan.codec import plan_document
from notifconf.plan.planner import make_plan
from notifconf.providers.confluent import PROVIDER
from notifconf.providers.confluent.codec import identities
from notifconf.providers.confluent.workspace import Match
from tests.providers.confluent.declared import CATALOGUE, NOW, integration, resource, subscription, workspace

KEYS = ("alerts", "oncall", "data")
whats = st.sampled_from(
    (
        "nt-shrink",
        "Kafka cluster shrink failure",
        "KAFKA cluster shrink failure",
        "nt-failed",
        "nt-saml",
        "nt-dear",
        "Kafka cluster shrink failur",
        Match(),
        Match(severity=("CRITICAL",)),
        Match(name="Kafka*"),
        Match(category=("SERVICE",)),
        Match(name="nothing*"),
    )
)
lists = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)
entries = st.lists(st.tuples(whats, lists, st.sampled_from(("ENABLED", "DISABLED"))), max_size=5)


def shown(wanted: Workspace, live: Live) -> dict[str, Any]:
    return plan_document(make_plan(wanted, live, NOW, PROVIDER))


def subscribed(kind: str, number: int, type_id: str, **place: str) -> LiveResource:
    attributes: Any = {"notification_type": type_id, "integrations": ("i-1",), "current_state": "ENABLED", **place}
    name = CATALOGUE.display_name(type_id)
    return LiveResource(kind, f"s-{number}", name, identities(kind, attributes), attributes)


def lived(number: int, name: str) -> LiveResource:
    attributes: Any = {"display_name": name, "description": ""}
    return LiveResource("integration", f"i-{number}", name, identities("integration", attributes), attributes)


@given(
    entries,
    entries,
    st.lists(st.sampled_from((*KEYS, "alerts", "other", "alerts#i-1")), max_size=5),
    st.lists(st.sampled_from(("nt-shrink", "nt-failed", "nt-gone")), max_size=3, unique=True),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from((None, "i-1", "i-2")), min_size=1),
    st.sampled_from(Mode),
    st.randoms(use_true_random=False),
)
def test_a_plan_does_not_depend_on_any_order(  # noqa: PLR0917 -- drawn, not passed
    some, others, names, types, pins, mode, random
) -> None:
    path = "environment=env-1"

    def declared(order: Any) -> Any:
        integrations = [integration(key, line=index, pin=pin) for index, (key, pin) in enumerate(sorted(pins.items()))]
        own = [
            subscription(what, *keys, line=20 + index, state=state) for index, (what, keys, state) in enumerate(some)
        ]
        inner = [subscription(what, *keys, line=40 + index) for index, (what, keys, _) in enumerate(others)]
        for group in (integrations, own, inner):
            order(group)
        return workspace(*integrations, *own, resource(path, line=39, subscriptions=tuple(inner)), mode=mode)

    live = [
        *(lived(number, name) for number, name in enumerate(names, 1)),
        *(subscribed("subscription", number, type_id) for number, type_id in enumerate(types)),
        *(
            subscribed("resource-subscription", 9 + number, type_id, resource=path)
            for number, type_id in enumerate(types)
        ),
    ]
    once, again = declared(lambda group: None), declared(random.shuffle)
    before = json.dumps(shown(once, Live(tuple(live), CATALOGUE)))
    random.shuffle(live)
    assert json.dumps(shown(again, Live(tuple(live), CATALOGUE))) == before


@given(entries, st.randoms(use_true_random=False))
def test_what_changes_does_not_depend_on_where_an_entry_stands(some, random) -> None:
    """Who moves an entry moves its errors too, but not what the plan does."""

    def made() -> Any:
        own = [
            subscription(what, *keys, line=20 + index, state=state) for index, (what, keys, state) in enumerate(some)
        ]
        return shown(workspace(*map(integration, KEYS), *own), Live((), CATALOGUE))["changes"]

    before = made()
    random.shuffle(some)
    assert made() == before


ONE = """version: 1
provider: confluent
integrations:
  a: {target: {kind: Slack, webhook_url: "https://hooks.example.com/a"}}
  c: {display_name: Same, target: {kind: Slack, webhook_url: "https://hooks.example.com/c"}}
subscriptions:
  - {notification_type: Kafka cluster shrink failure, integrations: [a]}
resources:
  - {resource: environment=env-1, muted: true}
policy: {protected: [integrations/a, integrations/b]}
"""
OTHER = """integrations:
  b: {target: {kind: Slack, webhook_url: "https://hooks.example.com/b"}}
  d: {display_name: Same, target: {kind: Slack, webhook_url: "https://hooks.example.com/d"}}
subscriptions:
  - {notification_type: kafka cluster SHRINK failure, integrations: [b]}
  - {notification_type: No such type, integrations: [typo]}
resources:
  - {resource: environment=env-1, muted: false}
policy: {protected: [integrations/b]}
"""


def test_the_order_of_paths_means_nothing_beside_errors(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ONE)
    (tmp_path / "other.yaml").write_text(OTHER)
    paths = [str(tmp_path / name) for name in ("one.yaml", "other.yaml")]
    told = []
    for order in (paths, paths[::-1]):
        with pytest.raises(WorkspaceError) as caught:
            load(order, environment={}, now=NOW)
        assert caught.value.workspace is not None
        plan = make_plan(caught.value.workspace, Live((), CATALOGUE), NOW, PROVIDER)
        told.append([str(item) for item in (*caught.value.diagnostics, *plan.diagnostics)])
        assert caught.value.workspace.policy.places["protected", "integrations/b"].file == paths[0]
    assert told[0] == told[1]
    codes = {item.partition("[")[2].partition("]")[0] for item in told[0]}
    assert codes >= {
        "duplicate-subscription",
        "duplicate-integration",
        "duplicate-resource",
        "undeclared-integration",
        "unknown-notification-type",
    }
