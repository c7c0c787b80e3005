"""Real processes, killed and interrupted at some requests; `python -m tests.torture` does so at each."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from notifconf.emulator.faults import parse_fault
from tests.torture.judge import Judge
from tests.torture.processes import LONGEST, Site, ended, kill, site

READING = 3
WRITING = 40


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("workspaces")) as found:
        yield found


@pytest.fixture
def confluent(judges: Callable[[str], Judge], place: Site) -> Judge:
    judge = judges("confluent")
    judge.scenario.furnish(place.emulator)
    place.emulator.settings.konnect_page_size = 3
    return judge


def troubles(said: str) -> list[str]:
    """What standard error holds besides the warnings of the plan."""
    return [line for line in said.splitlines() if ": warning[" not in line]


def interrupt(number: int) -> Callable[[subprocess.Popen[str]], None]:
    return lambda process: process.send_signal(number)


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_is_killed_leaves_what_another_completes(confluent: Judge, place: Site, after: bool) -> None:
    assert place.ambushed(confluent.scenario, WRITING, kill, after=after).code == -signal.SIGKILL
    again = place.apply(confluent.scenario)
    assert (again.code, troubles(again.err)) == (0, [])
    assert confluent.judged(place.emulator.state()) == confluent.judged_ideal()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_interrupted_apply_says_what_it_did(confluent: Judge, place: Site, number: int, form: str) -> None:
    stopped = place.ambushed(confluent.scenario, WRITING, interrupt(number), after=True, options=("--format", form))
    assert stopped.code == 130
    assert "Traceback" not in stopped.err
    if form == "json":
        document = json.loads(stopped.out)
        assert document["interrupted"]
        results = {change["result"] for change in document["changes"]}
        assert results == {"applied", "skipped"}
    else:
        assert "Interrupted: what was in flight was finished." in stopped.out
    again = place.apply(confluent.scenario)
    assert (again.code, troubles(again.err)) == (0, [])
    assert confluent.judged(place.emulator.state()) == confluent.judged_ideal()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_read_changes_nothing(confluent: Judge, place: Site, number: int) -> None:
    before = place.emulator.state()
    place.emulator.settings.faults = [parse_fault("hang:method=GET:path=*/subscriptions")]
    stopped = place.ambushed(confluent.scenario, READING, interrupt(number), after=False)
    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err == "Interrupted: nothing was changed.\n"
    assert place.emulator.state() == before


def test_a_second_signal_ends_at_once(confluent: Judge, place: Site) -> None:
    """The first PATCH never gets its answer: only the second signal ends that, and what is in flight is unknown."""
    place.emulator.settings.faults = [parse_fault("hang-after:method=PATCH")]
    process = place.begin(confluent.scenario, "--format", "json")
    assert process.stderr is not None
    while not any(entry.method == "PATCH" for entry in list(place.emulator.requests.entries)):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    while "Interrupted" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.code == 130
    document = json.loads(stopped.out)
    assert document["verification_error"] == "interrupted"
    unknown = [change["action"] for change in document["changes"] if change["result"] == "unknown"]
    assert "update" in unknown
    confluent.scenario.furnish(place.emulator)


def test_nobody_who_reads_the_output_is_needed(confluent: Judge, place: Site) -> None:
    """`apply | head -1`: the plan is carried out to its end, and the exit code is the outcome's."""
    process = place.begin(confluent.scenario)
    assert process.stdout is not None
    while "created (" not in process.stdout.readline():
        assert process.poll() is None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as said:
        assert troubles(said.read()) == []
    assert process.wait(LONGEST) == 0
    assert confluent.judged(place.emulator.state()) == confluent.judged_ideal()
