"""Every operation of Konnect's published description against the emulator: the one that everything else is tested with.

The description is not part of this repository; where it does not lie beside it there is nothing to compare with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from requests import Session
from schemathesis.checks import CHECKS, load_all_checks

from tests.contract.conftest import Served

DESCRIPTION = Path(__file__).parents[2].parent / "shared" / "api" / "konnect-notification-hub-v1.openapi.yaml"
if not DESCRIPTION.exists():
    pytest.skip("the description is not here", allow_module_level=True)

TOKEN = {"Authorization": "Bearer kpat_x"}
KNOWN = {
    "eventId": "gateway-manager.dataplane.out-of-sync",
    "subscriptionId": "93f8380e-7798-4566-99e3-2edf2b57d291",
    "notificationId": "93f8380e-7798-4566-99e3-2edf2b57d289",
}
BODIES = {"POST /notifications/inbox/bulk": {"ids": [KNOWN["notificationId"]], "status": "READ"}}
"""Of operations whose generated bodies name nothing that lives."""

UNSUITABLE = {
    "ignored_auth": "the emulator takes any token",
    "negative_data_rejection": "query parameters that the description doesn't know are ignored",
    "positive_data_acceptance": "billing is mandatory and gateways have limits, which the description doesn't say",
    "unsupported_method": "it wants an Allow header for paths that one of its own templates matches too",
}

load_all_checks()
SUITABLE = [check for check in CHECKS.get_all() if check.__name__ not in UNSUITABLE]

schema = schemathesis.openapi.from_path(DESCRIPTION)
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
    subscription = {"event_id": KNOWN["eventId"], "id": KNOWN["subscriptionId"], "name": "x"}
    server.emulator.seed("event-subscriptions", subscription)
    server.emulator.seed("inbox", {"id": KNOWN["notificationId"]})
    response = case.call_and_validate(base_url=f"{server.url}/v1", headers=TOKEN, checks=SUITABLE, session=session)
    return int(response.status_code)


@schema.parametrize()
@settings(max_examples=10)
def test_every_answer_is_as_described(case: Any, server: Served, session: Session) -> None:
    called(case, server, session)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_can_succeed(label: str, server: Served, session: Session) -> None:
    operation = OPERATIONS[label]
    path = {parameter.name: KNOWN[parameter.name] for parameter in operation.path_parameters}
    body = {"body": BODIES[label]} if label in BODIES else {}
    statuses = set()

    @settings(max_examples=5)
    @given(case=operation.as_strategy(path_parameters=path, **body))
    def drive(case: Any) -> None:
        statuses.add(called(case, server, session))

    drive()
    assert min(statuses) < 300
