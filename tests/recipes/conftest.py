"""Recipes, run as far as this machine can: their shell steps with bash, against the emulator on a local port.

`gh` is a stand-in that keeps comments and artifacts in a folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from notifconf.emulator.app import create_app
from notifconf.emulator.server import running

ROOT = Path(__file__).parents[2]
COMMANDS = Path(sys.executable).parent
WORKSPACE = """\
version: 1
provider: confluent
integrations:
  oncall:
    target: {kind: Webhook, url: "${ONCALL_URL}"}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [oncall]
"""
GH = """\
#!{python}
import json, os, pathlib, shutil, sys
folder = pathlib.Path({folder!r})
arguments = sys.argv[1:]
with open(folder / "calls", "a") as calls:
    calls.write(" ".join(arguments) + "\\n")
def option(name):
    return arguments[arguments.index(name) + 1]
def body():
    name, _, file = option("--field").partition("=@")
    assert name == "body", name
    return pathlib.Path(file).read_text()
if arguments[:2] == ["run", "list"]:
    print((folder / "run").read_text())
elif arguments[:2] == ["run", "download"]:
    shutil.copytree(folder / "artifacts" / option("--name"), option("--dir"))
elif arguments[1].endswith("/pulls"):
    assert "merge_commit_sha == env.GITHUB_SHA" in option("--jq")
    print((folder / "pull").read_text())
elif "PATCH" in arguments:
    number = next(item for item in arguments if "/comments/" in item).rpartition("/")[2]
    (folder / "comments" / number).write_text(body())
elif "POST" in arguments:
    (folder / "comments" / str(101 + len(os.listdir(folder / "comments")))).write_text(body())
elif "startswith(env.MARK)" in option("--jq"):
    for file in sorted((folder / "comments").iterdir()):
        if file.read_text().startswith(os.environ["MARK"]):
            print(file.name)
else:
    assert "github-actions[bot]" in option("--jq")
    assert option("--jq").endswith(" | .body")
    for file in sorted((folder / "comments").iterdir()):
        if file.read_text().startswith("<!-- notifconf-plan -->"):
            print(file.read_text())
"""


@dataclass
class Runner:
    """A machine that runs the shell steps of a pipeline; what `${{ … }}` stands for is looked up in `expressions`."""

    folder: Path
    environment: dict[str, str]
    expressions: dict[str, str] = field(default_factory=dict)

    def runs(self, script: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub and GitLab do: bash, ending at the first command that fails."""
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        variables = self.environment | {name: self.evaluated(text) for name, text in (environment or {}).items()}
        return subprocess.run(
            command, cwd=self.folder / "repository", env=variables, capture_output=True, text=True, check=False
        )

    def evaluated(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: self.expressions[match[1]], text)

    def summary(self) -> str:
        return Path(self.environment["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")

    def outputs(self) -> dict[str, str]:
        lines = Path(self.environment["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def comments(self) -> list[str]:
        return [file.read_text(encoding="utf-8") for file in sorted((self.folder / "gh" / "comments").iterdir())]


def recipe(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@contextmanager
def pushgateway() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Stand in for a Prometheus Pushgateway; the list holds method, path and body of each push."""
    pushed: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            pushed.append((self.command, self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT  # noqa: N815 -- the base class looks for this name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pushed
        server.shutdown()
        thread.join()


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    gh = tmp_path / "gh"
    for folder in (gh / "comments", tmp_path / "bin", tmp_path / "repository", tmp_path / "temp" / "notifconf"):
        folder.mkdir(parents=True)
    stub = tmp_path / "bin" / "gh"
    stub.write_text(GH.format(python=sys.executable, folder=os.fspath(gh)), encoding="utf-8")
    stub.chmod(0o755)
    # What the step that installs notifconf would have made.
    (tmp_path / "temp" / "notifconf" / "bin").symlink_to(COMMANDS)
    (tmp_path / "repository" / "notifications.yaml").write_text(WORKSPACE, encoding="utf-8")
    with running(create_app(":memory:")) as url:
        yield Runner(
            tmp_path,
            {
                "PATH": f"{tmp_path / 'bin'}:{COMMANDS}:/usr/bin:/bin",
                "CONFLUENT_CLOUD_ENDPOINT": url,
                "CONFLUENT_CLOUD_API_KEY": "canary-key",
                "CONFLUENT_CLOUD_API_SECRET": "canary-secret",
                "ONCALL_URL": "https://oncall.example.com/canary",
                "RUNNER_TEMP": os.fspath(tmp_path / "temp"),
                "GITHUB_STEP_SUMMARY": os.fspath(tmp_path / "summary"),
                "GITHUB_OUTPUT": os.fspath(tmp_path / "output"),
                "GITHUB_REPOSITORY": "acme/notifications",
                "GITHUB_WORKFLOW": "notifications",
                "GITHUB_SHA": "feedface",
            },
        )
