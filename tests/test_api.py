"""The public names, as a program uses them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from notifconf.answers import coverage, explain, export
from notifconf.api import (
    apply,
    check_plan,
    load,
    load_plan,
    make_plan,
    read_live,
    render,
    save_plan,
    survey,
)
from notifconf.endpoints import connect
from notifconf.errors import StaleError, UsageError, WorkspaceError
from notifconf.model.policy import Mode
from notifconf.model.resource import LiveResource
from notifconf.model.state import Live, Options
from notifconf.report.formats import RENDERERS

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
SHRINK = "Kafka cluster shrink failure"
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
            proposal = make_plan(workspace, await read_live(workspace, connection))
            outcome = await apply(proposal, connection)
            return proposal, outcome, make_plan(workspace, await read_live(workspace, connection)).plan

    proposal, outcome, second = asyncio.run(program())
    assert [change.address for change in proposal.plan.changes] == [
        "integrations/oncall",
        "subscriptions/Kafka cluster shrink failure",
    ]
    assert outcome.complete
    assert second.changes == ()
    assert "canary" not in f"{proposal!r}{outcome!r}"


def test_a_plan_takes_the_options_of_the_command_line_and_a_refused_one_is_not_applied(path):
    async def program():
        workspace = load([path], environment=ENVIRONMENT)
        async with connect(workspace.provider, endpoint="emulator::memory:", environment={}) as connection:
            live = await read_live(workspace, connection)
            proposal = make_plan(workspace, live, options=Options(mode=Mode.SYNC, max_deletes=0))
            assert proposal.plan.refusals
            await apply(proposal, connection)

    with pytest.raises(ValueError, match="can't be applied"):
        asyncio.run(program())


def test_a_plan_is_saved_checked_and_applied(path, tmp_path):
    file, endpoint = tmp_path / "plan.json", f"emulator:{tmp_path / 'emulator.sqlite'}"

    async def make():
        workspace = load([path], environment=ENVIRONMENT)
        async with connect(workspace.provider, endpoint=endpoint, environment={}) as connection:
            proposal = make_plan(workspace, await read_live(workspace, connection), endpoint=endpoint)
            save_plan(proposal, file, paths=[path])
            return proposal.plan

    async def carry_out(environment):
        saved = load_plan(file)
        async with connect(saved.plan.provider, endpoint=saved.basis.endpoint, environment={}) as connection:
            return await apply(await check_plan(saved, connection, environment=environment), connection)

    plan = asyncio.run(make())
    assert "canary" not in file.read_text(encoding="utf-8")
    assert load_plan(file).plan == plan
    with pytest.raises(StaleError):
        asyncio.run(carry_out({"ONCALL_URL": "https://other.example.com"}))
    assert asyncio.run(carry_out(ENVIRONMENT)).complete
    with pytest.raises(StaleError):
        asyncio.run(carry_out(ENVIRONMENT))


def test_a_plan_without_an_endpoint_can_not_be_saved(path, tmp_path):
    proposal = make_plan(load([path], environment=ENVIRONMENT), Live())
    assert proposal.plan.digest == ""
    with pytest.raises(ValueError, match="endpoint"):
        save_plan(proposal, tmp_path / "plan.json")


def test_a_workspace_is_no_saved_plan(path):
    with pytest.raises(UsageError, match="no plan file"):
        load_plan(path)


def test_a_secret_that_stands_in_the_workspace_is_found_there_again(path, tmp_path):
    clear = tmp_path / "clear.yaml"
    clear.write_text(WORKSPACE.replace("${ONCALL_URL}", "https://oncall.example.com/canary"), encoding="utf-8")
    file, endpoint = tmp_path / "plan.json", f"emulator:{tmp_path / 'emulator.sqlite'}"

    async def program():
        workspace = load([str(clear)])
        async with connect(workspace.provider, endpoint=endpoint, environment={}) as connection:
            save_plan(
                make_plan(workspace, await read_live(workspace, connection), endpoint=endpoint),
                file,
                paths=[str(clear)],
            )
            return await apply(await check_plan(load_plan(file), connection), connection)

    assert asyncio.run(program()).complete
    assert "canary" not in file.read_text(encoding="utf-8")


def test_every_value_is_rendered_in_each_of_its_formats(path):
    async def program():
        workspace = load([path], environment=ENVIRONMENT)
        async with connect(workspace.provider, endpoint="emulator::memory:", environment={}) as connection:
            proposal = make_plan(workspace, await read_live(workspace, connection))
            before = await survey(connection)
            outcome = await apply(proposal, connection)
            reach = coverage("confluent", before, proposal=proposal)
            answer = explain("confluent", before, SHRINK, proposal=proposal)
            return proposal, outcome, (reach, answer), export("confluent", await survey(connection))

    proposal, outcome, answers, exported = asyncio.run(program())
    for name in RENDERERS:
        same = render(proposal, name) == render(proposal.plan, name)
        assert same is (name != "html")  # a plan alone does not know whom each type reaches
        assert render(proposal, name) != render(outcome, name)
    assert "Who is told of what" in render(proposal, "html")
    assert "<svg" in render(answers[0], "html")
    assert json.loads(render(outcome, "json"))["changes"][0]["result"] == "applied"
    for name in ("text", "json", "markdown"):
        assert all(SHRINK in render(answer, name) for answer in answers)
    assert "oncall" in render(exported, "yaml")
    with pytest.raises(ValueError, match=r"choose one of text, json, markdown$"):
        render(answers[1], "html")
    with pytest.raises(TypeError, match="Live can't be rendered"):
        render(Live(), "text")  # type: ignore[arg-type]


def test_what_sync_would_delete_is_protected_in_an_exported_workspace():
    unknown = LiveResource("integration", "i-1", "mail", (), {"target": {"kind": "SomethingNew"}})
    assert export("confluent", Live((unknown,))).protected == ("integrations/mail",)


def test_an_invalid_workspace_says_what_is_wrong_and_where(path, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("version: 1\nprovider: confluent\n" + "".join(f"no{i}: 1\n" for i in range(8)), encoding="utf-8")
    with pytest.raises(WorkspaceError) as raised:
        load([str(file)])
    first, *_, last = str(raised.value).split("\n")
    assert first.startswith(f"{file}:3:1: error[")
    assert last == "and 3 more"


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


def test_type_checkers_and_python_refuse_a_misspelt_name():
    with pytest.raises(ImportError):
        from notifconf import Nonsense  # type: ignore[attr-defined]  # noqa: F401


def test_the_package_gives_its_names_and_imports_nothing_before_they_are_used():
    program = """
import gc, sys
import notifconf
assert not [name for name in sys.modules if name.startswith("notifconf.")]
limits = gc.get_threshold()
from notifconf import *
assert {name for name in notifconf.__all__} <= {*globals()}
assert {*notifconf.__all__} == {*notifconf._MODULES}
assert {*notifconf.__all__} < {*dir(notifconf)}
assert apply is notifconf.api.apply and Plan is notifconf.model.plan.Plan
assert not hasattr(notifconf, "destroy")
assert gc.isenabled() and gc.get_threshold() == limits
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_apply_is_the_function_whatever_was_imported_before():
    import notifconf
    import notifconf.cli.apply
    import notifconf.executor.run

    assert notifconf.apply is apply
