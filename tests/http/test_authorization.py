from __future__ import annotations

import pytest

from notifconf.errors import UsageError
from notifconf.http.endpoint import Authorization
from notifconf.http.redaction import Redactor


def test_basic() -> None:
    assert Authorization.basic("Aladdin", "open sesame").header.reveal() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_bearer() -> None:
    assert Authorization.bearer("abc.def-_~+/=").header.reveal() == "Bearer abc.def-_~+/="


@pytest.mark.parametrize("authorization", [Authorization.basic("user", "t0ps3cret"), Authorization.bearer("t0ps3cret")])
def test_nothing_shows(authorization: Authorization) -> None:
    assert "t0ps3cret" not in f"{authorization!r} {authorization}"
    told = f"{authorization.header.reveal()} t0ps3cret"
    assert "t0ps3cret" not in Redactor(authorization.secrets)(told)
    assert authorization.header.reveal().split()[1] not in Redactor(authorization.secrets)(told)


@pytest.mark.parametrize("token", ["a b", "a\nb", "a\r\nX-Header: b", "tökén", "a\x7f"])
def test_what_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        Authorization.bearer(token)
    assert token not in str(caught.value)


def test_a_key_with_a_colon_is_refused() -> None:
    with pytest.raises(UsageError):
        Authorization.basic("key:secret", "secret")
