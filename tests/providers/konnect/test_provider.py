from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from notifconf.errors import UsageError
from notifconf.providers import BUILT_IN, load_provider
from notifconf.providers.konnect import PROVIDER
from notifconf.providers.konnect.workspace import KonnectDeclarations
from tests.providers.konnect.declared import NOW


def test_it_is_found_by_name() -> None:
    assert load_provider("konnect") is PROVIDER
    assert PROVIDER.name in BUILT_IN
    assert PROVIDER.endpoint == "https://global.api.konghq.com/v1"
    assert PROVIDER.endpoint_variable == "KONNECT_SERVER_URL"


def test_its_kind() -> None:
    assert [(kind.name, kind.collection) for kind in PROVIDER.kinds] == [("event-subscription", "event-subscriptions")]


@pytest.mark.parametrize("token", ["kpat_x", " kpat_x\n"])
def test_credentials(token: str) -> None:
    assert PROVIDER.authorization({"KONNECT_TOKEN": token}).header.reveal() == "Bearer kpat_x"


@pytest.mark.parametrize("environment", [{}, {"KONNECT_TOKEN": " "}, {"CONFLUENT_CLOUD_ACCESS_TOKEN": "x"}])
def test_missing_credentials_say_what_to_set(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="set KONNECT_TOKEN"):
        PROVIDER.authorization(environment)


def test_a_token_that_is_none_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        PROVIDER.authorization({"KONNECT_TOKEN": "t0ps3cret and more"})
    assert "t0ps3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("attributes", "identities"),
    [
        (
            {"event": "e", "name": "n", "regions": ["EU"], "entities": ["*"]},
            (("name", "e", "n"), ("place", "e", ("EU",), ("*",))),
        ),
        ({"event": "e", "regions": ["US", "EU"], "entities": ["*"]}, (("place", "e", ("EU", "US"), ("*",)),)),
    ],
)
def test_natural_keys(attributes: dict[str, Any], identities: Any) -> None:
    assert PROVIDER.identities("event-subscription", attributes) == identities


def test_nothing_is_verified_and_nothing_needs_a_clock() -> None:
    assert not PROVIDER.verifies("event-subscription", ["channels"])
    assert list(PROVIDER.check(KonnectDeclarations(), NOW)) == []


def test_importing_it_costs_no_http() -> None:
    """Start-up time: what only `connect` needs must not come along."""
    script = """
import sys
from datetime import UTC, datetime
from notifconf.model.state import Live, Workspace
from notifconf.providers.konnect import PROVIDER
from notifconf.providers.konnect.workspace import KonnectDeclarations
now = datetime.now(UTC)
PROVIDER.resolve(Workspace("konnect", KonnectDeclarations()), Live(), now)
print(*sorted({"httpx", "asyncio", "tenacity", "ssl", "notifconf.http.client"} & sys.modules.keys()))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
