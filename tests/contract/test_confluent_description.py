"""Every operation of Confluent's published description against the emulator, as `test_konnect` does for Konnect's.

The description is not part of this repository; where it does not lie beside it there is nothing to compare with. It is
of November 2023: resource preferences, resource subscriptions and user notifications are newer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from requests import Session
from schemathesis.checks import CHECKS, load_all_checks

from tests.contract.conftest import Served

DESCRIPTION = Path(__file__).parents[2].parent / "shared" / "api" / "confluent-2023-11.openapi.json"
if not DESCRIPTION.exists():
    pytest.skip("the description is not here", allow_module_level=True)

KEY = {"Authorization": "Basic a2V5OnNlY3JldA=="}
ADMINS, TYPE = "i-e0KAB", "nt-abc123"
HOOK = {"kind": "Webhook", "url": "https://example.com/hook"}
EMPTY = {"related": "", "resource_name": ""}
"""What the vendor's SDK sends inside of each reference."""

BODIES: dict[str, Any] = {
    "POST /notifications/v1/integrations": {"display_name": "x", "target": HOOK},
    "POST /notifications/v1/integrations:test": {"display_name": "x", "target": HOOK},
    "PATCH /notifications/v1/integrations/{id}": {"display_name": "y"},
    "POST /notifications/v1/subscriptions": {
        "notification_type": {"id": "nt-KxpF1", **EMPTY},
        "integrations": [{"id": ADMINS, **EMPTY}],
    },
    "PATCH /notifications/v1/subscriptions/{id}": {"current_state": "DISABLED"},
}
PATHS = {
    "/notifications/v1/integrations/{id}": {"id": "i-1"},
    "/notifications/v1/subscriptions/{id}": {"id": "s-1"},
    "/notifications/v1/notification-types/{id}": {"id": TYPE},
    "/connect/v1/environments/{environment_id}/clusters/{kafka_cluster_id}/connectors": {
        "environment_id": "env-p7x2kq",
        "kafka_cluster_id": "lkc-8n3qvr",
    },
}

UNSUITABLE = {
    "ignored_auth": "the emulator takes any credentials",
    "negative_data_rejection": "query parameters that the description doesn't know are ignored",
    "positive_data_acceptance": "a type has one subscription, mail can't be written: the description doesn't say so",
    "unsupported_method": "it wants an Allow header for paths that one of its own templates matches too",
}

load_all_checks()
SUITABLE = [check for check in CHECKS.get_all() if check.__name__ not in UNSUITABLE]


def description() -> dict[str, Any]:
    """The vendor's description, with the parameters of one path that it forgets to define."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    for path, operations in found["paths"].items():
        if "/connectors" in path:
            operations["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                for name in ("environment_id", "kafka_cluster_id")
            ]
    return found


schema = schemathesis.openapi.from_dict(description())
found: Any = schema.get_all_operations()
OPERATIONS = {result.ok().label: result.ok() for result in found}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as found:
        found.trust_env = False
        yield found


def called(case: Any, server: Served, session: Session) -> int:
    """Send a request to an organisation in which something lives, check the answer and return its status."""
    server.emulator.reset()
    server.emulator.seed("integrations", {"id": "i-1", "display_name": "x", "target": HOOK})
    subscription = {"notification_type": {"id": TYPE}, "integrations": [{"id": ADMINS}], "current_state": "ENABLED"}
    server.emulator.seed("subscriptions", {"id": "s-1", **subscription})
    response = case.call_and_validate(base_url=server.url, headers=KEY, checks=SUITABLE, session=session)
    return int(response.status_code)


@schema.parametrize()
@settings(max_examples=10)
def test_every_answer_is_as_described(case: Any, server: Served, session: Session) -> None:
    called(case, server, session)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_can_succeed(label: str, server: Served, session: Session) -> None:
    operation = OPERATIONS[label]
    path = PATHS.get(operation.path, {})
    body = {"body": BODIES[label]} if label in BODIES else {}
    statuses = set()

    @settings(max_examples=5)
    @given(case=operation.as_strategy(path_parameters=path, **body) | operation.as_strategy(path_parameters=path))
    def drive(case: Any) -> None:
        statuses.add(called(case, server, session))

    drive()
    assert min(statuses) < 300
