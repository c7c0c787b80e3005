"""What was reviewed is what is applied: plan files."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import scrypt
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from notifconf.api import find_saved_plan
from notifconf.emulator.confluent.objects import ORGANIZATION
from notifconf.errors import UsageError, WorkspaceError
from notifconf.executor import secrets
from notifconf.model.canonical import canonical_json, digest_of
from notifconf.plan.codec import Basis, decode_plan, plan_digest, plan_document
from tests.conftest import USUAL_COST

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


def test_it_takes_long_to_guess_a_secret_of_a_plan_file() -> None:
    assert USUAL_COST >= 2**14
    fingerprints = secrets.Fingerprints("00")
    assert fingerprints.of("secret") == scrypt(b"secret", salt=b"\0", n=secrets.COST, r=8, p=1).hex()


def test_a_plan_file_holds_the_plan_and_no_secret(saved):
    path = saved.folder / "plan.out"
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "canary" not in text
    assert "${SLACK_URL}" in text
    document = json.loads(text)
    plan = saved.plans().json
    del plan["context"]
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
    assert "Verified: what the plan changes is as planned." in ended.out


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
    ended = saved.runs("apply", "plan.out", "--format", "json")
    unchanged(saved, ended, 4, said)
    assert ended.err.splitlines()[-1].startswith("Not applied: 1 error (")


def test_an_integration_that_is_only_referred_to_must_still_be_there(user):
    """A service that accepts references to what is gone would tell nobody."""
    user.sets(SLACK_URL=SECRET)
    user.writes(
        "version: 1\nprovider: confluent\nintegrations:\n"
        '  slack: {target: {kind: Slack, webhook_url: "${SLACK_URL}"}}\n'
        "subscriptions:\n  - {notification_type: Kafka cluster shrink failure, integrations: [slack]}\n"
    )
    live = {"id": "i-1", "display_name": "slack", "target": {"kind": "Slack", "webhook_url": SECRET}}
    user.emulator.seed("integrations", live)
    assert user.plans("--out", "plan.out").code == 0
    user.requests()
    user.emulator.remove("integrations", "i-1")
    said = "subscriptions/Kafka cluster shrink failure refers to slack, which is gone"
    unchanged(user, user.runs("apply", "plan.out"), 4, said)
    user.emulator.seed("integrations", {**live, "id": "i-2"})
    unchanged(user, user.runs("apply", "plan.out"), 4, said)
    user.emulator.remove("integrations", "i-2")
    user.emulator.seed("integrations", live)
    assert user.runs("apply", "plan.out").code == 0


def test_a_mute_that_ended_makes_it_stale(saved):
    with freeze_time("2036-12-01T06:00:00Z"):
        unchanged(saved, saved.runs("apply", "plan.out"), 4, "held until 2036-12-01T06:00:00Z")


def test_a_plan_that_was_applied_is_stale(saved):
    assert saved.runs("apply", "plan.out").code == 0
    saved.requests()
    unchanged(saved, saved.runs("apply", "plan.out"), 4, "stale")
    assert saved.runs("apply", "plan.out", "--json", "--output", "run.json").code == 4
    assert "make the plan anew: " in saved.runs("report", "run.json").out
    assert len(saved.runs("report", "run.json", "--json").json["runs"]) == 1
    incomplete = saved.runs("report", "run.json", "nowhere.json", "--json")
    assert (incomplete.code, [run["file"] for run in incomplete.json["runs"]]) == (1, ["run.json", "nowhere.json"])
    (saved.folder / "in-sync.json").touch()
    ended = saved.runs("report", "in-sync.json")
    assert (ended.code, "it is empty" in ended.out) == (1, True)


def _altered(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=2))


def _sealed(path, change):
    """Alter a plan file as somebody does who knows how it is made: the digest and the checksum fit."""

    def changed(document):
        change(document)
        saved = document["saved"]
        saved.pop("checksum", None)
        try:
            basis = Basis(*(saved[name] for name in ("endpoint", "workspace", "options", "verify", "lookalikes")))
            document["digest"] = plan_digest(decode_plan(saved), basis)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # what can't be read has no digest
        with suppress(ValueError):
            saved["checksum"] = digest_of(document)

    _altered(path, changed)


def _saved(document):
    return document["saved"]


def _nested(depth):
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"members": {"a": value}}
    return value


DELETE: dict[str, Any] = {
    "action": "delete",
    "kind": "integration",
    "address": "integrations/changed",
    "id": "i-1",
    "before": {},
    "after": None,
    "changed": [],
    "depends_on": [],
    "blocked": None,
    "position": None,
}

ALTERATIONS = {
    "a delete that is not shown": lambda document: _saved(document)["changes"].append(DELETE),
    "a create that is not shown": lambda document: document["changes"].pop(0),
    "another diff": lambda document: [change.update(diff=[]) for change in document["changes"] if change["diff"]],
    "another summary": lambda document: document["summary"].update(delete=1),
    "a summary of another type": lambda document: document["summary"].update(create=float("3")),
    "no silences": lambda document: document.update(silences=[]),
    "no diagnostics": lambda document: document.update(diagnostics=[]),
    "no undeclared objects": lambda document: document.update(unmanaged=[]),
    "saved silences": lambda document: _saved(document).update(silences=[]),
    "a hidden error": lambda document: _saved(document)["diagnostics"].append(
        {"severity": "error", "code": "x", "message": "x", "address": None, "file": None, "line": None, "column": None}
    ),
    "salt": lambda document: _saved(document).update(salt="no hexadecimal digits at all...."),
    "odd salt": lambda document: _saved(document).update(salt="abc"),
    "an unknown address": lambda document: _saved(document)["secrets"][0].update(address="integrations/x"),
    "an unknown path": lambda document: _saved(document)["secrets"][0].update(path="/x"),
    "a secret without a fingerprint": lambda document: _saved(document)["secrets"].pop(0),
    "until without offset": lambda document: _saved(document).update(until="2036-12-01T06:00:00"),
    "until that is no time": lambda document: _saved(document).update(until="tomorrow"),
    "unknown dependency": lambda document: _saved(document)["changes"][0].update(depends_on=["integrations/x"]),
    "itself as dependency": lambda document: _saved(document)["changes"][0].update(depends_on=["integrations/slack"]),
    "no lookalikes": lambda document: _saved(document).update(lookalikes={}),
    "a kind of another provider": lambda document: _saved(document)["changes"][0].update(kind="event-subscription"),
    "another provider": lambda document: _saved(document).update(provider="konnect"),
    "an unknown provider": lambda document: _saved(document).update(provider="x"),
    "an unknown mode": lambda document: _saved(document).update(mode="x"),
    "an update that writes what it does not show": lambda document: [
        change["changed"].append("description")
        for change in _saved(document)["changes"]
        if change["action"] == "update"
    ],
    "a secret that is not marked as changed": lambda document: _mark(document, changed=False),
    "a huge number": lambda document: _saved(document)["changes"][0].update(position=["f", 10**400, 1]),
    "an infinite number": lambda document: _saved(document)["changes"][0]["after"].update(x=float("inf")),
    "deep nesting": lambda document: _saved(document)["changes"][0]["after"].update(x=_nested(300)),
    "an extra member": lambda document: document.update(extra=1),
    "an extra saved member": lambda document: _saved(document).update(extra=1),
    "an outcome": lambda document: document.update(remaining=[], interrupted=False, verification_error=None),
    "wrong type": lambda document: _saved(document).update(changes={}),
    "saved is a list": lambda document: document.update(saved=[]),
    "no saved part": lambda document: document.pop("saved"),
}


def _mark(document, *, changed):
    for change in [*_saved(document)["changes"], *document["changes"]]:
        if change["address"] == "integrations/changed" and "changed" in change:
            change["after"]["target"]["members"]["url"]["changed"] = changed


@pytest.mark.parametrize("how", [_altered, _sealed], ids=["by hand", "with care"])
@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_plan_file_is_an_error(saved, name, how):
    if how is _sealed and name in {"saved is a list", "no saved part"}:
        pytest.skip("there is nothing to seal")
    how(saved.folder / "plan.out", ALTERATIONS[name])
    ended = saved.runs("apply", "plan.out", "--format", "json")
    unchanged(saved, ended, 1, "the plan file was altered")
    assert saved.requests() == []
    assert [item["code"] for item in ended.json["diagnostics"]] == ["usage"]


def test_each_missing_member_is_an_error(saved):
    path = saved.folder / "plan.out"
    text = path.read_text()
    for name in (*json.loads(text), *(f"saved/{name}" for name in json.loads(text)["saved"])):
        path.write_text(text)
        *parents, last = name.split("/")
        _altered(path, lambda document: (document["saved"] if parents else document).pop(last))  # noqa: B023
        assert saved.runs("apply", "plan.out").code == 1, name
    assert saved.requests() == []


@pytest.mark.parametrize(
    "text",
    [
        '{"format_version": "1.0"}',
        '{"format_version": "1.0", "saved": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}",
        '{"format_version": "1.0", "saved": ' + "9" * 10_000 + "}",
        '{"format_version": "1.0", "saved": NaN}',
        '{"format_version": "1.0", "saved": {',
        '{"format_version": "1.0", "format_version": "1.0", "saved": {}}',
    ],
)
def test_what_is_no_plan_file_is_an_error(saved, text):
    (saved.folder / "plan.out").write_text(text)
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "the plan file was altered")


def test_another_version_is_an_error(saved):
    _altered(saved.folder / "plan.out", lambda document: document.update(format_version="2.0"))
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "version")


def test_a_member_that_stands_twice_is_an_error(saved):
    """Programs differ in which of the two they read, so the reviewed one may not be the one that is applied."""
    path = saved.folder / "plan.out"
    path.write_text(path.read_text().replace('"changes": [', '"changes": [], "changes": [', 1))
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "altered")


def _places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _places(member, (*path, name))


VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "../x",
    [],
    [1],
    {},
    {"secret": None, "changed": False},
)


def _change_at(path, value):
    def change(document):
        container = document
        for step in path[:-1]:
            container = container[step]
        if value == "left out":
            del container[path[-1]]
        elif value == "doubled" and isinstance(container, list):
            container.append(container[path[-1]])
        else:
            container[path[-1]] = value

    return change


def test_no_single_change_of_a_plan_file_is_applied(saved):
    path = saved.folder / "plan.out"
    text = path.read_text()
    document = json.loads(text)
    places = [place for place in _places(document) if place]

    @given(st.sampled_from(places), st.sampled_from((*VALUES, "left out", "doubled")))
    def holds(place, value):
        path.write_text(text)
        _altered(path, _change_at(place, value))
        if canonical_json(json.loads(path.read_text())) == canonical_json(document):
            return
        with pytest.raises((UsageError, WorkspaceError)):
            load_plan(path)

    holds()


def test_no_change_of_a_byte_is_applied(saved):
    path = saved.folder / "plan.out"
    data = path.read_bytes()

    @given(st.integers(0, len(data) - 1), st.integers(0, 255))
    def holds(index, byte):
        altered = data[:index] + bytes([byte]) + data[index + 1 :]
        path.write_bytes(altered)
        with suppress(ValueError):
            if json.loads(altered) == json.loads(data):
                return
        with pytest.raises((UsageError, WorkspaceError)):
            load_plan(path)

    holds()


def test_whoever_seals_a_change_of_what_is_done_makes_another_digest(saved):
    """The reviewed digest decides: whatever a file says, it is refused, or it does what was reviewed."""
    path = saved.folder / "plan.out"
    text = path.read_text()
    reviewed = load_plan(path)
    places = [place for place in _places(json.loads(text)) if len(place) > 1 and place[0] == "saved"]

    @given(st.sampled_from(places), st.sampled_from((*VALUES, "left out", "doubled")))
    def holds(place, value):
        path.write_text(text)
        _sealed(path, _shown_too(_change_at(place, value)))
        try:
            read = load_plan(path)
        except (UsageError, WorkspaceError):
            return
        if read.plan.digest == reviewed.plan.digest:
            assert (read.plan.changes, read.plan.until, read.plan.mode) == (
                reviewed.plan.changes,
                reviewed.plan.until,
                reviewed.plan.mode,
            )
            assert read.basis == reviewed.basis

    holds()


def _shown_too(change):
    """Alter the saved part, and make the document that it shows."""

    def changed(document):
        change(document)
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            shown = plan_document(decode_plan(document["saved"]))
            document.update({name: value for name, value in shown.items() if name != "digest"})

    return changed


def test_whatever_a_sealed_file_says_is_no_bug(saved):
    path = saved.folder / "plan.out"
    text = path.read_text()
    places = [place for place in _places(json.loads(text)) if len(place) > 1 and place[0] == "saved"]

    @given(st.sampled_from(places), st.sampled_from((*VALUES, "left out", "doubled")))
    def holds(place, value):
        path.write_text(text)
        _sealed(path, _shown_too(_change_at(place, value)))
        ended = saved.runs("apply", "plan.out")
        assert ended.code in {0, 1, 3, 4}
        assert "bug" not in ended.err
        assert "canary" not in ended.out + ended.err

    holds()


def _others(workspace):
    """The same workspace as somebody else writes it, and others."""
    return {
        "as it is": (workspace, 0),
        "a comment": ("# a comment\n" + workspace, 0),
        "another order": (
            "subscriptions:"
            + workspace.split("subscriptions:")[1].replace("[slack, admins]", "[admins, slack]")
            + workspace.split("subscriptions:")[0],
            0,
        ),
        "a default": (workspace + "policy: {mode: upsert-only}\n", 0),
        "another state": (workspace.replace("failure\n", "failure\n    current_state: DISABLED\n"), 4),
        "another policy": (workspace + "policy: {mode: sync}\n", 4),
        "another expression": (workspace.replace("${SLACK_URL}", "${OTHER_URL}"), 4),
        "another provider": ("version: 1\nprovider: konnect\nsubscriptions: []\n", 4),
        "a broken one": (workspace + "nonsense: 1\n", 1),
        "a missing one": (None, 1),
    }


@pytest.mark.parametrize("name", _others(WORKSPACE))
def test_the_workspace_must_be_the_one_that_was_planned(saved, name):
    text, code = _others(WORKSPACE)[name]
    saved.sets(OTHER_URL=SECRET)
    if text is not None:
        saved.writes(text, "elsewhere.yaml")
    ended = saved.runs("apply", "plan.out", "--workspace", "elsewhere.yaml", "--format", "json")
    if code == 0:
        assert ended.code == 0
        return
    unchanged(saved, ended, code, "the workspace elsewhere.yaml" if code == 4 else "elsewhere.yaml")
    assert saved.requests() == []
    assert (ended.json["diagnostics"][0]["code"] == "stale") is (code == 4)


def test_a_workspace_may_have_several_paths(saved):
    head, _, tail = WORKSPACE.partition("subscriptions:")
    saved.writes(head, "b.yaml")
    saved.writes("subscriptions:" + tail, "a.yaml")
    unchanged(saved, saved.runs("apply", "plan.out", "--workspace", "b.yaml"), 4, "b.yaml")
    assert saved.runs("apply", "plan.out", "--workspace", "a.yaml", "--workspace", "b.yaml").code == 0


def test_a_secret_in_clear_is_taken_from_the_workspace_that_is_named(user):
    text = (
        WORKSPACE.split("subscriptions:", 1)[0].replace("${SLACK_URL}", SECRET).replace("${file:secrets/url}", SECRET)
    )
    user.writes(text)
    user.plans("--out", "plan.out")
    (user.folder / "notifconf.yaml").rename(user.folder / "moved.yaml")
    unchanged(user, user.runs("apply", "plan.out"), 1, "notifconf.yaml")
    (user.folder / "other.yaml").write_text(text.replace(SECRET, "https://example.com/canary-other"))
    unchanged(user, user.runs("apply", "plan.out", "--workspace", "other.yaml"), 4, "is another than")
    assert user.runs("apply", "plan.out", "--workspace", "moved.yaml").code == 0


def test_files_are_read_beside_the_workspace_that_is_named(saved):
    """Another job checks the repository out elsewhere."""
    (saved.folder / "elsewhere").mkdir()
    for name in ("notifconf.yaml", "secrets"):
        (saved.folder / name).rename(saved.folder / "elsewhere" / name)
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "secrets/url")
    assert saved.runs("apply", "plan.out", "--workspace", "elsewhere").code == 0


def test_the_plan_must_be_the_one_that_was_reviewed(saved):
    digest = saved.plans().json["digest"]
    assert digest == json.loads((saved.folder / "plan.out").read_text())["digest"]
    saved.requests()
    for other in (digest[:-1], "0" * 64, "", f"sha256:{digest}"):
        unchanged(saved, saved.runs("apply", "plan.out", "--plan-digest", other), 1, f"its digest is {digest}")
        assert saved.requests() == []
    saved.plans("--out", "other.out", "--target", "integrations/slack")
    unchanged(saved, saved.runs("apply", "other.out", "--plan-digest", digest), 1, "not the plan that was reviewed")
    assert saved.runs("apply", "plan.out", "--plan-digest", digest.upper()).code == 0


@pytest.mark.parametrize("option", [["--plan-digest", "0" * 64], ["--workspace", "notifconf.yaml"]])
@pytest.mark.parametrize("paths", [[], ["notifconf.yaml"], ["plan.out", "notifconf.yaml"]])
def test_only_a_plan_file_can_be_the_one_that_was_reviewed(saved, option, paths):
    """Else a workspace in the place of the plan file would be applied unseen."""
    unchanged(saved, saved.runs("apply", *paths, "--auto-approve", *option), 1, "are about a plan file")


def test_the_same_inputs_have_the_same_digest_and_others_another(saved):
    digest = saved.plans().json["digest"]
    saved.writes("# a comment\n" + WORKSPACE, "folder/else.yaml")
    saved.writes("https://example.com/canary-new\n", "folder/secrets/url")
    assert saved.plans("folder").json["digest"] == digest
    assert saved.plans("--out", "again.out").json["digest"] == digest
    for options in (["--mode", "sync"], ["--target", "integrations/*"], ["--force"], ["--max-deletes", "5"]):
        assert saved.plans(*options).json["digest"] != digest
    saved.writes(WORKSPACE.replace("failure\n", "failure\n    current_state: DISABLED\n"))
    assert saved.plans().json["digest"] != digest
    saved.writes(WORKSPACE)
    assert saved.plans("--endpoint", saved.url.replace("127.0.0.1", "localhost")).json["digest"] != digest
    saved.emulator.seed("integrations", {"id": "i-2", "display_name": "x", "target": {"kind": "Slack"}})
    assert saved.plans().json["digest"] == digest  # what the plan does not touch has no part in it
    saved.emulator.remove("integrations", "i-1")
    assert saved.plans().json["digest"] != digest


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("text", "\nDigest: {}\n"),
        ("json", '"digest": "{}"'),
        ("markdown", "\nDigest: `{}`\n"),
        ("html", "<p>Digest: <code>{}</code></p>"),
        ("github", "\nDigest: {}\n"),
    ],
)
def test_every_format_shows_the_digest(saved, form, shown):
    saved.sets(GITHUB_OUTPUT=str(saved.folder / "outputs"))
    digest = saved.plans().json["digest"]
    for command in (["plan"], ["drift"]):
        assert shown.format(digest) in saved.runs(*command, "--format", form).out
    if form == "github":
        assert f"\ndigest={digest}\n" in (saved.folder / "outputs").read_text()
    ended = saved.runs("apply", "plan.out", "--format", form)
    assert ended.code == 0
    assert shown.format(digest) in ended.out + ended.err


def test_a_plan_that_could_not_be_made_has_no_digest(user):
    user.writes("version: 1\nprovider: confluent\nnonsense: 1\n")
    assert user.plans().json["digest"] is None
    for form in ("markdown", "html", "github"):
        assert "Digest" not in user.runs("plan", "--format", form).out


def load_plan(path):
    """Read a file as `apply` does, also where it is no plan file any more."""
    found = find_saved_plan(path)
    if found is None:
        raise UsageError("it is read as a workspace")
    return found


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


def test_credentials_of_another_organization_are_an_error(user):
    """Also where nothing that the plan touches is there: a plan of a new mute."""
    user.sets(SLACK_URL=SECRET)
    user.writes("https://example.com/canary-new\n", "secrets/url")
    user.writes(WORKSPACE)
    assert user.plans("--out", "plan.out", "--target", "resource-preferences/*").code == 0
    path = user.folder / "plan.out"
    assert json.loads(path.read_text())["saved"]["organization"] == ORGANIZATION
    _sealed(path, lambda document: document["saved"].update(organization="another"))
    unchanged(user, user.runs("apply", "plan.out"), 1, "the organization another")


def test_a_missing_variable_is_an_error(saved, monkeypatch):
    monkeypatch.delenv("SLACK_URL")
    unchanged(saved, saved.runs("apply", "plan.out"), 1, "SLACK_URL")
    assert saved.runs("apply", "plan.out", "--json").codes() == ["error:missing-variable"]
    saved.sets(SLACK_URL="")
    unchanged(saved, saved.runs("apply", "plan.out"), 4, "is empty")
    monkeypatch.delenv("SLACK_URL")
    ended = saved.runs("apply", "plan.out", "--allow-env", "", "--allow-files", "", "--json")
    assert ended.codes() == ["error:forbidden-source"] * 2
    assert {item["file"] for item in ended.json["diagnostics"]} == {"notifconf.yaml"}


def test_the_message_of_a_reference_is_not_in_the_plan_file(user, monkeypatch):
    user.writes(
        WORKSPACE.replace("${SLACK_URL}", "${SLACK_URL:?ask bob}").replace("${file:secrets/url}", "${SLACK_URL}")
    )
    user.sets(SLACK_URL=SECRET)
    assert user.plans("--out", "plan.out").code == 0
    monkeypatch.delenv("SLACK_URL")
    ended = user.runs("apply", "plan.out")
    assert (ended.code, ended.err.count("set it"), "…" in ended.err) == (1, 2, False)


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
    assert ended.err.count("error[") == 1


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
