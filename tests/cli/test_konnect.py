"""Kong Konnect from end to end: the workspace, the command line, HTTP, the service."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from notifconf.http.client import Client

BILLING = "billing.invoice.unpaid-reminder"
TOKEN = "organization.access-token.expiring"
GATEWAY = "gateway-manager.dataplane.out-of-sync"
EXAMPLES = Path(__file__).parents[2] / "examples"
WORKSPACE = f"""\
version: 1
provider: konnect
subscriptions:
  - event: {TOKEN}
    name: Ops
    channels: {{EMAIL: true}}
  - event: Unpaid invoice reminder
    name: Billing
    regions: [US, EU]
"""


@pytest.fixture
def user(user):
    user.sets(KONNECT_SERVER_URL=f"{user.url}/v1", KONNECT_TOKEN="canary-token")
    return user


def channels(email, in_app):
    return [{"type": "EMAIL", "enabled": email}, {"type": "IN_APP", "enabled": in_app}]


def subscriptions(user):
    return {(item["event_id"], item.get("name")): item for item in user.emulator.objects("event-subscriptions")}


def short(requests):
    """Requests without what each of them has."""
    return [re.sub(r" (/v1)?/notifications/", " ", re.sub(r"[0-9a-f-]{36}", "ID", item)) for item in requests]


def test_from_nothing_to_what_is_declared(user):
    user.writes(WORKSPACE)
    assert user.plans().changes() == [f"+ event-subscriptions/{BILLING}#Billing", f"+ event-subscriptions/{TOKEN}#Ops"]
    ended = user.runs("apply", "--auto-approve")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Verified: live state matches the configuration.")
    made = subscriptions(user)
    assert made[TOKEN, "Ops"]["channels"] == channels(True, True)
    assert made[BILLING, "Billing"]["regions"] == ["EU", "US"]
    assert user.runs("plan", "--detailed-exitcode").code == 0


def test_a_plan_as_text(user):
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Ops", "channels": channels(False, False)})
    user.writes(WORKSPACE.replace("{EMAIL: true}", "{EMAIL: true, IN_APP: false}\n    enabled: false"))
    ended = user.runs("plan")
    identifier = subscriptions(user)[TOKEN, "Ops"]["id"]
    assert (
        f"""\
  ~ event-subscriptions/{TOKEN}#Ops ({identifier})
      channels.EMAIL: false → true
      enabled: true → false
