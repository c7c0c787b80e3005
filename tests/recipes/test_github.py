"""The GitHub Action and the workflow that uses it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.recipes.conftest import COMMANDS, ROOT, WORKSPACE, Runner, recipe

ACTION = recipe("action.yml")
WORKFLOW = recipe("examples/github-workflow.yml")
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}


def acts(
    runner: Runner,
    command: str,
    path: str,
    *,
    name: str = "notifconf",
    workspace: str = "",
    digest: str = "",
    allow_env: str = "ONCALL_*",
    silences: str = "",
    targets: str = "",
) -> int:
    """Run the action's steps in their order; answer the exit code of the last."""
    runner.expressions = {
        "inputs.command": command,
        "inputs.path": path,
        "inputs.workspace": workspace,
        "inputs.plan-digest": digest,
        "inputs.allow-env": allow_env,
        "inputs.allow-files": "",
        "inputs.silences": silences,
        "inputs.target-if-exists": targets,
        "inputs.name": name,
        "inputs.github-token": "canary-token",
        "github.event.pull_request.number": "7",
        "github.server_url": "https://github.com",
        "github.repository": "acme/notifications",
        "github.run_id": "42",
    }
    for file in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        Path(runner.environment[file]).write_text("", encoding="utf-8")
    step = STEPS["Run notifconf"]
    ended = runner.runs(step["run"], step["env"])
    assert "canary" not in ended.stdout + ended.stderr + runner.summary()
    if ended.returncode:
        return ended.returncode
    runner.expressions["steps.run.outputs.code"] = runner.outputs()["code"]
    if command == "plan":
        step = STEPS["Comment on the pull request"]
        commented = runner.runs(step["run"], step["env"])
        assert commented.returncode == 0, commented.stderr
    step = STEPS["End as notifconf did"]
    return runner.runs(step["run"], step["env"]).returncode


def test_a_plan_is_commented_on_once_and_the_comment_follows_it(runner):
    assert acts(runner, "plan", "notifications.yaml") == 0
    (first,) = runner.comments()
    assert first.startswith("<!-- notifconf-plan -->\n### Plan: 2 to create, 0 to update, 0 to delete.\n")
    assert runner.summary() == first
    assert runner.outputs()["has_changes"] == "true"

    (runner.folder / "repository" / "notifications.yaml").write_text(
        WORKSPACE + "  - {notification_type: Kafka cluster expansion failure, integrations: [oncall]}\n"
    )
    assert acts(runner, "plan", "notifications.yaml") == 0
    (second,) = runner.comments()
    assert "### Plan: 3 to create" in second


def test_what_a_plan_does_are_outputs(runner):
    assert acts(runner, "plan", "notifications.yaml") == 0
    names = {name: output["value"] for name, output in ACTION["outputs"].items()}
    found = {
        name: runner.outputs()[value.split(".")[-1].removesuffix(" }}")]
        for name, value in names.items()
        if name != "exit_code"
    }
    assert (found["creates"], found["updates"], found["deletes"], found["silences"]) == ("2", "0", "0", "0")


def test_approval_is_asked_for_only_where_somebody_is_silenced():
    jobs = WORKFLOW["jobs"]
    assert jobs["plan"]["outputs"]["silences"] == "${{ steps.plan.outputs.silences }}"
    assert any(step.get("id") == "plan" for step in jobs["plan"]["steps"])
    assert (jobs["approve"]["needs"], jobs["approve"]["environment"]) == ("plan", "silences")
    assert jobs["approve"]["if"] == "needs.plan.outputs.silences != '0'"


def test_the_scheduled_job_applies_mutes_alone(runner):
    inputs = WORKFLOW["jobs"]["mutes"]["steps"][-1]["with"]
    more = {"silences": inputs["silences"], "targets": inputs["target-if-exists"]}
    muted = "resources: [{resource: environment=env-1, muted: {from: 2026-01-01T00:00:00Z}}]\n"
    (runner.folder / "repository" / "notifications.yaml").write_text(WORKSPACE + muted)
    assert acts(runner, "apply", "notifications.yaml", **more) == 0
    assert runner.summary().startswith("<!-- notifconf-apply -->\n### Applied: 1 created")
    (runner.folder / "repository" / "notifications.yaml").write_text(
        f"{WORKSPACE}resources: [{{resource: environment=env-2, muted: true}}]\n"
    )
    assert acts(runner, "apply", "notifications.yaml", **more) == 5


