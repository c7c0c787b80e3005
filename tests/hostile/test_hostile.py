"""Whatever stands in a workspace or comes from a service: a diagnostic, or shown safely, in bounded time and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.corpus import Text, bombs, live_cases, text_cases
from tests.hostile.trials import try_bomb, try_live, try_text
from tests.torture.simulation import Simulation

SHARES = 4


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with Simulation() as found:
        yield found


def test_there_are_many() -> None:
    assert sum(1 for _ in text_cases()) > 1000
    assert sum(1 for _ in live_cases()) > 700


@pytest.mark.parametrize("share", range(SHARES))
def test_files_that_are_no_workspace(share: int) -> None:
    assert [problem for case in list(text_cases())[share::SHARES] for problem in try_text(case)] == []


@pytest.mark.parametrize("share", range(SHARES))
def test_objects_that_no_service_should_answer(simulation: Simulation, share: int) -> None:
    """Each fifth of them: `python -m tests.torture` tries all."""
    cases = list(live_cases())[share :: 5 * SHARES]
    assert [problem for case in cases for problem in try_live(simulation, case)] == []


@pytest.mark.parametrize("name", ["alias bomb of lists", "100 MB of one key", "deep flow", "many integrations"])
def test_what_wants_all_time_and_memory(name: str, tmp_path: Path) -> None:
    assert try_bomb(name, bombs()[name], tmp_path) == []


def test_an_alias_bomb_takes_no_memory() -> None:
    data = bombs()["alias bomb of mappings"]
    tracemalloc.start()
    try:
        assert try_text(Text("bomb", data)) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 1024**2


@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(data: bytes) -> None:
    assert try_text(Text("bytes", data)) == []


@given(
    pieces=st.lists(
        st.sampled_from(
            [
                "version: 1\n",
                "provider: confluent\n",
                "integrations:\n",
                "  a: ",
                "{",
                "}",
                "[",
                "]",
                "*x",
                "&x ",
                "!!str ",
                "<<: ",
                "- ",
                "? ",
                "|\n",
                ">\n",
                "'",
                '"',
                "\\",
                "\t",
                " ",
                "\n",
                ":",
                "#",
                "%",
                "---\n",
                "...\n",
                "${A}",
                "kind: Slack",
                "\u2028",
                "\ufeff",
            ]
        ),
        max_size=40,
    )
)
def test_what_looks_like_yaml(pieces: list[str]) -> None:
    assert try_text(Text("pieces", "".join(pieces).encode())) == []
