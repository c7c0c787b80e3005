"""Which texts are withheld. `tests/hostile/test_echoes.py` has the forms that a secret comes back in."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifconf.errors import ProtocolError
from notifconf.http.redaction import Redactor
from notifconf.model.mask import WITHHELD
from notifconf.model.resource import Secret

URL = "https://hooks.example.test/services/T0123/B0123/abcdefghijklmnopqrstuvwx"
SLACK = "https://hooks.slack.com/services/T0123/B0123/abcdefghijklmnopqrstuvwx"


def of_slack(url: str) -> str | None:
    return "hooks.slack.com" if url.startswith("https://hooks.slack.com/") else None


@given(
    secret=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=14, max_size=40),
    form=st.sampled_from([str, json.dumps, quote, quote_plus, escape, lambda text: quote(text, safe="")]),
    around=st.tuples(st.text("<>", max_size=5), st.text("<>", max_size=5)),
)
def test_no_form_of_a_secret_comes_through(secret, form, around) -> None:
    text = form(secret)[1:-1] if form is json.dumps else form(secret)
    assert Redactor([Secret(f"-{secret}-")])(f"{around[0]}{text}{around[1]}") == WITHHELD


@given(
    secret=st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"]), min_size=4, max_size=9),
    form=st.sampled_from([str, json.dumps, quote, quote_plus, lambda text: quote(text, safe="")]),
)
def test_a_short_secret_is_replaced(secret, form) -> None:
    text = form(secret)[1:-1] if form is json.dumps else form(secret)
    assert text not in Redactor([Secret(secret)])(f"<{text}>")


@pytest.mark.parametrize(
    "text",
    [
        URL,
        URL.upper(),
        "hooks.example.test/services/T0123/B0123/abcdefghijklmnopqrstuvwx",
        "/services/T0123/B0123/abcdefghijklmnopqrstuvwx",
        "abcdefghijklmnopqrstuvwx",
        "abcdefghij",
        "hooks.example.test",
        "https:\\/\\/hooks.example.test\\/services\\/T0123\\/B0123\\/abcdefghijklmnopqrstuvwx",
    ],
)
def test_parts_of_a_secret_url_are_secret(text: str) -> None:
    assert Redactor([Secret(URL)])(f"a {text} b") == ("a (sensitive) b" if text == URL else WITHHELD)


def test_a_host_that_many_share_is_not() -> None:
    redactor = Redactor([Secret(SLACK)], shared_host=of_slack)
    text = "https://hooks.slack.com does not know T0123 abcde"
    assert redactor(text) == text
    assert redactor(f"{text}f") == WITHHELD
    assert redactor("no /services/t0123") == WITHHELD


def test_words_of_the_services_are_not() -> None:
    redactor = Redactor([Secret("https://hooks.example.test/integrations/notification/key-0123")])
    text = "the integration has no Notifications"
    assert redactor(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "7e57ca11-98bb-4d1a-8f2e-2b1f5bd9a111",
        "0123456789abcdef0123456789abcdef",
        "The webhook_url of the integration must be a URL & can't be empty: 100% of a\\b",
        "lkc-1a2b3c, env-4d5e6f",
        "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91PyBJIGFtIGZpbmU=",
        "[104, 101, 108, 108, 111, 32, 119, 111, 114, 108, 100, 33]",
        "",
        "\0" * 100,
        "%" * 100,
        "\\" * 100,
        "&" * 100,
        "999,999,999,999,999,999,999,999,999,999,999,999",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert Redactor([Secret(URL), Secret("cflt7Hq/9Wz+LkX2bN4vR8t/Ms=Yp0dGf==")])(text) == text


def test_credentials_in_a_secret_url_are_secret() -> None:
    for shared in (of_slack, lambda _: "example.test"):
        redactor = Redactor([Secret("https://bob:hunter2@example.test/x")], shared_host=shared)
        assert "hunter2" not in redactor("login of bob with hunter2 failed")


def test_short_ones_would_be_everywhere() -> None:
    assert Redactor([Secret("1"), Secret("abc"), Secret("")])("1 abc") == "1 abc"


def test_more_may_be_added() -> None:
    redactor = Redactor()
    assert redactor("word-1 a-longer-word") == "word-1 a-longer-word"
    redactor.add([Secret("word-1")])
    assert redactor("word-1 a-longer-word") == "(sensitive) a-longer-word"
    redactor.add([Secret("a-longer-word\n")])
    assert redactor("word-1 a-longer-word") == WITHHELD


def test_a_text_of_an_object_is_withheld_if_it_repeats_a_whole_secret() -> None:
    redactor = Redactor([Secret("whole-secret-0123")])
    part, whole = "xx secret-0123", "xx whole-secret-0123"
    items = [{"id": "i-1", "display_name": whole, "description": part, "deep": [{"more": ["ok", whole, 1, None]}]}]
    redactor.withhold(items)
    deep = [{"more": ["ok", WITHHELD, 1, None]}]
    assert items == [{"id": "i-1", "display_name": whole, "description": part, "deep": deep}]


def test_what_a_workspace_declares_stays_in_objects() -> None:
    redactor = Redactor([Secret("whole-secret-0123")])
    redactor.keep({"a": ("see whole-secret-0123",)})
    items = [{"description": "see whole-secret-0123", "more": "whole-secret-0123"}]
    redactor.withhold(items)
    assert items == [{"description": "see whole-secret-0123", "more": WITHHELD}]


def test_an_id_that_repeats_a_secret_is_an_error() -> None:
    with pytest.raises(ProtocolError) as raised:
        Redactor([Secret("whole-secret-0123")]).withhold([{"integrations": [{"id": "whole-secret-0123"}]}])
    assert "secret-0123" not in str(raised.value)


def test_a_deep_object_is_no_problem() -> None:
    deep: list[object] = ["abcdefghijkl"]
    for _ in range(5000):
        deep = [deep]
    Redactor([Secret(URL)]).withhold(deep)


def test_it_does_not_show_what_it_knows() -> None:
    assert repr(Redactor([Secret("word-1")])) == "Redactor(1 secrets)"


@given(st.text(), st.text(min_size=10))
def test_any_text_can_be_a_secret_and_be_searched(secret: str, text: str) -> None:
    assert isinstance(Redactor([Secret(secret)])(text), str)


@given(st.text(st.sampled_from("\\%&=uxU#;0123456789abcdefABCF,{}"), min_size=10))
def test_any_escape_can_be_searched(text: str) -> None:
    assert isinstance(Redactor([Secret(URL)])(text), str)


def test_a_url_that_is_none_can_be_a_secret() -> None:
    assert Redactor([Secret("https://[oops-and-more")])("https://[oops-and-more!") == "(sensitive)!"


def test_beside_a_whole_secret_no_part_of_one_is_left() -> None:
    redactor = Redactor([Secret("a-secret-0123456789"), Secret("another-secret-0123456789")])
    assert redactor("a-secret-0123456789 and another-secret-0123456789") == "(sensitive) and (sensitive)"
    assert redactor("a-secret-0123456789, in part ret-0123456") == WITHHELD
    short = Redactor([Secret("a-secret-0123456789"), Secret("e")])
    assert short("the end of a-secret-0123456789") == "the end of (sensitive)"
    assert redactor("a-secret-0123456789 9876543210-terces-a") == WITHHELD


@pytest.mark.parametrize(
    "text",
    [
        "{}/TOK12345",
        "{}/tok1234%35",
        "got {}/tok (truncated): tok1",
        "{} failed; Authorization: Basic dTpzM2NyM3Rw",
        "{} token=sec2sec2",
        "{} in hex: 73656332",
        "{} was SUPERtok",
        "{} holds the word hook",
    ],
)
def test_a_code_beside_a_whole_secret_is_not_shown(text) -> None:
    url = "https://u:s3cr3tp@host.example/hook/abc"
    redactor = Redactor([Secret(url), Secret(f"{url}/tok12345"), Secret(f"{url}-SUPERTOK9")])
    assert redactor(text.format(url)) == WITHHELD
    assert redactor(f"could not reach {url} now: HTTP 410, it is gone") == (
        "could not reach (sensitive) now: HTTP 410, it is gone"
    )


@given(
    secrets=st.lists(st.text("ab/", min_size=10, max_size=30), min_size=1, max_size=4),
    text=st.text("ab/", min_size=8, max_size=30),
)
def test_every_window_of_every_secret_is_found(secrets, text) -> None:
    forms = [form for secret in secrets for form in (secret, secret.replace("/", ""))]
    views = [text, text[::-1], text.replace("/", ""), text[::-1].replace("/", "")]
    windows = {form[start : start + 10] for form in forms for start in range(len(form) - 9)}
    expected = any(window in view for window in windows for view in views)
    assert Redactor(map(Secret, secrets)).finds(text) is expected


def test_what_many_secrets_begin_with_hides_none_of_them() -> None:
    redactor = Redactor(Secret(f"services/0123456789/{number:010}") for number in range(200))
    assert redactor.finds("services/0123456789")
    assert redactor.finds("0000000199")
    assert not redactor.finds("0000000200")
    redactor.add([Secret("services/0123456789/zzzzzzzzzz")])
    assert redactor.finds("56789/zzzz")
    assert not redactor.finds("56789/yyyy")


@given(secret=st.text("abc", min_size=10, max_size=20), around=st.tuples(st.text("xy", max_size=9), st.text("xy")))
def test_a_whole_secret_is_found_wherever_it_begins(secret, around) -> None:
    redactor = Redactor([Secret(secret), Secret("a-much-longer-secret-0123456789")])
    assert redactor.finds_whole(f"{around[0]}{secret}{around[1]}")
    assert not redactor.finds_whole(f"{around[0]}{secret[1:]}{around[1]}")
