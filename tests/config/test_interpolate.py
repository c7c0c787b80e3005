from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.config import interpolate as module
from notifconf.config.interpolate import Origin, interpolate
from notifconf.config.yaml import parse
from notifconf.model.diagnostic import Position

ENVIRONMENT = {"NAME": "value", "EMPTY": "", "NESTED": "${NAME}", "YAML": "a: [1", "_a1": "low", "file": "variable"}


def document(text: str, file: str = "f.yaml"):
    parsed, diagnostics = parse(file, text.encode())
    assert parsed is not None
    assert not diagnostics
    return parsed


def resolved(text: str, environment=ENVIRONMENT):
    """Interpolate a document whose member `k` is `text`; return it with its diagnostics."""
    parsed = document(f"k: {text}")
    return parsed, [str(diagnostic) for diagnostic in interpolate(parsed, environment)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${NAME}", "value"),
        ("'${NAME}'", "value"),
        ("a-${NAME}-${_a1}", "a-value-low"),
        ("${EMPTY}", ""),
        ("${NAME:-default}", "value"),
        ("${EMPTY:-default}", "default"),
        ("${NONE:-default}", "default"),
        ("${NONE:-}", ""),
        ("${NONE:-a:-b ?}", "a:-b ?"),
        ("'${NONE:-a}b}'", "ab}"),
        ("${NAME:?message}", "value"),
        ("${NESTED}", "${NAME}"),
        ("${YAML}", "a: [1"),
        ("$${NAME}", "${NAME}"),
        ("$$${NAME}", "$${NAME}"),
        ("$${NAME} ${NAME}", "${NAME} value"),
        ("$${", "${"),
        ("$NAME", "$NAME"),
        ("$$", "$$"),
        ("a$", "a$"),
        ("'{NAME}'", "{NAME}"),
        ("${file:-x}", "variable"),
        ("|\n  ${NAME}\n  ${_a1}\n", "value\nlow\n"),
    ],
)
def test_values(text, value):
    parsed, told = resolved(text)
    assert told == []
    assert parsed["k"] == value
    assert not parsed.unresolved


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("${NONE}", "missing-variable", "the environment variable NONE is not set"),
        ("${NONE:?set it with care}", "missing-variable", 'NONE is not set: "set it with care"'),
        ("${EMPTY:?}", "missing-variable", "the environment variable EMPTY is empty"),
        ("${file:none/there}", "missing-variable", 'the file "none/there" can\'t be read: No such file or directory'),
        ("${file:.}", "missing-variable", 'the file "." can\'t be read: Is a directory'),
    ],
)
def test_missing_values(text, code, part):
    parsed, told = resolved(text)
    assert len(told) == 1
    assert told[0].startswith(f"f.yaml:1:4: error[{code}]: ")
    assert part in told[0]
    assert parsed["k"] == text
    assert parsed.unresolved == {"k"}


@pytest.mark.parametrize("environment", [ENVIRONMENT, None])
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("${NAME", "is not closed"),
        ("'a ${'", "is not closed"),
        ("${}", "a reference reads"),
        ("${1x}", "a reference reads"),
        ("${NAME-default}", "a reference reads"),
        ("${NAME:default}", "a reference reads"),
        ("${ NAME }", "a reference reads"),
        ("${NAME:-${OTHER}}", "a reference reads"),
        ("${NÄME}", "a reference reads"),
        ("${file:}", "a reference reads"),
        ("${vault:secret}", "a reference reads"),
    ],
)
def test_wrong_references_are_told_with_and_without_an_environment(text, part, environment):
    _, told = resolved(f'"{text}"', environment)
    assert len(told) == 1
    assert told[0].startswith("f.yaml:1:4: error[invalid-value]: ")
    assert part in told[0]


def test_every_missing_variable_is_told_at_its_place():
    parsed = document("a: ${A}\nl:\n  - ${B}\n  - {c: 'x ${C} ${D}'}\n")
    told = sorted(str(diagnostic) for diagnostic in interpolate(parsed, {}))
    assert [line.partition(": error")[0] for line in told] == [
        "f.yaml:1:4",
        "f.yaml:3:5",
        "f.yaml:4:9",
        "f.yaml:4:9",
    ]


def test_without_an_environment_references_stay_and_are_marked():
    parsed = document("a: ${A}\nb: $${B}\nc: c\nl: [x, '${file:none}']\n")
    assert list(interpolate(parsed, None)) == []
    assert parsed == {"a": "${A}", "b": "${B}", "c": "c", "l": ["x", "${file:none}"]}
    assert parsed.unresolved == {"a"}
    assert parsed["l"].unresolved == {1}


def test_expressions_are_kept_as_written():
    parsed = document("a: x ${NAME}\nb: $${NAME}\nc: c\nl: ['${NAME:-d}']\n")
    assert list(interpolate(parsed, ENVIRONMENT)) == []
    assert parsed.expressions == {"a": "x ${NAME}"}
    assert parsed["l"].expressions == {0: "${NAME:-d}"}
    assert parsed.unresolved == frozenset()


def test_keys_are_not_interpolated():
    parsed = document("${NAME}: 1")
    assert list(interpolate(parsed, ENVIRONMENT)) == []
    assert parsed == {"${NAME}": 1}


