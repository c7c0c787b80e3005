"""The project's own workflow: it runs what a contributor runs, on every Python that the package claims to support."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.packaging.conftest import ROOT

TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
JOB = yaml.safe_load(TEXT)["jobs"]["test"]


def test_it_runs_make_test_on_each_supported_python():
    assert "make test" in [step.get("run") for step in JOB["steps"]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    claimed = [name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r":: 3\.\d+$", name)]
    assert JOB["strategy"]["matrix"]["python"] == claimed


def test_every_action_is_pinned_and_no_expression_stands_in_a_script():
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"]) for step in JOB["steps"] if "uses" in step)
    assert not [step for step in JOB["steps"] if "${{" in step.get("run", "")]
