"""What a person sees on a terminal of 80 columns."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import threading

import pytest

from notifconf.cli.main import run
from notifconf.cli.process import read_answer
from tests.cli.terminal import COLOR, ESCAPE, PATIENCE, started, streams_on_terminal
from tests.cli.workspaces import SECRET
from tests.cli.workspaces import WORKSPACE as BOTH

LONGEST = "Access to a customer-managed encryption key (BYOK) has been disrupted"
MANY = "".join(f"  - {{resource: environment=e-{index}, muted: true}}\n" for index in range(60))
WORKSPACE = f"""\
{BOTH}  - notification_type: SAML certificate is expiring soon
    integrations: [slack]
resources:
  - resource: environment=env-1
    muted: true
"""
GREEN, YELLOW, RED, BOLD_RED, CYAN = "32", "33", "31", "1;31", "36"


@pytest.fixture(autouse=True)
def _workspace(user):
    user.sets(SLACK_URL=SECRET)
    user.writes(WORKSPACE)


@pytest.fixture
def see(monkeypatch):
    """Run a command in this process, with its streams on a terminal; give what it drew."""

    def seen(*arguments, code=0, columns=80, **environment) -> str:
        with streams_on_terminal(monkeypatch, columns, environment) as drawn:
            assert run(list(arguments)) == code
        assert "canary" not in drawn[0]
        return drawn[0]

    return seen


def text_of(drawn: str) -> str:
    return ESCAPE.sub("", drawn)


def styled(drawn: str, text: str) -> str:
    """The codes of the style that `text` is drawn in."""
    found = re.search(rf"\x1b\[([0-9;]+)m[^\x1b]*{re.escape(text)}", drawn)
    assert found, drawn
    return found[1]


def test_a_plan_is_coloured_by_action_and_reads_without(user, see):
    user.emulator.seed("integrations", {"id": "i-9", "display_name": "Old", "target": {"kind": "Slack"}})
    plan = ("plan", "--mode", "sync", "--max-deletes", "9")
    drawn = see(*plan)
    assert styled(drawn, "+ integrations/slack") == GREEN
    assert styled(drawn, "~ subscriptions/SAML certificate is expiring soon") == YELLOW
    assert styled(drawn, "- integrations/Old") == RED
    assert styled(drawn, "This silences:") == BOLD_RED
    assert "Plan: 3 to create, 1 to update, " in text_of(drawn)
    assert " ".join(text_of(drawn).split()).endswith(" ".join(user.runs(*plan).out.split()))


def test_a_spinner_turns_while_the_live_state_is_read_and_is_gone_then(see):
    turning, erased, result = see("plan").rpartition("\x1b[1A\x1b[2K")
    assert "Reading Confluent Cloud" in turning
    assert erased
    assert "Reading" not in result
    assert "\x1b[?25h" in turning  # the cursor is back


@pytest.mark.parametrize("command", ["plan", "show", "types"])
def test_a_quiet_command_has_no_spinner(see, command):
    assert "Reading" not in see(command, "-q")


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})]
)
@pytest.mark.parametrize("command", ["plan", "show"])
def test_without_colour(see, command, arguments, environment):
    codes = {
        code for found in COLOR.findall(see(command, *arguments, **environment)) for code in found[2:-1].split(";")
    }
    assert codes <= {"", "0", "1", "2"}  # bold and dim are no colours


@pytest.mark.parametrize("columns", [60, 80, 132])
@pytest.mark.parametrize("command", [("show",), ("types",), ("explain", LONGEST)])
def test_what_is_shown_fits_the_terminal(see, command, columns):
    lines = text_of(see(*command, "-q", columns=columns)).splitlines()
    assert any("CRITICAL" in line for line in lines)
    assert all(len(line) <= columns for line in lines)


@pytest.mark.parametrize("columns", [72, 200])
def test_the_width_is_the_terminal_s(columns):
    with started("show", "-q", columns=columns) as terminal:
        assert terminal.ends() == 0
    assert ("  TYPE\n" in terminal.text) is (columns < 100)
    assert max(map(len, terminal.text.splitlines())) <= columns


def test_severities_have_colours(see):
    drawn = see("types")
    assert [styled(drawn, word) for word in ("CRITICAL", "WARN", "INFO")] == [BOLD_RED, YELLOW, CYAN]


def test_a_diagnostic_has_its_line_and_a_caret(user, see):
    user.writes(WORKSPACE.replace("integrations: [slack]", "integrations: [slak]"))
    drawn = see("validate", code=1)
    assert text_of(drawn).startswith(
        'notifconf.yaml:13:20: error[undeclared-integration]: integration "slak" is not\n'
        '  declared (did you mean "slack"?)\n'
        "  13 |     integrations: [slak]\n"
        "     |                    ^\n"
    )
    assert styled(drawn, "^") == BOLD_RED


@pytest.mark.parametrize(
    "text",
    [
        "integrations: {a: {target: {kind: Slakc, webhook_url: https://canary}}}",
        "integrations: {a: {target: {webhook_url: https://canary, kind: Slakc}}}",
        "integrations:\n  a:\n    target:\n      kind: New\n      id: canary\n      id: canary",
        "integrations:\n  a:\n    target:\n      kind: Slack\n      webhook_url:\n        https://canary\n      x: 1",
        "integrations:\n  a:\n    target: {kind: Slack, webhook_url: 'https://canary}",
        "integrations:\n  a:\n    webhook_url: https://canary",
        "integrations:\n  a:\n    target: {kind: Slack, webhook_url: canary}",
        "integrations:\n  a:\n    target: {kind: Slack, webhook_url: 'https://x x/canary'}",
        "integrations:\n  - https://canary",
        "integrations: https://canary",
        "https://canary",
        "integrations:\n  a: {target: {kind: Slack, webhook_url: https://canary}\n  b: x",
        "integrations:\n  a:\n    target: {kind: Slack,\n  id: canary, webhook_url: https://canary}",
        "x-a: &a {kind: New, id: canary}\nintegrations: {a: {target: *a}}",
        "integrations:\n\ta: https://canary",
        "integrations:\n  a:\n    description: 1 # https://canary",
    ],
)
def test_no_excerpt_shows_a_secret(user, see, text):
    user.writes(f"version: 1\nprovider: confluent\n{text}\n")
    assert "notifconf.yaml:" in text_of(see("validate", code=1))


def test_a_diagnostic_of_standard_input_has_no_line(monkeypatch, see):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"version: 2\nprovider: confluent\n")))
    first, last = text_of(see("validate", "-", code=1)).splitlines()
    assert first == '-:1:10: error[invalid-value]: "version" must be 1'
    assert last.startswith("The workspace is not valid: 1 error")


def test_errors_of_usage_are_drawn_too(see):
    assert styled(see("plan", "nowhere.yaml", code=1), "error:") == BOLD_RED


def test_approval(user):
    with started("apply") as terminal:
        terminal.waits_for("Apply: ")
        before = terminal.text
        terminal.types("yes\n")
        assert terminal.ends() == 0, terminal.text
    assert before.index("+ integrations/slack") < before.index("Plan: 3 to create, 1 to update, 0 to delete.")
    assert before.index("Plan: 3 to create") < before.rindex("This silences") < before.index("Apply: ")
    assert styled(terminal.drawn[terminal.drawn.index("Plan:") :], "This silences") == BOLD_RED
    assert "Verified: live state matches the configuration." in terminal.text
    assert len(user.emulator.objects("resource-preferences")) == 1
    assert "canary" not in terminal.drawn


def test_what_changed_while_the_question_stood_is_asked_about(user):
    """Somebody creates at the console what was going to be created."""
    with started("apply") as terminal:
        terminal.waits_for("Apply: ")
        target = {"kind": "Slack", "webhook_url": SECRET}
        user.emulator.seed("integrations", {"id": "i-77", "display_name": "Platform alerts", "target": target})
        user.emulator.requests.clear()
        terminal.types("yes\n")
        terminal.waits_for("The live state has changed since you were asked.")
        assert user.requests("POST", "PATCH", "DELETE") == []
        while terminal.text.count("Apply: ") < 2:
            assert terminal.reads(), terminal.text
        terminal.types("yes\n")
        assert terminal.ends() == 0, terminal.text
    first, again = terminal.text.split("The live state has changed")
    assert "+ integrations/slack" in first
    assert "+ integrations/slack" not in again
    assert len(user.emulator.objects("integrations")) == 2


def test_nothing_is_left_of_a_plan_that_somebody_else_carried_out(user):
    with started("apply", "--format", "json") as terminal:
        terminal.waits_for("Apply: ")
        assert user.applies().code == 0
        user.emulator.requests.clear()
        terminal.types("yes\n")
        assert terminal.ends() == 0, terminal.text
    assert '"changes": []' in terminal.text
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_a_plan_that_became_wrong_is_not_carried_out(user):
    with started("apply") as terminal:
        terminal.waits_for("Apply: ")
        for number in (1, 2):
            user.emulator.seed(
                "integrations", {"id": f"i-7{number}", "display_name": "Platform alerts", "target": {"kind": "Slack"}}
            )
        user.emulator.requests.clear()
        terminal.types("yes\n")
        assert terminal.ends() == 1, terminal.text
    assert "ambiguous-integration" in terminal.text
    assert user.requests("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize("answer", ["y\n", "\n", "\x04"])
def test_anything_but_yes_changes_nothing(user, answer):
    with started("apply") as terminal:
        terminal.waits_for("Apply: ")
        terminal.types(answer)
        assert terminal.ends() == 1
    assert terminal.text.endswith("\nNot approved: nothing was changed.\n")
    assert user.requests("POST", "PATCH", "DELETE") == []


def test_ctrl_c_at_the_question(user):
    with started("apply") as terminal:
        terminal.waits_for("Apply: ")
        terminal.types("\x03")
        assert terminal.ends() == 130
    assert "nothing was changed" in terminal.text
    assert "Traceback" not in terminal.text
    assert user.requests("POST", "PATCH", "DELETE") == []


class Interrupted:
    """Standard input of a person who presses Ctrl-C once it is waited for.

    Another thread gets the signal, so that it interrupts no system call: as if it had come right before one.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.asked = threading.Lock()
        self.asked.acquire()
        self.thread = threading.Thread(target=self.interrupts, daemon=True)
        self.thread.start()

    def fileno(self) -> int:
        self.asked.release()
        return self.descriptor

    def interrupts(self) -> None:
        with self.asked:
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)


