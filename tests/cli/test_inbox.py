from __future__ import annotations

import json
import os
import pty
from collections import Counter

import pytest

from notifconf.emulator.faults import parse_fault


@pytest.fixture
def user(user):
    user.sets(KONNECT_SERVER_URL=f"{user.url}/v1", KONNECT_TOKEN="canary-token")
    for name in ("CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET"):  # else it would be Confluent's inbox
        user.monkeypatch.delenv(name)
    return user


@pytest.fixture
def types(monkeypatch):
    """Type a line at the terminal that is standard input."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        yield lambda line: os.write(ours, f"{line}\n".encode())
    os.close(ours)


def statuses(user):
    return Counter(item["status"] for item in user.emulator.objects("inbox"))


def ids(user, status=None):
    return [item["id"] for item in user.emulator.objects("inbox") if status in (None, item["status"])]


def test_a_table(user):
    ended = user.runs("inbox", "list")
    lines = ended.out.splitlines()
    assert (ended.code, lines[0], len(lines)) == (0, "Inbox", 7)
    assert lines[1].split() == ["ID", "CREATED", "AT", "STATUS", "REGION", "NAMESPACE", "ENTITY", "TITLE"]
    assert all(
        text in lines[2] for text in ("UNREAD", "plan-and-usage", "invoice-2026-1042", "Unpaid invoice reminder")
    )


def test_json_has_all_that_the_service_says(user):
    ended = user.runs("inbox", "list", "--format", "json", "--limit", "2")
    assert ended.json == {"notifications": user.emulator.objects("inbox")[:2]}


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ([], 5),
        (["--status", "unread"], 3),
        (["--title", "EXPIRING"], 2),
        (["--description", "portal"], 1),
        (["--namespace", "organization"], 1),
        (["--region", "eu"], 2),
        (["--region", "EU", "--status", "READ"], 1),
        (["--title", "nothing like it"], 0),
        (["--limit", "4"], 4),
        (["--limit", "9"], 5),
    ],
)
def test_filters(user, options, count):
    assert len(user.runs("inbox", "list", "--format", "json", *options).json["notifications"]) == count


def test_an_empty_inbox(user):
    user.emulator.replace({"inbox": []})
    assert user.runs("inbox", "list").out == "Inbox\n  (none)\n"
    ended = user.runs("inbox", "read", "--all")
    assert (ended.code, ended.out) == (0, "0 notifications are now READ.\n")
    assert [item for item in user.requests() if item.startswith("POST")] == []


@pytest.mark.parametrize(("command", "status"), [("read", "READ"), ("unread", "UNREAD"), ("archive", "ARCHIVED")])
def test_some_by_id(user, command, status):
    first, second, *_ = ids(user)
    ended = user.runs("inbox", command, first, second, first, "--format", "json")
    assert (ended.code, ended.json) == (0, {"done": [first, second], "failed": []})
    assert {item["id"]: item["status"] for item in user.emulator.objects("inbox")}[second] == status


@pytest.mark.parametrize(
    ("arguments", "after"),
    [
        (["read", "--all"], {"READ": 4, "ARCHIVED": 1}),
        (["unread", "--all"], {"UNREAD": 4, "ARCHIVED": 1}),
        (["archive", "--all"], {"ARCHIVED": 5}),
        (["archive", "--all", "--status", "READ"], {"UNREAD": 3, "ARCHIVED": 2}),
        (["unread", "--all", "--status", "ARCHIVED"], {"UNREAD": 4, "READ": 1}),
        (["read", "--all", "--namespace", "organization"], {"UNREAD": 2, "READ": 2, "ARCHIVED": 1}),
        (["delete", "--all", "--yes"], {}),
        (["delete", "--all", "--status", "UNREAD", "--yes"], {"READ": 1, "ARCHIVED": 1}),
    ],
)
def test_all_that_the_filters_find(user, arguments, after):
    assert user.runs("inbox", *arguments).code == 0
    assert statuses(user) == after


def test_a_hundred_at_a_time(user):
    user.emulator.replace({"inbox": [{"title": str(n)} for n in range(250)]})
    ended = user.runs("inbox", "archive", "--all")
    assert ended.out == "250 notifications are now ARCHIVED.\n"
    assert statuses(user) == {"ARCHIVED": 250}
    bulk = [json.loads(entry.body) for entry in user.emulator.requests.entries if entry.method == "POST"]
    assert sorted(len(body["ids"]) for body in bulk) == [50, 100, 100]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["read"], "use --all with filters"),
        (["archive", "x", "--all"], "one of the two"),
        (["unread", "x", "--title", "y"], "filters select from --all"),
        (["delete", ".."], "column ID"),
        (["delete", "--all"], "standard input is no terminal: use --yes"),
        (["delete", "x"], "standard input is no terminal: use --yes"),
        (["list", "--severity", "CRITICAL"], "--severity: Kong Konnect can't filter by that"),
        (["summary"], "Kong Konnect has no summary"),
        (["deliveries"], "does not say where"),
        (["list", "--status", "LOST"], "LOST"),
        (["list", "--limit", "0"], "--limit"),
        (["remove"], "remove"),
    ],
)
def test_what_can_not_be_meant(user, arguments, text):
    ended = user.runs("inbox", *arguments)
    assert (ended.code, text in ended.err) == (1, True)
    assert user.requests() == []


@pytest.mark.parametrize(("answer", "code", "left"), [("yes", 0, 4), ("y", 1, 5), ("", 1, 5), ("no", 1, 5)])
def test_delete_asks(user, types, answer, code, left):
    types(answer)
    ended = user.runs("inbox", "delete", ids(user)[0])
    assert (ended.code, sum(statuses(user).values())) == (code, left)
    assert "Delete 1 notification for good?" in ended.err
    assert ("nothing was changed" in ended.err) == (code == 1)


def test_delete_shows_what_all_means(user, types):
    types("yes")
    ended = user.runs("inbox", "delete", "--all", "--status", "READ")
    assert "Developer approval requested" in ended.err
    assert ended.out == "1 notification is deleted.\n"


def test_a_service_that_deletes_none_does_not_ask(user):
    user.sets(CONFLUENT_CLOUD_API_KEY="key", CONFLUENT_CLOUD_API_SECRET="canary-secret")
    for arguments in (["--all"], ["--all", "--yes"], ["some-id"]):
        ended = user.runs("inbox", "delete", *arguments, "--provider", "confluent", "--endpoint", user.url)
        assert (ended.code, "`notifconf inbox read`" in ended.err) == (1, True)
    assert user.requests() == []


def test_nothing_to_delete_asks_nothing(user, types):
    types("")
    ended = user.runs("inbox", "delete", "--all", "--title", "nothing like it")
    assert (ended.code, ended.out) == (0, "0 notifications are deleted.\n")


@pytest.mark.parametrize("command", [["read"], ["delete", "--yes"]])
def test_one_that_does_not_exist(user, command):
    ended = user.runs("inbox", *command, "nothing-has-this-id")
    assert (ended.code, ended.out) == (1, "")
    assert "404 Not Found: Notification [nothing-has-this-id] not found (kong:trace:" in ended.err


def test_what_failed_is_told_beside_what_did_not(user):
    first = ids(user)[0]
    ended = user.runs("inbox", "delete", "--yes", "--format", "json", first, *(f"no-{n}" for n in range(12)))
    assert (ended.code, ended.json["done"], len(ended.json["failed"])) == (3, [first], 12)
    assert ended.err.count("404 Not Found:") == 10
    assert "and 2 more" in ended.err


def test_what_somebody_else_deletes_meanwhile_is_deleted(user):
    user.emulator.settings.faults = [parse_fault("vanish:method=DELETE:nth=2")]
    ended = user.runs("inbox", "delete", "--all", "--yes")
    assert (ended.code, ended.out, statuses(user)) == (0, "5 notifications are deleted.\n", {})


def test_a_failure_after_which_something_may_have_changed(user):
    user.emulator.settings.faults = [parse_fault("500-after:method=POST")]
    ended = user.runs("inbox", "read", "--all")
    assert (ended.code, "500" in ended.err) == (3, True)


def test_credentials_are_needed(user, monkeypatch):
    monkeypatch.delenv("KONNECT_TOKEN")
    ended = user.runs("inbox", "list", "--format", "json", "--provider", "konnect")
    assert (ended.code, "KONNECT_TOKEN" in ended.err) == (1, True)
    assert ended.json["changes"] == []


def test_help_has_examples(user):
    for command in ([], ["list"], ["read"], ["unread"], ["archive"], ["delete"]):
        ended = user.runs("inbox", *command, "--help")
        assert (ended.code, "Example" in ended.out) == (0, True)
