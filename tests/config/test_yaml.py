from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notifconf.config import yaml as reader
from notifconf.config.yaml import parse
from notifconf.model.diagnostic import Position
from notifconf.model.located import LocatedList, LocatedMapping
from tests.config.workspace import marked


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request, monkeypatch):
    """Both of PyYAML's parsers give the same."""
    monkeypatch.setattr(reader, "LOADER", getattr(yaml, request.param))


def read(text: str | bytes) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    document, diagnostics = parse("f.yaml", data)
    assert diagnostics == []
    return document


def complaints(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    document, diagnostics = parse("f.yaml", data)
    assert document is None or {diagnostic.code for diagnostic in diagnostics} == {"duplicate-key"}
    return [str(diagnostic) for diagnostic in diagnostics]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("text", "text"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">-\n  one\n  line\n", "one line"),
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("True", "True"),
        ("FALSE", "FALSE"),
        ("y", "y"),
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("0", 0),
        ("-12", -12),
        ("1_000", 1000),
        ("010", 8),
        ("0x1F", 31),
        ("0b101", 5),
        ("1:30", 90),
        ("08", "08"),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T06:00:00Z", "2026-12-01T06:00:00Z"),
        ("30%", "30%"),
        ("=", "="),
        ("<<", "<<"),
        ("'<<'", "<<"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float 12", 12.0),
        ("!!bool true", True),
        ("!!null ''", None),
        ("! 12", 12),
        ("!!seq [a]", ["a"]),
        ("!!map {a: b}", {"a": "b"}),
        ("{a: {b: [1, x]}}", {"a": {"b": [1, "x"]}}),
        ("\n- a\n- - b\n", ["a", ["b"]]),
    ],
)
def test_values_are_the_safe_loaders_with_strict_booleans(text, value):
    result = read(f"k: {text}")["k"]
    assert result == value
    assert type(result) is type(value) or isinstance(result, LocatedList | LocatedMapping)


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(data=st.dictionaries(st.text(), plain_data, max_size=4), flow=st.booleans())
def test_what_pyyaml_writes_reads_back(data, flow):
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    document, diagnostics = parse("f.yaml", text.encode("utf-8", "surrogatepass"))
    if document is None:
        refusals = ("not allowed here", "can't stand in YAML", "must not be empty")
        assert any(words in diagnostics[0].message for words in refusals)
    else:
        assert document == yaml.safe_load(text)


def test_every_value_knows_its_place():
    document = read("# comment\na: 1\nlist:\n  - x\n  - {k: v}\n  -   - deep\nquoted: 'ä' \nempty:\nlast: &l !!str t\n")
    assert document.position == Position("f.yaml", 2, 1)
    assert document.keys_at == {
        "a": ("f.yaml", 2, 1),
        "list": ("f.yaml", 3, 1),
        "quoted": ("f.yaml", 7, 1),
        "empty": ("f.yaml", 8, 1),
        "last": ("f.yaml", 9, 1),
    }
    assert document.at("a") == ("f.yaml", 2, 4)
    assert document.at("list") == document["list"].position == ("f.yaml", 4, 3)
    assert document.at("empty") == ("f.yaml", 8, 7)
    assert document.at("last") == ("f.yaml", 9, 7)
    assert document.at("not there") == document.position
    items = document["list"]
    assert items.items_at == [("f.yaml", 4, 5), ("f.yaml", 5, 5), ("f.yaml", 6, 7)]
    assert items[1].keys_at["k"] == ("f.yaml", 5, 6)
    assert items[1].at("k") == ("f.yaml", 5, 9)
    assert items[2].at(0) == ("f.yaml", 6, 9)


def test_columns_count_characters():
    assert read("{ä€𝄞: 1, b: 2}").keys_at["b"] == ("f.yaml", 1, 10)


@pytest.mark.parametrize("text", ["\ufeffa: 1\n", "a: 1\r\n", "---\na: 1\n...\n", "%YAML 1.1\n---\na: 1\n"])
def test_harmless_frames(text):
    assert read(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "---\n", "null"])
def test_an_empty_file_is_an_empty_mapping(text):
    assert read(text) == {}


