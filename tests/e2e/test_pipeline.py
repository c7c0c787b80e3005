"""A repository and its pipeline: a plan on a branch, a review, the apply of what was reviewed, a watch at night.

Every command is a process of its own, as in a pipeline; the service is one too, and its console is plain HTTP.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan-v1.schema.json").read_text())
SECRET = "https://hooks.example.test/services/t0ps3cret"
MAIN = """\
version: 1
provider: confluent
integrations:
  platform:
    display_name: Platform alerts
    target: {kind: Slack, webhook_url: "${PLATFORM_URL}"}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [platform]
policy:
  verify_integrations: false
"""
BRANCH = MAIN.replace(
    "policy:", "  - notification_type: Connector in FAILED state\n    integrations: [platform]\npolicy:"
)
FOREIGN = ("CONFLUENT_", "KONNECT_", "GITHUB_")
"""What the names of variables that mean something to a job begin with."""

ADDRESS = "subscriptions/Connector in FAILED state"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of an emulator in a process of its own."""
    command = [sys.executable, "-m", "notifconf", "emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        (url,) = re.findall(r"http://\S+", process.stdout.readline())
        yield url
        process.terminate()


@dataclass(frozen=True)
class Console:
    """Somebody in the vendor's console."""

    url: str

    def look(self, collection: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/_emulator/state", timeout=None).json()[collection]
        return found

    def type_id(self, name: str) -> str:
        return str(next(item["id"] for item in self.look("notification-types") if item["display_name"] == name))

    def subscription(self, name: str) -> dict[str, Any] | None:
        of_type = self.type_id(name)
        return next((item for item in self.look("subscriptions") if item["notification_type"]["id"] == of_type), None)

    def makes(self, collection: str, body: dict[str, Any]) -> str:
        answer = httpx.post(f"{self.url}/notifications/v1/{collection}", json=body, auth=("console", "x"), timeout=None)
        return str(answer.raise_for_status().json()["id"])

    def changes(self, collection: str, identifier: str, body: dict[str, Any]) -> None:
        url = f"{self.url}/notifications/v1/{collection}/{identifier}"
        httpx.patch(url, json=body, auth=("console", "x"), timeout=None).raise_for_status()


@dataclass(frozen=True)
class Pipeline:
    """A checkout of the repository, and the environment that its jobs have."""

    folder: Path
    environment: dict[str, str]

    def commits(self, text: str) -> None:
        (self.folder / "notifconf.yaml").write_text(text)

    def runs(self, *arguments: str, code: int = 0, given: dict[str, str] | None = None) -> str:
        """Run a job, and return what it printed; nothing that it said may hold a secret."""
        done = subprocess.run(
            [sys.executable, "-m", "notifconf", *arguments],
            cwd=self.folder,
            env=self.environment | (given or {}),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "t0ps3cret" not in done.stdout + done.stderr
        return done.stdout + done.stderr * (code not in {0, 2})


@pytest.fixture
def console(service: str) -> Console:
    httpx.delete(f"{service}/_emulator/state", timeout=None).raise_for_status()
    return Console(service)


@pytest.fixture
def pipeline(service: str, tmp_path: Path, console: Console) -> Pipeline:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    credentials = {"CONFLUENT_CLOUD_API_KEY": "key", "CONFLUENT_CLOUD_API_SECRET": "t0ps3cret-of-the-key"}
    made = Pipeline(tmp_path, {**kept, **credentials, "CONFLUENT_CLOUD_ENDPOINT": service, "PLATFORM_URL": SECRET})
    made.commits(MAIN)
    return made


def test_what_was_reviewed_is_what_is_applied(pipeline: Pipeline, console: Console) -> None:
    pipeline.runs("apply", "--auto-approve")

    # The pull request: its plan is a file for the apply, Markdown for people, and outputs for the steps that follow.
    pipeline.commits(BRANCH)
    plan = json.loads(pipeline.runs("plan", "--out", "reviewed.plan", "--format", "json"))
    jsonschema.validate(plan, SCHEMA)
    assert [(change["action"], change["address"]) for change in plan["changes"]] == [("create", ADDRESS)]
    assert (pipeline.folder / "reviewed.plan").stat().st_mode & 0o777 == 0o600
    files = {name: str(pipeline.folder / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    pipeline.runs("plan", "--format", "github", given=files)
    assert ADDRESS in (pipeline.folder / "GITHUB_STEP_SUMMARY").read_text()
    assert "has_changes=true\n" in (pipeline.folder / "GITHUB_OUTPUT").read_text()
    assert console.subscription("Connector in FAILED state") is None

    # The merge: the job has the file, and whatever the checkout says by then.
    pipeline.commits("version: 1\nprovider: confluent\nsubscriptions: []\n")
    outcome = json.loads(pipeline.runs("apply", "reviewed.plan", "--format", "json"))
    jsonschema.validate(outcome, SCHEMA)
    assert [(change["address"], change["result"]) for change in outcome["changes"]] == [(ADDRESS, "applied")]
    pipeline.commits(BRANCH)
    said = pipeline.runs("plan", "--detailed-exitcode")
    assert said.endswith("\nNo changes. Live state matches the configuration.\n")


def test_what_changed_since_the_review_stops_the_apply(pipeline: Pipeline, console: Console) -> None:
    pipeline.runs("apply", "--auto-approve")
    pipeline.commits(MAIN.replace("[platform]", "[platform]\n    current_state: DISABLED"))
    pipeline.runs("plan", "--out", "reviewed.plan")

    # Somebody is quicker in the console.
    admins = next(item["id"] for item in console.look("integrations") if item["target"]["kind"] == "RoleEmail")
    shrink = console.subscription("Kafka cluster shrink failure")
    assert shrink is not None
    both = [{"id": admins}, {"id": shrink["integrations"][0]["id"]}]
    console.changes("subscriptions", shrink["id"], {"integrations": both})

    said = pipeline.runs("apply", "reviewed.plan", code=4)
    assert "subscriptions/Kafka cluster shrink failure has changed: integrations" in said
    found = console.subscription("Kafka cluster shrink failure")
    assert found is not None
    assert (found["current_state"], len(found["integrations"])) == ("ENABLED", 2)

    # The new plan shows what the old one did not know of, and is applied.
    text = pipeline.runs("plan", "--out", "reviewed.plan")
    assert 'integrations: ["Organization admins", "Platform alerts"] → ["Platform alerts"]' in text
    assert pipeline.runs("apply", "reviewed.plan").endswith("Verified: what the plan changes is as planned.\n")


def test_drift_is_found_at_night_and_mended_by_day(pipeline: Pipeline, console: Console) -> None:
    pipeline.runs("apply", "--auto-approve")
    assert pipeline.runs("drift", "--metrics-file", "drift.prom") == ""

    shrink = console.subscription("Kafka cluster shrink failure")
    assert shrink is not None
    console.changes("subscriptions", shrink["id"], {"current_state": "DISABLED"})
    said = pipeline.runs("drift", "--metrics-file", "drift.prom", code=2)
    assert '      current_state: "DISABLED" → "ENABLED"\n' in said
    metrics = (pipeline.folder / "drift.prom").read_text()
    assert re.search(r'^notifconf_drift_changes\{action="update",kind="subscription",.*\} 1\.0$', metrics, re.MULTILINE)

    pipeline.runs("apply", "--auto-approve")
    assert pipeline.runs("drift") == ""


def test_what_was_clicked_together_becomes_code(pipeline: Pipeline, console: Console) -> None:
    pager = console.makes(
        "integrations", {"display_name": "Pager", "target": {"kind": "Webhook", "url": f"{SECRET}/pager"}}
    )
    body = {"notification_type": {"id": console.type_id("Connector in FAILED state")}, "integrations": [{"id": pager}]}
    console.makes("subscriptions", body | {"current_state": "ENABLED"})
    mute = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": "DISABLED"}
    console.makes("resource-preferences", mute)
    (pipeline.folder / "notifconf.yaml").unlink()

    pipeline.runs("export", "--resource", "environment=env-1", "--output", "alerts/")
    written = "".join(path.read_text() for path in (pipeline.folder / "alerts").glob("*.yaml"))
    assert "t0ps3cret" not in written
    assert "#   PAGER_WEBHOOK_URL=" in written
    secret = {"PAGER_WEBHOOK_URL": f"{SECRET}/pager"}
    summary = json.loads(pipeline.runs("plan", "alerts", "--mode", "sync", "--format", "json", given=secret))["summary"]
    assert summary == {"create": 0, "update": 0, "delete": 0, "no_op": summary["no_op"], "unmanaged": 0}
    assert pipeline.runs("drift", "alerts", "--mode", "sync", given=secret) == ""

    # A disaster: all is gone, and the repository brings it back.
    httpx.delete(f"{console.url}/_emulator/state", timeout=None).raise_for_status()
    pipeline.runs("apply", "alerts", "--auto-approve", given=secret)
    assert [item["current_state"] for item in console.look("resource-preferences")] == ["DISABLED"]
    made = next(item for item in console.look("integrations") if item["display_name"] == "Pager")
    assert made["target"]["url"] == f"{SECRET}/pager"
    shutil.rmtree(pipeline.folder / "alerts")
    pipeline.runs("export", "--resource", "environment=env-1", "--output", "alerts/")
    assert "".join(path.read_text() for path in (pipeline.folder / "alerts").glob("*.yaml")) == written
