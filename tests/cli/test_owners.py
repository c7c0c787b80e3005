"""Several teams share one organization: each in a folder of its own, with credentials of its own."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from notifconf.http.client import Client
from tests.docs.console import BLOCK, ROOT

CRITICAL = "match: {severity: CRITICAL}"
HEAD = "version: 1\nprovider: confluent\n"


def team(owner: str | None, subscriptions: str, *, mode: str = "sync", key: str = "") -> str:
    key = key or str(owner)
    policy = f"policy: {{owner: {owner}, mode: {mode}}}" if owner else f"policy: {{mode: {mode}}}"
    target = f"{{kind: Webhook, url: 'https://hooks.example.test/{key}/${{TOKEN:-0123456789}}'}}"
    return f"{HEAD}{policy}\nintegrations:\n  {key}: {{target: {target}}}\nsubscriptions:\n{subscriptions}"


def told(user: Any) -> dict[str, set[str]]:
    """Who is told of each type, by display names; a disabled subscription tells nobody."""
    state = user.emulator
    names = {item["id"]: item["display_name"] for item in state.objects("integrations")}
    types = {item["id"]: item["display_name"] for item in state.objects("notification-types")}
    return {
        types[item["notification_type"]["id"]]: {names[used["id"]] for used in item["integrations"]}
        for item in state.objects("subscriptions")
        if item["current_state"] == "ENABLED"
    }


def severities(user: Any) -> dict[str, str]:
    return {item["display_name"]: item["severity"] for item in user.emulator.objects("notification-types")}


@pytest.mark.parametrize("order", [*permutations(["payments", "web", "data"])][::2])
def test_three_teams_converge_in_any_order(user, order):
    entries = {
        "payments": f"  - {{{CRITICAL}, add: [payments]}}",
        "web": f"  - {{{CRITICAL}, integrations: [web]}}\n  - {{match: {{name: Connector*}}, add: [web]}}",
        "data": "  - {match: {name: 'Connector*', except: ['*RUNNING']}, add: [data]}",
    }
    for owner, text in entries.items():
        user.writes(team(owner, text), f"{owner}/notifconf.yaml")
    before = told(user)
    for owner in order:
        user.sets(CONFLUENT_CLOUD_API_KEY=f"key-of-{owner}")
        assert user.applies(owner).code == 0
    for owner in order:
        assert user.plans(owner).changes() == []
    after = told(user)
    assert after["Connector in FAILED state"] == {"payments", "web", "data"}
    for name, severity in severities(user).items():
        if severity == "CRITICAL":
            assert after[name] >= {"payments", "web"} | before.get(name, set())
    for owner in order:
        user.writes(team(owner, "  []").replace("subscriptions:\n  []", "subscriptions: []"), f"{owner}/notifconf.yaml")
        assert user.applies(owner, "--force").code == 0
    assert told(user) == before


def files_of(page: str) -> dict[str, str]:
    """The files that a page of the documentation shows, by name."""
    return {block["title"]: block["text"] for block in BLOCK.finditer(page) if block["title"]}


def test_from_one_workspace_to_owners_nobody_misses_a_notification(user, monkeypatch):
    """The third start of docs/several-teams.md, with a look at the organization after each write."""
    files = files_of((ROOT / "docs" / "several-teams.md").read_text(encoding="utf-8"))
    user.sets(
        ONCALL_URL="https://oncall.example.test/0123456789", SLACK_WEBHOOK_URL="https://hooks.slack.com/0123456789"
    )
    for name in ("all/platform.yaml", "all/data.yaml", "platform/notifconf.yaml", "data/notifconf.yaml"):
        user.writes(files[name], name)
    assert user.applies("all").code == 0
    before = told(user)
    writes = []
    request = Client.request

    async def watched(self: Client, method: str, path: str, **options: Any) -> Any:
        answer = await request(self, method, path, **options)
        if method != "GET":
            writes.append(method)
            assert told(user) == before
        return answer

    monkeypatch.setattr(Client, "request", watched)
    for owner in ("data", "platform"):
        assert [change["kind"] for change in user.plans(owner).json["changes"]] == ["integration"]
        assert user.applies(owner).code == 0
    for owner in ("data", "platform"):
        assert user.applies(owner, "--mode", "sync").changes() == []
    assert writes == ["PATCH", "PATCH"]
    assert user.plans("all").code == 1


def test_what_joins_while_lists_are_read_has_its_owner(user, monkeypatch):
    """An apply of another owner ends between the list of integrations and that of subscriptions."""
    name = "Connector in FAILED state"
    entry = f"  - {{notification_type: {name}, integrations: [web]}}"
    user.writes(team(None, entry, key="web"), "web.yaml")
    assert user.applies("web.yaml").code == 0
    kind = next(item["id"] for item in user.emulator.objects("notification-types") if item["display_name"] == name)
    live = next(item for item in user.emulator.objects("subscriptions") if item["notification_type"]["id"] == kind)
    request, listed = Client.request, asyncio.Event()

    async def raced(self: Client, method: str, path: str, **options: Any) -> Any:
        if path.endswith("/subscriptions"):
            await listed.wait()
        answer = await request(self, method, path, **options)
        if path.endswith("/integrations") and not listed.is_set():
            target = {"kind": "Webhook", "url": "https://hooks.example.test/data"}
            joined = {"id": "i-data", "display_name": "data", "description": "[notifconf: data]", "target": target}
            user.emulator.seed("integrations", joined)
            user.emulator.seed("subscriptions", {**live, "integrations": [*live["integrations"], {"id": "i-data"}]})
            listed.set()
        return answer

    monkeypatch.setattr(Client, "request", raced)
    assert user.plans("web.yaml", "--mode", "sync").changes() == []


def test_what_belongs_to_whom_is_shown(user):
    user.writes(team("payments", f"  - {{{CRITICAL}, add: [payments]}}"), "payments.yaml")
    user.writes(team("web", f"  - {{{CRITICAL}, add: [web]}}"), "web.yaml")
    assert user.applies("payments.yaml").code == 0
    shown = user.runs("plan", "web.yaml").out
    assert '"payments" (owner payments)] → ["payments" (owner payments), "web"]' in shown
    unmanaged = {item["address"]: item["kept"] for item in user.plans("web.yaml").json["unmanaged"]}
    assert unmanaged["integrations/payments"] == "other-owner"
    rows = json.loads(user.runs("show", "--format", "json").out)["integrations"]
    assert {row["name"]: row["owner"] for row in rows}["payments"] == "payments"


def test_an_owners_part_is_exported_and_plans_to_no_change(user):
    for owner in ("payments", "web"):
        user.writes(team(owner, f"  - {{{CRITICAL}, add: [{owner}]}}"), f"{owner}.yaml")
        assert user.applies(f"{owner}.yaml").code == 0
    user.sets(PAYMENTS_WEBHOOK_URL="https://hooks.example.test/payments/0123456789")
    exported = user.runs("export", "--owner", "payments").out
    assert "web" not in exported
    user.writes(exported, "exported.yaml")
    assert user.plans("exported.yaml").changes() == []
    assert user.plans("exported.yaml", "--mode", "sync").changes() == []
    rest = user.runs("export").out
    assert "payments (1), web (1)" in rest
    user.writes(rest, "rest.yaml")
    assert user.plans("rest.yaml", "--mode", "sync").changes() == []
    assert user.runs("export", "--owner", "webb").code == 1


def test_a_mark_is_taken_over(user):
    user.writes(team("old", f"  - {{{CRITICAL}, add: [old]}}"), "old.yaml")
    user.writes(team("new", f"  - {{{CRITICAL}, add: [old]}}", key="old"), "new.yaml")
    assert user.applies("old.yaml").code == 0
    refused = user.plans("new.yaml")
    assert (refused.code, refused.codes()) == (1, ["error:owned-by-another"])
    saved = user.folder / "plan.json"
    assert user.plans("new.yaml", "--take-over", "old", "--out", str(saved)).changes() == ["~ integrations/old"]
    assert user.applies(saved).code == 0
    assert user.plans("new.yaml").changes() == []
    again = user.plans("new.yaml", "--take-over", "old")
    assert (again.code, again.changes(), again.codes()) == (0, [], ["warning:takes-over-nothing"])
    assert user.runs("plan", "new.yaml", "--take-over", "Not a name").code == 1


def test_a_take_over_that_is_done_warns_of_nothing(user):
    user.writes(team("old", f"  - {{{CRITICAL}, add: [old]}}"), "old.yaml")
    user.writes(team("new", f"  - {{{CRITICAL}, add: [old]}}", key="old"), "new.yaml")
    assert user.applies("old.yaml").code == 0
    ended = user.applies("new.yaml", "--take-over", "old")
    assert (ended.code, "takes-over-nothing" in ended.out + ended.err) == (0, False)


def test_a_saved_plan_of_an_owner_holds_while_others_are_told_too(user):
    user.writes(team("payments", f"  - {{{CRITICAL}, add: [payments]}}"), "payments.yaml")
    saved = user.folder / "plan.json"
    assert user.plans("payments.yaml", "--out", str(saved)).code == 0
    assert user.applies(saved).code == 0
    assert user.plans("payments.yaml").changes() == []


def test_requests(user):
    user.writes(team("payments", f"  - {{{CRITICAL}, add: [payments]}}"), "payments.yaml")
    assert user.applies("payments.yaml").code == 0
    user.requests()
    assert user.plans("payments.yaml").changes() == []
    lists = ["GET integrations", "GET notification-types", "GET subscriptions"]
    assert sorted(user.requests()) == lists
    user.writes(team("web", "  - {notification_type: Connector in FAILED state, add: [web]}"), "web.yaml")
    assert user.applies("web.yaml").code == 0
    assert len([entry for entry in user.requests("GET") if re.fullmatch("GET subscriptions/.+", entry)]) == 1


def test_a_protected_integration_is_never_taken_out(user, tmp_path: Path):
    shared = f"{HEAD}policy: {{protected: [integrations/oncall]}}\nintegrations:\n"
    keys = "".join(
        f"  {key}: {{target: {{kind: Webhook, url: 'https://hooks.example.test/${{TOKEN:-{key}}}'}}}}\n"
        for key in ("oncall", "web")
    )
    user.writes(f"{shared}{keys}", "a.yaml")
    first = f"{HEAD}subscriptions:\n  - {{{CRITICAL}, integrations: [oncall]}}\n  - {{{CRITICAL}, add: [web]}}\n"
    user.writes(first, "b.yaml")
    assert user.applies(str(tmp_path)).code == 0
    user.writes(f"{first}  - {{notification_type: Connector in FAILED state, integrations: [web]}}\n", "b.yaml")
    plan = user.plans(str(tmp_path))
    assert plan.code == 1
    (found,) = [item for item in plan.json["diagnostics"] if item["code"] == "protected"]
    assert (found["file"], found["line"]) == (str(tmp_path / "b.yaml"), 6)
    assert f"{tmp_path}/a.yaml:3:" in found["message"]
    assert [change["blocked"] for change in plan.json["changes"]] == ["protected"]
