from __future__ import annotations

import json

import pytest

from notifconf.cli.init import SCHEMA, WORKSPACE
from notifconf.config import schema_text
from notifconf.providers import BUILT_IN

SECRETS = {"PLATFORM_SLACK_URL": "https://hooks.slack.com/services/canary-url"}


@pytest.fixture
def _no_secrets(user, monkeypatch):
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("provider", BUILT_IN)
@pytest.mark.usefixtures("_no_secrets")
def test_a_starter_validates_as_it_is(user, provider):
    ended = user.runs("init", "--provider", provider)
    assert ended.code == 0
    assert ended.out.count(" Then:\n  notifconf types ") == 1
    assert user.runs("validate").out == "The workspace is valid.\n"
    assert user.runs("validate").err == ""
    assert f"provider: {provider}\n" in (user.folder / WORKSPACE).read_text()


@pytest.mark.parametrize("provider", BUILT_IN)
def test_a_starter_can_be_applied(user, provider):
    user.sets(**SECRETS)
    user.runs("init", "--provider", provider)
    endpoint = ("--endpoint", "emulator:")
    ended = user.applies(*endpoint)
    assert ended.code == 0, ended.err
    assert ended.json["summary"]["create"] > 0
    assert user.plans(*endpoint).changes() == []


COMMENTED = ("# resources", "#   ", "# - match", "# - event", "# protected", "# owner", "# coverage", "# silences")


@pytest.mark.parametrize("provider", BUILT_IN)
def test_what_stands_in_comments_is_valid_too(user, provider):
    user.runs("init", "--provider", provider)
    file = user.folder / WORKSPACE
    text = "".join(
        line.replace("# ", "", 1) if line.lstrip().startswith(COMMENTED) else line
        for line in file.read_text().splitlines(keepends=True)
    )
    assert "\n  protected:" in text
    assert "\n  coverage:" in text
    file.write_text(text)
    ended = user.runs("validate")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("provider", BUILT_IN)
def test_the_schema_for_editors_lies_where_the_first_line_says(user, provider):
    user.runs("init", "alerts", "--provider", provider)
    first = (user.folder / "alerts" / WORKSPACE).read_text().splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads((user.folder / "alerts" / named).read_text()) == json.loads(schema_text(SCHEMA))


def test_it_says_what_to_do_next(user):
    out = user.runs("init", "my alerts").out
    assert "CONFLUENT_CLOUD_API_KEY" in out
    assert "PLATFORM_SLACK_URL" in out
    assert "notifconf plan 'my alerts'" in out
    assert "  notifconf types  " in user.runs("init").out
    assert "notifconf types --provider konnect" in user.runs("init", "konnect", "--provider", "konnect").out


def test_an_existing_workspace_stays_as_it_is(user):
    user.writes("mine")
    ended = user.runs("init")
    assert ended.code == 1
    assert "notifconf.yaml is there already" in ended.err
    assert (user.folder / WORKSPACE).read_text() == "mine"
    assert not (user.folder / SCHEMA).exists()


@pytest.mark.parametrize("name", ["team.yaml", "team.yml"])
def test_a_folder_that_is_a_workspace_gets_no_second_file(user, name):
    user.writes("version: 1\nprovider: confluent\n", f"alerts/{name}")
    ended = user.runs("init", "alerts")
    assert ended.code == 1
    assert f"alerts/{name} is there already" in ended.err
    assert not (user.folder / "alerts" / WORKSPACE).exists()


def test_other_yaml_is_no_workspace(user):
    user.writes("services: {}\n", "compose.yaml")
    assert user.runs("init").code == 0
    assert user.runs("validate").code == 0


def test_an_existing_schema_stays_as_it_is(user):
    user.writes("{}", SCHEMA)
    assert user.runs("init").code == 0
    assert (user.folder / SCHEMA).read_text() == "{}"


def test_a_link_to_nowhere_is_not_written_through(user):
    (user.folder / WORKSPACE).symlink_to(user.folder / "elsewhere.yaml")
    assert user.runs("init").code == 1
    assert not (user.folder / "elsewhere.yaml").exists()


@pytest.mark.parametrize(("arguments", "said"), [(["file"], "file"), (["file/below"], "can't write into file/below")])
def test_a_place_that_is_no_folder(user, arguments, said):
    user.writes("", "file")
    ended = user.runs("init", *arguments)
    assert ended.code == 1
    assert said in ended.err


def test_the_name_of_a_file_is_no_folder(user):
    ended = user.runs("init", "alerts.yaml")
    assert (ended.code, (user.folder / "alerts.yaml").exists()) == (1, False)
