"""Many organizations: the script of a job, run for five of them side by side, and one report over all."""

from __future__ import annotations

import json
import shlex
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from notifconf.emulator.app import create_app
from notifconf.emulator.server import running
from tests.recipes.conftest import ROOT, recipe

FOLDER = ROOT / "examples" / "organizations"
NAMES = ("staging", "production", "sandbox", "europe", "asia")
GITHUB, GITLAB = (recipe(f"examples/organizations/{name}.yml") for name in ("github-workflow", "gitlab-ci"))
JOB = recipe("examples/organizations/kubernetes-indexed-job.yaml")["spec"]
WORKFLOW = recipe("examples/organizations/argo-workflow.yaml")["spec"]
TEMPLATES = {template["name"]: template for template in WORKFLOW["templates"]}


@pytest.fixture
def organizations(runner):
    """Five organizations, each an emulator of its own with credentials in a file; `asia` has an error."""
    repository, credentials = runner.folder / "repository", runner.folder / "credentials"
    (repository / "organizations").symlink_to(runner.folder / "organizations")
    subprocess.run(["cp", "-r", FOLDER, runner.folder / "organizations"], check=True)
    credentials.mkdir()
    for name in ("CONFLUENT_CLOUD_ENDPOINT", "CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET"):
        runner.environment.pop(name)
    with ExitStack() as stack:
        for name in NAMES:
            url = stack.enter_context(running(create_app(":memory:")))
            (credentials / f"{name}.env").write_text(
                f"CONFLUENT_CLOUD_ENDPOINT={url}\nCONFLUENT_CLOUD_API_KEY=canary-{name}\n"
                f"CONFLUENT_CLOUD_API_SECRET=canary\nDATA_TEAMS_URL=https://teams.example.com/canary\n"
            )
            folder = runner.folder / "organizations" / name
            if not folder.exists():
                folder.mkdir()
                mode = "upsert" if name == "asia" else "upsert-only"
                (folder / "policy.yaml").write_text(f"version: 1\nprovider: confluent\npolicy: {{mode: {mode}}}\n")
        runner.environment["CREDENTIALS"] = str(credentials)
        yield runner


def run_all(runner, script, environment):
    """Run a job's script for all organizations side by side; return the exit codes."""

    def run_one(name):
        return runner.runs(script, {**environment, "ORGANIZATION": name})

    with ThreadPoolExecutor(len(NAMES)) as pool:
        ended = list(pool.map(run_one, NAMES))
    assert all("canary" not in item.stdout + item.stderr for item in ended)
    return [item.returncode for item in ended]


def test_five_organizations_side_by_side_and_one_report(organizations):
    script = GITLAB["plan"]["script"][0]
    allowed = {name: GITLAB["variables"][name] for name in ("NOTIFCONF_ALLOW_ENV", "NOTIFCONF_ALLOW_FILES")}
    assert run_all(organizations, script, allowed) == [0, 0, 0, 0, 1]
    assert GITHUB["jobs"]["plan"]["steps"][1]["run"] == script
    for report in (GITHUB["jobs"]["report"]["steps"][1]["run"], GITLAB["report"]["script"][0]):
        assert organizations.runs(report).returncode == 0
    page = (organizations.folder / "repository" / "report.html").read_text()
    assert "5 runs: 1 with errors, 4 with changes." in page
    assert "5 runs: 1 with errors, 4 with changes." in organizations.summary()
    ended = organizations.runs("notifconf report runs/*.json --json --metrics-file all.prom")
    found = {run["file"]: run["state"] for run in json.loads(ended.stdout)["runs"]}
    assert found == {f"runs/{name}.json": "error" if name == "asia" else "changes" for name in NAMES}
    metrics = (organizations.folder / "repository" / "all.prom").read_text()
    assert 'notifconf_report_errors{file="runs/asia.json"' in metrics
    assert "canary" not in page + metrics + ended.stdout


def test_a_pod_finds_its_organization_by_its_index(organizations):
    container = JOB["template"]["spec"]["containers"][0]
    with tarfile.open(organizations.folder / "organizations.tgz", "w:gz") as archive:
        archive.add(organizations.folder / "organizations", "organizations")
    places = {"/organizations/": f"{organizations.folder}/", "/work": str(organizations.folder / "work")}
    (organizations.folder / "work").mkdir()
    script = container["args"][0]
    for place, here in places.items():
        script = script.replace(f" {place}", f" {here}")
    environment = {item["name"]: item["value"] for item in container["env"] if item["name"] != "CREDENTIALS"}
    environment["RUNS"] = str(organizations.folder / "runs")
    for index in range(JOB["completions"]):
        command = shlex.join([*container["command"], script])
        assert organizations.runs(command, {**environment, "JOB_COMPLETION_INDEX": str(index)}).returncode == 2
    assert len(list((organizations.folder / "runs").iterdir())) == JOB["completions"]
    assert JOB["completions"] == len(environment["ORGANIZATIONS"].split())


def test_the_workflow_runs_the_same_script():
    job = JOB["template"]["spec"]["containers"][0]
    task = TEMPLATES["organization"]["container"]
    assert task["args"][0].splitlines()[0] == job["args"][0].splitlines()[0]
    assert task["args"][0].splitlines()[1].startswith("exec /work/organizations/run.sh drift")
    assert [{**item, "value": ""} for item in task["env"][1:]] == [{**item, "value": ""} for item in job["env"][1:]]
    used = {task["template"] for task in TEMPLATES["all"]["dag"]["tasks"]}
    assert used | {WORKFLOW["entrypoint"]} == set(TEMPLATES)
    known = {volume["name"] for template in (WORKFLOW, TEMPLATES["organization"]) for volume in template["volumes"]}
    mounted = {
        mount["name"]
        for template in TEMPLATES.values()
        for mount in template.get("container", {}).get("volumeMounts", [])
    }
    assert mounted == known


@pytest.mark.parametrize("name", ["", "../staging", "A b", "x;id"])
def test_a_name_that_is_none_is_refused(runner, name):
    ended = runner.runs(f"{FOLDER / 'run.sh'} plan {shlex.quote(name)}")
    assert ended.returncode == 1
    assert "error: an organization has a name" in ended.stderr


def test_what_is_no_run_is_an_error_of_the_page(runner):
    """A job that crashed leaves a file that says nothing: the other runs are shown all the same."""
    (runner.folder / "repository" / "a.json").write_text("")
    (runner.folder / "repository" / "b.json").write_text('{"format_version": "1.0"}')
    runner.runs("notifconf validate notifications.yaml --json --output c.json")
    ended = runner.runs("notifconf report a.json b.json c.json --format json --metrics-file m.prom")
    assert ended.returncode == 1
    document = json.loads(ended.stdout)
    assert [(run["file"], run["state"], run["errors"]) for run in document["runs"]] == [
        (name, "error", 1) for name in ("a.json", "b.json", "c.json")
    ]
    assert "c.json: `validate` printed it" in ended.stderr
    metrics = (runner.folder / "repository" / "m.prom").read_text()
    assert metrics.count("notifconf_report_applicable{") == 3
    assert "notifconf_report_changes{" not in metrics
