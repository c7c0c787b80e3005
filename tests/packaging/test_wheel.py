"""What is published: complete, typed, and installed without anything of this checkout."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from notifconf import __version__
from notifconf.cli.main import COMMANDS
from tests.packaging.conftest import ROOT

OWN = {"notifconf", "tests", "benchmarks"}


def runs(installed: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run something of the installed environment; the libraries that it depends on are lent by this one."""
    lent = Path(pytest.__file__).parents[1]
    environment = {"PATH": f"{installed / 'bin'}:/usr/bin:/bin", "PYTHONPATH": os.fspath(lent), "PYTHONNOUSERSITE": "1"}
    return subprocess.run(command, env=environment, cwd=installed, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "name",
    [
        "notifconf/py.typed",
        "notifconf/schemas/notifconf-v1.schema.json",
        "notifconf/schemas/plan-v1.schema.json",
        "notifconf/emulator/confluent/catalogue.json",
        "notifconf/emulator/konnect/catalogue.json",
        "notifconf/providers/confluent/starter.yaml",
        "notifconf/providers/konnect/starter.yaml",
        "notifconf/report/page/page.css",
        "notifconf/report/page/page.html.jinja",
        "notifconf/report/page/page.js",
        f"notifconf-{__version__}.dist-info/licenses/LICENSE",
    ],
)
def test_the_wheel_holds(built, name):
    assert name in zipfile.ZipFile(built.wheel).namelist()


def test_the_wheel_holds_the_package_alone(built):
    names = zipfile.ZipFile(built.wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"notifconf", f"notifconf-{__version__}.dist-info"}
    assert not [name for name in names if name.endswith((".pyc", ".sqlite"))]


def test_the_sdist_can_be_built_and_tested(built):
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "Makefile",
        "requirements/dev.txt",
        "tests/packaging/conftest.py",
        "tools/audit.py",
        "benchmarks/__main__.py",
        "SECURITY.md",
        "action.yml",
        "Dockerfile",
        ".dockerignore",
        ".pre-commit-hooks.yaml",
        ".ci/run",
    }
    assert names >= {"notifconf/py.typed", "schemas/notifconf-v1.schema.json", "examples/demo.sh", "docs/index.md"}


def test_the_installed_command_is_the_wheel_s(installed):
    ended = runs(installed, installed / "bin" / "python", "-c", "import notifconf; print(notifconf.__file__)")
    assert ended.stdout.startswith(os.fspath(installed)), ended.stderr


def test_the_installed_command_knows_its_commands_and_its_version(installed):
    assert runs(installed, installed / "bin" / "notifconf", "--version").stdout == f"notifconf {__version__}\n"
    helped = runs(installed, installed / "bin" / "notifconf", "--help").stdout
    assert all(f"\n  {name} " in helped for name in COMMANDS)


@pytest.mark.parametrize("provider", ["confluent", "konnect"])
def test_what_is_installed_starts_a_workspace_and_plans_it(installed, provider):
    command = installed / "bin" / "notifconf"
    assert runs(installed, command, "init", provider, "--provider", provider).returncode == 0
    ended = runs(installed, command, "validate", provider)
    assert (ended.returncode, ended.stdout) == (0, "The workspace is valid.\n")
    # The emulator, its catalogue and the schemas are part of the default install.
    ended = runs(installed, command, "types", "--provider", provider, "--endpoint", "emulator::memory:")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


def test_the_public_names_are_typed(installed, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import notifconf\nreveal_type(notifconf.load)\nreveal_type(notifconf.apply)\n", encoding="utf-8"
    )
    mypy = (Path(sys.executable).parent / "mypy", "--python-executable", installed / "bin" / "python")
    ended = runs(installed, *mypy, "--cache-dir", tmp_path / "cache", program)
    assert "Workspace" in ended.stdout, ended.stdout
    assert "Outcome" in ended.stdout, ended.stdout


@pytest.mark.parametrize(
    ("folders", "groups"), [(["notifconf"], []), (["tests", "benchmarks", "tools"], ["dev", "audit"])]
)
def test_every_import_is_of_a_declared_dependency(folders, groups):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [
        *project["project"]["dependencies"],
        *(name for group in groups for name in project["dependency-groups"][group]),
    ]
    declared = {canonicalize_name(Requirement(name).name) for name in names}
    distributions = importlib.metadata.packages_distributions()
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    imported = {package: file for file in files for package in packages(file)}
    undeclared = {
        f"{file.name} imports {package}"
        for package, file in imported.items()
        if not set(map(canonicalize_name, distributions.get(package, []))) & declared
    }
    assert not undeclared


def packages(file: Path) -> Iterator[str]:
    """Yield the packages that a module imports, but for the standard library's and this checkout's."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from {name.partition(".")[0] for name in names} - {*OWN, *sys.stdlib_module_names}
