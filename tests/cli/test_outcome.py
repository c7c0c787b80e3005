"""Nobody misses what is compared with what, or how a command ended: the first and the last line."""

from __future__ import annotations

import re

import pytest

from tests.cli.terminal import started
from tests.cli.workspaces import SECRET, WORKSPACE

UNKNOWN_TYPE = "  - {notification_type: Kafka, integrations: [slack]}\n"
ORGANIZATION = "9bb441c4-edef-46ac-8a41-c49e44a3fd9a"


@pytest.fixture
def somebody(user):
    user.writes(WORKSPACE)
    user.sets(SLACK_URL=SECRET)
    return user


def silencing(user):
    """A workspace whose plan silences one type."""
    assert user.runs("apply", "-y").code == 0
    user.writes(WORKSPACE.replace("[slack, admins]", "[slack]"))


def test_the_first_line_says_what_is_compared_with_what(somebody):
    for command in (["plan"], ["drift"], ["apply", "-y"]):
        first = somebody.runs(*command).out.splitlines()[0]
        where = f"Confluent Cloud organization {ORGANIZATION} at {somebody.url}"
        assert first == f"Workspace notifconf.yaml → {where} (mode upsert-only)"


def test_json_says_it_too(somebody):
    document = somebody.runs("plan", "--json", "--mode", "sync").json
    assert document["applicable"] is True
    assert {**document["context"], "version": ""} == {
        "workspace": "notifconf.yaml",
        "service": "Confluent Cloud",
        "organization": ORGANIZATION,
        "endpoint": somebody.url,
        "mode": "sync",
        "version": "",
    }


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "github"])
@pytest.mark.parametrize("command", [["plan"], ["drift"], ["apply", "-y"]], ids=lambda words: words[0])
def test_the_last_line_of_a_plan_with_errors(somebody, command, form):
    verdict = "Not applied" if command[0] == "apply" else "This plan can't be applied"
    for text, place in ((WORKSPACE.replace("shrink", "shrnk"), "10:24"), (WORKSPACE + "nonsense: 1\n", "12:1")):
        somebody.writes(text)
        ended = somebody.runs(*command, "--format", form)
        said = ended.out if form in {"text", "github"} else ended.err
        assert said.splitlines()[-1].startswith(f"{verdict}: 1 error (notifconf.yaml:{place}: "), (ended.out, ended.err)
        if form in {"markdown", "html"}:
            assert verdict.split("'", 1)[0] in ended.out
        if form == "json":
            assert ended.json["applicable"] is False


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("command", "added", "verdict"),
    [
        (["coverage"], UNKNOWN_TYPE, "The planned side is incomplete: 1 error (notifconf.yaml:12:25: "),
        (["explain", "Kafka cluster shrink failure"], UNKNOWN_TYPE, "The planned side is incomplete: 1 error (notif"),
        (["coverage"], "nonsense: 1\n", "The workspace is not valid: 1 error (notifconf.yaml:12:1: "),
        (["explain", "Kafka cluster shrink failure"], "nonsense: 1\n", "The workspace is not valid: 1 error (notif"),
        (["test"], "nonsense: 1\n", "The workspace is not valid: 1 error (notifconf.yaml:12:1: "),
    ],
)
def test_the_last_line_of_an_answer_to_a_workspace_with_errors(somebody, command, added, verdict, form):
    somebody.writes(WORKSPACE + added)
    ended = somebody.runs(*command, "--format", form)
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(verdict), (ended.out, ended.err)


def test_a_refusal_names_the_way_out(somebody):
    somebody.writes(WORKSPACE.replace("shrink", "expansion"))
    assert somebody.runs("apply", "-y").code == 0
    somebody.writes(WORKSPACE)
    for command in (["plan"], ["drift"], ["apply", "-y"]):
        ended = somebody.runs(*command, "--mode", "sync", "--max-deletes", "0")
        assert ended.code == 5
        last = ended.out.splitlines()[-1]
        assert re.fullmatch(r"Refused: would delete .* \(max_deletes is 0\)\. Pass --force if .*\.", last)


def test_a_result_in_a_file_leaves_the_outcome_on_the_screen(somebody):
    assert somebody.runs("plan", "--output", "plan.txt").err == "Plan: 2 to create, 0 to update, 0 to delete.\n"
    assert somebody.runs("plan", "--output", "plan.txt", "-q").err == ""


def test_the_question_repeats_how_many_are_silenced(somebody):
    silencing(somebody)
    with started("apply") as terminal:
        terminal.waits_for("Apply: ")
        asked = terminal.text.rpartition("Plan:")[2]
        assert "This silences 1: see the list above." in asked
        terminal.types("no\n")
        assert terminal.ends() == 1


def test_a_summary_has_addresses_only(somebody):
    shown = somebody.runs("plan", "--summary").out
    assert "\n  + integrations/slack\n  + subscriptions/Kafka cluster shrink failure\n\n" in shown
    assert "webhook_url" not in shown
    assert "webhook_url" not in somebody.runs("plan", "--summary", "--format", "markdown").out


@pytest.mark.parametrize("arguments", [["plan"], ["show"], ["help", "plan"]])
def test_a_pager_on_a_terminal(somebody, arguments):
    environment = {"PAGER": "sed s/^/paged:/"}
    with started(*arguments, environment=environment) as terminal:
        assert terminal.ends() == 0
    lines = terminal.text.splitlines()
    assert "paged:" in terminal.text
    if arguments == ["plan"]:
        assert lines[-1] == "Plan: 2 to create, 0 to update, 0 to delete."
    with started(*arguments, "--no-pager", environment=environment) as terminal:
        assert terminal.ends() == 0
    assert "paged:" not in terminal.text


@pytest.mark.parametrize(
    ("pager", "arguments", "code"), [("sed s/^/paged:/", ["plan", "nowhere"], 1), ('"', ["show"], 0)]
)
def test_no_pager_without_a_result_and_none_that_is_no_command(somebody, pager, arguments, code):
    with started(*arguments, environment={"PAGER": pager}) as terminal:
        assert terminal.ends() == code
    assert "paged:" not in terminal.text
    assert "bug" not in terminal.text


def test_no_pager_in_a_pipe_and_none_for_apply(somebody):
    somebody.sets(PAGER="false")
    assert somebody.runs("plan").out.startswith("Workspace")
    with started("apply", "-y", environment={"PAGER": "sed s/^/paged:/"}) as terminal:
        assert terminal.ends() == 0
    assert "paged:" not in terminal.text
