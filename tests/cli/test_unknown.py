"""A create whose fate nobody can find out: it is said so in every format, and nothing is sent twice."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.executor import recovery
from tests.cli.workspaces import SECRET, WORKSPACE

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan-v1.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _lost(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)
    user.monkeypatch.setattr(recovery, "MIN_PAUSE_SECONDS", 0.0)
    user.monkeypatch.setattr(recovery, "MAX_PAUSE_SECONDS", 0.0)
    create = "method=POST:path=*/integrations:nth=1"
    user.emulator.settings.faults = [parse_fault(f"lag:{create}:lists=6"), parse_fault(f"reset-after:{create}")]


def test_it_is_unknown_and_what_needs_it_is_skipped(user):
    ended = user.applies("--audit-file", "audit.jsonl")
    assert ended.code == 3
    jsonschema.validate(ended.json, SCHEMA)
    unknown, skipped = ended.json["changes"]
    assert (unknown["result"], skipped["result"]) == ("unknown", "skipped")
    assert "wait a little before apply is run again" in unknown["error"]
    assert skipped["error"] == "integrations/slack may not exist"
    assert [json.loads(line)["result"] for line in Path("audit.jsonl").read_text().splitlines()] == [
        "unknown",
        "skipped",
    ]
    assert user.requests("POST").count("POST integrations") == 1
    assert user.applies().code == 0
    assert (
        len([item for item in user.emulator.objects("integrations") if item["display_name"] == "Platform alerts"]) == 1
    )


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("text", "integrations/slack: unknown: POST /notifications/v1/integrations"),
        ("text", "Applied: 0 created, 0 updated, 0 deleted, 1 unknown, 1 skipped."),
        ("markdown", "<b>unknown</b>"),
        ("html", 'class="mark unknown"'),
        ("github", "::error title=unknown"),
    ],
)
def test_every_format_says_so(user, form, said):
    ended = user.runs("apply", "--auto-approve", "--format", form)
    assert ended.code == 3
    assert said in ended.out.replace("file=notifconf.yaml,line=4,col=3,", "")
