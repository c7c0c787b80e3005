"""Every code of a diagnostic has its place in the documentation, and the documentation knows no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.console import ROOT

MAKERS = {
    "error",
    "warning",
    "severity",
    "judge",
    "complain",
    "_blocked",
    "_reject",
    "_BadReferenceError",
    "Diagnostic",
}
"""What makes diagnostics: the code is the first argument that looks like one."""

CODE = re.compile(r"[a-z]+(-[a-z]+)*")
SEVERITIES = {"error", "warning"}
PAGE = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
DOCUMENTED = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)


def codes_in_source() -> Iterator[str]:
    """Yield regular expressions of the codes that the source makes."""
    for file in sorted((ROOT / "notifconf").rglob("*.py")):
        if "emulator" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
                yield from list(filter(None, map(_pattern, node.args)))[:1]


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _pattern(argument: ast.expr) -> str | None:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        found = argument.value not in SEVERITIES and CODE.fullmatch(argument.value)
        return argument.value if found else None
    if isinstance(argument, ast.JoinedStr):
        pattern = "".join(part.value if isinstance(part, ast.Constant) else "[a-z-]+" for part in argument.values)  # type: ignore[misc]
        return pattern if re.fullmatch(r"[a-z-]*\[a-z-\]\+[a-z-]*", pattern) else None
    return None


@pytest.mark.parametrize("code", sorted(set(codes_in_source())))
def test_a_code_of_the_source_is_documented(code):
    assert any(re.fullmatch(code, documented) for documented, _, _ in DOCUMENTED), code


def test_every_code_has_cause_and_cure_and_stands_once():
    names = [name for name, _, _ in DOCUMENTED]
    assert sorted(names) == sorted(set(names))
    assert all(cause.strip() and cure.strip() for _, cause, cure in DOCUMENTED)


def test_what_is_documented_is_in_the_source():
    patterns = set(codes_in_source())
    text = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "notifconf").rglob("*.py")))
    for name, _, _ in DOCUMENTED:
        assert any(re.fullmatch(pattern, name) for pattern in patterns) or f'"{name}"' in text, name
