"""What was reviewed is what is applied: plan files."""

from __future__ import annotations

import json

import pytest
from freezegun import freeze_time

SECRET = "https://hooks.slack.com/services/canary-url"
WORKSPACE = """\
version: 1
provider: confluent
integrations:
  slack:
    display_name: Platform alerts
    target: {kind: Slack, webhook_url: "${SLACK_URL}"}
  changed:
    target: {kind: Webhook, url: "${file:secrets/url}"}
  admins:
    target: {kind: RoleEmail, role_name: OrganizationAdmin}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [slack, admins]
  - notification_type: SAML certificate is expiring soon
    integrations: [slack, admins]
resources:
  - resource: environment=env-1
    muted: {until: 2036-12-01T06:00:00Z}
"""


@pytest.fixture
def saved(user):
    """A plan file that creates and updates each kind, and the user who made it."""
    user.sets(SLACK_URL=SECRET)
    user.writes("https://example.com/canary-new\n", "secrets/url")
    user.writes(WORKSPACE)
    user.emulator.seed(
        "integrations",
        {
            "id": "i-1",
            "display_name": "changed",
            "target": {"kind": "Webhook", "url": "https://example.com/canary-old"},
        },
    )
    assert user.plans("--out", "plan.out").code == 0
    user.requests()
    return user


def test_a_plan_file_holds_the_plan_and_no_secret(saved):
    path = saved.folder / "plan.out"
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "canary" not in text
    assert "${SLACK_URL}" in text
    document = json.loads(text)
    plan = saved.plans().json
    assert {name: document[name] for name in plan} == plan
    assert document["saved"]["endpoint"] == saved.url
    assert document["saved"]["until"] == "2036-12-01T06:00:00+00:00"


def test_it_is_applied_as_it_is_without_approval(saved):
    plan = saved.plans().changes()
    saved.writes("version: 1\nprovider: confluent\nsubscriptions: []\n")
    ended = saved.runs("apply", "plan.out", "--format", "json")
    assert ended.code == 0
    assert ended.changes() == plan
    assert {change["result"] for change in ended.json["changes"]} == {"applied"}
    saved.writes(WORKSPACE)
    assert saved.plans().changes() == []
    targets = {item["display_name"]: item["target"] for item in saved.emulator.objects("integrations")}
    assert targets["Platform alerts"]["webhook_url"] == SECRET
    assert targets["changed"]["url"] == "https://example.com/canary-new"


def test_who_applies_it_sees_what_the_reviewer_saw(saved):
    reviewed = saved.runs("plan", "-v").out
    ended = saved.runs("apply", "plan.out", "-v")
    assert "target.url: (sensitive) → (sensitive, changed)" in reviewed
    assert ended.out.startswith(reviewed)


def test_its_outcome_is_the_reviewed_document_with_results(saved):
    reviewed = saved.plans().json
    ended = saved.runs("apply", "plan.out", "--format", "json").json
    for change in reviewed["changes"] + ended["changes"]:
        del change["id"]  # which one that was created now has
    pairs = zip(reviewed["changes"], ended["changes"], strict=True)
    assert [{**applied, **planned} for planned, applied in pairs] == ended["changes"]
    for name in ("summary", "silences", "unmanaged", "diagnostics"):
        assert ended[name] == reviewed[name] != []


def test_it_can_be_applied_from_text_too(saved):
    ended = saved.runs("apply", "plan.out")
    assert ended.code == 0
    assert "Verified: live state matches the configuration." in ended.out


def unchanged(user, ended, code, said):
    assert ended.code == code
    assert said in ended.err
    assert "canary" not in ended.out + ended.err
    assert user.requests("PATCH", "DELETE") == []
    assert [request for request in user.requests("POST") if not request.endswith(":test")] == []


def _touch(user, collection, **members):
    item = {**user.emulator.objects(collection)[-1], **members}
    user.emulator.seed(collection, item)


def _type(user, name):
    return next(item for item in user.emulator.objects("notification-types") if item["display_name"] == name)["id"]


def _create_subscription(user):
    user.emulator.seed(
        "subscriptions",
        {
            "notification_type": {"id": _type(user, "Kafka cluster shrink failure")},
            "integrations": [{"id": "i-1"}],
            "current_state": "ENABLED",
        },
    )


def _change_subscription(user):
    kind = _type(user, "SAML certificate is expiring soon")
    item = next(item for item in user.emulator.objects("subscriptions") if item["notification_type"]["id"] == kind)
    user.emulator.seed("subscriptions", {**item, "integrations": [{"id": "i-1"}]})


MOVES = {
    "integrations/changed is gone": lambda user: user.emulator.remove("integrations", "i-1"),
    "integrations/changed has changed: target": lambda user: user.emulator.seed(
        "integrations",
        {"id": "i-1", "display_name": "changed", "target": {"kind": "Webhook", "url": "https://example.com/canary-3"}},
    ),
    "integrations/changed has changed: description": lambda user: user.emulator.seed(
        "integrations",
        {
            "id": "i-1",
            "display_name": "changed",
            "description": "by hand",
            "target": {"kind": "Webhook", "url": "https://example.com/canary-old"},
        },
    ),
    "integrations/slack exists by now": lambda user: user.emulator.seed(
        "integrations", {"display_name": "Platform alerts", "target": {"kind": "Slack", "webhook_url": SECRET}}
    ),
    "subscriptions/Kafka cluster shrink failure exists by now": _create_subscription,
    "subscriptions/SAML certificate is expiring soon has changed: integrations": _change_subscription,
    "resource-preferences/environment=env-1 exists by now": lambda user: user.emulator.seed(
        "resource-preferences",
        {"resource": "environment=env-1", "resource_type": "ENVIRONMENT", "current_state": "ENABLED"},
    ),
    "the value of /target/webhook_url is another": lambda user: user.sets(SLACK_URL="https://example.com/canary-other"),
    "the value of /target/url is another": lambda user: user.writes("https://example.com/canary-x", "secrets/url"),
}


