"""The Dockerfile, as far as it can be judged without building it, and the hook for pre-commit."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
LINES = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in LINES if name == instruction]


def test_both_stages_start_from_the_same_version_of_a_slim_image():
    assert [line.split()[0] for line in arguments("FROM")] == ["$PYTHON"] * 2
    (image,) = arguments("ARG")
    assert re.fullmatch(r"PYTHON=python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", image)


def test_it_runs_notifconf_and_not_as_root():
    assert arguments("USER") == ["10001:10001"]
    assert arguments("ENTRYPOINT") == ['["notifconf"]']
    last = [name for name, _ in LINES].index("USER")
    assert "RUN" not in [name for name, _ in LINES[last:]]


def test_what_it_copies_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    kept = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    sources = [source for line in arguments("COPY") if "--from" not in line for source in line.split()[:-1]]
    for source in sources:
        assert (ROOT / source).exists()
        assert any(name == source or name.startswith(f"{source}/") for name in kept), source


def test_everything_from_outside_is_installed_by_hash():
    installs = re.findall(r"install (.*?)(?:&&|$)", "\n".join(arguments("RUN")), re.MULTILINE)
    assert len(installs) == 3
    for install in installs:
        assert "--no-deps" in install
        assert "--require-hashes" in install or "--no-index" in install


@pytest.mark.parametrize("name", ["audit", "build", "dev", "docs", "mutation", "runtime"])
def test_a_lock_holds_versions_and_hashes_and_no_addresses(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    requirements = re.findall(
        r"^([a-z0-9][\w.-]*(?:\[[\w.,-]+\])?)(.*?)(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert requirements
    assert all(rest.startswith("==") and "--hash=sha256:" in rest for _, rest in requirements)
    assert "://" not in text


def test_the_lock_of_the_image_holds_what_the_package_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE))
    assert {canonicalize_name(Requirement(text).name) for text in project["dependencies"]} <= locked


def test_the_hook_validates_the_whole_workspace(tmp_path):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["pass_filenames"] is False
    name, *rest = shlex.split(hook["entry"])
    command = [str(Path(sys.executable).parent / name), *rest]
    confluent = str(ROOT / "examples" / "confluent")
    assert subprocess.run([*command, confluent], capture_output=True, check=False).returncode == 0
    (tmp_path / "notifconf.yaml").write_text("version: 1\nprovider: confluent\nintegration: {}\n", encoding="utf-8")
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, "unknown-key" in ended.stderr) == (1, True)
