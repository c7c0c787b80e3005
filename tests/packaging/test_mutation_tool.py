from __future__ import annotations

import runpy
from pathlib import Path

import pytest

REPORT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "mutation.py"))["report"]
NONE = {"killed": 0, "survived": 0, "total": 0, "no_tests": 0, "skipped": 0, "suspicious": 0, "timeout": 0}


@pytest.mark.parametrize(
    ("stats", "code", "said"),
    [
        ({"killed": 95, "survived": 5, "total": 100}, 0, "95 of 100 mutants are killed: 95.0 %"),
        ({"killed": 94, "timeout": 1, "survived": 5, "total": 100}, 0, "95 of 100"),
        ({"killed": 94, "no_tests": 6, "total": 100}, 1, "94.0 %"),
        ({"killed": 95, "survived": 5, "skipped": 10, "total": 110}, 0, "95 of 100"),
        ({}, 2, "run mutmut first"),
    ],
)
def test_a_report_of_mutants(stats, code, said, capsys):
    assert REPORT(NONE | stats, "    notifconf.plan.match.x_match__mutmut_1: survived\n") == code
    assert said in "".join(capsys.readouterr())
