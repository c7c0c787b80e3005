from dataclasses import fields

import pytest

from notifconf.emulator.faults import parse_fault
from notifconf.emulator.settings import CHECKS, Settings


def test_every_setting_can_be_told():
    assert {member.name for member in fields(Settings)} == CHECKS.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latency", 0.05),
        ("latency", 0),
        ("rate_limit", 100),
        ("rate_limit", None),
        ("quota", 0),
        ("page_size", 250),
        ("konnect_page_size", 1),
        ("inventory_page_size", 100),
        ("read_only", True),
        ("forbidden_access", True),
        ("require_state", True),
        ("no_early_access", None),
        ("no_early_access", 403),
        ("no_early_access", 404),
        ("forbidden_resources", ["*"]),
        ("legacy", True),
        ("count_lag", 3),
    ],
)
def test_what_they_take(name, value):
    settings = Settings()
    settings.update({name: value})
    assert settings.as_dict()[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latency", -1),
        ("latency", "fast"),
        ("latency", True),
        ("rate_limit", 0),
        ("rate_limit", 1.5),
        ("quota", -1),
        ("quota", None),
        ("page_size", 251),
        ("page_size", 0),
        ("konnect_page_size", 0),
        ("inventory_page_size", 101),
        ("read_only", 1),
        ("forbidden_access", 403),
        ("require_state", None),
        ("no_early_access", 500),
        ("no_early_access", True),
        ("forbidden_resources", "*"),
        ("forbidden_resources", [1]),
        ("legacy", "yes"),
        ("count_lag", -1),
        ("faults", "hang"),
        ("colour", "red"),
    ],
)
def test_what_they_refuse(name, value):
    settings = Settings()
    with pytest.raises(ValueError, match=name):
        settings.update({"quota": 7, name: value})
    assert settings == Settings()


def test_faults_are_shown_as_they_are_written():
    settings = Settings(faults=[parse_fault("503:method=POST:nth=2")])
    assert settings.as_dict()["faults"] == ["503:method=POST:nth=2"]
