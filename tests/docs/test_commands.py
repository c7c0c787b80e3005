"""What the README and the documentation show is what happens."""

from __future__ import annotations

import difflib
import re

import pytest
import yaml

from tests.docs.console import PAGES, ROOT, matches, normalised, run, steps_of

TESTED = [page for page in PAGES if steps_of(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", TESTED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_page_print_what_it_shows(path, tmp_path):
    steps = steps_of(path.read_text(encoding="utf-8"))
    results = run(steps, tmp_path)
    assert len(results) == len(steps)
    for step, printed in zip(steps, results, strict=True):
        assert "canary" not in printed
        difference = difflib.unified_diff(
            normalised(step.shown).splitlines(), normalised(printed).splitlines(), "shown", "printed", lineterm=""
        )
        assert matches(step.shown, printed), "\n".join([f"$ {step.script}", *difference])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_s_links_into_the_repository_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", prose):
        assert (path.parent / target).exists(), target


def test_the_site_s_navigation_names_every_page():
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    named = [page for section in navigation for pages in section.values() for page in pages]
    folder = ROOT / "docs"
    assert sorted(named) == sorted(str(page.relative_to(folder)) for page in folder.rglob("*.md"))


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("a\n…\n", "a\nb\nc\n", True),
        ("a\n…\nc\n", "a\nb\nc\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
        ("made s-AAAAA\n", "made s-12xYZ\n", True),
        ("made s-AAAAA\n", "made i-12xYZ\n", False),
        ("", "anything\n", False),
    ],
)
def test_what_counts_as_the_same(shown, printed, same):
    assert matches(shown, printed) is same