def test_aliases_and_anchors():
    document = read("a: &x {k: [1]}\nb: *x\nc: [*x, &y t, *y]\n&z d: *z\n")
    assert document == {"a": {"k": [1]}, "b": {"k": [1]}, "c": [{"k": [1]}, "t", "t"], "d": "d"}
    assert document.at("b") == ("f.yaml", 2, 4), "an alias stands where it is used"
    assert document["b"].at("k") == ("f.yaml", 1, 11)


@pytest.mark.parametrize(
    "text",
    [
        "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}",
        "x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}",
        "x: &x {a: 1, b: 2}\nz: &z {a: 9, c: 9}\ny: {<<: [*x, *z], b: 3}",
        "x: &x {a: 1}\nz: &z {<<: *x, b: 1}\ny: {<<: *z, b: 3}",
        "y: {<<: {a: 1}, b: 3}",
        "y: {<<: [], b: 3}",
    ],
)
def test_merge_keys_work_as_in_the_safe_loader(text):
    assert read(text) == yaml.safe_load(text)


def test_merged_members_keep_their_places():
    merged = read("x: &x\n  a: 1\ny:\n  <<: *x\n  b: 3\n")["y"]
    assert merged.keys_at == {"b": ("f.yaml", 5, 3), "a": ("f.yaml", 2, 3)}
    assert merged.at("a") == ("f.yaml", 2, 6)


