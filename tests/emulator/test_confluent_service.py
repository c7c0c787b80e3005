"""What holds for every operation of Confluent's API: credentials, errors, headers, a new organisation."""

import base64
from typing import Any

import httpx
import pytest


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("authorization", ["Bearer token", "bearer token", basic("key:secret")])
def test_any_credentials_are_taken(confluent, authorization):
    assert confluent.get("integrations", headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer two words",
        "Basic",
        "Basic not*base64",
        basic("no-colon"),
        basic(":secret"),
        basic("key:"),
        "Digest x",
    ],
)
def test_401_without_credentials(confluent, authorization):
    answer = confluent.get("integrations", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.json()["errors"][0]["status"] == "401"


def test_401_to_no_header_at_all(app, runner):
    async def ask() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://emulator") as client:
            return await client.get("/notifications/v1/integrations")

    assert runner.run(ask()).status_code == 401


def test_every_answer_carries_a_request_id_and_the_rate_limit(confluent):
    answers = [confluent.get("integrations"), confluent.get("integrations/i-none"), confluent.get("nothing")]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3
    for answer in answers:
        assert int(answer.headers["X-RateLimit-Limit"]) > int(answer.headers["X-RateLimit-Remaining"]) > 0
        assert int(answer.headers["X-RateLimit-Reset"]) >= 1


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "no-such-collection", 404, None),
        ("GET", "integrations/i-e0KAB/more", 404, None),
        ("GET", "resource-preferences", 405, {"POST", "PATCH"}),
        ("GET", "resource-subscriptions", 405, {"POST"}),
        ("POST", "notification-types", 405, {"GET", "HEAD"}),
        ("PUT", "subscriptions/s-1", 405, {"GET", "HEAD", "PATCH", "DELETE"}),
        ("GET", "integrations:test", 405, {"POST"}),
    ],
)
def test_what_is_no_operation(confluent, method, path, status, allow):
    answer = confluent.send(method, path)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["status"] == str(status)
    if allow:
        assert set(answer.headers["Allow"].split(", ")) == allow


@pytest.mark.parametrize("path", ["integrations", "subscriptions", "resource-preferences", "resource-subscriptions"])
@pytest.mark.parametrize(
    "options",
    [
        {"content": "{", "headers": {"Content-Type": "application/json"}},
        {"content": b"\xff{}", "headers": {"Content-Type": "application/json"}},
        {"content": "[" * 100_000, "headers": {"Content-Type": "application/json"}},
        {"content": "[]", "headers": {"Content-Type": "application/json"}},
        {"content": "null", "headers": {"Content-Type": "application/json"}},
        {"content": "{}", "headers": {"Content-Type": "text/plain"}},
        {"content": ""},
    ],
)
def test_a_body_that_is_none(confluent, path, options):
    answer = confluent.send("POST", path, **options)
    assert answer.status_code == 400
    assert confluent.emulator.objects(path) == confluent.emulator.objects(path)


def test_errors_say_where(confluent):
    answer = confluent.post("integrations", {"display_name": "x" * 65, "target": {"kind": "Slack"}, "colour": "red"})
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert {error["source"]["pointer"] for error in errors} == {"/display_name", "/target/webhook_url", "/colour"}
    for error in errors:
        assert error.keys() == {"id", "status", "code", "title", "detail", "source"}
        assert error["status"] == "400"
    assert len({error["id"] for error in errors}) == 3


def test_a_new_organisation_has_the_catalogue(confluent):
    types = confluent.get("notification-types").json()["data"]
    assert len(types) == 20
    priorities = [found["subscription_priority"] for found in types]
    assert priorities.count("REQUIRED") == 6
    assert priorities.count("RECOMMENDED") == 1
    assert len({found["id"] for found in types}) == len({found["display_name"] for found in types}) == 20
    assert all(found["is_included_in_plan"] is True for found in types)
    assert {found["severity"] for found in types} == {"CRITICAL", "WARN", "INFO"}
    assert {found["category"] for found in types} == {"ACCOUNT", "SERVICE", "BILLING_LICENSING", "SECURITY"}
    by_id = {found["id"]: found["display_name"] for found in types}
    assert by_id["nt-DbPQ9"] == "30 days have elapsed since org was created"
    assert by_id["nt-abc123"] == "Cloud Service Quota surpassed 50% usage"


def test_a_new_organisation_mails_what_is_required_and_recommended_to_its_admins(confluent):
    (integration,) = confluent.get("integrations").json()["data"]
    assert integration["target"] == {"kind": "RoleEmail", "role_name": "OrganizationAdmin"}
    types = {
        found["id"]: found["subscription_priority"] for found in confluent.get("notification-types").json()["data"]
    }
    subscriptions = confluent.get("subscriptions").json()["data"]
    assert {found["notification_type"]["id"] for found in subscriptions} == {
        identifier for identifier, priority in types.items() if priority != "OPTIONAL"
    }
    for subscription in subscriptions:
        assert subscription["current_state"] == "ENABLED"
        assert [found["id"] for found in subscription["integrations"]] == [integration["id"]]


def test_live_references_carry_more_than_an_id(confluent):
    subscription = confluent.get("subscriptions").json()["data"][0]
    for reference in [subscription["notification_type"], *subscription["integrations"]]:
        assert reference.keys() == {"api_version", "id", "kind", "related", "resource_name"}
        assert reference["related"].startswith("https://api.confluent.cloud/notifications/v1/")
        assert reference["related"].endswith(reference["id"])


