"""The CronJob for drift: its container's command, run here."""

from __future__ import annotations

import shlex

from tests.recipes.conftest import WORKSPACE, Runner, pushgateway, recipe

CRONJOB = recipe("examples/kubernetes-cronjob.yaml")
POD = CRONJOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]


def runs(runner: Runner) -> int:
    places = {"/workspace": "notifications.yaml", "/metrics": str(runner.folder)}
    arguments = []
    for argument in CONTAINER["args"]:
        place = next((place for place in places if argument.startswith(place)), None)
        arguments.append(argument.replace(place, places[place], 1) if place else argument)
    environment = {item["name"]: item["value"] for item in CONTAINER["env"]}
    with pushgateway() as (url, pushed):
        environment["NOTIFCONF_DRIFT_PUSH_METRICS"] = url
        ended = runner.runs(shlex.join(["notifconf", *arguments]), environment)
    assert [path.split("/")[2:4] for _, path, _ in pushed] == [["job", "notifconf_drift"]]
    assert "canary" not in ended.stdout + ended.stderr
    return ended.returncode


def test_it_ends_with_2_while_there_is_drift_and_leaves_metrics(runner):
    assert runs(runner) == 2
    metrics = (runner.folder / "notifconf.prom").read_text(encoding="utf-8")
    assert "# TYPE notifconf_" in metrics
    assert runner.runs("notifconf apply notifications.yaml --auto-approve").returncode == 0
    assert runs(runner) == 0


def test_a_workspace_reads_only_what_is_allowed(runner):
    runner.environment["OTHER_URL"] = runner.environment["ONCALL_URL"]
    (runner.folder / "repository" / "notifications.yaml").write_text(WORKSPACE.replace("ONCALL_URL", "OTHER_URL"))
    assert runs(runner) == 1


def test_what_is_mounted_is_there_and_nothing_runs_as_root():
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == {volume["name"] for volume in POD["volumes"]}
    assert POD["securityContext"]["runAsNonRoot"]
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
