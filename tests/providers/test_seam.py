"""The engine knows no vendor, and no vendor knows another: a third provider is a folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifconf.providers import BUILT_IN

PACKAGE = Path(__file__).parents[2] / "notifconf"
ENGINE = ("model", "plan", "executor", "report", "config", "http", "cli")
OWN = {
    "cli/inbox.py": "the inbox is Konnect's",
    "cli/selection.py": "its filters are the inbox's",
    "cli/init.py": "an option has a default",
    "http/endpoint.py": "the hosts of consoles, where people paste them from",
}
"""Files of the engine that name a vendor, and why."""


def code(path: Path) -> Iterator[str]:
    """Yield the names and texts of a module, without its comments and docstrings, in lower case."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(text)) | ast.alias(name=text) | ast.Name(id=text) | ast.Attribute(attr=text):
                yield text.lower()
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield text.lower()


@pytest.mark.parametrize("part", ENGINE)
def test_the_engine_knows_no_vendor(part: str) -> None:
    files = list((PACKAGE / part).rglob("*.py"))
    assert files
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in files
        if any(name in text for text in code(path) for name in BUILT_IN)
    }
    assert found <= set(OWN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_provider_knows_no_other(name: str) -> None:
    others = [f"notifconf.providers.{other}" for other in BUILT_IN if other != name]
    for path in (PACKAGE / "providers" / name).rglob("*.py"):
        assert not any(text.startswith(other) for text in code(path) for other in others), path
