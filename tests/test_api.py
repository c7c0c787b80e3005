"""The public names, as a program uses them."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from notifconf.api import apply, connect, load, make_plan, read_live
from notifconf.errors import UsageError, WorkspaceError
from notifconf.model import Mode, Options

WORKSPACE = """\
version: 1
provider: confluent
integrations:
  oncall:
    target: {kind: Webhook, url: "${ONCALL_URL}"}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [oncall]
"""
ENVIRONMENT = {"ONCALL_URL": "https://oncall.example.com/canary"}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "notifconf.yaml"
    file.write_text(WORKSPACE, encoding="utf-8")
    return str(file)


def test_from_a_file_to_an_outcome_and_no_further_change(path):
    async def program():
        workspace = load([path], environment=ENVIRONMENT)
        async with connect(workspace.provider, endpoint="emulator::memory:", environment={}) as connection:
            live = await read_live(workspace, connection)
            plan = make_plan(workspace, live)
            outcome = await apply(plan, workspace, live, connection)
            return plan, outcome, make_plan(workspace, await read_live(workspace, connection))

    plan, outcome, second = asyncio.run(program())
    assert [change.address for change in plan.changes] == [
        "integrations/oncall",
        "subscriptions/Kafka cluster shrink failure",
    ]
    assert outcome.complete
    assert second.changes == ()
    assert "canary" not in f"{plan!r}{outcome!r}"


def test_a_plan_takes_the_options_of_the_command_line_and_a_refused_one_is_not_applied(path):
    async def program():
        workspace = load([path], environment=ENVIRONMENT)
        async with connect(workspace.provider, endpoint="emulator::memory:", environment={}) as connection:
            live = await read_live(workspace, connection)
            plan = make_plan(workspace, live, options=Options(mode=Mode.SYNC, max_deletes=0))
            assert plan.refusals
            await apply(plan, workspace, live, connection)

    with pytest.raises(ValueError, match="can't be applied"):
        asyncio.run(program())


def test_variables_come_from_the_process_unless_they_are_given(path, monkeypatch):
    monkeypatch.delenv("ONCALL_URL", raising=False)
    with pytest.raises(WorkspaceError) as raised:
        load([path])
    assert [item.code for item in raised.value.diagnostics] == ["missing-variable"]
    monkeypatch.setenv("ONCALL_URL", "https://oncall.example.com")
    assert load([path]).provider == "confluent"
    with pytest.raises(WorkspaceError):
        load([path], environment={})


def test_one_path_is_a_list_too():
    with pytest.raises(UsageError, match=r"write \['notifconf.yaml'\]"):
        load("notifconf.yaml")


@pytest.mark.parametrize(
    ("endpoint", "environment"),
    [("http://example.com", {"CONFLUENT_CLOUD_ACCESS_TOKEN": "canary"}), ("https://api.example.com", {})],
)
def test_where_one_can_not_connect_it_is_said_before_anything_is_sent(endpoint, environment):
    async def program():
        async with connect("confluent", endpoint=endpoint, environment=environment):
            pass

    with pytest.raises(UsageError) as raised:
        asyncio.run(program())
    assert "canary" not in str(raised.value)


def test_the_package_gives_the_same_names_and_imports_nothing_before_they_are_used():
    program = """
import sys, notifconf
assert not [name for name in sys.modules if name.startswith("notifconf.")]
from notifconf import apply, connect, load, make_plan, read_live
from notifconf import api
assert (apply, connect, load, make_plan, read_live) == (
    api.apply, api.connect, api.load, api.make_plan, api.read_live)
assert not hasattr(notifconf, "destroy")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_apply_is_the_function_whatever_was_imported_before():
    import notifconf
    import notifconf.cli.apply
    import notifconf.executor.run

    assert notifconf.apply is apply
