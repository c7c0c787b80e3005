from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

AUDIT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "audit.py"))["audit"]
CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}, {"id": "PYSEC-2"}]}


@pytest.mark.parametrize(
    ("out", "err", "code", "said"),
    [
        (json.dumps({"dependencies": [CLEAN]}), "", 0, "x.txt: 1 dependencies, 0 known vulnerabilities\n"),
        (
            json.dumps({"dependencies": [CLEAN, BAD]}),
            "Found 2 known vulnerabilities",
            1,
            (
                "x.txt: 2 dependencies, 2 known vulnerabilities\n"
                "  old 1.0: PYSEC-1, fixed in 1.1\n"
                "  old 1.0: PYSEC-2, fixed in no version\n"
            ),
        ),
        ("", "Traceback\nConnectionError: no route", 2, "x.txt: nothing was checked. Is this machine offline? "),
        ("", "", 2, "nothing was checked"),
        ("[]", "", 2, "nothing was checked"),
    ],
)
def test_an_audit_says_what_it_found_or_that_it_could_not_look(out, err, code, said, capsys):
    script = f"import sys; print({out!r}); print({err!r}, file=sys.stderr)"
    assert AUDIT("x.txt", (sys.executable, "-c", script)) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
