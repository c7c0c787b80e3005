"""The page on the architecture names files that exist, and all folders."""

import re

from tests.docs.console import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAX_FILES_TO_THE_PLAN = 14


def test_each_named_path_exists():
    named = re.findall(r"`(notifconf/[\w/.]+)`", PAGE)
    named += [
        f"notifconf/{path}" for path in re.findall(r"`((?:config|plan|executor|http|providers)/[\w/]+\.py)`", PAGE)
    ]
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_each_file_of_a_provider_exists():
    page = (ROOT / "docs" / "add-a-provider.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+\.(?:py|yaml))`", page.partition("## 3.")[2].partition("## 4.")[0]))
    assert len(named) > 10
    assert named <= {path.name for path in (ROOT / "notifconf" / "providers" / "confluent").iterdir()}


def test_each_folder_has_its_row():
    folders = {path.parent.name for path in (ROOT / "notifconf").glob("*/__init__.py")}
    assert folders == set(re.findall(r"^\| `notifconf/(\w+)`", PAGE, re.MULTILINE))


def test_an_entry_passes_few_files_on_its_way_to_the_plan():
    section = PAGE.partition("### From YAML to the plan")[2].partition("### ")[0]
    assert 10 < len(re.findall(r"^\d+\. `notifconf/", section, re.MULTILINE)) <= MAX_FILES_TO_THE_PLAN