@pytest.mark.parametrize("said", MOVES)
def test_whatever_moved_makes_it_stale(saved, said):
    MOVES[said](saved)
    saved.requests()
    unchanged(saved, saved.runs("apply", "plan.out", "--format", "json"), 4, said)


def test_a_mute_that_ended_makes_it_stale(saved):
    with freeze_time("2036-12-01T06:00:00Z"):
        unchanged(saved, saved.runs("apply", "plan.out"), 4, "held until 2036-12-01T06:00:00Z")


def test_a_plan_that_was_applied_is_stale(saved):
    assert saved.runs("apply", "plan.out").code == 0
    saved.requests()
    unchanged(saved, saved.runs("apply", "plan.out"), 4, "stale")


def _altered(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=2))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document["saved"]["changes"][0].update(address="x"), "altered"),
        (lambda document: document["changes"].pop(), "altered"),
        (lambda document: document["saved"].pop("digest"), "altered"),
        (lambda document: document.pop("saved"), "altered"),
        (lambda document: document.update(saved=[]), "altered"),
        (lambda document: document.update(format_version="2.0"), "version"),
    ],
)
def test_an_altered_plan_file_is_an_error(saved, change, said):
    _altered(saved.folder / "plan.out", change)
    unchanged(saved, saved.runs("apply", "plan.out"), 1, said)


def test_a_plan_file_may_be_written_anew_by_other_tools(saved):
    path = saved.folder / "plan.out"
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    assert saved.runs("apply", "plan.out").code == 0


def test_a_truncated_plan_file_is_an_error(saved):
    path = saved.folder / "plan.out"
    path.write_text(path.read_text()[:500])
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "altered")


def test_another_endpoint_is_an_error(saved):
    unchanged(
        saved, saved.runs("apply", "plan.out", "--endpoint", "http://127.0.0.1:9"), 1, "not for http://127.0.0.1:9"
    )


def test_credentials_go_to_no_endpoint_that_only_the_file_names(saved, monkeypatch):
    monkeypatch.delenv("CONFLUENT_CLOUD_ENDPOINT")
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "--endpoint")


def test_a_missing_variable_is_an_error(saved, monkeypatch):
    monkeypatch.delenv("SLACK_URL")
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "SLACK_URL")


@pytest.mark.parametrize("option", [["--target", "x"], ["--mode", "sync"], ["--force"]])
def test_options_that_would_change_what_was_reviewed_are_refused(saved, option):
    unchanged(saved, saved.runs("apply", "plan.out", *option), 1, "as it is")


def test_another_provider_is_an_error(saved):
    ended = saved.runs("apply", "plan.out", "--provider", "konnect")
    unchanged(saved, ended, 1, "the plan is for confluent, --provider says konnect")
    assert saved.runs("apply", "plan.out", "--provider", "confluent").code == 0


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "apply", "coverage"])
def test_a_plan_file_is_no_workspace(saved, command):
    paths = ["notifconf.yaml", "plan.out"] if command == "apply" else ["plan.out"]
    ended = saved.runs(command, *paths)
    unchanged(saved, ended, 1, "plan.out:2:3: error[invalid-value]: this is a plan, not a workspace")
    assert len(ended.err.splitlines()) == 1


def test_a_plan_with_errors_can_not_be_applied(user):
    user.writes(
        "version: 1\nprovider: confluent\nsubscriptions: [{notification_type: nonsense, integrations: [a]}]\n"
        "integrations: {a: {target: {kind: RoleEmail, role_name: OrganizationAdmin}}}\n"
    )
    assert user.plans("--out", "plan.out").code == 1
    unchanged(user, user.runs("apply", "plan.out"), 1, "has errors")


def test_a_refused_plan_can_not_be_applied_unless_it_was_forced(user):
    user.writes("version: 1\nprovider: confluent\nintegrations: {}\n")
    for number in range(3):
        user.emulator.seed(
            "integrations",
            {"display_name": f"n{number}", "target": {"kind": "Slack", "webhook_url": f"https://example.com/{number}"}},
        )
    assert user.plans("--mode", "sync", "--out", "plan.out").code == 5
    unchanged(user, user.runs("apply", "plan.out"), 1, "refused")
    assert user.plans("--mode", "sync", "--force", "--out", "plan.out").code == 0
    assert user.runs("apply", "plan.out").code == 0
    assert len(user.emulator.objects("integrations")) == 1


@pytest.mark.parametrize("written", [SECRET, "${NOT_SET:-" + SECRET + "}", SECRET.replace("url", "") + "${TAIL}"])
def test_a_secret_that_is_no_plain_reference_is_taken_from_the_workspace(user, written):
    user.sets(TAIL="url")
    user.writes(
        WORKSPACE.split("subscriptions:", 1)[0].replace("${SLACK_URL}", written).replace("${file:secrets/url}", SECRET)
    )
    user.plans("--out", "plan.out")
    assert "canary" not in (user.folder / "plan.out").read_text()
    assert user.runs("apply", "plan.out").code == 0
    assert {item["target"].get("webhook_url", SECRET) for item in user.emulator.objects("integrations")} == {SECRET}


def test_a_plan_without_changes_can_be_saved_and_applied(saved):
    saved.runs("apply", "plan.out")
    assert saved.plans("--out", "again.out").code == 0
    ended = saved.runs("apply", "again.out")
    assert ended.code == 0
    assert "No changes" in ended.out
