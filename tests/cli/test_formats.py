from __future__ import annotations

import json
import re
from html import escape

import pytest
from jsonschema import Draft202012Validator

from notifconf.config import schema_text
from notifconf.report.formats import RENDERERS
from tests.cli.workspaces import WORKSPACE

TIME = re.compile(r"<time.*?</time>|\d{4}-\d\d-\d\d \d\d:\d\d UTC")
MUTE = "resources: [{resource: environment=env-1, muted: true}]\n"
MACHINE = sorted(set(RENDERERS) - {"text"})
SCHEMA = Draft202012Validator(json.loads(schema_text("plan-v1.schema.json")))


@pytest.fixture(autouse=True)
def _outside_of_a_workflow(user):
    user.sets(SLACK_URL="https://hooks.slack.com/services/canary-url")
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        user.monkeypatch.delenv(name, raising=False)


def changes(user):
    user.writes(WORKSPACE)


def in_sync(user):
    user.writes(WORKSPACE)
    assert user.applies().code == 0


def invalid(user):
    user.writes(WORKSPACE + "nonsense: true\n")


def unknown_type(user):
    user.writes(WORKSPACE.replace("shrink failure", "shrink falure"))


def forbidden(user):
    user.writes(WORKSPACE + MUTE)
    user.emulator.settings.update({"forbidden_resources": ["environment=env-1"]})


def undeclared(user):
    user.writes(WORKSPACE)
    target = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/services/canary"}
    for name in ("one", "two"):
        user.emulator.seed("integrations", {"id": f"i-{name}", "display_name": name, "target": target})


def no_room(user):
    user.writes(WORKSPACE + MUTE)
    user.emulator.settings.update({"quota": 0})


SITUATIONS = [
    (changes, ["plan"], 0, ""),
    (changes, ["plan", "--detailed-exitcode"], 2, ""),
    (changes, ["drift"], 2, ""),
    (changes, ["apply", "--auto-approve"], 0, ""),
    (changes, ["apply"], 1, "--auto-approve"),
    (changes, ["plan", "nowhere"], 1, "nowhere"),
    (in_sync, ["plan", "--detailed-exitcode"], 0, ""),
    (in_sync, ["apply"], 0, ""),
    (invalid, ["plan"], 1, "unknown-key"),
    (invalid, ["drift"], 1, "unknown-key"),
    (invalid, ["apply"], 1, "unknown-key"),
    (unknown_type, ["plan"], 1, "unknown-notification-type"),
    (unknown_type, ["apply", "--auto-approve"], 1, "unknown-notification-type"),
    (forbidden, ["plan"], 1, "403"),
    (forbidden, ["drift"], 1, "403"),
    (undeclared, ["plan", "--mode", "sync"], 5, "max-deletes"),
    (undeclared, ["drift", "--mode", "sync"], 5, "max-deletes"),
    (undeclared, ["apply", "--mode", "sync", "--auto-approve"], 5, "max-deletes"),
    (no_room, ["apply", "--auto-approve"], 3, ""),
]


def is_whole(form, text):
    """Whether this is one document of a format and nothing besides."""
    if form == "json":
        return list(SCHEMA.iter_errors(json.loads(text))) == []
    if form == "html":
        return text.startswith("<!doctype html>") and text.endswith("</html>\n") and text.count("<html") == 1
    if form == "markdown":
        return text.startswith("<!-- notifconf-") and text.count("<!--") == 1
    return text.startswith("::") and text.endswith("\n")


@pytest.mark.parametrize("form", MACHINE)
@pytest.mark.parametrize(
    ("situation", "arguments", "code", "said"),
    SITUATIONS,
    ids=[f"{situation.__name__}-{' '.join(arguments)}" for situation, arguments, _, _ in SITUATIONS],
)
def test_the_format_changes_neither_the_exit_code_nor_what_is_said(user, *, situation, arguments, code, said, form):
    situation(user)
    ended = user.runs(*arguments, "--format", form)
    assert ended.code == code
    assert is_whole(form, ended.out)
    assert said in ended.err
    if code == 1:
        # The document says why, too.
        assert said.replace("&", "&amp;") in ended.out
    assert "canary" not in ended.out + ended.err


@pytest.mark.parametrize(("situation", "arguments", "code", "said"), SITUATIONS[::3])
def test_text_ends_alike(user, situation, arguments, code, said):
    situation(user)
    ended = user.runs(*arguments)
    assert ended.code == code
    assert said in ended.err


@pytest.mark.parametrize("form", MACHINE)
def test_a_result_in_a_file_leaves_standard_output_empty(user, form):
    user.writes(WORKSPACE)
    ended = user.runs("plan", "--format", form, "--output", "result")
    assert (ended.code, ended.out) == (0, "")
    assert is_whole(form, (user.folder / "result").read_text())


@pytest.mark.parametrize("form", [*MACHINE, "text"])
def test_a_file_that_can_not_be_written_is_found_before_anything_is_changed(user, form):
    user.writes(WORKSPACE)
    ended = user.runs("apply", "--auto-approve", "--format", form, "--output", "no/such/folder")
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err == "error: can't write no/such/folder: No such file or directory\n"
    assert user.requests() == []


@pytest.mark.parametrize("form", MACHINE)
def test_the_same_inputs_give_the_same_bytes(user, form):
    user.writes(WORKSPACE)
    one, other = (user.runs("plan", "--format", form).out for _ in range(2))
    assert TIME.sub("", one) == TIME.sub("", other)


HOSTILE = '::error::a ##[error]b <img src=x onerror=alert(1)> `c` @octocat #1 "d" | & \x1b[31m\u202e'


