"""Recipes against the schemas that the vendors publish, as far as packages carry these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from hera.workflows.models import Workflow

from tests.recipes.conftest import ROOT, recipe

EXAMPLES = ROOT / "examples"
GITLAB = ("gitlab-ci", "--data-transform", "gitlab-ci")


def check(schema: tuple[str, ...], *files: Path) -> int:
    arguments = ["--builtin-schema", f"vendor.{schema[0]}", *schema[1:], *map(str, files)]
    return CliRunner().invoke(check_jsonschema, arguments).exit_code


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        (("github-workflows",), [*EXAMPLES.rglob("github-workflow.yml"), *ROOT.glob(".github/workflows/*.yml")]),
        (("github-actions",), [ROOT / "action.yml"]),
        (GITLAB, [*EXAMPLES.rglob("gitlab-ci.yml")]),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_github_and_gitlab(schema: tuple[str, ...], files: list[Path], tmp_path: Path) -> None:
    assert files
    assert check(schema, *files) == 0
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        files[0].read_text().replace("runs-on:", "run-on:").replace("script:", "skript:").replace("using:", "x:")
    )
    assert check(schema, wrong) == 1


def test_argo() -> None:
    """The models of Hera come from Argo's OpenAPI. They drop what they do not know, so the document must come back."""
    document = recipe("examples/organizations/argo-workflow.yaml")
    assert models(document) == document
    document["spec"]["templates"][0]["dagg"] = {}
    assert models(document) != document


def models(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = Workflow.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True)
    return found