def test_a_signal_that_comes_right_before_the_wait_for_an_answer(monkeypatch):
    ours, theirs = os.pipe()
    monkeypatch.setattr("sys.stdin", Interrupted(ours))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(PATIENCE)  # the other thread gets its turn when this one waits, not before
    try:
        with pytest.raises(KeyboardInterrupt):
            read_answer()
    finally:
        sys.setswitchinterval(interval)
        os.close(ours)
        os.close(theirs)


def test_ctrl_c_while_reading(user):
    user.emulator.settings.update({"latency": 5})
    with started("plan") as terminal:
        terminal.waits_for("Reading")
        terminal.types("\x03")
        assert terminal.ends() == 130
    assert "Traceback" not in terminal.text
    assert terminal.drawn.rindex("\x1b[?25h") > terminal.drawn.rindex("\x1b[?25l")


def test_ctrl_c_while_applying(user):
    user.writes(f"version: 1\nprovider: confluent\nresources:\n{MANY}")
    with started("apply", "--parallelism", "1") as terminal:
        terminal.waits_for("Apply: ")
        user.emulator.settings.update({"latency": 0.05})
        terminal.types("yes\n")
        terminal.waits_for(": created")
        terminal.types("\x03")
        terminal.waits_for("Interrupted: what is in flight is finished")
        user.emulator.settings.update({"latency": 0})
        assert terminal.ends() == 130, terminal.text
    assert "Traceback" not in terminal.text
    assert 0 < len(user.emulator.objects("resource-preferences")) < 60