SYNTAX = "error[yaml-syntax]"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        # what PyYAML's parsers refuse
        ("a: b: c", "1:5: error[yaml-syntax]: a `:` can't stand here"),
        ("a:\n  b: 1\n c: 2\n", "3:2: error[yaml-syntax]: "),
        ("a: [1, 2\n", "1:4: error[yaml-syntax]: a list in brackets goes on"),
        ("a: {b: 1\n", "1:4: error[yaml-syntax]: a mapping in braces goes on"),
        ("a: 'x\nb: 1\n", "1:4: error[yaml-syntax]: this quotation mark is not closed"),
        ("a: @x\n", "1:4: error[yaml-syntax]: text can't begin with this character"),
        ("a:\n\tb: 1", "2:1: error[yaml-syntax]: a tab can't indent a line: use spaces"),
        ("a: 1\nb\n", "2:1: error[yaml-syntax]: a key needs `:`"),
        ("a: - b\n", "1:4: error[yaml-syntax]: a list can't begin on this line"),
        ("ä: {b: ${C}}\n", "1:9: error[yaml-syntax]: in braces and brackets, text that holds `${…}` stands in quotes"),
        ("a: ]\n", "1:4: error[yaml-syntax]: a value is expected here"),
        ("a: !x!y z", "1:4: error[yaml-syntax]: this tag can't be read"),
        ("{a: 1}}", "1:7: error[yaml-syntax]: text can't stand here"),
        # stricter than the safe loader
        ("a: 1\n---\nb: 2\n", "2:1: error[yaml-syntax]: a second document"),
        ("a: !!python/object:os.system x", "1:4: error[yaml-syntax]: this tag is not supported"),
        ("a: !custom {b: 1}", "1:4: error[yaml-syntax]: this tag is not supported"),
        ("a: !!set {b}", "1:4: error[yaml-syntax]: this tag is not supported"),
        ("a: !!binary aGk=", "1:4: error[yaml-syntax]: this tag is not supported"),
        ("a: !!timestamp 2026-01-01", "1:4: error[yaml-syntax]: this tag is not supported"),
        ("a: !!int x", "1:4: error[yaml-syntax]: this value does not have the type"),
        ("a: !!bool yes", "1:4: error[yaml-syntax]: this value does not have the type"),
        ("a: !!int true", "1:4: error[yaml-syntax]: this value does not have the type"),
        ("1: a", "1:1: error[yaml-syntax]: a key must be text"),
        ("true: a", "1:1: error[yaml-syntax]: a key must be text"),
        ("{~: a}", "1:2: error[yaml-syntax]: a key must be text"),
        ("? [a]\n: b", "1:3: error[yaml-syntax]: a key must be text"),
        ("? {a: b}\n: c", "1:3: error[yaml-syntax]: a key must be text"),
        ("a: .nan", "1:4: error[yaml-syntax]: a number must be finite"),
        ("a: [-.inf]", "1:5: error[yaml-syntax]: a number must be finite"),
        ("a: 1.0e+999", "1:4: error[yaml-syntax]: a number must be finite"),
        ("a: 0b_", "1:4: error[yaml-syntax]: this looks like a number"),
        ("a: " + "9" * 5000, "1:4: error[yaml-syntax]: this number is too long"),
        ("a: 1" + ":1" * 5000, "1:4: error[yaml-syntax]: this number is too long"),
        ("a: *b", "1:4: error[yaml-syntax]: no anchor above"),
        ("a: &a [*a]", "1:8: error[yaml-syntax]: this alias stands inside"),
        ("a: &a {<<: *a}", "1:12: error[yaml-syntax]: this alias stands inside"),
        ("a: &a 1\nb: &a 2", "2:4: error[yaml-syntax]: an anchor above"),
        ("a: {<<: 1}", "1:5: error[yaml-syntax]: `<<` takes an alias"),
        ("a: {<<: [{b: 1}, x]}", "1:5: error[yaml-syntax]: `<<` takes an alias"),
        ("a: b\0", "1:5: error[yaml-syntax]: the character U+0000"),
        ("a: 1\nb: \x1b[31m", "2:4: error[yaml-syntax]: the character U+001B"),
        ("a: b\x7f", "1:5: error[yaml-syntax]: the character U+007F"),
        ("a: b\ufeff", "1:5: error[yaml-syntax]: a byte order mark (U+FEFF)"),
        ('a: "\\0"', "1:4: error[yaml-syntax]: an escape in this text"),
        ('a: "\\x1b"', "1:4: error[yaml-syntax]: an escape in this text"),
        (b"a: \xff", "1:4: error[yaml-syntax]: this file is not UTF-8"),
        (b"a: 1\nb: \xc3\xa4\xe4", "2:5: error[yaml-syntax]: this file is not UTF-8"),
        ("a: 1".encode("utf-16"), "1:1: error[yaml-syntax]: this file is UTF-16"),
        ("- a", "1:1: error[invalid-value]: a workspace is a mapping"),
        ("# text\ntext", "2:1: error[invalid-value]: a workspace is a mapping"),
        ("a: " + "[" * 100 + "]" * 100, "1:103: error[yaml-syntax]: this is nested deeper than 100 levels"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(200)), "101:"),
        # duplicate keys
        ("a: 1\nb: 2\na: 3", '3:1: error[duplicate-key]: the key "a" stands here already, at f.yaml:1:1'),
        ("k: {a: 1, 'a': 2}", '1:11: error[duplicate-key]: the key "a" stands here already, at f.yaml:1:5'),
        ("x: &x {}\ny: {<<: *x, <<: 1}", '2:13: error[duplicate-key]: the key "<<" stands here already, at f.yaml:2:5'),
    ],
)  # fmt: skip
def test_what_is_refused(text, start):
    told = complaints(text)
    assert told
    assert told[0].startswith(f"f.yaml:{start}"), told


@pytest.mark.parametrize(
    "text", ['a: "\\ud800"', 'a: "\\U00110000"', f"%YAML 1.{'9' * 5000}\n---\na: 1", "a: !<%FF> b"]
)
def test_what_trips_a_parser_is_a_diagnostic_all_the_same(text):
    assert [complaint for complaint in complaints(text) if SYNTAX in complaint]


def test_a_hundred_levels_are_fine():
    read("a: " + "[" * 99 + "]" * 99)


def test_what_does_not_hide_the_rest_is_told_together():
    told = complaints("a: 1\na: 2\n1: x\nb: .nan\nc: !x y\nd: [1\n")
    assert [complaint.split(": ")[0] for complaint in told] == [
        "f.yaml:2:1",
        "f.yaml:3:1",
        "f.yaml:4:4",
        "f.yaml:5:4",
        "f.yaml:6:4",
    ]


def test_of_a_duplicate_key_the_first_counts():
    document, _ = parse("f.yaml", b"a: {b: 1}\na: [2]\nc: 3\n")
    assert document == {"a": {"b": 1}, "c": 3}


def test_an_endless_number_of_complaints_ends():
    assert len(complaints("a: 1\n" * 5000)) == reader.MAX_DIAGNOSTICS + 1


