"""The GitLab example, job by job."""

from __future__ import annotations

from tests.recipes.conftest import WORKSPACE, Runner, recipe

PIPELINE = recipe("examples/gitlab-ci.yml")


def runs(runner: Runner, job: str) -> int:
    """Run a job's script: its lines are one script for bash."""
    runner.environment["WORKSPACE"] = "notifications.yaml"
    allowed = {name: value for name, value in PIPELINE["variables"].items() if name.startswith("NOTIFCONF_")}
    ended = runner.runs("\n".join(PIPELINE[job]["script"]), allowed)
    assert "canary" not in ended.stdout + ended.stderr
    return ended.returncode


def test_the_jobs_go_from_a_merge_request_to_drift(runner):
    assert runs(runner, "validate") == 0
    assert runs(runner, "drift") == 2
    assert runs(runner, "plan") == 0
    for file in PIPELINE["plan"]["artifacts"]["paths"]:
        text = (runner.folder / "repository" / file).read_text(encoding="utf-8")
        assert "canary" not in text
        assert "oncall" in text
    assert runs(runner, "apply") == 0
    assert runs(runner, "drift") == 0
    assert runs(runner, "mutes") == 0


def test_a_workspace_reads_only_what_is_allowed(runner):
    runner.environment["OTHER_URL"] = runner.environment["ONCALL_URL"]
    (runner.folder / "repository" / "notifications.yaml").write_text(WORKSPACE.replace("ONCALL_URL", "OTHER_URL"))
    assert (runs(runner, "validate"), runs(runner, "plan")) == (1, 1)


def test_what_is_not_valid_stops_the_first_job(runner):
    (runner.folder / "repository" / "notifications.yaml").write_text(WORKSPACE.replace("[oncall]", "[pager]"))
    assert runs(runner, "validate") == 1


def test_every_job_belongs_to_a_stage_and_needs_jobs_that_are_there():
    jobs = {name: job for name, job in PIPELINE.items() if "script" in job}
    assert {job["stage"] for job in jobs.values()} == set(PIPELINE["stages"])
    assert {needed for job in jobs.values() for needed in job.get("needs", [])} <= set(jobs)
