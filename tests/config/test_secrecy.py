"""Secrets that stand in clear, or where they must not stand; and what a text with a secret shows."""

from __future__ import annotations

import pytest

from notifconf.config import load
from notifconf.errors import WorkspaceError
from notifconf.model.mask import Mask
from notifconf.model.resource import Secret
from tests.config.workspace import HEAD, NOW, loaded, places

URL = "https://hooks.example.com/services/canary"


def warnings(target: str, environment=None):
    subscriptions = "subscriptions: [{notification_type: T, integrations: [a]}]\n"
    text = f"{HEAD}integrations: {{a: {{target: {{{target}}}}}}}\n{subscriptions}"
    diagnostics = loaded(text, environment).diagnostics
    assert not any("canary" in item.message for item in diagnostics)
    return places(diagnostics)


@pytest.mark.parametrize(
    ("url", "is_literal"),
    [
        (f"'{URL}'", True),
        (f"'${{NOT_SET:-{URL}}}'", True),
        ("'${URL}'", False),
        ("'https://hooks.example.com/services/${TOKEN}'", False),
        ("'${SCHEME:-https}://${HOST:-hooks.example.com}/${TOKEN}'", False),
        ("'${file:url.txt}'", False),
        ("'https://hooks.example.com/services/a1b2c3d4e5f6canary${END:-}'", True),
        ("'https://hooks.example.com/services/${TOKEN:-a1b2c3d4e5f6canary}'", True),
        (f"'${{NOT_SET:?{URL}}}'", True),
        ("'${NOT_SET:?set the variable of on-call}'", False),
    ],
)
def test_a_secret_in_clear_is_a_warning(url, is_literal):
    assert warnings(f"kind: Webhook, url: {url}") == (["3:49 warning[literal-secret]"] if is_literal else [])


def test_an_alias_does_not_hide_it():
    text = f"{HEAD}x-url: &u {URL}\nintegrations: {{a: {{target: {{kind: Webhook, url: *u}}}}}}\n"
    assert "literal-secret" in {item.code for item in loaded(text).diagnostics}


@pytest.mark.parametrize(
    ("kind", "member", "host", "fits"),
    [
        ("Slack", "webhook_url", "hooks.slack.com", True),
        ("MsTeams", "webhook_url", "hooks.slack.com", False),
        ("Webhook", "url", "hooks.slack.com", False),
        ("Slack", "webhook_url", "contoso.webhook.office.com", False),
        ("Webhook", "url", "contoso.webhook.office.com", False),
        ("MsTeams", "webhook_url", "prod-1.westeurope.logic.azure.com", True),
        ("Webhook", "url", "prod-1.westeurope.logic.azure.com", True),
        ("Slack", "webhook_url", "prod-1.westeurope.logic.azure.com", False),
        ("Slack", "webhook_url", "events.pagerduty.com", False),
        ("Webhook", "url", "events.pagerduty.com", True),
        ("Slack", "webhook_url", "mattermost.example.com", True),
        ("Slack", "webhook_url", "hooks.slack.com.example.com", True),
    ],
)
def test_a_url_of_another_service_is_a_warning(kind, member, host, fits):
    found = warnings(f"kind: {kind}, {member}: 'https://{host}/${{TOKEN}}'")
    assert any("kind-url-mismatch" in item for item in found) is not fits


@pytest.mark.parametrize(
    "text",
    [
        "resources: [{resource: 'environment=${COPY}', muted: true}]",
        "subscriptions: [{notification_type: '${COPY}', integrations: [a]}]",
        "subscriptions: [{notification_type: '${URL}', integrations: [a]}]",
    ],
)
def test_an_identifier_holds_no_secret(text):
    environment = {"URL": URL, "COPY": "canary-password", "VAULT_TOKEN": "canary-password"}
    document = f"{HEAD}integrations: {{a: {{target: {{kind: Webhook, url: '${{URL}}'}}}}}}\n{text}\n"
    with pytest.raises(WorkspaceError) as caught:
        loaded(document, environment)
    assert [item.code for item in caught.value.diagnostics if item.severity == "error"] == ["invalid-value"]
    assert not any("canary" in str(item) for item in caught.value.diagnostics)


def test_what_is_skipped_and_looks_like_a_workspace(tmp_path):
    (tmp_path / "a.yaml").write_text(HEAD)
    for name in ("B.YAML", "c.Yml", "sub/d.yaml", "e.json", ".hidden.YAML", ".git/f.yaml", "docs/readme.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"subscriptions": []}')
    for name, text in {
        "notifconf-v1.schema.json": '{"type": "object", "properties": {"provider": {}}}',
        "plan.json": '{"format_version": "1.0", "provider": "confluent"}',
        "package.json": '{"version": "1"}',
        "list.json": "[]",
        "broken.json": '{"provider"',
    }.items():
        (tmp_path / name).write_text(text)
    found = load([str(tmp_path)], environment=None, now=NOW).diagnostics
    assert {item.code for item in found} == {"skipped-file"}
    assert [item.position.file for item in found if item.position] == [
        str(tmp_path / name) for name in ("B.YAML", "c.Yml", "e.json", "sub")
    ]
    # Whoever names a file gets no warning of its neighbours.
    assert load([str(tmp_path / "a.yaml")], environment=None, now=NOW).diagnostics == ()


def test_a_mask():
    mask = Mask([Secret(URL), Secret(f"{URL}/longer"), Secret("password"), Secret("short"), Secret("  spaced-token\n")])
    assert mask(f"a {URL} b {URL}/longer c") == "a (sensitive) b (sensitive) c"
    assert mask("my password is spaced-token; short") == "my (sensitive) is (sensitive); short"
    assert mask(f"https://h/?to={URL}") == "https://h/?to=(sensitive)"
    assert mask("https://hooks.example.com/services/") == "https://hooks.example.com/services/"
    assert Mask()(URL) == URL
    assert "canary" not in repr(mask)


def test_a_part_of_a_url_that_came_from_outside_is_a_secret_and_its_host_is_not():
    secret = Secret("https://hooks.example.com/canary-token", None, ("hooks.example.com", "canary-token"))
    assert Mask([secret])("hooks.example.com canary-token") == "hooks.example.com (sensitive)"
