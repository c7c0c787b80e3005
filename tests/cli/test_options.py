"""What holds for the options of all commands: environment variables, short forms, and the nearest name."""

from __future__ import annotations

import click
import pytest

from notifconf.cli.main import cli, run
from notifconf.cli.parameters import GroupedOption, find_variables
from tests.cli.workspaces import SECRET, WORKSPACE


def contexts(command=cli, parent=None, name="notifconf"):
    """The context of each command that is no group."""
    context = command.context_class(command, parent=parent, info_name=name, **command.context_settings)
    if not isinstance(command, click.Group):
        return [context]
    return [
        found
        for child in command.list_commands(context)
        for found in contexts(command.get_command(context, child), context, child)
    ]


def test_every_option_has_a_variable_of_its_own():
    for context in contexts():
        options = [item for item in context.command.params if isinstance(item, click.Option)]
        assert all(isinstance(item, GroupedOption) for item in options), context.command_path
        names = [name for item in options for name in find_variables(item, context)]
        assert len(names) == len(set(names))
        prefix = context.command_path.upper().replace(" ", "_")
        assert all(name.startswith((prefix, "NOTIFCONF_")) for name in names)


@pytest.fixture
def somebody(user):
    user.writes(WORKSPACE)
    user.sets(SLACK_URL=SECRET)
    return user


def test_the_variable_of_a_shared_option_that_of_a_command_and_the_command_line(somebody):
    somebody.sets(NOTIFCONF_FORMAT="json")
    assert somebody.runs("plan").json["summary"]["create"] == 2
    somebody.sets(NOTIFCONF_PLAN_FORMAT="markdown")
    assert somebody.runs("plan").out.startswith("<!--")
    assert somebody.runs("plan", "--json").json["provider"] == "confluent"
    assert somebody.runs("plan", "--json", "--format", "text").out.splitlines()[-1].startswith("Plan:")
    assert somebody.runs("drift").json["provider"] == "confluent"


def test_a_variable_is_not_blamed_for_a_file_that_is_called_like_its_value(somebody):
    somebody.sets(NOTIFCONF_FORMAT="text")
    assert "NOTIFCONF_FORMAT" not in somebody.runs("plan", "text.yaml").err
    somebody.sets(NOTIFCONF_EXCLUDE="nowhere/a")
    assert "NOTIFCONF_EXCLUDE" in somebody.runs("plan").err
    somebody.sets(NOTIFCONF_MAX_DELETES="0", NOTIFCONF_MODE="sync")
    somebody.writes("version: 1\nprovider: confluent\nsubscriptions: []\n")
    assert "NOTIFCONF_MAX_DELETES" in somebody.runs("plan").err


@pytest.mark.parametrize(("line", "owner"), [("plan --workspace w", "`apply`"), ("plan --limit 3", "`inbox list`")])
def test_an_option_of_another_command_names_that(somebody, line, owner):
    ended = somebody.runs(*line.split())
    assert (ended.code, ended.err.splitlines()[-1]) == (1, f"It is an option of {owner}.")


def test_repeatable_options_take_a_value_from_each_line(somebody):
    somebody.sets(NOTIFCONF_EXCLUDE="subscriptions/*\nintegrations/admins\n")
    assert somebody.runs("plan", "--json").changes() == ["+ integrations/slack"]
    assert somebody.runs("plan", "--json", "--exclude", "integrations/slack").changes() == []


def test_flags_numbers_and_files(somebody):
    somebody.sets(NOTIFCONF_PLAN_OUT="saved.json", NOTIFCONF_PLAN_DETAILED_EXITCODE="true", NOTIFCONF_PARALLELISM="1")
    assert somebody.runs("plan").code == 2
    assert (somebody.folder / "saved.json").exists()
    somebody.sets(NOTIFCONF_PARALLELISM="0")
    ended = somebody.runs("plan")
    assert ended.code == 1
    assert "environment variable NOTIFCONF_PARALLELISM" in ended.err
    somebody.sets(NOTIFCONF_PARALLELISM="", NOTIFCONF_MODE="sync")
    assert somebody.runs("apply", "saved.json").code == 0  # the mode was decided by `plan`


def test_a_version_that_a_pipeline_has_set_shows_no_version(somebody):
    somebody.sets(NOTIFCONF_VERSION="1.2.3")
    assert somebody.runs("validate").out == "The workspace is valid.\n"
    assert somebody.runs("-V").out == somebody.runs("--version").out


def test_help_is_that_of_the_option(somebody):
    assert somebody.runs("help", "inbox", "list").out == somebody.runs("inbox", "list", "--help").out
    assert somebody.runs("help").out == somebody.runs("--help").out
    assert somebody.runs("help", "plan", "list").code == 1


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["paln"], "plan"),
        (["help", "aply"], "apply"),
        (["inbox", "lst"], "list"),
        (["plan", "--formt", "x"], "--format"),
        (["--json", "plan"], "notifconf plan --json"),
    ],
)
def test_a_misspelt_word_names_the_nearest(capsys, arguments, nearest):
    assert run(arguments) == 1
    assert nearest in capsys.readouterr().err.splitlines()[-1]


def test_a_quiet_apply_tells_only_how_it_ended(somebody):
    ended = somebody.runs("apply", "-q", "-y")
    assert (ended.code, ended.err) == (0, "")
    assert [line.partition(":")[0] for line in ended.out.splitlines()] == ["Applied", "Verified"]
    assert somebody.runs("apply", "-q", "-y").out == "No changes. Live state matches the configuration.\n"


def test_the_provider_whose_credentials_are_set(user):
    user.sets(CONFLUENT_CLOUD_API_KEY="", CONFLUENT_CLOUD_API_SECRET="", KONNECT_TOKEN="canary")
    user.sets(KONNECT_SERVER_URL=f"{user.url}/v1")
    assert user.runs("types", "--json").json["provider"] == "konnect"
    user.sets(CONFLUENT_CLOUD_API_KEY="canary-key", CONFLUENT_CLOUD_API_SECRET="canary-secret")
    assert user.runs("types", "--json").json["provider"] == "confluent"


def test_types_of_a_namespace(user):
    ended = user.runs(
        "types", "--provider", "konnect", "--endpoint", "emulator:", "--json", "--namespace", "dev-portal"
    )
    assert {row["namespace"] for row in ended.json["events"]} == {"dev-portal"}
    assert user.runs("types", "--namespace", "dev-portal").code == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NOTIFCONF_ENDPOINT", "ftp://host"),
        ("NOTIFCONF_LOG_FILE", "missing/x.log"),
        ("NOTIFCONF_PLAN_OUT", "missing/plan.json"),
        ("NOTIFCONF_TARGET", "integrations/nobody"),
    ],
)
def test_an_error_about_an_option_names_the_variable_that_it_comes_from(somebody, variable, value):
    somebody.sets(**{variable: value})
    ended = somebody.runs("plan")
    assert ended.code == 1
    assert f"environment variable {variable}" in ended.err


def test_a_file_is_no_endpoint(user):
    user.writes("version: 1\nprovider: confluent\n")
    ended = user.runs("plan", "--endpoint", "notifconf.yaml")
    assert (ended.code, "no URL" in ended.err) == (1, True)


@pytest.mark.parametrize("value", ["a" * 300, "emulator:" + "a" * 300])
def test_an_endpoint_that_is_too_long_for_a_file_is_no_crash(user, value):
    ended = user.runs("types", "--endpoint", value)
    assert (ended.code, "bug" in ended.err) == (1, False)
