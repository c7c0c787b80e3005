"""The engine knows no vendor, and no vendor knows another: a third provider is a folder, or a package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notifconf.providers import BUILT_IN

PACKAGE = Path(__file__).parents[2] / "notifconf"
FOLDERS = ("model", "plan", "executor", "report", "config", "http", "cli")
ENGINE = (*FOLDERS, "api.py", "answers.py", "errors.py", "files.py")

VENDOR_WORD = re.compile(
    r"""
    confluent | konnect | \bkong | slack | ms-?teams | pagerduty | opsgenie | webhook[_.](?:url|office)
    | OrganizationAdmin | RoleEmail | UserEmail | \bIN_?APP\b
    | \b(?-i:REQUIRED|CRITICAL|WARN|DISABLED)\b
    | (?:undeclared|unused)-integration | expired-mute | plan-and-usage
    """,
    re.VERBOSE | re.IGNORECASE,
)
EXCEPTIONS = {
    "cli/main.py": "the first sentence of the help says what notifconf is for",
    "cli/emulator.py": "the help says which services are emulated",
    "cli/inbox.py": "the help says whose inbox it is, and has examples",
    "cli/show.py": "the help says what a catalogue is at each service",
    "cli/options.py": "the help of a filter has examples of values",
    "report/table.py": "the colours of values that the services have in common",
    "model/views.py": "the name of a variable says that it holds a URL",
}
"""Files of the engine with words of a vendor, and why. The examples in other help texts name the folders below."""
EXAMPLE = "notifconf [a-z]+ examples/(confluent|konnect)"


@pytest.mark.parametrize("part", ENGINE)
def test_the_engine_has_no_word_of_a_vendor(part: str) -> None:
    files = [PACKAGE / part] if part.endswith(".py") else list((PACKAGE / part).rglob("*.py"))
    assert files
    found = {}
    for path in files:
        text = re.sub(EXAMPLE, "", path.read_text(encoding="utf-8"))
        words = {word.group() for word in VENDOR_WORD.finditer(text)}
        if words and path.relative_to(PACKAGE).as_posix() not in EXCEPTIONS:
            found[path] = words
    assert found == {}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_each_exception_is_needed(name: str) -> None:
    assert VENDOR_WORD.search((PACKAGE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_provider_knows_no_other(name: str) -> None:
    others = "|".join(other for other in BUILT_IN if other != name)
    for path in (PACKAGE / "providers" / name).rglob("*.py"):
        assert not re.search(others, path.read_text(encoding="utf-8"), re.IGNORECASE), path
