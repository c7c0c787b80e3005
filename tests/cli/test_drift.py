from __future__ import annotations

import os
import stat
from functools import partial

import pytest
from freezegun import freeze_time
from prometheus_client.parser import text_string_to_metric_families

from tests.recipes.conftest import pushgateway

WORKSPACE = """\
version: 1
provider: confluent
integrations:
  slack:
    target: {kind: Slack, webhook_url: "${SLACK_URL}"}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [slack]
resources:
  - resource: environment=env-1
    muted: {until: 2999-12-01T06:00:00Z}
"""
at = partial(freeze_time, ignore=["asyncio"])
"""The service runs in a thread of this process, and its event loop must go on."""

KINDS = ("integration", "subscription", "resource-preference", "resource-subscription")


@pytest.fixture(autouse=True)
def _secret(user):
    user.sets(SLACK_URL="https://hooks.slack.com/services/canary-url")


@pytest.fixture
def in_sync(user):
    user.writes(WORKSPACE)
    assert user.applies().code == 0
    return user


def metrics(user, name="drift.prom"):
    """Every sample of a metrics file, by its name and labels."""
    found = {}
    for family in text_string_to_metric_families((user.folder / name).read_text()):
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "workspace"}
            assert sample.labels["workspace"] == str(user.folder / "notifconf.yaml")
            ordered = (labels[name] for name in ("provider", "kind", "action") if name in labels)
            found[sample.name.removeprefix("notifconf_"), *ordered] = sample.value
    return found


def somebody_switches_it_off(user):
    for item in user.emulator.objects("subscriptions"):
        user.emulator.seed("subscriptions", {**item, "current_state": "DISABLED"})


def test_in_sync_there_is_nothing_to_say(in_sync):
    for options in ([], ["-v"], ["--format", "json"], ["--format", "github"], ["--metrics-file", "drift.prom"]):
        ended = in_sync.runs("drift", *options)
        assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_warnings_alone_are_nothing_to_say(in_sync):
    with at("2999-12-01T05:00:00Z"):
        ended = in_sync.runs("drift")
        assert "mute-expires-soon" in in_sync.runs("plan").err
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_file_is_written_in_sync_too(in_sync):
    assert in_sync.runs("drift", "--format", "markdown", "--output", "drift.md").out == ""
    assert "No changes. Live state matches the configuration." in (in_sync.folder / "drift.md").read_text()


def test_a_change_in_the_console_is_told(in_sync):
    somebody_switches_it_off(in_sync)
    ended = in_sync.runs("drift")
    assert ended.code == 2
    assert '      current_state: "DISABLED" → "ENABLED"\n' in ended.out
    assert ended.out.endswith("Plan: 0 to create, 1 to update, 0 to delete.\n")
    assert in_sync.runs("plan").out == ended.out


def test_it_only_looks(in_sync):
    somebody_switches_it_off(in_sync)
    in_sync.requests()
    in_sync.runs("drift", "--mode", "sync")
    assert {request.split()[0] for request in in_sync.requests()} == {"GET"}


def test_options_of_a_plan_narrow_it(in_sync):
    somebody_switches_it_off(in_sync)
    assert in_sync.runs("drift", "--exclude", "subscriptions/*").code == 0
    assert in_sync.runs("drift", "--target", "subscriptions/*").code == 2
    assert in_sync.runs("drift", "--mode", "create-only").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--max-deletes", "0", "--mode", "sync"], 5), (["nowhere.yaml"], 1), (["--endpoint", "http://example.com"], 1)],
)
def test_other_ends(in_sync, arguments, code):
    assert in_sync.runs("drift", *arguments).code == code


def test_metrics_of_a_drift(in_sync):
    somebody_switches_it_off(in_sync)
    with at("2026-11-21T00:00:00Z") as clock:
        now = clock().timestamp()
        ended = in_sync.runs("drift", "--metrics-file", "drift.prom")
    assert ended.code == 2
    found = metrics(in_sync)
    changes = {key[2:]: value for key, value in found.items() if key[0] == "drift_changes"}
    assert changes == {
        (kind, action): float((kind, action) == ("subscription", "update"))
        for kind in KINDS
        for action in ("create", "update", "delete")
    }
    assert found["undeclared_objects",] == 8
    assert found["expired_mutes",] == 0
    assert found["drift_exit_code",] == 2
    assert found["last_run_timestamp_seconds",] == found["last_success_timestamp_seconds",] == now
    assert found["drift_duration_seconds",] >= 0


def test_a_mute_that_has_ended_is_a_drift_and_counted(in_sync):
    with at("2999-12-02"):
        assert in_sync.runs("drift", "--metrics-file", "drift.prom").code == 2
    found = metrics(in_sync)
    assert found["expired_mutes",] == 1
    assert found["drift_changes", "confluent", "resource-preference", "update"] == 1


