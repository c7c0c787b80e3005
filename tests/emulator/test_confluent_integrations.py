from typing import Any

import pytest
from freezegun import freeze_time

SLACK = {"kind": "Slack", "webhook_url": "https://hooks.slack.com/services/T/B/x"}
TEAMS = {"kind": "MsTeams", "webhook_url": "https://example.webhook.office.com/x"}
WEBHOOK = {"kind": "Webhook", "url": "https://example.com/hook"}


def make(confluent: Any, **members: Any) -> Any:
    answer = confluent.post("integrations", {"display_name": "Alerts", "target": SLACK, **members})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("target", [SLACK, TEAMS, WEBHOOK])
def test_create_read_update_delete(confluent, target):
    created = make(confluent, target=target, description="Where alerts go")
    assert created["kind"] == "Integration"
    assert created["id"].startswith("i-")
    assert created["target"] == target
    assert created["metadata"]["created_at"] == created["metadata"]["updated_at"]
    assert confluent.get(f"integrations/{created['id']}").json() == created
    updated = confluent.patch(f"integrations/{created['id']}", {"display_name": "Pages"})
    assert updated.status_code == 200
    assert updated.json()["display_name"] == "Pages"
    assert updated.json()["description"] == "Where alerts go"
    assert updated.json()["target"] == target
    gone = confluent.delete(f"integrations/{created['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert confluent.get(f"integrations/{created['id']}").status_code == 404


def test_a_change_shows_when_it_was_made(confluent):
    with freeze_time("2026-01-02T03:04:05Z"):
        created = make(confluent)
    with freeze_time("2026-01-03T00:00:00.125Z"):
        updated = confluent.patch(f"integrations/{created['id']}", {"description": ""}).json()
    assert updated["metadata"]["created_at"] == "2026-01-02T03:04:05.000Z"
    assert updated["metadata"]["updated_at"] == "2026-01-03T00:00:00.125Z"


def test_two_may_bear_the_same_name(confluent):
    assert make(confluent)["id"] != make(confluent)["id"]


def test_read_only_members_are_ignored(confluent):
    body = {"id": "i-mine", "kind": "Something", "api_version": "v9", "metadata": {"created_at": "never"}}
    created = make(confluent, **body)
    assert created["id"] != "i-mine"
    assert created["kind"] == "Integration"
    assert created["metadata"]["created_at"] != "never"
    updated = confluent.patch(f"integrations/{created['id']}", body).json()
    assert updated | {"metadata": None} == created | {"metadata": None}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"display_name": ""}, "/display_name"),
        ({"display_name": "x" * 65}, "/display_name"),
        ({"display_name": None}, "/display_name"),
        ({"display_name": 7}, "/display_name"),
        ({"description": "x" * 129}, "/description"),
        ({"description": None}, "/description"),
        ({"target": None}, "/target"),
        ({"target": []}, "/target"),
        ({"target": {}}, "/target/kind"),
        ({"target": {"kind": "Pager"}}, "/target/kind"),
        ({"target": {"kind": ["Slack"]}}, "/target/kind"),
        ({"target": {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}}, "/target/kind"),
        ({"target": {"kind": "UserEmail", "user": {"id": "u-1"}}}, "/target/kind"),
        ({"target": {"kind": "InApp", "user": {"id": "u-1"}}}, "/target/kind"),
        ({"target": {"kind": "Slack"}}, "/target/webhook_url"),
        ({"target": {"kind": "Slack", "url": "https://example.com"}}, "/target/url"),
        ({"target": {"kind": "Webhook", "url": "example.com"}}, "/target/url"),
        ({"target": {"kind": "Webhook", "url": "ftp://example.com"}}, "/target/url"),
        ({"target": {"kind": "Webhook", "url": "https://"}}, "/target/url"),
        ({"target": {"kind": "Webhook", "url": "https://example.com:x"}}, "/target/url"),
        ({"target": {"kind": "Webhook", "url": ""}}, "/target/url"),
        ({"target": {"kind": "Webhook", "url": "https://example.com", "more": 1}}, "/target/more"),
        ({"more": 1}, "/more"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_refused(confluent, method, change, pointer):
    created = make(confluent)
    body = {"display_name": "x", "target": WEBHOOK, **change} if method == "POST" else change
    path = "integrations" if method == "POST" else f"integrations/{created['id']}"
    answer = confluent.send(method, path, body)
    assert answer.status_code == 400
    assert pointer in [error["source"]["pointer"] for error in answer.json()["errors"]]
    assert {error["code"] for error in answer.json()["errors"]} == {"invalid_configuration"}
    assert confluent.emulator.objects("integrations")[1:] == [created]


@pytest.mark.parametrize("missing", ["display_name", "target"])
def test_what_is_required(confluent, missing):
    body = {"display_name": "x", "target": WEBHOOK}
    del body[missing]
    answer = confluent.post("integrations", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/{missing}"}


def test_the_longest_texts(confluent):
    make(confluent, display_name="ä" * 64, description="ä" * 128)


def test_the_whole_target_is_replaced(confluent):
    created = make(confluent)
    assert confluent.patch(f"integrations/{created['id']}", {"target": WEBHOOK}).json()["target"] == WEBHOOK


def test_mail_and_in_app_are_not_written(confluent):
    ids = ["i-e0KAB", *confluent.emulator.add_user("u-abc123")]
    for identifier in ids:
        assert confluent.patch(f"integrations/{identifier}", {"display_name": "Mine"}).status_code == 403
        assert confluent.delete(f"integrations/{identifier}").status_code == 403
    kinds = [found["target"]["kind"] for found in confluent.emulator.objects("integrations")]
    assert kinds == ["RoleEmail", "UserEmail", "InApp"]


def test_past_the_quota_402(confluent):
    confluent.emulator.settings.quota = 2
    make(confluent)
    kept = make(confluent)
    answer = confluent.post("integrations", {"display_name": "x", "target": WEBHOOK})
    assert answer.status_code == 402
    assert answer.json()["errors"][0]["code"] == "quota_exceeded"
    confluent.delete(f"integrations/{kept['id']}")
    make(confluent)


def test_what_is_deleted_does_not_count_towards_the_quota(confluent):
    confluent.emulator.settings.quota = 3
    times = {"i-gone": "2020-01-01T00:00:00Z", "i-going": "2999-01-01T00:00:00Z", "i-go": "0001-01-01T00:00:00Z"}
    for identifier, deleted_at in times.items():
        body = {"id": identifier, "target": WEBHOOK, "metadata": {"deleted_at": deleted_at}}
        confluent.emulator.seed("integrations", body)
    make(confluent)
    assert confluent.post("integrations", {"display_name": "x", "target": WEBHOOK}).status_code == 402


def test_a_new_one_says_where_it_is(confluent):
    answer = confluent.post("integrations", {"display_name": "x", "target": WEBHOOK})
    where = f"https://api.confluent.cloud/notifications/v1/integrations/{answer.json()['id']}"
    assert answer.headers["Location"] == where
    assert confluent.get(where).json() == answer.json()


@pytest.mark.parametrize("target", [SLACK, TEAMS, WEBHOOK])
def test_the_long_form_of_a_kind_is_taken_and_the_short_one_kept(confluent, target):
    created = make(confluent, target={**target, "kind": f"{target['kind']}Target"})
    assert created["target"] == target


def test_a_live_one_may_have_the_long_form(confluent):
    target = {"kind": "SlackTarget", "webhook_url": "https://example.com"}
    confluent.emulator.seed("integrations", {"id": "i-long", "display_name": "x", "target": target})
    confluent.emulator.settings.quota = 1
    assert confluent.post("integrations", {"display_name": "x", "target": WEBHOOK}).status_code == 402
    assert confluent.get("integrations/i-long").json()["target"] == target
    assert confluent.patch("integrations/i-long", {"display_name": "y"}).status_code == 200
    assert confluent.delete("integrations/i-long").status_code == 204


def test_one_in_use_stays(confluent):
    used, other = make(confluent)["id"], make(confluent)["id"]
    subscription = {
        "notification_type": {"id": "nt-abc123"},
        "integrations": [{"id": used}],
        "current_state": "DISABLED",
    }
    made = confluent.post("subscriptions", subscription).json()
    of_resource = {**subscription, "resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
    made_too = confluent.post("resource-subscriptions", of_resource).json()
    assert confluent.delete(f"integrations/{used}").status_code == 409
    confluent.delete(f"subscriptions/{made['id']}")
    assert confluent.delete(f"integrations/{used}").status_code == 409
    confluent.patch(f"resource-subscriptions/{made_too['id']}", {"integrations": [{"id": other}]})
    assert confluent.delete(f"integrations/{used}").status_code == 204


def test_a_text_that_looks_like_an_id_is_no_use(confluent):
    identifier = make(confluent)["id"]
    confluent.emulator.seed("subscriptions", {"note": identifier, "integrations": "none"})
    confluent.emulator.seed("subscriptions", {"note": identifier, "integrations": [identifier, {"id": 7}]}, raw=True)
    assert confluent.delete(f"integrations/{identifier}").status_code == 204