"""
        in ended.out
    )
    assert "Plan: 1 to create, 1 to update, 0 to delete." in ended.out


def test_a_plan_as_json(user):
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Ops", "regions": ["AU"]})
    user.writes(WORKSPACE)
    document = user.plans().json
    assert document["provider"] == "konnect"
    (change,) = [item for item in document["changes"] if item["action"] == "update"]
    assert change["kind"] == "event-subscription"
    assert change["diff"] == [{"path": "/regions", "before": ["AU"], "after": ["*"]}]
    assert change["after"]["channels"] == {"EMAIL": True, "IN_APP": True}


def test_a_change_is_one_request_with_the_whole_body(user):
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Ops", "channels": channels(False, True)})
    user.writes(WORKSPACE)
    assert user.applies().code == 0
    requests = list(user.emulator.requests.entries)
    bodies = [json.loads(entry.body) for entry in requests if entry.method == "PATCH"]
    assert bodies == [
        {"name": "Ops", "regions": ["*"], "entities": ["*"], "channels": channels(True, True), "enabled": True}
    ]
    assert short(user.requests("POST", "PATCH", "DELETE")) in (
        [f"POST configurations/{BILLING}/subscriptions", f"PATCH configurations/{TOKEN}/subscriptions/ID"],
        [f"PATCH configurations/{TOKEN}/subscriptions/ID", f"POST configurations/{BILLING}/subscriptions"],
    )


def test_what_is_left_alone_keeps_the_value_it_has_by_the_time_of_the_write(user, monkeypatch):
    """Somebody turns a channel on between the plan and the write, which sends the whole subscription."""
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Ops", "channels": channels(False, False)})
    (live,) = [item for item in user.emulator.objects("event-subscriptions") if item["event_id"] == TOKEN]
    user.writes(WORKSPACE)
    request = Client.request

    async def raced(self, method, path, **options):
        answer = await request(self, method, path, **options)
        if path.endswith(f"{TOKEN}/subscriptions"):
            user.emulator.seed("event-subscriptions", {**live, "entities": ["x"], "channels": channels(False, True)})
        return answer

    monkeypatch.setattr(Client, "request", raced)
    user.applies()
    (written,) = [json.loads(entry.body) for entry in user.emulator.requests.entries if entry.method == "PATCH"]
    assert written["channels"] == channels(True, True)


@pytest.mark.parametrize("name", ["Old", "Old [notifconf: other]"])
def test_what_lost_its_mark_since_the_plan_is_not_deleted(user, monkeypatch, name):
    user.emulator.seed("event-subscriptions", {"event_id": GATEWAY, "name": "Old [notifconf: me]"})
    (live,) = [item for item in user.emulator.objects("event-subscriptions") if item["event_id"] == GATEWAY]
    user.writes("version: 1\nprovider: konnect\nsubscriptions: []\npolicy: {mode: sync, owner: me}\n")
    request = Client.request

    async def raced(self, method, path, **options):
        answer = await request(self, method, path, **options)
        if path.endswith(f"{GATEWAY}/subscriptions"):
            user.emulator.seed("event-subscriptions", {**live, "name": name})
        return answer

    monkeypatch.setattr(Client, "request", raced)
    assert user.applies().code == 3
    assert user.requests("DELETE") == []


def test_it_reads_the_events_and_what_is_declared_of_them(user):
    user.emulator.seed("event-subscriptions", {"event_id": GATEWAY, "name": "Other"})
    user.writes(WORKSPACE)
    user.plans()
    lists = [f"GET configurations/{event}/subscriptions" for event in (BILLING, TOKEN)]
    assert sorted(short(user.requests())) == ["GET configurations", *lists]
    user.plans("--mode", "sync")
    assert sorted(short(user.requests())) == [
        "GET configurations",
        lists[0],
        f"GET configurations/{GATEWAY}/subscriptions",
        lists[1],
    ]


def test_sync_deletes_all_else_but_billing(user):
    user.emulator.seed(
        "event-subscriptions",
        {"event_id": GATEWAY, "name": "Old"},
        {"event_id": TOKEN, "name": "Older"},
        {"event_id": "billing.invoice.ready", "name": "Kept"},
    )
    user.writes(WORKSPACE + "policy: {mode: sync, max_deletes: 5}\n")
    ended = user.plans()
    assert [item for item in ended.changes() if item.startswith("-")] == [
        f"- event-subscriptions/{GATEWAY}#Old",
        f"- event-subscriptions/{TOKEN}#Older",
    ]
    assert [(item["address"], item["kept"]) for item in ended.json["unmanaged"]] == [
        ("event-subscriptions/billing.invoice.ready#Kept", "required")
    ]
    assert {item["address"] for item in ended.json["silences"]} == {
        f"event-subscriptions/{BILLING}#Billing",  # US and EU alone, where the default told of all regions
        f"event-subscriptions/{GATEWAY}#Old",
        f"event-subscriptions/{TOKEN}#Older",
    }
    assert user.applies().code == 0
    assert set(subscriptions(user)) == {(TOKEN, "Ops"), (BILLING, "Billing"), ("billing.invoice.ready", "Kept")}


def test_an_older_service(user, monkeypatch):
    monkeypatch.setattr(user.emulator.settings, "legacy", True)
    monkeypatch.setattr(user.emulator.settings, "konnect_page_size", 1)
    user.emulator.seed(
        "event-subscriptions",
        {"event_id": TOKEN, "regions": ["AU"]},
        {"event_id": TOKEN, "channels": channels(False, False)},
    )
    user.writes(WORKSPACE)
    assert user.plans().changes() == [f"+ event-subscriptions/{BILLING}#Billing", f"~ event-subscriptions/{TOKEN}#Ops"]
    ended = user.applies()
    assert (ended.code, ended.json["remaining"]) == (0, [])
    assert user.plans("--detailed-exitcode").code == 0
    assert len(user.emulator.objects("event-subscriptions")) == 3


def test_a_saved_plan_for_an_older_service(user, monkeypatch):
    monkeypatch.setattr(user.emulator.settings, "legacy", True)
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "channels": channels(False, False)})
    user.writes(WORKSPACE)
    assert user.runs("plan", "--out", "plan.json").code == 0
    assert user.runs("apply", "plan.json").code == 0
    assert user.runs("plan", "--detailed-exitcode").code == 0


def test_a_saved_create_without_a_name_is_carried_out_once(user, monkeypatch):
    monkeypatch.setattr(user.emulator.settings, "legacy", True)
    entry = f"  - {{event: {TOKEN}, name: %s, channels: {{EMAIL: true}}}}\n"
    user.writes("version: 1\nprovider: konnect\nsubscriptions:\n" + entry % "One")
    assert user.applies().code == 0
    user.writes("version: 1\nprovider: konnect\nsubscriptions:\n" + entry % "One" + entry % "Two")
    assert user.runs("plan", "--out", "plan.json").code == 0
    assert user.runs("apply", "plan.json").code == 0  # that One is there already does not make it stale
    ended = user.runs("apply", "plan.json")
    assert (ended.code, f"event-subscriptions/{TOKEN}#Two exists by now" in ended.err) == (4, True)
    assert len(user.emulator.objects("event-subscriptions")) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            ("channels: {EMAIL: true}", "channels: {EMAIL: true}\n    id: nothing-has-this"),
            "missing-event-subscription",
        ),
        (("Unpaid invoice reminder", "Unpaid invoice remainder"), "unknown-event"),
        (("regions: [US, EU]", "enabled: false"), "required-type"),
        (("regions: [US, EU]", "channels: {EMAIL: false}"), "required-type"),
    ],
)
def test_what_only_the_service_can_know_to_be_wrong(user, change, code):
    user.writes(WORKSPACE.replace(*change))
    ended = user.applies()
    assert (ended.code, f"error:{code}" in ended.codes()) == (1, True)
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_more_configurations_of_a_gateway_than_konnect_takes(user):
    entry = f"  - {{event: {GATEWAY}, name: %s, regions: [%s], entities: [dp-1]}}\n"
    regions = ["US", "EU", "AU", "ME"]
    user.writes("version: 1\nprovider: konnect\nsubscriptions:\n" + "".join(entry % (item, item) for item in regions))
    ended = user.plans()
    assert (ended.code, ended.codes().count("error:too-many-regional-configurations")) == (1, 4)
    ended = user.applies("--exclude", f"event-subscriptions/{GATEWAY}#ME")
    assert (ended.code, len(subscriptions(user))) == (1, 0)


def test_a_refusal_is_shown_field_by_field_with_its_trace(user):
    user.emulator.seed("event-subscriptions", *({"event_id": GATEWAY, "name": f"L{n}"} for n in range(2)))
    entry = f"version: 1\nprovider: konnect\nsubscriptions: [{{event: {GATEWAY}, name: New}}]\n"
    user.writes(entry)

    def meddle():
        user.emulator.seed("event-subscriptions", {"event_id": GATEWAY, "name": "Meanwhile"})

    from notifconf.emulator.faults import Fault

    user.emulator.settings.faults = [Fault("meddle", method="POST", action=meddle)]
    ended = user.applies()
    assert ended.code == 1
    (change,) = ended.json["changes"]
    assert re.search(
        r"400 Bad Request: Invalid parameters \(kong:trace:\d+\): entities\.0: must not have more than 3",
        change["error"],
    )


@pytest.mark.parametrize("kind", ["reset-after", "cut", "hang-after", "503-after"])
def test_a_create_of_unknown_fate_makes_one(user, kind):
    from notifconf.emulator.faults import parse_fault

    user.writes(WORKSPACE)
    user.emulator.settings.faults = [parse_fault(f"{kind}:method=POST:nth=1")]
    assert user.applies("--timeout", "2" if kind == "hang-after" else "30").code == 0
    assert len(user.emulator.objects("event-subscriptions")) == 2


def test_a_saved_plan_is_applied_or_stale(user):
    user.writes(WORKSPACE)
    assert user.runs("plan", "--out", "plan.json").code == 0
    assert user.runs("apply", "plan.json").code == 0
    assert user.runs("apply", "plan.json").code == 4


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_an_endpoint_with_and_without_its_version(user, path):
    user.writes(WORKSPACE)
    user.sets(KONNECT_SERVER_URL=user.url + path)
    assert len(user.plans().changes()) == 2


def test_no_token(user, monkeypatch):
    monkeypatch.delenv("KONNECT_TOKEN")
    user.writes(WORKSPACE)
    ended = user.runs("plan")
    assert (ended.code, "KONNECT_TOKEN" in ended.err) == (1, True)


def test_an_endpoint_that_is_not_konnects(user):
    user.writes(WORKSPACE)
    ended = user.runs("plan", "--endpoint", f"{user.url}/v2")
    assert (ended.code, "404" in ended.err) == (1, True)


def test_show_and_types(user):
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Ops"}, {"event_id": GATEWAY, "name": "Edge"})
    shown = user.runs("show", "--provider", "konnect", "--category", "organization", "--format", "json")
    assert [row["name"] for row in shown.json["event_subscriptions"]] == ["Ops"]
    listed = user.runs("types", "--provider", "konnect", "--format", "json", "--type", "*token*")
    assert [(row["event"], row["subscriptions"]) for row in listed.json["events"]] == [
        ("organization.access-token.expired", 0),
        (TOKEN, 1),
    ]
    refused = user.runs("show", "--provider", "konnect", "--severity", "CRITICAL")
    assert (refused.code, "no severity" in refused.err) == (1, True)
    user.writes(WORKSPACE)
    assert TOKEN in user.runs("show").out


def test_the_embedded_emulator_serves_konnect_too(user):
    user.writes(WORKSPACE)
    endpoint = f"emulator:{user.folder / 'state.sqlite'}"
    assert user.applies("--endpoint", endpoint).code == 0
    assert user.plans("--endpoint", endpoint, "--detailed-exitcode").code == 0


def test_the_examples(user):
    user.sets(**dict(line.split("=", 1) for line in (EXAMPLES / "konnect/demo.env").read_text().splitlines()[1:]))
    folder = str(EXAMPLES / "konnect")
    assert user.runs("validate", folder).code == 0
    ended = user.applies(folder)
    assert (ended.code, ended.codes()) == (0, [])
    assert user.plans(folder, "--detailed-exitcode").code == 0


def test_the_starter(user):
    assert user.runs("init", "--provider", "konnect").code == 0
    assert user.applies().code == 0
    assert user.plans("--detailed-exitcode").code == 0


def test_the_same_plan_whatever_the_order(user):
    head, *entries = re.split(r"(?m)^(?=  - )", WORKSPACE)
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Ops"}, {"event_id": TOKEN, "name": "Old"})
    plans = set()
    for order in itertools.permutations(entries):
        user.writes(head + "".join(order))
        plans.add(re.sub(r'"(line|column)": \d+', "", user.plans().out))
    assert len(plans) == 1


def test_the_token_is_nowhere(user):
    user.writes(WORKSPACE)
    said = [
        user.runs("plan", "-v"),
        user.applies("--log-file", "log"),
        user.runs("plan", "--endpoint", user.url + "/x"),
    ]
    texts = [text for ended in said for text in (ended.out, ended.err)] + [(user.folder / "log").read_text()]
    assert not any("canary-token" in text for text in texts)


def test_two_owners_of_one_subscription_without_a_name_do_not_fight(user):
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "", "channels": channels(True, True)})
    user.emulator.seed("event-subscriptions", {"event_id": TOKEN, "name": "Shows that names are kept"})
    for owner, email in (("a", "true"), ("b", "false")):
        entry = f"{{event: {TOKEN}, name: All, channels: {{EMAIL: {email}}}}}"
        text = f"version: 1\nprovider: konnect\nsubscriptions: [{entry}]\npolicy: {{owner: {owner}}}\n"
        user.writes(text, f"{owner}.yaml")
        assert user.runs("apply", "--auto-approve", f"{owner}.yaml").code == 0
    assert [user.plans(f"{owner}.yaml").changes() for owner in "ab"] == [[], []]
    assert {"All [notifconf: a]", "All [notifconf: b]"} < {name for _, name in subscriptions(user)}