def test_an_alias_bomb_is_defused():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "there are more than 500,000 values" in complaints("\n".join(levels))[-1]


def test_a_bomb_of_merge_keys_is_defused():
    members = ", ".join(f"k{n}: 1" for n in range(1000))
    assert "more than" in complaints(f"x: &x {{{members}}}\nl:\n" + "  - {<<: *x}\n" * 500)[-1]


def test_a_huge_file_is_not_read():
    assert complaints(b"#" * (reader.MAX_FILE_BYTES + 1)) == [
        "f.yaml:1:1: error[yaml-syntax]: the file is larger than 8 MiB"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: {k: s3cr3t",
        "a: 's3cr3t",
        'a: "s3cr3t\\q"',
        "s3cr3t\nb: 1",
        "a: s3cr3t: b",
        "a: @s3cr3t",
        "a: !s3cr3t! x",
        "a: !!s3cr3t x",
        "a: *s3cr3t",
        "a: &s3cr3t 1\nb: &s3cr3t 2",
        "{url:https://s3cr3t: , url:https://s3cr3t: }",
        "s3cr3t",
        '"a": "b" s3cr3t',
    ],
)
def test_no_message_repeats_what_the_file_says(text):
    told = complaints(text)
    assert told
    assert "s3cr3t" not in "".join(told)


@given(st.text())
def test_any_text_is_a_document_or_diagnosed(text):
    document, diagnostics = parse("f.yaml", text.encode("utf-8", "surrogatepass"))
    assert (document is None) <= bool(diagnostics)
    assert all(diagnostic.position for diagnostic in diagnostics)


@given(st.binary())
def test_any_bytes_are_a_document_or_diagnosed(data):
    document, diagnostics = parse("f.yaml", data)
    assert (document is None) <= bool(diagnostics)


@given(st.text(alphabet="ab:-[]{}&*!|>?'\"%@#,.~<\\ \n\t0x", max_size=60))
def test_any_punctuation_is_a_document_or_diagnosed(text):
    document, diagnostics = parse("f.yaml", text.encode())
    assert (document is None) <= bool(diagnostics)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\udea8"', "\U0001f6a8"),
        (r'"x \uD83D\uDEA8\ud83d\udea8 y"', "x \U0001f6a8\U0001f6a8 y"),
        (r'"\U0001f6a8 \u00e9"', "\U0001f6a8 é"),
        (r"'\ud83d\udea8'", r"\ud83d\udea8"),
        (r"\ud83d\udea8", r"\ud83d\udea8"),
        (r'"\\ud83d\\udea8"', r"\ud83d\udea8"),
    ],
)
def test_a_pair_of_surrogates_is_one_character(text, value):
    assert read(f"k: {text}\n") == {"k": value}
    assert read(f"{{{text}: [{text}]}}\n") == {value: [value]}


@pytest.mark.parametrize("text", [r"\ud83d", r"\udea8", r"\udea8\ud83d", r"\ud83d x \udea8", r"\ud83d\ud83d\udea8"])
def test_half_a_pair_is_no_character(text):
    (complaint,) = complaints(f'a: 1\nk: "{text}"\n')
    assert complaint.startswith("f.yaml:2:4: error[yaml-syntax]")


@pytest.mark.parametrize("text", ["a:\n\tb: 1", "a:\n  - b\n\t- c", "a:\n  b: 1\n\tc: 2", "\ta: 1", "- a:\n\t\tb: 1"])
def test_a_tab_is_named(text):
    assert any("tab" in complaint for complaint in complaints(text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(encoding):
    mark = b"" if encoding == "utf-16" else "\ufeff".encode(encoding)
    (complaint,) = complaints(mark + "a: ä".encode(encoding))
    assert "UTF-16" in complaint


@pytest.mark.parametrize("text", ['a: 1\n§"": 2\n', 'a:\n  - {b: 1, §"": {c: 1}}\n', "x-a: {§'': 1}\n"])
def test_an_empty_key_is_an_error(text):
    text, place = marked(text)
    document, (diagnostic,) = parse("f", text.encode())
    assert (document, diagnostic.code, str(diagnostic.position)) == (None, "yaml-syntax", f"f:{place}")
