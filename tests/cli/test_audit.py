"""`apply --audit-file`: one line for each change, whatever becomes of it."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.executor.audit import audit_trail
from notifconf.model.plan import Action, Change, ChangeOutcome, Result
from tests.cli.workspaces import SECRET, WORKSPACE

NOBODY = (
    *("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME", "BUILD_REQUESTEDFOR"),
    *("BUILD_USER_ID", "LOGNAME", "USER", "USERNAME", "CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL"),
    *("BUILD_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"),
)


@pytest.fixture(autouse=True)
def _workspace(user):
    for name in NOBODY:
        user.monkeypatch.delenv(name, raising=False)
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


def lines(path="audit.jsonl"):
    with Path(path).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_a_line_for_each_change(user):
    user.sets(
        GITHUB_ACTOR="octocat", GITHUB_SERVER_URL="https://github.test", GITHUB_REPOSITORY="o/r", GITHUB_RUN_ID="7"
    )
    plan = json.loads(user.runs("plan", "--format", "json").out)
    before = datetime.now(UTC)
    assert user.applies("--audit-file", "audit.jsonl").code == 0
    first, second = lines()
    made = {item["display_name"]: item["id"] for item in user.emulator.objects("integrations")}
    assert (
        before
        <= datetime.fromisoformat(first.pop("time")).replace(microsecond=999_999)
        <= datetime.fromisoformat("9999-01-01T00:00:00Z")
    )
    request_id = first.pop("request_id")
    assert request_id
    assert first == {
        "provider": "confluent",
        "endpoint": user.url,
        "address": "integrations/slack",
        "action": "create",
        "kind": "integration",
        "id": made["Platform alerts"],
        "result": "applied",
        "error": None,
        "plan": plan["digest"],
        "actor": "octocat",
        "run": "https://github.test/o/r/actions/runs/7",
    }
    assert (second["address"], second["kind"]) == ("subscriptions/Kafka cluster shrink failure", "subscription")
    assert second["request_id"] not in {None, request_id}
    assert second["plan"] == first["plan"]


def test_only_its_owner_can_read_it_and_it_grows(user):
    user.applies("--audit-file", "audit.jsonl", "--target", "integrations/slack")
    user.applies("--audit-file", "audit.jsonl")
    assert [line["address"].split("/")[0] for line in lines()] == ["integrations", "subscriptions"]
    assert stat.S_IMODE(Path("audit.jsonl").stat().st_mode) == 0o600


def test_no_secret_is_in_it(user):
    user.emulator.settings.faults = [parse_fault("400:method=POST:path=*/subscriptions")]
    assert user.applies("--audit-file", "audit.jsonl").code == 3
    assert "canary" not in Path("audit.jsonl").read_text(encoding="utf-8")


def test_what_failed_or_was_skipped_has_a_line_too(user):
    user.emulator.settings.faults = [parse_fault("400:method=POST:path=*/integrations")]
    assert user.applies("--audit-file", "audit.jsonl").code == 1
    failed, skipped = lines()
    assert (failed["result"], failed["id"], skipped["result"], skipped["request_id"]) == (
        "failed",
        None,
        "skipped",
        None,
    )
    assert "400" in failed["error"]
    assert failed["request_id"]


def test_a_saved_plan_is_audited_with_the_same_digest(user):
    user.runs("plan", "--out", "saved.json")
    saved = json.loads((user.folder / "saved.json").read_text())
    user.sets(GITHUB_SERVER_URL="https://github.test", GITHUB_RUN_ID="7")  # no repository: nothing leads to the run
    assert user.runs("apply", "saved.json", "--audit-file", "audit.jsonl").code == 0
    assert {(line["plan"], line["run"]) for line in lines()} == {(saved["digest"], None)}
    assert len(lines()) == 2


def test_a_file_that_can_not_be_written_is_an_error_before_anything_is_done(user):
    ended = user.applies("--audit-file", "nowhere/audit.jsonl")
    assert ended.code == 1
    assert "can't write the audit file nowhere/audit.jsonl" in ended.err
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_a_file_that_fills_up_does_not_end_an_apply(user):
    ended = user.applies("--audit-file", "/dev/full")
    assert ended.code == 3
    assert "can't write the audit file /dev/full" in ended.err
    assert user.plans().changes() == []


def test_nothing_to_do_writes_nothing(user):
    user.applies()
    assert user.applies("--audit-file", "audit.jsonl").code == 0
    assert not (user.folder / "audit.jsonl").exists()


def test_lines_of_many_writers_stay_whole(tmp_path):
    item = ChangeOutcome(
        Change(Action.DELETE, "integration", "integrations/" + "x" * 5000, "i", {}, None), Result.APPLIED
    )

    def write(_):
        with audit_trail(tmp_path / "a", "confluent", "e", "d", {"USER": "me"}) as record:
            for _ in range(20):
                record(item)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert [line["actor"] for line in lines(tmp_path / "a")] == ["me"] * 160