def test_what_lives_there_can_not_speak_for_notifconf(user):
    target = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/services/canary"}
    user.emulator.seed("integrations", {"id": "i-1", "display_name": HOSTILE, "target": target})
    user.writes(WORKSPACE)
    arguments = ("plan", "--mode", "sync", "-v", "--format")
    results = {form: user.runs(*arguments, form) for form in RENDERERS}
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert all(ended.code == 0 for ended in results.values())
    assert f"  - integrations/{shown} (i-1)\n" in results["text"].out
    assert f"integrations/{HOSTILE}" in [change["address"] for change in results["json"].json["changes"]]
    assert "<img" not in results["html"].out
    assert "- integrations/::error::a ##[error]b &lt;img src=x onerror=alert(1)&gt;" in results["html"].out.replace(
        '<span class="unseen">delete</span> ', "- "
    )
    assert f"<code>- integrations/{escape(shown)}</code>" in results["markdown"].out
    github = results["github"]
    assert "- integrations/::error::a \\x23#[error]b <img" in github.out
    assert "##[" not in github.out + github.err
    annotations = re.findall(r"^\s*::.*", github.out + github.err, re.MULTILINE)
    assert [text.split("::")[1] for text in annotations] == ["warning title=This silences", "notice title=notifconf"]


def test_nor_beside_the_result(user):
    """An apply shows its plan on standard error, which the runner reads for commands, too."""
    target = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/services/canary"}
    user.emulator.seed("integrations", {"id": "i-1", "display_name": HOSTILE, "target": target})
    user.writes(WORKSPACE)
    ended = user.runs("apply", "--mode", "sync", "--auto-approve", "--format", "github")
    assert ended.code == 0
    assert "- integrations/::error::a \\x23#[error]b <img" in ended.err
    assert "##[" not in ended.out + ended.err


def outputs(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_a_step_of_a_workflow(user):
    summary, output = user.folder / "summary.md", user.folder / "output"
    summary.write_text("before\n")
    user.sets(
        GITHUB_STEP_SUMMARY=str(summary),
        GITHUB_OUTPUT=str(output),
        GITHUB_WORKSPACE=str(user.folder),
    )
    user.writes(WORKSPACE.replace("OrganizationAdmin", "NobodyIsThis"), "infra/notifconf.yaml")
    user.monkeypatch.chdir(user.folder / "infra")
    ended = user.runs("plan", "--format", "github")
    assert ended.code == 1
    assert re.search(r"^::error file=infra/notifconf.yaml,line=7,col=3,title=missing-integration::", ended.out)
    assert summary.read_text().startswith("before\n<!-- notifconf-plan -->\n### ")
    assert outputs(output) | {"exit_code": "1"} == outputs(output)
    output.unlink()

    user.writes(WORKSPACE, "infra/notifconf.yaml")
    ended = user.runs("apply", "--auto-approve", "--format", "github")
    assert ended.code == 0
    assert "integrations/slack: created (i-" in ended.out
    assert "<!-- notifconf-apply -->\n### Applied: 2 created, 0 updated, 0 deleted.\n" in summary.read_text()
    assert outputs(output) | {"has_changes": "true", "create": "2", "applied": "2", "exit_code": "0"} == outputs(output)
    output.unlink()

    assert user.runs("plan", "--format", "github", "--detailed-exitcode").code == 0
    assert outputs(output)["has_changes"] == "false"


def test_a_failure_reaches_the_workflow(user):
    summary, output = user.folder / "summary.md", user.folder / "output"
    user.sets(GITHUB_STEP_SUMMARY=str(summary), GITHUB_OUTPUT=str(output))
    forbidden(user)
    ended = user.runs("drift", "--format", "github")
    assert ended.code == 1
    assert ended.out.startswith("::error title=service::")
    assert "**error** `service`" in summary.read_text()
    assert outputs(output)["exit_code"] == "1"


def test_a_file_of_the_workflow_that_can_not_be_written_changes_no_exit_code(user):
    full = user.folder / "summary.md"
    full.write_text("x" * 1_048_576)
    user.sets(GITHUB_OUTPUT=str(user.folder / "no" / "such"), GITHUB_STEP_SUMMARY=str(full))
    user.writes(WORKSPACE)
    ended = user.runs("plan", "--format", "github")
    assert ended.code == 0
    assert "warning: $GITHUB_STEP_SUMMARY has no room left" in ended.err
    assert "warning: can't append to $GITHUB_OUTPUT: No such file or directory\n" in ended.err


def test_a_plan_file_is_a_document_too(user):
    user.writes(WORKSPACE)
    user.runs("plan", "--out", "plan.json")
    assert list(SCHEMA.iter_errors(json.loads((user.folder / "plan.json").read_text()))) == []


@pytest.mark.parametrize("form", MACHINE)
def test_a_stale_plan_is_4_in_every_format(user, form):
    user.writes(WORKSPACE)
    user.runs("plan", "--out", "plan.json")
    assert user.applies().code == 0
    ended = user.runs("apply", "plan.json", "--format", form)
    assert ended.code == 4
    assert is_whole(form, ended.out)
    assert "integrations/slack exists by now" in ended.out


@pytest.mark.parametrize(
    "broken",
    [
        {"nonsense": 1},
        {"provider": 1},
        {"changes": [{"address": "a"}]},
        {"remaining": []},
        {"summary": {"create": 1}},
    ],
)
def test_the_schema_is_strict(user, broken):
    user.writes(WORKSPACE)
    document = user.plans().json
    assert list(SCHEMA.iter_errors(document)) == []
    assert list(SCHEMA.iter_errors({**document, **broken})) != []


def test_the_schema_knows_what_an_action_is(user):
    user.writes(WORKSPACE)
    document = user.plans().json
    document["changes"][0]["action"] = "delete"
    assert list(SCHEMA.iter_errors(document)) != []
