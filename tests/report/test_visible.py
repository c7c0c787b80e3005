"""Characters that do not show are shown as escapes, in every output."""

from __future__ import annotations

import json

import pytest

from notifconf.model.diagnostic import quoted
from notifconf.report.json import dump_json
from notifconf.report.style import printable

ACUTE = "\u0301"


@pytest.mark.parametrize(
    "char",
    [
        "\u3164",
        "\u2800",
        "\u115f",
        "\u1160",
        "\uffa0",
        "\u034f",
        "\u17b4",
        "\ufe00",
        "\U000e0100",
        "\u200b",
        "\ufffc",
        "\ufe0f",
    ],
)
def test_what_does_not_show(char):
    escape = f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
    assert printable(f"a{char}b") == f"a{escape}b"
    assert quoted(f"a{char}b") == f'"a{escape}b"'
    assert char not in dump_json({"k": char})
    assert json.loads(dump_json({"k": char})) == {"k": char}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("e" + ACUTE, "e" + ACUTE),
        ("e\u0302" + ACUTE, "e\u0302" + ACUTE),
        ("e" + 3 * ACUTE, "e" + ACUTE + 2 * "\\u0301"),
        ("e\u0302\u0301\u0323\u0300x", "e\u0302\u0301\u0323\\u0300x"),
        (ACUTE, "\\u0301"),
        (f"{ACUTE}a {ACUTE}b", "\\u0301a \\u0301b"),
        ("=\u0338", "=\u0338"),
        ("⚠\ufe0f", "⚠\ufe0f"),
        ("\u2139\ufe0f 1\ufe0f\u20e3 #\ufe0f\u20e3", "\u2139\ufe0f 1\ufe0f\u20e3 #\ufe0f\u20e3"),
        ("⚠\ufe0f\ufe0f \ufe0f-\ufe0f", "⚠\ufe0f\\ufe0f \\ufe0f-\\ufe0f"),
        ("한국어 日本語 é \U0001f6a8", "한국어 日本語 é \U0001f6a8"),
    ],
)
def test_stacked_marks(text, shown):
    assert printable(text) == shown
