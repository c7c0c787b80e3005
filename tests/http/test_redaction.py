from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.http.redaction import Redactor
from notifconf.model import Secret

URL = "https://hooks.example.test/services/T0123/B0123/abcdefghijklmnopqrstuvwx"


@given(
    secret=st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"]), min_size=4, max_size=40),
    form=st.sampled_from([str, json.dumps, quote, quote_plus, lambda text: quote(text, safe="")]),
    around=st.tuples(st.text("<>", max_size=5), st.text("<>", max_size=5)),
)
def test_no_form_of_a_secret_comes_through(secret, form, around) -> None:
    text = form(secret)[1:-1] if form is json.dumps else form(secret)
    masked = Redactor([Secret(secret)])(f"{around[0]}{text}{around[1]}")
    assert text not in masked
    assert "(sensitive)" in masked


@pytest.mark.parametrize(
    "text",
    [
        URL,
        URL.upper(),
        "hooks.example.test/services/T0123/B0123/abcdefghijklmnopqrstuvwx",
        "/services/T0123/B0123/abcdefghijklmnopqrstuvwx",
        "abcdefghijklmnopqrstuvwx",
        "https:\\/\\/hooks.example.test\\/services\\/T0123\\/B0123\\/abcdefghijklmnopqrstuvwx",
    ],
)
def test_parts_of_a_secret_url_are_secret(text: str) -> None:
    assert Redactor([Secret(URL)])(f"a {text} b") == "a (sensitive) b"


def test_the_host_and_words_of_a_path_are_not() -> None:
    text = "hooks.example.test does not know /services/T0123"
    assert Redactor([Secret(URL)])(text) == text


def test_the_longest_is_replaced_first() -> None:
    redactor = Redactor([Secret("abcd"), Secret("abcdefgh")])
    assert redactor("abcdefgh abcd") == "(sensitive) (sensitive)"


def test_credentials_in_a_secret_url_are_secret() -> None:
    redactor = Redactor([Secret("https://bob:hunter2@example.test/x")])
    assert "hunter2" not in redactor("login of bob with hunter2 failed")


def test_short_ones_would_be_everywhere() -> None:
    assert Redactor([Secret("1"), Secret("abc"), Secret("")])("1 abc") == "1 abc"


def test_more_may_be_added() -> None:
    redactor = Redactor()
    assert redactor("word-1 word-2") == "word-1 word-2"
    redactor.add([Secret("word-1")])
    assert redactor("word-1 word-2") == "(sensitive) word-2"
    redactor.add([Secret("word-2\n")])
    assert redactor("word-1 word-2") == "(sensitive) (sensitive)"


def test_it_does_not_show_what_it_knows() -> None:
    assert repr(Redactor([Secret("word-1")])) == "Redactor(1 secrets)"


@given(st.text())
def test_any_text_can_be_a_secret(text: str) -> None:
    assert isinstance(Redactor([Secret(text)])("something"), str)


def test_a_url_that_is_none_can_be_a_secret() -> None:
    assert Redactor([Secret("https://[oops")])("https://[oops!") == "(sensitive)!"