def test_a_machine_s_format_is_approved_beside_it(user):
    with started("apply", "--format", "json", "-q", "--output", "result.json") as terminal:
        terminal.waits_for("Apply: ")
        assert "Plan: 3 to create" in terminal.text
        terminal.types("yes\n")
        assert terminal.ends() == 0
    assert '"result": "applied"' in (user.folder / "result.json").read_text()


@pytest.mark.parametrize("output", [None, "out.txt"])
def test_a_bar_where_an_apply_takes_long_and_every_line_whole(user, output):
    user.writes(f"version: 1\nprovider: confluent\nresources:\n{MANY}")
    with started("apply", "--parallelism", "1", *(["--output", output] if output else [])) as terminal:
        terminal.waits_for("Apply: ")
        user.emulator.settings.update({"latency": 0.05})
        terminal.types("yes\n")
        terminal.waits_for("Applying")
        user.emulator.settings.update({"latency": 0})
        assert terminal.ends() == 0, terminal.text
    assert re.search(r"Applying .*\d+/60 [0-9:-]+", terminal.text)
    assert "Applying" not in terminal.drawn.rpartition("\x1b[2K")[2]
    result = (user.folder / output).read_text() if output else terminal.text
    lines = [line for line in re.split(r"[\r\n]+", result) if ": created" in line]
    assert len(lines) == 60
    assert all(re.fullmatch(r"resource-preferences/environment=e-\d+: created \(\S+\)", line) for line in lines)
    if output:
        assert "\x1b" not in result
        assert ": created" not in terminal.text