@pytest.mark.parametrize("collection", ["notification-types", "integrations", "subscriptions"])
def test_an_object_is_read_as_it_is_listed(confluent, collection):
    for listed in confluent.get(collection).json()["data"]:
        read = confluent.get(f"{collection}/{listed['id']}")
        assert read.status_code == 200
        assert read.json() == listed
        assert listed["metadata"]["self"].endswith(f"/{collection}/{listed['id']}")


@pytest.mark.parametrize(
    "path",
    ["notification-types/x", "integrations/x", "subscriptions/x", "resource-preferences/x", "resource-subscriptions/x"],
)
def test_404_for_what_does_not_exist(confluent, path):
    methods = ["GET"] if path.startswith("notification") else ["GET", "DELETE", "PATCH"]
    for method in methods:
        assert confluent.send(method, path, {} if method == "PATCH" else None).status_code == 404


@pytest.mark.parametrize(
    ("resource_type", "count"),
    [("CLUSTER", 4), ("CONNECTOR", 2), ("ENVIRONMENT", 3), ("FLINK_STATEMENT", 3), ("FLINK_COMPUTE_POOL", 0)],
)
def test_types_are_filtered_by_resource_type(confluent, resource_type, count):
    body = confluent.get("notification-types", params={"resource_type": resource_type}).json()
    assert len(body["data"]) == body["metadata"]["total_size"] == count


def test_a_resource_type_that_is_not_known_yet_is_that_of_no_type(confluent):
    answer = confluent.get("notification-types", params={"resource_type": "TOPIC"})
    assert answer.status_code == 200
    assert answer.json()["data"] == []


def test_types_are_filtered_by_several_resource_types(confluent):
    answer = confluent.get("notification-types?resource_type=CLUSTER&resource_type=CONNECTOR&page_size=4").json()
    assert answer["metadata"]["total_size"] == 6
    rest = confluent.get(answer["metadata"]["next"]).json()["data"]
    assert len({found["id"] for found in answer["data"] + rest}) == 6


@pytest.mark.parametrize(("code", "setting"), [("not_found", False), ("forbidden_access", True)])
def test_what_is_not_there_may_be_answered_403(confluent, code, setting):
    confluent.emulator.settings.forbidden_access = setting
    where = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
    lists = ["resource-subscriptions:lookup"] if setting else []
    answers = [confluent.get(f"{path}", params=where) for path in ["resource-preferences:lookup", *lists]]
    answers += [confluent.send(method, "integrations/i-none") for method in ("GET", "DELETE")]
    answers.append(confluent.patch("integrations/i-none", {}))
    assert {(answer.status_code, answer.json()["errors"][0]["code"]) for answer in answers} == {
        (403 if setting else 404, code)
    }
    assert confluent.get("integrations/i-e0KAB").status_code == 200


def test_missing_rights_have_another_code(confluent):
    confluent.emulator.settings.read_only = True
    answer = confluent.post("integrations", {})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "user_unauthorized")


def test_names_of_resources_hold_the_organisation(confluent):
    subscription = confluent.get("subscriptions").json()["data"][0]
    beginning = "crn://confluent.cloud/organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a/"
    for found in (subscription["metadata"], subscription["notification_type"], *subscription["integrations"]):
        assert found["resource_name"].startswith(beginning)


def test_who_may_only_read_changes_nothing(confluent):
    confluent.emulator.settings.read_only = True
    before = confluent.emulator.state()
    subscription = confluent.get("subscriptions").json()["data"][0]["id"]
    for method, path in [
        ("POST", "integrations"),
        ("POST", "integrations:test"),
        ("PATCH", f"subscriptions/{subscription}"),
        ("DELETE", f"subscriptions/{subscription}"),
        ("PATCH", "resource-preferences"),
    ]:
        assert confluent.send(method, path, {}).status_code == 403
    assert confluent.emulator.state() == before


def test_an_object_whose_deletion_is_past_is_listed_and_counts_as_absent(confluent):
    target = {"kind": "Webhook", "url": "https://example.com/hook"}
    confluent.emulator.seed(
        "integrations",
        {"id": "i-gone", "display_name": "a", "target": target, "metadata": {"deleted_at": "2020-01-01T00:00:00Z"}},
        {"id": "i-going", "display_name": "b", "target": target, "metadata": {"deleted_at": "2999-01-01T00:00:00Z"}},
    )
    for deleted_at in ("soon", "0001-01-01T00:00:00Z", "2020-01-01T00:00:00", 7):
        odd = {"id": "i-odd", "target": target, "metadata": {"deleted_at": deleted_at}}
        confluent.emulator.seed("integrations", odd)
        assert confluent.patch("integrations/i-odd", {"display_name": "c"}).status_code == 200
    assert {"i-gone", "i-going"} < {found["id"] for found in confluent.get("integrations").json()["data"]}
    assert confluent.patch("integrations/i-gone", {"display_name": "c"}).status_code == 404
    assert confluent.delete("integrations/i-gone").status_code == 404
    assert confluent.patch("integrations/i-going", {"display_name": "c"}).status_code == 200