def test_a_run_that_fails_keeps_the_last_success(in_sync):
    with at("2026-11-21"):
        assert in_sync.runs("drift", "--metrics-file", "drift.prom").code == 0
        success = metrics(in_sync)["last_success_timestamp_seconds",]
    in_sync.emulator.settings.update({"forbidden_resources": ["environment=env-1"]})
    with at("2026-11-22"):
        assert in_sync.runs("drift", "--metrics-file", "drift.prom").code == 1
    found = metrics(in_sync)
    assert found["drift_exit_code",] == 1
    assert found["last_success_timestamp_seconds",] == success
    assert found["last_run_timestamp_seconds",] == success + 86400
    assert not [key for key in found if key[0] in {"drift_changes", "undeclared_objects", "expired_mutes"}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (WORKSPACE + "nonsense: 1\n", 1),
        (WORKSPACE.replace("shrink failure", "shrink falure"), 1),
    ],
)
def test_an_error_is_no_success(user, text, code):
    user.writes(text)
    assert user.runs("drift", "--metrics-file", "drift.prom").code == code
    found = metrics(user)
    assert found["drift_exit_code",] == code
    assert found["last_success_timestamp_seconds",] == 0


def test_a_refusal_knows_the_drift(in_sync):
    in_sync.runs("drift", "--mode", "sync", "--max-deletes", "0", "--metrics-file", "drift.prom")
    found = metrics(in_sync)
    assert found["drift_exit_code",] == 5
    assert found["drift_changes", "confluent", "subscription", "delete"] > 0
    assert found["last_success_timestamp_seconds",] > 0


def test_the_file_can_be_read_by_a_collector_and_is_never_half(in_sync):
    folder = in_sync.folder / "textfiles"
    folder.mkdir()
    os.umask(mask := os.umask(0o077))
    old = folder / "drift.prom"
    old.write_text("# half\n")
    with old.open() as reader:
        in_sync.runs("drift", "--metrics-file", old)
        # Who has it open still reads the old one: it was replaced, not written over.
        assert reader.read() == "# half\n"
    assert stat.S_IMODE(old.stat().st_mode) == 0o644
    assert [path.name for path in folder.iterdir()] == ["drift.prom"]
    assert os.umask(mask) == mask


def test_metrics_that_can_not_be_written_are_an_error_beside_the_drift(in_sync):
    somebody_switches_it_off(in_sync)
    ended = in_sync.runs("drift", "--metrics-file", "no/such/drift.prom")
    assert ended.code == 1
    assert "Plan: 0 to create, 1 to update, 0 to delete.\n" in ended.out
    assert ended.err == "error: can't write the metrics to no/such/drift.prom: No such file or directory\n"


@pytest.mark.parametrize("broken", [False, True])
def test_a_device_is_not_replaced(in_sync, broken):
    pipe = in_sync.folder / "pipe"
    os.mkfifo(pipe)
    if broken:
        in_sync.writes("nonsense")
    ended = in_sync.runs("drift", "--metrics-file", "pipe")
    assert ended.code == 1
    assert "--metrics-file can't write pipe: it is a FIFO" in ended.err
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_metrics_are_pushed_and_a_failed_run_keeps_what_it_does_not_know(in_sync):
    with pushgateway() as (url, pushed):
        assert in_sync.runs("drift", "--push-metrics", url).code == 0
        in_sync.writes("version: 1\nprovider: confluent\nnonsense: 1\n")
        assert in_sync.runs("drift", "--push-metrics", url).code == 1
    (put, path, whole), (post, same, rest) = pushed
    assert (put, post, path) == ("PUT", "POST", same)
    assert path.startswith("/metrics/job/notifconf_drift/workspace")
    assert "notifconf_last_success" in whole
    assert "notifconf_drift_exit_code" in rest
    assert "notifconf_last_success" not in rest


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", f"http://{'a' * 64}.example"])
def test_a_failed_push_is_a_warning(in_sync, url):
    ended = in_sync.runs("drift", "--push-metrics", url)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith(f"warning: can't push the metrics to {url}")


GATEWAYS = ["http://me:canary@127.0.0.1:9", "127.0.0.1:9091", "ftp://x", "http://[", "", "http://x/?token=canary"]


@pytest.mark.parametrize("url", [*GATEWAYS, "http://x/é", "http://x/a b"])
def test_what_is_no_address_of_a_gateway(in_sync, url):
    ended = in_sync.runs("drift", "--push-metrics", url)
    assert ended.code == 1
    assert "Invalid value for '--push-metrics'" in ended.err
    assert "canary" not in ended.err
