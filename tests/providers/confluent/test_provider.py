from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from notifconf.errors import UsageError
from notifconf.providers import load_provider
from notifconf.providers.confluent import PROVIDER

KEY, SECRET, TOKEN = "CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET", "CONFLUENT_CLOUD_ACCESS_TOKEN"


def test_it_is_found_by_name() -> None:
    assert load_provider("confluent") is PROVIDER


def test_kinds_come_in_order_of_dependency() -> None:
    assert [(kind.name, kind.collection) for kind in PROVIDER.kinds] == [
        ("integration", "integrations"),
        ("subscription", "subscriptions"),
        ("resource-preference", "resource-preferences"),
        ("resource-subscription", "resource-subscriptions"),
    ]


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({KEY: "key", SECRET: "secret"}, "Basic a2V5OnNlY3JldA=="),
        ({KEY: " key\n", SECRET: "secret\n"}, "Basic a2V5OnNlY3JldA=="),
        ({TOKEN: "token\n"}, "Bearer token"),
        ({KEY: "key", SECRET: "secret", TOKEN: "token"}, "Basic a2V5OnNlY3JldA=="),
        ({KEY: "", SECRET: " ", TOKEN: "token"}, "Bearer token"),
    ],
)
def test_credentials(environment: dict[str, str], header: str) -> None:
    assert PROVIDER.authorization(environment).header.reveal() == header


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, [KEY, SECRET, TOKEN]),
        ({KEY: "t0ps3cret"}, [KEY, SECRET]),
        ({SECRET: "t0ps3cret"}, [KEY, SECRET]),
        ({SECRET: "t0ps3cret", TOKEN: "token"}, [KEY, SECRET]),
        ({KEY: " ", SECRET: "", TOKEN: "\n"}, [KEY, SECRET, TOKEN]),
    ],
)
def test_missing_credentials_say_what_to_set(environment: dict[str, str], names: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        PROVIDER.authorization(environment)
    assert all(name in str(caught.value) for name in names)
    assert "t0ps3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "attributes", "identities"),
    [
        ("integration", {"display_name": "A", "target": {"kind": "Slack", "webhook_url": "x"}}, (("name", "A"),)),
        ("integration", {"target": {"kind": "RoleEmail", "role_name": "R"}}, (("target", "RoleEmail", "R"),)),
        ("subscription", {"notification_type": "nt-1"}, (("type", "nt-1"),)),
        ("resource-preference", {"resource": "r"}, (("resource", "r"),)),
        ("resource-subscription", {"resource": "r", "notification_type": "t"}, (("resource-type", "r", "t"),)),
    ],
)
def test_natural_keys(kind: str, attributes: dict[str, Any], identities: Any) -> None:
    assert PROVIDER.identities(kind, attributes) == identities


def test_importing_it_costs_no_http() -> None:
    """Start-up time: what only `connect` needs must not come along."""
    script = """
import sys
from datetime import UTC, datetime
from notifconf.model.state import Live, Workspace
from notifconf.providers.confluent import PROVIDER
from notifconf.providers.confluent.workspace import ConfluentDeclarations
declarations = ConfluentDeclarations()
now = datetime.now(UTC)
PROVIDER.check(declarations, now)
PROVIDER.resolve(Workspace("confluent", declarations), Live(), now)
print(*sorted({"httpx", "asyncio", "tenacity", "ssl", "notifconf.http.client"} & sys.modules.keys()))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