def test_two_workspaces_of_a_repository_have_a_comment_each(runner):
    acts(runner, "plan", "notifications.yaml", name="staging")
    acts(runner, "plan", "notifications.yaml", name="production")
    assert [comment.splitlines()[0] for comment in runner.comments()] == [
        "<!-- staging-plan -->",
        "<!-- production-plan -->",
    ]


def test_a_comment_of_somebody_else_is_left_alone(runner):
    (runner.folder / "gh" / "comments" / "1").write_text("Looks good <!-- notifconf-plan -->")
    acts(runner, "plan", "notifications.yaml")
    assert runner.comments()[0] == "Looks good <!-- notifconf-plan -->"
    assert len(runner.comments()) == 2


def test_a_plan_with_errors_is_commented_on_and_fails(runner):
    (runner.folder / "repository" / "notifications.yaml").write_text(WORKSPACE.replace("[oncall]", "[pager]"))
    assert acts(runner, "plan", "notifications.yaml") == 1
    (comment,) = runner.comments()
    assert "undeclared-integration" in comment


def test_a_plan_that_is_too_long_for_a_comment_says_where_it_is(runner):
    muted = "".join(f"  - {{resource: environment=env-{'x' * 200}{number}, muted: true}}\n" for number in range(150))
    (runner.folder / "repository" / "notifications.yaml").write_text(f"{WORKSPACE}resources:\n{muted}")
    assert acts(runner, "plan", "notifications.yaml") == 0
    (comment,) = runner.comments()
    assert "### Plan: 152 to create" in comment
    assert "see [the run](https://github.com/acme/notifications/actions/runs/42)" in comment
    assert len(comment) < 1000
    assert runner.summary().count("environment=env-") > 150


def test_several_paths_make_one_workspace(runner):
    (runner.folder / "repository" / "more policy.yaml").write_text(
        "version: 1\nprovider: confluent\npolicy: {mode: sync}\n"
    )
    assert acts(runner, "plan", "notifications.yaml\nmore policy.yaml\n") == 0
    assert "to delete" in runner.comments()[0]


def test_another_command_is_refused(runner):
    assert acts(runner, "destroy", "notifications.yaml") == 1


def merged(runner: Runner) -> None:
    """Keep what the run of the pull request left, as the artifact of run 42."""
    runner.folder.joinpath("gh", "pull").write_text("7 c0ffee\n")
    runner.folder.joinpath("gh", "run").write_text("42\n")
    artifact = runner.folder / "gh" / "artifacts" / "notifconf-plan"
    artifact.mkdir(parents=True)
    shutil.copy(runner.folder / "temp" / "notifconf-plan" / "plan.json", artifact)


def fetches(runner: Runner) -> int:
    step = next(step for step in WORKFLOW["jobs"]["apply"]["steps"] if "run" in step)
    runner.expressions = {"github.token": "canary-token"}
    Path(runner.environment["GITHUB_OUTPUT"]).write_text("", encoding="utf-8")
    return runner.runs(step["run"], step["env"]).returncode


def applies_reviewed(runner: Runner, *, workspace: str = "notifications.yaml") -> int:
    """Apply what the step before fetched, as the workflow does."""
    inputs = WORKFLOW["jobs"]["apply"]["steps"][-1]["with"]
    assert inputs["path"] == "${{ runner.temp }}/reviewed/plan.json"
    assert inputs["plan-digest"] == "${{ steps.reviewed.outputs.digest }}"
    plan = f"{runner.environment['RUNNER_TEMP']}/reviewed/plan.json"
    return acts(runner, "apply", plan, digest=runner.outputs()["digest"], workspace=workspace)


def test_the_merge_applies_the_plan_that_was_reviewed(runner):
    acts(runner, "plan", "notifications.yaml")
    merged(runner)
    assert fetches(runner) == 0
    calls = (runner.folder / "gh" / "calls").read_text()
    assert "repos/acme/notifications/commits/feedface/pulls" in calls
    assert "--commit c0ffee --event pull_request --status success" in calls

    reviewed = runner.outputs()["digest"]
    assert f"Digest: `{reviewed}`" in runner.comments()[0]
    assert applies_reviewed(runner) == 0
    assert runner.summary().startswith("<!-- notifconf-apply -->\n### Applied: 2 created")

    plan = f"{runner.environment['RUNNER_TEMP']}/reviewed/plan.json"
    assert acts(runner, "apply", plan, digest=reviewed) == 4  # what it would create exists by now
    assert acts(runner, "plan", "notifications.yaml") == 0
    assert runner.outputs()["has_changes"] == "false"


