"""A service that repeats a secret, in any form and place: nobody can read a part of it."""

from __future__ import annotations

import pytest

from notifconf.http import Redactor
from notifconf.http.redaction import WITHHELD
from notifconf.model import Secret
from notifconf.providers.confluent.hosts import shared_host
from tests.hostile.echoes import FORMS, SECRETS, readable

TEMPLATES = ("{}", "The URL {} is not valid.", 'bad target: "{}", ', "x{}y", "one two three/{}/four")


def test_there_are_many() -> None:
    assert len(FORMS) >= 40
    assert len(SECRETS) == 3


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_no_form_is_readable(form: str, name: str) -> None:
    secret = SECRETS[name]
    redactor = Redactor([Secret(secret), Secret("another-secret-0123456789")], shared_host=shared_host)
    for template in TEMPLATES:
        assert redactor(template.format(FORMS[form](secret))) == WITHHELD, template
