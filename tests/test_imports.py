"""Start-up time is a feature: what a command does not need, it does not import. Times are the benchmarks' business."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from notifconf.emulator.app import create_app
from notifconf.emulator.server import running

STANDARD = {"asyncio", "hashlib", "ssl", "http", "sqlite3", "unittest", "difflib", "multiprocessing"}
PACKAGES = {
    "click",
    "yaml",
    "jsonschema_rs",
    "jsonschema",
    "httpx",
    "httpcore",
    "anyio",
    "rich",
    "pygments",
}
OF_SOME = {"deepdiff", "tenacity", "starlette", "uvicorn"}
WATCHED = STANDARD | PACKAGES | OF_SOME
"""What takes its time to import: parts of the standard library, and the packages that notifconf uses."""

WORKSPACE = """
version: 1
provider: confluent
integrations:
  admins: {target: {kind: RoleEmail, role_name: OrganizationAdmin}}
resources:
  - {resource: environment=env-1, muted: false}
"""


def imported(*arguments: str) -> set[str]:
    """Run a command in an interpreter of its own, and return all modules that it has imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "notifconf", *arguments],
        env={**environment, "CONFLUENT_CLOUD_API_KEY": "key", "CONFLUENT_CLOUD_API_SECRET": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def heavy(modules: set[str]) -> set[str]:
    """Return what is watched."""
    return {name.partition(".")[0] for name in modules} & WATCHED


def own(modules: set[str]) -> set[str]:
    """Return the parts of notifconf."""
    return {".".join(name.split(".")[:2]) for name in modules if name.startswith("notifconf.")}


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    file = tmp_path / "notifconf.yaml"
    file.write_text(WORKSPACE, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_needs_no_workspace_reads_none(option: str) -> None:
    modules = imported(option)
    assert heavy(modules) == {"click"}
    assert not own(modules) & {"notifconf.config", "notifconf.http", "notifconf.executor", "notifconf.emulator"}


def test_validate_knows_no_network(workspace: str) -> None:
    modules = imported("validate", workspace)
    assert heavy(modules) == {"click", "yaml", "jsonschema_rs"}
    assert not own(modules) & {"notifconf.http", "notifconf.plan", "notifconf.executor", "notifconf.emulator"}


def test_a_plan_without_changes_needs_neither_colours_nor_differences(workspace: str) -> None:
    with running(create_app(":memory:")) as endpoint:
        modules = imported("plan", workspace, "--endpoint", endpoint)
    assert heavy(modules) == {
        "click",
        "yaml",
        "jsonschema_rs",
        "httpx",
        "httpcore",
        "anyio",
        "asyncio",
        "hashlib",
        "ssl",
        "http",
    }
    assert not own(modules) & {"notifconf.emulator"}
