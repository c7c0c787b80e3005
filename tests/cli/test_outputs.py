"""Files that commands write: what may be one, what is never overwritten, and which links are followed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from notifconf.cli.main import cli
from notifconf.cli.parameters import OutputFile
from tests.cli.workspaces import SECRET, WORKSPACE

NOTIFCONF = [sys.executable, "-m", "notifconf"]


def commands(group: click.Group = cli, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command


ARGUMENTS = {
    "apply": ["--auto-approve"],
    "inbox show": ["id"],
    "inbox read": ["id"],
    "inbox unread": ["id"],
    "inbox archive": ["id"],
    "inbox delete": ["id", "--yes"],
    "completion": ["bash"],
    "report": ["notifconf.yaml"],
}
OUTPUTS = [
    pytest.param(
        [*names, *ARGUMENTS.get(" ".join(names), [])], parameter.opts[0], id=f"{'-'.join(names)}{parameter.opts[0]}"
    )
    for names, command in commands()
    for parameter in command.params
    if isinstance(parameter.type, OutputFile)
]
READING = ("validate", "plan", "apply", "drift", "show", "coverage")
"""Commands that read the workspace at the default path."""


@pytest.fixture(autouse=True)
def _workspace(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


def test_every_option_that_names_a_file_to_write_is_an_output():
    named = {
        (names[0], parameter.opts[0])
        for names, command in commands()
        for parameter in command.params
        if isinstance(parameter.type, click.Path) and not isinstance(parameter.type, OutputFile | click.Argument)
        if isinstance(parameter, click.Option) and parameter.opts[0].endswith(("-file", "--out", "--output"))
    }
    assert named == set()
    assert len(OUTPUTS) > 30


@pytest.mark.parametrize(("command", "option"), OUTPUTS)
def test_nothing_waits_for_a_fifo(user, command, option):
    os.mkfifo(user.folder / "fifo")
    user.emulator.requests.clear()
    ended = user.runs(*command, option, "fifo")
    assert ended.code == 1
    assert "fifo: it is a FIFO" in ended.err
    assert user.requests() == []


@pytest.mark.parametrize(
    ("command", "option"),
    [item for item in OUTPUTS if item.values[0][0] in READING],  # type: ignore[index]
)
@pytest.mark.parametrize("how", ["name", "link", "other name"])
@pytest.mark.parametrize("read", ["notifconf.yaml", "url.txt"])
def test_what_was_read_is_not_overwritten(user, command, option, how, read):
    if command[0] in ("validate", "show") and read == "url.txt":
        command = [*command, *(["--resolve"] if command[0] == "validate" else [])]
    user.writes(SECRET, "url.txt")
    user.writes(WORKSPACE.replace("${SLACK_URL}", "${file:url.txt}"))
    before = (user.folder / read).read_bytes()
    output = f"./{read}" if how == "name" else "linked"
    if how == "link":
        (user.folder / output).symlink_to(read)
    elif how == "other name":
        os.link(user.folder / read, user.folder / output)
    ended = user.runs(*command, option, output)
    assert ended.code == 1
    assert "name another file" in ended.err
    assert (user.folder / read).read_bytes() == before
    assert user.requests("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize("option", ["--output", "--log-file", "--audit-file"])
def test_a_plan_file_is_not_overwritten_by_its_apply(user, option):
    user.runs("plan", "--out", "plan.json")
    before = (user.folder / "plan.json").read_bytes()
    ended = user.runs("apply", "plan.json", option, "plan.json", "--format", "json")
    assert ended.code == 1
    assert f"{option} would overwrite plan.json" in ended.err
    assert ended.json["diagnostics"][0]["severity"] == "error"
    assert (user.folder / "plan.json").read_bytes() == before


def test_the_database_of_the_emulator_is_not_overwritten(user):
    user.sets(CONFLUENT_CLOUD_ENDPOINT="emulator:")
    assert user.runs("plan").code == 0
    database = user.folder / ".notifconf" / "emulator.sqlite"
    before = database.read_bytes()
    ended = user.runs("plan", "--out", str(database))
    assert (ended.code, "--out would overwrite" in ended.err) == (1, True)
    assert database.read_bytes() == before


def test_standard_input_is_not_overwritten(user):
    before = (user.folder / "notifconf.yaml").read_bytes()
    with (user.folder / "notifconf.yaml").open("rb") as stream:
        ended = subprocess.run(
            [*NOTIFCONF, "plan", "-", "--out", "notifconf.yaml"], stdin=stream, capture_output=True, check=False
        )
    assert ended.returncode == 1
    assert b"--out would overwrite standard input" in ended.stderr
    assert (user.folder / "notifconf.yaml").read_bytes() == before


@pytest.mark.parametrize("exists", [False, True])
def test_two_outputs_are_two_files(user, exists):
    if exists:
        user.writes("kept", "a")
    ended = user.runs("plan", "--out", "a", "--output", "./a")
    assert ended.code == 1
    assert "name the same file" in ended.err
    assert not exists or (user.folder / "a").read_text() == "kept"


@pytest.mark.parametrize("option", ["--output", "--out", "--log-file"])
@pytest.mark.parametrize("device", ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/fd/1"])
def test_devices_and_own_descriptors_can_be_written(user, option, device):
    ended = subprocess.run([*NOTIFCONF, "plan", option, device], capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    expected = {"--output": "Plan: 2 to create", "--out": '"saved"', "--log-file": '"event": "request"'}[option]
    stream = ended.stderr if device == "/dev/stderr" else ended.stdout
    assert (expected in stream) is (device != "/dev/null")
    assert stat.S_IMODE(Path("/dev/null").stat().st_mode) & 0o666 == 0o666


def test_pipes_of_a_shell_are_read_and_written(user):
    command = '"$0" -m notifconf plan <(cat notifconf.yaml) --output >(cat > copy; echo done > end)'
    line = f"{command} && while [ ! -s end ]; do :; done"
    ended = subprocess.run(["bash", "-c", line, sys.executable], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "Plan: 2 to create" in (user.folder / "copy").read_text()


def test_a_result_is_there_whole_or_not_at_all(user):
    user.writes("old", "plan.json")
    user.monkeypatch.setattr("os.replace", fail)
    ended = user.runs("plan", "--format", "json", "--output", "plan.json")
    assert ended.code == 1
    assert "can't write plan.json: No space left on device" in ended.err
    assert (user.folder / "plan.json").read_text() == "old"
    assert {path.name for path in user.folder.iterdir()} == {"plan.json", "notifconf.yaml"}


def fail(*_: object, **__: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_file_keeps_its_mode_and_a_private_one_gets_0600(user):
    user.writes("old", "plan.md").chmod(0o640)
    user.writes("old", "plan.json").chmod(0o644)
    user.runs("plan", "--output", "plan.md", "--out", "plan.json")
    modes = [stat.S_IMODE((user.folder / name).stat().st_mode) for name in ("plan.md", "plan.json")]
    assert modes == [0o640, 0o600]


@pytest.mark.parametrize("option", ["--log-file", "--audit-file"])
def test_an_existing_log_is_closed_to_others(user, option):
    user.writes("{}\n", "log").chmod(0o664)
    assert user.applies(option, "log").code == 0
    assert stat.S_IMODE((user.folder / "log").stat().st_mode) == 0o600
    assert (user.folder / "log").read_text().startswith("{}\n{")


@pytest.mark.parametrize("option", ["--log-file", "--audit-file"])
def test_a_log_that_can_not_be_closed_to_others_is_refused(user, option):
    user.writes("{}\n", "log").chmod(0o664)
    user.monkeypatch.setattr("os.fchmod", lambda *_: None)
    ended = user.applies(option, "log")
    assert ended.code == 1
    assert "others can read it" in ended.err
    assert user.requests("POST", "PATCH", "DELETE") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
class TestAnotherUser:
    @pytest.mark.parametrize("option", ["--log-file", "--audit-file"])
    def test_a_log_of_another_user_is_refused(self, user, option):
        os.chown(user.writes("", "log"), 65534, 65534)
        ended = user.applies(option, "log")
        assert ended.code == 1
        assert "another user's file" in ended.err
        assert (user.folder / "log").read_text() == ""

    @pytest.mark.parametrize("option", ["--output", "--out", "--log-file", "--audit-file"])
    def test_a_link_of_another_user_is_not_followed(self, user, option):
        target = user.writes("victim", "target")
        (user.folder / "link").symlink_to("target")
        os.chown(user.folder / "link", 65534, 65534, follow_symlinks=False)
        command = "apply" if option == "--audit-file" else "plan"
        ended = user.runs(command, option, "link")
        assert ended.code == 1
        assert "another user's link" in ended.err
        assert target.read_text() == "victim"


@pytest.mark.parametrize("option", ["--output", "--out", "--log-file", "--audit-file"])
@pytest.mark.parametrize(
    ("mode", "target", "reason"),
    [
        (0o777, "target", "others can write"),
        (0o1777, "target", "others can write"),
        (0o775, "target", "others can write"),
        (0o755, "../target", "leads out of its folder"),
        (0o755, "/proc/self/comm", "leads out of its folder"),
        (0o755, "second", "leads out of its folder"),
    ],
)
def test_a_link_that_may_be_planted_is_not_followed(user, option, mode, target, reason):
    folder = user.folder / "out"
    folder.mkdir()
    folder.chmod(mode)
    (folder / "link").symlink_to(target)
    (folder / "second").symlink_to("../notifconf.yaml")
    for victim in (user.folder / "target", folder / "target"):
        victim.write_text("victim")
    command = "apply" if option == "--audit-file" else "plan"
    ended = user.runs(command, option, "out/link")
    assert ended.code == 1
    assert f"{option} can't write out/link: it is a link" in ended.err
    assert reason in ended.err
    assert {victim.read_text() for victim in (user.folder / "target", folder / "target")} == {"victim"}
    assert user.requests() == []


@pytest.mark.parametrize("option", ["--output", "--out", "--log-file"])
def test_one_s_own_link_in_one_s_own_folder_is_followed(user, option):
    user.folder.chmod(0o755)
    (user.folder / "link").symlink_to("target")
    assert user.runs("plan", option, "link").code == 0
    assert (user.folder / "link").is_symlink()
    assert (user.folder / "target").read_text() != ""


@pytest.mark.parametrize("place", ["workspace", "folder", "reference", "plan file"])
def test_nothing_waits_for_a_fifo_that_is_read(user, place):
    os.mkfifo(user.folder / "fifo.yaml")
    user.writes(WORKSPACE.replace("${SLACK_URL}", "${file:fifo.yaml}" if place == "reference" else "${SLACK_URL}"))
    command = {"workspace": ["plan", "fifo.yaml"], "folder": ["plan", "."], "plan file": ["apply", "fifo.yaml"]}
    ended = user.runs(*command.get(place, ["plan", "notifconf.yaml"]))
    assert ended.code == 1
    assert "it is a FIFO" in ended.err


def test_init_does_not_wait_for_a_fifo(user):
    (user.folder / "new").mkdir()
    os.mkfifo(user.folder / "new" / "x.yaml")
    assert user.runs("init", "new").code == 0


@pytest.mark.parametrize(
    "command", [["init", "new"], ["export", "--output", "new/"], ["export", "--output", "new/a.yaml"]]
)
def test_a_full_disk_leaves_nothing_that_blocks_the_next_try(user, command):
    (user.folder / "new").mkdir()
    with user.monkeypatch.context() as patch:
        calls = iter([None])
        real = os.link
        # The first file can be written, the second one can't.
        patch.setattr("os.link", lambda *args, **kwargs: real(*args, **kwargs) if next(calls, 0) is None else fail())
        patch.setattr("os.rename", fail)
        ended = user.runs(*command)
    assert ended.code == 1
    assert "No space left on device" in ended.err
    assert list((user.folder / "new").iterdir()) == []
    assert user.runs(*command).code == 0
    assert len(list((user.folder / "new").iterdir())) > 1


def test_two_plans_in_one_step_fit_its_summary(user):
    summary = user.folder / "summary.md"
    summary.write_text("x" * (1024 * 1024 - 5000))
    user.sets(GITHUB_STEP_SUMMARY=str(summary))
    resources = "".join(f"  - {{resource: environment=e-{index}, muted: true}}\n" for index in range(200))
    user.writes(f"version: 1\nprovider: confluent\nresources:\n{resources}")
    for _ in range(4):
        assert user.runs("plan", "--format", "github").code == 0
        assert summary.stat().st_size <= 1024 * 1024
    assert "not shown here" in summary.read_text()


def test_a_summary_that_is_a_fifo_changes_nothing(user):
    os.mkfifo(user.folder / "fifo")
    user.sets(GITHUB_STEP_SUMMARY="fifo", GITHUB_OUTPUT="fifo")
    ended = user.runs("plan", "--format", "github")
    assert ended.code == 0
    assert "can't append to $GITHUB_STEP_SUMMARY: it is a FIFO" in ended.err
    assert "can't append to $GITHUB_OUTPUT: it is a FIFO" in ended.err


def test_an_apply_streams_its_lines_to_the_file(user):
    assert user.runs("apply", "--auto-approve", "--output", "result.txt").code == 0
    lines = (user.folder / "result.txt").read_text().splitlines()
    assert "integrations/slack: created" in "\n".join(lines)
    assert lines[-1] == "Verified: live state matches the configuration."


def test_a_file_in_a_folder_that_takes_no_new_one_is_written_in_place(user):
    user.writes("old" * 1000, "plan.json")
    inode = (user.folder / "plan.json").stat().st_ino

    def busy(*_: object) -> None:
        raise OSError(16, os.strerror(16))

    user.monkeypatch.setattr("os.replace", busy)
    assert user.runs("plan", "--format", "json", "--output", "plan.json").code == 0
    assert json.loads((user.folder / "plan.json").read_text())["summary"]["create"] == 2
    assert (user.folder / "plan.json").stat().st_ino == inode
