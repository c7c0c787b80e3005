"""The locks in `requirements/`: each is complete, so that pip installs it with `--no-deps`.

An environment here is what decides the markers: an interpreter on a platform. In each environment, a lock pins some
distributions, each with extras. The lock is complete if every requirement of these, and of the project itself, is met
by a pin. What a distribution requires stands in its metadata, and so it must be installed somewhere on this machine:
for `build`, `runtime` and `dev` in the environment of these tests, for `docs` and `audit` where `make docs` and
`make audit` put them.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOTS = {
    "audit": PROJECT["dependency-groups"]["audit"],
    "build": [*PROJECT["dependency-groups"]["build"], *PROJECT["build-system"]["requires"]],
    "dev": [
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["project"]["dependencies"],
        *PROJECT["build-system"]["requires"],
    ],
    "docs": PROJECT["dependency-groups"]["docs"],
    "mutation": [
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["project"]["dependencies"],
        *(item for item in PROJECT["dependency-groups"]["mutation"] if isinstance(item, str)),
    ],
    "pip": PROJECT["dependency-groups"]["pip"],
    "runtime": PROJECT["project"]["dependencies"],
}
ELSEWHERE = {"audit": ".venv-audit", "docs": ".venv-docs", "mutation": ".venv-mutation"}
PYTHONS = ("3.11.0", "3.11.9", "3.12.1", "3.13.0", "3.14.0")
PLATFORMS = (
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
)
ENVIRONMENTS = [
    {
        **platform,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_full_version": python,
        "implementation_version": python,
        "python_version": python.rpartition(".")[0],
        "platform_release": "",
        "platform_version": "",
    }
    for python in PYTHONS
    for platform in PLATFORMS
]
ONLY_ELSEWHERE = {("colorama", "0.4.6"): (), ("pymdown-extensions", "12.3"): ("markdown>=3.6", "pyyaml")}
"""What is locked for other platforms or Pythons alone, and so is not installed here, with what it requires."""


@cache
def pins(lock: str) -> list[Requirement]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return [Requirement(line) for line in re.findall(r"^[a-z0-9][^\\\n]*", text, re.MULTILINE)]


def version_of(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    return specifier.version


def name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def installed(folder: str | None) -> dict[tuple[str, str], list[Requirement]]:
    """What each distribution that is installed in an environment requires, by name and version."""
    path = sorted(map(str, (ROOT / folder).glob("lib/python*/site-packages"))) if folder else sys.path
    return {
        (canonicalize_name(item.name), item.version): [Requirement(text) for text in item.requires or ()]
        for item in importlib.metadata.distributions(path=path)
    }


def applies(requirement: Requirement, environment: dict[str, str], extras: frozenset[str] = frozenset()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def unmet(
    pinned: list[Requirement],
    roots: list[Requirement],
    required: dict[tuple[str, str], list[Requirement]],
    environment: dict[str, str],
) -> Iterator[str]:
    """Yield each requirement that no pin meets in an environment, and each pin whose requirements are unknown."""
    here = {name_of(pin): pin for pin in pinned if applies(pin, environment)}
    wanted = [("the project", item) for item in roots if applies(item, environment)]
    for name, pin in here.items():
        requirements = required.get((name, version_of(pin)))
        if requirements is None:
            yield f"{pin} is not installed"
            continue
        wanted += [(str(pin), item) for item in requirements if applies(item, environment, frozenset(pin.extras))]
    for asker, item in wanted:
        found = here.get(name_of(item))
        if found is None or not item.specifier.contains(version_of(found), prereleases=True):
            yield f"{asker} needs {item}, and the lock has {found}"
        elif not item.extras <= found.extras:
            yield f"{asker} needs {item}, and the lock has no such extra"


@pytest.mark.parametrize("lock", sorted(ROOTS))
def test_a_lock_is_complete(lock):
    folder = ELSEWHERE.get(lock)
    if folder and not (ROOT / folder / ".installed").exists():
        pytest.skip(f"`make {lock}` installs this lock, and checks it there")
    elsewhere = {key: [Requirement(text) for text in texts] for key, texts in ONLY_ELSEWHERE.items()}
    required = elsewhere | installed(folder)
    roots = [Requirement(text) for text in ROOTS[lock]]
    problems = {text for environment in ENVIRONMENTS for text in unmet(pins(lock), roots, required, environment)}
    assert sorted(problems) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a==1\nb==2", ""),
        ("a==1", "a==1 needs b>=2, and the lock has None"),
        ("a==1\nb==1.9", "a==1 needs b>=2, and the lock has b==1.9"),
        ("a==1\nb==2; python_version < '3.14'", "a==1 needs b>=2, and the lock has None"),
        ("a[more]==1\nb==2", 'a[more]==1 needs c[fast]; extra == "more", and the lock has None'),
        ("a[more]==1\nb==2\nc==3", 'a[more]==1 needs c[fast]; extra == "more", and the lock has no such extra'),
        ("a[more]==1\nb==2\nc[fast]==3", ""),
        ("a==1\nb==2\nd==4", "d==4 is not installed"),
        ("b==2", "the project needs a, and the lock has None"),
    ],
)
def test_what_a_lock_lacks_is_found(text, problem):
    required = {
        ("a", "1"): [Requirement("b>=2"), Requirement('c[fast]; extra == "more"'), Requirement('w; os_name == "nt"')],
        ("b", "2"): [],
        ("b", "1.9"): [],
        ("c", "3"): [],
    }
    environment = next(item for item in ENVIRONMENTS if item["python_version"] == "3.14")
    pinned = [Requirement(line) for line in text.splitlines()]
    assert list(unmet(pinned, [Requirement("a")], required, environment)) == ([problem] if problem else [])


def test_every_marker_has_its_value():
    assert all(default_environment().keys() <= environment.keys() for environment in ENVIRONMENTS)


@pytest.mark.parametrize("lock", ["build", "runtime"])
def test_users_get_the_versions_that_are_tested(lock):
    tested = {(name_of(pin), version_of(pin)) for pin in pins("dev")}
    assert {(name_of(pin), version_of(pin)) for pin in pins(lock)} <= tested


def test_every_lock_is_judged():
    assert {path.stem for path in (ROOT / "requirements").glob("*.txt")} == ROOTS.keys()
