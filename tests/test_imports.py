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


def test_the_version_imports_nothing_but_the_entry_point() -> None:
    modules = imported("--version")
    assert heavy(modules) == {"click"}
    assert own(modules) == {"notifconf.cli", "notifconf.errors", "notifconf.files"}


def test_the_help_imports_the_commands_but_no_client_and_no_terminal() -> None:
    modules = imported("--help")
    assert not modules & {"httpx", "rich.console", "jinja2", "jsonschema", "deepdiff", "starlette"}


def test_validate_knows_no_network(workspace: str) -> None:
    modules = imported("validate", workspace)
    assert heavy(modules) == {"click", "yaml", "jsonschema_rs"}
    assert not own(modules) & {"notifconf.api", "notifconf.answers", "notifconf.executor", "notifconf.emulator"}
    assert not modules & {"notifconf.http.client", "notifconf.http.redaction", "notifconf.plan.planner"}
    assert not modules & {f"notifconf.providers.confluent.{name}" for name in ("export", "resolve", "live")}
    assert "notifconf.providers.konnect.provider" not in modules


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
        "rich",
    }
    # Of rich only the table of cell widths is imported, and of anyio no backend.
    assert not modules & {"rich.console", "anyio.lowlevel", "notifconf.providers.confluent.inbox"}
    assert not own(modules) & {"notifconf.emulator"}
