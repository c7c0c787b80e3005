"""A member that stands one level too far left is one error."""

from __future__ import annotations

import pytest

from notifconf.config.indentation import POLICY
from notifconf.config.schema import workspace_schema
from tests.config.workspace import HEAD, diagnosed, marked, places

SUBSCRIBED = "subscriptions: [{notification_type: T, integrations: [a]}]\n"


@pytest.mark.parametrize(
    "text",
    [
        "integrations:\n  a:\n  §target:\n    kind: Webhook\n    url: https://h/\n",
        "integrations:\n  a:\n  §display_name: A\n  target: {kind: Webhook, url: https://h/}\n",
        "integrations:\n§a:\n  target: {kind: Webhook, url: https://h/}\n",
        "integrations:\n  a:\n    display_name: A\n  §target:\n    kind: Webhook\n    url: https://h/\n",
        "integrations:\n  a:\n    target: {kind: Webhook, url: https://h/}\n  §description: x\n",
        "integrations:\n  a:\n    target:\n    §kind: Webhook\n    url: https://h/\n",
        "integrations:\n  a:\n    display_name: A\n    target:\n    §kind: Slack\n    webhook_url: '${URL}'\n",
        "policy:\n§mode: sync\nmax_deletes: 1\nintegrations: {a: {target: {kind: Webhook, url: https://h/}}}\n",
        "policy:\n§frozen: []\nintegrations: {a: {target: {kind: Webhook, url: https://h/}}}\n",
        "policy:\n  coverage:\n  §CRITICAL: 1\nintegrations: {a: {target: {kind: Webhook, url: https://h/}}}\n",
    ],
)
@pytest.mark.parametrize("environment", [None, {"URL": "https://h/"}], ids=["written", "resolved"])
def test_what_belongs_to_an_integration_or_a_policy(text, environment):
    text, place = marked(HEAD + text + SUBSCRIBED)
    assert places(diagnosed(text, environment)) == [f"{place} error[invalid-value]"]


@pytest.mark.parametrize(
    "text",
    [
        "subscriptions:\n  - match:\n    §severity: CRITICAL\n    name: x\n    integrations: [a]\n",
        "resources:\n  - resource: environment=e\n    muted:\n    §until: 2036-01-01T00:00:00Z\n    reason: x\n"
        + SUBSCRIBED,
    ],
)
def test_what_belongs_to_an_entry_of_a_list(text):
    text, place = marked(f"{HEAD}integrations: {{a: {{target: {{kind: Webhook, url: https://h/}}}}}}\n{text}")
    assert places(diagnosed(text)) == [f"{place} error[invalid-value]"]


def test_what_belongs_to_the_channels_of_an_event():
    text, place = marked(
        "version: 1\nprovider: konnect\nsubscriptions:\n- event: e\n  name: n\n  channels:\n  §EMAIL: true\n"
    )
    assert places(diagnosed(text)) == [f"{place} error[invalid-value]"]


def test_every_member_of_a_policy_is_known():
    assert POLICY["policy"] == workspace_schema()["$defs"]["policy"]["properties"].keys()


def test_integrations_may_be_called_as_members_are():
    names = ("target", "description", "display_name", "id", "kind", "mode")
    entries = "".join(f"  {name}: {{target: {{kind: Webhook, url: https://h/}}}}\n" for name in names)
    subscriptions = f"subscriptions: [{{notification_type: T, integrations: [{', '.join(names)}]}}]\n"
    assert diagnosed(f"{HEAD}integrations:\n{entries}{subscriptions}") == ()


def test_a_member_is_not_moved_into_what_is_no_entry():
    text, place = marked(f"{HEAD}integrations:\n  a: §5\n  target: {{kind: Webhook, url: https://h/}}\n")
    assert f"{place} error[invalid-value]" in places(diagnosed(text))
