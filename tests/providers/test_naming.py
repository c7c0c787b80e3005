"""Names for what an export declares."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.model.views import KEY, LONGEST_KEY, free_name, slug, variable_name


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Platform alerts", "platform-alerts"),
        ("#platform / alerts!", "platform-alerts"),
        ("already-a_key", "already-a_key"),
        ("-odd-", "-odd-"),
        ("-Odd-", "odd"),
        ("Überwachung Straße", "uberwachung-strasse"),
        ("24/7", "24-7"),
        ("通知", ""),
        ("😀", ""),
        ("", ""),
        ("x" * 65, "x" * 64),
        ("X" * 65, "x" * 64),
    ],
)
def test_slug(text, key):
    assert slug(text) == key


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("platform-alerts", "PLATFORM_ALERTS_WEBHOOK_URL"),
        ("oncall-webhook", "ONCALL_WEBHOOK_URL"),
        ("oncall-webhook-url", "ONCALL_WEBHOOK_URL"),
        ("oncall-url", "ONCALL_WEBHOOK_URL"),
        ("webhook", "WEBHOOK_URL"),
        ("curl", "CURL_WEBHOOK_URL"),
        ("24-7", "_24_7_WEBHOOK_URL"),
        ("-", "__WEBHOOK_URL"),
    ],
)
def test_variable_name(key, name):
    assert variable_name(key) == name


@given(st.text())
def test_whatever_the_text_its_names_are_valid(text):
    key = slug(text)
    assert key == "" or (KEY.fullmatch(key) and len(key) <= LONGEST_KEY)
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable_name(key))


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        (set(), "abcd"),
        ({"abcd"}, "ab-2"),
        ({"abcd", "ab-2"}, "ab-3"),
        ({"abcd", *(f"ab-{n}" for n in range(10))}, "a-10"),
    ],
)
def test_free_name(taken, free):
    assert free_name("abcd", taken, "-", 4) == free
