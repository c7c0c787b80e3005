"""What the references of a workspace may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import notifconf
from notifconf.config import Access, load
from notifconf.errors import UsageError, WorkspaceError
from tests.config.workspace import HEAD, NOW

PARENT = "../"
CREDENTIALS = (
    "CONFLUENT_CLOUD_API_KEY",
    "CONFLUENT_CLOUD_API_SECRET",
    "CONFLUENT_CLOUD_ACCESS_TOKEN",
    "KONNECT_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITLAB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "CI_JOB_TOKEN",
    "CI_JOB_JWT",
    "CI_JOB_JWT_V2",
    "CI_REPOSITORY_URL",
    "CI_DEPENDENCY_PROXY_PASSWORD",
    "CI_DEPLOY_PASSWORD",
    "CI_REGISTRY_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "MINIO_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "VAULT_TOKEN",
)


def codes(folder: Path, text: str, access: Access | None = None, **environment: str) -> list[str]:
    """Load a workspace whose description is `text`; return the codes of its errors, with their places."""
    file = folder / "notifconf.yaml"
    file.write_text(
        f"{HEAD}integrations:\n  a:\n    description: '{text}'\n    target: {{kind: Webhook, url: '${{U:-http://h/}}'}}\n"
        if "U" not in environment
        else f"{HEAD}integrations:\n  a:\n    description: '{text}'\n    target: {{kind: Webhook, url: '${{U}}'}}\n"
    )
    try:
        load([str(file)], environment=environment, now=NOW, access=access)
    except WorkspaceError as failure:
        return [
            f"{item.position.line}:{item.position.column} {item.code}"
            for item in failure.diagnostics
            if item.severity == "error" and item.position
        ]
    return []


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("form", ["${%s}", "a ${%s} b", "${%s:-default}", "${%s:?message}"])
@pytest.mark.parametrize("access", [None, Access(("*",), ("/",))], ids=["no-limit", "all"])
def test_no_credential_is_readable(tmp_path, name, form, access):
    assert codes(tmp_path, form % name, access, **{name: "value"}) == ["5:18 forbidden-source"]
    assert codes(tmp_path, form % name, access) == ["5:18 forbidden-source"]


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/1/../self/environ", "/sys/kernel/notes", "/dev/null"])
def test_no_file_of_the_system_is_readable(tmp_path, path):
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "folder").symlink_to("/proc")
    assert codes(tmp_path, f"${{file:{path}}}") == ["5:18 forbidden-source"]
    assert codes(tmp_path, "${file:link}") == ["5:18 forbidden-source"]
    assert codes(tmp_path, "${file:folder/self/environ}") == ["5:18 forbidden-source"]
    assert codes(tmp_path, f"${{file:{20 * PARENT}{path[1:]}}}") == ["5:18 forbidden-source"]


@pytest.mark.parametrize(
    ("variables", "text", "readable"),
    [
        (None, "${NAME}", True),
        (("NAME",), "${NAME}", True),
        (("OTHER", "N*"), "${NAME}", True),
        (("name",), "${NAME}", False),
        (("NAM",), "${NAME}", False),
        ((), "${NAME}", False),
        ((), "${NAME:-default}", False),
        ((), "${NONE:-default}", False),
        ((), "$${NAME}", True),
    ],
)
def test_variables(tmp_path, variables, text, readable):
    found = codes(tmp_path, text, Access(None if variables is None else (*variables, "U")), NAME="v", U="http://h/")
    assert found == ([] if readable else ["5:18 forbidden-source"])


def test_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("allowed/a", "allowed/deep/b", "allowed-not/c", "outside"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "allowed/out").symlink_to(tmp_path / "outside")
    (tmp_path / "in").symlink_to(tmp_path / "allowed/a")
    (tmp_path / "alias").symlink_to(tmp_path / "allowed")
    for folders in (("allowed",), (str(tmp_path / "allowed"),), ("alias",), ("nowhere", "allowed")):
        access = Access(None, folders)
        for path in ("allowed/a", "allowed/deep/b", "allowed/deep/../a", "in"):
            assert codes(tmp_path, f"${{file:{path}}}", access) == [], path
        for path in ("outside", "allowed/../outside", "allowed/out", "allowed-not/c", "none"):
            assert codes(tmp_path, f"${{file:{path}}}", access) == ["5:18 forbidden-source"], path
    assert codes(tmp_path, "${file:in}", Access(None, ())) == ["5:18 forbidden-source"]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert codes(tmp_path, "${file:pipe}") == ["5:18 missing-variable"]


def test_without_environment_names_are_judged_all_the_same(tmp_path):
    file = tmp_path / "notifconf.yaml"
    file.write_text(HEAD + "integrations: {a: {target: {kind: Webhook, url: '${GITHUB_TOKEN}${X}${file:/proc/1}'}}}\n")
    with pytest.raises(WorkspaceError) as caught:
        load([str(file)], environment=None, now=NOW, access=Access(("GITHUB_TOKEN",)))
    errors = [item.code for item in caught.value.diagnostics if item.severity == "error"]
    assert errors == ["forbidden-source"] * 3


def test_programs_have_the_same_limits(tmp_path):
    file = tmp_path / "notifconf.yaml"
    file.write_text(HEAD + "integrations: {a: {target: {kind: Webhook, url: '${X}'}}}\n")
    known = {"X": "http://h/"}
    assert notifconf.load([str(file)], environment=known, now=NOW, allow_env=["X"], allow_files=[])
    with pytest.raises(WorkspaceError):
        notifconf.load([str(file)], environment=known, now=NOW, allow_env=[])
    with pytest.raises(UsageError):
        notifconf.load([str(file)], environment=known, now=NOW, allow_env="X")