def test_what_aliases_name_is_resolved_once_in_each_place():
    parsed = document("a: &a {k: '$${NAME} ${NAME}'}\nb: *a\nc: {<<: *a}\nd: &d '${NAME}'\ne: *d\n")
    assert list(interpolate(parsed, ENVIRONMENT)) == []
    assert parsed["a"] == parsed["b"] == parsed["c"] == {"k": "${NAME} value"}
    assert parsed["d"] == parsed["e"] == "value"
    assert parsed["c"].expressions == parsed["a"].expressions == {"k": "$${NAME} ${NAME}"}


@pytest.mark.parametrize(
    ("content", "value"), [(b"secret\n", "secret"), (b"secret\r\n", "secret"), (b"a\nb", "a\nb"), (b"", "")]
)
def test_files_are_relative_to_the_file_that_names_them(tmp_path, content, value):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "url").write_bytes(content)
    parsed = document("k: <${file:secrets/url}>", str(tmp_path / "f.yaml"))
    assert list(interpolate(parsed, {})) == []
    assert parsed["k"] == f"<{value}>"


def test_files_may_be_absolute(tmp_path):
    (tmp_path / "url").write_text("x")
    parsed = document(f"k: ${{file:{tmp_path}/url}}", "elsewhere/f.yaml")
    assert list(interpolate(parsed, {})) == []
    assert parsed["k"] == "x"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"\xff", "is not UTF-8"),
        (b"a\0b", "not text"),
        (b"x" * (module.MAX_REFERENCED_FILE_BYTES + 1), "is larger than"),
    ],
)
def test_files_that_hold_no_value(tmp_path, content, part):
    (tmp_path / "url").write_bytes(content)
    parsed = document("k: ${file:url}", str(Path(tmp_path, "f.yaml")))
    (diagnostic,) = interpolate(parsed, {})
    assert diagnostic.code == "invalid-value"
    assert part in diagnostic.message


@pytest.mark.parametrize("value", ["a\0b", "\x1b[31m", "\udcff"])
def test_variables_that_hold_no_text(value):
    _, told = resolved("${NAME}", {"NAME": value})
    assert "a character that is not text" in told[0]
    assert value not in told[0]


def test_references_bring_in_only_so_much(monkeypatch):
    monkeypatch.setattr(module, "MAX_CHARACTERS", 100)
    _, told = resolved("${NAME}" * 11, {"NAME": "x" * 10})
    assert len(told) == 1
    assert "more text than a workspace may hold" in told[0]


def test_one_text_tells_only_so_many_problems():
    _, told = resolved("".join(f"${{V{n}}}" for n in range(1000)))
    assert len(told) == module.MAX_PROBLEMS_SHOWN


@given(st.text(alphabet="${}NAME:-?file/ x"), st.sampled_from([None, ENVIRONMENT]))
def test_any_text_is_resolved_or_told(text, environment):
    parsed = document("k: x")
    parsed["k"] = text
    told = list(interpolate(parsed, environment))
    if environment is not None:
        assert bool(told) == ("k" in parsed.unresolved)
    assert ("k" in parsed.expressions) >= ("k" in parsed.unresolved)


@given(st.text())
def test_a_literal_survives(text):
    parsed = document("k: x")
    parsed["k"] = text.replace("${", "$${")
    assert list(interpolate(parsed, {})) == []
    assert parsed["k"] == text


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfvalue\r\n", b"\xef\xbb\xbfvalue", b"value\n"])
def test_a_byte_order_mark_of_a_file_is_no_part_of_its_value(tmp_path, data):
    (tmp_path / "value").write_bytes(data)
    parsed = document("k: ${file:value}", str(tmp_path / "f.yaml"))
    assert list(interpolate(parsed, {})) == []
    assert parsed["k"] == "value"


def test_a_file_in_utf_16_is_named(tmp_path):
    (tmp_path / "value").write_bytes("value".encode("utf-16"))
    parsed = document("k: ${file:value}", str(tmp_path / "f.yaml"))
    (told,) = interpolate(parsed, {})
    assert "UTF-16" in told.message


def test_what_a_value_was_made_of_is_named(tmp_path):
    (tmp_path / "empty").write_text("\n")
    made_of = "the value comes from the environment variable"
    told = {
        "https://${EMPTY}/": "the environment variable EMPTY is empty",
        "${file:empty}": 'the file "empty" is empty',
        "${NONE:-}": "the environment variable NONE or its default is empty",
        "${NAME} ${EMPTY}${EMPTY}": f"{made_of} NAME and the environment variable EMPTY, which is empty",
        "${NAME:-x}": f"{made_of} NAME or its default",
        "${QUOTE}": f"{made_of} QUOTE",
        "${QUOTED}": f"{made_of} QUOTED, with quotes around it",
        "${SPACED}": f"{made_of} SPACED, with white space around it",
        "$${EMPTY}": None,
    }
    environment = {**ENVIRONMENT, "QUOTE": "'", "QUOTED": '"q"', "SPACED": "s\n"}
    parsed = document("l: [" + ", ".join(f"'{text}'" for text in told) + "]", str(tmp_path / "f.yaml"))
    origins: dict[Position, Origin] = {}
    assert list(interpolate(parsed, environment, None, origins)) == []
    found = [origins.get(parsed["l"].at(index)) for index in range(len(told))]
    assert [None if origin is None else str(origin) for origin in found] == list(told.values())


def test_nothing_that_a_value_was_made_of_is_in_its_repr():
    assert "canary" not in repr(Origin("${NAME}", ("canary",)))
