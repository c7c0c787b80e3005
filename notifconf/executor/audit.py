"""The audit trail: one JSON line for each change of an apply, appended to a file that only its owner can read.

A line is written in one piece, so several runs may share a file, and a run that is killed leaves whole lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from notifconf.files import open_log
from notifconf.model.plan import ChangeOutcome

ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
    "BUILD_REQUESTEDFOR",
    "BUILD_USER_ID",
    "LOGNAME",
    "USER",
    "USERNAME",
)
"""Who runs this: GitHub, GitLab, Buildkite, CircleCI, Azure Pipelines, Jenkins; else whoever is logged in."""

RUNS = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL")
"""Where the run can be looked at: GitLab, Buildkite, CircleCI, Jenkins. GitHub's is put together."""


class Circumstances(NamedTuple):
    """What all lines of one apply have in common."""

    provider: str
    endpoint: str
    plan: str
    actor: str | None
    run: str | None


@contextmanager
def audit_trail(
    path: Path | None, provider: str, endpoint: str, digest: str, environment: Mapping[str, str]
) -> Iterator[Callable[[ChangeOutcome], None]]:
    """Give what appends the line of each change, as it ends, to the file at `path`; None means no file.

    `digest` is that of the plan; `environment` says who applies it, and where. Raises `UsageError` where the file
    can't be opened, which is before anything is changed, or written.
    """
    if path is None:
        yield lambda _: None
        return
    circumstances = Circumstances(provider, endpoint, digest, _first(ACTORS, environment), _run(environment))
    with open_log(path, "audit") as append:
        yield lambda item: append(_line(item, circumstances, datetime.now(UTC)))


def _line(item: ChangeOutcome, circumstances: Circumstances, now: datetime) -> bytes:
    record = {
        "time": now.isoformat(timespec="milliseconds"),
        "provider": circumstances.provider,
        "endpoint": circumstances.endpoint,
        "address": item.change.address,
        "action": str(item.change.action),
        "kind": item.change.kind,
        "id": item.id,
        "result": str(item.result),
        "error": item.error,
        "request_id": item.request_id,
        "plan": circumstances.plan,
        "actor": circumstances.actor,
        "run": circumstances.run,
    }
    return json.dumps(record).encode("ascii") + b"\n"


def _first(names: Iterable[str], environment: Mapping[str, str]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _run(environment: Mapping[str, str]) -> str | None:
    server, repository, run = (
        environment.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return _first(RUNS, environment)
