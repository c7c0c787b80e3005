"""Resource preferences and resource subscriptions."""

import pytest

ADMINS = "i-e0KAB"
CLUSTER = "environment=env-456xy/cloud-cluster=lkc-df123"
PREFERENCE = {"resource": CLUSTER, "resource_type": "CLUSTER", "current_state": "DISABLED"}
SUBSCRIPTION = {
    "resource": CLUSTER,
    "resource_type": "CLUSTER",
    "notification_type": {"id": "nt-abc123"},
    "integrations": [{"id": ADMINS}],
    "current_state": "ENABLED",
}
WHERE = {"resource": CLUSTER, "resource_type": "CLUSTER"}
KINDS = [("resource-preferences", PREFERENCE), ("resource-subscriptions", SUBSCRIPTION)]


def test_a_preference_from_beginning_to_end(confluent):
    assert confluent.get("resource-preferences:lookup", params=WHERE).status_code == 404
    answer = confluent.post("resource-preferences", PREFERENCE)
    assert answer.status_code == 201
    created = answer.json()
    assert created["kind"] == "ResourcePreference"
    assert created["id"].startswith("rp-")
    assert confluent.get("resource-preferences:lookup", params=WHERE).json() == created
    assert confluent.get(f"resource-preferences/{created['id']}").json() == created
    answer = confluent.patch(f"resource-preferences/{created['id']}", {"current_state": "ENABLED"})
    assert answer.status_code == 200
    assert answer.json()["current_state"] == "ENABLED"
    assert confluent.delete(f"resource-preferences/{created['id']}").status_code == 204
    assert confluent.get("resource-preferences:lookup", params=WHERE).status_code == 404


def test_the_guides_form_of_patch_has_the_resource_in_the_body(confluent):
    created = confluent.post("resource-preferences", PREFERENCE).json()
    answer = confluent.patch("resource-preferences", {**PREFERENCE, "current_state": "ENABLED"})
    assert answer.status_code == 200
    assert answer.json()["id"] == created["id"]
    assert confluent.get(f"resource-preferences/{created['id']}").json()["current_state"] == "ENABLED"
    assert confluent.patch("resource-preferences", {**PREFERENCE, "resource": "environment=env-9"}).status_code == 404
    assert confluent.patch("resource-preferences", {"current_state": "ENABLED"}).status_code == 400


def test_one_preference_per_resource(confluent):
    assert confluent.post("resource-preferences", PREFERENCE).status_code == 201
    assert confluent.post("resource-preferences", PREFERENCE).status_code == 409
    assert confluent.post("resource-preferences", {**PREFERENCE, "resource": "environment=env-1"}).status_code == 201


def test_a_resource_subscription_from_beginning_to_end(confluent):
    assert confluent.get("resource-subscriptions:lookup", params=WHERE).json()["data"] == []
    answer = confluent.post("resource-subscriptions", SUBSCRIPTION)
    assert answer.status_code == 201
    created = answer.json()
    assert created["kind"] == "ResourceSubscription"
    assert created["id"].startswith("rs-")
    page = confluent.get("resource-subscriptions:lookup", params=WHERE).json()
    assert page["kind"] == "ResourceSubscriptionList"
    assert page["data"] == [created]
    assert confluent.get(f"resource-subscriptions/{created['id']}").json() == created
    # As in the guide: the resource is repeated.
    body = {**WHERE, "current_state": "DISABLED", "integrations": [{"id": ADMINS}]}
    answer = confluent.patch(f"resource-subscriptions/{created['id']}", body)
    assert answer.status_code == 200
    assert answer.json()["current_state"] == "DISABLED"
    assert confluent.delete(f"resource-subscriptions/{created['id']}").status_code == 204
    assert confluent.get("resource-subscriptions:lookup", params=WHERE).json()["data"] == []


def test_one_resource_subscription_per_resource_and_type(confluent):
    assert confluent.post("resource-subscriptions", SUBSCRIPTION).status_code == 201
    assert confluent.post("resource-subscriptions", SUBSCRIPTION).status_code == 409
    for change in ({"notification_type": {"id": "nt-DbPQ9"}}, {"resource": "environment=env-1"}):
        assert confluent.post("resource-subscriptions", {**SUBSCRIPTION, **change}).status_code == 201


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_without_a_state_it_is_enabled(confluent, collection, body):
    answer = confluent.post(collection, {name: body[name] for name in body if name != "current_state"})
    assert (answer.status_code, answer.json()["current_state"]) == (201, "ENABLED")


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_a_second_one_is_told_where_the_first_is(confluent, collection, body):
    created = confluent.post(collection, body)
    answer = confluent.post(collection, body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "resource_already_exists")
    assert answer.headers["Location"] == created.headers["Location"]


@pytest.mark.parametrize(("collection", "body"), KINDS)
@pytest.mark.parametrize("name", ["my sink", "a=b", "100%", "größe", "日本", "a=b c%20d"])
def test_a_connectors_name_is_free_text(confluent, collection, body, name):
    resource = f"{CLUSTER}/connector={name}"
    answer = confluent.post(collection, {**body, "resource": resource, "resource_type": "CONNECTOR"})
    assert answer.status_code == 201
    found = confluent.get(f"{collection}:lookup", params={"resource": resource, "resource_type": "CONNECTOR"}).json()
    assert found.get("data", [found]) == [answer.json()]


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_a_resource_type_may_be_newer_than_the_emulator(confluent, collection, body):
    assert confluent.post(collection, {**body, "resource_type": "SCHEMA_REGISTRY"}).status_code == 201


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_what_is_required(confluent, collection, body):
    confluent.emulator.settings.require_state = True
    for missing in body:
        answer = confluent.post(collection, {name: value for name, value in body.items() if name != missing})
        assert answer.status_code == 400
        assert {"pointer": f"/{missing}"} in [error["source"] for error in answer.json()["errors"]]
    assert confluent.emulator.objects(collection) == []


