from __future__ import annotations

import pytest

from notifconf.config.load import merge
from notifconf.config.yaml import parse


def merged(**files: str):
    documents = []
    for name, text in files.items():
        document, diagnostics = parse(name, text.encode())
        assert document is not None
        assert not diagnostics
        documents.append(document)
    whole, diagnostics = merge(documents)
    return whole, [str(diagnostic) for diagnostic in diagnostics]


def test_maps_join_and_lists_append():
    whole, told = merged(
        a="version: 1\nintegrations: {x: {id: 1}}\nsubscriptions: [s1]\npolicy: {mode: sync, protected: [p1]}",
        b="provider: confluent\nintegrations: {y: {id: 2}}\nsubscriptions: [s2, s3]\npolicy: {protected: [p2]}",
        c="resources: [r1]\nsubscriptions: []\nversion: 1",
    )
    assert told == []
    assert whole == {
        "version": 1,
        "provider": "confluent",
        "integrations": {"x": {"id": 1}, "y": {"id": 2}},
        "subscriptions": ["s1", "s2", "s3"],
        "resources": ["r1"],
        "policy": {"mode": "sync", "protected": ["p1", "p2"]},
    }


def test_each_value_keeps_its_place():
    whole, _ = merged(a="integrations: {x: 1}\nsubscriptions: [s1]", b="subscriptions:\n- s2\nintegrations: {y: 2}")
    assert [str(place) for place in whole["subscriptions"].items_at] == ["a:2:17", "b:2:3"]
    assert str(whole["integrations"].keys_at["y"]) == "b:3:16"
    assert str(whole["integrations"].at("y")) == "b:3:19"
    assert str(whole.position) == "a:1:1"


TWICE = "error[duplicate-key]: the key"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            "integrations: {x: {id: 1}}",
            "integrations: {x: {id: 1}}",
            f'b:1:16: {TWICE} "x" stands here already, at a:1:16',
        ),
        ("policy: {mode: sync}", "policy:\n  mode: sync", f'b:2:3: {TWICE} "mode" stands here already, at a:1:10'),
        ("resources: []", "resources: {}", f'b:1:1: {TWICE} "resources" stands here already, at a:1:1'),
        ("version: 1", "version: 2", f'b:1:1: {TWICE} "version" says something else, at a:1:1'),
        ("version: 1", "version: '1'", f'b:1:1: {TWICE} "version" says something else, at a:1:1'),
        ("version: 1", "version: true", f'b:1:1: {TWICE} "version" says something else, at a:1:1'),
        ("provider: a", "provider: b", f'b:1:1: {TWICE} "provider" says something else, at a:1:1'),
        ("version: 1", "version: 1", None),
        ("provider: konnect", "provider: konnect", None),
        ("x-anchors: [a]", "x-anchors: {b: c}", None),
    ],
)
def test_what_may_stand_twice(first, second, told):
    whole, diagnostics = merged(a=first, b=second)
    assert diagnostics == ([told] if told else [])
    assert whole == merged(a=first)[0], "the first one counts"


def test_members_for_anchors_are_left_out():
    assert merged(a="x-a: 1\nversion: 1", b="x-b: 2\nx-: 3\nX-: 4")[0] == {"version": 1, "X-": 4}


def test_a_file_that_is_empty_adds_nothing():
    assert merged(a="", b="version: 1")[0] == {"version": 1}


@pytest.mark.parametrize("section", ["integrations", "subscriptions", "resources", "policy"])
@pytest.mark.parametrize("order", [("bare", "full"), ("full", "bare")])
def test_a_bare_section_in_one_of_several_files_is_absent(section, order):
    full = "{mode: sync}" if section in {"integrations", "policy"} else "[{a: 1}]"
    texts = {"bare": f"version: 1\n{section}:\n", "full": f"version: 1\n{section}: {full}\n"}
    whole, told = merged(**{name: texts[name] for name in order})
    assert told == []
    assert whole[section]
    whole, told = merged(a=texts["bare"], b=texts["bare"])
    assert (section in whole, told) == (False, [])
    # Of a single file it is kept: the schema tells that nothing stands there.
    whole, told = merged(a=texts["bare"])
    assert (whole[section], told) == (None, [])


def test_an_empty_section_is_not_absent():
    whole, told = merged(a="subscriptions: []\n", b="version: 1\nsubscriptions:\n")
    assert (whole["subscriptions"], told) == ([], [])
