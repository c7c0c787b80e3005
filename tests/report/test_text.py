"""The end of an apply as text."""

from __future__ import annotations

import pytest

from notifconf.model.plan import Result
from notifconf.report.text import closing
from tests.report.reports import applied, created


@pytest.mark.parametrize(
    ("result", "said"),
    [(Result.APPLIED, "what was in flight was finished"), (Result.UNKNOWN, "what was in flight may have come about")],
)
def test_an_interrupted_apply_says_what_is_known_of_what_was_in_flight(result, said):
    outcome = applied((created(), result, None), interrupted=True)
    assert closing(outcome) == [f"Interrupted: {said}. Plan and apply again to continue."]