def test_an_artifact_of_another_plan_is_refused(runner):
    acts(runner, "plan", "notifications.yaml")
    merged(runner)
    comments = {file: file.read_bytes() for file in (runner.folder / "gh" / "comments").iterdir()}
    (runner.folder / "repository" / "other.yaml").write_text(WORKSPACE.replace("shrink", "expansion"))
    acts(runner, "plan", "other.yaml")
    shutil.copy(
        runner.folder / "temp" / "notifconf-plan" / "plan.json", runner.folder / "gh" / "artifacts" / "notifconf-plan"
    )
    for file, text in comments.items():
        file.write_bytes(text)
    assert fetches(runner) == 0
    assert applies_reviewed(runner) == 1


def test_a_workspace_that_is_not_the_planned_one_is_stale(runner):
    acts(runner, "plan", "notifications.yaml")
    merged(runner)
    (runner.folder / "repository" / "notifications.yaml").write_text(WORKSPACE.replace("shrink", "expansion"))
    assert fetches(runner) == 0
    assert applies_reviewed(runner) == 4


def test_a_digest_that_is_not_at_its_place_is_not_believed(runner):
    acts(runner, "plan", "notifications.yaml")
    merged(runner)
    for file in (runner.folder / "gh" / "comments").iterdir():
        file.write_text(file.read_text().replace("\n\nDigest: ", "\n\nNo digest\n\nDigest: "))
    assert fetches(runner) == 1


def test_a_path_is_never_an_option(runner):
    assert acts(runner, "plan", "--help") == 1


LIMITED = (
    "--allow-env"
    in subprocess.run([COMMANDS / "notifconf", "plan", "--help"], capture_output=True, text=True, check=True).stdout
)


@pytest.mark.skipif(not LIMITED, reason="this version has no --allow-env")
def test_the_workspace_may_read_nothing_by_default(runner):
    assert ACTION["inputs"]["allow-env"]["default"] == ACTION["inputs"]["allow-files"]["default"] == ""
    assert acts(runner, "plan", "notifications.yaml", allow_env="") == 1
    assert "forbidden-source" in runner.comments()[0]


def test_no_apply_waits_in_a_group_where_it_would_be_dropped():
    assert "concurrency" not in WORKFLOW
    assert "concurrency" not in WORKFLOW["jobs"]["apply"]


@pytest.mark.parametrize("missing", ["pull", "run"])
def test_a_merge_without_a_reviewed_plan_applies_nothing(runner, missing):
    acts(runner, "plan", "notifications.yaml")
    merged(runner)
    runner.folder.joinpath("gh", missing).write_text("")
    assert fetches(runner) == 1


def test_without_a_plan_file_apply_plans_anew(runner):
    assert acts(runner, "apply", "notifications.yaml") == 0
    assert acts(runner, "plan", "notifications.yaml") == 0
    assert runner.outputs()["has_changes"] == "false"


def test_the_action_installs_what_is_locked():
    install = STEPS["Install notifconf"]["run"]
    assert install.count("pip install --no-deps") == install.count("pip install") == 3
    assert "pip check" in install
    for lock in re.findall(r"GITHUB_ACTION_PATH/(\S+\.txt)", install):
        assert "--hash=sha256:" in (ROOT / lock).read_text(encoding="utf-8")
    assert "requirements/runtime.txt" in install


def test_every_input_is_read_and_every_step_that_is_not_a_script_is_pinned():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    steps = [*ACTION["runs"]["steps"], *(step for job in WORKFLOW["jobs"].values() for step in job["steps"])]
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}|OWNER/notifconf@v[\d.]+", name) for name in used)


def test_no_expression_stands_in_a_script():
    # What an expression gives would be run as shell.
    steps = [*ACTION["runs"]["steps"], *(step for job in WORKFLOW["jobs"].values() for step in job["steps"])]
    assert not [step for step in steps if "${{" in step.get("run", "")]


def test_the_workflow_gives_the_action_inputs_that_it_has():
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("OWNER/"):
                assert set(step["with"]) <= set(ACTION["inputs"])
