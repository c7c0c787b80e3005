"""Mutes that begin and end: what a plan says of them, in every format, and when it says it."""

from __future__ import annotations

from functools import partial

import pytest
from freezegun import freeze_time

from notifconf.emulator.faults import parse_fault

WORKSPACE = """\
version: 1
provider: confluent
resources:
  - resource: environment=env-p7x2kq
    muted: {from: 2026-12-01T02:00:00Z, until: 2026-12-01T06:00:00Z, reason: "CHG-1234 migration"}
"""
ADDRESS = "resource-preferences/environment=env-p7x2kq"
TERMS = {"from": "2026-12-01T02:00:00Z", "until": "2026-12-01T06:00:00Z", "reason": "CHG-1234 migration"}
BEFORE, WITHIN, AFTER = "2026-11-29T02:00:00Z", "2026-12-01T03:00:00Z", "2026-12-02T07:00:00Z"
at = partial(freeze_time, ignore=["asyncio"])


@pytest.fixture
def muted(user):
    user.writes(WORKSPACE)
    with at(WITHIN):
        assert user.applies().code == 0
    return user


def test_before_its_beginning_nothing_is_muted_and_the_plan_says_when(user):
    user.writes(WORKSPACE)
    with at(BEFORE):
        ended = user.plans("--out", "saved.plan")
        assert (ended.code, ended.changes(), ended.codes()) == (0, [], ["warning:mute-not-begun"])
        assert "2026-12-01T02:00:00Z" in ended.json["diagnostics"][0]["message"]
    with at(WITHIN):
        assert user.runs("apply", "saved.plan").code == 4


def test_a_plan_shows_when_it_ends_and_why_in_every_format(user):
    user.writes(WORKSPACE)
    with at(WITHIN):
        (change,) = user.plans().json["changes"]
        assert (change["action"], change["mute"]) == ("create", TERMS)
        words = "from 2026-12-01T02:00:00Z (1 hour ago), until 2026-12-01T06:00:00Z (in 3 hours)"
        words += ', reason "CHG-1234 migration"'
        assert f"      muted: {words}\n" in user.runs("plan").out
        for name in ("markdown", "github"):
            assert words in user.runs("plan", "--format", name).out
        assert "until 2026-12-01T06:00:00Z (in 3 hours)" in user.runs("plan", "--format", "html").out
        assert user.runs("plan", "--out", "saved.plan").code == 0
        assert words in user.runs("apply", "saved.plan").out


def test_past_its_end_drift_says_so_on_top(muted):
    with at(WITHIN):
        assert muted.runs("drift").code == 0
    with at(AFTER):
        ended = muted.runs("drift")
        sentence = f"{ADDRESS} should have ended at 2026-12-01T06:00:00Z: CHG-1234 migration"
        assert ended.code == 2
        assert ended.out.splitlines()[2:4] == ["Past its end, and still in force:", f"  ! {sentence}"]
        for name in ("markdown", "html", "github"):
            assert "Past its end, and still in force" in muted.runs("drift", "--format", name).out
        assert muted.applies().code == 0
        assert muted.runs("drift").code == 0


def test_show_says_until_when_and_why(muted):
    with at(WITHIN):
        rows = muted.runs("show", "--format", "json").json["resource_preferences"]
        assert {name: rows[0][name] for name in TERMS} == TERMS
        text = muted.runs("show").out
    assert "CHG-1234 migration" in text
    assert "2026-12-01T06:00:00Z  in 3 hours" in text


@pytest.mark.parametrize(
    ("muted", "code"),
    [
        ("{from: 2026-12-01T02:00:00Z}", 0),
        ("{reason: x}", 1),
        ("{from: 2026-12-01T02:00:00Z, until: 2026-12-01T02:00:00Z}", 1),
        ("{from: tomorrow, until: 2026-12-01T02:00:00Z}", 1),
        ("{from: 2026-12-01T02:00:00}", 1),
    ],
)
def test_what_can_be_declared(user, muted, code):
    user.writes(f"version: 1\nprovider: confluent\nresources:\n  - {{resource: environment=e, muted: {muted}}}\n")
    ended = user.runs("validate")
    assert ended.code == code, ended.err
    assert ("notifconf.yaml:4:" in ended.err) is bool(code) or code == 0


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_mute_that_is_gone_by_the_time_it_is_lifted_is_lifted(muted, is_saved):
    muted.writes("version: 1\nprovider: confluent\nresources: [{resource: environment=env-p7x2kq, muted: false}]\n")
    muted.runs("plan", "--out", "saved.plan")
    muted.emulator.settings.faults = [parse_fault("vanish:method=PATCH")]
    ended = muted.applies(*["saved.plan"] * is_saved)
    assert (ended.code, muted.emulator.objects("resource-preferences")) == (0, [])
    assert ended.json["summary"]["update"] == 1