@pytest.mark.parametrize(("collection", "body"), KINDS)
@pytest.mark.parametrize(
    "change",
    [
        {"resource": ""},
        {"resource": "lkc-1"},
        {"resource": "cloud-cluster="},
        {"resource": "cloud-cluster=lkc-1/"},
        {"resource": "cloud-cluster=lkc 1"},
        {"resource": "x=" + "y" * 1024},
        {"resource": None},
        {"resource_type": "Cluster"},
        {"resource_type": ""},
        {"resource_type": None},
        {"current_state": "MUTED"},
        {"more": 1},
    ],
)
def test_what_is_refused(confluent, collection, body, change):
    assert confluent.post(collection, {**body, **change}).status_code == 400
    assert confluent.emulator.objects(collection) == []


@pytest.mark.parametrize(
    "change",
    [
        {"resource_type": "ORGANIZATION"},
        {"integrations": []},
        {"integrations": [{"id": "i-none"}]},
        {"notification_type": {"id": "nt-none"}},
    ],
)
def test_what_is_refused_of_a_resource_subscription(confluent, change):
    assert confluent.post("resource-subscriptions", {**SUBSCRIPTION, **change}).status_code == 400


def test_an_organisation_can_be_muted(confluent):
    body = {"resource": "organization=o-1", "resource_type": "ORGANIZATION", "current_state": "DISABLED"}
    assert confluent.post("resource-preferences", body).status_code == 201


@pytest.mark.parametrize(("collection", "body"), KINDS)
@pytest.mark.parametrize("change", [{"resource": "lkc-1"}, {"resource_type": 7}, {"current_state": "MUTED"}])
def test_what_a_patch_can_not_change(confluent, collection, body, change):
    created = confluent.post(collection, body).json()
    answer = confluent.patch(f"{collection}/{created['id']}", change)
    assert answer.status_code == 400
    assert confluent.get(f"{collection}/{created['id']}").json() == created


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_a_patch_may_name_the_resource_and_another_one(confluent, collection, body):
    created = confluent.post(collection, body).json()
    path = f"{collection}/{created['id']}"
    same = {"resource": body["resource"], "resource_type": body["resource_type"]}
    assert confluent.patch(path, same).json() | {"metadata": None} == created | {"metadata": None}
    other = {"resource": "environment=env-1", "resource_type": "ENVIRONMENT"}
    moved = confluent.patch(path, other)
    assert (moved.status_code, moved.json()["resource"]) == (200, "environment=env-1")
    found = confluent.get(f"{collection}:lookup", params=other).json()
    assert found.get("data", [found]) == [moved.json()]
    assert confluent.post(collection, body).status_code == 201
    answer = confluent.patch(path, same)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "resource_already_exists")
    confluent.emulator.settings.forbidden_resources = ["*lkc-df123*"]
    assert confluent.patch(path, same).status_code == 403


def test_the_type_of_a_resource_subscription_is_immutable(confluent):
    created = confluent.post("resource-subscriptions", SUBSCRIPTION).json()
    path = f"resource-subscriptions/{created['id']}"
    assert confluent.patch(path, {"notification_type": {"id": "nt-DbPQ9"}}).status_code == 400
    assert confluent.patch(path, {"notification_type": {"id": "nt-abc123"}}).status_code == 200


@pytest.mark.parametrize("collection", ["resource-preferences", "resource-subscriptions"])
@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({}, "resource"),
        ({"resource_type": "CLUSTER"}, "resource"),
        ({"resource": "", "resource_type": "CLUSTER"}, "resource"),
        ({"resource": CLUSTER}, "resource_type"),
        ({"resource": CLUSTER, "resource_type": ""}, "resource_type"),
    ],
)
def test_a_lookup_needs_the_resource_and_its_type(confluent, collection, params, parameter):
    answer = confluent.get(f"{collection}:lookup", params=params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_a_lookup_finds_the_resource_of_that_type_alone(confluent, collection, body):
    confluent.post(collection, {**body, "resource": "environment=env-1", "resource_type": "ENVIRONMENT"})
    for params in (WHERE, {"resource": "environment=env-1", "resource_type": "CLUSTER"}):
        answer = confluent.get(f"{collection}:lookup", params=params)
        assert answer.status_code == 404 if collection == "resource-preferences" else answer.json()["data"] == []


@pytest.mark.parametrize(("collection", "body"), KINDS)
def test_a_forbidden_resource(confluent, collection, body):
    created = confluent.post(collection, body).json()
    confluent.emulator.settings.forbidden_resources = ["*lkc-df123*"]
    path = f"{collection}/{created['id']}"
    assert confluent.get(f"{collection}:lookup", params=WHERE).status_code == 403
    assert confluent.get(path).status_code == 403
    assert confluent.patch(path, {"current_state": "ENABLED"}).status_code == 403
    assert confluent.delete(path).status_code == 403
    assert confluent.post(collection, {**body, "resource": f"{CLUSTER}/connector=c"}).status_code == 403
    assert confluent.post(collection, {**body, "resource": "environment=env-1"}).status_code == 201
